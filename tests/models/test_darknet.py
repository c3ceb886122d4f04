"""Darknet files: OpenCV's importer reads what we write, and gives the same tensors as the Keras network."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models import darknet_networks
from utils.data.darknet import (
    Section,
    format_cfg,
    network_heads,
    network_layers,
    parse_cfg,
    read_weights,
    weight_shapes,
    write_weights,
)
from utils.models.darknet import Reorganise, darknet_model

cv2 = pytest.importorskip("cv2")

FAMILIES = ("yolov2", "yolov2_tiny", "yolov3_tiny", "residual")


def network(family: str, **options) -> tuple[list[Section], dict[str, np.ndarray]]:
    sections = parse_cfg(getattr(darknet_networks, family)(**options))
    return sections, darknet_networks.random_weights(network_layers(sections), np.random.default_rng(3))


def written(tmp_path, sections, arrays, seen=0):
    cfg, weights = tmp_path / "net.cfg", tmp_path / "net.weights"
    cfg.write_text(format_cfg(sections))
    write_weights(weights, network_layers(sections), arrays, seen)
    return cfg, weights


@pytest.mark.parametrize("family", FAMILIES)
def test_opencv_reads_what_is_written_and_gives_the_same_tensors(family, tmp_path):
    sections, arrays = network(family)
    cfg, weights = written(tmp_path, sections, arrays)
    pictures = np.random.default_rng(4).random((2, 64, 64, 3), dtype=np.float32)
    ours = darknet_model(cfg, weights).predict_on_batch(pictures)
    ours = ours if isinstance(ours, list) else [ours]

    reader = cv2.dnn.readNetFromDarknet(str(cfg), str(weights))
    reader.setInput(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)))
    theirs = reader.forward([f"conv_{head.layer - 1}" for head in network_heads(sections)])
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert np.abs(a).max() > 0.1
        np.testing.assert_allclose(a, b.transpose(0, 2, 3, 1), rtol=2e-4, atol=2e-4 * np.abs(a).max())


@pytest.mark.parametrize("family", FAMILIES)
def test_reading_gives_back_what_was_written(family, tmp_path):
    sections, arrays = network(family)
    _, path = written(tmp_path, sections, arrays, seen=32_013_312)
    again = read_weights(path, network_layers(sections))
    assert list(again) == list(weight_shapes(network_layers(sections)))
    for name, array in arrays.items():
        np.testing.assert_array_equal(again[name], array, err_msg=name)
    assert np.frombuffer(path.read_bytes(), "<i8", 1, 12)[0] == 32_013_312


def test_the_text_comes_back_and_comments_do_not_matter():
    sections = parse_cfg(darknet_networks.yolov2())
    assert parse_cfg(format_cfg(sections)) == sections
    assert parse_cfg("# a comment\n; another\n [net] \n width = 64 \n") == [Section("net", {"width": "64"})]


def test_a_file_of_version_0_1_has_a_shorter_header(tmp_path):
    """YOLOv2's own weights are of that version: the count of pictures has 32 bits."""
    sections, arrays = network("yolov2_tiny")
    _, path = written(tmp_path, sections, arrays)
    old = tmp_path / "old.weights"
    old.write_bytes(np.array([0, 1, 0, 7], "<i4").tobytes() + path.read_bytes()[20:])
    again = read_weights(old, network_layers(sections))
    np.testing.assert_array_equal(again["conv_0/kernel"], arrays["conv_0/kernel"])


def test_truncated_and_foreign_weights_are_named(tmp_path):
    sections, arrays = network("yolov2_tiny")
    layers = network_layers(sections)
    _, path = written(tmp_path, sections, arrays)
    whole = path.read_bytes()
    cases = {
        b"": "too few for a Darknet file",
        whole[:10]: "too few for a Darknet file",
        whole[:-1]: "ends in the middle of a float",
        whole[:-4000]: "truncated, or of a larger network",
        whole + bytes(400): "of another network",
        b"PK\x03\x04" + whole[4:]: "no Darknet weights file",
        b"<!DOCTYPE html><html><body>Not found</body></html>": "no Darknet weights file",
        b"\x89HDF\r\n\x1a\n" + whole: "no Darknet weights file",
    }
    for content, message in cases.items():
        path.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            read_weights(path, layers)
    other = network_layers(parse_cfg(darknet_networks.yolov3_tiny()))
    path.write_bytes(whole)
    with pytest.raises(ValueError, match="the cfg needs"):
        read_weights(path, other)
    with pytest.raises(FileNotFoundError):
        read_weights(tmp_path / "none.weights", layers)


def test_wrong_arrays_are_refused_and_the_old_file_stays(tmp_path):
    sections, arrays = network("yolov2_tiny")
    layers = network_layers(sections)
    _, path = written(tmp_path, sections, arrays)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"missing \['bn_0/beta'\]"):
        write_weights(path, layers, {k: v for k, v in arrays.items() if k != "bn_0/beta"})
    with pytest.raises(ValueError, match="conv_0/kernel must have shape"):
        write_weights(path, layers, {**arrays, "conv_0/kernel": np.zeros((3, 3, 4, 3))})
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.endswith(".part")] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"begin with the section \[net\]"),
        ("[convolutional]\nfilters=3\n", r"begin with the section \[net\]"),
        ("width=3\n[net]\n", "line 1 is no Darknet section"),
        ("[net]\nnonsense\n", "line 2 is no Darknet section"),
        ("[net]\n[crnn]\n", r"layer 0 \[crnn\]: this kind of section is not supported"),
        ("[net]\n[convolutional]\nfilters=x\nactivation=linear\n", "filters must be whole numbers, got 'x'"),
        ("[net]\n[convolutional]\nactivation=mish\n", "activation=mish is not supported"),
        ("[net]\n[convolutional]\nactivation=linear\ngroups=2\n", "groups=2 is not supported"),
        ("[net]\n[route]\nlayers=-1\n", r"leads to layers \(-1,\)"),
        ("[net]\n[maxpool]\n[route]\nlayers=5\n", r"leads to layers \(5,\)"),
        ("[net]\n[maxpool]\n[route]\n", r"leads to layers \(\)"),
        ("[net]\n[maxpool]\n" + darknet_networks.region(3, 5), r"gets 3 channels, wanted 5 boxes × \(5 \+ 3"),
        ("[net]\n[yolo]\nanchors=1,2,3\n", "anchors must be pairs"),
        ("[net]\n[yolo]\nanchors=1,2\nmask=1\n", "names an anchor that is not among the 1"),
    ],
)
def test_a_bad_text_is_told_with_its_place(text, message):
    with pytest.raises(ValueError, match=message):
        network_layers(parse_cfg(text))


def test_a_pooling_that_keras_would_do_otherwise_is_refused():
    with pytest.raises(ValueError, match=r"size 3, stride 2"):
        darknet_model(parse_cfg("[net]\nwidth=8\nheight=8\n[maxpool]\nsize=3\nstride=2\n"))
    with pytest.raises(ValueError, match="no layers"):
        darknet_model(parse_cfg("[net]\n"))


def test_each_head_has_its_own_anchors():
    coarse, fine = network_heads(parse_cfg(darknet_networks.yolov3_tiny()))
    assert coarse.anchors.tolist() == [[81, 82], [135, 169], [344, 319]]
    assert fine.anchors.tolist() == [[23, 27], [37, 58], [81, 82]]
    assert (coarse.classes, fine.classes) == (3, 3)


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.sampled_from([1, 2]))
@settings(deadline=None, max_examples=20)
def test_reorganise_follows_darknets_own_loop(height, width, channels, stride):
    """The oracle is the index arithmetic of Darknet's `reorg_cpu`, one value at a time."""
    s, h, w, c = stride, height * stride, width * stride, channels * stride**2
    x = np.random.default_rng(0).random((2, h, w, c), dtype=np.float32)
    expected = np.empty((2, c * s * s, h // s, w // s), np.float32)
    for picture, target in zip(x.transpose(0, 3, 1, 2), expected, strict=True):
        flat, out = picture.ravel(), target.reshape(-1)
        for k in range(c):
            for j in range(h):
                for i in range(w):
                    column, row = i * s + (k // (c // s**2)) % s, j * s + (k // (c // s**2)) // s
                    out[i + w * (j + h * k)] = flat[column + w * s * (row + h * s * (k % (c // s**2)))]
    np.testing.assert_array_equal(np.asarray(Reorganise(s)(x)), expected.transpose(0, 2, 3, 1))


def test_reorganise_wants_sides_that_divide():
    with pytest.raises(ValueError, match="divisible by 2"):
        Reorganise(2)(keras.Input((5, 4, 8)))


def test_a_darknet_network_survives_saving(tmp_path):
    sections, arrays = network("yolov2")
    cfg, weights = written(tmp_path, sections, arrays)
    model = darknet_model(cfg, weights)
    model.save(tmp_path / "net.keras")
    x = np.random.default_rng(5).random((1, 64, 64, 3), dtype=np.float32)
    again = keras.models.load_model(tmp_path / "net.keras")
    for a, b in zip(
        np.atleast_1d(again.predict_on_batch(x)), np.atleast_1d(model.predict_on_batch(x)), strict=True
    ):
        np.testing.assert_allclose(a, b, atol=1e-5)
