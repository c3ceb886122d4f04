"""U-Net: sizes, weights counted by hand, and details that cross from the way down to the way up."""

import keras
import numpy as np
import pytest

from utils.models.unet import unet


@pytest.mark.parametrize(("shape", "levels"), [((16, 32, 3), 3), ((8, 8, 1), 2)])
def test_the_mask_is_as_large_as_the_picture(shape, levels):
    model = unet(shape, 4, 5, levels)
    assert model.output_shape == (None, *shape[:2], 5)


def test_weights_counted_level_by_level():
    filters, channels, classes, levels = 4, 3, 2, 3

    def conv(size, inputs, outputs):
        return size * size * inputs * outputs + outputs

    widths = [filters * 2**level for level in range(levels)]
    expected, inputs = 0, channels
    for width in widths:
        expected += conv(3, inputs, width) + conv(3, width, width)
        inputs = width
    for width in reversed(widths[:-1]):
        expected += conv(3, 2 * width, width) * 2 + conv(3, width, width)
    expected += conv(1, filters, classes)
    assert unet((16, 16, channels), filters, classes, levels).count_params() == expected


def test_details_cross_over():
    """With the lowest level silenced, a mask still depends on single pixels."""
    keras.utils.set_random_seed(0)
    model = unet((16, 16, 1), 4, 2, 3)
    lowest = next(layer for layer in model.layers if "Transpose" in type(layer).__name__)
    lowest.set_weights([np.zeros_like(weight) for weight in lowest.get_weights()])
    x = np.random.default_rng(0).random((1, 16, 16, 1)).astype(np.float32)
    changed = x.copy()
    changed[0, 5, 6] += 1
    difference = np.abs(model.predict(x, verbose=0) - model.predict(changed, verbose=0))[0].max(axis=-1)
    assert difference[5, 6] > 1e-3


def test_without_skips_nothing_crosses_over():
    model = unet((16, 16, 1), 4, 2, 3, skips=False)
    lowest = next(layer for layer in model.layers if "Transpose" in type(layer).__name__)
    lowest.set_weights([np.zeros_like(weight) for weight in lowest.get_weights()])
    x = np.random.default_rng(0).random((2, 16, 16, 1)).astype(np.float32)
    first, second = np.asarray(model(x))
    np.testing.assert_allclose(first, second, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (10, 16, 3)}, "multiples of 16"),
        ({"levels": 1}, "levels"),
        ({"classes": 0}, "classes"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        unet(**arguments)
