"""Cross-correlation of one grey picture with one kernel, for lessons about filters (NumPy only)."""

import numpy as np

from utils.layers.conv import conv2d
from utils.layers.validation import as_floating

AXES = {"image": ("height", "width"), "kernel": ("height", "width")}


def correlate2d(image: np.ndarray, kernel: np.ndarray, mode: str = "valid") -> np.ndarray:
    """Slide a kernel over a grey picture and take the sum of products at every position.

    Turn the kernel by 180° (``kernel[::-1, ::-1]``) for the convolution of mathematics.

    Parameters
    ----------
    image
        Shape (height, width); integers are converted to float32.
    kernel
        Shape (height, width), no larger than the image when `mode` is ``"valid"``.
    mode
        ``"valid"``: only where the kernel lies wholly on the image. ``"same"``: as large as the image, zeros
        around it; a kernel of even size reaches one pixel further to the bottom and to the right.

    Returns
    -------
    numpy.ndarray
        Shape (height − kernel height + 1, width − kernel width + 1) or that of the image; float64 when an
        argument is float64, otherwise float32.

    Raises
    ------
    TypeError, ValueError
        If an array is not two-dimensional, empty or not finite, if `mode` is unknown, or the kernel does not
        fit.
    """
    image, kernel = as_floating(AXES, image=image, kernel=kernel)
    if not isinstance(mode, str) or mode not in ("valid", "same"):
        raise ValueError(f'mode must be "valid" or "same"; got {mode!r}')
    return conv2d(image[None, :, :, None], kernel[:, :, None, None], padding=mode)[0, :, :, 0]
