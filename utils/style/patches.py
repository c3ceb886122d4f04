"""Which pieces of pictures excite a unit most, and how large a piece a unit sees.

The idea of looking at a unit's strongest patches is that of Zeiler and Fergus 2013, "Visualizing and understanding
convolutional networks" (arXiv:1311.2901), section 2 and figure 2; their way back to the pixels (the deconvnet) is not
needed for it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from utils.models.preprocessing import ImageNetPreprocessing
from utils.style.network import feature_extractor

_PIXELS = 100_000  # of a batch: enough to keep all cores busy, and a bound for the memory of the maps
_LOCAL = (
    *(layers.InputLayer, layers.Activation, layers.ReLU, layers.LeakyReLU, layers.PReLU, layers.ELU),
    *(layers.BatchNormalization, layers.Dropout, layers.SpatialDropout2D, layers.Rescaling),
    *(layers.Normalization, layers.Identity, ImageNetPreprocessing),
)
_MERGES = (
    *(layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum),
    layers.Concatenate,
)
_WINDOWS = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)
_POOLINGS = (layers.MaxPooling2D, layers.AveragePooling2D)


@dataclass(frozen=True)
class ReceptiveField:
    """What the units of a feature map see of the picture.

    The unit at `(row, column)` of the map sees the rows from ``start[0] + stride[0] * row`` on, ``size[0]`` of them,
    and the columns likewise. What lies outside the picture is padding.

    Attributes
    ----------
    start : tuple of int
        First row and column that the unit at (0, 0) sees; negative where the network pads.
    stride : tuple of int
        Pixels from one unit's field to the next one's, down and across.
    size : tuple of int
        Height and width of a field in pixels.
    """

    start: tuple[int, int]
    stride: tuple[int, int]
    size: tuple[int, int]


@dataclass(frozen=True)
class Places:
    """Where the units of a layer are excited most, the strongest place first.

    Attributes
    ----------
    values : ndarray, (units, count)
        Activations, float32.
    pictures : ndarray, (units, count)
        Number of the picture, from 0.
    places : ndarray, (units, count, 2)
        Row and column on the feature map.
    """

    values: np.ndarray
    pictures: np.ndarray
    places: np.ndarray


class _Axis(NamedTuple):
    """One axis of a map: the field's start, stride and size in pixels, and how many units lie on it (None: open)."""

    start: int
    stride: int
    size: int
    units: int | None


def receptive_field(
    model: keras.Model, layer: str, picture_size: tuple[int, int] | None = None
) -> ReceptiveField:
    """Work out what a layer's units see, by exact arithmetic over the layers of a network.

    A layer with kernel k, stride s and padding p behind fields of start a, stride j and size r has the start a − p·j,
    the stride j·s and the size r + (k − 1)·j (Dumoulin and Visin 2016, arXiv:1603.07285; Araujo, Norris and Sim 2019,
    Distill). Where ways meet again, the field is the smallest rectangle that holds those of all ways.

    Parameters
    ----------
    model : keras.Model
        One input (batch, height, width, channels); convolutions, poolings, padding, cropping, layers that work pixel
        by pixel, and sums or concatenations of such ways.
    layer : str
        Name of the layer whose output is meant.
    picture_size : (height, width), optional
        Where the model leaves the size open and a padding "same" with stride depends on it.

    Raises
    ------
    ValueError
        When the model has no such layer, an earlier layer mixes all places, or the size is needed and unknown.
    """
    names = [step.name for step in model.layers]
    if layer not in names:
        raise ValueError(f"layer must be one of {', '.join(names)}, got {layer!r}")
    height, width = picture_size or model.input_shape[1:3]
    known = {id(model.inputs[0]): (_Axis(0, 1, 1, height), _Axis(0, 1, 1, width))}
    for step in model.layers:
        sources = [step.input] if not isinstance(step.input, list) else step.input
        axes = known.get(id(step.output)) or _through(step, [known[id(source)] for source in sources])
        if step.name == layer:
            return ReceptiveField(*(tuple(axis[part] for axis in axes) for part in range(3)))
        known[id(step.output)] = axes
    raise AssertionError("the name was found among the layers")


def strongest_places(
    model: keras.Model, names: Sequence[str], pictures: Iterable[np.ndarray], count: int = 9
) -> dict[str, Places]:
    """Find the strongest places of every unit of several layers, in one pass over any number of pictures.

    Each picture is needed once and gives at most one place to a unit, so that the places show how far its taste goes;
    what is kept does not grow with the number of pictures.

    Parameters
    ----------
    model : keras.Model
        (batch, height, width, 3) in [0, 1] → anything.
    names : sequence of str
        Layers with feature maps (batch, rows, columns, units).
    pictures : iterable of ndarray, (height, width, 3)
        float32 in [0, 1], of any sizes that the model takes; may be a generator.
    count : int
        Places a unit, at least 1; fewer pictures give fewer.

    Returns
    -------
    dict of str to Places
        By layer. Equal activations: the earlier picture, and in it the first place in row-major order.

    Raises
    ------
    ValueError
        When `count` is smaller than 1 or there is no picture.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    extractor = feature_extractor(model, names)
    best: dict[str, Places] = {}
    for numbers, batch in _batches(pictures):
        maps = extractor.predict_on_batch(batch)
        for name in names:
            for number, map_ in zip(numbers, maps[name], strict=True):
                found = _strongest_of_one(map_, number)
                best[name] = _merge(best[name], found, count) if name in best else found
    if not best:
        raise ValueError("pictures must be at least one")
    return best


def cut_patch(picture: np.ndarray, field: ReceptiveField, place: Sequence[int]) -> np.ndarray:
    """Cut out what the unit at a place of the map sees of a picture; padding is left away.

    Parameters
    ----------
    picture : ndarray, (height, width, channels)
    field : ReceptiveField
        Of the unit's layer, for pictures of this size.
    place : sequence of int
        Row and column on the feature map.

    Returns
    -------
    ndarray, (at most field.size[0], at most field.size[1], channels)
    """
    first = [start + stride * at for start, stride, at in zip(field.start, field.stride, place, strict=True)]
    rows, columns = (slice(max(a, 0), max(a + n, 0)) for a, n in zip(first, field.size, strict=True))
    return picture[rows, columns]


def top_patches(
    model: keras.Model, layer: str, unit: int, pictures: Sequence[np.ndarray], count: int = 9
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the patches that excite one unit most, at most one a picture.

    Parameters
    ----------
    model, layer, pictures, count
        As in :func:`strongest_places`, but the pictures are needed twice.
    unit : int
        Channel of the layer.

    Returns
    -------
    values : ndarray, (count,)
        Activations, the largest first.
    patches : list of ndarray, (height, width, 3)
        What the unit saw there, clipped to the picture.
    """
    found = strongest_places(model, [layer], pictures, count)[layer]
    return found.values[unit], list(patches_of(model, layer, found, unit, pictures))


def patches_of(
    model: keras.Model, layer: str, found: Places, unit: int, pictures: Sequence[np.ndarray]
) -> Iterator[np.ndarray]:
    """Yield the patches at places that :func:`strongest_places` found for a unit."""
    for number, place in zip(found.pictures[unit], found.places[unit], strict=True):
        picture = pictures[number]
        yield cut_patch(picture, receptive_field(model, layer, picture.shape[:2]), place)


def _through(step: layers.Layer, incoming: list[tuple[_Axis, _Axis]]) -> tuple[_Axis, _Axis]:
    """Return the axes behind a layer."""
    if isinstance(step, _MERGES):
        return tuple(_union(step, ways) for ways in zip(*incoming, strict=True))
    (axes,) = incoming
    if isinstance(step, _LOCAL):
        return axes
    if isinstance(step, (*_WINDOWS, *_POOLINGS)):
        size = step.pool_size if isinstance(step, _POOLINGS) else step.kernel_size
        dilation = (1, 1) if isinstance(step, _POOLINGS) else step.dilation_rate
        reach = [(k - 1) * d + 1 for k, d in zip(size, dilation, strict=True)]
        same = step.padding == "same"
        return tuple(
            _slide(step, axis, k, s, same) for axis, k, s in zip(axes, reach, step.strides, strict=True)
        )
    if isinstance(step, layers.ZeroPadding2D | layers.Cropping2D):
        sides, sign = (step.padding, 1) if isinstance(step, layers.ZeroPadding2D) else (step.cropping, -1)
        return tuple(
            _Axis(
                axis.start - sign * before * axis.stride,
                axis.stride,
                axis.size,
                None if axis.units is None else axis.units + sign * (before + after),
            )
            for axis, (before, after) in zip(axes, sides, strict=True)
        )
    raise ValueError(
        f"layer {step.name!r} ({type(step).__name__}) is none of which it is known what its units see"
    )


def _slide(step: layers.Layer, axis: _Axis, reach: int, stride: int, same: bool) -> _Axis:
    """Return an axis behind a window of a reach and a stride."""
    before, units = 0, None
    if same and stride == 1:
        before, units = (reach - 1) // 2, axis.units
    elif same:
        if axis.units is None:
            raise ValueError(f"picture_size is needed: the padding of {step.name!r} depends on it")
        units = -(-axis.units // stride)
        before = max((units - 1) * stride + reach - axis.units, 0) // 2
    elif axis.units is not None:
        units = (axis.units - reach) // stride + 1
    return _Axis(
        axis.start - before * axis.stride, axis.stride * stride, axis.size + (reach - 1) * axis.stride, units
    )


def _union(step: layers.Layer, ways: Sequence[_Axis]) -> _Axis:
    if len({way.stride for way in ways}) != 1:
        raise ValueError(f"the ways that meet in {step.name!r} have different strides")
    start = min(way.start for way in ways)
    return ways[0]._replace(start=start, size=max(way.start + way.size for way in ways) - start)


def _batches(pictures: Iterable[np.ndarray]) -> Iterator[tuple[list[int], np.ndarray]]:
    """Give neighbours of one shape together, with their numbers: a batch takes a third of the time of its pictures."""
    for shape, same in groupby(enumerate(pictures), lambda pair: pair[1].shape):
        count = max(1, _PIXELS // (shape[0] * shape[1]))
        while some := list(islice(same, count)):
            numbers, batch = zip(*some, strict=True)
            yield list(numbers), np.stack(batch)


def _strongest_of_one(maps: np.ndarray, number: int) -> Places:
    """Return every unit's strongest place on the maps (rows, columns, units) of one picture."""
    flat = maps.reshape(-1, maps.shape[-1])
    best = flat.argmax(axis=0)
    places = np.stack(np.unravel_index(best, maps.shape[:2]), axis=-1)
    values = np.take_along_axis(flat, best[np.newaxis], axis=0)[0]
    return Places(values[:, None], np.full((len(values), 1), number), places[:, None])


def _merge(known: Places, new: Places, count: int) -> Places:
    """Keep the strongest of both; a new one goes behind a known one of equal strength."""
    values = np.concatenate([known.values, new.values], axis=1)
    order = np.argsort(-values, axis=1, kind="stable")[:, :count]
    pictures = np.concatenate([known.pictures, new.pictures], axis=1)
    places = np.concatenate([known.places, new.places], axis=1)
    return Places(
        np.take_along_axis(values, order, axis=1),
        np.take_along_axis(pictures, order, axis=1),
        np.take_along_axis(places, order[..., None], axis=1),
    )
