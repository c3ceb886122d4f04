"""The bundled ImageNet networks give their known answers on real photographs, offline."""

import keras
import numpy as np
import pytest
from PIL import Image

from utils.data import photograph
from utils.data.assets import load_asset
from utils.data.compact import unpack_kernels
from utils.models.efficientnet import efficientnet_lite0, imagenet_classes
from utils.models.preprocessing import ImageNetPreprocessing
from utils.models.vgg import VGG16_BLOCKS, deepen, vgg16_features, vgg19_features
from utils.models.weights import assign_weights

pytestmark = pytest.mark.slow


def picture(name: str, size: int = 224) -> np.ndarray:
    """The middle square of a bundled photograph, (1, size, size, 3) in [0, 1]."""
    image = Image.fromarray(photograph(name))
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(square, dtype=np.float32)[None] / 255


def relative_error(got, want) -> float:
    return float(np.linalg.norm(got - want) / np.linalg.norm(want))


def outputs(model: keras.Model, names: list[str], x: np.ndarray) -> list[np.ndarray]:
    part = keras.Model(model.input, [model.get_layer(name).output for name in names])
    return [np.asarray(y) for y in part.predict_on_batch(x)]


def test_efficientnet_knows_a_coffee_and_a_cat():
    model = efficientnet_lite0()
    names = imagenet_classes()
    assert len(names) == 1000
    coffee = model.predict_on_batch(picture("coffee"))[0]
    assert names[coffee.argmax()] == "espresso"
    assert coffee.max() > 0.6
    cat = model.predict_on_batch(picture("chelsea"))[0]
    assert 281 <= cat.argmax() <= 285, names[cat.argmax()]  # ImageNet's five kinds of domestic cat
    np.testing.assert_allclose([coffee.sum(), cat.sum()], 1, rtol=1e-4)


def test_efficientnet_without_its_top_gives_the_same_features():
    x = picture("coffee", 96)
    features = efficientnet_lite0(input_shape=(96, 96, 3), include_top=False).predict_on_batch(x)
    assert features.shape == (1, 3, 3, 1280)
    [whole] = [outputs(efficientnet_lite0(input_shape=(96, 96, 3)), ["head_relu", "head_relu"], x)[0]]
    np.testing.assert_allclose(features, whole, rtol=1e-4, atol=1e-5)


def test_parameters_are_those_of_the_published_networks():
    assert (
        vgg16_features(None).count_params()
        == keras.applications.VGG16(weights=None, include_top=False).count_params()
    )
    assert (
        vgg19_features(None).count_params()
        == keras.applications.VGG19(weights=None, include_top=False).count_params()
    )
    # Published as 4.7 million (4,652,008 trainable); the moving averages of batch normalisation come on top.
    assert sum(w.numpy().size for w in efficientnet_lite0(None).trainable_weights) == 4_652_008


@pytest.mark.parametrize(("ours", "theirs"), [(vgg16_features, "VGG16"), (vgg19_features, "VGG19")])
def test_same_graph_as_keras_applications(ours, theirs):
    """Equal weights give equal features, layer by layer, once the picture is preprocessed."""
    model = ours(None)
    reference = getattr(keras.applications, theirs)(weights=None, include_top=False)
    names = [layer.name for layer in model.layers if layer.name.startswith("block")]
    assert names == [layer.name for layer in reference.layers if layer.name.startswith("block")]
    for name in names:
        model.get_layer(name).set_weights(reference.get_layer(name).get_weights())
    x = picture("coffee", 64)
    prepared = np.asarray(ImageNetPreprocessing()(x))
    np.testing.assert_allclose(
        model.predict_on_batch(x), reference.predict_on_batch(prepared), rtol=1e-4, atol=1e-6
    )


def test_vgg19_is_vgg16_at_shared_layers_and_deepening_changes_nothing():
    exact = unpack_kernels(load_asset("vgg16-features"))
    shallow, deep = vgg16_features(None), vgg19_features(None)
    assign_weights(shallow, exact)
    assign_weights(deep, deepen(exact))
    x = picture("china", 128)
    shared = [f"block{b}_conv{n}" for b, count in enumerate(VGG16_BLOCKS, 1) for n in range(1, count + 1)]
    shared += [f"block{b}_pool" for b in range(1, 6)]
    for name, a, b in zip(shared, outputs(shallow, shared, x), outputs(deep, shared, x), strict=True):
        assert relative_error(b, a) <= 1e-5, name


def test_bundled_weights_are_the_default_of_both():
    x = picture("china", 64)
    assert relative_error(vgg19_features().predict_on_batch(x), vgg16_features().predict_on_batch(x)) <= 1e-5


def test_caffe_preprocessing_is_that_of_keras_applications():
    x = picture("coffee", 32)
    expected = keras.applications.vgg19.preprocess_input(x * 255)
    np.testing.assert_allclose(np.asarray(ImageNetPreprocessing("caffe")(x)), expected, atol=1e-3)


def test_standardising_is_that_of_keras_applications():
    from keras.src.applications.imagenet_utils import preprocess_input

    x = picture("coffee", 32)
    expected = preprocess_input(x * 255, mode="torch", data_format="channels_last")
    np.testing.assert_allclose(np.asarray(ImageNetPreprocessing()(x)), expected, atol=1e-5)


def test_a_model_with_its_preprocessing_survives_saving(tmp_path):
    model = vgg16_features()
    small = keras.Model(model.input, model.get_layer("block1_pool").output)
    small.save(tmp_path / "vgg.keras")
    x = picture("coffee", 32)
    again = keras.models.load_model(tmp_path / "vgg.keras")
    np.testing.assert_allclose(again.predict_on_batch(x), small.predict_on_batch(x), atol=1e-6)


def test_wrong_weights_are_named():
    exact = unpack_kernels(load_asset("vgg16-features"))
    model = vgg16_features(None)
    before = model.get_layer("block1_conv1").get_weights()[0]
    with pytest.raises(ValueError, match=r"missing \['block5_conv3/bias'\]"):
        assign_weights(model, {k: v for k, v in exact.items() if k != "block5_conv3/bias"})
    with pytest.raises(ValueError, match="block1_conv1/kernel has shape"):
        assign_weights(model, {**exact, "block1_conv1/kernel": np.zeros((1, 1, 3, 64), np.float32)})
    np.testing.assert_array_equal(model.get_layer("block1_conv1").get_weights()[0], before)
    with pytest.raises(FileNotFoundError, match="weights must be"):
        vgg16_features("no/such/file.h5")
    with pytest.raises(ValueError, match="mode must be one of standardise, caffe"):
        ImageNetPreprocessing("bgr")
