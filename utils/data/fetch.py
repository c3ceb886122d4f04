"""Getting a file that is not bundled: the user's cache, the classroom mirror, the canonical source, in this order.

pooch downloads into a temporary file beside the target, compares the checksum and moves it into place in one
step, so the cache never holds half a file. Cache and mirror have the same layout: a teacher's cache folder,
served or shared, is a mirror.
"""

import errno
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from utils.data.assets import Asset, AssetError, cache_folder

CONNECT_SECONDS, READ_SECONDS = 5, 60
CHUNK_BYTES = 1 << 20


class Bar(Protocol):
    """A progress bar as pooch moves it (tqdm's is one)."""

    total: int

    def update(self, amount: int) -> object:
        """Advance by `amount` bytes."""

    def reset(self) -> object:
        """Go back to nothing done."""

    def close(self) -> object:
        """End the bar."""


def fetch_file(asset: Asset, new_bar: Callable[[str], Bar] | None = None) -> Path:
    """Return the verified path of an asset's file in the user's cache, fetching it when it is not there.

    Parameters
    ----------
    asset
        The row of the table.
    new_bar
        Makes a progress bar from a file's name; tqdm's when not given.

    Raises
    ------
    AssetError
        When no source gives the file with the table's checksum (each source and what was wrong with it is
        named), the cache cannot be written, or the disk is full.
    """
    if not asset.sha256 and not asset.md5:
        raise AssetError(f"asset {asset.name!r} has no checksum in data/assets.toml: it is not built yet")
    target = cache_folder() / asset.file
    if _is_good(asset, target):
        return target
    sources = _sources(asset, new_bar or _tqdm_bar)
    if not sources:
        raise AssetError(
            f"{asset.file} is not in data/, not in the cache {cache_folder()}, and COURSE_MIRROR is not set. "
            f"`git checkout -- data` or `course data build {asset.name}` brings it back."
        )
    with _writable(target), _one_at_a_time(target):
        if _is_good(asset, target):  # another process was faster
            return target
        return _first_that_works(asset, target, sources)


Source = tuple[str, Callable[[str, str, object], None]]


def _sources(asset: Asset, new_bar: Callable[[str], Bar]) -> list[Source]:
    """Return (address, downloader) of each place to try."""
    sources: list[Source] = []
    mirror = os.environ.get("COURSE_MIRROR", "").strip()
    if mirror.startswith(("http://", "https://")):
        sources.append((f"{mirror.rstrip('/')}/{asset.file}", _http(asset, new_bar)))
    elif mirror:
        sources.append((str(Path(mirror).expanduser() / asset.file), _copy(new_bar)))
    if asset.url:
        sources.append((asset.url, _http(asset, new_bar)))
    return sources


def _first_that_works(asset: Asset, target: Path, sources: list[Source]) -> Path:
    """Try each source; the first whose file has the right checksum wins."""
    import pooch
    import requests

    pooch.get_logger().setLevel(logging.ERROR)
    failures = []
    for address, downloader in sources:
        try:
            pooch.retrieve(address, asset.checksum, target.name, target.parent, downloader=downloader)
        except requests.exceptions.RequestException as error:
            failures.append(f"{address}: {_said(error)}")
        except ValueError as error:
            reason = (
                "the file has another checksum than data/assets.toml states (damaged, cut short or changed)"
            )
            failures.append(f"{address}: {reason if 'hash' in str(error) else error}")
        except FileNotFoundError:
            failures.append(f"{address}: there is no such file")
        else:
            target.chmod(0o644)  # pooch's temporary file is the owner's only; a cache may serve as a mirror
            return target
    raise AssetError(
        f"{asset.name} could not be fetched.\n  "
        + "\n  ".join(failures)
        + f"\nPut {asset.file} into {cache_folder()} by hand, or set COURSE_MIRROR to a folder or address that has it."
    )


def _is_good(asset: Asset, path: Path) -> bool:
    """Whether the file is there with the right checksum."""
    import pooch

    algorithm, wanted = asset.checksum.split(":")
    try:
        return path.is_file() and pooch.file_hash(str(path), alg=algorithm) == wanted
    except OSError:
        return False


@contextmanager
def _writable(target: Path) -> Iterator[None]:
    """Make the cache's folder; turn "may not be written" and "disk full" into sentences."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        reasons = {
            errno.ENOSPC: "the disk is full",
            errno.EDQUOT: "your disk quota is used up",
            errno.EROFS: "it is on a read-only disk",
            errno.EACCES: "you may not write there",
            errno.EPERM: "you may not write there",
            errno.ENOTDIR: "a part of this path is a file, not a folder",
            errno.EEXIST: "a part of this path is a file, not a folder",
        }
        # pooch wraps a folder that may not be written into an error of its own, without number.
        number = errno.EACCES if isinstance(error, PermissionError) else error.errno
        if number not in reasons:
            raise
        raise AssetError(
            f"cannot write into the cache {cache_folder()}: {reasons[number]}. "
            "Make room, or set COURSE_CACHE to another folder."
        ) from error


@contextmanager
def _one_at_a_time(target: Path) -> Iterator[None]:
    """Let one process at a time download a file; where locks do not exist, two download it, each wholly."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with open(target.with_name(f".{target.name}.lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError as error:  # a network disk without locks
            if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
                raise
        yield


def _http(asset: Asset, new_bar: Callable[[str], Bar]) -> Callable[[str, str, object], None]:
    """Return pooch's HTTP downloader with time limits, which tells a web page from a file."""
    import pooch

    def download(url: str, output_file: str, caller: object) -> None:
        bar = new_bar(asset.file)
        try:
            pooch.HTTPDownloader(
                progressbar=bar, chunk_size=CHUNK_BYTES, timeout=(CONNECT_SECONDS, READ_SECONDS)
            )(url, output_file, caller)
        finally:
            bar.close()
        with open(output_file, "rb") as file:
            start = file.read(512).lstrip().lower()
        if start.startswith((b"<!doctype html", b"<html")):
            raise ValueError(
                "it answered with a web page instead of the file (a login page or a wrong address?)"
            )

    return download


def _copy(new_bar: Callable[[str], Bar]) -> Callable[[str, str, object], None]:
    """Return a downloader that copies from a mirror that is a folder."""

    def copy(path: str, output_file: str, _caller: object) -> None:
        with open(path, "rb") as source, open(output_file, "wb") as target:
            bar = new_bar(Path(path).name)
            bar.total = os.fstat(source.fileno()).st_size
            try:
                while chunk := source.read(CHUNK_BYTES):
                    target.write(chunk)
                    bar.update(len(chunk))
            finally:
                bar.close()

    return copy


def _tqdm_bar(name: str) -> Bar:
    from tqdm.auto import tqdm

    return tqdm(total=0, unit="B", unit_scale=True, desc=name, leave=False)


def _said(error: Exception) -> str:
    """Return the useful end of a long network error."""
    import requests

    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return f"it answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.exceptions.Timeout):
        return "it did not answer in time"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "it cannot be reached (no network, or the address is wrong)"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke in the middle of the file"
    return str(error)
