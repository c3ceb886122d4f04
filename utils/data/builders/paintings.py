"""Builder of the paintings that a Debian package holds as the pieces of a jigsaw puzzle.

GCompris keeps each painting as overlapping pieces (WebP) and a board that says where each piece lies, all
inside one file of Qt's resource format (`.rcc`). The pieces are put together here and the ragged rim is cut
off.
"""

import io
import re
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from utils.data.assets import Asset, AssetError
from utils.data.builders.origin import get_file
from utils.data.builders.pictures import encode

if TYPE_CHECKING:
    from PIL import Image

RIM = 4
FOLDER, COMPRESSED = 2, 1
RECORD_BYTES = 22
BOARD_SIZE = re.compile(r'"width": (\d+),\s*"height": (\d+)')
PIECE = re.compile(r'image/([\w-]+\.webp)",\s*"x" ?: ?"([\d.]+)",\s*"y" ?: ?"([\d.]+)"')


def build(asset: Asset, work: Path) -> bytes:
    """Return a painting as a JPEG file; the asset's attribute `board` names its board, as "board7_0.qml"."""
    files = read_resources(get_file(asset.origin[0], work).read_bytes())
    by_name = {path.rsplit("/", 1)[-1]: content for path, content in files.items()}
    board = by_name[asset.attributes["board"]].decode()
    width, height = (int(side) for side in BOARD_SIZE.search(board).groups())
    pieces = [(by_name[name], float(x) * width, float(y) * height) for name, x, y in PIECE.findall(board)]
    return encode(_put_together(pieces, width, height))


def _put_together(pieces: list[tuple[bytes, float, float]], width: int, height: int) -> "Image.Image":
    """Average the pieces (file, centre x, centre y) by their opacity, so that no seam shows, and cut off the rim."""
    from PIL import Image

    colour, opacity = np.zeros((height, width, 3)), np.zeros((height, width, 1))
    for file, x, y in pieces:
        with Image.open(io.BytesIO(file)) as image:
            piece = np.asarray(image.convert("RGBA")).astype(float)
        left, top = max(0, round(x - piece.shape[1] / 2)), max(0, round(y - piece.shape[0] / 2))
        piece = piece[: height - top, : width - left]
        place = np.s_[top : top + piece.shape[0], left : left + piece.shape[1]]
        colour[place] += piece[..., 3:] * piece[..., :3]
        opacity[place] += piece[..., 3:]
    rows, columns = (np.flatnonzero(opacity.any(axis=(axis, 2))) for axis in (1, 0))
    inner = np.s_[rows[0] + RIM : rows[-1] + 1 - RIM, columns[0] + RIM : columns[-1] + 1 - RIM]
    mean = colour[inner] / np.maximum(opacity[inner], 1)
    return Image.fromarray(np.rint(mean).astype(np.uint8))


def read_resources(data: bytes) -> dict[str, bytes]:
    """Return the files of a Qt resource file by their full path.

    Parameters
    ----------
    data
        The whole file. Plain and zlib-compressed entries are read.

    Raises
    ------
    AssetError
        When it is no resource file of version 2 or 3.

    References
    ----------
    Qt's `rcc` writes: magic, version, offsets of tree, data and names (big-endian); a tree of 22-byte
    records, each a folder (count, first child) or a file (offset of its length and bytes); names in UTF-16.
    """
    if data[:4] != b"qres":
        raise AssetError("this is no Qt resource file")
    version, tree, content, names = struct.unpack(">IIII", data[4:20])
    if version not in (2, 3):
        raise AssetError(f"Qt resource files of version {version} are not read here")
    files: dict[str, bytes] = {}

    def walk(record: int, path: str) -> None:
        start = tree + record * RECORD_BYTES
        name, flags = struct.unpack(">IH", data[start : start + 6])
        if record:
            path = f"{path}/{_name(data, names + name)}"
        if flags & FOLDER:
            count, first = struct.unpack(">II", data[start + 6 : start + 14])
            for child in range(first, first + count):
                walk(child, path)
            return
        (offset,) = struct.unpack(">I", data[start + 10 : start + 14])
        (length,) = struct.unpack(">I", data[content + offset : content + offset + 4])
        body = data[content + offset + 4 : content + offset + 4 + length]
        files[path] = zlib.decompress(body[4:]) if flags & COMPRESSED else body

    walk(0, "")
    return files


def _name(data: bytes, start: int) -> str:
    """Return a name: its length in characters, a hash, then UTF-16."""
    (length,) = struct.unpack(">H", data[start : start + 2])
    return data[start + 6 : start + 6 + 2 * length].decode("utf-16-be")
