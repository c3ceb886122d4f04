"""Pictures that go into and come out of painting: what is accepted, resizing, and the margin that keeps frames away.

A network with zero padding sees an edge of grey around every picture and paints it. So the picture is continued by
reflection, painted with that margin, and cut again.
"""

import numpy as np

from utils.data.images import to_float

SMALLEST = 16  # pixels: a shorter side leaves VGG's block 5 no pixel


def check_picture(name: str, picture: np.ndarray) -> np.ndarray:
    """Return a picture as float32 in [0, 1], or say what is wrong with it.

    Parameters
    ----------
    name : str
        Of the argument, for messages.
    picture : ndarray, (height, width, 3)
        uint8 in [0, 255], or floating in [0, 1].

    Raises
    ------
    TypeError
        For another dtype.
    ValueError
        For another shape, a side below 16 pixels, NaN or infinity, values out of range, or black everywhere, which is
        what a picture that was read wrongly most often is.
    """
    picture = np.asarray(picture)
    if picture.ndim != 3 or picture.shape[-1] != 3:
        raise ValueError(f"{name} must have shape (height, width, 3), got {picture.shape}")
    if min(picture.shape[:2]) < SMALLEST:
        raise ValueError(
            f"{name} must have at least {SMALLEST} × {SMALLEST} pixels, got {picture.shape[0]} × {picture.shape[1]}"
        )
    if picture.dtype.kind == "f" and not np.isfinite(picture).all():
        raise ValueError(f"{name} holds NaN or infinity")
    try:
        picture = to_float(picture)
    except (TypeError, ValueError) as error:
        raise type(error)(str(error).replace("image", name, 1)) from None
    if not picture.any():
        raise ValueError(f"{name} is black everywhere: was it read correctly?")
    return picture


def shape_for(picture: np.ndarray, size: int | tuple[int, int] | None) -> tuple[int, int]:
    """Return (height, width) for a wanted size.

    Parameters
    ----------
    picture : ndarray, (height, width, 3)
        Whose proportions are kept.
    size : int, (int, int) or None
        Pixels of the longer side; exactly (height, width); or the picture's own.

    Raises
    ------
    TypeError, ValueError
        When a size is no whole number, or leaves a side below 16 pixels.
    """
    shape = picture.shape[:2]
    if isinstance(size, int | np.integer) and not isinstance(size, bool):
        shape = tuple(max(1, round(side * size / max(shape))) for side in shape)
    elif size is not None:
        if not isinstance(size, tuple | list) or not all(isinstance(side, int | np.integer) for side in size):
            raise TypeError(f"size must be a whole number, (height, width) or None, got {size!r}")
        if len(size) != 2:
            raise ValueError(f"size must have two sides, got {size!r}")
        shape = tuple(size)
    if min(shape) < SMALLEST:
        raise ValueError(
            f"size must leave both sides at least {SMALLEST} pixels, got {shape[0]} × {shape[1]}"
        )
    return int(shape[0]), int(shape[1])


def shape_like(picture: np.ndarray, shape: tuple[int, int]) -> tuple[int, int]:
    """Return (height, width) of the picture's proportions and of `shape`'s longer side, no side below 16 pixels."""
    scale = max(max(shape) / max(picture.shape[:2]), SMALLEST / min(picture.shape[:2]))
    return round(picture.shape[0] * scale), round(picture.shape[1] * scale)


def resize_picture(picture: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return a float32 picture (height, width, 3) in [0, 1] at another size, by Lanczos' filter, anti-aliased."""
    import tensorflow as tf

    if picture.shape[:2] == tuple(shape):
        return picture
    return np.clip(tf.image.resize(picture, shape, "lanczos3", antialias=True).numpy(), 0, 1)


def add_margin(picture: np.ndarray, margin: int) -> np.ndarray:
    """Continue an array (height, width, …) by `margin` pixels on all four sides, reflected."""
    return np.pad(picture, [(margin, margin)] * 2 + [(0, 0)] * (picture.ndim - 2), mode="reflect")


def cut_margin(picture: np.ndarray, margin: int) -> np.ndarray:
    """Undo :func:`add_margin`."""
    return picture[margin : picture.shape[0] - margin, margin : picture.shape[1] - margin]
