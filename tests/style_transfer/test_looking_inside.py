"""Receptive fields against perturbed pixels, gradients against differences and closed forms, ascent on linear units."""

import keras
import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from keras import layers

from utils.models.efficientnet import efficientnet_lite0
from utils.models.vgg import vgg16_features
from utils.style import attribution, visualisation
from utils.style.gradients import compile_gradient, value_and_gradient
from utils.style.patches import (
    patches_of,
    receptive_field,
    strongest_places,
    top_patches,
)

WINDOWS = st.sampled_from(
    [
        ("conv", 3, 1, "same", 1),
        ("conv", 2, 2, "same", 1),
        ("conv", 5, 2, "same", 1),
        ("conv", 3, 1, "valid", 2),
        ("conv", 4, 2, "valid", 1),
        ("depthwise", 3, 2, "same", 1),
        ("max", 3, 2, "same", 1),
        ("mean", 2, 2, "valid", 1),
        ("zeros", 1, 1, "", 1),
        ("crop", 1, 1, "", 1),
        ("shortcut", 3, 1, "same", 1),
    ]
)


def add(x, kind, size, stride, padding, dilation, name):
    """Add a layer whose weights are all positive, so that nothing a unit sees can cancel out."""
    options = {"kernel_initializer": "ones", "padding": padding, "dilation_rate": dilation}
    if kind == "conv":
        return layers.Conv2D(2, size, stride, name=name, **options)(x)
    if kind == "depthwise":
        return layers.DepthwiseConv2D(size, stride, depthwise_initializer="ones", padding=padding, name=name)(
            x
        )
    if kind in ("max", "mean"):
        pooling = layers.MaxPooling2D if kind == "max" else layers.AveragePooling2D
        return pooling(size, stride, padding, name=name)(x)
    if kind == "zeros":
        return layers.ZeroPadding2D(((1, 0), (2, 1)), name=name)(x)
    if kind == "crop":
        return layers.Cropping2D(((1, 1), (0, 1)), name=name)(x)
    filtered = layers.Conv2D(x.shape[-1], size, padding="same", kernel_initializer="ones")(x)
    return layers.Add(name=name)([x, layers.Activation("relu")(filtered)])


def stack(steps, size):
    x = inputs = keras.Input((*size, 1))
    for number, step in enumerate(steps):
        x = add(x, *step, name=f"step_{number}")
    return keras.Model(inputs, x), f"step_{len(steps) - 1}"


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.lists(WINDOWS, min_size=1, max_size=4), st.tuples(st.integers(15, 19), st.integers(15, 19)))
def test_a_field_is_what_single_white_pixels_reach(steps, size):
    try:
        model, layer = stack(steps, size)
    except ValueError:  # strides and valid windows have left no place
        reject()
    field = receptive_field(model, layer)
    padded = any(kind == "zeros" or padding == "same" for kind, _, _, padding, *_ in steps)
    height, width = size
    spots = np.eye(height * width, dtype=np.float32).reshape(-1, height, width, 1)
    black = np.asarray(model(np.zeros((1, height, width, 1), np.float32)))
    reached = (np.asarray(model(spots)) > black).any(axis=-1).reshape(height, width, *black.shape[1:3])
    for place in np.ndindex(*black.shape[1:3]):
        touched = np.argwhere(reached[:, :, *place])
        low = field.start + field.stride * np.array(place)
        high = low + field.size
        if len(touched):
            assert (touched.min(axis=0) >= low).all()
            assert (touched.max(axis=0) < high).all()
        # What reaches a unit only through the padding of a layer in between does not reach it at all.
        if not padded and (low >= 0).all() and (high <= size).all():
            np.testing.assert_array_equal(touched.min(axis=0), low)
            np.testing.assert_array_equal(touched.max(axis=0), high - 1)


def test_fields_of_vgg16():
    model = vgg16_features(weights=None)
    sizes = {
        "block1_conv1": 3,
        "block2_conv2": 14,
        "block3_conv3": 40,
        "block4_conv3": 92,
        "block5_conv3": 196,
    }
    assert {name: receptive_field(model, name).size[0] for name in sizes} == sizes
    assert receptive_field(model, "block5_conv3").stride == (16, 16)


def test_fields_of_a_network_with_shortcuts_grow():
    model = efficientnet_lite0(weights=None)
    sizes = [receptive_field(model, f"block{number}_project_bn").size[0] for number in range(16)]
    assert sizes == sorted(sizes)
    with pytest.raises(ValueError, match="picture_size"):
        receptive_field(efficientnet_lite0(weights=None, input_shape=(None, None, 3)), "head_relu")
    with pytest.raises(ValueError, match="average"):
        receptive_field(model, "classes")
    with pytest.raises(ValueError, match="layer must be one of"):
        receptive_field(model, "nothing")


@pytest.fixture(scope="module")
def small():
    x = inputs = keras.Input((None, None, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="tanh", name="first")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(5, 3, padding="same", activation="tanh", name="second")(x)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(6, activation="softmax", name="classes")(x))
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.5, weight.shape) for weight in model.get_weights()])
    return model


def some_pictures(count=7, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.random((*rng.integers(9, 14, 2), 3), dtype=np.float32) for _ in range(count)]


@pytest.mark.parametrize("count", [1, 3, 20])
def test_strongest_places_are_those_of_sorting_everything(small, count):
    pictures = some_pictures()
    found = strongest_places(small, ["first", "second"], iter(pictures), count)
    for name in ("first", "second"):
        network = keras.Model(small.inputs[0], small.get_layer(name).output)
        maps = [np.asarray(network(picture[None]))[0] for picture in pictures]
        best = np.array([m.max(axis=(0, 1)) for m in maps])
        np.testing.assert_allclose(found[name].values, np.sort(best, axis=0)[::-1][:count].T, rtol=1e-5)
        for unit, (numbers, places) in enumerate(zip(found[name].pictures, found[name].places, strict=True)):
            for number, place, value in zip(numbers, places, found[name].values[unit], strict=True):
                assert maps[number][(*place, unit)] == pytest.approx(value, rel=1e-5)


def test_patches_alone_excite_as_much_as_whole_pictures():
    """What a unit sees is all that it needs: with "valid" padding the patch alone gives the same activation."""
    x = inputs = keras.Input((None, None, 3))
    x = layers.Conv2D(3, 3, activation="tanh", name="a")(x)
    x = layers.Conv2D(4, 3, strides=2, name="b")(layers.MaxPooling2D(2)(x))
    model = keras.Model(inputs, x)
    pictures = some_pictures(6, seed=3)
    values, patches = top_patches(model, "b", 2, pictures, 4)
    size = receptive_field(model, "b").size
    for value, patch in zip(values, patches, strict=True):
        assert patch.shape == (*size, 3)
        assert np.asarray(model(patch[None]))[0, 0, 0, 2] == pytest.approx(float(value), rel=1e-4)
    found = strongest_places(model, ["b"], pictures, 4)["b"]
    np.testing.assert_array_equal(next(patches_of(model, "b", found, 2, pictures)), patches[0])


def test_no_picture_and_no_count(small):
    with pytest.raises(ValueError, match="pictures"):
        strongest_places(small, ["first"], [])
    with pytest.raises(ValueError, match="count"):
        strongest_places(small, ["first"], some_pictures(1), 0)


def test_gradient_of_a_quadratic_form():
    rng = np.random.default_rng(0)
    a, x = rng.normal(size=(5, 5)), rng.normal(size=5)
    value, gradient = value_and_gradient(lambda v: keras.ops.sum(v * keras.ops.matmul(a, v)), x)
    assert value == pytest.approx(x @ a @ x)
    np.testing.assert_allclose(gradient, (a + a.T) @ x)
    assert value_and_gradient(lambda v: keras.ops.convert_to_tensor(1.0), x)[1].tolist() == [0] * 5


def test_the_compiled_gradient_is_the_same_and_recorded_once():
    calls = []

    def energy(x):
        calls.append(x.shape)
        return keras.ops.sum(keras.ops.square(x) * x, axis=-1)

    compiled = compile_gradient(energy, (None, None, 3))
    for seed, shape in enumerate([(4, 5, 3), (4, 5, 3), (7, 2, 3)]):
        x = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
        for found, wanted in zip(compiled(x), value_and_gradient(energy, x), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert [shape.rank for shape in calls if None in shape.as_list()] == [3]


def test_scores_are_logits_that_share_the_network(small):
    picture = some_pictures(1)[0][None]
    scores = np.asarray(attribution.class_scores(small)(picture))
    shares = np.exp(scores) / np.exp(scores).sum()
    np.testing.assert_allclose(shares, np.asarray(small(picture)), rtol=1e-5)
    with pytest.raises(ValueError, match="dense"):
        attribution.class_scores(keras.Model(small.inputs[0], small.get_layer("second").output))


def test_saliency_of_a_linear_classifier_is_its_weights():
    """Simonyan et al. 2013, section 3.1: for S = w·I + b the map is the largest |w| of the channels."""
    inputs = keras.Input((4, 5, 3))
    model = keras.Model(inputs, layers.Dense(3)(layers.Flatten()(inputs)))
    weights = model.get_weights()[0].reshape(4, 5, 3, 3)
    found = attribution.saliency_map(model, some_pictures(1)[0][:4, :5], 2)
    np.testing.assert_allclose(found, np.abs(weights[..., 2]).max(axis=-1), rtol=1e-5)


def test_saliency_is_what_differences_give(small):
    scores, picture = attribution.class_scores(small), some_pictures(1, seed=5)[0]
    found = attribution.saliency_map(scores, picture, 4)
    for row, column in ((0, 0), (3, 4), (8, 8)):
        slopes = []
        for channel in range(3):
            ends = np.repeat(picture[None], 2, axis=0)
            ends[0, row, column, channel] += 1e-2
            ends[1, row, column, channel] -= 1e-2
            high, low = np.asarray(scores(ends))[:, 4]
            slopes.append(abs(high - low) / 2e-2)
        assert found[row, column] == pytest.approx(max(slopes), abs=2e-3)


def test_smoothed_saliency_without_noise_is_saliency(small):
    scores, picture = attribution.class_scores(small), some_pictures(1)[0]
    rng = np.random.default_rng(0)
    plain = attribution.saliency_map(scores, picture, 1)
    np.testing.assert_allclose(
        attribution.smooth_saliency_map(scores, picture, 1, rng, samples=3, noise=0), plain, rtol=1e-4
    )
    assert attribution.smooth_saliency_map(scores, picture, 1, rng, 4, 0.1).shape == picture.shape[:2]
    with pytest.raises(ValueError, match="samples"):
        attribution.smooth_saliency_map(scores, picture, 1, rng, samples=0)


def test_grad_cam_before_a_global_average_is_cam(small):
    """Selvaraju et al. 2017, section 3: there the weights are the dense layer's, divided by the number of places."""
    scores, picture = attribution.class_scores(small), some_pictures(1)[0]
    maps = np.asarray(keras.Model(small.inputs[0], small.get_layer("second").output)(picture[None]))[0]
    dense = small.get_layer("classes").get_weights()[0][:, 3]
    wanted = np.maximum(maps @ dense, 0) / (maps.shape[0] * maps.shape[1])
    np.testing.assert_allclose(
        attribution.grad_cam(scores, picture, 3, "second"), wanted, rtol=1e-4, atol=1e-6
    )


def test_occlusion_of_a_sum():
    """A model that adds up its pixels loses, at each position, the sum of what is covered."""
    inputs = keras.Input((6, 8, 3))
    model = keras.Model(inputs, layers.Dense(1, kernel_initializer="ones")(layers.Flatten()(inputs)))
    picture = some_pictures(1)[0][:6, :8]
    found = attribution.occlusion_map(model, picture, 0, window=2, stride=3, fill=0)
    wanted = [[picture[r : r + 2, c : c + 2].sum() for c in (0, 3, 6)] for r in (0, 3)]
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_attribution_refuses_bad_arguments(small):
    scores, picture = attribution.class_scores(small), some_pictures(1)[0]
    with pytest.raises(ValueError, match="class_index"):
        attribution.saliency_map(scores, picture, 6)
    with pytest.raises(ValueError, match="layer must be one of"):
        attribution.grad_cam(scores, picture, 0, "third")
    with pytest.raises(ValueError, match="window"):
        attribution.occlusion_map(scores, picture, 0, window=50, stride=1)


def linear_units():
    """Two units that are weighted sums of a pixel's channels."""
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, layers.Conv2D(2, 1, use_bias=False, name="sums")(inputs))
    model.set_weights([np.array([[3, 1], [-1, 1], [0, 2]], np.float32).reshape(1, 1, 3, 2)])
    return model


def test_each_picture_climbs_for_its_own_unit():
    """The gradient is the weights everywhere, so a step is weights over their root mean square."""
    model, start = linear_units(), np.full((2, 4, 5, 3), 0.5, np.float32)
    found = visualisation.maximise(model, "sums", [0, 1], start, 2, 0.05)
    for unit, weights in enumerate(([3, -1, 0], [1, 1, 2])):
        step = 0.05 * np.array(weights) / np.sqrt(np.mean(np.square(weights)))
        np.testing.assert_allclose(found[unit], np.broadcast_to(0.5 + 2 * step, (4, 5, 3)), atol=1e-5)
    ends = visualisation.maximise(model, "sums", [0, 1], start, 40, 0.1)
    np.testing.assert_allclose(ends[0, 0, 0], [1, 0, 0.5], atol=1e-5)
    np.testing.assert_array_equal(start, 0.5)


def test_penalties_hold_the_picture_back():
    model = linear_units()
    start = visualisation.noise(1, 12, np.random.default_rng(0), spread=0.2)

    def roughness(regularisation, steps=20):
        made = visualisation.maximise(
            model, "sums", [0], start, steps, 0.02, regularisation, np.random.default_rng(1)
        )
        return np.abs(np.diff(made, axis=1)).mean(), np.square(made - 0.5).mean()

    plain = roughness(visualisation.PLAIN)
    assert roughness(visualisation.Regularisation(blur=0.5))[0] < plain[0] / 2
    assert roughness(visualisation.Regularisation(variation=50))[0] < plain[0]
    assert roughness(visualisation.Regularisation(decay=50))[1] < plain[1]
    # Shifting does not matter to units that see one pixel.
    assert roughness(visualisation.Regularisation(jitter=3)) == pytest.approx(plain, rel=1e-4)


def test_coarse_to_fine_excites(small):
    rng = np.random.default_rng(0)
    start = visualisation.noise(2, 16, rng)
    calm = visualisation.Regularisation(jitter=1, blur=0.1)
    made = visualisation.maximise_coarse_to_fine(small, "second", [1, 3], (8, 16), 8, 0.05, calm, rng)
    assert made.shape == (2, 16, 16, 3)
    assert 0 <= made.min() <= made.max() <= 1
    before, after = (visualisation.activations(small, "second", [1, 3], x) for x in (start, made))
    assert (after > before).all()


def test_visualisation_refuses_bad_arguments(small):
    start = np.zeros((1, 8, 8, 3), np.float32)
    with pytest.raises(ValueError, match="units must be between"):
        visualisation.maximise(small, "second", [5], start, 1, 0.1)
    with pytest.raises(ValueError, match="one a unit"):
        visualisation.maximise(small, "second", [1, 2], start, 1, 0.1)
    with pytest.raises(ValueError, match="rng"):
        visualisation.maximise(small, "second", [1], start, 1, 0.1, visualisation.Regularisation(jitter=2))
    with pytest.raises(ValueError, match="blur"):
        visualisation.Regularisation(blur=2)
