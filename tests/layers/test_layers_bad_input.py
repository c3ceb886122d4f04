"""Every malformed argument gives an error that names it, before any work is done."""

import numpy as np
import pytest

from utils import layers

X = np.ones((2, 6, 7, 3), np.float32)
K = np.ones((3, 3, 3, 4), np.float32)
B = np.ones(4, np.float32)
LOGITS = np.zeros((3, 4))


def with_value(array, value):
    changed = array.copy()
    changed.flat[1] = value
    return changed


CONV2D = [
    (dict(x="cat.png"), TypeError, r"x must hold .* got str"),
    (dict(x=None), TypeError, r"x must hold"),
    (dict(x=[[1, 2], [3]]), TypeError, r"x must be an array of numbers; got nested lists"),
    (dict(x=X.astype(complex)), TypeError, r"x must hold .*complex128"),
    (dict(x=X.astype(object)), TypeError, r"x must hold .*object"),
    (
        dict(x=X[0]),
        ValueError,
        r"x must have 4 axes \(batch, height, width, channels\); got shape \(6, 7, 3\)",
    ),
    (dict(x=X[:0]), ValueError, r"x must not be empty .*\(0, 6, 7, 3\)"),
    (dict(x=X[:, :0]), ValueError, r"x must not be empty"),
    (
        dict(x=with_value(X, np.nan)),
        ValueError,
        r"x must be finite; got 1 NaN and 0 infinite values among 252",
    ),
    (dict(x=with_value(X, -np.inf)), ValueError, r"x must be finite; got 0 NaN and 1 infinite"),
    (dict(x=X[..., :2]), ValueError, r"kernel must have as many input channels .* 2; got .*\(3, 3, 3, 4\)"),
    (dict(kernel="sobel"), TypeError, r"kernel must hold"),
    (dict(kernel=K[0]), ValueError, r"kernel must have 4 axes \(height, width, channels, filters\)"),
    (dict(kernel=K[..., :0]), ValueError, r"kernel must not be empty"),
    (dict(kernel=with_value(K, np.nan)), ValueError, r"kernel must be finite"),
    (dict(kernel=np.ones((7, 3, 3, 4))), ValueError, r"kernel covers 7×3 pixels .* padded picture of 6×7"),
    (dict(dilation=4), ValueError, r"kernel covers 9×9 pixels .* dilation \(4, 4\)"),
    (dict(bias=B[:2]), ValueError, r"bias must have shape \(4,\).*got shape \(2,\)"),
    (dict(bias=B[None]), ValueError, r"bias must have 1 axes \(filters,\)"),
    (dict(bias="zero"), TypeError, r"bias must hold"),
    (dict(bias=with_value(B, np.inf)), ValueError, r"bias must be finite"),
    (dict(strides=0), ValueError, r"strides must be at least 1 .* got 0"),
    (dict(strides=-1), ValueError, r"strides must be at least 1"),
    (dict(strides=1.5), TypeError, r"strides must be an integer or a pair of integers; got 1.5"),
    (dict(strides=True), TypeError, r"strides must be an integer"),
    (dict(strides="2"), TypeError, r"strides must be an integer .* got '2'"),
    (dict(strides=(1, 2, 1)), ValueError, r"strides must be one integer or a pair"),
    (dict(strides=(1, 0.5)), TypeError, r"strides must be an integer"),
    (dict(strides=None), TypeError, r"strides must be an integer"),
    (dict(dilation=0), ValueError, r"dilation must be at least 1"),
    (dict(dilation="wide"), TypeError, r"dilation must be an integer"),
    (dict(padding="SAME"), ValueError, r'padding must be "valid", "same", .* got \'SAME\''),
    (dict(padding=-1), ValueError, r"padding must be at least 0"),
    (dict(padding=0.5), TypeError, r"padding must be .* got 0.5"),
    (dict(padding=None), TypeError, r"padding must be .* got None"),
    (dict(padding=(1, 1)), ValueError, r"padding must be .* got \(1, 1\)"),
    (dict(padding=((1, 1), (1, -1))), ValueError, r"padding must be at least 0"),
    (dict(padding=((1, 1), (1, 1.0))), TypeError, r"padding must be an integer or a pair"),
    (dict(padding=((1, 1),)), ValueError, r"padding must be"),
]


@pytest.mark.parametrize(("changes", "error", "message"), CONV2D)
def test_conv2d(changes, error, message):
    arguments = dict(x=X, kernel=K, bias=B, strides=1, padding="valid", dilation=1) | changes
    with pytest.raises(error, match=message):
        layers.conv2d(**arguments)
    if "bias" not in changes:
        del arguments["bias"]
        with pytest.raises(error, match=message):
            layers.conv2d_backward(np.ones((2, 4, 5, 4)), **arguments)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: layers.conv2d_backward(np.ones((2, 4, 4, 4)), X, K),
            ValueError,
            r"grad must have shape \(2, 4, 5, 4\)",
        ),
        (
            lambda: layers.conv2d_backward(np.full((2, 4, 5, 4), np.nan), X, K),
            ValueError,
            "grad must be finite; got 160",
        ),
        (lambda: layers.pad2d(X[0], 1), ValueError, "x must have 4 axes"),
        (lambda: layers.pad2d(X, -1), ValueError, "padding must be at least 0"),
        (lambda: layers.pad2d(X, "same"), TypeError, "padding must be an integer"),
        (lambda: layers.pad2d(X, (1, 2)), ValueError, "padding must be"),
        (lambda: layers.conv_output_length(5, 6), ValueError, "kernel covers 6 pixels"),
        (lambda: layers.conv_output_length(0, 1), ValueError, "n must be at least 1"),
        (lambda: layers.conv_output_length(5.0, 1), TypeError, "n must be an integer"),
        (lambda: layers.conv_output_length(5, 3, 0), ValueError, "stride must be at least 1"),
        (lambda: layers.conv_output_length(5, 3, 1, "full"), ValueError, "padding must be"),
        (lambda: layers.conv_output_length(5, 3, 1, 0, 0), ValueError, "dilation must be at least 1"),
        (lambda: layers.correlate2d(X, K), ValueError, r"image must have 2 axes \(height, width\)"),
        (lambda: layers.correlate2d(np.eye(3), np.eye(2), "full"), ValueError, "mode must be"),
        (lambda: layers.correlate2d(np.eye(3), np.eye(4)), ValueError, "kernel covers 4×4"),
        (lambda: layers.max_pool2d(X[0]), ValueError, "x must have 4 axes"),
        (lambda: layers.max_pool2d(with_value(X, np.nan)), ValueError, "x must be finite; got 1 NaN"),
        (lambda: layers.max_pool2d(X, 0), ValueError, "pool_size must be at least 1"),
        (lambda: layers.max_pool2d(X, 8), ValueError, "pool_size covers 8×8"),
        (lambda: layers.max_pool2d(X, 2, 0), ValueError, "strides must be at least 1"),
        (lambda: layers.average_pool2d(X, 2, 1, 1), ValueError, 'padding must be "valid" or "same"; got 1'),
        (lambda: layers.average_pool2d(X, "2"), TypeError, "pool_size must be an integer"),
        (lambda: layers.max_pool2d_backward(X, X), ValueError, r"grad must have shape \(2, 3, 3, 3\)"),
        (lambda: layers.average_pool2d_backward(X, X), ValueError, r"grad must have shape \(2, 3, 3, 3\)"),
        (lambda: layers.dense(X, np.ones((3, 2))), ValueError, r"x must have 2 axes \(batch, features\)"),
        (lambda: layers.dense(np.ones((2, 3)), np.ones((4, 2))), ValueError, "kernel must have as many rows"),
        (
            lambda: layers.dense(np.ones((2, 3)), np.ones((3, 2)), np.ones(3)),
            ValueError,
            r"bias must have shape \(2,\)",
        ),
        (
            lambda: layers.dense_backward(np.ones((2, 3)), np.ones((2, 3)), np.ones((3, 2))),
            ValueError,
            "grad must have",
        ),
        (lambda: layers.relu("x"), TypeError, "x must hold"),
        (lambda: layers.relu([]), ValueError, "x must not be empty"),
        (lambda: layers.relu_backward(np.ones(3), np.ones(4)), ValueError, r"grad must have shape \(4,\)"),
        (lambda: layers.softmax([np.inf, 0]), ValueError, "logits must be finite"),
        (lambda: layers.softmax(1.0), ValueError, "logits must have at least one axis"),
        (lambda: layers.softmax_backward(np.ones(3), np.ones(4)), ValueError, "grad must have shape"),
        (lambda: layers.softmax_cross_entropy(LOGITS[0], [0]), ValueError, "logits must have 2 axes"),
        (lambda: layers.softmax_cross_entropy(LOGITS, [0, 1]), ValueError, r"labels must have shape \(3,\)"),
        (lambda: layers.softmax_cross_entropy(LOGITS, [0, 1, 4]), ValueError, r"labels must lie in \[0, 4\)"),
        (
            lambda: layers.softmax_cross_entropy(LOGITS, [0, 1, -1]),
            ValueError,
            r"labels must lie in \[0, 4\)",
        ),
        (lambda: layers.softmax_cross_entropy(LOGITS, [0, 1, 2.0]), TypeError, "labels must be integers"),
        (
            lambda: layers.softmax_cross_entropy_backward(LOGITS, np.eye(3, 4)),
            TypeError,
            "labels must be integers",
        ),
    ],
)
def test_other_layers(call, error, message):
    with pytest.raises(error, match=message):
        call()
