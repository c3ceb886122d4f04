"""Checking the table of assets against the files: every byte, every field."""

import importlib.util
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from utils.data.arrays import hash_file
from utils.data.assets import REGISTRIES, Asset, content_hash, data_folder, read_table

MAX_FILE_BYTES = 20_000_000
MAX_FOLDER_BYTES = 80_000_000
NOTEBOOK_ID = re.compile(r"w[1-4](l\d|a\d|demo\d?)")


def verify_assets(names: Iterable[str] | None = None) -> list[str]:
    """Return what is wrong with the bundled assets, one sentence a fault; an empty list when all is well.

    Every row must name a licence, a credit, a note and where it comes from; every bundled file must have the
    table's size, checksum and content. Without `names` the folder is checked too: no file without a row, no
    file over 20 MB, not more than 80 MB together.
    """
    table = read_table()
    chosen = list(table.values()) if names is None else [table[name] for name in names]
    faults = [f"[{asset.name}] {fault}" for asset in chosen for fault in _row_faults(asset)]
    faults += [f"[{asset.name}] {fault}" for asset in chosen for fault in _file_faults(asset)]
    if names is None:
        faults += _folder_faults({asset.file for asset in table.values()})
    return faults


def _row_faults(asset: Asset) -> Iterator[str]:
    """Check the fields of one row."""
    for name in ("file", "licence", "credit", "note"):
        if not getattr(asset, name).strip():
            yield f"{name} is empty"
    path = PurePosixPath(asset.file)
    if path.is_absolute() or ".." in path.parts:
        yield f"file {asset.file!r} leads out of data/"
    if not asset.name.isascii() or not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", asset.name):
        yield "the name must be of small letters, digits, hyphens and dots"
    for notebook in asset.used_by:
        if not NOTEBOOK_ID.fullmatch(notebook):
            yield f"used_by has {notebook!r}, which is no notebook id"
    yield from _origin_faults(asset)
    if asset.bundled:
        for name in ("sha256", "arrays_sha256"):
            if not re.fullmatch(r"[0-9a-f]{64}", getattr(asset, name)):
                yield f"{name} is no SHA-256; `course data build {asset.name} --record` writes it"
    elif not re.fullmatch(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}", asset.checksum):
        yield "a fetched file needs a sha256 or its publisher's md5"


def _origin_faults(asset: Asset) -> Iterator[str]:
    """Check where a row says that it comes from."""
    if not (asset.builder or asset.url or asset.command):
        yield "it has neither a builder, nor a url, nor the command that made it"
    if asset.url and not asset.url.startswith("https://"):
        yield f"url {asset.url!r} is not https"
    if asset.builder and not asset.origin:
        yield "it has a builder but no origin"
    if asset.builder and importlib.util.find_spec(asset.builder) is None:
        yield f"there is no module {asset.builder}"
    for origin in asset.origin:
        if origin.registry not in REGISTRIES:
            yield f"origin: registry {origin.registry!r} is none of {', '.join(REGISTRIES)}"
        if not origin.package or not re.match(r"\d", origin.version) or not origin.path:
            yield "origin: package, an exact version and the path in it are needed"


def _file_faults(asset: Asset) -> Iterator[str]:
    """Check one bundled file: size, bytes, content."""
    if not asset.bundled:
        return
    path = data_folder() / asset.file
    if not path.is_file():
        yield f"{asset.file} is missing"
        return
    if path.stat().st_size != asset.bytes:
        yield f"{asset.file} has {path.stat().st_size:,} bytes, the table says {asset.bytes:,}"
    elif hash_file(path) != asset.sha256:
        yield f"{asset.file} has another sha256 than the table"
    elif content_hash(path) != asset.arrays_sha256:
        yield f"{asset.file} has another content than arrays_sha256 states"


def _folder_faults(known: set[str]) -> Iterator[str]:
    """Check the folder: stray files and sizes. Logs of long runs (`runs/`) carry their own account."""
    folder, total = data_folder(), 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or any(part.startswith(".") for part in Path(name).parts):
            continue
        total += path.stat().st_size
        if path.stat().st_size > MAX_FILE_BYTES:
            yield f"{name} has more than {MAX_FILE_BYTES:,} bytes"
        if name not in known and name not in ("assets.toml", "README.md") and not name.startswith("runs/"):
            yield f"{name} has no row in assets.toml"
    if total > MAX_FOLDER_BYTES:
        yield f"data/ has {total:,} bytes, more than {MAX_FOLDER_BYTES:,}"
