"""The ten crops of a picture that a network looks at when it is tested: corners, centre, and their mirror images."""

import numpy as np


def ten_crop(images: np.ndarray, size: int) -> np.ndarray:
    """Cut ten squares out of each picture.

    Parameters
    ----------
    images
        ``(m, height, width, channels)``, any dtype.
    size
        Side of a square in pixels, 1 to the shorter side of the pictures.

    Returns
    -------
    array (m, 10, size, size, channels)
        Of the same dtype: top left, top right, bottom left, bottom right, centre (its top and left margins rounded
        down), then the mirror image, left to right, of each of these five, in the same order.

    Raises
    ------
    ValueError
        When ``images`` has another rank, or ``size`` does not fit.

    References
    ----------
    Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks, 2012, section 4.1.
    """
    images = np.asarray(images)
    if images.ndim != 4:
        raise ValueError(f"images must be (m, height, width, channels), got shape {images.shape}")
    height, width = images.shape[1:3]
    if not 1 <= size <= min(height, width):
        raise ValueError(
            f"size must be from 1 to {min(height, width)}, the pictures' shorter side; got {size!r}"
        )
    low, right = height - size, width - size
    places = [(0, 0), (0, right), (low, 0), (low, right), (low // 2, right // 2)]
    five = np.stack([images[:, top : top + size, left : left + size] for top, left in places], axis=1)
    return np.concatenate([five, np.flip(five, axis=3)], axis=1)
