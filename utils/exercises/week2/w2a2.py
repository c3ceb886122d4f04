"""What assignment 2 of week 2 asks for: residual blocks, a 50-layer ResNet, batch normalisation in NumPy."""

from functools import partial

from utils.exercises.case import Case
from utils.exercises.entry import Exercise, named_results
from utils.exercises.keras_graphs import probe_network


def _block_arguments(case: Case) -> tuple[tuple, dict]:
    """Make the symbolic input of a case, and an initializer whose numbers can be recognised."""
    import keras

    low = case.params["first_values_from"]

    class Between(keras.initializers.RandomUniform):
        def __init__(self, seed=None):
            super().__init__(low, low + 1, seed)

    names = ("f", "filters", "s", "training")
    options = {name: case.params[name] for name in names if name in case.params}
    return (), {"X": keras.Input(tuple(case.params["shape"])), "initializer": Between, **options}


def _network_arguments(case: Case) -> tuple[tuple, dict]:
    return (tuple(case.params["input_shape"]), case.params["classes"]), {}


_probe = partial(probe_network, with_faint=True)

EXERCISES = (
    Exercise(
        notebook="w2a2",
        function="batchnorm_forward",
        signature="(x, gamma, beta, moving_mean, moving_var, training=True, momentum=0.99, epsilon=1e-5)",
        points=8,
        task="Normalise each channel in NumPy, with the batch's statistics in training, the moving averages after it.",
        hints=(
            "One mean and one variance a channel: take them over every axis except the last. "
            "`axis = tuple(range(x.ndim - 1))` says this for pictures and for rows alike.",
            "In training mode normalise with the batch's mean and variance, and move the averages a small step "
            "towards them. Otherwise normalise with the averages and return them as they came.",
            "y = gamma · (x − mean) / √(variance + epsilon) + beta, and the new average is momentum · old + "
            "(1 − momentum) · batch's. The variance is NumPy's `var`, divided by n.",
        ),
        probe=named_results("y", "moving_mean", "moving_var"),
        answered_by=("keras.layers.BatchNormalization", "tensorflow.nn.batch_normalization"),
    ),
    Exercise(
        notebook="w2a2",
        function="identity_block",
        signature="(X, f, filters, training=True, initializer=...)",
        points=8,
        task="Build the residual block whose shortcut is the input itself.",
        hints=(
            "Keep the input under a second name before you change anything. Then three times a convolution and a "
            "normalisation, with a ReLU after the first two.",
            "`layers.Conv2D(filters, size, padding=…, kernel_initializer=initializer())(X)` and "
            "`layers.BatchNormalization(epsilon=1.001e-5)(X, training=training)`. The layer is made in the first pair "
            "of brackets, and called with its tensor in the second.",
            "At the end `layers.Add()([X, shortcut])`, and only then the last ReLU. The third convolution must give as "
            "many channels as X had, or there is nothing to add to.",
        ),
        build=_block_arguments,
        probe=_probe,
        answered_by=("utils.models.resnet.bottleneck_block",),
        time_limit=60,
    ),
    Exercise(
        notebook="w2a2",
        function="convolutional_block",
        signature="(X, f, filters, s=2, training=True, initializer=...)",
        points=8,
        task="Build the residual block whose shortcut is a 1×1 convolution, because the shape changes.",
        hints=(
            "The main path is that of the identity block, except that one of its convolutions has a stride. The "
            "shortcut has to arrive at the same shape.",
            "Stride s belongs to the first 1×1 convolution of the main path and to the shortcut's 1×1 convolution, "
            "nowhere else: `layers.Conv2D(filters, 1, strides=s, …)`.",
            "The shortcut is convolution (F3 filters of 1×1, stride s) and normalisation, without a ReLU. Then Add, "
            "and after it the last ReLU.",
        ),
        build=_block_arguments,
        probe=_probe,
        answered_by=("utils.models.resnet.bottleneck_block",),
        time_limit=60,
    ),
    Exercise(
        notebook="w2a2",
        function="ResNet50",
        signature="(input_shape=(64, 64, 3), classes=6)",
        points=10,
        task="Put the blocks together to a network of 50 layers.",
        hints=(
            "Five stages: the beginning, then four stages of blocks. Each of the four begins with one convolutional "
            "block and goes on with identity blocks, 2, 3, 5 and 2 of them.",
            "Give `training=None` to each block: then the network itself says, at each call, which mode it is in. Only "
            "the first of the four stages has s=1, for the max-pooling before it has halved the picture already.",
            "Beginning: `ZeroPadding2D(3)`, `Conv2D(64, 7, strides=2)`, normalisation, ReLU, `ZeroPadding2D(1)`, "
            "`MaxPooling2D(3, strides=2)`. End: `GlobalAveragePooling2D()` and a dense layer with a softmax. In "
            "between a loop over (filters, number of identity blocks, s) saves much writing.",
        ),
        build=_network_arguments,
        probe=_probe,
        answered_by=("utils.models.resnet.resnet", "keras.applications.ResNet50"),
        time_limit=120,
    ),
    Exercise(
        notebook="w2a2",
        function="preactivation_block",
        signature="(X, f, filters, s=1, training=True, initializer=...)",
        points=6,
        task="Build the residual block of 2016, in which normalisation and ReLU come before each convolution.",
        hints=(
            "Call the first normalised and rectified tensor P. The first convolution takes P; before each of the other "
            "two comes a normalisation and a ReLU of its own.",
            "The shortcut is X itself where shapes agree: s is 1 and X has F3 channels already (`X.shape[-1]`). "
            "Otherwise it is a 1×1 convolution of P, with stride s.",
            "Nothing follows the Add, and the shortcut has no normalisation. The last layer of the main path is "
            "the third convolution.",
        ),
        build=_block_arguments,
        probe=_probe,
        answered_by=("utils.models.resnet.bottleneck_block",),
        time_limit=60,
    ),
)
