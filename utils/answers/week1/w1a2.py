"""Assignment 2 of week 1: what is tried, what is right by SciPy, and what people get wrong."""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial

import numpy as np
from scipy.signal import correlate
from scipy.special import log_softmax, softmax

from utils.answers.answer import Answer, Mistake
from utils.answers.keras_models import ATOL, RTOL, model_difference
from utils.exercises.case import Case
from utils.exercises.entry import Arrays
from utils.exercises.keras_models import given_inputs, given_weights, shape_text


def _model_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, input_shape: tuple[int, ...], classes: int) -> Case:
        sizes = [int(n) for n in input_shape]
        return Case(group, params={"input_shape": sizes, "classes": int(classes)})

    yield case("28×28 pictures in grey, ten classes", (28, 28, 1), 10)
    height, width = rng.choice(np.arange(10, 24), 2, replace=False)
    yield case("other sizes, and colour", (height, width, 3), 10)
    yield case("other numbers of classes", (12, 15, 1), 2)
    yield case("other numbers of classes", (height, width, 3), rng.integers(11, 40))


class _Reference:
    """Applies layers with the given weights to one probed batch, by SciPy; keeps the shapes of its weights."""

    def __init__(self, input_shape: tuple[int, ...]):
        self.x = given_inputs(input_shape)
        self.weights: list[str] = []
        self.count = 0

    def convolve(self, x: np.ndarray, filters: int, size: int, padding: str) -> np.ndarray:
        """ReLU of a convolution."""
        kernel, bias = self._weights((size, size, x.shape[3], filters), (filters,))
        margin = size // 2 if padding == "same" else 0
        padded = np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
        maps = [
            [correlate(picture, kernel[..., k], "valid")[..., 0] for k in range(filters)]
            for picture in padded
        ]
        return np.maximum(np.moveaxis(np.array(maps), 1, 3) + bias, 0)

    def dense(self, x: np.ndarray, units: int) -> np.ndarray:
        kernel, bias = self._weights((x.shape[1], units), (units,))
        return x @ kernel + bias

    def _weights(self, *shapes: tuple[int, ...]) -> list[np.ndarray]:
        self.weights += [shape_text(shape) for shape in shapes]
        self.count += sum(int(np.prod(shape)) for shape in shapes)
        return given_weights(shapes)

    def arrays(self, outputs: np.ndarray, steps: list[str]) -> Arrays:
        return {
            "input_shape": np.array(self.x.shape[1:]),
            "output_shape": np.array(outputs.shape[1:]),
            "weights": np.array(sorted(self.weights)),
            "trainable": np.array(self.count),
            "outputs": outputs,
            "steps": np.array(steps),
        }


def _pool(x: np.ndarray) -> np.ndarray:
    height, width = x.shape[1] // 2, x.shape[2] // 2
    blocks = x[:, : 2 * height, : 2 * width].reshape(len(x), height, 2, width, 2, -1)
    return blocks.max(axis=(2, 4))


@lru_cache(maxsize=64)
def _expected_sequential(input_shape: tuple[int, ...], classes: int) -> Arrays:
    net = _Reference(input_shape)
    x = _pool(net.convolve(net.x, 8, 5, "same"))
    x = _pool(net.convolve(x, 16, 3, "valid"))
    x = np.maximum(net.dense(x.reshape(len(x), -1), 32), 0)
    steps = [
        "convolution with 8 filters of 5×5, same padding",
        "ReLU",
        "max-pooling 2×2",
        "convolution with 16 filters of 3×3, valid padding",
        "ReLU",
        "max-pooling 2×2",
        "flatten",
        "dense with 32 units",
        "ReLU",
        f"dense with {classes} units",
        "softmax",
    ]
    return net.arrays(softmax(net.dense(x, classes), axis=1), steps)


@lru_cache(maxsize=64)
def _expected_two_paths(input_shape: tuple[int, ...], classes: int) -> Arrays:
    net = _Reference(input_shape)
    x = _pool(net.convolve(net.x, 16, 3, "same"))
    x = _pool(np.concatenate([net.convolve(x, 16, 3, "same"), net.convolve(x, 16, 5, "same")], axis=3))
    x = np.maximum(net.dense(x.reshape(len(x), -1), 64), 0)
    steps = [
        "convolution with 16 filters of 3×3, same padding",
        "ReLU",
        "max-pooling 2×2",
        "convolution with 16 filters of 3×3, same padding",
        "ReLU",
        "convolution with 16 filters of 5×5, same padding",
        "ReLU",
        "concatenate",
        "max-pooling 2×2",
        "flatten",
        "dense with 64 units",
        "ReLU",
        f"dense with {classes} units",
        "softmax",
    ]
    return net.arrays(softmax(net.dense(x, classes), axis=1), steps)


def _equals(expected: Callable[[tuple[int, ...], int], Arrays]) -> Callable[[Case, Arrays], str]:
    def invariant(case: Case, arrays: Arrays) -> str:
        return model_difference(expected(tuple(case.params["input_shape"]), case.params["classes"]), arrays)

    return invariant


def _wrong_sequential(
    input_shape,
    classes,
    *,
    convs=((8, 5, "same"), (16, 3, "valid")),
    conv_activation="relu",
    pools=("max", "max"),
    flat="flatten",
    hidden=32,
    hidden_activation="relu",
    output="softmax",
    extra=(),
    begin=True,
):
    """Build the network that was asked for, except for what the caller replaces."""
    import keras
    from keras import layers

    pooling = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}
    model = keras.Sequential([keras.Input(input_shape)] if begin else [])
    for (filters, size, padding), pool in zip(convs, pools, strict=True):
        model.add(layers.Conv2D(filters, size, padding=padding, activation=conv_activation))
        if pool:
            model.add(pooling[pool](2))
    if flat:
        model.add(layers.Flatten() if flat == "flatten" else layers.GlobalAveragePooling2D())
    if hidden:
        model.add(layers.Dense(hidden, activation=hidden_activation))
    for name, options in extra:
        model.add(getattr(layers, name)(**options))
    model.add(layers.Dense(classes, activation=output))
    if output == "relu":
        model.add(layers.Softmax())
    return model


def _sequential(**parts) -> Callable:
    return partial(_wrong_sequential, **parts)


SEQUENTIAL_MISTAKES = (
    Mistake(
        "softmax missing",
        "Your last layer gives scores (logits), not probabilities: they can be negative and do not sum to 1. "
        "Look at the activation in the last row of the table.",
        _sequential(output=None),
    ),
    Mistake(
        "sigmoid for softmax",
        "Sigmoid answers each class by itself, so several can be likely at once. Exactly one digit is right: "
        "the probabilities of the classes have to compete.",
        _sequential(output="sigmoid"),
    ),
    Mistake(
        "ReLU before the softmax",
        "You pass the scores of the classes through a ReLU before the softmax. Every negative score becomes "
        "0, and a class cannot be unlikely any more.",
        _sequential(output="relu"),
    ),
    Mistake(
        "first convolution valid",
        "Your first convolution shrinks the picture. Keras pads only when it is told to: compare the padding "
        "of the first row with yours.",
        _sequential(convs=((8, 5, "valid"), (16, 3, "valid"))),
    ),
    Mistake(
        "second convolution same",
        "Your second convolution keeps the size. In the table it is “valid”, so it loses a border of one "
        "pixel.",
        _sequential(convs=((8, 5, "same"), (16, 3, "same"))),
    ),
    Mistake(
        "padding the other way round",
        "The two paddings are the other way round: see which of the two convolutions keeps the size of its "
        "input.",
        _sequential(convs=((8, 5, "valid"), (16, 3, "same"))),
    ),
    Mistake(
        "filters the other way round",
        "You have 16 filters first and 8 after. Channels usually grow while the picture shrinks; the table "
        "says so too.",
        _sequential(convs=((16, 5, "same"), (8, 3, "valid"))),
    ),
    Mistake(
        "filter sizes the other way round",
        "The sizes of the filters are the other way round: the large filters look at the picture itself.",
        _sequential(convs=((8, 3, "same"), (16, 5, "valid"))),
    ),
    Mistake(
        "no pooling",
        "There is no pooling between your layers, so the vector that reaches the dense layer is far too long.",
        _sequential(pools=(None, None)),
    ),
    Mistake(
        "second pooling forgotten",
        "You pool once. The table pools after the second convolution as well.",
        _sequential(pools=("max", None)),
    ),
    Mistake(
        "average pooling",
        "You average over each window. The table asks for the maximum: whether a feature is there, not how "
        "much on average.",
        _sequential(pools=("average", "average")),
    ),
    Mistake(
        "flatten forgotten",
        "There is no Flatten. A dense layer works on the last axis only, so yours looks at each position "
        "alone and gives one answer per position.",
        _sequential(flat=None),
    ),
    Mistake(
        "global pooling for flatten",
        "You average each channel over the picture. That forgets where things are; the table keeps every "
        "number and lays them in a row.",
        _sequential(flat="global"),
    ),
    Mistake(
        "ReLU of the convolutions missing",
        "Your convolutions have no activation. Without something non-linear between them, two layers can do "
        "no more than one.",
        _sequential(conv_activation=None),
    ),
    Mistake(
        "ReLU of the dense layer missing",
        "The dense layer in the middle has no activation. Together with the last layer it is then one linear "
        "layer.",
        _sequential(hidden_activation=None),
    ),
    Mistake(
        "dense layer left out",
        "The dense layer of 32 units is missing between Flatten and the last layer.",
        _sequential(hidden=0),
    ),
    Mistake(
        "always ten classes",
        "Your network always has ten outputs. Use the argument `classes`: the next data set may have two.",
        lambda input_shape, classes: _wrong_sequential(input_shape, 10),
    ),
    Mistake(
        "always 28×28 in grey",
        "Your network always takes grey pictures of 28×28. Use the argument `input_shape`.",
        lambda input_shape, classes: _wrong_sequential((28, 28, 1), classes),
    ),
    Mistake(
        "dropout added",
        "You added dropout, which the table does not have. It can be a good idea, but first build what was "
        "asked, and see by the curves whether you need it.",
        _sequential(extra=[("Dropout", {"rate": 0.5})]),
    ),
    Mistake(
        "input shape not given",
        "A list of layers alone does not say how large the pictures are, and Keras waits with the weights "
        "until it knows.",
        _sequential(begin=False),
    ),
)


def _wrong_two_paths(
    input_shape,
    classes,
    *,
    join=None,
    sizes=(3, 5),
    first_padding="same",
    first_pool=True,
    second_pool=True,
    pool="MaxPooling2D",
    path_activation="relu",
    flat="Flatten",
    units=64,
    output="softmax",
):
    """Build the network that was asked for, except for what the caller replaces; ``join`` makes and joins the paths."""
    import keras
    from keras import layers

    def path(size):
        return layers.Conv2D(16, size, padding="same", activation=path_activation)

    inputs = keras.Input(input_shape)
    x = layers.Conv2D(16, 3, padding=first_padding, activation="relu")(inputs)
    if first_pool:
        x = getattr(layers, pool)(2)(x)
    x = join(layers, x, path) if join else layers.Concatenate()([path(size)(x) for size in sizes])
    if second_pool:
        x = getattr(layers, pool)(2)(x)
    if flat:
        x = getattr(layers, flat)()(x)
    x = layers.Dense(units, activation="relu")(x)
    x = layers.Dense(classes, activation=output)(x)
    return keras.Model(inputs, layers.Softmax()(x) if output == "relu" else x)


def _chained(layers, x, path):
    narrow = path(3)(x)
    return layers.Concatenate()([narrow, path(5)(narrow)])


def _one_after_the_other(layers, x, path):
    return path(5)(path(3)(x))


def _starts_late(input_shape, classes):
    """Let the model begin behind the first convolution."""
    import keras

    whole = _wrong_two_paths(input_shape, classes)
    return keras.Model(whole.layers[1].output, whole.output)


def _two_paths(**parts) -> Callable:
    return partial(_wrong_two_paths, **parts)


TWO_PATHS_MISTAKES = (
    Mistake(
        "paths one after the other",
        "Your 5×5 convolution follows the 3×3 one, and nothing is joined: that is a sequential network. Both "
        "convolutions have to start from the same tensor.",
        _two_paths(join=_one_after_the_other),
    ),
    Mistake(
        "second path fed by the first",
        "Your 5×5 path starts from what the 3×3 path gives, not from the pooled tensor before the fork. "
        "Probably one name was used for both: give the tensor before the fork a name of its own.",
        _two_paths(join=_chained),
    ),
    Mistake(
        "second path unused",
        "Only the 3×3 path reaches the end of your network. A tensor that no later layer takes is not part "
        "of the model.",
        _two_paths(join=lambda layers, x, path: path(3)(x)),
    ),
    Mistake(
        "first path unused",
        "Only the 5×5 path reaches the end of your network. A tensor that no later layer takes is not part "
        "of the model.",
        _two_paths(join=lambda layers, x, path: path(5)(x)),
    ),
    Mistake(
        "added in place of joined",
        "You add the two paths. Asked for is to lay their channels side by side, so that 16 and 16 make 32 "
        "and the next layers can treat them differently.",
        _two_paths(join=lambda layers, x, path: layers.Add()([path(3)(x), path(5)(x)])),
    ),
    Mistake(
        "joined along the height",
        "You lay the two results one above the other, as one taller picture. The channels are the last axis, "
        "which is where Concatenate joins when you do not say otherwise.",
        _two_paths(join=lambda layers, x, path: layers.Concatenate(axis=1)([path(3)(x), path(5)(x)])),
    ),
    Mistake(
        "joined in the other order",
        "You join 5×5 first, then 3×3. As a network that is just as good, but weights that were saved by the "
        "one do not fit the other: keep the order of the picture.",
        _two_paths(join=lambda layers, x, path: layers.Concatenate()([path(5)(x), path(3)(x)])),
    ),
    Mistake(
        "both paths 3×3",
        "Both of your paths use filters of 3×3. The second is there to look at a wider neighbourhood.",
        _two_paths(sizes=(3, 3)),
    ),
    Mistake(
        "first convolution valid",
        "Your first convolution shrinks the picture: without `padding` Keras takes “valid”.",
        _two_paths(first_padding="valid"),
    ),
    Mistake(
        "first pooling forgotten",
        "Nothing is pooled before the fork, so both paths work on the full picture, four times the work.",
        _two_paths(first_pool=False),
    ),
    Mistake(
        "second pooling forgotten",
        "Nothing is pooled after the paths are joined, so the dense layer is four times too large.",
        _two_paths(second_pool=False),
    ),
    Mistake(
        "average pooling",
        "You average over each window; asked for is the maximum.",
        _two_paths(pool="AveragePooling2D"),
    ),
    Mistake(
        "paths without ReLU",
        "The convolutions of your two paths have no activation; without it they stay linear.",
        _two_paths(path_activation=None),
    ),
    Mistake(
        "flatten forgotten",
        "There is no Flatten before the dense layers, so they work on each position alone and give an answer "
        "for each.",
        _two_paths(flat=None),
    ),
    Mistake(
        "global pooling for flatten",
        "You average each channel over the picture. Asked for is to keep every number and lay them in a row.",
        _two_paths(flat="GlobalAveragePooling2D"),
    ),
    Mistake(
        "32 units",
        "Your dense layer has 32 units, as in the sequential network; this one has 64.",
        _two_paths(units=32),
    ),
    Mistake(
        "softmax missing",
        "Your outputs are scores (logits). Asked for are probabilities, which sum to 1: the activation of "
        "the last layer is missing.",
        _two_paths(output=None),
    ),
    Mistake(
        "sigmoid for softmax",
        "Sigmoid lets several classes be likely at once; softmax lets them compete, so that they sum to 1.",
        _two_paths(output="sigmoid"),
    ),
    Mistake(
        "ReLU before the softmax",
        "A ReLU stands between the scores and the softmax. It lifts every negative score to 0, so no class "
        "can be unlikely.",
        _two_paths(output="relu"),
    ),
    Mistake(
        "always ten classes",
        "Your network always has ten outputs. Use the argument `classes`.",
        lambda input_shape, classes: _wrong_two_paths(input_shape, 10),
    ),
    Mistake(
        "always 28×28 in grey",
        "Your network always takes grey pictures of 28×28. Use the argument `input_shape`.",
        lambda input_shape, classes: _wrong_two_paths((28, 28, 1), classes),
    ),
    Mistake(
        "model starts behind the first convolution",
        "Your model begins at the wrong tensor: what you give `keras.Model` as its input is already the "
        "result of a layer. It has to be what `keras.Input` returned.",
        _starts_late,
    ),
)


def _loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, samples: int, spread: float, bias: float) -> Case:
        height, width, channels, classes = (
            rng.integers(2, 7),
            rng.integers(2, 7),
            rng.integers(1, 4),
            rng.integers(3, 12),
        )
        inputs = int(height * width * channels)
        labels = rng.permutation(np.arange(samples) % classes)
        return Case(
            group,
            {
                "kernel": (spread / np.sqrt(inputs) * rng.standard_normal((inputs, classes))).astype(
                    np.float32
                ),
                "bias": (bias * rng.standard_normal(classes)).astype(np.float32),
                "X": rng.random((samples, height, width, channels), dtype=np.float32),
                "Y": labels.astype(rng.choice(["uint8", "int32", "int64"])),
            },
        )

    group = "fresh networks, which have not learned"
    yield case(group, 5, 1.0, 0.0)
    yield case(group, 8, 1.0, 0.0)
    group = "networks that prefer some classes"
    yield case(group, 6, 1.0, 1.5)
    yield case(group, 9, 3.0, 1.0)
    group = "one picture, and more pictures than fit a batch"
    yield case(group, 1, 1.5, 0.5)
    yield case(group, 70, 1.5, 0.5)


def _loss_by_scipy(model, X, Y):
    """Logits from the weights themselves, then SciPy's log-softmax."""
    kernel, bias = (np.asarray(w, dtype=np.float64) for w in model.get_weights())
    logits = X.reshape(len(X), -1) @ kernel + bias
    return -log_softmax(logits, axis=1)[np.arange(len(Y)), Y].mean()


def _wrong_loss(model, X, Y, *, of):
    """Hand the probabilities (m, classes) and the labels to ``of``."""
    return float(of(np.asarray(model(X), dtype=np.float64), np.asarray(Y, dtype=int)))


def _loss(of: Callable) -> Callable:
    return partial(_wrong_loss, of=of)


def _right(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    return p[np.arange(len(y)), y]


def _one_hot(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.eye(p.shape[1])[y]


def _binary(p: np.ndarray, y: np.ndarray) -> float:
    t = _one_hot(p, y)
    return -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean()


LOSS_MISTAKES = (
    Mistake(
        "sum for mean",
        "You add the losses of all pictures. Asked for is the mean: it does not grow with the number of "
        "pictures, so it can be compared with ln(classes).",
        _loss(lambda p, y: -np.log(_right(p, y)).sum()),
    ),
    Mistake(
        "minus forgotten",
        "Your loss is negative. The log of a probability is below 0, and a loss should grow as things get "
        "worse.",
        _loss(lambda p, y: np.log(_right(p, y)).mean()),
    ),
    Mistake(
        "logarithm to base 10",
        "You use the logarithm to base 10. In machine learning log is the natural one, `np.log`; ten classes "
        "would otherwise give 1 and not 2.303.",
        _loss(lambda p, y: -np.log10(_right(p, y)).mean()),
    ),
    Mistake(
        "logarithm to base 2",
        "You use the logarithm to base 2, which gives bits. Keras' losses use the natural logarithm, "
        "`np.log`.",
        _loss(lambda p, y: -np.log2(_right(p, y)).mean()),
    ),
    Mistake(
        "the rule in place of a measurement",
        "You return ln(classes). That is what the loss should be near; the function has to measure what it "
        "is, or a fault in the network could never show.",
        _loss(lambda p, y: np.log(p.shape[1])),
    ),
    Mistake(
        "probabilities taken for logits",
        "You hand probabilities to a loss that expects logits, so the softmax is applied twice. Look at "
        "`from_logits`, and at how the model ends.",
        _loss(lambda p, y: -_right(log_softmax(p, axis=1), y).mean()),
    ),
    Mistake(
        "mean over all entries",
        "You average over pictures and classes. With one-hot labels sum over the classes first, then take "
        "the mean over the pictures; yours is too small by a factor of the number of classes.",
        _loss(lambda p, y: -(_one_hot(p, y) * np.log(p)).mean()),
    ),
    Mistake(
        "log of the mean",
        "You average the probabilities and take the log after that. The log belongs to each picture; then "
        "the mean. One confident error hardly moves yours.",
        _loss(lambda p, y: -np.log(_right(p, y).mean())),
    ),
    Mistake(
        "mean probability",
        "You return the mean probability of the right class. The cross-entropy is the mean of −log of it.",
        _loss(lambda p, y: _right(p, y).mean()),
    ),
    Mistake(
        "labels not used",
        "You sum −p·log p over all classes: that is how unsure the network is, and the labels play no part "
        "in it. The cross-entropy looks at the class that is right.",
        _loss(lambda p, y: -(p * np.log(p)).sum(axis=1).mean()),
    ),
    Mistake(
        "the predicted class",
        "You take the largest probability of each row. That is the class the network chose; the loss asks "
        "about the class that is right, Y.",
        _loss(lambda p, y: -np.log(p.max(axis=1)).mean()),
    ),
    Mistake(
        "share of errors",
        "You return the share of wrong answers. The loss says more: how much probability the right class "
        "got, in every picture.",
        _loss(lambda p, y: (p.argmax(axis=1) != y).mean()),
    ),
    Mistake(
        "squared error",
        "You take squared differences from one-hot labels. Asked for is the cross-entropy, the mean of −log "
        "of the right class's probability.",
        _loss(lambda p, y: ((p - _one_hot(p, y)) ** 2).mean()),
    ),
    Mistake(
        "binary cross-entropy",
        "You use the binary cross-entropy, which treats each class as a question of its own. Here exactly "
        "one class is right: use the (sparse) categorical one.",
        _loss(_binary),
    ),
    Mistake(
        "first picture only",
        "You look at the first picture only. The loss is the mean over all of them.",
        _loss(lambda p, y: -np.log(p[0, y[0]])),
    ),
    Mistake(
        "last batch only",
        "You look at the last 32 pictures only. If you loop over batches, add up over all of them before you "
        "divide.",
        _loss(lambda p, y: -np.log(_right(p, y)[(len(y) - 1) // 32 * 32 :]).mean()),
    ),
)

ANSWERS = {
    "sequential_model": Answer(
        cases=_model_cases,
        invariant=_equals(_expected_sequential),
        mistakes=SEQUENTIAL_MISTAKES,
        rtol=RTOL,
        atol=ATOL,
    ),
    "convolutional_model": Answer(
        cases=_model_cases,
        invariant=_equals(_expected_two_paths),
        mistakes=TWO_PATHS_MISTAKES,
        rtol=RTOL,
        atol=ATOL,
    ),
    "initial_loss": Answer(cases=_loss_cases, oracle=_loss_by_scipy, mistakes=LOSS_MISTAKES, atol=1e-4),
}
