"""What style transfer minimises, in `keras.ops`.

Gatys, Ecker and Bethge 2015, "A neural algorithm of artistic style" (arXiv:1508.06576), equations 1 to 7; total
variation as in Mahendran and Vedaldi 2015 (arXiv:1412.0035). Feature maps are (height, width, channels).
"""

from collections.abc import Mapping

import keras
from keras import ops


def content_cost(content: keras.KerasTensor, generated: keras.KerasTensor) -> keras.KerasTensor:
    """Return 1 / (4 · height · width · channels) · Σ (content − generated)².

    Parameters
    ----------
    content, generated : tensor, (height, width, channels)
        Maps of one layer.
    """
    return ops.sum(ops.square(content - generated)) / (4 * _size(generated))


def gram_matrix(features: keras.KerasTensor) -> keras.KerasTensor:
    """Return the inner products of all pairs of channels, (channels, channels), as one matrix product.

    Parameters
    ----------
    features : tensor, (height, width, channels)
        Not normalised, and neither is the result: it grows with height · width.
    """
    rows = ops.reshape(features, (-1, features.shape[-1]))
    return ops.matmul(ops.transpose(rows), rows)


def layer_style_cost(style_gram: keras.KerasTensor, generated: keras.KerasTensor, style_size: int):
    """Return 1 / (4 · channels²) · Σ (G_style / n_style − G_generated / n_generated)², with n = height · width.

    For pictures of one size it is the 1 / (4 · channels² · n²) · Σ (G_style − G_generated)² of the paper; divided by
    their own n, pictures of different sizes can be compared.

    Parameters
    ----------
    style_gram : tensor, (channels, channels)
        Of the style, computed once.
    generated : tensor, (height, width, channels)
        Maps of the picture that is being painted.
    style_size : int
        Height · width of the style's maps.
    """
    height, width, channels = generated.shape
    difference = style_gram / style_size - gram_matrix(generated) / (height * width)
    return ops.sum(ops.square(difference)) / (4 * channels**2)


def style_cost(
    grams: Mapping[str, keras.KerasTensor],
    sizes: Mapping[str, int],
    generated: Mapping[str, keras.KerasTensor],
    weights: Mapping[str, float],
) -> keras.KerasTensor:
    """Return the weighted sum of the layers' style costs.

    Parameters
    ----------
    grams, sizes : mapping
        Gram matrix and height · width of the style, by layer.
    generated : mapping
        Maps of the picture that is being painted, by layer; it may have more.
    weights : mapping of str to float
        λ by layer, at least one.
    """
    return sum(
        weight * layer_style_cost(grams[name], generated[name], sizes[name])
        for name, weight in weights.items()
    )


def total_variation(picture: keras.KerasTensor) -> keras.KerasTensor:
    """Return the mean absolute difference of neighbours, down and across together; 0 for a picture of one colour.

    Parameters
    ----------
    picture : tensor, (height, width, channels)
        At least 2 × 2 pixels.
    """
    down = ops.mean(ops.abs(picture[1:] - picture[:-1]))
    across = ops.mean(ops.abs(picture[:, 1:] - picture[:, :-1]))
    return down + across


def total_cost(content, style, alpha: float = 10.0, beta: float = 40.0):
    """Return α · content + β · style."""
    return alpha * content + beta * style


def _size(features: keras.KerasTensor) -> int:
    height, width, channels = features.shape
    return height * width * channels
