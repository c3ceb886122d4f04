"""The probe of parts of networks: the same computation looks the same however it is written."""

import keras
import numpy as np
import pytest
from keras import layers

from utils.answers.keras_graphs import Reference, network_difference, relu
from utils.exercises.entry import WrongKind
from utils.exercises.keras_graphs import Probed, placed_weights, probe_network, signed_inputs

SHAPE = (6, 5, 3)


def normalised(x, training=None, **options):
    return layers.BatchNormalization(epsilon=1e-5, **options)(x, training=training)


def two_branches(side_first=False, exchanged=False, training=None):
    """A convolution and a normalisation beside another convolution; the two convolutions have equal shapes."""
    x = keras.Input(SHAPE)
    side = layers.Conv2D(4, 1)(x) if side_first else None
    main = normalised(layers.Conv2D(4, 1)(layers.ReLU()(normalised(x, training))), training)
    side = layers.Conv2D(4, 1)(x) if side is None else side
    return layers.Subtract()([side, main] if exchanged else [main, side])


def equal(one, other):
    return set(one) == set(other) and all(np.array_equal(one[name], other[name]) for name in one)


def test_the_order_of_writing_does_not_matter():
    assert equal(probe_network(two_branches()), probe_network(two_branches(side_first=True)))


def test_branches_of_equal_shapes_are_told_apart():
    one, other = probe_network(two_branches()), probe_network(two_branches(exchanged=True))
    assert not np.allclose(one["inference"], other["inference"])


def test_probing_leaves_no_trace():
    model = keras.Model(*_ends(two_branches()))
    assert equal(probe_network(model), probe_network(model))


def test_a_model_inside_a_model_is_looked_into():
    x = keras.Input(SHAPE)
    inner = keras.Sequential([layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU()])
    nested = layers.Conv2D(2, 1)(inner(x))
    flat = layers.Conv2D(2, 1)(layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(4, 3)(x))))
    assert equal(probe_network(nested), probe_network(flat))


@pytest.mark.parametrize(
    ("built_in", "same_as"), [(True, "training"), (False, "inference"), (None, "inference")]
)
def test_a_plain_call_uses_the_mode_that_is_built_in(built_in, same_as):
    arrays = probe_network(two_branches(training=built_in))
    np.testing.assert_array_equal(arrays["plain"], arrays[same_as])
    assert not np.allclose(arrays["inference"], arrays["training"]), "a call's own mode counts more"


def test_faint_samples_show_an_epsilon():
    def first_normalised(epsilon):
        x = keras.Input(SHAPE)
        return probe_network(layers.BatchNormalization(epsilon=epsilon)(x), with_faint=True)

    one, other = first_normalised(1e-5), first_normalised(1e-3)
    np.testing.assert_allclose(one["training"], other["training"], atol=1e-3)
    assert np.abs(one["faint"] - other["faint"]).max() > 0.1


def test_the_arrays_describe_the_network():
    arrays = probe_network(two_branches())
    assert arrays["input_shape"].tolist() == list(SHAPE)
    assert arrays["output_shape"].tolist() == [6, 5, 4]
    assert arrays["weights"].tolist() == sorted(["1×1×3×4", "4"] * 2 + ["3"] * 4 + ["4"] * 4)
    assert arrays["trainable"] == 2 * (12 + 4) + 2 * 3 + 2 * 4
    assert arrays["kernel_range"].tolist() == [0, 2]
    assert arrays["inference"].shape == (4, 6, 5, 4)


def test_unusual_first_values_of_kernels_are_seen():
    x = keras.Input(SHAPE)
    initializer = keras.initializers.RandomUniform(5, 6)
    assert probe_network(layers.Conv2D(4, 3, kernel_initializer=initializer)(x))["kernel_range"].tolist() == [
        5,
        6,
    ]


def test_given_vectors_may_be_variances():
    for values in placed_weights([(50,)] * 4, 7), placed_weights([(3, 3, 2, 50), (50,)], 7):
        assert [v.dtype for v in values] == [np.float32] * len(values)
        assert all(v.min() > 0 for number, v in enumerate(values) if v.ndim == 1 and number != 1)
        assert values[1].min() < 0 < values[1].max()


@pytest.mark.parametrize(("size", "stride"), [(1, 1), (3, 1), (5, 2), (1, 3)])
def test_the_reference_computes_what_keras_does(size, stride):
    x = keras.Input(SHAPE)
    padded = layers.ZeroPadding2D(size // 2)(x)
    end = layers.ReLU()(normalised(layers.Conv2D(4, size, stride)(padded)))
    net = Reference(SHAPE, with_faint=True)
    expected = net.arrays(relu(net.normalise(net.convolve(net.x, 4, size, stride), 1e-5)))
    got = probe_network(end, with_faint=True)
    assert set(expected) == set(got)
    for name in expected:
        if expected[name].dtype.kind == "f":
            np.testing.assert_allclose(got[name], expected[name], rtol=1e-4, atol=1e-5)
    assert network_difference(expected, got, None) == ""


def test_signed_inputs_do_not_depend_on_the_kind_of_sequence():
    np.testing.assert_array_equal(signed_inputs([4, 3, 2]), signed_inputs((np.int64(4), 3, 2)))


def test_what_was_probed_before_is_taken_as_it_is():
    arrays = {"inference": np.zeros(3)}
    assert probe_network(Probed(arrays)) is arrays


def _ends(tensor):
    return keras.utils.get_source_inputs(tensor)[0], tensor


def _two_inputs():
    return layers.Add()([keras.Input(SHAPE), keras.Input(SHAPE)])


def _two_outputs():
    x = keras.Input(SHAPE)
    return x, [layers.ReLU()(x), x]


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (lambda: None, "without a `return`"),
        (lambda: 3.5, "of the type float"),
        (lambda: layers.ReLU(), "A layer becomes a tensor"),
        (_two_inputs, "depends on 2 inputs"),
        (lambda: keras.Model(*_two_outputs()), "one input and one output"),
    ],
)
def test_another_kind_of_result_is_told(result, sentence):
    with pytest.raises(WrongKind, match=sentence):
        probe_network(result())
