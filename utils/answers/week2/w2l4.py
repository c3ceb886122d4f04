"""Lesson 4 of week 2: what is tried, what is right by graph and finite differences, and what people get wrong."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
from scipy.special import log_softmax, softmax

from utils.answers.answer import Answer, Mistake
from utils.answers.keras_models import ATOL, RTOL, model_difference
from utils.exercises.case import Case
from utils.exercises.entry import Arrays
from utils.exercises.keras_models import given_inputs, given_weights, probe_model, shape_text
from utils.exercises.week2.w2l4 import named_variables, small_base

BLOCK = ("convolution", "batch norm", "ReLU", "depthwise", "batch norm", "ReLU")


def _freeze_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(
        group: str, layers: list[tuple[str, str, bool]], layer_name: str, all_frozen: bool = False
    ) -> Case:
        rows = [[name, kind, bool(frozen)] for name, kind, frozen in layers]
        return Case(group, params={"layers": rows, "layer_name": layer_name, "all_frozen": all_frozen})

    def layers(share: float) -> list[tuple[str, str, bool]]:
        kinds = [*BLOCK * 2, "dense"]
        names = [f"{kind.split()[0].lower()}_{number}" for number, kind in enumerate(kinds)]
        return [(n, k, f) for n, k, f in zip(names, kinds, rng.random(len(kinds)) < share, strict=True)]

    trainable, mixed = layers(0), layers(0.5)
    mixed[8:10] = [(name, kind, True) for name, kind, _ in mixed[8:10]]
    yield case("a network that is trainable throughout", trainable, trainable[3][0])
    yield case("a network that is trainable throughout", trainable, trainable[rng.choice([5, 8])][0])
    yield case("layers that were frozen before", mixed, mixed[rng.integers(3, 6)][0])
    yield case("a network that was frozen as a whole", layers(0), trainable[rng.integers(2, 5)][0], True)
    yield case("the last name but one, and a name that no layer has", trainable, trainable[-2][0])
    yield case(
        "the last name but one, and a name that no layer has",
        trainable,
        f"convolution_{rng.integers(20, 99)}",
    )


def _frozen_by_configuration(model, layer_name):
    """Set the flags by what the model's own description says of its layers."""
    rows = [(row["config"]["name"], row["class_name"]) for row in model.get_config()["layers"]]
    names = [name for name, _ in rows]
    if layer_name not in names:
        raise ValueError(f"there is no layer {layer_name!r}")
    model.trainable = True
    for place, (name, kind) in enumerate(rows):
        model.get_layer(name).trainable = place > names.index(layer_name) and kind != "BatchNormalization"
    return model


def _freezing(wanted: Callable, whole: bool | None = True, unknown: str = "raise") -> Callable:
    """Make a wrong answer: `wanted(place, last, layer)` says whether a layer shall be trainable, None leaves it."""

    def function(model, layer_name):
        names = [layer.name for layer in model.layers]
        if layer_name not in names and unknown == "raise":
            raise ValueError(layer_name)
        last = names.index(layer_name) if layer_name in names else len(names)
        if whole is not None:
            model.trainable = whole
        for place, layer in enumerate(model.layers):
            flag = wanted(place, last, layer)
            if flag is not None:
                layer.trainable = flag
        return model

    return function


def _is_norm(layer) -> bool:
    return type(layer).__name__ == "BatchNormalization"


def _is_convolution(layer) -> bool:
    return type(layer).__name__ == "Conv2D"


def _frozen_as_a_whole_last(model, layer_name):
    """Freeze all and then unfreeze inside, where it does not count."""
    return _freezing(lambda place, last, layer: place > last and not _is_norm(layer), whole=False)(
        model, layer_name
    )


FREEZE_MISTAKES = (
    Mistake(
        "batch normalization left trainable",
        "Your batch normalizations after the cut are trainable. In training they then normalise by the "
        "statistics of a few pictures, and forget those that the network was trained with.",
        _freezing(lambda place, last, layer: place > last),
    ),
    Mistake(
        "the named layer left out",
        "The layer that is named is still trainable. It is the last one to be frozen, not the first to be "
        "trained.",
        _freezing(lambda place, last, layer: place >= last and not _is_norm(layer)),
    ),
    Mistake(
        "a layer too many",
        "You freeze the layer after the one that is named as well.",
        _freezing(lambda place, last, layer: place > last + 1 and not _is_norm(layer)),
    ),
    Mistake(
        "the wrong side",
        "You freeze what comes after the layer and train what comes before. The first layers see edges and "
        "colours, which are the same everywhere; it is the last ones that have to be adapted.",
        _freezing(lambda place, last, layer: place <= last and not _is_norm(layer)),
    ),
    Mistake(
        "only the named layer",
        "Only the layer that is named is frozen. All before it should be frozen too.",
        _freezing(lambda place, last, layer: place != last and not _is_norm(layer)),
    ),
    Mistake(
        "nothing unfrozen",
        "You freeze the first layers, but those after them keep what they had: where the network came "
        "frozen, nothing can be trained.",
        _freezing(lambda place, last, layer: False if place <= last or _is_norm(layer) else None, whole=None),
    ),
    Mistake(
        "only the whole unfrozen",
        "You set `model.trainable = True` and trust that all layers follow. Those that were frozen one by "
        "one do not: set the flag of every layer.",
        _freezing(lambda place, last, layer: False if place <= last or _is_norm(layer) else None),
    ),
    Mistake(
        "frozen as a whole",
        "The model as a whole is frozen (`model.trainable`), and then it does not matter what the layers "
        "inside say: nothing is trained.",
        _frozen_as_a_whole_last,
    ),
    Mistake(
        "the whole left as it came",
        "You set the flag of every layer, but a model has one of its own, `model.trainable`. When it comes "
        "frozen as a whole, the flags inside do not count.",
        _freezing(lambda place, last, layer: place > last and not _is_norm(layer), whole=None),
    ),
    Mistake(
        "unknown name not noticed",
        "When no layer has the name, your function freezes everything and says nothing. A misspelt name "
        "should be a ValueError: `model.get_layer` raises one.",
        _freezing(lambda place, last, layer: place > last and not _is_norm(layer), unknown="ignore"),
    ),
    Mistake(
        "only convolutions frozen",
        "You freeze the `Conv2D` layers only. A depthwise convolution is a layer of another class and has "
        "weights too.",
        _freezing(
            lambda place, last, layer: not _is_norm(layer) and (place > last or not _is_convolution(layer))
        ),
    ),
    Mistake(
        "only batch normalization frozen",
        "You freeze the batch normalizations and nothing else. The layers up to the one that is named should "
        "be frozen as well.",
        _freezing(lambda place, last, layer: not _is_norm(layer)),
    ),
)


def _transfer_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, size: Iterable[int], filters: Iterable[int], classes: int) -> Case:
        sizes, counts = ([int(n) for n in numbers] for numbers in (size, filters))
        return Case(group, params={"size": sizes, "filters": counts, "classes": int(classes)})

    yield case("six classes, 6×6 pictures", (6, 6), (4, 5), 6)
    yield case(
        "other sizes, bases and classes", rng.integers(5, 9, 2), rng.choice(np.arange(3, 8), 3, False), 3
    )


@lru_cache(maxsize=16)
def _expected_transfer(size: tuple[int, ...], filters: tuple[int, ...], classes: int) -> Arrays:
    """Work out the head in NumPy, on the maps of a base with the given weights."""
    base = small_base(size, filters)
    base.trainable = False  # or the probe's call in training mode moves the averages
    described = probe_model(base)
    features = np.asarray(base(given_inputs((*size, 3)), training=False))
    kernel, bias = given_weights(((filters[-1], classes), (classes,)))
    return {
        "input_shape": np.array((*size, 3)),
        "output_shape": np.array((classes,)),
        "weights": np.sort([*described["weights"], shape_text(kernel.shape), shape_text(bias.shape)]),
        "trainable": np.array(kernel.size + bias.size),
        "outputs": softmax(features.mean(axis=(1, 2)) @ kernel + bias, axis=1),
        "steps": np.array(
            ["Rescaling", "Functional", "GlobalAveragePooling2D", f"dense with {classes} units", "softmax"]
        ),
    }


def _transfer_difference(case: Case, arrays: Arrays) -> str:
    size, filters = (tuple(case.params[name]) for name in ("size", "filters"))
    return model_difference(_expected_transfer(size, filters, case.params["classes"]), arrays)


def _wrong_transfer(
    base,
    classes,
    *,
    before=(("Rescaling", {"scale": 1 / 255}),),
    frozen=True,
    after=(("GlobalAveragePooling2D", {}),),
    output="softmax",
    last=(),
    head_frozen=False,
):
    """Build the transferred network, except for what the caller replaces."""
    import keras
    from keras import layers

    base.trainable = not frozen
    x = inputs = keras.Input(base.input_shape[1:])
    for name, options in before:
        x = getattr(layers, name)(**options)(x)
    x = base(x)
    for name, options in after:
        x = getattr(layers, name)(**options)(x)
    x = layers.Dense(classes, activation=output)(x)
    for name, options in last:
        x = getattr(layers, name)(**options)(x)
    model = keras.Model(inputs, x)
    if head_frozen:
        model.trainable = False
    return model


def _transfer(**parts) -> Callable:
    return partial(_wrong_transfer, **parts)


STANDARD = {"mean": (0.485, 0.456, 0.406), "variance": (0.0524, 0.0502, 0.0506)}

TRANSFER_MISTAKES = (
    Mistake(
        "preprocessing forgotten",
        "The bytes go into the base as they are, up to 255. It expects numbers in [0, 1], as its card says; "
        "what it makes of 255 times more light it never learned.",
        _transfer(before=()),
    ),
    Mistake(
        "scaled to −1…1",
        "You bring the pictures to [−1, 1]. Some networks want that; this base wants [0, 1].",
        _transfer(before=(("Rescaling", {"scale": 1 / 127.5, "offset": -1.0}),)),
    ),
    Mistake(
        "scaled twice",
        "You divide by 255 twice, and the base sees nothing but black.",
        _transfer(before=(("Rescaling", {"scale": 1 / 255}),) * 2),
    ),
    Mistake(
        "standardised twice",
        "You subtract ImageNet's mean and divide by its deviation. The base does that itself: preprocessing "
        "that belongs to a network is in it already. Bring the bytes to [0, 1] and no further.",
        _transfer(before=(("Rescaling", {"scale": 1 / 255}), ("Normalization", STANDARD))),
    ),
    Mistake(
        "scaled after the base",
        "You divide by 255 behind the base. It is the base that needs small numbers.",
        _transfer(before=(), after=(("Rescaling", {"scale": 1 / 255}), ("GlobalAveragePooling2D", {}))),
    ),
    Mistake(
        "base left trainable",
        "The base is still trainable. The first gradients of a random head are large and wrong, and with a "
        "few pictures they undo what the base knows.",
        _transfer(frozen=False),
    ),
    Mistake(
        "head frozen too",
        "Everything is frozen, the new classifier too. It is the one layer that has to learn.",
        _transfer(head_frozen=True),
    ),
    Mistake(
        "flatten for average",
        "You flatten the maps. That gives the head a weight for every place of every map, far more than a "
        "few pictures can teach. Average each map.",
        _transfer(after=(("Flatten", {}),)),
    ),
    Mistake(
        "maximum for average",
        "You take the maximum of each map; asked for is the average.",
        _transfer(after=(("GlobalMaxPooling2D", {}),)),
    ),
    Mistake(
        "no pooling",
        "There is nothing between base and classifier, so the classifier answers at every place of the maps. "
        "One answer for a picture is wanted.",
        _transfer(after=()),
    ),
    Mistake(
        "softmax missing",
        "Your outputs are scores. Asked for are probabilities.",
        _transfer(output=None),
    ),
    Mistake(
        "softmax twice",
        "You apply a softmax to probabilities. The second one makes them nearly equal, and training slow.",
        _transfer(last=(("Softmax", {}),)),
    ),
    Mistake(
        "sigmoid for softmax",
        "Sigmoid answers every class by itself. Exactly one is right: the probabilities have to compete.",
        _transfer(output="sigmoid"),
    ),
    Mistake(
        "always six classes",
        "Your classifier always has six outputs. Use the argument `classes`.",
        lambda base, classes: _wrong_transfer(base, 6),
    ),
)


def _tuning_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, frozen: bool, epochs: tuple[int, int], pictures: int) -> Case:
        channels, first, second, classes = (int(n) for n in rng.permutation([2, 3, 4, 5]))
        params = {
            "layer_name": str(rng.choice(["norm1", "relu1"])),
            "rates": [0.5, 0.1],
            "epochs": list(epochs),
        }
        arrays = {
            "x": rng.standard_normal((pictures, 2, 2, channels)),
            "y": np.arange(pictures) % classes,
            "conv1 kernel": rng.standard_normal((1, 1, channels, first)),
            "conv2 kernel": rng.standard_normal((1, 1, first, second)),
            "head kernel": 0.3 * rng.standard_normal((second, classes)),
            "head bias": np.zeros(classes),
        }
        for number, filters in ((1, first), (2, second)):
            arrays |= {
                f"norm{number} gamma": rng.uniform(0.7, 1.3, filters),
                f"norm{number} beta": rng.uniform(0.1, 0.5, filters),
                f"norm{number} moving_mean": rng.uniform(-0.5, 0.5, filters),
                f"norm{number} moving_variance": rng.uniform(0.5, 2.0, filters),
            }
        single = {name: array.astype(np.float32) for name, array in arrays.items() if name != "y"}
        return Case(group, {**single, "y": arrays["y"]}, {**params, "frozen": frozen})

    yield case("a base that is frozen already", True, (3, 2), int(rng.integers(8, 14)))
    yield case("a base that arrives trainable", False, (2, 4), int(rng.integers(8, 14)))


@dataclass(frozen=True)
class _Stage:
    """One stage of training: which rate and epochs it takes, and what learns.

    `base` is what learns of the base: "" nothing, "upper" what comes after the cut, "lower" what comes before,
    "all" everything, "arrived" everything if the base arrived trainable. `norms`: batch normalizations among it
    learn as well, and normalise by the batch.
    """

    rate: int
    epochs: int
    base: str = ""
    norms: bool = False
    head: bool = True


HEAD, BOTH = _Stage(0, 0), _Stage(1, 1, "upper")
_ORDER = ("conv1", "norm1", "relu1", "conv2", "norm2", "relu2")


def _train_by_differences(model, base, layer_name, x, y, optimizers, epochs, *, stages=(HEAD, BOTH)):
    """Train the network of a case by gradient descent whose gradients are finite differences, in NumPy."""
    variables = named_variables(model)
    weights = {name: np.array(variable, np.float64) for name, variable in variables.items()}
    arrived = base.trainable
    for stage in stages:
        rate = float(optimizers[stage.rate].learning_rate)
        layers = _learning(stage, layer_name, arrived)
        active = [number for number in (1, 2) if f"norm{number}" in layers]
        learned = [
            name for name in weights if name.split()[0] in layers and not name.split()[1].startswith("moving")
        ]
        for _ in range(epochs[stage.epochs]):
            _step(weights, learned, active, x.astype(np.float64), y, rate)
    for name, variable in variables.items():
        variable.assign(weights[name].astype(np.float32))
    return model


def _learning(stage: _Stage, layer_name: str, arrived: bool) -> set[str]:
    """Return the names of the layers that learn in a stage."""
    cut = _ORDER.index(layer_name) + 1
    part = {
        "": (),
        "upper": _ORDER[cut:],
        "lower": _ORDER[:cut],
        "all": _ORDER,
        "arrived": _ORDER if arrived else (),
    }[stage.base]
    chosen = {name for name in part if stage.norms or not name.startswith("norm")}
    return chosen | ({"head"} if stage.head else set())


def _step(weights: Arrays, learned, active, x, y, rate: float) -> None:
    """Take one step of gradient descent on the whole batch, in place; active normalizations move their averages."""
    gradients = {}
    for name in learned:
        value, gradients[name] = weights[name], np.zeros_like(weights[name])
        for place in np.ndindex(value.shape):
            kept, losses = value[place], []
            for shift in (1e-5, -1e-5):
                value[place] = kept + shift
                losses.append(_loss(weights, active, x, y))
            value[place] = kept
            gradients[name][place] = (losses[0] - losses[1]) / 2e-5
    _, statistics = _scores(weights, active, x)
    for number, (mean, variance) in statistics.items():
        for kind, now in (("moving_mean", mean), ("moving_variance", variance)):
            name = f"norm{number} {kind}"
            weights[name] = 0.99 * weights[name] + 0.01 * now
    for name, gradient in gradients.items():
        weights[name] -= rate * gradient


def _loss(weights: Arrays, active, x, y) -> float:
    scores, _ = _scores(weights, active, x)
    return -log_softmax(scores, axis=1)[np.arange(len(y)), y].mean()


def _scores(weights: Arrays, active, x) -> tuple[np.ndarray, dict]:
    """Return the logits, and mean and variance of the batch at the active normalizations."""
    statistics = {}
    for number in (1, 2):
        z = x @ weights[f"conv{number} kernel"][0, 0]
        mean, variance = weights[f"norm{number} moving_mean"], weights[f"norm{number} moving_variance"]
        if number in active:
            statistics[number] = mean, variance = z.mean(axis=(0, 1, 2)), z.var(axis=(0, 1, 2))
        z = (z - mean) / np.sqrt(variance + 1e-3)
        x = np.maximum(weights[f"norm{number} gamma"] * z + weights[f"norm{number} beta"], 0)
    return x.mean(axis=(1, 2)) @ weights["head kernel"] + weights["head bias"], statistics


def _tuned(*stages: _Stage) -> Callable:
    return partial(_train_by_differences, stages=stages)


TUNING_MISTAKES = (
    Mistake(
        "unfrozen from the beginning",
        "The last layers of the base learn in the first stage already, while the head still guesses. Freeze "
        "the whole base until the head is trained.",
        _tuned(_Stage(0, 0, "upper"), BOTH),
    ),
    Mistake(
        "base not frozen in the first stage",
        "In the first stage you take the base as it comes. When it comes trainable, the gradients of an "
        "untrained head run through all of it: freeze it yourself.",
        _tuned(_Stage(0, 0, "arrived", norms=True), BOTH),
    ),
    Mistake(
        "everything at once",
        "You unfreeze the whole base before the first stage. Two stages are wanted: first the head alone.",
        _tuned(_Stage(0, 0, "all", norms=True), BOTH),
    ),
    Mistake(
        "not compiled again",
        "After the freezing has changed, you fit without compiling again. The old training goes on: only the "
        "head learns, with the old rate.",
        _tuned(HEAD, _Stage(0, 1)),
    ),
    Mistake(
        "same learning rate twice",
        "Both stages use the first optimizer. Its steps are much too long for weights that are nearly right "
        "already.",
        _tuned(HEAD, replace(BOTH, rate=0)),
    ),
    Mistake(
        "learning rates swapped",
        "The optimizers are the other way round: the new head may take long steps, the pretrained layers "
        "short ones.",
        _tuned(replace(HEAD, rate=1), replace(BOTH, rate=0)),
    ),
    Mistake(
        "second optimizer twice",
        "Both stages use the second optimizer. With its short steps the head is hardly trained when the base "
        "is unfrozen.",
        _tuned(replace(HEAD, rate=1), BOTH),
    ),
    Mistake(
        "batch normalization in training mode",
        "In the second stage batch normalizations learn as well, so they use and collect the statistics of "
        "your few pictures. Keep them frozen, as `freeze_until` does.",
        _tuned(HEAD, replace(BOTH, norms=True)),
    ),
    Mistake(
        "the whole base unfrozen",
        "In the second stage the whole base learns, batch normalizations included. Only what comes after the "
        "layer that is named should.",
        _tuned(HEAD, replace(BOTH, base="all", norms=True)),
    ),
    Mistake(
        "the whole base but batch normalization",
        "In the second stage all of the base learns but its batch normalizations. Only what comes after the "
        "layer that is named should.",
        _tuned(HEAD, replace(BOTH, base="all")),
    ),
    Mistake(
        "the wrong side",
        "In the second stage the first layers learn and the last ones are frozen. It is the other way round.",
        _tuned(HEAD, replace(BOTH, base="lower")),
    ),
    Mistake(
        "head frozen in the second stage",
        "In the second stage the head is frozen. It learns along with the last layers of the base.",
        _tuned(HEAD, replace(BOTH, head=False)),
    ),
    Mistake(
        "base never unfrozen",
        "You compile again, but the base is frozen in the second stage too, so nothing is tuned but the head.",
        _tuned(HEAD, _Stage(1, 1)),
    ),
    Mistake(
        "second stage left out",
        "You stop after the head is trained. The second stage is missing.",
        _tuned(HEAD),
    ),
    Mistake(
        "first stage left out",
        "You begin with the second stage. A head with random weights then sends its gradients into the "
        "pretrained layers.",
        _tuned(BOTH),
    ),
    Mistake(
        "epochs of the first stage twice",
        "Both stages last `epochs[0]`. The second has a number of its own.",
        _tuned(HEAD, replace(BOTH, epochs=0)),
    ),
)

ANSWERS = {
    "freeze_until": Answer(cases=_freeze_cases, oracle=_frozen_by_configuration, mistakes=FREEZE_MISTAKES),
    "transfer_model": Answer(
        cases=_transfer_cases,
        invariant=_transfer_difference,
        mistakes=TRANSFER_MISTAKES,
        rtol=RTOL,
        atol=ATOL,
    ),
    "fine_tune": Answer(
        cases=_tuning_cases, oracle=_train_by_differences, mistakes=TUNING_MISTAKES, rtol=1e-3, atol=2e-5
    ),
}
