"""Residual networks against keras.applications, the paper's tables and what a block must do."""

import keras
import numpy as np
import pytest

from utils.models.resnet import basic_block, bottleneck_block, cifar_resnet, copy_weights, resnet


@pytest.fixture(autouse=True)
def _fresh():
    keras.utils.set_random_seed(0)
    yield
    keras.backend.clear_session()


def _randomise(model: keras.Model, rng: np.random.Generator) -> None:
    """Give biases and moving averages values too, so that a wrong assignment shows."""
    for weight in model.weights:
        if len(weight.shape) == 1:
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))


def _multiply_adds(model: keras.Model) -> int:
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            total += int(np.prod(layer.kernel.shape)) * int(np.prod(layer.output.shape[1:3]))
        elif isinstance(layer, keras.layers.Dense):
            total += int(np.prod(layer.kernel.shape))
    return total


@pytest.mark.slow
@pytest.mark.parametrize("depth", [50, 101, 152])
def test_parameters_equal_keras_applications(depth):
    theirs = getattr(keras.applications, f"ResNet{depth}")(weights=None)
    ours = resnet(depth)
    assert ours.count_params() == theirs.count_params()
    assert [w.shape for w in ours.weights] == [w.shape for w in theirs.weights]


@pytest.mark.slow
def test_copied_weights_give_the_outputs_of_keras_applications():
    rng = np.random.default_rng(1)
    theirs = keras.applications.ResNet50(weights=None, input_shape=(64, 64, 3), classes=6)
    _randomise(theirs, rng)
    ours = resnet(50, (64, 64, 3), 6)
    copy_weights(theirs, ours)
    pictures = rng.random((4, 64, 64, 3), dtype=np.float32)
    for training in (
        False,
        True,
        False,
    ):  # the last time with moving averages that a training call has changed
        np.testing.assert_allclose(
            ours(pictures, training=training), theirs(pictures, training=training), rtol=0, atol=1e-5
        )
    for one, other in zip(ours.non_trainable_weights, theirs.non_trainable_weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


# Trainable parameters without biases, as the authors' own files and torchvision's documentation list them.
@pytest.mark.parametrize(
    ("depth", "parameters"),
    [
        (18, 11_689_512),
        (34, 21_797_672),
        pytest.param(50, 25_557_032, marks=pytest.mark.slow),
        pytest.param(101, 44_549_160, marks=pytest.mark.slow),
        pytest.param(152, 60_192_808, marks=pytest.mark.slow),
    ],
)
def test_parameters_without_biases(depth, parameters):
    model = resnet(depth, use_bias=False)
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == parameters


# He et al. 2016, table 1, "FLOPs" (multiply-adds) in units of 10⁹. The table rounds, and leaves the shortcuts out.
@pytest.mark.parametrize(
    ("depth", "paper"),
    [
        (18, 1.8),
        (34, 3.6),
        pytest.param(50, 3.8, marks=pytest.mark.slow),
        pytest.param(101, 7.6, marks=pytest.mark.slow),
        pytest.param(152, 11.3, marks=pytest.mark.slow),
    ],
)
def test_multiply_adds_of_the_papers_table(depth, paper):
    assert _multiply_adds(resnet(depth)) / 1e9 == pytest.approx(paper, rel=0.025)


# He et al. 2016, table 6, millions of parameters.
@pytest.mark.parametrize(("depth", "paper"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)])
def test_parameters_of_the_cifar_family(depth, paper):
    model = cifar_resnet(depth)
    count = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert round(count / 1e6, 1 if depth == 110 else 2) == paper


@pytest.mark.parametrize("depth", [8, 14, 20, 56])
def test_plain_and_residual_have_the_same_parameters_and_the_named_depth(depth):
    plain, residual = (cifar_resnet(depth, residual=kind, width=4) for kind in (False, True))
    assert [w.shape for w in plain.weights] == [w.shape for w in residual.weights]
    kernels = [w for w in residual.trainable_weights if w.name == "kernel"]
    assert len(kernels) == depth
    x = np.random.default_rng(0).random((2, 32, 32, 3), dtype=np.float32)
    copy_weights(plain, residual)
    assert not np.allclose(plain(x), residual(x), atol=1e-3)


def test_without_batch_norm_there_are_biases_and_no_moving_averages():
    model = cifar_resnet(8, batch_norm=False)
    assert not model.non_trainable_weights
    assert sum(w.name == "bias" for w in model.weights) == 8


@pytest.mark.parametrize("version", ["1", "1.5"])
def test_the_stride_is_where_the_version_puts_it(version):
    inputs = keras.Input((8, 8, 16))
    model = keras.Model(inputs, bottleneck_block(inputs, (4, 4, 32), 3, 2, True, version))
    strides = {
        (layer.kernel.shape[0], layer.filters, layer.kernel.shape[2]): layer.strides[0]
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
    }
    first, middle = (2, 1) if version == "1" else (1, 2)
    assert strides == {(1, 4, 16): first, (3, 4, 4): middle, (1, 32, 4): 1, (1, 32, 16): 2}
    assert model.output_shape == (None, 4, 4, 32)


@pytest.mark.parametrize("size", [7, 8])
def test_versions_differ_only_where_the_picture_is_halved(size):
    outputs = []
    x = np.random.default_rng(2).standard_normal((2, size, size, 6)).astype(np.float32)
    for version in ("1", "1.5"):
        keras.utils.set_random_seed(3)
        inputs = keras.Input((size, size, 6))
        same = keras.Model(inputs, bottleneck_block(inputs, (3, 3, 6), version=version))
        halved = keras.Model(inputs, bottleneck_block(inputs, (3, 3, 6), 3, 2, True, version))
        for model in (same, halved):
            for i, weight in enumerate(model.weights):
                weight.assign(np.random.default_rng(i).uniform(0.1, 1, weight.shape))
        outputs.append((np.array(same(x)), np.array(halved(x))))
    np.testing.assert_array_equal(outputs[0][0], outputs[1][0])
    assert outputs[0][1].shape == outputs[1][1].shape
    assert not np.allclose(outputs[0][1], outputs[1][1])


@pytest.mark.parametrize("kind", ["basic", "bottleneck"])
def test_a_block_whose_main_path_is_zero_gives_relu_of_its_input(kind):
    inputs = keras.Input((5, 6, 8))
    block = basic_block(inputs, 8) if kind == "basic" else bottleneck_block(inputs, (3, 4, 8))
    model = keras.Model(inputs, block)
    model.set_weights(
        [
            np.ones_like(w) if "variance" in v.path else np.zeros_like(w)
            for w, v in zip(model.get_weights(), model.weights, strict=True)
        ]
    )
    x = np.random.default_rng(4).standard_normal((2, 5, 6, 8)).astype(np.float32)
    np.testing.assert_array_equal(model(x), np.maximum(x, 0))


def test_a_padded_shortcut_takes_every_second_pixel_and_appends_zeros():
    inputs = keras.Input((5, 6, 2))
    model = keras.Model(inputs, basic_block(inputs, 5, 2, "padded"))
    model.set_weights(
        [
            np.ones_like(w) if "variance" in v.path else np.zeros_like(w)
            for w, v in zip(model.get_weights(), model.weights, strict=True)
        ]
    )
    x = np.random.default_rng(5).random((1, 5, 6, 2), dtype=np.float32)
    wanted = np.zeros((1, 3, 3, 5), np.float32)
    wanted[..., :2] = x[:, ::2, ::2]
    np.testing.assert_array_equal(model(x), wanted)


def test_training_given_to_a_block_is_what_a_plain_call_uses():
    x = np.random.default_rng(6).standard_normal((4, 5, 5, 8)).astype(np.float32)
    for training in (True, False, None):
        inputs = keras.Input((5, 5, 8))
        model = keras.Model(inputs, bottleneck_block(inputs, (3, 4, 8), training=training))
        inference, trained = np.asarray(model(x, training=False)), np.asarray(model(x, training=True))
        _reset_averages(model)
        assert not np.allclose(inference, trained, atol=1e-3)
        np.testing.assert_allclose(model(x), trained if training else inference, atol=1e-5)


def _reset_averages(model: keras.Model) -> None:
    for weight in model.non_trainable_weights:
        weight.assign(np.full(weight.shape, float("variance" in weight.path)))


def test_each_convolution_gets_its_own_initializer():
    inputs = keras.Input((5, 5, 4))
    model = keras.Model(
        inputs, bottleneck_block(inputs, (4, 4, 4), 1, initializer=keras.initializers.HeNormal)
    )
    kernels = [np.asarray(w) for w in model.trainable_weights if w.name == "kernel"]
    assert len(kernels) == 3
    assert not np.allclose(kernels[0], kernels[1])


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: resnet(20), "depth"),
        (lambda: resnet(50, (224, 224)), "input_shape"),
        (lambda: resnet(50, (31, 64, 3)), "input_shape"),
        (lambda: resnet(50, classes=1), "classes"),
        (lambda: resnet(50, version="2"), "version"),
        (lambda: cifar_resnet(21), "depth"),
        (lambda: cifar_resnet(2), "depth"),
        (lambda: cifar_resnet(8.0), "depth"),
        (lambda: cifar_resnet(8, width=0), "width"),
        (lambda: cifar_resnet(8, (3, 32, 3)), "input_shape"),
        (lambda: basic_block(keras.Input((4, 4, 2)), 2, shortcut="B"), "shortcut"),
        (lambda: bottleneck_block(keras.Input((4, 4, 2)), (1, 1, 4)), "projection"),
        (lambda: bottleneck_block(keras.Input((4, 4, 4)), (1, 1, 4), strides=2), "projection"),
    ],
)
def test_bad_input_is_named(call, name):
    with pytest.raises(ValueError, match=f"^{name} "):
        call()


def test_weights_of_another_network_are_refused_before_anything_is_copied():
    one, other = cifar_resnet(8, width=4), cifar_resnet(14, width=4)
    before = other.get_weights()
    with pytest.raises(ValueError, match="weight"):
        copy_weights(one, other)
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
