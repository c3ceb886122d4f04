"""VGG-16 and VGG-19 without their dense layers: the features of style transfer and of looking inside a network.

Simonyan and Zisserman 2015, "Very deep convolutional networks for large-scale image recognition" (arXiv:1409.1556),
table 1, columns D and E.

The bundled weights are those of an ImageNet VGG-16. VGG-19 is made from it by function-preserving deepening
(Net2DeeperNet, Chen, Goodfellow and Shlens 2016, arXiv:1511.05641): each of the three added convolutions starts as the
identity, which after a ReLU changes nothing. So the bundled VGG-19 has VGG-19's graph and layer names and computes
VGG-16's features.
``weights="canonical"`` takes the authors' own VGG-19 instead.
"""

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
from keras import layers

from utils.data.assets import asset_path
from utils.models.preprocessing import ImageNetPreprocessing
from utils.models.weights import assign_weights, load_weights

FILTERS = (64, 128, 256, 512, 512)
VGG16_BLOCKS = (2, 2, 3, 3, 3)
VGG19_BLOCKS = (2, 2, 4, 4, 4)


def vgg16_features(
    weights: str | Path | None = "bundled", input_shape: tuple[int | None, int | None, int] = (None, None, 3)
) -> keras.Model:
    """Build VGG-16's thirteen convolutions and five poolings, preprocessing included.

    Parameters
    ----------
    weights : {"bundled", "canonical"}, path or None
        ``"bundled"``: ImageNet weights of torchvision's VGG-16, kernels quantised to int8. ``"canonical"``: the
        authors', fetched once (`course data fetch`). A path: a file in the bundled form. None: random.
    input_shape : tuple
        (height, width, 3) of pictures, RGB in [0, 1].

    Returns
    -------
    keras.Model
        (batch, height, width, 3) → (batch, height / 32, width / 32, 512); layers named as in ``keras.applications``.
    """
    return _build("vgg16", VGG16_BLOCKS, weights, input_shape)


def vgg19_features(
    weights: str | Path | None = "bundled", input_shape: tuple[int | None, int | None, int] = (None, None, 3)
) -> keras.Model:
    """Build VGG-19's sixteen convolutions and five poolings, preprocessing included.

    Parameters
    ----------
    weights : {"bundled", "canonical"}, path or None
        As in :func:`vgg16_features`; bundled weights are VGG-16's, deepened (see the module's first lines).
    input_shape : tuple
        (height, width, 3) of pictures, RGB in [0, 1].

    Returns
    -------
    keras.Model
        (batch, height, width, 3) → (batch, height / 32, width / 32, 512); layers named as in ``keras.applications``.
    """
    return _build("vgg19", VGG19_BLOCKS, weights, input_shape)


def deepen(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Add VGG-19's three extra convolutions to VGG-16's weights, as identities.

    Parameters
    ----------
    weights : mapping of str to ndarray
        VGG-16's, by ``"block1_conv1/kernel"`` and so on.
    """
    deeper = dict(weights)
    for block in (3, 4, 5):
        filters = FILTERS[block - 1]
        kernel = np.zeros((3, 3, filters, filters), dtype=np.float32)
        kernel[1, 1] = np.eye(filters, dtype=np.float32)
        deeper[f"block{block}_conv4/kernel"] = kernel
        deeper[f"block{block}_conv4/bias"] = np.zeros(filters, dtype=np.float32)
    return deeper


def _build(
    name: str,
    blocks: tuple[int, ...],
    weights: str | Path | None,
    input_shape: tuple[int | None, int | None, int],
) -> keras.Model:
    canonical = weights == "canonical"
    inputs = keras.Input(input_shape, name="pictures")
    x = ImageNetPreprocessing("caffe" if canonical else "standardise", name="preprocessing")(inputs)
    for block, (convolutions, filters) in enumerate(zip(blocks, FILTERS, strict=True), start=1):
        for number in range(1, convolutions + 1):
            x = layers.Conv2D(
                filters, 3, padding="same", activation="relu", name=f"block{block}_conv{number}"
            )(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    model = keras.Model(inputs, x, name=name)
    if canonical:
        model.load_weights(asset_path(f"{name}-canonical"))
    elif weights is not None:
        known = load_weights(weights, "vgg16-features")
        # A file may hold VGG-16's weights, as the bundled one does, or a whole VGG-19.
        assign_weights(
            model, deepen(known) if name == "vgg19" and "block3_conv4/kernel" not in known else known
        )
    return model
