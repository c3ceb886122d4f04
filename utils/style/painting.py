"""Painting: from a content, a style and a start to the picture that costs least.

Gatys, Ecker and Bethge 2015, "A neural algorithm of artistic style" (arXiv:1508.06576). Needs the TensorFlow backend.

`paint` gives the picture, `painting_steps` every picture on the way, for progress bars and demos. The targets are
computed once a size; a step is one call of one compiled function (`utils.style.targets`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from utils.style.colour import luminance, match_colours, match_luminance, put_colour_back
from utils.style.descent import OPTIMIZERS, adam_steps, lbfgs_steps
from utils.style.masks import check_masks, shrink_mask
from utils.style.network import CONTENT_LAYER, STYLE_LAYERS, feature_extractor
from utils.style.pictures import add_margin, check_picture, cut_margin, resize_picture, shape_for, shape_like
from utils.style.scales import COARSEST, coarse_to_fine, divide_steps
from utils.style.targets import Targets, blend, compile_gradient, prepare_targets

STARTS = ("content", "noise", "mix")
COLOURS = (None, "luminance", "histogram")
NOISE = 0.25  # of "mix": how far a value moves from the content's at most


class Step(NamedTuple):
    """One picture on the way.

    Attributes
    ----------
    step : int
        0 is the start. Where painting goes on at a larger size, the enlarged picture comes with the same number again.
    cost : float
        Of this picture. Costs at different sizes cannot be compared.
    picture : ndarray, (height, width, 3)
        float32 in [0, 1], of the size that is being painted.
    """

    step: int
    cost: float
    picture: np.ndarray


def better(best: Step | None, new: Step) -> Step:
    """Return the step to keep: the newer one where it is larger or costs less."""
    if best is None or best.picture.shape != new.picture.shape or new.cost < best.cost:
        return new
    return best


def paint(
    content: np.ndarray,
    style: np.ndarray | Sequence[np.ndarray],
    *,
    on_step: Callable[[int, float, np.ndarray], Any] | None = None,
    **options: Any,
) -> np.ndarray:
    """Paint the content in the style.

    Parameters
    ----------
    content, style, **options
        As in :func:`painting_steps`.
    on_step : callable, optional
        Told (step, cost, picture) on the way.

    Returns
    -------
    ndarray, (height, width, 3)
        float32 in [0, 1]: the picture of the last size that costs least. After a KeyboardInterrupt, the best so far,
        enlarged where the last size was not reached.

    Raises
    ------
    TypeError, ValueError
        As :func:`painting_steps`.
    FloatingPointError
        When the cost is no longer finite.

    Examples
    --------
    >>> from utils.data import painting, photograph
    >>> picture = paint(photograph("china"), painting("starry-night"), size=256, steps=60)  # doctest: +SKIP
    """
    best = None
    try:
        for step in painting_steps(content, style, **options):
            best = better(best, step)
            if on_step is not None:
                on_step(*step)
    except KeyboardInterrupt:
        if best is None:
            raise
    return resize_picture(best.picture, shape_for(np.asarray(content), options.get("size")))


def painting_steps(
    content: np.ndarray,
    style: np.ndarray | Sequence[np.ndarray],
    *,
    size: int | tuple[int, int] | None = None,
    steps: int = 100,
    optimizer: str = "adam",
    learning_rate: float = 0.02,
    alpha: float = 10.0,
    beta: float = 40.0,
    tv: float = 0.0,
    content_layer: str = CONTENT_LAYER,
    style_layers: Sequence[str] | Mapping[str, float] = STYLE_LAYERS,
    start: str | np.ndarray = "content",
    keep_colour: str | bool | None = None,
    masks: np.ndarray | Sequence[np.ndarray] | None = None,
    coarsest: int = COARSEST,
    margin: int = 8,
    network: keras.Model | None = None,
    rng: np.random.Generator | None = None,
) -> Iterator[Step]:
    """Paint, giving every picture on the way; arguments are checked at once, before the first is asked for.

    Parameters
    ----------
    content : ndarray, (height, width, 3)
        uint8 in [0, 255] or floating in [0, 1].
    style : ndarray or sequence of ndarray, (height, width, 3)
        Likewise; enlarged or shrunk until its longer side is the painted picture's. Several are mixed in equal parts,
        or go where `masks` say.
    size : int, (int, int) or None
        Pixels of the longer side; exactly (height, width); or the content's own.
    steps : int
        In all, over all sizes.
    optimizer : {"adam", "l-bfgs"}
        L-BFGS gives a picture every ten steps only, and ends earlier where it finds no way down.
    learning_rate : float
        About how far a value moves at a step of Adam, and at the first step of L-BFGS.
    alpha, beta, tv : float
        Weights of content cost, style cost and total variation, at least 0.
    content_layer : str
        ``"block5_conv4"``; ``"block4_conv2"`` keeps shapes crisper.
    style_layers : sequence of str, or mapping of str to float
        Layers with equal λ of sum 1, or with each one's own λ.
    start : {"content", "noise", "mix"} or ndarray, (height, width, 3)
        Mix is the content with noise of up to a quarter added. A picture, for instance one painted before, goes on.
    keep_colour : {None, "luminance", "histogram"} or bool
        Keep the content's colours: paint in grey and put its colours back (True means this), or give the style its
        colours first. See `utils.style.colour`.
    masks : ndarray or sequence of ndarray, (height, width) of the content
        One a style, in [0, 1]: where it goes. Where no style goes the content stays as it is.
    coarsest : int
        Larger pictures are painted at half, a quarter … of their size first, until the longer side has at most so many
        pixels. See `utils.style.scales`.
    margin : int
        Pixels painted around the picture and cut off, at least 0.
    network : keras.Model, optional
        Pictures in [0, 1] → features; `utils.models.vgg.vgg19_features()` by default.
    rng : numpy.random.Generator, optional
        For noise.

    Returns
    -------
    iterator of Step
        (step, cost, picture), from the start on.

    Raises
    ------
    TypeError, ValueError
        When an argument has a wrong type, shape, range or name; the message says which.
    FloatingPointError
        When the cost is no longer finite.
    """
    if network is None:
        from utils.models.vgg import vgg19_features

        network = vgg19_features()
    if keep_colour is True or keep_colour is False:
        keep_colour = "luminance" if keep_colour else None
    for name, value, known in (("optimizer", optimizer, OPTIMIZERS), ("keep_colour", keep_colour, COLOURS)):
        if value not in known:
            raise ValueError(f"{name} must be one of {known}, got {value!r}")
    _check_numbers(steps=steps, margin=margin, alpha=alpha, beta=beta, tv=tv, learning_rate=learning_rate)
    content = check_picture("content", content)
    styles = [style] if isinstance(style, np.ndarray) else list(style)
    if not styles:
        raise ValueError("style must be a picture or several, got none")
    styles = [check_picture("style", one) for one in styles]
    masks = check_masks(masks, len(styles), content.shape[:2])
    sizes = coarse_to_fine(shape_for(content, size), coarsest)
    if margin >= min(sizes[0]):
        raise ValueError(f"margin must be less than the shorter side, {min(sizes[0])}, got {margin}")
    weights = _weights(style_layers)
    _check_layers(network, content_layer, weights)
    extractor = feature_extractor(network, list(dict.fromkeys([*weights, content_layer])))
    _check_maps(extractor, sizes[0], margin)
    start = _start(start, resize_picture(content, sizes[0]), rng or np.random.default_rng())
    brush = _Brush(
        extractor, content_layer, weights, (alpha, beta, tv), optimizer, learning_rate, keep_colour, margin
    )
    counts = divide_steps(steps, len(sizes))
    return _paint_sizes(brush, content, styles, masks, start, sizes, counts)


@dataclass(frozen=True)
class _Brush:
    """What stays the same at every size."""

    extractor: keras.Model
    content_layer: str
    weights: dict[str, float]
    strengths: tuple[float, float, float]
    optimizer: str
    learning_rate: float
    keep_colour: str | None
    margin: int


def _paint_sizes(
    brush: _Brush,
    content: np.ndarray,
    styles: list[np.ndarray],
    masks: list[np.ndarray],
    picture: np.ndarray,
    sizes: list[tuple[int, int]],
    counts: list[int],
) -> Iterator[Step]:
    """Paint at every size, each from the best of the one before."""
    gradient = compile_gradient(brush.extractor, brush.content_layer, brush.weights)
    descend = {"adam": adam_steps, "l-bfgs": lbfgs_steps}[brush.optimizer]
    strengths = [tf.constant(value, tf.float32) for value in brush.strengths]
    done = 0
    for shape, count in zip(sizes, counts, strict=True):
        colours = resize_picture(content, shape)
        targets = _targets(brush, colours, styles, masks)
        best = None

        def cost_and_gradient(canvas, targets=targets):
            costs, slope = gradient(canvas, targets, *strengths)
            return costs.total, slope

        start = add_margin(_begin(brush, resize_picture(picture, shape)), brush.margin)
        for step, cost, canvas in descend(cost_and_gradient, start, count, brush.learning_rate):
            painted = cut_margin(np.asarray(blend(canvas, targets)), brush.margin)
            best = better(best, Step(done + step, cost, painted))
            yield Step(done + step, cost, _finish(brush, painted, colours))
        done, picture = done + step, best.picture


def _targets(
    brush: _Brush, content: np.ndarray, styles: list[np.ndarray], masks: list[np.ndarray]
) -> Targets:
    """Compute the targets at the content's size, margin included."""
    shape = content.shape[:2]
    if brush.keep_colour == "luminance":
        styles = [match_luminance(style, content) for style in styles]
        content = luminance(content)
    elif brush.keep_colour == "histogram":
        styles = [match_colours(style, content) for style in styles]
    return prepare_targets(
        brush.extractor,
        add_margin(content, brush.margin),
        [resize_picture(style, shape_like(style, shape)) for style in styles],
        brush.content_layer,
        list(brush.weights),
        [add_margin(shrink_mask(mask, shape), brush.margin) for mask in masks],
    )


def _begin(brush: _Brush, picture: np.ndarray) -> np.ndarray:
    return luminance(picture) if brush.keep_colour == "luminance" else picture


def _finish(brush: _Brush, painted: np.ndarray, content: np.ndarray) -> np.ndarray:
    return put_colour_back(painted, content) if brush.keep_colour == "luminance" else painted


def _start(start: str | np.ndarray, content: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the picture to begin with, at the content's size unless it is given."""
    if isinstance(start, np.ndarray):
        return check_picture("start", start)
    if start not in STARTS:
        raise ValueError(f"start must be a picture or one of {STARTS}, got {start!r}")
    if start == "noise":
        return rng.random(content.shape, dtype=np.float32)
    if start == "mix":
        noise = rng.uniform(-NOISE, NOISE, content.shape)
        return np.clip(content + noise, 0, 1).astype(np.float32)
    return content


def _weights(style_layers: Sequence[str] | Mapping[str, float]) -> dict[str, float]:
    if isinstance(style_layers, Mapping):
        weights = {name: float(weight) for name, weight in style_layers.items()}
    elif isinstance(style_layers, str):
        raise TypeError(f"style_layers must be several names or a mapping, got the string {style_layers!r}")
    else:
        weights = {name: 1 / len(style_layers) for name in style_layers}
        if len(weights) != len(style_layers):
            raise ValueError(f"style_layers must be different layers, got {list(style_layers)}")
    if not weights or min(weights.values()) < 0:
        raise ValueError(f"style_layers must name a layer and have no weight below 0, got {style_layers!r}")
    return weights


def _check_numbers(steps: int, margin: int, learning_rate: float, **weights: float) -> None:
    for name, value, least in (("steps", steps, 1), ("margin", margin, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{name} must be a whole number, got {value!r}")
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
    for name, value in weights.items():
        if not (np.isfinite(value) and value >= 0):
            raise ValueError(f"{name} must be finite and at least 0, got {value}")
    if not (np.isfinite(learning_rate) and learning_rate > 0):
        raise ValueError(f"learning_rate must be finite and above 0, got {learning_rate}")


def _check_layers(network: keras.Model, content_layer: str, weights: Mapping[str, float]) -> None:
    known = [layer.name for layer in network.layers]
    for argument, names in (("content_layer", [content_layer]), ("style_layers", weights)):
        for name in names:
            if name not in known:
                raise ValueError(f"{argument} has {name!r}; the network has {', '.join(known)}")


def _check_maps(extractor: keras.Model, shape: tuple[int, int], margin: int) -> None:
    """Refuse a size that leaves a layer no pixel."""
    canvas = (1, shape[0] + 2 * margin, shape[1] + 2 * margin, 3)
    try:
        extractor.compute_output_shape(canvas)
    except ValueError:
        raise ValueError(f"size must be larger: {shape[0]} × {shape[1]} leaves a layer no pixel") from None
