"""Assignment 1 of week 2: what is tried, what is right by SciPy, arithmetic and a script, and what people get wrong."""

import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache, partial

import numpy as np
from scipy.signal import correlate
from scipy.special import softmax

from utils.answers.answer import Answer, Mistake
from utils.answers.keras_models import ATOL, RTOL, model_difference
from utils.exercises.case import Case
from utils.exercises.entry import Arrays
from utils.exercises.keras_models import given_inputs, given_weights, shape_text
from utils.exercises.week2.w2a1 import example_labels

CLASSES = ("trouser", "dress", "coat", "sneaker", "bag", "boot")
LEARNING_RATE = 0.002


def _build_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, input_shape: tuple[int, ...], classes: int) -> Case:
        return Case(group, params={"input_shape": [int(n) for n in input_shape], "classes": int(classes)})

    yield case("28×28 pictures in grey, ten classes", (28, 28, 1), 10)
    height, width = rng.choice(np.arange(10, 24), 2, replace=False)
    yield case("other sizes, and colour", (height, width, 3), 10)
    yield case("other numbers of classes", (12, 15, 1), 3)
    yield case("other numbers of classes", (height, width, 1), rng.integers(11, 40))


@lru_cache(maxsize=32)
def _expected_classifier(input_shape: tuple[int, ...], classes: int) -> Arrays:
    """Apply the layers to the probe's bytes by SciPy, with the weights that the probe gives."""
    x, weights = given_inputs(input_shape), []  # 255 times these, divided by 255
    for filters in (16, 32):
        shapes = ((3, 3, x.shape[3], filters), (filters,))
        weights += shapes
        kernel, bias = given_weights(shapes)
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        maps = [
            [correlate(picture, kernel[..., k], "valid")[..., 0] for k in range(filters)]
            for picture in padded
        ]
        x = _pool(np.maximum(np.moveaxis(np.array(maps), 1, 3) + bias, 0))
    x = x.reshape(len(x), -1)
    shapes = ((x.shape[1], classes), (classes,))
    weights += shapes
    kernel, bias = given_weights(shapes)
    steps = ["Rescaling"]
    for filters in (16, 32):
        steps += [
            f"convolution with {filters} filters of 3×3, same padding",
            "ReLU",
            "max-pooling 2×2",
        ]
    return {
        "input_shape": np.array(input_shape),
        "output_shape": np.array([classes]),
        "weights": np.array(sorted(map(shape_text, weights))),
        "trainable": np.array(sum(int(np.prod(shape)) for shape in weights)),
        "outputs": softmax(x @ kernel + bias, axis=1),
        "steps": np.array([*steps, "flatten", "Dropout", f"dense with {classes} units", "softmax"]),
    }


def _pool(x: np.ndarray) -> np.ndarray:
    height, width = x.shape[1] // 2, x.shape[2] // 2
    blocks = x[:, : 2 * height, : 2 * width].reshape(len(x), height, 2, width, 2, -1)
    return blocks.max(axis=(2, 4))


def _classifier_problem(case: Case, arrays: Arrays) -> str:
    expected = _expected_classifier(tuple(case.params["input_shape"]), case.params["classes"])
    # Dropout makes training mode differ, as it should; its rates are compared in place of that.
    sentence = model_difference(expected, {**arrays, "same_in_training": np.array(True)})
    return sentence or _dropout_problem(arrays, case.params["classes"])


def _dropout_problem(arrays: Arrays, classes: int) -> str:
    rates = arrays["dropout"].tolist()
    if rates != [0.3]:
        found = ", ".join(f"{rate:g}" for rate in rates) or "none"
        return f"The network should have one Dropout layer of rate 0.3; the rates of yours: {found}."
    steps = [step.split(" (from")[0] for step in arrays["steps"]]
    last = f"dense with {classes} units"
    if "Dropout" in steps and last in steps:
        between = set(steps[steps.index("Dropout") + 1 : steps.index(last)])
        if between - {"flatten"} or steps.index("Dropout") > steps.index(last):
            return "Your Dropout stands in another place: it belongs right before the dense layer."
    return ""


def _wrong_classifier(
    input_shape,
    classes,
    *,
    scale=(1 / 255, 0.0),
    rescalings=1,
    filters=(16, 32),
    size=3,
    padding="same",
    activation="relu",
    pools=("MaxPooling2D", "MaxPooling2D"),
    end=("Flatten",),
    dropout=0.3,
    early_dropout=False,
    output="softmax",
    begin=True,
):
    """Build the network that was asked for, except for what the caller replaces."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input(input_shape)] if begin else [])
    for _ in range(rescalings):
        model.add(layers.Rescaling(*scale))
    for count, pool in zip(filters, pools, strict=True):
        model.add(layers.Conv2D(count, size, padding=padding, activation=activation))
        if pool:
            model.add(getattr(layers, pool)(2))
        if early_dropout and count == filters[0]:
            model.add(layers.Dropout(dropout))
    for name in end:
        model.add(getattr(layers, name)())
    if dropout and not early_dropout:
        model.add(layers.Dropout(dropout))
    model.add(layers.Dense(classes, activation=output))
    return model


def _classifier(**parts) -> Callable:
    return partial(_wrong_classifier, **parts)


BUILD_MISTAKES = (
    Mistake(
        "scaling missing",
        "Your network takes bytes as they come, up to 255. Its first activations are then hundreds of times too "
        "large and training starts badly: requirement 1 divides inside the network.",
        _classifier(rescalings=0),
    ),
    Mistake(
        "scaled twice",
        "Your network divides by 255 twice, so that every picture is all but black to the layers behind.",
        _classifier(rescalings=2),
    ),
    Mistake(
        "scaled to −1…1",
        "You scale to the range from −1 to 1. Some networks want that; requirement 1 asks for 0 to 1.",
        _classifier(scale=(1 / 127.5, -1.0)),
    ),
    Mistake(
        "multiplied by 255",
        "You multiply by 255 in place of dividing: bytes become numbers up to 65,025.",
        _classifier(scale=(255.0, 0.0)),
    ),
    Mistake(
        "valid padding",
        "Your convolutions lose a border. Without `padding` Keras takes “valid”; asked for is to keep the size.",
        _classifier(padding="valid"),
    ),
    Mistake(
        "filters of 5×5",
        "Your filters are 5×5; asked for are 3×3.",
        _classifier(size=5),
    ),
    Mistake(
        "filters the other way round",
        "You have 32 filters first and 16 after. Channels grow while the picture shrinks.",
        _classifier(filters=(32, 16)),
    ),
    Mistake(
        "ReLU missing",
        "Your convolutions have no activation. Without something non-linear between them, all layers together are "
        "one linear layer with extra work.",
        _classifier(activation=None),
    ),
    Mistake(
        "average pooling",
        "You average over each window. Asked for is the maximum.",
        _classifier(pools=("AveragePooling2D", "AveragePooling2D")),
    ),
    Mistake(
        "second pooling forgotten",
        "You pool once; each of the two convolutions is followed by a pooling.",
        _classifier(pools=("MaxPooling2D", None)),
    ),
    Mistake(
        "flatten forgotten",
        "There is no Flatten, so the dense layer answers at every position instead of once a picture.",
        _classifier(end=()),
    ),
    Mistake(
        "global pooling for flatten",
        "You average each channel over the picture, which forgets where things are. On these small pictures that "
        "costs ten per cent of accuracy; asked for is to lay all numbers in a row.",
        _classifier(end=("GlobalAveragePooling2D",)),
    ),
    Mistake(
        "dropout missing",
        "There is no Dropout. The dense layer has most of the parameters and learns the training pictures by heart "
        "without it.",
        _classifier(dropout=0),
    ),
    Mistake(
        "share kept for share dropped",
        "Your Dropout has the rate 0.7. In Keras the rate is the share that is *dropped*, not the share kept.",
        _classifier(dropout=0.7),
    ),
    Mistake(
        "dropout between the convolutions",
        "Your Dropout stands behind the first convolution, where neighbouring pixels make up for each other. It "
        "belongs right before the dense layer.",
        _classifier(early_dropout=True),
    ),
    Mistake(
        "softmax missing",
        "Your outputs are scores (logits): they can be negative and do not sum to 1. Asked for are probabilities.",
        _classifier(output=None),
    ),
    Mistake(
        "sigmoid for softmax",
        "Sigmoid judges each class by itself, so that a picture may be a coat and a bag at once. Exactly one class "
        "is right here: the classes have to compete.",
        _classifier(output="sigmoid"),
    ),
    Mistake(
        "always ten classes",
        "Your network always has ten outputs. There is an argument `classes`.",
        lambda input_shape, classes: _wrong_classifier(input_shape, 10),
    ),
    Mistake(
        "always 28×28 in grey",
        "Your network always takes grey pictures of 28×28. There is an argument `input_shape`.",
        lambda input_shape, classes: _wrong_classifier((28, 28, 1), classes),
    ),
    Mistake(
        "input shape not given",
        "Your network does not know how large the pictures are, so it has no weights yet: begin it with `keras.Input`.",
        _classifier(begin=False),
    ),
)


def _train_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(
        group: str,
        look_at: str,
        losses: list[int],
        epochs: int,
        patience: int,
        pictures: int = 80,
        ordered: bool = False,
    ) -> Case:
        """Make pictures numbered by a pixel; ``losses`` are ranks among those that the script may give."""
        levels = np.sort(0.82 + 0.65 * (np.arange(8) + rng.uniform(0, 0.6, 8)) / 8)
        test, classes = 40, 6
        x = rng.integers(0, 255, (pictures + test, 4, 4, 1)).astype(np.uint8)
        x[:, 0, 0, 0], x[:, 0, 1, 0] = np.arange(len(x)), 200
        y = np.arange(pictures) % classes
        y = np.sort(y) if ordered else rng.permutation(y)
        # The best accuracy comes in another epoch than the best loss, and so does the best training loss.
        right = [2, 9, 4, 3, 5, 6]
        return Case(
            group,
            {
                "x": x[:pictures],
                "y": y.astype(np.uint8),
                "x_test": x[pictures:],
                "y_test": rng.integers(0, classes, test).astype(np.uint8),
            },
            {
                "val_loss": [1.5, *(round(float(levels[rank]), 3) for rank in losses)],
                "right": [1, *right[: len(losses)]],
                "epoch": pictures - pictures // 5,
                "classes": classes,
                "epochs": epochs,
                "patience": patience,
                "seed": int(rng.integers(1_000_000)),
                "look_at": look_at,
            },
        )

    yield case("compiled for these labels and this network", "compile", [5], 1, 2, pictures=85)
    group = "a fifth is held out at random, and nothing of it trained on"
    yield case(group, "split", [5], 1, 2, ordered=True)
    group = "stops in time, with the best weights and smaller steps"
    yield case(group, "stop", [4, 5, 1, 2, 3, 0], 6, 2)
    yield case("the test pictures: once, at the end", "test", [5], 1, 2)


def _training_problem(case: Case, arrays: Arrays) -> str:
    if not arrays["trained"].any() or not len(arrays["val_loss"]):
        return "Nothing was trained, or no validation loss was measured: the history has no `val_loss`."
    look = {
        "compile": _compile_problem,
        "split": _split_problem,
        "stop": _stop_problem,
        "test": _test_problem,
    }[case.params["look_at"]]
    return look(case, arrays)


def _compile_problem(case: Case, arrays: Arrays) -> str:
    if abs(arrays["scale"] - 1) > 1e-3:
        return (
            f"The pictures reach the network multiplied by {arrays['scale']:.3g}. It takes bytes as they are and "
            "scales them itself."
        )
    if not str(arrays["optimizer"]).startswith("Adam"):
        return f"The optimiser should be Adam; it is {arrays['optimizer']}."
    if abs(arrays["learning_rate"] - LEARNING_RATE) > 1e-6:
        return (
            f"The learning rate is {arrays['learning_rate']:.3g} after epochs that all got better; it should still be "
            f"{LEARNING_RATE:g}."
        )
    probabilities, labels = example_labels(case.params["classes"])
    wanted = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
    if not abs(arrays["example_loss"] - wanted) < 1e-3:
        return (
            f"For three pictures whose cross-entropy is {wanted:.4f}, your loss gives {arrays['example_loss']:.4f}. "
            "Labels are whole numbers, and the network ends with a softmax."
        )
    if not {"accuracy", "val_accuracy"} <= set(arrays["metrics"].tolist()):
        return (
            f"The history should hold `accuracy` and `val_accuracy`; it holds {', '.join(arrays['metrics'])}."
        )
    if arrays["largest_batch"] != 64:
        return f"The largest batch that was trained on had {arrays['largest_batch']} pictures; it should have 64."
    return _epochs_problem(case, arrays)


def _epochs_problem(case: Case, arrays: Arrays) -> str:
    epochs, wanted = len(arrays["val_loss"]), _follow_script(case)[0]
    return f"Training ran {epochs} epochs; it should be {wanted}." if epochs != wanted else ""


def _split_problem(case: Case, arrays: Arrays) -> str:
    y, count = case.arrays["y"], len(case.arrays["y"])
    trained, looked = arrays["trained"][:count] > 0, arrays["looked"][:count] > 0
    if (trained & looked).any():
        return (
            f"{int((trained & looked).sum())} pictures were both trained on and used for validation. Such a "
            "validation says nothing about new pictures."
        )
    if not (trained | looked).all():
        return f"{int((~(trained | looked)).sum())} training pictures were used for nothing."
    if looked.sum() != count // 5:
        return (
            f"{int(looked.sum())} of {count} pictures were held out for validation; a fifth is {count // 5}."
        )
    if len(set(y[looked].tolist())) < 3:
        return (
            "The labels came sorted, and the pictures that you held out show "
            f"{len(set(y[looked].tolist()))} of the {case.params['classes']} classes. Mix before you split."
        )
    return ""


def _stop_problem(case: Case, arrays: Arrays) -> str:
    epochs, best, rates = _follow_script(case)
    script = ", ".join(f"{loss:g}" for loss in case.params["val_loss"][1 : epochs + 1])
    about = f"With the validation losses {script} and patience {case.params['patience']}"
    if len(arrays["val_loss"]) != epochs:
        return f"{about} training should run {epochs} epochs; yours ran {len(arrays['val_loss'])}."
    kept = float(arrays["seen"]) / case.params["epoch"]
    if abs(kept - best) > 0.01:
        return f"{about} the weights of epoch {best} are the best; at the end your model has those of epoch {kept:g}."
    # Whoever loads the best weights from a file gets the optimiser's state of that epoch along with them.
    restored = arrays["iterations"] < arrays["steps"]
    rate = rates[0] if restored else rates[1]
    if not np.isclose(arrays["learning_rate"], rate, rtol=1e-3):
        return f"{about} the learning rate should end at {rate:g}; yours is {arrays['learning_rate']:.3g}."
    return ""


def _test_problem(case: Case, arrays: Arrays) -> str:
    count = len(case.arrays["y"])
    trained, looked, first = (arrays[name][count:] for name in ("trained", "looked", "first_look"))
    if trained.any():
        return f"{int((trained > 0).sum())} test pictures were trained on."
    if not looked.all():
        return "The test pictures never went through the network: how did you come by a test accuracy?"
    if first.min() < arrays["last_step"]:
        return (
            "The network looked at test pictures before training was over. Then they have helped to choose."
        )
    if (looked > 1).any():
        return f"Test pictures went through the network {int(looked.max())} times; once is enough."
    epoch = len(arrays["val_loss"])
    wanted = case.params["right"][min(epoch, len(case.params["right"]) - 1)] / 10
    if np.shape(arrays["test_accuracy"]) != () or abs(arrays["test_accuracy"] - wanted) > 1e-4:
        return f"`test_accuracy` is {arrays['test_accuracy']}; the share of test pictures named rightly is {wanted:g}."
    return _epochs_problem(case, arrays)


def _follow_script(case: Case) -> tuple[int, int, tuple[float, float]]:
    """Return how many epochs a right training runs, the best of them, and the learning rates there and at the end."""
    params = case.params
    best, wait, rate, then = 1, 0, LEARNING_RATE, LEARNING_RATE
    for epoch in range(2, params["epochs"] + 1):
        if params["val_loss"][epoch] < params["val_loss"][best]:
            best, wait, then = epoch, 0, rate
            continue
        wait, rate = wait + 1, rate / 2
        if wait == params["patience"]:
            return epoch, best, (then, rate)
    return params["epochs"], best, (then, rate)


def _wrong_train(
    model,
    training,
    test,
    epochs,
    patience,
    rng,
    *,
    split="random",
    share=5,
    optimizer="Adam",
    rate=LEARNING_RATE,
    loss="sparse_categorical_crossentropy",
    factor=0.5,
    plateau=1,
    stop=("val_loss", True),
    batch=64,
    scale=1,
    returns="accuracy",
):
    """Train as asked, except for what the caller replaces."""
    import keras

    (x, y), (x_test, y_test) = training, test
    x, x_test = (x, x_test) if scale == 1 else (x * scale, x_test * scale)
    (x_fit, y_fit), held = _parts(x, y, (x_test, y_test), split, share, rng)
    if loss == "from logits":
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=getattr(keras.optimizers, optimizer)(rate), loss=loss, metrics=["accuracy"])
    callbacks = [keras.callbacks.ReduceLROnPlateau(factor=factor, patience=plateau)] if plateau else []
    if stop:
        monitor, restore = stop
        callbacks.append(
            keras.callbacks.EarlyStopping(monitor, patience=patience, restore_best_weights=restore)
        )
    history = model.fit(
        x_fit, y_fit, batch_size=batch, epochs=epochs, validation_data=held, callbacks=callbacks, verbose=0
    )
    if returns == "validation":
        return history, max(history.history["val_accuracy"])
    result = dict(zip(("loss", "accuracy"), model.evaluate(x_test, y_test, verbose=0), strict=True))
    return history, 100 * result["accuracy"] if returns == "percent" else result[returns]


def _parts(x, y, test, split: str, share: int, rng: np.random.Generator):
    """Return (training pair, validation pair), split as somebody might."""
    held = len(x) // share
    order = rng.permutation(len(x)) if split in ("random", "leak") else np.arange(len(x))
    if split == "last":
        order = order[::-1]
    chosen, rest = order[:held], order[held:]
    if split == "test":
        return (x, y), test
    if split == "with test":
        return (np.concatenate([x[rest], test[0]]), np.concatenate([y[rest], test[1]])), (
            x[chosen],
            y[chosen],
        )
    if split == "leak":
        return (x, y), (x[chosen], y[chosen])
    if split == "labels apart":
        return (x[rest], y[rng.permutation(len(x))[held:]]), (x[chosen], y[chosen])
    return (x[rest], y[rest]), (x[chosen], y[chosen])


def _training(**parts) -> Callable:
    return partial(_wrong_train, **parts)


TRAIN_MISTAKES = (
    Mistake(
        "categorical loss with integer labels",
        "`categorical_crossentropy` wants one-hot labels, a row of zeros with a one for every picture. Yours are whole "
        "numbers: there is a sparse version of the same loss for them.",
        _training(loss="categorical_crossentropy"),
    ),
    Mistake(
        "softmax and from_logits",
        "You tell the loss that it gets logits, but the network ends with a softmax already. The softmax is applied "
        "twice, and the loss can never come near 0.",
        _training(loss="from logits"),
    ),
    Mistake(
        "test pictures for validation",
        "You give the test pictures as validation data, so they decide when to stop and which weights to keep. The "
        "accuracy on them is then no measure of new pictures. Hold out training pictures for that.",
        _training(split="test"),
    ),
    Mistake(
        "fitted on the test pictures",
        "You train on the test pictures too. The network has then seen the exam; look at what you hand to `fit`.",
        _training(split="with test"),
    ),
    Mistake(
        "last fifth of sorted pictures",
        "You hold out the last pictures as they come, which is what `validation_split` does as well. Where they come "
        "sorted by class, validation shows only the last class, and training never sees it.",
        _training(split="last"),
    ),
    Mistake(
        "validated on training pictures",
        "You hold pictures out, but `fit` gets all of them. What the network has learned by heart it knows in "
        "validation too: give `fit` only the rest.",
        _training(split="leak"),
    ),
    Mistake(
        "a tenth held out",
        "You hold out a tenth; asked for is a fifth.",
        _training(share=10),
    ),
    Mistake(
        "best weights not restored",
        "Training stops in time, but the model keeps the weights of its last epoch, after it got worse for several. "
        "Look at the options of `EarlyStopping`.",
        _training(stop=("val_loss", False)),
    ),
    Mistake(
        "no early stopping",
        "Nothing stops your training: it runs all epochs, and keeps whatever weights come last.",
        _training(stop=None),
    ),
    Mistake(
        "watches the training loss",
        "Your early stopping watches `loss`, the training loss. That goes down as long as the network learns by "
        "heart, so it never stops. Watch what happens on held-out pictures.",
        _training(stop=("loss", True)),
    ),
    Mistake(
        "watches the validation accuracy",
        "Your early stopping watches the validation accuracy. Asked for is the validation loss: it also notices when "
        "the network becomes surer of its errors.",
        _training(stop=("val_accuracy", True)),
    ),
    Mistake(
        "patience not passed on",
        "Your early stopping has its own patience. There is an argument `patience`; without it Keras stops at the "
        "first epoch that is not better.",
        lambda model, training, test, epochs, patience, rng: _wrong_train(
            model, training, test, epochs, 0, rng
        ),
    ),
    Mistake(
        "learning rate never lowered",
        "The learning rate stays as it was when the validation loss stops getting better. Smaller steps often find a "
        "little more: the second callback is missing.",
        _training(plateau=0),
    ),
    Mistake(
        "learning rate lowered too late",
        "You wait two epochs before you halve the learning rate. Asked for is to halve it after each epoch that is not "
        "better: `ReduceLROnPlateau` has a patience of its own.",
        _training(plateau=2),
    ),
    Mistake(
        "a tenth of the learning rate",
        "You divide the learning rate by ten each time, which is what Keras does unless told otherwise. Asked for is "
        "half.",
        _training(factor=0.1),
    ),
    Mistake(
        "Adam's own learning rate",
        "You leave the learning rate to Adam, which takes 0.001. Asked for is 0.002: give the optimiser as an object.",
        _training(rate=0.001),
    ),
    Mistake(
        "divided by 255 here as well",
        "You divide the pictures by 255. The network does that itself, so they are scaled twice and all but black.",
        _training(scale=1 / 255),
    ),
    Mistake(
        "test loss for test accuracy",
        "You return the first number that `evaluate` gives, which is the loss. The metrics follow it.",
        _training(returns="loss"),
    ),
    Mistake(
        "validation accuracy returned",
        "You return the best validation accuracy. It was chosen as the best of many, so it flatters; ask the test "
        "pictures once, with `evaluate`.",
        _training(returns="validation"),
    ),
)


def _picture_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Make files whose shrunk sizes are whole and whose margins are even, so that only real differences count."""
    make = _PictureCases(rng)
    group = "tall and wide pictures"
    yield make.picture(group, "tall.png", (280, 120), 28)
    yield make.picture(group, "wide.jpg", (144, 336), 28)
    yield make.picture(group, "phone.jpg", (140, 280), 28, exif=6)
    yield make.picture(group, "square.png", (160, 160), 20)
    group = "pictures in colour and in grey"
    yield make.picture(group, "colour.png", (120, 200), 20)
    yield make.picture(group, "grey.jpg", (224, 160), 28, mode="L")
    yield make.picture(group, "palette.png", (140, 240), 24, mode="P")
    group = "transparent pictures"
    yield make.picture(group, "cut-out.png", (168, 108), 28, mode="RGBA")
    yield make.picture(group, "grey-cut-out.png", (144, 224), 28, mode="LA")
    group = "too small, and just large enough"
    yield make.picture(group, "tiny.png", (10, 10), 28)
    yield make.picture(group, "short.png", (20, 27), 28)
    yield make.picture(group, "enough.png", (14, 28), 28)
    yield make.picture(group, "narrow.png", (24, 8), 24)
    group = "files that are no pictures"
    whole = make.encoded((140, 140), "RGB", "JPEG")
    yield make.file(group, "notes.jpg", b"Milk, bread, two pairs of socks.\n", 28)
    yield make.file(group, "cut-short.jpg", whole[: len(whole) // 2], 28)
    yield make.file(group, "missing.jpg", None, 28)
    yield make.file(group, "picture.txt", whole, 28)


class _PictureCases:
    """Draws pictures and networks for the cases of ``predict_own_picture``."""

    def __init__(self, rng: np.random.Generator):
        self.rng = rng

    def picture(self, group: str, name: str, size: tuple[int, int], side: int, mode="RGB", exif=0) -> Case:
        kind = "JPEG" if name.endswith("jpg") else "PNG"
        return self.file(group, name, self.encoded(size, mode, kind, exif), side)

    def encoded(self, size: tuple[int, int], mode: str, kind: str, exif: int = 0) -> bytes:
        """Draw a smooth picture in strong colours, (height, width), and encode it."""
        from PIL import Image

        rows, columns = (np.linspace(0, 1, n)[:, None] for n in size)
        waves = [
            np.cos(np.pi * (a * rows + p)) @ np.cos(np.pi * (b * columns + q)).T
            for a, b, p, q in self.rng.uniform(0.6, 1.6, (4, 4))
        ]
        colours = np.clip(np.stack(waves[:3], axis=-1) * 110 + self.rng.uniform(50, 130, 3), 0, 255)
        # It fades into white at its border, so that padding before shrinking gives the same as after.
        strength = np.sin(np.pi * rows) ** 2 @ np.sin(np.pi * columns).T ** 2
        colours = 255 - strength[..., None] * (255 - colours)
        picture = Image.fromarray(colours.astype(np.uint8))
        if mode in ("L", "LA"):
            picture = picture.convert("L")
        if mode in ("RGBA", "LA"):
            alpha = np.clip(128 + 260 * waves[3], 0, 255).astype(np.uint8)
            picture.putalpha(Image.fromarray(alpha))
        if mode == "P":
            picture = picture.quantize(64)
        buffer = io.BytesIO()
        options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
        if exif:
            tags = Image.Exif()
            tags[0x0112] = exif
            options["exif"] = tags
        picture.save(buffer, kind, **options)
        return buffer.getvalue()

    def file(self, group: str, name: str, data: bytes | None, side: int) -> Case:
        """Add a network that names the right preparation with some margin."""
        arrays = {} if data is None else {"data": np.frombuffer(data, np.uint8)}
        prepared = np.zeros((side, side))
        if data is not None:
            with suppress(ValueError):
                prepared = _prepared(data, side)
        names = self.rng.permutation(CLASSES)[:5].tolist()
        while True:
            blocks = self.rng.standard_normal((4, 4, 5)) * 36 / side**2
            kernel = np.kron(blocks, np.ones((side // 4, side // 4, 1))).reshape(side**2, 5)
            bias = 0.5 * self.rng.standard_normal(5)
            top = np.sort(softmax(prepared.ravel() / 255 @ kernel + bias))[-2:]
            if data is None or (0.3 < top[1] < 0.9 and top[1] - top[0] > 0.15):
                break
        arrays |= {"kernel": kernel.astype(np.float32), "bias": bias.astype(np.float32)}
        return Case(group, arrays, {"file": name, "side": side, "names": names})


def _prepared(data: bytes, side: int) -> np.ndarray:
    """Prepare a picture by arithmetic: Pillow decodes, nothing else. (side, side) float in [0, 255].

    Raises
    ------
    ValueError
        When the file is no whole picture, or too small.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as file:
            file.load()
            orientation = file.getexif().get(0x0112, 1)
            pixels = np.asarray(file.convert("RGB") if file.mode == "P" else file, dtype=float)
    except OSError as error:
        raise ValueError("no whole picture") from error
    if max(pixels.shape[:2]) < side:
        raise ValueError("too small")
    pixels = np.rot90(pixels, -1) if orientation == 6 else pixels
    grey = _grey_on_white(pixels)
    height, width = grey.shape
    scale = side / max(height, width)
    rows, columns = _averages(height, round(height * scale)), _averages(width, round(width * scale))
    margins = [((side - n) // 2, side - n - (side - n) // 2) for n in (len(rows), len(columns))]
    return 255 - np.pad(rows @ grey @ columns.T, margins, constant_values=255)


def _grey_on_white(pixels: np.ndarray) -> np.ndarray:
    """Return (height, width) luma of (height, width[, 1 to 4]) pixels, the last of 2 or 4 being opacity."""
    if pixels.ndim == 2:
        return pixels
    opacity = pixels[..., -1] / 255 if pixels.shape[-1] in (2, 4) else 1.0
    colours = pixels[..., :3] if pixels.shape[-1] >= 3 else pixels[..., :1]
    weights = (0.299, 0.587, 0.114) if colours.shape[-1] == 3 else (1.0,)
    return opacity * (colours @ np.array(weights)) + (1 - opacity) * 255


def _averages(old: int, new: int) -> np.ndarray:
    """Return the matrix (new, old) that averages a line of pixels over equal stretches."""
    edges = np.linspace(0, old, new + 1)
    pixels = np.arange(old)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.clip(overlap, 0, None) * new / old


def _predicted_by_arithmetic(model, path, names):
    """Softmax of the one dense layer's scores, with the preparation worked out in NumPy."""
    prepared = _prepared(path.read_bytes(), model.input_shape[1])
    return _read_off(model, prepared / 255, names, prepared)


def _read_off(model, values: np.ndarray, names, prepared: np.ndarray):
    """Return the answer of the case's network for ``values``, which are what its dense layer sees."""
    kernel, bias = (np.asarray(weight, dtype=float) for weight in model.get_weights())
    probabilities = softmax(values.ravel() @ kernel + bias)
    best = int(probabilities.argmax())
    return names[best], float(probabilities[best]), np.rint(prepared)


def _wrong_prediction(
    model,
    path,
    names,
    *,
    upright=True,
    read=None,
    square="pad",
    around=255,
    negate=True,
    smallest=True,
    shorter=False,
    side=None,
    errors="right",
    fed=lambda prepared: prepared,
    returned=None,
):
    """Predict as asked, except for what the caller replaces."""
    from PIL import Image, ImageOps

    side = side or model.input_shape[1]
    try:
        picture = Image.open(path)
        picture = (ImageOps.exif_transpose(picture) if upright else picture).copy()
    except FileNotFoundError as error:
        if errors == "all":
            raise ValueError("no picture") from error
        raise
    except OSError as error:
        if errors == "none":
            raise
        raise ValueError("no picture") from error
    if smallest and (min if shorter else max)(picture.size) < side:
        raise ValueError("too small")
    grey = (read or _on_white)(picture)
    prepared = np.asarray(_squared(grey, side, square, around))
    prepared = 255 - prepared if negate else prepared
    values = np.asarray(fed(prepared.astype(np.float32)))
    model_side = model.input_shape[1]
    if values.shape != (model_side, model_side):
        raise ValueError("the network takes another size")
    name, probability, _ = _read_off(model, values / 255, names, prepared)
    return returned(name, probability, prepared, names) if returned else (name, probability, prepared)


def _on_white(picture):
    from PIL import Image

    picture = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("L")


def _on_black(picture):
    from PIL import Image

    picture = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "black"), picture).convert("L")


def _mixed(weights: tuple[float, float, float]) -> Callable:
    """Make a reader that mixes red, green and blue by other weights."""

    def read(picture):
        from PIL import Image

        picture = picture.convert("RGBA")
        colours = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
        return Image.fromarray((np.asarray(colours, dtype=float) @ np.array(weights)).astype(np.uint8))

    return read


def _squared(grey, side: int, how: str, around: int):
    """Bring a grey picture to (side, side): padded, squashed, cropped, or padded at one edge only."""
    from PIL import Image, ImageOps

    if how == "squash":
        return grey.resize((side, side), Image.Resampling.LANCZOS)
    if how == "crop":
        return ImageOps.fit(grey, (side, side))
    if how == "edge":
        return ImageOps.pad(grey, (side, side), color=around, centering=(0, 0))
    if how == "turned":
        return ImageOps.pad(grey, (side, side), color=around).transpose(Image.Transpose.TRANSPOSE)
    if how == "mean around":
        return ImageOps.pad(grey, (side, side), color=int(np.mean(np.asarray(grey))))
    if how == "not shrunk":
        centre = Image.new("L", (side, side), around)
        centre.paste(grey, ((side - grey.width) // 2, (side - grey.height) // 2))
        return centre
    return ImageOps.pad(grey, (side, side), color=around)


def _prediction(**parts) -> Callable:
    return partial(_wrong_prediction, **parts)


def _batch_of_rows(model, path, names):
    """Hand the network one picture without a batch axis: Keras takes its rows for pictures."""
    _wrong_prediction(model, path, names)
    raise ValueError("the batch axis is missing")


PICTURE_MISTAKES = (
    Mistake(
        "squashed",
        "You resize to a square whatever the picture's proportions are, so a shoe becomes as tall as it is long. Keep "
        "the proportions and fill up with white.",
        _prediction(square="squash"),
    ),
    Mistake(
        "cropped",
        "You cut the longer side off until the picture is square. The toe of a shoe and the hem of a coat are gone "
        "with it; asked for is to keep everything and fill up with white.",
        _prediction(square="crop"),
    ),
    Mistake(
        "margins black before negating",
        "Your margins are filled with black, and negated they become white bars. What surrounds the garment has to "
        "be white, as in the shop's photographs, and black only after the last step.",
        _prediction(around=0),
    ),
    Mistake(
        "margins in the mean grey",
        "You fill the margins with the picture's mean. The pictures that the network knows lie on white.",
        _prediction(square="mean around"),
    ),
    Mistake(
        "not in the centre",
        "Your picture lies at the top or left edge of the square. Training pictures stand in the centre.",
        _prediction(square="edge"),
    ),
    Mistake(
        "rows and columns swapped",
        "Your prepared picture is mirrored at its diagonal. Pillow's `size` is (width, height), an array's shape "
        "(height, width).",
        _prediction(square="turned"),
    ),
    Mistake(
        "cut out in place of shrunk",
        "You take the middle of the picture at its full size. The network then sees a patch of cloth.",
        _prediction(square="not shrunk"),
    ),
    Mistake(
        "not negated",
        "You forget the last step: the training pictures are light on black, as negatives. Yours is still dark on "
        "white.",
        _prediction(negate=False),
    ),
    Mistake(
        "transparency ignored",
        "You drop the opacity and keep what lies below it. Transparent pixels have a colour too, and nobody chose it. "
        "Lay the picture on white first.",
        _prediction(read=lambda picture: picture.convert("RGB").convert("L")),
    ),
    Mistake(
        "transparency on black",
        "You lay transparent pictures on black. Asked for is white, as the shop photographs its clothes; after "
        "negating, your surroundings are white.",
        _prediction(read=_on_black),
    ),
    Mistake(
        "blue and red swapped",
        "You read red for blue: OpenCV's order is BGR, and its weights for grey then meet the wrong channels.",
        _prediction(read=_mixed((0.114, 0.587, 0.299))),
    ),
    Mistake(
        "mean of the channels",
        "You take the mean of red, green and blue. Pillow's `L` weighs green most, as the eye does, and so were the "
        "training pictures made.",
        _prediction(read=_mixed((1 / 3, 1 / 3, 1 / 3))),
    ),
    Mistake(
        "red channel only",
        "You take the first channel for grey. That is red alone: a red coat would be as bright as a white one.",
        _prediction(read=_mixed((1.0, 0.0, 0.0))),
    ),
    Mistake(
        "rotation of the camera ignored",
        "Phones store upright pictures lying down, with a note which way to turn them (EXIF). You leave the note "
        "unread, so people lie on their side. See `ImageOps.exif_transpose`.",
        _prediction(upright=False),
    ),
    Mistake(
        "scaled twice",
        "You divide by 255 before the network, which divides once more. All it sees is black. It takes bytes.",
        _prediction(fed=lambda prepared: prepared / 255),
    ),
    Mistake(
        "scaled twice, prepared too",
        "You return the picture divided by 255, and give it to a network that divides once more. Both want values from "
        "0 to 255.",
        _prediction(
            fed=lambda prepared: prepared / 255,
            returned=lambda name, probability, prepared, names: (name, probability, prepared / 255),
        ),
    ),
    Mistake(
        "small pictures enlarged",
        "You enlarge pictures that are smaller than the network's. The pixels in between are invented, and the network "
        "would still answer with confidence: refuse them with a `ValueError`.",
        _prediction(smallest=False),
    ),
    Mistake(
        "shorter side measured",
        "You refuse pictures by their shorter side. The longer one decides: it is shrunk to the network's size, and "
        "the shorter one is filled up anyway.",
        _prediction(shorter=True),
    ),
    Mistake(
        "always 28 pixels",
        "You prepare 28×28 pixels whatever the network takes. Ask it: `model.input_shape`.",
        _prediction(side=28),
    ),
    Mistake(
        "Pillow's error passed on",
        "For a file that is no picture, Pillow's own error reaches the caller. Turn it into a `ValueError` with a "
        "sentence that names the file.",
        _prediction(errors="none"),
    ),
    Mistake(
        "missing file called no picture",
        "You catch so much that a file which is not there is called “no picture”. Somebody who mistyped a name would "
        "look in the wrong place: let `FileNotFoundError` through.",
        _prediction(errors="all"),
    ),
    Mistake(
        "batch axis missing",
        "Keras takes the first axis for the batch: your one picture reaches it as 28 pictures of one row each. Make a "
        "batch of one.",
        _batch_of_rows,
    ),
    Mistake(
        "number of the class for its name",
        "You return the number of the class. Asked for is its name, from `names`.",
        _prediction(
            returned=lambda name, probability, prepared, names: (names.index(name), probability, prepared)
        ),
    ),
    Mistake(
        "probability in per cent",
        "You return the probability in per cent. Asked for is a number between 0 and 1.",
        _prediction(returned=lambda name, probability, prepared, names: (name, 100 * probability, prepared)),
    ),
)

ANSWERS = {
    "build": Answer(
        cases=_build_cases, invariant=_classifier_problem, mistakes=BUILD_MISTAKES, rtol=RTOL, atol=ATOL
    ),
    "train": Answer(
        cases=_train_cases, invariant=_training_problem, mistakes=TRAIN_MISTAKES, rtol=1e-3, atol=1e-4
    ),
    # Five of 255 levels, and as many per cent: other good ways to shrink differ by two or three.
    "predict_own_picture": Answer(
        cases=_picture_cases, oracle=_predicted_by_arithmetic, mistakes=PICTURE_MISTAKES, rtol=0, atol=5
    ),
}
