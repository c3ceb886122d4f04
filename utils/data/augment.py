"""Distort pictures for training, and let their boxes follow: what Keras' random layers lack.

Keras distorts whole batches inside a graph. Here one picture of any size is distorted in NumPy, from a
`numpy.random.Generator` that the caller holds, boxes that are mostly out of sight are dropped *and it is told which*
(so that their labels can be dropped too), and there is the colour distortion by principal components. Nothing here
imports TensorFlow.

A picture is (height, width, channels), uint8 in [0, 255] or floating; its dtype is kept. Boxes are corners
(x1, y1, x2, y2) in pixels, as in `utils.data.boxes`. Functions named ``random_…`` draw numbers and call the function
that does the work.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from utils.data.boxes import box_areas, check_boxes, clip_boxes

KEEP = 0.25
_MODES = ("constant", "nearest", "reflect", "mirror", "wrap")


class Augmented(NamedTuple):
    """A distorted picture and the boxes that are still in it.

    Attributes
    ----------
    image : ndarray, (height, width, channels)
        Of the dtype of the original.
    boxes : ndarray, (n, 4)
        Corners in pixels of the new picture, clipped to it; (0, 4) when none were given.
    kept : ndarray, (n,)
        Which of the given boxes these are, ascending: ``labels = labels[kept]``.
    """

    image: np.ndarray
    boxes: np.ndarray
    kept: np.ndarray


def mirror(image: np.ndarray, boxes: ArrayLike | None = None) -> Augmented:
    """Swap left and right.

    Parameters
    ----------
    image : ndarray, (height, width, channels)
        The picture.
    boxes : array_like, (n, 4), optional
        Corners in pixels. All of them are kept.
    """
    image, boxes = _picture(image), _boxes(boxes)
    width = image.shape[1]
    boxes = np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], axis=-1)
    return Augmented(np.ascontiguousarray(image[:, ::-1]), boxes, np.arange(len(boxes)))


def crop(
    image: np.ndarray,
    top: int,
    left: int,
    height: int,
    width: int,
    boxes: ArrayLike | None = None,
    keep: float = KEEP,
) -> Augmented:
    """Cut out a window.

    Parameters
    ----------
    image : ndarray, (H, W, channels)
        The picture.
    top, left, height, width : int
        The window in pixels; it must lie in the picture.
    boxes : array_like, (n, 4), optional
        Corners in pixels.
    keep : float
        A box stays when at least this share of its area, 0 to 1, is in the window. Boxes without area stay
        only when `keep` is 0.

    Raises
    ------
    ValueError
        When the window is empty or leaves the picture.
    """
    image, boxes, keep = _picture(image), _boxes(boxes), _share(keep)
    sides = image.shape[:2]
    for name, start, size, side in (("height", top, height, sides[0]), ("width", left, width, sides[1])):
        if not (start >= 0 and size >= 1 and start + size <= side):
            raise ValueError(
                f"the window must lie in the picture of {sides[0]}×{sides[1]}: {name} {size} from {start}"
            )
    window = np.ascontiguousarray(image[top : top + height, left : left + width])
    return _visible(window, boxes - np.array([left, top, left, top], dtype=boxes.dtype), keep)


def resize(image: np.ndarray, size: tuple[int, int], boxes: ArrayLike | None = None) -> Augmented:
    """Stretch or shrink to (height, width), bilinear, anti-aliased when shrinking; all boxes are kept.

    Parameters
    ----------
    image : ndarray, (H, W, channels)
        The picture.
    size : (int, int)
        Height and width of the result.
    boxes : array_like, (n, 4), optional
        Corners in pixels.
    """
    from PIL import Image

    image, boxes, (height, width) = _picture(image), _boxes(boxes), _size(size)
    planes = [Image.fromarray(plane) for plane in np.moveaxis(image, -1, 0).astype(np.float32)]
    resized = [np.asarray(plane.resize((width, height), Image.Resampling.BILINEAR)) for plane in planes]
    factors = np.array([width / image.shape[1], height / image.shape[0]] * 2, dtype=boxes.dtype)
    return Augmented(_as(image, np.stack(resized, axis=-1)), boxes * factors, np.arange(len(boxes)))


def rotate(
    image: np.ndarray,
    degrees: float,
    boxes: ArrayLike | None = None,
    keep: float = KEEP,
    mode: str = "constant",
) -> Augmented:
    """Turn counter-clockwise about the middle; the size stays.

    Parameters
    ----------
    image : ndarray, (height, width, channels)
        The picture.
    degrees : float
        The angle.
    boxes : array_like, (n, 4), optional
        Corners in pixels. A turned box becomes the smallest upright box around it.
    keep : float
        As in `crop`.
    mode : str
        What is seen outside the picture: ``"constant"`` (black), ``"nearest"``, ``"reflect"``, ``"mirror"`` or
        ``"wrap"``, as `scipy.ndimage` means them.
    """
    angle = np.deg2rad(_number(degrees, "degrees"))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])  # y points down
    return _about_the_middle(image, turn, boxes, keep, mode)


def shear(
    image: np.ndarray,
    amount: float,
    boxes: ArrayLike | None = None,
    keep: float = KEEP,
    mode: str = "constant",
) -> Augmented:
    """Slant: each row moves to the right by `amount` times its distance below the middle.

    Parameters
    ----------
    image : ndarray, (height, width, channels)
        The picture.
    amount : float
        Pixels to the right for each pixel down; the tangent of the angle.
    boxes, keep, mode
        As in `rotate`.
    """
    slant = np.array([[1, _number(amount, "amount")], [0, 1]])
    return _about_the_middle(image, slant, boxes, keep, mode)


def elastic_field(
    height: int, width: int, strength: float, smoothness: float, *, rng: np.random.Generator
) -> np.ndarray:
    """Draw a smooth random displacement for every pixel.

    Parameters
    ----------
    height, width : int
        Size of the picture.
    strength : float
        Root mean square of each component, in pixels, at least 0.
    smoothness : float
        Standard deviation of the Gaussian that smooths the noise, in pixels, above 0. Small: crumpled paper; large: the
        whole picture moves.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    ndarray, (2, height, width)
        float64: how far down and how far right of each pixel its new colour is fetched.

    References
    ----------
    Simard, Steinkraus, Platt: Best practices for convolutional neural networks applied to visual document
    analysis, 2003, section 2 (where the field is scaled by a constant in place of its mean square).
    """
    _generator(rng)
    size = _size((height, width))
    if _number(strength, "strength") < 0 or not _number(smoothness, "smoothness") > 0:
        raise ValueError(
            f"strength must be at least 0 and smoothness above 0, got {strength!r} and {smoothness!r}"
        )
    noise = rng.uniform(-1, 1, size=(2, *size))
    smooth = ndimage.gaussian_filter(noise, sigma=(0, smoothness, smoothness), mode="reflect")
    return smooth * (strength / np.sqrt(np.mean(smooth**2, axis=(1, 2), keepdims=True)))


def warp(
    image: np.ndarray,
    field: np.ndarray,
    boxes: ArrayLike | None = None,
    keep: float = KEEP,
    mode: str = "nearest",
) -> Augmented:
    """Bend a picture: every pixel gets the colour found at its own place plus a displacement, bilinear.

    Parameters
    ----------
    image : ndarray, (height, width, channels)
        The picture.
    field : ndarray, (2, height, width)
        Displacements down and right in pixels, as from `elastic_field`.
    boxes : array_like, (n, 4), optional
        Corners in pixels. A bent box becomes the smallest upright box around the pixels that show what was in
        it, to a pixel exact.
    keep : float
        A box stays when what is shown of it has at least this share of its area.
    mode : str
        As in `rotate`.
    """
    image, boxes, keep, mode = _picture(image), _boxes(boxes), _share(keep), _mode(mode)
    field = np.asarray(field)
    if field.shape != (2, *image.shape[:2]) or field.dtype.kind != "f" or not np.isfinite(field).all():
        raise ValueError(
            f"field must hold finite floats of shape {(2, *image.shape[:2])}, got {field.dtype} of {field.shape}"
        )
    source = np.indices(image.shape[:2]) + field
    planes = [ndimage.map_coordinates(plane, source, order=1, mode=mode) for plane in _planes(image)]
    moved = np.array([_bent_box(box, source + 0.5) for box in boxes], dtype=boxes.dtype).reshape(-1, 5)
    kept = _kept(moved[:, 4], box_areas(boxes), keep)
    return Augmented(_as(image, np.stack(planes, axis=-1)), moved[kept, :4], kept)


def shift_color(image: np.ndarray, shift: ArrayLike) -> np.ndarray:
    """Add a number to each channel; uint8 is clipped to [0, 255], floats to [0, 1].

    Parameters
    ----------
    image : ndarray, (height, width, channels)
        The picture.
    shift : array_like, (channels,)
        In units of the picture.
    """
    image, shift = _picture(image), np.asarray(shift, dtype=np.float64)
    if shift.shape != image.shape[-1:] or not np.isfinite(shift).all():
        raise ValueError(f"shift must be {image.shape[-1]} finite numbers, got {shift.tolist()}")
    top = 255 if image.dtype == np.uint8 else 1
    return _as(image, np.clip(image + shift, 0, top))


def color_axes(images: np.ndarray) -> np.ndarray:
    """Return the principal directions of the colours in a set of pictures, each as long as colours spread along it.

    Parameters
    ----------
    images : ndarray, (..., channels)
        All pixels count alike; two at least. uint8 is taken in units of 255.

    Returns
    -------
    ndarray, (channels, channels)
        float64. Column i is the unit eigenvector i of the covariance of the pixels, times the root of its
        eigenvalue; the widest first. The product with its transpose is the covariance.

    Notes
    -----
    Krizhevsky et al. print the eigenvalue, a variance, without the root. The size of the distortion would then
    depend on the unit of the pixels. (Their published program names these factors standard deviations.)

    References
    ----------
    Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks, 2012,
    section 4.1.
    """
    images = np.asarray(images)
    if images.ndim < 2 or images.size < 2 * images.shape[-1]:
        raise ValueError(
            f"images must have shape (..., channels) with two pixels or more, got {images.shape}"
        )
    pixels = images.reshape(-1, images.shape[-1]).astype(np.float64)
    if images.dtype == np.uint8:
        pixels /= 255
    elif images.dtype.kind != "f":
        raise TypeError(f"images must be uint8 or floating, got {images.dtype}")
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(pixels, rowvar=False, bias=True)))
    return (vectors * np.sqrt(np.maximum(values, 0)))[:, ::-1]


def pca_color(image: np.ndarray, axes: ArrayLike, strengths: ArrayLike) -> np.ndarray:
    """Shift all pixels of a picture along the principal directions of colour, and clip.

    Parameters
    ----------
    image : ndarray, (height, width, channels)
        The picture.
    axes : array_like, (channels, channels)
        From `color_axes`.
    strengths : array_like, (channels,)
        How many spreads to go along each axis.
    """
    image = _picture(image)
    axes, strengths = np.asarray(axes, dtype=np.float64), np.asarray(strengths, dtype=np.float64)
    channels = image.shape[-1]
    if axes.shape != (channels, channels) or strengths.shape != (channels,):
        raise ValueError(
            f"axes must have shape {(channels, channels)} and strengths {(channels,)}, got {axes.shape} and "
            f"{strengths.shape}"
        )
    unit = 255 if image.dtype == np.uint8 else 1
    return shift_color(image, unit * (axes @ strengths))


def random_mirror(
    image: np.ndarray, boxes: ArrayLike | None = None, *, rng: np.random.Generator
) -> Augmented:
    """Mirror with probability one half; see `mirror`."""
    if _generator(rng).random() < 0.5:
        return mirror(image, boxes)
    boxes = _boxes(boxes)
    return Augmented(_picture(image), boxes, np.arange(len(boxes)))


def random_crop(
    image: np.ndarray,
    size: tuple[int, int],
    boxes: ArrayLike | None = None,
    keep: float = KEEP,
    *,
    rng: np.random.Generator,
) -> Augmented:
    """Cut out a window of (height, width), every place equally likely; see `crop`."""
    image, (height, width) = _picture(image), _size(size)
    if height > image.shape[0] or width > image.shape[1]:
        raise ValueError(
            f"size must fit into the picture of {image.shape[0]}×{image.shape[1]}, got {height}×{width}"
        )
    top = _generator(rng).integers(image.shape[0] - height + 1)
    left = rng.integers(image.shape[1] - width + 1)
    return crop(image, int(top), int(left), height, width, boxes, keep)


def random_view(
    image: np.ndarray,
    size: tuple[int, int],
    boxes: ArrayLike | None = None,
    scale: tuple[float, float] = (0.6, 1.0),
    keep: float = KEEP,
    *,
    rng: np.random.Generator,
) -> Augmented:
    """Cut out a window of random size and place, bring it to (height, width) and perhaps mirror it.

    What a detector is trained on: things appear at any place, larger or smaller, facing either way, and the
    proportions of the picture stay those of `size`.

    Parameters
    ----------
    image : ndarray, (H, W, channels)
        The picture.
    size : (int, int)
        Height and width of the result, in pixels.
    boxes, keep
        As in `crop`.
    scale : (float, float)
        Least and greatest side of the window, as a share of the largest window of those proportions; above 0, at
        most 1.
    rng : numpy.random.Generator
        Source of chance.
    """
    image, (height, width) = _picture(image), _size(size)
    low, high = scale
    if not 0 < low <= high <= 1:
        raise ValueError(f"scale must be (least, greatest) with 0 < least ≤ greatest ≤ 1, got {scale!r}")
    zoom = _generator(rng).uniform(low, high) * min(image.shape[0] / height, image.shape[1] / width)
    window = (max(1, round(zoom * height)), max(1, round(zoom * width)))
    seen = random_crop(image, window, boxes, keep, rng=rng)
    sized = resize(seen.image, (height, width), seen.boxes)
    turned = random_mirror(sized.image, sized.boxes, rng=rng)
    return turned._replace(kept=seen.kept)


def random_rotation(
    image: np.ndarray,
    max_degrees: float,
    boxes: ArrayLike | None = None,
    keep: float = KEEP,
    mode: str = "constant",
    *,
    rng: np.random.Generator,
) -> Augmented:
    """Turn by an angle drawn evenly from −max_degrees to max_degrees; see `rotate`."""
    most = _number(max_degrees, "max_degrees", least=0)
    return rotate(image, _generator(rng).uniform(-most, most), boxes, keep, mode)


def random_shear(
    image: np.ndarray,
    max_shear: float,
    boxes: ArrayLike | None = None,
    keep: float = KEEP,
    mode: str = "constant",
    *,
    rng: np.random.Generator,
) -> Augmented:
    """Slant by an amount drawn evenly from −max_shear to max_shear; see `shear`."""
    most = _number(max_shear, "max_shear", least=0)
    return shear(image, _generator(rng).uniform(-most, most), boxes, keep, mode)


def random_warp(
    image: np.ndarray,
    strength: float,
    smoothness: float,
    boxes: ArrayLike | None = None,
    keep: float = KEEP,
    mode: str = "nearest",
    *,
    rng: np.random.Generator,
) -> Augmented:
    """Bend by a random smooth field; see `elastic_field` and `warp`."""
    image = _picture(image)
    return warp(image, elastic_field(*image.shape[:2], strength, smoothness, rng=rng), boxes, keep, mode)


def random_color_shift(image: np.ndarray, max_shift: float, *, rng: np.random.Generator) -> np.ndarray:
    """Add to each channel a number drawn evenly from −max_shift to max_shift; see `shift_color`."""
    image, most = _picture(image), _number(max_shift, "max_shift", least=0)
    return shift_color(image, _generator(rng).uniform(-most, most, size=image.shape[-1]))


def random_pca_color(
    image: np.ndarray, axes: ArrayLike, std: float = 0.1, *, rng: np.random.Generator
) -> np.ndarray:
    """Shift the colours along their principal directions by normal numbers of deviation `std`; see `pca_color`."""
    image, spread = _picture(image), _number(std, "std", least=0)
    return pca_color(image, axes, _generator(rng).normal(0, spread, size=image.shape[-1]))


def _about_the_middle(
    image: np.ndarray, matrix: np.ndarray, boxes: ArrayLike | None, keep: float, mode: str
) -> Augmented:
    """Move every point (x, y) to `matrix` @ (x, y), measured from the middle of the picture."""
    image, boxes, keep, mode = _picture(image), _boxes(boxes), _share(keep), _mode(mode)
    # SciPy asks where to fetch a pixel, in rows and columns: the inverse, with the axes swapped.
    back = np.linalg.inv(matrix)[::-1, ::-1]
    middle = (np.array(image.shape[:2]) - 1) / 2
    planes = [
        ndimage.affine_transform(plane, back, middle - back @ middle, order=1, mode=mode)
        for plane in _planes(image)
    ]
    points = np.stack([boxes[:, [0, 2, 2, 0]], boxes[:, [1, 1, 3, 3]]], axis=-1)  # (n, 4 corners, 2)
    centre = np.array([image.shape[1], image.shape[0]]) / 2
    points = (points - centre) @ matrix.T + centre
    hulls = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=-1).astype(boxes.dtype)
    return _visible(_as(image, np.stack(planes, axis=-1)), hulls, keep)


def _visible(image: np.ndarray, boxes: np.ndarray, keep: float) -> Augmented:
    """Clip boxes to the picture and drop those with too little left."""
    clipped = clip_boxes(boxes, *image.shape[:2])
    kept = _kept(box_areas(clipped), box_areas(boxes), keep)
    return Augmented(image, clipped[kept], kept)


def _kept(left: np.ndarray, whole: np.ndarray, keep: float) -> np.ndarray:
    """Return which boxes have the share `keep` of their area left, and anything at all unless `keep` is 0."""
    return np.flatnonzero((left >= keep * whole) & ((left > 0) | (keep == 0)))


def _bent_box(box: np.ndarray, source: np.ndarray) -> tuple[float, ...]:
    """Return the box around the pixels fetched from inside a box, and how many they are; zeros for none."""
    y, x = source
    rows, columns = np.nonzero((x >= box[0]) & (x < box[2]) & (y >= box[1]) & (y < box[3]))
    if not len(rows):
        return (0, 0, 0, 0, 0)
    return (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1, len(rows))


def _planes(image: np.ndarray) -> np.ndarray:
    """Return the channels of a picture one by one, floating, so that interpolation can round once at the end."""
    planes = np.moveaxis(image, -1, 0)
    return planes if image.dtype.kind == "f" else planes.astype(np.float32)


def _as(image: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return new values in the dtype of a picture."""
    if image.dtype == np.uint8:
        return np.rint(np.clip(values, 0, 255)).astype(np.uint8)
    return values.astype(image.dtype, copy=False)


def _picture(image: np.ndarray) -> np.ndarray:
    image = np.asarray(image)
    if image.ndim != 3 or image.size == 0:
        raise ValueError(
            f"image must have shape (height, width, channels), none of them 0, got {image.shape}"
        )
    if image.dtype != np.uint8 and image.dtype.kind != "f":
        raise TypeError(f"image must be uint8 or floating, got {image.dtype}")
    return image


def _boxes(boxes: ArrayLike | None) -> np.ndarray:
    boxes = check_boxes(np.zeros((0, 4), dtype=np.float32) if boxes is None else boxes)
    if boxes.ndim != 2:
        raise ValueError(f"boxes must have shape (n, 4), got {boxes.shape}")
    return boxes


def _share(keep: float) -> float:
    if not 0 <= keep <= 1:
        raise ValueError(f"keep must be a share of the area, 0 to 1, got {keep!r}")
    return keep


def _mode(mode: str) -> str:
    if mode not in _MODES:
        raise ValueError(f"mode must be one of {', '.join(_MODES)}, got {mode!r}")
    return mode


def _size(size: tuple[int, int]) -> tuple[int, int]:
    whole = isinstance(size, tuple | list) and len(size) == 2
    if not whole or not all(isinstance(side, int | np.integer) and side >= 1 for side in size):
        raise ValueError(f"size must be (height, width) in whole pixels, 1 at least, got {size!r}")
    return int(size[0]), int(size[1])


def _number(value: float, name: str, least: float = -np.inf) -> float:
    if not isinstance(value, int | float | np.number) or not np.isfinite(value) or value < least:
        limit = "" if least == -np.inf else f" of at least {least:g}"
        raise ValueError(f"{name} must be a finite number{limit}, got {value!r}")
    return float(value)


def _generator(rng: np.random.Generator) -> np.random.Generator:
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, got {type(rng).__name__}")
    return rng
