"""What lesson 2 of week 2 asks for: a residual block in NumPy, two kinds of networks, the sizes of gradients."""

from collections.abc import Sequence

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Exercise
from utils.exercises.keras_graphs import probe_network


def _network_arguments(case: Case) -> tuple[tuple, dict]:
    params = dict(case.params)
    depth, shape, classes, width = (params.pop(name) for name in ("depth", "input_shape", "classes", "width"))
    return (depth, tuple(shape), classes, width), params


def _gradient_arguments(case: Case) -> tuple[tuple, dict]:
    """Build the network of a case and put the case's weights into it."""
    X, Y = (np.array(case.arrays[name]) for name in ("X", "Y"))
    model = small_network(case.params["steps"], X.shape[1:])
    weights = [case.arrays[name] for name in case.arrays if name not in ("X", "Y")]
    for weight, value in zip(model.trainable_weights, weights, strict=True):
        weight.assign(value)
    return (model, X, Y), {}


def small_network(steps: Sequence[Sequence], input_shape: tuple[int, ...]):
    """Build a classifier from a list of steps.

    Parameters
    ----------
    steps : sequence of (kind, number)
        In order; the number counts filters or units and is 0 for kinds without: ``"conv"`` (3×3, same padding, with
        biases), ``"norm"``, ``"relu"``, ``"keep"`` (remembers what has come so far), ``"add"`` (adds what was kept),
        ``"mean"`` (over height and width), ``"dense"``.
    input_shape : tuple of int
        Without the batch.

    Returns
    -------
    keras.Model
        A softmax follows the last step.
    """
    import keras
    from keras import layers

    x = kept = inputs = keras.Input(tuple(input_shape))
    for kind, number in steps:
        if kind == "keep":
            kept = x
            continue
        make = {
            "conv": lambda n: layers.Conv2D(n, 3, padding="same"),
            "norm": lambda n: layers.BatchNormalization(),
            "relu": lambda n: layers.ReLU(),
            "add": lambda n: layers.Add(),
            "mean": lambda n: layers.GlobalAveragePooling2D(),
            "dense": lambda n: layers.Dense(n),
        }[kind]
        x = make(number)([x, kept] if kind == "add" else x)
    return keras.Model(inputs, layers.Softmax()(x))


EXERCISES = (
    Exercise(
        notebook="w2l2",
        function="residual_forward",
        signature="(x, W1, W2)",
        points=2,
        task="Compute a residual block of two dense layers: what came in is added before the last ReLU.",
        hints=(
            "Write the block without its shortcut first: a product, a ReLU, a product, a ReLU. Then look at the "
            "drawing: between which two of these four steps does the shortcut arrive?",
            "The ReLU of an array is `np.maximum(…, 0)`. Rows of `x` are samples, so the products are `… @ W1` and "
            "`… @ W2`.",
            "hidden = relu(x @ W1), and the result is relu(hidden @ W2 + x). The sum has one ReLU, around all of it.",
        ),
    ),
    Exercise(
        notebook="w2l2",
        function="plain_network",
        signature="(depth, input_shape=(14, 14, 1), classes=10, width=8)",
        points=2,
        task="Stack convolutions in three stages to a network of the asked depth, without shortcuts.",
        hints=(
            "Count the layers with weights: one convolution at the beginning, one dense layer at the end, and three "
            "stages share the rest. How many convolutions has each stage?",
            "Two loops: the outer over the stages 0, 1, 2 with `width * 2**stage` filters, the inner over the "
            "(depth − 2) // 3 convolutions of a stage. Each is `layers.ReLU()(conv_bn(x, filters, 3, strides))`.",
            "`strides` is 2 for the first convolution of the stages 1 and 2, and 1 everywhere else. At the end "
            '`layers.GlobalAveragePooling2D()` and `layers.Dense(classes, activation="softmax")`.',
        ),
        build=_network_arguments,
        probe=probe_network,
        answered_by=("utils.models.resnet.cifar_resnet", "utils.models.resnet.basic_block"),
        time_limit=60,
    ),
    Exercise(
        notebook="w2l2",
        function="residual_network",
        signature="(depth, input_shape=(14, 14, 1), classes=10, width=8, projection=False)",
        points=2,
        task="Build the same network with a shortcut around every two convolutions.",
        hints=(
            "The inner loop now runs over blocks of two convolutions, (depth − 2) // 6 of them in a stage. Keep `x` "
            "as it is while you compute the block's main path under another name, `y`.",
            "In a block: `y = layers.ReLU()(conv_bn(x, filters, 3, strides))`, then `y = conv_bn(y, filters, 3, 1)` "
            "without a ReLU, then the sum of `y` and the shortcut, and then the ReLU.",
            "The shortcut is `x` where strides is 1. Where it is 2: `conv_bn(x, filters, 1, 2)` if `projection`, else "
            "`pad_channels(x[:, ::2, ::2], filters)`.",
        ),
        build=_network_arguments,
        probe=probe_network,
        answered_by=("utils.models.resnet.cifar_resnet", "utils.models.resnet.basic_block"),
        time_limit=60,
    ),
    Exercise(
        notebook="w2l2",
        function="gradient_norms",
        signature="(model, X, Y)",
        points=2,
        task="Measure how long the gradient of the loss is for each kernel of a network.",
        hints=(
            "TensorFlow computes gradients of what happens inside `with tf.GradientTape() as tape:`. There you need "
            "the network's probabilities for X, and from them one number: the mean loss.",
            "`model(X, training=True)` gives the probabilities as they are in a step of training; "
            "`keras.losses.sparse_categorical_crossentropy(Y, probabilities)` gives one loss a picture. After the "
            "`with`, `tape.gradient(loss, kernels)` gives one array for each kernel.",
            "`kernels = [w for w in model.trainable_weights if len(w.shape) > 1]`; biases and the numbers of a "
            "normalisation are vectors and drop out. The length of an array is `np.linalg.norm(gradient)`: all its "
            "numbers squared, summed, and the root.",
        ),
        build=_gradient_arguments,
        time_limit=60,
    ),
)
