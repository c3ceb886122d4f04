"""Rebuild bundled assets from their origins, one module a family of assets.

`utils.data.assets` tells how a builder looks and how to add one. `python -m utils.data.builders NAME
[--record]` and `course data build NAME [--record]` run it.
"""

import importlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.data.arrays import hash_file, write_arrays
from utils.data.assets import Asset, AssetError, content_hash, data_folder, find_asset

__all__ = ["Built", "build_asset"]


@dataclass(frozen=True)
class Built:
    """What a build gave.

    Attributes
    ----------
    path
        The file that was written.
    arrays_sha256
        Checksum of its content (`content_hash`).
    same
        Whether the content is the one in the table; also False when the table states none yet.
    """

    path: Path
    arrays_sha256: str
    same: bool


def build_asset(name: str, target: str | Path | None = None, record: bool = False) -> Built:
    """Build an asset again from its origin and write its file.

    Parameters
    ----------
    name
        The asset's name in `data/assets.toml`.
    target
        Folder to write into; the data folder when not given.
    record
        Write size and checksums into the table. Without it, a content that differs from the table's is an
        error and nothing is written.

    Raises
    ------
    AssetError
        When the asset has no builder, an origin cannot be had, or the content differs from the table's.
    """
    asset = find_asset(name)
    if not asset.builder:
        raise AssetError(
            f"asset {name!r} has no builder: `course data fetch {name}` gets it from {asset.url}"
        )
    folder = Path(target) if target is not None else data_folder()
    with tempfile.TemporaryDirectory(prefix="course-build-") as work:
        content = importlib.import_module(asset.builder).build(asset, Path(work))
        fresh = Path(work) / f"result{Path(asset.file).suffix}"
        _write(fresh, content)
        digest = content_hash(fresh)
        same = digest == asset.arrays_sha256
        if asset.arrays_sha256 and not same and not record:
            raise AssetError(
                f"the rebuilt {name} has content {digest[:16]}… instead of {asset.arrays_sha256[:16]}…; "
                "nothing was written (record=True, or --record, would take it as the new one)"
            )
        path = folder / asset.file
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, content)
    if record:
        record_row(asset, path, digest)
    return Built(path, digest, same)


def record_row(asset: Asset, path: Path, digest: str) -> None:
    """Put a built file's size and checksums into its row of `assets.toml`; every other line stays."""
    table = data_folder() / "assets.toml"
    values = {
        "sha256": f'"{hash_file(path)}"',
        "arrays_sha256": f'"{digest}"',
        "bytes": str(path.stat().st_size),
    }
    lines, inside = [], False
    for line in table.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            inside = line.strip() == f"[{asset.name}]"
        match = re.match(r"(\w+) = ", line)
        if inside and match and match[1] in values:
            line = f"{match[1]} = {values.pop(match[1])}"
        lines.append(line)
    if values:
        raise AssetError(f"assets.toml, [{asset.name}] lacks a line for {', '.join(values)}")
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write(path: Path, content: dict[str, np.ndarray] | bytes) -> None:
    """Write a builder's result: arrays as HDF5, bytes as they are, atomically."""
    if isinstance(content, bytes):
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(content)
        part.replace(path)
    else:
        write_arrays(path, content)
