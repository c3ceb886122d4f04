"""Reading ordinary pictures into arrays, and the few conversions that every lesson needs.

Anything that a learner may drop beside a notebook is read into the same form, uint8 RGB, or refused with a
sentence that says why. Pillow decodes; it is imported by the functions that need it.
"""

import io
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 64_000_000
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000", "ICO", "TGA")
GREY_WEIGHTS = (0.299, 0.587, 0.114)


def read_image(path: str | os.PathLike[str] | bytes, size: int | tuple[int, int] | None = None) -> np.ndarray:
    """Read a picture file as RGB.

    Greyscale, palette, CMYK and 16-bit pictures become 8-bit RGB; transparent ones are laid on white; the
    rotation that a camera wrote into the file (EXIF) is applied; of an animation the first frame is taken.
    Colour profiles are ignored.

    Parameters
    ----------
    path
        A file, or the bytes of one (an upload).
    size
        `(height, width)` resizes to exactly that; a whole number shrinks or enlarges so that the longer side
        has that many pixels and the proportions stay. The filter is Lanczos', with anti-aliasing.

    Returns
    -------
    array (height, width, 3)
        uint8 in [0, 255].

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        When there is no such file, it is a folder, or it may not be read.
    ValueError
        When the file is empty, no picture, damaged or cut short, or has more than 64 million pixels.
    TypeError, ValueError
        When an argument has the wrong type or range.
    """
    size = _checked_size(size)
    data, name = _read_bytes(path)
    _refuse_non_picture(data, name)
    image = _decode(data, name)
    if size is not None:
        image = _resize(image, size)
    return np.array(image, dtype=np.uint8)


def to_float(image: np.ndarray) -> np.ndarray:
    """Return a uint8 picture in [0, 255] as float32 in [0, 1]; a float picture comes back as float32.

    Parameters
    ----------
    image
        Any shape; uint8, or floating with finite values in [0, 1].

    Raises
    ------
    TypeError
        For another dtype.
    ValueError
        For floats outside [0, 1]: they are most often 0…255 by mistake.
    """
    image = np.asarray(image)
    if image.dtype == np.uint8:
        return image.astype(np.float32) / np.float32(255)
    if image.dtype.kind != "f":
        raise TypeError(f"image must be uint8 or floating, got {image.dtype}")
    if image.size and not (image.min() >= 0 and image.max() <= 1):
        raise ValueError(f"image must be in [0, 1], got values from {image.min():g} to {image.max():g}")
    return image.astype(np.float32)


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Return a float picture in [0, 1] as uint8 in [0, 255], rounded; values outside are clipped.

    Parameters
    ----------
    image
        Any shape; floating without NaN, or uint8, which comes back as it is.

    Raises
    ------
    TypeError
        For another dtype.
    ValueError
        For NaN.
    """
    image = np.asarray(image)
    if image.dtype == np.uint8:
        return image
    if image.dtype.kind != "f":
        raise TypeError(f"image must be uint8 or floating, got {image.dtype}")
    if np.isnan(image).any():
        raise ValueError("image holds NaN")
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def to_grey(image: np.ndarray) -> np.ndarray:
    """Return the luma .299 R + .587 G + .114 B of colour pictures.

    Parameters
    ----------
    image
        (..., height, width, 3), uint8 or floating.

    Returns
    -------
    array (..., height, width)
        Of the same dtype, uint8 rounded.

    References
    ----------
    ITU-R BT.601, the weights of Pillow, OpenCV and `tf.image.rgb_to_grayscale`.
    """
    image = np.asarray(image)
    if image.ndim < 3 or image.shape[-1] != 3:
        raise ValueError(f"image must have shape (..., height, width, 3), got {image.shape}")
    if image.dtype != np.uint8 and image.dtype.kind != "f":
        raise TypeError(f"image must be uint8 or floating, got {image.dtype}")
    if image.dtype == np.uint8:
        return np.rint(image @ np.array(GREY_WEIGHTS)).astype(np.uint8)
    return image @ np.array(GREY_WEIGHTS, dtype=image.dtype)


def photograph(name: str, size: int | tuple[int, int] | None = None) -> np.ndarray:
    """Return a bundled photograph by its name.

    Parameters
    ----------
    name
        One of `photograph_names()`, for example "astronaut", "chelsea" (a cat), "coffee".
    size
        As in `read_image`; at most 512 pixels on the longer side when not given.

    Returns
    -------
    array (height, width, 3)
        uint8 RGB in [0, 255]; grey photographs have three equal channels.

    Raises
    ------
    ValueError
        When there is no such photograph; the message lists those that there are.
    """
    return _bundled_picture("photographs", name, size)


def photograph_names() -> list[str]:
    """Return the names that `photograph` knows."""
    return _picture_names("photographs")


def painting(name: str, size: int | tuple[int, int] | None = None) -> np.ndarray:
    """Return a bundled public-domain painting, (height, width, 3) uint8 RGB; as `photograph`."""
    return _bundled_picture("paintings", name, size)


def painting_names() -> list[str]:
    """Return the names that `painting` knows."""
    return _picture_names("paintings")


def portrait(name: str, size: int | tuple[int, int] | None = None) -> np.ndarray:
    """Return a bundled portrait for the face door, (height, width, 3) uint8 RGB; as `photograph`."""
    return _bundled_picture("portraits", name, size)


def portrait_names() -> list[str]:
    """Return the names that `portrait` knows; pictures of one person share the part before the last hyphen."""
    return _picture_names("portraits")


def _picture_names(group: str) -> list[str]:
    from utils.data.assets import read_table

    return [Path(asset.file).stem for asset in read_table().values() if asset.group == group]


def _bundled_picture(group: str, name: str, size: int | tuple[int, int] | None) -> np.ndarray:
    from utils.data.assets import asset_path, read_table

    if not isinstance(name, str):
        raise TypeError(f"name must be a string, got {type(name).__name__}")
    for asset in read_table().values():
        if asset.group == group and Path(asset.file).stem == name:
            return read_image(asset_path(asset.name), size)
    raise ValueError(f"no {group[:-1]} is called {name!r}; there are {', '.join(_picture_names(group))}")


def _checked_size(size: int | tuple[int, int] | None) -> int | tuple[int, int] | None:
    """Return the size as plain ints, or say what is wrong with it."""
    if size is None:
        return None
    whole = isinstance(size, int | np.integer) and not isinstance(size, bool)
    sides = (size,) if whole else size
    if not isinstance(sides, tuple | list) or len(sides) not in ((1,) if whole else (2,)):
        raise TypeError(f"size must be a whole number or (height, width), got {size!r}")
    for side in sides:
        if not isinstance(side, int | np.integer) or isinstance(side, bool):
            raise TypeError(f"size must hold whole numbers, got {size!r}")
        if not 1 <= side <= 16_384:
            raise ValueError(f"size must be between 1 and 16,384 pixels, got {size!r}")
    return int(size) if whole else (int(sides[0]), int(sides[1]))


def _read_bytes(path: str | os.PathLike[str] | bytes) -> tuple[bytes, str]:
    """Return a file's bytes and the name to use in messages."""
    if isinstance(path, bytes | bytearray | memoryview):
        return bytes(path), "the uploaded file"
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path must be a file's path or its bytes, got {type(path).__name__}")
    file = Path(path).expanduser()
    if file.is_dir():
        raise IsADirectoryError(f"{file} is a folder, not a picture")
    if not file.exists():
        raise FileNotFoundError(f"there is no file {file} (looked in {Path.cwd()})")
    return file.read_bytes(), str(file)


def _refuse_non_picture(data: bytes, name: str) -> None:
    """Tell the usual non-pictures apart before Pillow is asked."""
    if not data:
        raise ValueError(f"{name} is empty (0 bytes)")
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"):
        raise ValueError(f"{name} is a HEIC picture, which Pillow cannot read: save it as JPEG or PNG")
    if data.lstrip()[:5].lower() in (b"<svg ", b"<?xml"):
        raise ValueError(f"{name} is a drawing in SVG or another XML file: export it as PNG")


def _decode(data: bytes, name: str) -> "Image.Image":
    """Decode with Pillow, check the number of pixels before they are unpacked, return mode RGB upright."""
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        # Pillow warns of large pictures and of odd metadata; the limit here is lower, the pixels are what counts.
        warnings.simplefilter("ignore")
        try:
            Image.init()
            formats = [
                known for known in FORMATS if known in Image.OPEN
            ]  # a Pillow may be built without AVIF
            with Image.open(io.BytesIO(data), formats=formats) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise Image.DecompressionBombError(f"{width} × {height} pixels")
                image.load()
                return _to_rgb(_upright(image), name)
        except Image.DecompressionBombError as error:
            raise ValueError(
                f"{name} is too large ({error}); at most {MAX_PIXELS:,} pixels are read: make it smaller first"
            ) from error
        except UnidentifiedImageError as error:
            raise ValueError(
                f"{name} is no picture that can be read; it begins with {data[:12]!r}"
            ) from error
        except _UnreadableMode as error:
            raise ValueError(str(error)) from None
        except MemoryError:
            raise
        except (
            Exception
        ) as error:  # damaged files end in many kinds of errors, by format and place of the damage
            raise ValueError(f"{name} is damaged or cut short: {error}") from error


class _UnreadableMode(Exception):
    """A picture that is whole but whose kind of pixels has no plain RGB meaning."""


def _upright(image: "Image.Image") -> "Image.Image":
    """Apply the camera's rotation; damaged metadata leaves the picture as it is stored."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except (
        Exception
    ):  # the metadata, not the pixels, is damaged: a picture lying on its side is better than none
        return image


def _to_rgb(image: "Image.Image", name: str) -> "Image.Image":
    """Return any of Pillow's modes as RGB, transparency on white, 16 bits and floats scaled to 8."""
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":
        image = Image.fromarray(_to_eight_bits(np.asarray(image), image.mode, name))
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    try:
        return image.convert("RGB")
    except ValueError:
        raise _UnreadableMode(f"{name} has pixels of kind {image.mode}: save it as RGB first") from None


def _to_eight_bits(values: np.ndarray, mode: str, name: str) -> np.ndarray:
    """Scale wide grey values to uint8: 16-bit by 257 (65535 → 255), floats from [0, 1]."""
    low, high = values.min(), values.max()
    if mode == "F" and low >= 0 and high <= 1:
        return np.rint(values * 255).astype(np.uint8)
    if mode != "F" and low >= 0 and high <= 65_535:
        return np.rint(values / 257).astype(np.uint8)
    raise _UnreadableMode(
        f"{name} has values from {low:g} to {high:g}; wanted 8- or 16-bit ones, or floats in [0, 1]"
    )


def _resize(image: "Image.Image", size: int | tuple[int, int]) -> "Image.Image":
    """Resize an RGB picture as `read_image` describes."""
    from PIL import Image

    if isinstance(size, int):
        scale = size / max(image.size)
        width, height = (max(1, round(side * scale)) for side in image.size)
    else:
        height, width = size
    if (width, height) == image.size:
        return image
    return image.resize((width, height), Image.Resampling.LANCZOS)
