"""Assignment 1's oracles agree with TensorFlow, and its helpers keep their word."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.answers.answer import answer
from utils.grading.judge import judge
from utils.layers.patch_matrix import patch_matrix
from utils.layers.peer import ask_tensorflow


@st.composite
def convolutions(draw):
    """Arguments of conv_forward, float64: sizes, strides and padding at random, the window always fitting."""
    f, stride, pad = draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.integers(0, 2))
    m, C, filters = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    H, W = (draw(st.integers(max(1, f - 2 * pad), 8)) for _ in range(2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shapes = (m, H, W, C), (f, f, C, filters), (1, 1, 1, filters)
    return [rng.normal(size=shape) for shape in shapes], {"stride": stride, "pad": pad}, rng


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(convolutions())
def test_convolution_and_its_gradients_as_tensorflow(drawn):
    from utils.models.tensorflow_convolution import differentiate

    (A_prev, W, b), hparameters, rng = drawn
    Z = answer("w1a1/conv_forward").oracle(A_prev, W, b, hparameters)
    dZ = rng.normal(size=Z.shape)
    theirs = differentiate(A_prev, W, b, hparameters["stride"], hparameters["pad"], dZ)
    np.testing.assert_allclose(Z, theirs["Z"], rtol=1e-10, atol=1e-10)
    ours = answer("w1a1/conv_backward").oracle(dZ, (A_prev, W, b, hparameters))
    for name, gradient in zip(("dA_prev", "dW", "db"), ours, strict=True):
        np.testing.assert_allclose(gradient, theirs[name], rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(f=st.integers(1, 3), stride=st.integers(1, 3), seed=st.integers(0, 2**32 - 1), ties=st.booleans())
def test_pooling_and_its_gradients_as_tensorflow(f, stride, seed, ties):
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    shape = (2, *rng.integers(f, 7, 2), 2)
    size = int(np.prod(shape))
    A_prev = (rng.integers(-3, 1, shape) if ties else rng.permutation(size).reshape(shape) - size // 2) / 2
    hparameters = {"f": f, "stride": stride}
    for mode, pool in (("max", tf.nn.max_pool2d), ("average", tf.nn.avg_pool2d)):
        with tf.GradientTape() as tape:
            x = tf.constant(A_prev)
            tape.watch(x)
            A = pool(x, f, stride, "VALID")
        dA = rng.normal(size=A.shape)
        np.testing.assert_allclose(answer("w1a1/pool_forward").oracle(A_prev, hparameters, mode), A.numpy())
        ours = answer("w1a1/pool_backward").oracle(dA, (A_prev, hparameters), mode)
        theirs = tape.gradient(A, x, output_gradients=tf.constant(dA)).numpy()
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-8)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(convolutions())
def test_patch_matrix_as_tensorflow(drawn):
    import tensorflow as tf

    (A_prev, W, _), hparameters, _ = drawn
    f, stride, pad = len(W), hparameters["stride"], hparameters["pad"]
    padded = np.pad(A_prev, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    theirs = tf.image.extract_patches(
        padded, [1, f, f, 1], [1, stride, stride, 1], [1, 1, 1, 1], "VALID"
    ).numpy()
    theirs = theirs.reshape(-1, theirs.shape[-1])
    np.testing.assert_array_equal(patch_matrix(A_prev, f, stride, pad), theirs)
    np.testing.assert_array_equal(answer("w1a1/im2col").oracle(A_prev, f, stride, pad), theirs)


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ((np.zeros((3, 3)), 2), ValueError, "x"),
        ((np.zeros((1, 3, 3, 1)), 4), ValueError, "size"),
        ((np.zeros((1, 3, 3, 1)), 2, 0), ValueError, "stride"),
        ((np.zeros((1, 3, 3, 1)), 2, 1, -1), ValueError, "pad"),
        ((np.full((1, 3, 3, 1), np.nan), 2), ValueError, "x"),
        ((np.zeros((1, 3, 3, 1)), "2"), TypeError, "size"),
    ],
)
def test_patch_matrix_refuses_bad_input(arguments, error, named):
    with pytest.raises(error, match=named):
        patch_matrix(*arguments)


@pytest.mark.slow
def test_the_peer_answers_from_a_process_of_its_own():
    rng = np.random.default_rng(0)
    A_prev, W, b = rng.normal(size=(1, 4, 5, 2)), rng.normal(size=(3, 3, 2, 3)), rng.normal(size=(1, 1, 1, 3))
    hparameters = {"stride": 1, "pad": 1}
    theirs = ask_tensorflow(A_prev, W, b, hparameters, repeats=3)
    np.testing.assert_allclose(
        theirs["Z"], answer("w1a1/conv_forward").oracle(A_prev, W, b, hparameters), rtol=1e-9
    )
    assert theirs["seconds"].shape == (3,)
    assert (theirs["db"] == 20).all()


@pytest.mark.slow
def test_the_peer_says_why_it_cannot_answer():
    A_prev, W, b = np.zeros((1, 4, 5, 2)), np.zeros((3, 3, 7, 3)), np.zeros((1, 1, 1, 3))
    with pytest.raises(RuntimeError, match="TensorFlow's process ended"):
        ask_tensorflow(A_prev, W, b, {"stride": 1, "pad": 0})


def test_checks_never_import_tensorflow():
    program = (
        "import sys\n"
        "from utils.grading.judge import judge\n"
        "import numpy as np\n"
        "judge('w1a1/create_mask_from_window', lambda x: x == np.max(x))\n"
        "sys.exit(any(name.split('.')[0] in ('tensorflow', 'keras') for name in sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def _loops(A_prev, W, b, hparameters):
    f, stride, pad = len(W), hparameters["stride"], hparameters["pad"]
    X = np.pad(A_prev, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    n_H, n_W = ((n - f) // stride + 1 for n in X.shape[1:3])
    Z = np.empty((len(X), n_H, n_W, W.shape[3]))
    for i, h, w, c in np.ndindex(Z.shape):
        window = X[i, h * stride : h * stride + f, w * stride : w * stride + f]
        Z[i, h, w, c] = np.sum(window * W[..., c]) + b[0, 0, 0, c]
    return Z, (A_prev, W, b, hparameters)


@pytest.mark.slow
def test_loops_are_right_but_not_fast():
    assert judge("w1a1/conv_forward", _loops).passed
    verdict = judge("w1a1/conv_forward_fast", _loops)
    assert not verdict.passed
    assert verdict.outcome.trouble == "time"
    assert verdict.score == pytest.approx(2 / 3)
