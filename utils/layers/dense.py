"""The fully connected layer and its gradients. NumPy alone is imported."""

import numpy as np

from utils.layers.validation import as_floating, check_shape

AXES = {
    "x": ("batch", "features"),
    "kernel": ("features", "units"),
    "bias": ("units",),
    "grad": ("batch", "units"),
}


def dense(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """Fully connected layer, x · kernel + bias.

    Parameters
    ----------
    x
        Inputs, shape (batch, features). Integers are converted to float32 here and in the other arguments.
    kernel
        Weights, shape (features, units).
    bias
        Shape (units,), or None for no bias.

    Returns
    -------
    numpy.ndarray
        Shape (batch, units); float64 when an argument is float64, otherwise float32.

    Raises
    ------
    TypeError, ValueError
        If an argument is not numeric, not finite, empty, or of a shape that does not fit the others.
    """
    x, kernel, bias = as_floating(AXES, x=x, kernel=kernel, bias=bias, optional=["bias"])
    _check_features(x, kernel)
    if bias is not None:
        check_shape("bias", bias, kernel.shape[1:], "one value for each unit of the kernel")
    out = x @ kernel
    if bias is not None:
        out += bias
    return out


def dense_backward(
    grad: np.ndarray, x: np.ndarray, kernel: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of a loss with respect to the input, the kernel and the bias of `dense`.

    Parameters
    ----------
    grad
        Gradient of the loss with respect to the layer's output, shape (batch, units).
    x, kernel
        As given to `dense`.

    Returns
    -------
    tuple of numpy.ndarray
        ``(dx, dkernel, dbias)``, shaped as x, kernel and (units,).

    Raises
    ------
    TypeError, ValueError
        As `dense`.
    """
    grad, x, kernel = as_floating(AXES, grad=grad, x=x, kernel=kernel)
    _check_features(x, kernel)
    check_shape("grad", grad, (x.shape[0], kernel.shape[1]), "that of the layer's output")
    return grad @ kernel.T, x.T @ grad, grad.sum(axis=0)


def _check_features(x: np.ndarray, kernel: np.ndarray) -> None:
    if x.shape[1] != kernel.shape[0]:
        raise ValueError(
            f"kernel must have as many rows as x has features, {x.shape[1]}; got shape {kernel.shape}"
        )
