"""A style here and another there: masks, shrunk to each layer, weigh the places that a Gram matrix counts.

Gatys, Ecker, Bethge, Hertzmann and Shechtman 2017, "Controlling perceptual factors in neural style transfer"
(arXiv:1611.07865), section 4, guided Gram matrices. The paper erodes masks so that deep layers do not see across the
border; here they are only shrunk, and the border is soft.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf


def check_masks(
    masks: np.ndarray | Sequence[np.ndarray] | None, styles: int, shape: tuple[int, int]
) -> list[np.ndarray]:
    """Return masks as float32 in [0, 1], one a style, or an empty list for None; or say what is wrong.

    Parameters
    ----------
    masks : ndarray, sequence of ndarray or None
        Each (height, width) of the content; booleans, uint8 in [0, 255] or floats in [0, 1].
    styles : int
        How many there must be.
    shape : (height, width)
        Of the content.

    Raises
    ------
    TypeError, ValueError
        When number, shape, dtype or range differ, or a mask is 0 everywhere.
    """
    if masks is None:
        return []
    if isinstance(masks, np.ndarray) and masks.ndim == 2:
        masks = [masks]
    if len(masks) != styles:
        raise ValueError(f"masks must be one a style, {styles}, got {len(masks)}")
    return [_check_mask(f"masks[{number}]", mask, shape) for number, mask in enumerate(masks)]


def _check_mask(name: str, mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    mask = np.asarray(mask)
    if mask.shape != tuple(shape):
        raise ValueError(f"{name} must have the content's shape {tuple(shape)}, got {mask.shape}")
    if mask.dtype == np.uint8:
        mask = mask / np.float32(255)
    if mask.dtype.kind not in "bf":
        raise TypeError(f"{name} must be boolean, uint8 or floating, got {mask.dtype}")
    mask = mask.astype(np.float32)
    if not (mask.min() >= 0 and mask.max() <= 1):
        raise ValueError(f"{name} must be in [0, 1], got values from {mask.min():g} to {mask.max():g}")
    if not mask.any():
        raise ValueError(f"{name} is 0 everywhere: its style would be painted nowhere")
    return mask


def shrink_mask(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return a mask (height, width) at another size: each pixel the mean of the area that it stands for."""
    if mask.shape == tuple(shape):
        return mask
    return tf.image.resize(mask[..., None], shape, "area").numpy()[..., 0].clip(0, 1)


def guide(mask: np.ndarray, shape: tuple[int, int]) -> tf.Tensor:
    """Return what the maps of a layer are multiplied by before their Gram matrix: the mask, of mean square 1.

    Divided by height · width, the Gram matrix of the product is then the paper's guided one, for which the squares
    sum to 1.

    Parameters
    ----------
    mask : ndarray, (height, width)
        In [0, 1], somewhere above 0.
    shape : (height, width)
        Of the layer's maps.

    Returns
    -------
    tensor, (height, width, 1)
    """
    small = shrink_mask(mask, shape)
    return tf.constant((small / np.sqrt(np.mean(small**2)))[..., None], tf.float32)
