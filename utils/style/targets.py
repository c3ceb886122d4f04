"""What painting aims at, computed once a size; the cost of a picture and its gradient as one compiled function."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from utils.style.costs import content_cost, gram_matrix, style_cost, total_cost, total_variation
from utils.style.masks import guide


class StyleTarget(NamedTuple):
    """One style.

    Attributes
    ----------
    grams, sizes : dict by layer
        Gram matrix (channels, channels), and height · width of the maps that it was made of.
    guides : dict by layer
        (height, width, 1) of the painted picture's maps, see `utils.style.masks.guide`; empty: everywhere.
    share : tensor, ()
        Weight of this style.
    """

    grams: dict[str, tf.Tensor]
    sizes: dict[str, tf.Tensor]
    guides: dict[str, tf.Tensor]
    share: tf.Tensor


class Targets(NamedTuple):
    """All that the cost of a picture depends on beside the picture.

    Attributes
    ----------
    picture : tensor, (height, width, 3)
        The content.
    content : tensor, (height, width, channels)
        Its maps of the content layer.
    styles : tuple of StyleTarget
    coverage : tensor, (height, width, 1), or None
        Where this is 0 the content stays as it is; None: it may change everywhere.
    """

    picture: tf.Tensor
    content: tf.Tensor
    styles: tuple[StyleTarget, ...]
    coverage: tf.Tensor | None


class Costs(NamedTuple):
    """The cost of a picture and its parts, each before its weight; scalar tensors."""

    total: tf.Tensor
    content: tf.Tensor
    style: tf.Tensor
    variation: tf.Tensor


def prepare_targets(
    extractor: keras.Model,
    content: np.ndarray,
    styles: Sequence[np.ndarray],
    content_layer: str,
    style_layers: Sequence[str],
    masks: Sequence[np.ndarray] = (),
) -> Targets:
    """Run the network once over the content and each style, and keep what the cost needs.

    Parameters
    ----------
    extractor : keras.Model
        From `utils.style.network.feature_extractor`: pictures → maps by layer, all those named below among them.
    content : ndarray, (height, width, 3)
        Float in [0, 1].
    styles : sequence of ndarray, (height, width, 3)
        Sizes may differ from the content's.
    content_layer : str
        Whose maps the content cost compares.
    style_layers : sequence of str
        Whose Gram matrices the style cost compares.
    masks : sequence of ndarray, (height, width) of the content
        In [0, 1]: where each style goes; a style's weight is then the share of the area that is its own. Without,
        every style goes everywhere, with equal weights.
    """
    maps = _maps(extractor, content)
    shapes = {name: tuple(maps[name].shape[:2]) for name in style_layers}
    targets = []
    for number, style in enumerate(styles):
        theirs = _maps(extractor, style)
        guides = {name: guide(masks[number], shapes[name]) for name in style_layers} if len(masks) else {}
        share = masks[number].mean() if len(masks) else 1 / len(styles)
        targets.append(
            StyleTarget(
                {name: gram_matrix(theirs[name]) for name in style_layers},
                {name: tf.constant(float(np.prod(theirs[name].shape[:2]))) for name in style_layers},
                guides,
                tf.constant(share, tf.float32),
            )
        )
    coverage = None
    if len(masks) and (covered := np.clip(sum(masks), 0, 1)).min() < 1:
        coverage = tf.constant(covered[..., None], tf.float32)
    picture = tf.constant(content, tf.float32)
    return Targets(picture, maps[content_layer], tuple(targets), coverage)


def compile_gradient(
    extractor: keras.Model, content_layer: str, weights: Mapping[str, float]
) -> Callable[..., tuple[Costs, tf.Tensor]]:
    """Return the compiled function (picture, targets, alpha, beta, tv) → (`Costs`, gradient of the total).

    It is traced once for a size of the picture, whatever the targets and the three weights, which are scalar tensors.

    Parameters
    ----------
    extractor, content_layer
        As in :func:`prepare_targets`.
    weights : mapping of str to float
        λ by style layer.
    """

    @tf.function(reduce_retracing=False)
    def gradient(picture, targets, alpha, beta, tv):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(picture)
            seen = blend(picture, targets)
            maps = {name: value[0] for name, value in extractor(seen[None], training=False).items()}
            content = content_cost(targets.content, maps[content_layer])
            style = sum(target.share * _style_cost(target, maps, weights) for target in targets.styles)
            variation = total_variation(seen)
            total = total_cost(content, style, alpha, beta) + tv * variation
        return Costs(total, content, style, variation), tape.gradient(total, picture)

    return gradient


def blend(picture: tf.Tensor, targets: Targets) -> tf.Tensor:
    """Return the picture where it may change and the content where not, (height, width, 3)."""
    if targets.coverage is None:
        return picture
    return targets.picture + targets.coverage * (picture - targets.picture)


def _style_cost(
    target: StyleTarget, maps: Mapping[str, tf.Tensor], weights: Mapping[str, float]
) -> tf.Tensor:
    guided = {name: maps[name] * target.guides[name] for name in target.guides} or maps
    return style_cost(target.grams, target.sizes, guided, weights)


def _maps(extractor: keras.Model, picture: np.ndarray) -> dict[str, tf.Tensor]:
    return {name: value[0] for name, value in extractor(picture[None], training=False).items()}
