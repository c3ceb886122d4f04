"""Convolution and pooling of `utils.layers` beside TensorFlow, PyTorch, other NumPy forms and bare multiplications.

Peers get their inputs in their own order of axes beforehand; our inputs are checked for NaN at every call, as always.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import tensorflow as tf

from benchmarks.cases import Case, Form, Missing, Work
from benchmarks.peers import SGEMM, multiplications, torch_on
from utils.layers import conv2d, conv2d_backward, max_pool2d

TENSORFLOW, TORCH = "TensorFlow", "PyTorch"
FANCY, SLIDING, LOOPS = "im2col by fancy index", "sliding windows, tensordot", "textbook loops"
ADD_AT = "fancy index, np.add.at"
LOOPED = 40  # windows, of the textbook's loops
KERNEL = 3
ONE_READ = "one read of the pictures"


@dataclass(frozen=True)
class Shape:
    """A convolution of square pictures with a 3×3 kernel: stride 1 and zeros around, or stride 2 without."""

    batch: int
    size: int
    channels: int
    filters: int
    stride: int = 1

    def __str__(self) -> str:
        """Describe it in words."""
        padding = "same" if self.stride == 1 else "valid"
        return (
            f"{self.batch} pictures {self.size}×{self.size}×{self.channels} → {self.filters}, 3×3, "
            f"stride {self.stride}, {padding}"
        )

    @property
    def padding(self) -> str:
        """As TensorFlow and we call it; at stride 1 `"same"` is one pixel on each side for everybody."""
        return "same" if self.stride == 1 else "valid"

    @property
    def length(self) -> int:
        """Side of the output."""
        return self.size if self.stride == 1 else (self.size - KERNEL) // self.stride + 1

    @property
    def multiply_adds(self) -> int:
        """Of the forward pass."""
        return math.prod(self.product)

    @property
    def product(self) -> tuple[int, int, int]:
        """The forward pass as one matrix product: rows, inner length, columns."""
        return self.batch * self.length**2, KERNEL**2 * self.channels, self.filters


FIRST, MIDDLE = Shape(16, 64, 3, 32), Shape(16, 32, 64, 64)
STRIDED = Shape(16, 32, 64, 64, stride=2)


def arrays(shape: Shape) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pictures, kernel and bias, float32."""
    rng = np.random.default_rng(0)
    sizes = (
        (shape.batch, shape.size, shape.size, shape.channels),
        (KERNEL, KERNEL, shape.channels, shape.filters),
        (shape.filters,),
    )
    return tuple(rng.standard_normal(size, dtype=np.float32) for size in sizes)


def forward(shape: Shape, textbook: bool = True) -> Work:
    """Prepare the forward pass; the forms of the textbooks only where they are asked for."""
    x, kernel, bias = arrays(shape)
    tensors = [tf.constant(array) for array in (x, kernel, bias)]

    @tf.function
    def compiled(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
        return tf.nn.bias_add(tf.nn.conv2d(x, kernel, shape.stride, shape.padding.upper()), bias)

    # TensorFlow's result stays its own tensor: a copy to NumPy is no part of the work.
    calls: dict[str, Callable[[], object]] = {TENSORFLOW: lambda: compiled(*tensors)}
    if textbook:
        calls[FANCY] = lambda: by_fancy_index(x, kernel, bias, shape)
        calls[SLIDING] = lambda: by_sliding_windows(x, kernel, bias, shape)
    wanted = compiled(*tensors).numpy()

    def ours() -> np.ndarray:
        return conv2d(x, kernel, bias, shape.stride, shape.padding)

    for name, call in {"ours": ours, **calls}.items():
        np.testing.assert_allclose(call(), wanted, rtol=0, atol=1e-3, err_msg=name)
    peers: dict[str, Form | Missing] = {name: Form(call) for name, call in calls.items()}
    peers[TORCH] = torch_forward(shape, x, kernel, bias, wanted)
    if textbook:
        peers[LOOPS] = loops(x, kernel, bias, shape)
    return Work(Form(ours), peers, {SGEMM: multiplications(shape.multiply_adds)}, wanted.nbytes)


def torch_forward(
    shape: Shape, x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, wanted: np.ndarray
) -> Form | Missing:
    """Return the forward pass in PyTorch."""
    torch = torch_on(1)
    if isinstance(torch, Missing):
        return torch
    inputs = [torch.from_numpy(array) for array in (*channels_first(x, kernel), bias)]
    padding = 1 if shape.stride == 1 else 0

    def call() -> np.ndarray:
        with torch.inference_mode():
            return torch.nn.functional.conv2d(*inputs, shape.stride, padding).numpy()

    np.testing.assert_allclose(np.moveaxis(call(), 1, -1), wanted, rtol=0, atol=1e-3, err_msg=TORCH)
    return Form(call)


def channels_first(x: np.ndarray, kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures (batch, channels, height, width) and kernel (filters, channels, height, width)."""
    return np.moveaxis(x, -1, 1).copy(), kernel.transpose(3, 2, 0, 1).copy()


def pad(x: np.ndarray, shape: Shape) -> np.ndarray:
    """Add the zeros around the pictures."""
    return np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))) if shape.stride == 1 else x


def window_indices(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows and columns of all pixels of all windows, each broadcast to (length, length, 3, 3)."""
    starts = shape.stride * np.arange(shape.length)
    rows = starts[:, None, None, None] + np.arange(KERNEL)[None, None, :, None]
    columns = starts[None, :, None, None] + np.arange(KERNEL)[None, None, None, :]
    return rows, columns


def by_fancy_index(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, shape: Shape) -> np.ndarray:
    """Take all windows at once with index arrays, then one matrix product."""
    rows, columns = window_indices(shape)
    patches = pad(x, shape)[:, rows, columns].reshape(shape.product[:2])
    out = patches @ kernel.reshape(-1, shape.filters) + bias
    return out.reshape(shape.batch, shape.length, shape.length, -1)


def by_sliding_windows(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, shape: Shape) -> np.ndarray:
    """View the windows and contract them with the kernel."""
    windows = np.lib.stride_tricks.sliding_window_view(pad(x, shape), (KERNEL, KERNEL), axis=(1, 2))
    return np.tensordot(windows[:, :: shape.stride, :: shape.stride], kernel, ((4, 5, 3), (0, 1, 2))) + bias


def loops(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, shape: Shape) -> Form:
    """Return the textbook's four loops, on a few windows of one picture."""
    padded = pad(x[:1], shape)[0]

    def call() -> None:
        for window in range(LOOPED):
            row, column = divmod(window * shape.stride, padded.shape[1] - KERNEL + 1)
            for f in range(shape.filters):
                np.sum(padded[row : row + KERNEL, column : column + KERNEL] * kernel[..., f]) + float(bias[f])

    return Form(call, times=shape.product[0] / LOOPED)


def backward(shape: Shape) -> Work:
    """Prepare the gradients of input, kernel and bias."""
    x, kernel, _ = arrays(shape)
    grad = np.random.default_rng(1).standard_normal(
        (shape.batch, shape.length, shape.length, shape.filters), dtype=np.float32
    )
    tensors = [tf.constant(array) for array in (x, kernel, grad)]
    settings = {"strides": [1, shape.stride, shape.stride, 1], "padding": shape.padding.upper()}

    @tf.function
    def compiled(x: tf.Tensor, kernel: tf.Tensor, grad: tf.Tensor) -> tuple[tf.Tensor, ...]:
        dx = tf.raw_ops.Conv2DBackpropInput(input_sizes=x.shape, filter=kernel, out_backprop=grad, **settings)
        dkernel = tf.raw_ops.Conv2DBackpropFilter(
            input=x, filter_sizes=kernel.shape, out_backprop=grad, **settings
        )
        return dx, dkernel, tf.reduce_sum(grad, axis=(0, 1, 2))

    def ours() -> tuple[np.ndarray, ...]:
        return conv2d_backward(grad, x, kernel, shape.stride, shape.padding)

    calls = {
        TENSORFLOW: lambda: compiled(*tensors),
        ADD_AT: lambda: backward_by_add_at(grad, x, kernel, shape),
    }
    wanted = [part.numpy() for part in compiled(*tensors)]
    for name, call in {"ours": ours, **calls}.items():
        check_gradients(call(), wanted, name)
    peers: dict[str, Form | Missing] = {name: Form(call) for name, call in calls.items()}
    peers[TORCH] = torch_backward(shape, x, kernel, grad, wanted)
    return Work(Form(ours), peers, {SGEMM: multiplications(2 * shape.multiply_adds)})


def check_gradients(found: tuple[np.ndarray, ...], wanted: list[np.ndarray], name: str) -> None:
    """Compare gradients; those of kernel and bias are sums over all outputs, and rounded accordingly."""
    for part, reference in zip(found, wanted, strict=True):
        np.testing.assert_allclose(part, reference, rtol=0, atol=2e-5 * np.abs(reference).max(), err_msg=name)


def backward_by_add_at(
    grad: np.ndarray, x: np.ndarray, kernel: np.ndarray, shape: Shape
) -> tuple[np.ndarray, ...]:
    """Do it with index arrays: pixels in several windows are added up one by one."""
    rows, columns = window_indices(shape)
    padded = pad(x, shape)
    flat = grad.reshape(-1, shape.filters)
    dkernel = padded[:, rows, columns].reshape(shape.product[:2]).T @ flat
    patches = flat @ kernel.reshape(-1, shape.filters).T
    dx = np.zeros_like(padded)
    np.add.at(
        dx,
        (slice(None), rows, columns),
        patches.reshape(shape.batch, shape.length, shape.length, KERNEL, KERNEL, shape.channels),
    )
    inside = slice(1, -1) if shape.stride == 1 else slice(None)
    return dx[:, inside, inside], dkernel.reshape(kernel.shape), flat.sum(axis=0)


def torch_backward(
    shape: Shape, x: np.ndarray, kernel: np.ndarray, grad: np.ndarray, wanted: list[np.ndarray]
) -> Form | Missing:
    """Return the gradients in PyTorch, by the operation that its autograd calls."""
    torch = torch_on(1)
    if isinstance(torch, Missing):
        return torch
    pictures, filters = (torch.from_numpy(array) for array in channels_first(x, kernel))
    upstream = torch.from_numpy(np.moveaxis(grad, -1, 1).copy())
    stride, padding = [shape.stride] * 2, [1 if shape.stride == 1 else 0] * 2

    def call() -> list[np.ndarray]:
        with torch.inference_mode():
            parts = torch.ops.aten.convolution_backward(
                upstream,
                pictures,
                filters,
                [shape.filters],
                stride,
                padding,
                [1, 1],
                False,
                [0, 0],
                1,
                [True] * 3,
            )
            return [part.numpy() for part in parts]

    dx, dkernel, dbias = call()
    check_gradients((np.moveaxis(dx, 1, -1), dkernel.transpose(2, 3, 1, 0), dbias), wanted, TORCH)
    return Form(call)


def pooling() -> Work:
    """Prepare max pooling, 2×2."""
    x = np.random.default_rng(0).standard_normal((16, 64, 64, 32), dtype=np.float32)
    tensor, numbers = tf.constant(x), x.ravel()
    compiled = tf.function(lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"))
    wanted = compiled(tensor).numpy()
    np.testing.assert_array_equal(max_pool2d(x, 2), wanted)
    peers: dict[str, Form | Missing] = {TENSORFLOW: Form(lambda: compiled(tensor))}
    peers[TORCH] = torch_pooling(x, wanted)
    peers[LOOPS] = pooling_loops(x)
    return Work(
        Form(lambda: max_pool2d(x, 2)), peers, {ONE_READ: Form(lambda: numbers @ numbers)}, wanted.nbytes
    )


def torch_pooling(x: np.ndarray, wanted: np.ndarray) -> Form | Missing:
    """Return max pooling in PyTorch."""
    torch = torch_on(1)
    if isinstance(torch, Missing):
        return torch
    pictures = torch.from_numpy(np.moveaxis(x, -1, 1).copy())

    def call() -> np.ndarray:
        with torch.inference_mode():
            return torch.nn.functional.max_pool2d(pictures, 2).numpy()

    np.testing.assert_array_equal(np.moveaxis(call(), 1, -1), wanted)
    return Form(call)


def pooling_loops(x: np.ndarray) -> Form:
    """Return the textbook's loops, on a few windows."""

    def call() -> None:
        for window in range(LOOPED):
            row, column = divmod(window, x.shape[2] // 2)
            for channel in range(x.shape[3]):
                np.max(x[0, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2, channel])

    return Form(call, times=x.shape[0] * (x.shape[1] // 2) * (x.shape[2] // 2) / LOOPED)


def growing(size: int) -> Case:
    """Return the forward pass of pictures of another size."""
    shape = Shape(4, size, 16, 32)
    return Case(
        f"forward, side {size}",
        str(shape),
        partial(forward, shape, textbook=False),
        series="pixels of the pictures",
        size=shape.batch * size**2,
        budget=2.5,
    )


# 70 % of the speed is 1 / 0.7 of the time.
SHARE_OF_SGEMM = round(1 / 0.7, 2)

CASES = [
    Case("forward, first layer", str(FIRST), partial(forward, FIRST), {TENSORFLOW: 2.0}, most_memory=3),
    Case(
        "forward, middle layer",
        str(MIDDLE),
        partial(forward, MIDDLE),
        {TENSORFLOW: 2.0, SGEMM: SHARE_OF_SGEMM},
        most_memory=3,
    ),
    Case("forward, stride 2", str(STRIDED), partial(forward, STRIDED), {TENSORFLOW: 1.0}, most_memory=3),
    Case("backward, first layer", str(FIRST), partial(backward, FIRST), {TORCH: 2.2}),
    Case("backward, middle layer", str(MIDDLE), partial(backward, MIDDLE), {TORCH: 3.0}),
    Case("max pooling", "16 pictures 64×64×32, 2×2", pooling, {TENSORFLOW: 1.2}),
    *map(growing, (32, 64, 128, 256)),
]
