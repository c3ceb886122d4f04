"""Network in network and GoogLeNet: counts from the papers' tables, sizes, gradients, bad input."""

import keras
import numpy as np
import pytest
from keras import ops

from utils.models.inception import GOOGLENET, googlenet, inception_module, network_in_network, side_classifier

# Table 1 of Szegedy et al., column "ops" in millions, of the nine modules. For 5a the paper prints 54, which is not
# what its own numbers of filters give (51); the other eight agree. The column "params" is further off its own filters.
MODULE_OPERATIONS = (128, 304, 73, 88, 100, 119, 170, None, 71)
MODULE_SIDES = (28, 28, 14, 14, 14, 14, 14, 7, 7)
MODULE_INPUTS = (192, 256, 480, 512, 512, 512, 528, 832, 832)

SMALL = (
    {"type": "conv", "filters": 6, "size": 3, "stride": 1},
    {"type": "pool"},
    {"type": "inception", "filters": (3, 2, 4, 2, 5, 1)},
    {"type": "side", "filters": 4, "units": 7},
    {"type": "inception", "filters": (2, 3, 3, 1, 2, 2)},
    {"type": "side", "filters": 3, "units": 6},
    {"type": "pool"},
)


def _modules():
    return [row["filters"] for row in GOOGLENET if row["type"] == "inception"]


def _module_weights(inputs, filters):
    """Weights without biases, from the table alone."""
    n1, n3_reduce, n3, n5_reduce, n5, n_pool = filters
    return inputs * (n1 + n3_reduce + n5_reduce + n_pool) + 9 * n3_reduce * n3 + 25 * n5_reduce * n5


def _by_hand(classes=1000):
    """Parameters of the network and of its two side classifiers, counted from the table."""
    stem = (7 * 7 * 3 + 1) * 64 + (64 + 1) * 64 + (9 * 64 + 1) * 192
    modules = sum(_module_weights(n, f) + sum(f) for n, f in zip(MODULE_INPUTS, _modules(), strict=True))
    sides = sum((n + 1) * 128 + (4 * 4 * 128 + 1) * 1024 + (1024 + 1) * classes for n in (512, 528))
    return stem + modules + (1024 + 1) * classes, sides


def test_the_table_has_the_papers_operations():
    for filters, inputs, side, millions in zip(
        _modules(), MODULE_INPUTS, MODULE_SIDES, MODULE_OPERATIONS, strict=True
    ):
        work = _module_weights(inputs, filters) * side**2 / 1e6
        assert millions is None or work == pytest.approx(millions, abs=1)


def test_the_channels_add_up_from_row_to_row():
    outputs = [n1 + n3 + n5 + pool for n1, _, n3, _, n5, pool in _modules()]
    assert outputs == [*MODULE_INPUTS[1:], 1024]


def test_googlenet_has_the_papers_parameters_to_the_last():
    main, sides = _by_hand()
    assert (main, main + sides) == (6_998_552, 13_378_280)
    model = googlenet()
    assert model.count_params() == main + sides
    assert [output.shape for output in model.outputs] == [(None, 1000)] * 3
    del model
    keras.backend.clear_session()
    model = googlenet(auxiliary=False)
    assert model.count_params() == main
    assert model.output.shape == (None, 1000)


def test_googlenet_shrinks_as_the_table_says():
    model = googlenet(auxiliary=False, classes=10)
    sides = [layer.output.shape[1] for layer in model.layers if isinstance(layer, keras.layers.MaxPooling2D)]
    assert set(sides) == {56, 28, 14, 7}
    joined = [layer.output.shape[1:] for layer in model.layers if isinstance(layer, keras.layers.Concatenate)]
    channels = [*MODULE_INPUTS[1:], 1024]
    assert joined == [(n, n, c) for n, c in zip(MODULE_SIDES, channels, strict=True)]


def test_a_module_keeps_height_and_width():
    x = keras.Input((7, 9, 5))
    assert inception_module(x, 1, 2, 3, 4, 5, 6).shape == (None, 7, 9, 15)


def test_a_module_lays_its_paths_side_by_side():
    """With all other weights 0, each path alone answers, in its own channels."""
    x = keras.Input((6, 6, 2))
    model = keras.Model(x, inception_module(x, 2, 1, 3, 1, 4, 5))
    picture = np.random.default_rng(0).random((1, 6, 6, 2), dtype=np.float32)
    places = {"3×3": slice(2, 5), "5×5": slice(5, 9)}
    for weight in model.weights:
        weight.assign(np.zeros(weight.shape))
    for size, name in ((3, "3×3"), (5, "5×5")):
        for layer in model.layers:
            if isinstance(layer, keras.layers.Conv2D):
                layer.bias.assign(np.full(layer.bias.shape, float(layer.kernel_size == (size, size))))
        out = ops.convert_to_numpy(model(picture))
        wanted = np.zeros_like(out)
        wanted[..., places[name]] = 1
        np.testing.assert_array_equal(out, wanted)


def test_every_loss_reaches_the_layers_below_it():
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("gradients are taken with TensorFlow")
    keras.utils.set_random_seed(1)
    model = googlenet(SMALL, (14, 14, 1), classes=3)
    pictures = np.random.default_rng(0).random((4, 14, 14, 1), dtype=np.float32)
    first = next(layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D))
    for head in range(3):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(tf.math.log(model(pictures)[head][:, 0]))
        gradient = tape.gradient(loss, first.kernel.value)
        assert float(tf.reduce_sum(abs(gradient))) > 0


def test_heads_are_probabilities_and_prediction_needs_no_sides():
    with_sides = googlenet(SMALL, (14, 16, 1), classes=3)
    alone = googlenet(SMALL, (14, 16, 1), classes=3, auxiliary=False)
    pictures = np.random.default_rng(0).random((2, 14, 16, 1), dtype=np.float32)
    for head in with_sides(pictures):
        np.testing.assert_allclose(ops.convert_to_numpy(head).sum(axis=1), 1, rtol=1e-5)
    assert alone(pictures).shape == (2, 3)
    # 13 channels arrive at the first side classifier, 9 at the second; 1×2 windows fit into 7×8.
    side_weights = (13 + 1) * 4 + (4 * 1 * 2 + 1) * 7 + (7 + 1) * 3
    side_weights += (9 + 1) * 3 + (3 * 1 * 2 + 1) * 6 + (6 + 1) * 3
    assert with_sides.count_params() - alone.count_params() == side_weights


def test_network_in_network_has_the_released_parameters():
    model = network_in_network()
    blocks = ((3, 5, (192, 160, 96)), (96, 5, (192, 192, 192)), (192, 3, (192, 192, 10)))
    count = 0
    for channels, size, filters in blocks:
        for f in filters:
            count, channels, size = count + (size**2 * channels + 1) * f, f, 1
    assert count == model.count_params() == 966_986
    assert not [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    out = ops.convert_to_numpy(network_in_network((9, 8, 1), 4)(np.ones((2, 9, 8, 1), np.float32)))
    np.testing.assert_allclose(out.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: googlenet(SMALL, (14, 14), 3), "input_shape"),
        (lambda: googlenet(SMALL, (14, 14, 1), 1), "classes"),
        (lambda: googlenet([{"type": "flatten"}], (14, 14, 1), 3), r"table\[0\].*'flatten'"),
        (lambda: googlenet([{"type": "inception", "filters": (1, 2)}], (14, 14, 1), 3), "six numbers"),
        (lambda: googlenet(SMALL, (8, 8, 1), 3), "5×5.*4×4"),
        (lambda: side_classifier(keras.Input((4, 9, 2)), 1, 2, 3), "4×9"),
        (lambda: inception_module(keras.Input((4, 9, 2)), 1, 0, 3, 1, 1, 1), "at least 1"),
        (lambda: network_in_network((3, 32, 3)), "input_shape"),
        (lambda: network_in_network(dropout=1), "dropout"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
