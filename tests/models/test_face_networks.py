"""The bundled face networks: equal to the published code's output, little lost by packing, known answers, offline."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from utils.data import load_asset
from utils.data.assets import AssetError
from utils.data.boxes import square_boxes
from utils.data.builders.tfjs import read_tfjs
from utils.data.images import portrait, portrait_names
from utils.detection.pretrained import find_faces
from utils.models import face_landmarks as landmarks
from utils.models.face_embedder import ENCODING, SIZE, THRESHOLD, ZeroPadTo, face_embedder
from utils.models.tiny_face_detector import tiny_face_detector


@pytest.fixture(scope="module")
def known():
    """Inputs (uint8) and what the package's own JavaScript makes of them; known/face_api.mjs wrote them."""
    with np.load(Path(__file__).parent / "known" / "face_api.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def embedder() -> keras.Model:
    return face_embedder()


def predict(model: keras.Model, picture: np.ndarray) -> np.ndarray:
    return np.asarray(model.predict_on_batch(picture[None].astype(np.float32) / 255))[0]


def test_detector_equals_the_published_code(known):
    head = predict(tiny_face_detector(input_shape=(160, 160, 3)), known["face"])
    assert head.shape == (5, 5, 25)
    np.testing.assert_allclose(head, known["head"], atol=2e-4)


def test_embedder_equals_the_published_code(known, embedder):
    """The published code computes with float32 where ours has float16 kernels: the error of packing is in this."""
    encoding = predict(embedder, known["crop"])
    error = np.linalg.norm(encoding - known["encoding"]) / np.linalg.norm(known["encoding"])
    assert error <= 1e-3, error


def test_landmarks_equal_the_published_code(known):
    points = predict(landmarks.face_landmarks(), known["close"])
    np.testing.assert_allclose(points, known["points"], atol=2e-5)


def test_landmarks_lie_where_their_names_say(known):
    """Left of the picture before right, eyes above the nose, the nose above the mouth, the jaw lowest."""
    points = known["points"]
    left, right = points[landmarks.LEFT_EYE].mean(0), points[landmarks.RIGHT_EYE].mean(0)
    nose, mouth = points[landmarks.NOSE].mean(0), points[landmarks.MOUTH].mean(0)
    brows = points[landmarks.LEFT_BROW].mean(0), points[landmarks.RIGHT_BROW].mean(0)
    assert left[0] < nose[0] < right[0]
    assert brows[0][0] < brows[1][0]
    assert max(brow[1] for brow in brows) < min(left[1], right[1])
    assert max(left[1], right[1]) < nose[1] < mouth[1] < points[landmarks.JAW][:, 1].max()


def test_published_bytes_are_kept():
    detector, embedder = load_asset("tiny-face-detector"), load_asset("face-embedder")
    kernels = [value for name, value in detector.items() if name.endswith("kernel")]
    assert len(kernels) == 2 + 2 * 5
    assert {value.dtype for value in kernels} == {np.dtype(np.uint8)}
    kernels = [value for name, value in load_asset("face-landmarks").items() if name.endswith("kernel")]
    assert len(kernels) == 1 + 2 * 8 + 1
    assert {value.dtype for value in kernels} == {np.dtype(np.uint8)}
    kinds = [value.dtype for name, value in embedder.items() if name.endswith("kernel")]
    assert (kinds.count(np.uint8), kinds.count(np.float16), len(kinds)) == (22, 8, 30)


@pytest.mark.slow
def test_portraits_lie_on_the_right_sides_of_the_threshold(embedder):
    """Measured: the same person .45 to .49, two people .73 to .86."""
    detector = tiny_face_detector()
    encodings = {name: predict(embedder, face(detector, portrait(name))) for name in portrait_names()}
    same, different = [], []
    for first, a in encodings.items():
        for second, b in encodings.items():
            if first < second:
                person = first.rsplit("-")[0] == second.rsplit("-")[0]
                (same if person else different).append(float(np.linalg.norm(a - b)))
    assert len(same) >= 3
    assert len(different) >= 10
    assert max(same) < THRESHOLD - 0.05, same
    assert min(different) > THRESHOLD + 0.05, different


def face(detector: keras.Model, image: np.ndarray) -> np.ndarray:
    """Cut the best face out of a portrait as a square of 150 × 150."""
    box = square_boxes(find_faces(detector, image).boxes[0])
    size = (SIZE, SIZE)
    return np.asarray(
        Image.fromarray(image).resize(size, Image.Resampling.BILINEAR, box=tuple(map(float, box)))
    )


def test_networks_survive_saving(tmp_path, known, embedder):
    embedder.save(tmp_path / "net.keras")
    again = keras.models.load_model(tmp_path / "net.keras")
    np.testing.assert_array_equal(predict(again, known["crop"]), predict(embedder, known["crop"]))


def test_random_weights_and_any_size():
    model = tiny_face_detector(None, (None, None, 3))
    assert model.predict_on_batch(np.zeros((2, 64, 96, 3), np.float32)).shape == (2, 2, 3, 25)
    assert face_embedder(None).output_shape == (None, ENCODING)
    assert landmarks.face_landmarks(None).output_shape == (None, 68, 2)


def test_published_size_of_the_embedder(embedder):
    # dlib's 29 convolutions with their biases, and the 256 × 128 matrix.
    assert sum(isinstance(layer, keras.layers.Conv2D) for layer in embedder.layers) == 29
    assert embedder.get_layer("encoding").kernel.shape == (256, 128)


def test_zero_padding_fills_below_right_and_behind():
    x = np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2)
    padded = np.asarray(ZeroPadTo((3, 4, 3))(x))
    assert padded.shape == (1, 3, 4, 3)
    np.testing.assert_array_equal(padded[:, :2, :2, :2], x)
    assert padded.sum() == x.sum()


def test_bad_arguments_are_named(tmp_path):
    with pytest.raises(ValueError, match="multiples of 32"):
        tiny_face_detector(None, (100, 128, 3))
    with pytest.raises(FileNotFoundError, match="weights must be"):
        face_embedder(tmp_path / "none.h5")


def manifest(folder: Path, weights: list[dict], data: bytes) -> tuple[Path, list[Path]]:
    (folder / "m.json").write_text(json.dumps([{"paths": ["m.bin"], "weights": weights}]))
    (folder / "m.bin").write_bytes(data)
    return folder / "m.json", [folder / "m.bin"]


def test_tensorflow_js_tensors_are_read(tmp_path):
    packing = {"dtype": "uint8", "scale": 0.5, "min": -1.0}
    weights = [
        {"name": "a", "shape": [2], "dtype": "float32"},
        {"name": "b", "shape": [1, 3], "dtype": "float32", "quantization": packing},
        {"name": "c", "shape": [], "dtype": "int32"},
    ]
    data = np.array([1.5, -2], "<f4").tobytes() + bytes([0, 2, 255]) + np.array(7, "<i4").tobytes()
    tensors = read_tfjs(*manifest(tmp_path, weights, data))
    assert tensors["a"].numbers().tolist() == [1.5, -2]
    assert tensors["b"].numbers().tolist() == [[-1, 0, 126.5]]
    assert tensors["c"].numbers() == 7


def test_wrong_tensorflow_js_files_are_told(tmp_path):
    one = [{"name": "a", "shape": [2], "dtype": "float32"}]
    with pytest.raises(AssetError, match="end inside tensor a"):
        read_tfjs(*manifest(tmp_path, one, bytes(7)))
    with pytest.raises(AssetError, match="describes 8 bytes, its files hold 9"):
        read_tfjs(*manifest(tmp_path, one, bytes(9)))
    with pytest.raises(AssetError, match="unknown dtype 'complex64'"):
        read_tfjs(*manifest(tmp_path, [{"name": "a", "shape": [1], "dtype": "complex64"}], bytes(8)))
    (tmp_path / "page.json").write_text("<html>")
    with pytest.raises(AssetError, match="no manifest"):
        read_tfjs(tmp_path / "page.json", [])
