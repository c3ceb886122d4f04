"""The table, the bundled assets and their loaders."""

import re

import numpy as np
import pytest

from utils.data import (
    CUT_OUT_CLASSES,
    FASHION_CLASSES,
    AssetError,
    asset_path,
    load_asset,
    load_cut_out_objects,
    load_cut_outs,
    load_fashion_mnist,
    load_mnist,
    load_orl_faces,
    load_street_clip,
    load_tree_crowns,
    photograph,
)
from utils.data.arrays import write_arrays
from utils.data.assets import cache_folder, data_folder, find_asset, read_table
from utils.data.verify import verify_assets


def test_every_byte_and_every_card():
    assert verify_assets() == []


def test_mnist():
    (x_train, y_train), (x_test, y_test) = load_mnist()
    _check_split(x_train, y_train, x_test, y_test, (8_000, 28, 28), (2_000, 28, 28))
    everything = np.bincount(np.concatenate([y_train, y_test]), minlength=10)
    np.testing.assert_allclose(np.bincount(y_test, minlength=10), everything / 5, atol=1)
    assert x_train.min() == 0
    assert x_train.max() == 255
    assert 30 < x_train.mean() < 37  # MNIST's own mean is 33.3
    for start in (0, 900, 7_900):  # shuffled throughout
        assert np.bincount(y_train[start : start + 100], minlength=10).min() >= 2
    known = {picture.tobytes() for picture in x_train}
    assert sum(picture.tobytes() in known for picture in x_test) == 0


def test_fashion_mnist():
    (x_train, y_train), (x_test, y_test) = load_fashion_mnist()
    _check_split(x_train, y_train, x_test, y_test, (10_000, 28, 28), (2_000, 28, 28))
    np.testing.assert_array_equal(np.bincount(y_train), [1_000] * 10)
    np.testing.assert_array_equal(np.bincount(y_test), [200] * 10)
    assert 70 < x_train.mean() < 76  # the original's mean is 72.9
    np.testing.assert_array_equal(y_train[:10], [9, 0, 0, 3, 0, 2, 7, 2, 5, 5])  # as in the original
    np.testing.assert_array_equal(y_test[:8], [9, 2, 1, 1, 6, 1, 4, 6])
    assert len(FASHION_CLASSES) == 10
    # A trouser is dark between its legs at the bottom, a bag is not: the names fit the pictures.
    bottom = {
        name: x_train[y_train == FASHION_CLASSES.index(name)][:, 20:26, 13:15].mean()
        for name in ("Trouser", "Bag")
    }
    assert bottom["Trouser"] < bottom["Bag"] / 2


def test_cut_outs():
    (x_train, y_train), (x_test, y_test) = load_cut_outs()
    _check_split(x_train, y_train, x_test, y_test, (720, 96, 96, 3), (360, 96, 96, 3))
    np.testing.assert_array_equal(np.bincount(y_train), [120] * 6)
    np.testing.assert_array_equal(np.bincount(y_test), [60] * 6)
    assert len(CUT_OUT_CLASSES) == 6
    for start in (0, 300, 620):  # shuffled throughout
        assert np.bincount(y_train[start : start + 100], minlength=6).min() >= 5
    # Produce and flowers are more colourful than mammals: the names fit the pictures.
    spread = x_train.max(axis=3).astype(float) - x_train.min(axis=3)
    middle = {name: spread[y_train == k, 32:64, 32:64].mean() for k, name in enumerate(CUT_OUT_CLASSES)}
    assert min(middle["produce"], middle["flower"]) > 1.5 * middle["mammal"]


def test_cut_outs_show_every_thing_of_their_side_about_equally_often():
    arrays = load_asset("cut-outs-6")
    for part, (things, kinds) in zip(("train", "test"), load_cut_out_objects(), strict=True):
        shown, labels = arrays[f"object_{part}"], arrays[f"y_{part}"]
        np.testing.assert_array_equal(kinds[shown], labels)
        counts = np.bincount(shown, minlength=len(things))
        for kind in range(6):
            assert np.ptp(counts[kinds == kind]) <= 1


def test_cut_outs_of_test_and_training_have_other_backgrounds():
    from utils.data.builders.cut_outs import BACKGROUNDS

    assert not set(BACKGROUNDS["train"]) & set(BACKGROUNDS["test"])
    for name in (*BACKGROUNDS["train"], *BACKGROUNDS["test"]):
        assert min(photograph(name).shape[:2]) >= 96


def test_cut_out_objects():
    (train, y_train), (test, y_test) = load_cut_out_objects()
    np.testing.assert_array_equal(np.bincount(y_train), [46, 23, 31, 17, 10, 15])
    np.testing.assert_array_equal(np.bincount(y_test), [18, 12, 13, 8, 5, 6])
    assert (len(train), len(test)) == (len(y_train), len(y_test))
    for thing in (*train, *test):
        assert thing.dtype == np.uint8
        assert thing.shape[2] == 4
        assert 40 <= max(thing.shape[:2]) <= 128
        seen = thing[..., 3] > 0
        assert seen.any(axis=1)[[0, -1]].all()  # cropped to what can be seen
        assert seen.any(axis=0)[[0, -1]].all()
        assert (thing[..., 3] > 200).mean() > 0.1
    assert len({thing.tobytes() for thing in (*train, *test)}) == len(train) + len(test)


def test_cut_outs_are_built_the_same_way_each_time(tmp_path):
    from utils.data.arrays import hash_arrays
    from utils.data.builders.cut_outs import build

    asset = find_asset("cut-outs-6")
    built, again = build(asset, tmp_path), load_asset("cut-outs-6")
    assert {name: array.shape for name, array in built.items() if "jpeg" not in name} == {
        name: array.shape for name, array in again.items() if "jpeg" not in name
    }
    assert hash_arrays({n: a for n, a in built.items() if n[:2] in ("y_", "ob")}) == hash_arrays(
        {n: a for n, a in again.items() if n[:2] in ("y_", "ob")}
    )


def test_tree_crowns_lie_inside_their_photographs():
    places = load_tree_crowns()
    # The counts of DeepForest's own annotation files.
    counts = {place: len(boxes) for place, (_, boxes) in places.items()}
    assert counts == {"yellowstone_1": 574, "yellowstone_2": 279, "florida": 61, "california": 37}
    for image, boxes in places.values():
        assert image.dtype == np.uint8
        assert (boxes[:, :2] < boxes[:, 2:]).all()
        assert boxes.min() >= 0
        assert (boxes[:, 2:] <= image.shape[1::-1]).all()


def test_orl_faces():
    (x_train, y_train), (x_test, y_test) = load_orl_faces()
    _check_split(x_train, y_train, x_test, y_test, (300, 112, 92), (100, 112, 92))
    np.testing.assert_array_equal(np.bincount(np.concatenate([y_train, y_test])), [10] * 40)
    assert not set(y_train) & set(y_test)
    # Pictures of one person are nearer to each other than to another's, on average.
    flat = x_test.reshape(100, -1).astype(float)
    distance = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    same = (y_test[:, None] == y_test[None]) & ~np.eye(100, dtype=bool)
    assert distance[same].mean() < 0.8 * distance[y_test[:, None] != y_test[None]].mean()


def test_street_clip():
    frames = load_street_clip()
    assert frames.shape == (15, 576, 768, 3)
    assert frames.dtype == np.uint8
    steps = np.abs(np.diff(frames.astype(int), axis=0)).mean(axis=(1, 2, 3))
    assert (steps > 0.2).all()  # something moves
    assert (steps < 10).all()  # in front of a camera that does not


def _check_split(x_train, y_train, x_test, y_test, train_shape, test_shape):
    assert x_train.shape == train_shape
    assert x_test.shape == test_shape
    assert y_train.shape == train_shape[:1]
    assert y_test.shape == test_shape[:1]
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}


def test_unknown_name_lists_near_ones():
    with pytest.raises(AssetError, match="mnist-10k"):
        load_asset("mnist10k")
    with pytest.raises(TypeError, match="name must be a string"):
        load_asset(3)


def test_plain_file_is_no_arrays():
    with pytest.raises(AssetError, match=re.escape("asset_path('photograph-astronaut')")):
        load_asset("photograph-astronaut")
    assert asset_path("photograph-astronaut").read_bytes()[:2] == b"\xff\xd8"


def test_folders_follow_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "d"))
    monkeypatch.setenv("COURSE_CACHE", "~/c")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_folder() == tmp_path / "d"
    assert cache_folder() == tmp_path / "c"
    with pytest.raises(AssetError, match="COURSE_DATA"):
        read_table()
    monkeypatch.delenv("COURSE_DATA")
    monkeypatch.delenv("COURSE_CACHE")
    assert (data_folder() / "assets.toml").is_file()
    assert cache_folder().name == "convnet-course"


ROW = """
[thing]
kind = "dataset"
file = "thing.h5"
sha256 = "{sha256}"
arrays_sha256 = "{arrays}"
bytes = {size}
licence = "MIT"
credit = "Nobody"
origin = [{{registry = "npm", package = "thing", version = "1.0", path = "x"}}]
builder = "utils.data.builders.mnist"
note = "Test."
"""


@pytest.fixture
def thing(folder):
    """A data folder with one whole asset; returns (file, row)."""
    from utils.data.arrays import hash_arrays, hash_file

    file, content = folder / "thing.h5", {"x": np.arange(10)}
    write_arrays(file, content)
    row = ROW.format(sha256=hash_file(file), arrays=hash_arrays(content), size=file.stat().st_size)
    (folder / "assets.toml").write_text(row)
    return file, row


def test_damaged_bundled_file_is_refused(thing):
    file, _ = thing
    np.testing.assert_array_equal(load_asset("thing")["x"], np.arange(10))
    whole = file.read_bytes()
    middle = whole.index(np.arange(10).tobytes())
    for damaged in (b"", whole[: middle + 9], whole[:middle] + b"x" + whole[middle + 1 :]):
        file.write_bytes(damaged)
        with pytest.raises(AssetError, match="is damaged or was changed"):
            load_asset("thing")
    file.unlink()
    with pytest.raises(AssetError, match=r"not in data/.*course data build thing"):
        load_asset("thing")


def test_same_arrays_in_other_bytes_are_accepted(thing):
    """As when another HDF5 library built the file again."""
    import h5py

    file, _ = thing
    with h5py.File(file, "w", libver="latest") as other:
        other["x"] = np.arange(10)
    np.testing.assert_array_equal(load_asset("thing")["x"], np.arange(10))
    assert verify_assets() != []


def test_lost_bundled_file_comes_from_the_mirror(thing, tmp_path, monkeypatch):
    file, _ = thing
    (tmp_path / "mirror").mkdir()
    file.rename(tmp_path / "mirror" / "thing.h5")
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "mirror"))
    np.testing.assert_array_equal(load_asset("thing")["x"], np.arange(10))


def test_edited_table_is_read_again(thing, folder):
    import os

    table = folder / "assets.toml"
    assert find_asset("thing").licence == "MIT"
    table.write_text(thing[1].replace('"MIT"', '"BSD"'))
    os.utime(table, ns=(1, 1))
    assert find_asset("thing").licence == "BSD"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "dataset"', 'kind = "nonsense"', "nonsense"),
        ("licence", "license", "unexpected keyword argument 'license'"),
        ('note = "Test."', "", "missing 1 required"),
        ('registry = "npm", ', "", "missing 1 required"),
        ("[thing]", "[thing", "no valid TOML"),
    ],
)
def test_malformed_table(thing, folder, old, new, said):
    (folder / "assets.toml").write_text(thing[1].replace(old, new))
    with pytest.raises(AssetError, match=said):
        read_table()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('licence = "MIT"', 'licence = " "', "licence is empty"),
        ('credit = "Nobody"', 'credit = ""', "credit is empty"),
        ('"thing.h5"', '"../thing.h5"', "leads out of data/"),
        ("builders.mnist", "builders.nothing", "no module utils.data.builders.nothing"),
        ('builder = "utils.data.builders.mnist"', "", "neither a builder"),
        ('"npm"', '"elsewhere"', "registry 'elsewhere'"),
        ('version = "1.0"', 'version = "latest"', "an exact version"),
        ('note = "Test."', 'note = "Test."\nused_by = ["week1"]', "no notebook id"),
        ("bytes = ", "bytes = 1", "the table says"),
        ('arrays_sha256 = "', 'arrays_sha256 = "0', "no SHA-256"),
        ("[thing]", '["Thing!"]', "small letters"),
    ],
)
def test_verify_tells_each_fault(thing, folder, old, new, said):
    assert verify_assets() == []
    (folder / "assets.toml").write_text(thing[1].replace(old, new))
    assert any(said in fault for fault in verify_assets()), verify_assets()


def test_verify_tells_wrong_bytes_content_and_strays(thing, folder):
    file, row = thing
    content = re.search(r'arrays_sha256 = "(\w+)"', row)[1]
    (folder / "assets.toml").write_text(row.replace(content, "0" * 64))
    assert ["another content" in fault for fault in verify_assets()] == [True]
    (folder / "assets.toml").write_text(row)
    whole = file.read_bytes()
    for position in (0, len(whole) // 2, len(whole) - 1):
        damaged = bytearray(whole)
        damaged[position] ^= 1
        file.write_bytes(damaged)
        assert ["another sha256" in fault for fault in verify_assets()] == [True]
    file.write_bytes(whole)
    (folder / "stray.bin").write_bytes(b"x")
    (folder / "runs").mkdir()
    (folder / "runs" / "log.json").write_text("{}")
    assert verify_assets() == ["stray.bin has no row in assets.toml"]
    with open(folder / "stray.bin", "wb") as stray:
        stray.truncate(20_000_001)
    assert any("more than 20,000,000 bytes" in fault for fault in verify_assets())
    file.unlink()
    assert any("thing.h5 is missing" in fault for fault in verify_assets(["thing"]))


def test_verify_wants_https_and_a_checksum(add_row):
    add_row("http://example.invalid/x", checksum='md5 = "12"')
    faults = verify_assets()
    assert any("not https" in fault for fault in faults)
    assert any("publisher's md5" in fault for fault in faults)


def test_idx_files(tmp_path):
    import gzip

    from utils.data.idx import read_idx

    whole = bytes([0, 0, 8, 2]) + np.array([2, 3], ">i4").tobytes() + bytes(range(6))
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(whole))
    np.testing.assert_array_equal(read_idx(path), [[0, 1, 2], [3, 4, 5]])
    packed = path.read_bytes()
    cases = [
        b"",
        b"no gzip",
        packed[:-9],
        *(gzip.compress(part) for part in (b"", whole[:3], whole[:7], whole[:-1])),
    ]
    cases += [gzip.compress(whole + b"x"), gzip.compress(b"\0\0\x0d" + whole[3:])]
    for wrong in cases:
        path.write_bytes(wrong)
        with pytest.raises(ValueError, match=r"x\.gz is"):
            read_idx(path)


def test_everything_bundled_loads_with_the_network_cut_off():
    """In a network namespace without any interface."""
    import shutil
    import subprocess
    import sys

    if (
        shutil.which("unshare") is None
        or subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode
    ):
        pytest.skip("this system allows no network namespaces (unshare -rn)")
    script = (
        "from utils.data import asset_path, load_asset\n"
        "from utils.data.assets import read_table\n"
        "for asset in read_table().values():\n"
        "    if asset.bundled:\n"
        "        (load_asset if asset.file.endswith('.h5') else asset_path)(asset.name)\n"
        "        print(asset.name)\n"
    )
    done = subprocess.run(["unshare", "-rn", sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.split() == [asset.name for asset in read_table().values() if asset.bundled]
