"""LeNet-5, AlexNet and VGG-16: the papers' numbers to the last parameter, and normalisation against TensorFlow."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from utils.models import classic


def trainable(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def output_shapes(model, kind):
    return [layer.output.shape[1:] for layer in model.layers if isinstance(layer, kind)]


def test_lenet5_of_today():
    model = classic.lenet5()
    assert model.count_params() == 156 + 2_416 + 48_120 + 10_164 + 850 == 61_706
    assert model.output_shape == (None, 10)


def test_lenet5_of_1998_has_the_papers_60_000_parameters():
    model = classic.lenet5_1998()
    assert trainable(model) == 156 + 12 + 1_516 + 32 + 48_120 + 10_164 == 60_000
    assert model.count_params() - trainable(model) == 840


def test_connections_of_c3_are_those_of_table_1():
    sizes = [len(seen) for seen in classic.C3_CONNECTIONS]
    assert sizes == [3] * 6 + [4] * 9 + [6]
    assert len(set(classic.C3_CONNECTIONS)) == 16
    # Every map of S2 feeds ten of C3; the paper's table has ten crosses in each row.
    assert np.bincount(np.concatenate(classic.C3_CONNECTIONS)).tolist() == [10] * 6


def test_subsampling_is_a_scaled_sum():
    x = np.random.default_rng(0).standard_normal((2, 5, 6, 3)).astype("float32")
    layer = classic.Subsampling()
    layer(x)
    layer.coefficient.assign([1.0, 2.0, -1.0])
    layer.bias.assign([0.0, 0.5, 1.0])
    sums = x[:, :4].reshape(2, 2, 2, 3, 2, 3).sum(axis=(2, 4))
    assert np.allclose(ops.convert_to_numpy(layer(x)), sums * [1, 2, -1] + [0, 0.5, 1], atol=1e-5)


def test_the_code_itself_is_at_distance_0():
    codes = classic.digit_codes()
    distances = ops.convert_to_numpy(classic.CodeDistance(codes.tolist())(codes))
    assert np.array_equal(distances.argmin(axis=1), np.arange(10))
    assert np.allclose(np.diag(distances), 0)
    assert distances[~np.eye(10, dtype=bool)].min() >= 4


def test_scaled_tanh_has_its_fixed_points():
    assert np.allclose(
        ops.convert_to_numpy(classic.scaled_tanh(np.array([-1.0, 0.0, 1.0]))), [-1, 0, 1], atol=1e-4
    )


@pytest.mark.slow
@pytest.mark.parametrize(("groups", "parameters"), [(2, 60_965_224), (1, 62_378_344)])
def test_alexnet_at_the_papers_size(groups, parameters):
    model = classic.alexnet(groups=groups)
    assert model.count_params() == parameters
    assert output_shapes(model, keras.layers.Conv2D)[0] == (55, 55, 96)
    assert output_shapes(model, keras.layers.MaxPooling2D) == [(27, 27, 96), (13, 13, 256), (6, 6, 256)]


@pytest.mark.slow
def test_vgg16_at_the_papers_size():
    model = classic.vgg16()
    assert model.count_params() == 138_357_544
    assert output_shapes(model, keras.layers.MaxPooling2D)[-1] == (7, 7, 512)


@pytest.mark.slow
def test_vgg16_equals_keras_applications_weight_by_weight():
    theirs = keras.applications.VGG16(weights=None, input_shape=(32, 32, 3), include_top=False)
    ours = classic.vgg16((32, 32, 3), classes=3, units=4)
    assert [w.shape for w in ours.weights[:26]] == [w.shape for w in theirs.weights]
    ours_features = keras.Model(ours.input, ours.layers[18].output)
    ours_features.set_weights(theirs.get_weights())
    x = np.random.default_rng(1).random((2, 32, 32, 3), dtype=np.float32)
    assert np.allclose(ours_features(x), theirs(x), atol=1e-5)


def test_vgg_doubles_its_filters():
    filters = [layer.filters for layer in classic.vgg16(width=2, units=3).layers if hasattr(layer, "filters")]
    assert filters == [2] * 2 + [4] * 2 + [8] * 3 + [16] * 6


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 4)] * 3, st.integers(1, 9)),
    depth_radius=st.integers(0, 6),
    bias=st.floats(0.5, 3),
    alpha=st.floats(0, 1),
    beta=st.floats(0.2, 1.5),
    seed=st.integers(0, 99),
)
def test_normalisation_agrees_with_tensorflow(shape, depth_radius, bias, alpha, beta, seed):
    x = np.random.default_rng(seed).standard_normal(shape).astype("float32")
    theirs = tf.nn.local_response_normalization(x, depth_radius, bias, alpha, beta)
    ours = classic.local_response_norm(x, depth_radius, bias, alpha, beta)
    assert np.allclose(ops.convert_to_numpy(ours), theirs.numpy(), rtol=1e-4, atol=1e-5)


def test_models_survive_saving(tmp_path):
    x = np.random.default_rng(0).random((2, 67, 67, 1), dtype=np.float32)
    for model, pictures in (
        (classic.alexnet((67, 67, 1), classes=3, units=5), x),
        (classic.lenet5_1998(), x[:, :32, :32]),
    ):
        path = tmp_path / f"{model.name}.keras"
        model.save(path)
        assert np.allclose(keras.models.load_model(path)(pictures), model(pictures), atol=1e-6)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: classic.lenet5((15, 32, 1)), "16×16"),
        (lambda: classic.lenet5((32, 32)), "input_shape"),
        (lambda: classic.lenet5(classes=1), "classes"),
        (lambda: classic.lenet5_1998((28, 28, 1)), "32×32"),
        (lambda: classic.lenet5_1998(codes=np.ones((10, 10))), "codes"),
        (lambda: classic.alexnet((66, 66, 3)), "67×67"),
        (lambda: classic.alexnet(groups=3), "groups"),
        (lambda: classic.vgg16((31, 31, 3)), "32×32"),
        (lambda: classic.local_response_norm(np.ones((1, 2, 2, 3)), depth_radius=-1), "depth_radius"),
    ],
)
def test_bad_input_is_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()
