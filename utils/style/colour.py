"""Painting without the style's colours: brush strokes of the one picture, colours of the other.

Gatys, Bethge, Hertzmann and Shechtman 2016, "Preserving color in neural artistic style transfer" (arXiv:1606.05897):
colour histogram matching and luminance-only transfer. Pictures are (height, width, 3), RGB in
[0, 1].
"""

import numpy as np

# RGB → YIQ of NTSC television: luminance and two axes of colour.
YIQ = np.array(
    [[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]], dtype=np.float32
)
RGB = np.linalg.inv(YIQ)


def luminance(picture: np.ndarray) -> np.ndarray:
    """Return Y of YIQ in all three channels: the picture in grey, (height, width, 3)."""
    return np.repeat(picture @ YIQ[:1].T, 3, axis=-1).clip(0, 1).astype(np.float32)


def match_luminance(style: np.ndarray, content: np.ndarray) -> np.ndarray:
    """Return the style in grey with the content's mean and deviation of luminance.

    Parameters
    ----------
    style, content : ndarray, (height, width, 3)
        RGB in [0, 1]; sizes may differ.
    """
    style, content = luminance(style), luminance(content)
    scale = content.std() / max(style.std(), 1e-6)
    return ((style - style.mean()) * scale + content.mean()).clip(0, 1).astype(np.float32)


def put_colour_back(painted: np.ndarray, content: np.ndarray) -> np.ndarray:
    """Return the painted luminance with the content's colour (I and Q of YIQ), (height, width, 3) in [0, 1].

    Where the sum leaves the cube of RGB it is clipped: only there the colour is not exactly the content's.
    """
    yiq = np.concatenate([(painted @ YIQ.T)[..., :1], (content @ YIQ.T)[..., 1:]], axis=-1)
    return (yiq @ RGB.T).clip(0, 1).astype(np.float32)


def match_colours(style: np.ndarray, content: np.ndarray) -> np.ndarray:
    """Return the style with mean and covariance of the content's colours, one linear map for all its pixels.

    The map is Σ_content^½ · Σ_style^-½ of symmetric roots, the paper's second solution.

    Parameters
    ----------
    style, content : ndarray, (height, width, 3)
        RGB in [0, 1]; sizes may differ.
    """
    pixels, wanted = style.reshape(-1, 3).astype(np.float64), content.reshape(-1, 3).astype(np.float64)
    transform = _root(np.cov(wanted.T), 0.5) @ _root(np.cov(pixels.T), -0.5)
    matched = (pixels - pixels.mean(0)) @ transform.T + wanted.mean(0)
    return matched.reshape(style.shape).clip(0, 1).astype(np.float32)


def _root(covariance: np.ndarray, power: float) -> np.ndarray:
    """Return a symmetric matrix to a power; axes without any variance count as 1e-5, so that they stay finite."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.maximum(values, 1e-5) ** power) @ vectors.T
