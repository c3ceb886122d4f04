"""Random arguments for the layers and slow, obvious reference answers; imported by the tests of this folder."""

import numpy as np
from hypothesis import strategies as st
from scipy import signal

PADDINGS = st.one_of(
    st.sampled_from(["valid", "same"]),
    st.integers(0, 3),
    st.tuples(
        st.tuples(st.integers(0, 3), st.integers(0, 3)), st.tuples(st.integers(0, 3), st.integers(0, 3))
    ),
)
DTYPES = st.sampled_from([np.float32, np.float64])
TOLERANCE = {np.dtype(np.float32): 2e-4, np.dtype(np.float64): 1e-10}


@st.composite
def convolutions(draw, paddings=PADDINGS, largest_stride=3, largest_dilation=3):
    """Draw ``(x, kernel, bias, strides, padding, dilation)`` where the kernel fits into the padded picture."""
    kernel_size = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    strides = draw(st.tuples(st.integers(1, largest_stride), st.integers(1, largest_stride)))
    dilation = draw(st.tuples(st.integers(1, largest_dilation), st.integers(1, largest_dilation)))
    padding = draw(paddings)
    pads = ((0, 0), (0, 0)) if isinstance(padding, str) else as_sides(padding)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel_size, dilation, strict=True)]
    smallest = [1 if padding == "same" else max(1, r - sum(p)) for r, p in zip(reach, pads, strict=True)]
    size = tuple(draw(st.integers(low, low + 20)) for low in smallest)
    batch, channels, filters = draw(st.tuples(st.integers(1, 3), st.integers(1, 20), st.integers(1, 9)))
    if draw(st.booleans()):
        channels += 48  # enough for the form that multiplies position by position
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype = draw(DTYPES)
    x = rng.normal(size=(batch, *size, channels)).astype(dtype)
    kernel = rng.normal(size=(*kernel_size, channels, filters)).astype(dtype)
    return x, kernel, rng.normal(size=filters).astype(dtype), strides, padding, dilation


def as_sides(padding):
    """Write an integer padding as ((top, bottom), (left, right))."""
    return ((padding, padding), (padding, padding)) if isinstance(padding, int) else padding


def tensorflow_same(n, kernel, stride, dilation):
    """Padding before and after of TensorFlow's rule, as its documentation states it."""
    reach = (kernel - 1) * dilation + 1
    total = max(reach - stride, 0) if n % stride == 0 else max(reach - n % stride, 0)
    return total // 2, total - total // 2


def explicit_sides(x, kernel_size, strides, padding, dilation):
    """Padding of any kind as ((top, bottom), (left, right))."""
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        numbers = zip(x.shape[1:3], kernel_size, strides, dilation, strict=True)
        return tuple(tensorflow_same(*axis) for axis in numbers)
    return as_sides(padding)


def scipy_conv2d(x, kernel, bias, strides, padding, dilation):
    """Correlate every picture with every filter in float64 by SciPy, the kernel's gaps filled with zeros."""
    sides = explicit_sides(x, kernel.shape[:2], strides, padding, dilation)
    padded = np.pad(x.astype(np.float64), ((0, 0), *sides, (0, 0)))
    reach = [(k - 1) * d + 1 for k, d in zip(kernel.shape[:2], dilation, strict=True)]
    wide = np.zeros((*reach, *kernel.shape[2:]))
    wide[:: dilation[0], :: dilation[1]] = kernel
    out = [
        [signal.correlate(picture, wide[..., f], mode="valid", method="direct")[..., 0] for picture in padded]
        for f in range(kernel.shape[3])
    ]
    return np.moveaxis(np.array(out), 0, -1)[:, :: strides[0], :: strides[1]] + bias


def numerical_gradient(function, values, grad, step=1e-6):
    """Central differences of Σ grad · function(values) with respect to every one of `values`, in float64."""
    gradient = np.zeros_like(values)
    for index in np.ndindex(values.shape):
        kept = values[index]
        values[index] = kept + step
        above = (grad * function(values)).sum()
        values[index] = kept - step
        below = (grad * function(values)).sum()
        values[index] = kept
        gradient[index] = (above - below) / (2 * step)
    return gradient


def assert_close(ours, wanted, dtype=None):
    """Compare with a tolerance that fits the type and the size of the numbers."""
    wanted = np.asarray(wanted)
    assert ours.shape == wanted.shape
    scale = max(float(np.abs(wanted).max()), 1.0)
    np.testing.assert_allclose(ours, wanted, rtol=0, atol=scale * TOLERANCE[np.dtype(dtype or ours.dtype)])
