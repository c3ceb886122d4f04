"""What assignment 2 of week 1 asks for: two networks in Keras, and the loss of one before any training."""

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Exercise
from utils.exercises.keras_models import predict_at_once, probe_model, quiet_retracing


def _model_arguments(case: Case) -> tuple[tuple, dict]:
    return (tuple(case.params["input_shape"]), case.params["classes"]), {}


def _loss_arguments(case: Case) -> tuple[tuple, dict]:
    """Build the network of a case, one dense layer with a softmax, and put the case's weights into it."""
    import keras

    quiet_retracing()
    kernel, bias, X, Y = (np.asarray(case.arrays[name]) for name in ("kernel", "bias", "X", "Y"))
    model = keras.Sequential(
        [
            keras.Input(X.shape[1:]),
            keras.layers.Flatten(),
            keras.layers.Dense(kernel.shape[1], activation="softmax"),
        ]
    )
    model.set_weights([kernel, bias])
    predict_at_once(model)
    return (model, X, Y), {}


EXERCISES = (
    Exercise(
        notebook="w1a2",
        function="sequential_model",
        signature="(input_shape, classes)",
        points=4,
        task="Build a network of seven layers, one after another, with Keras' sequential API.",
        hints=(
            "A `keras.Sequential` takes a list. Its first element is `keras.Input(shape=input_shape)`; then "
            "comes one layer for each row of the table, in the table's order.",
            'The layers are `Conv2D(filters, size, padding=…, activation="relu")`, `MaxPooling2D(2)`, '
            "`Flatten()` and `Dense(units, activation=…)`. What Keras does when you give no `padding` is "
            "“valid”.",
            'The last layer is `Dense(classes, activation="softmax")`: as many units as classes, and '
            'probabilities that sum to 1. The first two are `Conv2D(8, 5, padding="same", '
            'activation="relu")` and `MaxPooling2D(2)`.',
        ),
        build=_model_arguments,
        probe=probe_model,
        time_limit=60,
    ),
    Exercise(
        notebook="w1a2",
        function="convolutional_model",
        signature="(input_shape, classes)",
        points=4,
        task="Build a network whose data flow through two paths at once, with Keras' functional API.",
        hints=(
            "In the functional API a layer is called like a function: `x = layers.MaxPooling2D(2)(x)`. The "
            "tensor that you call it with is what feeds it, so give the tensor before the fork a name and "
            "use it twice.",
            "After the first pooling: `narrow = Conv2D(16, 3, …)(x)` and `wide = Conv2D(16, 5, …)(x)`, both "
            "from the same `x`; then `x = Concatenate()([narrow, wide])`. With “same” padding both have the "
            "same height and width.",
            "Begin with `inputs = keras.Input(shape=input_shape)`, end with `return keras.Model(inputs, "
            'outputs)`, where `outputs = Dense(classes, activation="softmax")(x)`. Between the joint and it: '
            "pooling, flatten, dense of 64.",
        ),
        build=_model_arguments,
        probe=probe_model,
        answered_by=("utils.models.digits.two_path_classifier",),
        time_limit=60,
    ),
    Exercise(
        notebook="w1a2",
        function="initial_loss",
        signature="(model, X, Y)",
        points=4,
        task="Compute the mean cross-entropy of a network's predictions for pictures with whole-number labels.",
        hints=(
            "Three steps: the network's probabilities for every picture, the probability that each picture's "
            "*right* class got, and from these the mean of −log.",
            "`model.predict(X, verbose=0)` gives an array of shape (m, classes). Row i, column Y[i] is what "
            "you want, for all i at once: index with `np.arange(m)` and `Y`.",
            "Keras can do the last step: `keras.losses.sparse_categorical_crossentropy(Y, probabilities)` "
            "gives one loss per picture. The model already ends with a softmax, so these are probabilities, "
            "not logits.",
        ),
        build=_loss_arguments,
        time_limit=60,
    ),
)
