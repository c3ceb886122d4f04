"""The network of style transfer, cut behind the last layer that is asked for: what comes after would only cost time."""

from collections.abc import Sequence

import keras

CONTENT_LAYER = "block5_conv4"
STYLE_LAYERS = tuple(f"block{block}_conv1" for block in range(1, 6))


def feature_extractor(network: keras.Model, names: Sequence[str]) -> keras.Model:
    """Return a frozen model that gives the outputs of several layers.

    Parameters
    ----------
    network : keras.Model
        Such as `utils.models.vgg.vgg19_features`: pictures (batch, height, width, 3) in [0, 1] → maps.
    names : sequence of str
        Of its layers, in any order, each once.

    Returns
    -------
    keras.Model
        Pictures → dict of maps by name. It shares the network's weights and has no layer that none of them needs.

    Raises
    ------
    ValueError
        When no name is given, one comes twice, or the network has no such layer; the message names those that it has.
    """
    known = [layer.name for layer in network.layers]
    if not names or len(set(names)) != len(names):
        raise ValueError(f"names must be one or more different names, got {list(names)}")
    for name in names:
        if name not in known:
            raise ValueError(f"names has {name!r}; the network has {', '.join(known)}")
    outputs = {name: network.get_layer(name).output for name in names}
    extractor = keras.Model(network.inputs[0], outputs, name=f"{network.name}_features")
    extractor.trainable = False
    return extractor
