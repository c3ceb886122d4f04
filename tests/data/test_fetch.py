"""Every way in which fetching goes wrong ends in a sentence, never in a bad cache."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.data.conftest import CONTENT
from utils.data import AssetError, asset_path, fetch
from utils.data.assets import cache_folder, find_asset


def cached() -> list[str]:
    """Everything in the cache but locks."""
    folder = cache_folder()
    return sorted(
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock"
    )


def test_fetches_once_and_keeps(server, add_row):
    add_row(f"{server.address}/good/file.bin")
    for _ in range(2):
        path = asset_path("big")
        assert path == cache_folder() / "big/file.bin"
        assert path.read_bytes() == CONTENT
    assert server.asked == ["/good/file.bin"]
    assert path.stat().st_mode & 0o444 == 0o444


def test_publishers_md5_is_enough(server, add_row):
    import hashlib

    add_row(f"{server.address}/good/x", checksum=f'md5 = "{hashlib.md5(CONTENT).hexdigest()}"')
    assert asset_path("big").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("short", "another checksum"),
        ("wrong", "another checksum"),
        ("html", "web page instead of the file"),
        ("missing", "it answered 404"),
        ("broken", "connection broke"),
    ],
)
def test_bad_answers_leave_nothing(server, add_row, kind, said):
    add_row(f"{server.address}/{kind}/file.bin")
    with pytest.raises(AssetError, match=said) as caught:
        asset_path("big")
    assert server.address in str(caught.value)
    assert cached() == []


def test_silent_server(server, add_row, monkeypatch):
    monkeypatch.setattr(fetch, "READ_SECONDS", 0.3)
    add_row(f"{server.address}/silent/file.bin")
    with pytest.raises(AssetError, match=r"big could not be fetched"):
        asset_path("big")
    assert cached() == []


def test_unreachable_source(add_row):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        add_row(f"http://127.0.0.1:{unused.getsockname()[1]}/file.bin")
    with pytest.raises(AssetError, match="cannot be reached"):
        asset_path("big")
    assert cached() == []


def test_mirror_comes_before_the_source(server, add_row, monkeypatch):
    add_row(f"{server.address}/good/source.bin")
    monkeypatch.setenv("COURSE_MIRROR", f"{server.address}/good/mirror/")
    assert asset_path("big").read_bytes() == CONTENT
    assert server.asked == ["/good/mirror/big/file.bin"]


@pytest.mark.parametrize("kind", ["html", "wrong", "missing", "broken"])
def test_bad_mirror_falls_back_to_the_source(server, add_row, monkeypatch, kind):
    add_row(f"{server.address}/good/source.bin")
    monkeypatch.setenv("COURSE_MIRROR", f"{server.address}/{kind}")
    assert asset_path("big").read_bytes() == CONTENT


def test_both_reasons_are_told(server, add_row, monkeypatch):
    add_row(f"{server.address}/missing/source.bin")
    monkeypatch.setenv("COURSE_MIRROR", f"{server.address}/html")
    with pytest.raises(AssetError, match=r"(?s)web page.*404"):
        asset_path("big")


def test_mirror_folder(tmp_path, server, add_row, monkeypatch):
    add_row(f"{server.address}/missing/file.bin")
    mirror = tmp_path / "mirror"
    (mirror / "big").mkdir(parents=True)
    (mirror / "big/file.bin").write_bytes(CONTENT)
    monkeypatch.setenv("COURSE_MIRROR", str(mirror))
    assert asset_path("big").read_bytes() == CONTENT
    assert server.asked == []


@pytest.mark.parametrize("content", [None, b"", CONTENT[:100]])
def test_bad_mirror_folder(tmp_path, server, add_row, monkeypatch, content):
    add_row(f"{server.address}/missing/file.bin")
    mirror = tmp_path / "mirror"
    if content is not None:
        (mirror / "big").mkdir(parents=True)
        (mirror / "big/file.bin").write_bytes(content)
    monkeypatch.setenv("COURSE_MIRROR", str(mirror))
    with pytest.raises(AssetError, match=r"there is no such file|another checksum"):
        asset_path("big")
    assert cached() == []


@pytest.mark.parametrize("damage", [b"", CONTENT[:-1], b"x" + CONTENT[1:]])
def test_damaged_cache_is_repaired(server, add_row, damage):
    add_row(f"{server.address}/good/file.bin")
    path = cache_folder() / "big/file.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(damage)
    assert asset_path("big").read_bytes() == CONTENT


def test_damaged_cache_without_network_is_told(add_row):
    add_row("http://127.0.0.1:9/file.bin")
    path = cache_folder() / "big/file.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT[:10])
    with pytest.raises(AssetError, match="could not be fetched"):
        asset_path("big")


def test_cache_path_through_a_file(tmp_path, server, add_row, monkeypatch):
    (tmp_path / "note.txt").write_text("mine")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "note.txt" / "cache"))
    add_row(f"{server.address}/good/file.bin")
    with pytest.raises(AssetError, match="a part of this path is a file"):
        asset_path("big")
    assert (tmp_path / "note.txt").read_text() == "mine"


def test_no_source_at_all(add_row):
    add_row("")
    with pytest.raises(AssetError, match="COURSE_MIRROR is not set"):
        asset_path("big")


@pytest.mark.parametrize(("mount", "said"), [("size=64k", "the disk is full"), ("ro", "read-only disk")])
def test_full_and_read_only_disk(tmp_path, server, add_row, mount, said):
    """A real full and a real read-only file system, in a mount namespace of their own."""
    cache = cache_folder()
    cache.mkdir()
    add_row(f"{server.address}/good/file.bin")
    script = "from utils.data import asset_path; asset_path('big')"
    command = f'mount -t tmpfs -o {mount} none "{cache}" && exec "{sys.executable}" -c "{script}"'
    if (
        shutil.which("unshare") is None
        or subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode
    ):
        pytest.skip("this system allows no mount namespaces (unshare -rm)")
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", command], capture_output=True, text=True, env=os.environ
    )
    if "mount:" in done.stderr:
        pytest.skip(f"this system allows no mounts: {done.stderr.strip()}")
    assert done.returncode == 1
    assert said in done.stderr.splitlines()[-1]
    assert "COURSE_CACHE" in done.stderr.splitlines()[-1]


def test_read_only_cache_that_has_the_file(server, add_row):
    add_row(f"{server.address}/good/file.bin")
    path = asset_path("big")
    (cache_folder() / "big" / ".file.bin.lock").unlink()
    path.parent.chmod(0o555)
    try:
        assert asset_path("big") == path
        assert os.listdir(path.parent) == ["file.bin"]
    finally:
        path.parent.chmod(0o755)


def test_processes_at_once_download_once(server, add_row):
    add_row(f"{server.address}/slow/file.bin")
    script = "from utils.data import asset_path; print(len(asset_path('big').read_bytes()))"
    running = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in running] == [str(len(CONTENT))] * 4
    assert len(server.asked) == 1
    assert cached() == ["big/file.bin"]


def test_bar_of_the_caller_moves(server, add_row):
    class Counter:
        total = done = 0
        closed = False

        def update(self, amount):
            self.done += amount

        def reset(self):
            self.done = 0

        def close(self):
            self.closed = True

    add_row(f"{server.address}/good/file.bin")
    bars = []
    fetch.fetch_file(find_asset("big"), lambda name: bars.append(Counter()) or bars[-1])
    assert len(bars) == 1
    assert bars[0].total == len(CONTENT)
    assert bars[0].closed


def test_whole_fashion_mnist_from_a_mirror(tmp_path, folder, monkeypatch):
    import gzip
    import hashlib

    import numpy as np

    from utils.data import load_fashion_mnist

    rng = np.random.default_rng(0)
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    expected, rows = {}, []
    for part in ("train", "test"):
        for what, shape in (("images", (7, 28, 28)), ("labels", (7,))):
            array = rng.integers(0, 10, shape).astype(np.uint8)
            head = bytes([0, 0, 8, array.ndim]) + np.array(shape, ">i4").tobytes()
            file = mirror / f"{part}-{what}.gz"
            file.write_bytes(gzip.compress(head + array.tobytes()))
            expected[part, what] = array
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            rows.append(
                f'[fashion-mnist-{part}-{what}]\nkind = "dataset"\nfile = "{file.name}"\nsha256 = "{digest}"\n'
                'licence = "MIT"\ncredit = "Nobody"\nurl = "https://example.invalid/x"\nnote = "Test."\n'
            )
    (folder / "assets.toml").write_text("\n".join(rows))
    monkeypatch.setenv("COURSE_MIRROR", str(mirror))
    (x_train, y_train), (x_test, y_test) = load_fashion_mnist(whole=True)
    np.testing.assert_array_equal(x_train, expected["train", "images"])
    np.testing.assert_array_equal(y_train, expected["train", "labels"])
    np.testing.assert_array_equal(x_test, expected["test", "images"])
    np.testing.assert_array_equal(y_test, expected["test", "labels"])
    assert Path(mirror / "train-images.gz").exists()
