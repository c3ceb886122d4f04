"""Lesson 3 of week 4: what is tried, what is right by SciPy and by harmonic means, and what people get wrong."""

from collections.abc import Callable, Iterator
from functools import partial
from statistics import harmonic_mean
from typing import Any

import numpy as np
from scipy.signal import correlate
from scipy.special import expit

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case
from utils.exercises.entry import Arrays
from utils.exercises.keras_graphs import signed_inputs
from utils.exercises.keras_models import given_weights

RTOL, ATOL = 1e-4, 1e-5

# siamese_classifier -------------------------------------------------------------------------------------------


def _siamese_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, shapes: list[tuple[int, ...]], picture: tuple[int, ...], unit: bool, frozen: bool):
        arrays = {}
        for number, shape in enumerate(shapes):
            spread = np.sqrt(2 / np.prod(shape[:-1]))
            arrays[f"kernel {number}"] = spread * rng.standard_normal(shape)
            arrays[f"bias {number}"] = rng.uniform(-0.5, 0.5, shape[-1:])
        params = {"input_shape": list(picture), "unit": unit, "frozen": frozen}
        return Case(group, {name: value.astype(np.float32) for name, value in arrays.items()}, params)

    def sizes(count: int) -> list[int]:
        return [int(n) for n in rng.choice(np.arange(3, 9), count, replace=False)]

    group = "an encoder of one dense layer"
    n, d = sizes(2)
    yield case(group, [(n, d)], (n,), False, False)
    group = "an encoder with convolutions"
    height, width, filters, d = sizes(4)
    yield case(group, [(3, 3, 1, filters), (filters, d)], (height, width, 1), True, False)
    height, width, filters, d = sizes(4)
    yield case(group, [(2, 2, 3, filters), (filters, d)], (height, width, 3), False, False)
    group = "an encoder that arrives frozen, and one that does not"
    n, hidden, d = sizes(3)
    yield case(group, [(n, hidden), (hidden, d)], (n,), True, True)
    yield case(group, [(n, hidden), (hidden, d)], (n,), True, False)


def _encode(case: Case, x: np.ndarray) -> np.ndarray:
    """Apply a case's encoder without Keras."""
    count = len(case.arrays) // 2
    for number in range(count):
        kernel, bias = (case.arrays[f"{name} {number}"].astype(np.float64) for name in ("kernel", "bias"))
        if kernel.ndim == 4:
            x = np.stack(
                [
                    correlate(x, kernel[None, ..., k], "valid", "direct")[..., 0]
                    for k in range(kernel.shape[3])
                ],
                axis=3,
            )
            x = x + bias
        else:
            x = x.mean(axis=(1, 2)) if x.ndim == 4 else x
            x = x @ kernel + bias
        x = np.maximum(x, 0) if number < count - 1 else x
    return x / np.linalg.norm(x, axis=1, keepdims=True) if case.params["unit"] else x


def _judge_siamese(case: Case, arrays: Arrays) -> str:
    """Compare a probed model with the same network computed by SciPy."""
    both = signed_inputs((2, *case.params["input_shape"])).astype(np.float64)
    first, second = _encode(case, both[:, 0]), _encode(case, both[:, 1])
    length = first.shape[1]
    ((kernel,), (bias,)) = given_weights(((length, 1),)), given_weights(((1,),))
    wanted = expit(np.abs(first - second) @ kernel + bias)
    own = 0 if case.params["frozen"] else sum(value.size for value in case.arrays.values())
    return (
        _structure_problem(arrays, length, own)
        or _shape_problem(arrays["outputs"], wanted)
        or _symmetry_problem(arrays, expit(bias))
        or _value_problem(arrays["outputs"], wanted)
    )


def _structure_problem(arrays: Arrays, length: int, own: int) -> str:
    if not arrays["encoder_used"]:
        return (
            "Your model does not hold the encoder that was given, with its own weights: call that encoder on both "
            "pictures."
        )
    asked, found = sorted([f"{length}×1", "1"]), arrays["weights"].tolist()
    if found != asked:
        return (
            f"Beside the encoder's, your model has weights of the shapes {', '.join(found) or 'none'}; asked for are "
            f"{length}×1 and 1: one weight for each of the {length} numbers of an encoding, and a bias."
        )
    if arrays["trainable"] != own + length + 1:
        return (
            f"{int(arrays['trainable'])} parameters of your model are trainable; it should be {own + length + 1}. "
            "Leave the encoder as frozen or as trainable as it came."
        )
    return ""


def _shape_problem(outputs: np.ndarray, wanted: np.ndarray) -> str:
    if outputs.shape != wanted.shape:
        return f"For 4 pairs your model gives a result of shape {outputs.shape}; it should be {wanted.shape}."
    if outputs.min() < 0 or outputs.max() > 1:
        place = int(np.argmax(np.abs(outputs - 0.5)))
        return f"Your model answers {outputs[place, 0]:.3g}; a probability lies between 0 and 1."
    return ""


def _symmetry_problem(arrays: Arrays, at_bias: np.ndarray) -> str:
    outputs, exchanged = arrays["outputs"], arrays["exchanged"]
    if not np.allclose(outputs, exchanged, rtol=RTOL, atol=ATOL):
        place = int(np.argmax(np.abs(outputs - exchanged)))
        return (
            f"For one pair your model answers {outputs[place, 0]:.4f}, and {exchanged[place, 0]:.4f} when its two "
            "pictures are exchanged. Whether they show one person does not depend on their order."
        )
    if not np.allclose(arrays["equal"], at_bias, rtol=RTOL, atol=ATOL):
        return (
            f"For a picture paired with itself your model answers {arrays['equal'][0, 0]:.4f}. All differences are 0 "
            f"there, so that the bias alone is left: {float(at_bias[0]):.4f}."
        )
    return ""


def _value_problem(outputs: np.ndarray, wanted: np.ndarray) -> str:
    if np.allclose(outputs, wanted, rtol=RTOL, atol=ATOL):
        return ""
    place = int(np.argmax(np.abs(outputs - wanted)))
    return (
        f"With equal weights your model answers {outputs[place, 0]:.4f} for a pair; it should be "
        f"{wanted[place, 0]:.4f}."
    )


def _absolute_difference(one, other):
    from keras import ops

    return ops.abs(one - other)


def _one_sigmoid(x):
    from keras import layers

    return layers.Dense(1, activation="sigmoid")(x)


def _wrong_siamese(
    encoder,
    input_shape,
    *,
    prepare: Callable = lambda encoder: (encoder, encoder),
    compare: Callable = _absolute_difference,
    decide: Callable = _one_sigmoid,
):
    """Build the classifier, except for what the caller replaces."""
    import keras

    a, b = keras.Input(input_shape), keras.Input(input_shape)
    one, other = prepare(encoder)
    return keras.Model([a, b], decide(compare(one(a), other(b))))


def _flawed(**flaws: Any) -> Callable:
    return partial(_wrong_siamese, **flaws)


def _copy_for_second(encoder):
    import keras

    copy = keras.models.clone_model(encoder)
    copy.name = "second"
    return encoder, copy


def _copy_for_both(encoder):
    import keras

    copy = keras.models.clone_model(encoder)
    return copy, copy


def _freeze(encoder):
    encoder.trainable = False
    return encoder, encoder


def _with_ops(name: str, *arguments) -> Callable:
    """Make a comparison of one function of `keras.ops`."""

    def compare(one, other):
        from keras import ops

        return getattr(ops, name)(*([[one, other], *arguments] if name == "concatenate" else [one, other]))

    return compare


def _of_difference(name: str, **arguments) -> Callable:
    """Make a comparison of one function of `keras.ops` on the difference."""

    def compare(one, other):
        from keras import ops

        return getattr(ops, name)(one - other, **arguments)

    return compare


def _total_difference(one, other):
    from keras import ops

    return ops.sum(ops.abs(one - other), axis=-1, keepdims=True)


def _dense(units: int, **arguments) -> Callable:
    def decide(x):
        from keras import layers

        return layers.Dense(units, **arguments)(x)

    return decide


def _hidden_layer(x):
    from keras import layers

    return _one_sigmoid(layers.Dense(8, activation="relu")(x))


def _other_probability(x):
    return 1 - _one_sigmoid(x)


def _difference_of_pictures(encoder, input_shape):
    import keras
    from keras import ops

    a, b = keras.Input(input_shape), keras.Input(input_shape)
    return keras.Model([a, b], _one_sigmoid(encoder(ops.abs(a - b))))


def _same_picture_twice(encoder, input_shape):
    import keras
    from keras import ops

    a, b = keras.Input(input_shape), keras.Input(input_shape)
    return keras.Model([a, b], _one_sigmoid(ops.abs(encoder(a) - encoder(a))) + 0 * ops.sum(b))


def _decided_before_compared(encoder, input_shape):
    import keras
    from keras import layers, ops

    a, b = keras.Input(input_shape), keras.Input(input_shape)
    weigh = layers.Dense(1)
    return keras.Model([a, b], ops.sigmoid(ops.abs(weigh(encoder(a)) - weigh(encoder(b)))))


SIAMESE_MISTAKES = (
    Mistake(
        "two encoders",
        "Your second picture goes through an encoder of its own. Then the same face gets two different encodings, "
        "and exchanging the pictures changes the answer. One encoder is enough: call it twice.",
        _flawed(prepare=_copy_for_second),
    ),
    Mistake(
        "a copy of the encoder",
        "You copied the encoder, and a copy starts with weights of its own: what the given one has learnt is lost. Use "
        "the encoder itself.",
        _flawed(prepare=_copy_for_both),
    ),
    Mistake(
        "encoder frozen",
        "You froze the encoder. Then only the last layer would learn from pairs; the encoder should stay as it came.",
        _flawed(prepare=_freeze),
    ),
    Mistake(
        "no absolute value",
        "Your difference has a sign. Exchange the pictures and every sign turns, so that the answer changes. Only the "
        "size of each difference should count.",
        _flawed(compare=lambda one, other: one - other),
    ),
    Mistake(
        "squared difference",
        "You square the differences. That is symmetric too, but asked for are their absolute values.",
        _flawed(compare=_of_difference("square")),
    ),
    Mistake(
        "concatenated",
        "You lay both encodings side by side. A dense layer then has other weights for the first picture than for "
        "the second, and never looks at a difference.",
        _flawed(compare=_with_ops("concatenate", -1)),
    ),
    Mistake(
        "multiplied",
        "You multiply the encodings number by number. Asked for is how far their numbers lie apart.",
        _flawed(compare=_with_ops("multiply")),
    ),
    Mistake(
        "added",
        "You add the encodings. Two faces that are alike and two that are not can have the same sum; it is the "
        "difference that tells.",
        _flawed(compare=lambda one, other: one + other),
    ),
    Mistake(
        "negative differences cut off",
        "You rectify the difference, so that only those count where the first picture has the larger number. "
        "Exchange the pictures and others count.",
        _flawed(compare=_of_difference("relu")),
    ),
    Mistake(
        "distance only",
        "You reduce the difference to one number, the distance, before you weigh it. Then all numbers of an encoding "
        "count the same. Each should have a weight of its own.",
        _flawed(compare=_of_difference("norm", axis=-1, keepdims=True)),
    ),
    Mistake(
        "differences summed first",
        "You sum the differences before you weigh them, so that one weight is left for all. Each of the d differences "
        "should have its own.",
        _flawed(compare=_total_difference),
    ),
    Mistake(
        "no sigmoid",
        "Your last layer gives any number. A sigmoid turns it into a probability.",
        _flawed(decide=_dense(1)),
    ),
    Mistake(
        "softmax of one number",
        "The softmax of a single number is always 1, so every pair is one person for your model. For one output take "
        "a sigmoid.",
        _flawed(decide=_dense(1, activation="softmax")),
    ),
    Mistake(
        "two outputs",
        "Your last layer has two outputs, same and different. One probability says both.",
        _flawed(decide=_dense(2, activation="softmax")),
    ),
    Mistake(
        "a hidden layer",
        "There is one more dense layer between difference and answer. A logistic regression weighs the differences "
        "directly, so that one can read off what matters.",
        _flawed(decide=_hidden_layer),
    ),
    Mistake(
        "no bias",
        "Your last layer has no bias. Without one, two equal encodings always give a probability of .5.",
        _flawed(decide=_dense(1, activation="sigmoid", use_bias=False)),
    ),
    Mistake(
        "tanh",
        "A tanh lies between −1 and 1. A probability lies between 0 and 1: that is the sigmoid.",
        _flawed(decide=_dense(1, activation="tanh")),
    ),
    Mistake(
        "probability of being different",
        "You subtract the sigmoid from 1. Asked for is the output of the dense layer itself, which will be the "
        "probability that both pictures show one person.",
        _flawed(decide=_other_probability),
    ),
    Mistake(
        "pictures compared",
        "You subtract the pictures and encode what is left. A face that moved by a few pixels would be another one. "
        "Encode first, compare then.",
        _difference_of_pictures,
    ),
    Mistake(
        "the first picture twice",
        "Both encodings are those of the first picture, so that their difference is always 0.",
        _same_picture_twice,
    ),
    Mistake(
        "weighed before compared",
        "Your dense layer turns each encoding into one number, and you compare these. All that is left of a face is "
        "one number then. Compare first, weigh afterwards.",
        _decided_before_compared,
    ),
)


# chi_square_similarity ----------------------------------------------------------------------------------------


def _chi_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, a: np.ndarray, b: np.ndarray, dtype: type = np.float64) -> Case:
        return Case(group, {"a": a.astype(dtype), "b": b.astype(dtype)})

    def draw(*shape: int) -> np.ndarray:
        return rng.gamma(1.0, 1.0, shape) + 0.05

    def sparse(*shape: int) -> np.ndarray:
        """Draw as ReLUs give it: many zeros."""
        return draw(*shape) * (rng.random(shape) < 0.5)

    n, d = (int(k) for k in rng.choice(np.arange(3, 8), 2, replace=False))
    group = "one pair, and many pairs at once"
    yield case(group, draw(d), draw(d))
    yield case(group, draw(n, d), draw(n, d), np.float32)
    yield case(group, draw(2, n, d), draw(2, n, d))
    group = "one face against a database"
    yield case(group, draw(d), draw(n, d))
    yield case(group, draw(n, d), draw(d), np.float32)
    yield case(group, draw(2, 1, d), draw(n, d))
    group = "zeros, as a ReLU leaves them, and numbers below zero"
    a, b = sparse(n, d), sparse(n, d)
    a[:, 0] = b[:, 0] = 0
    a[:, 1], b[:, 1] = 0, draw(n)
    yield case(group, a, b)
    yield case(group, np.zeros(d), np.zeros(d), np.float32)
    below = draw(n, d)
    below[rng.integers(n), rng.integers(d)] *= -1
    yield case(group, below, draw(n, d) + 5)
    yield case(group, draw(d) + 5, -draw(d) / 10)


def _chi_by_harmonic_means(a, b):
    """Sum a + b − 2 h, which is (a − b)² / (a + b): h is the harmonic mean, and 0 where a number is 0."""
    if min(np.min(a), np.min(b)) < 0:
        raise ValueError("encodings must hold no negative numbers")
    a, b = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(b, np.float64))
    terms = [
        x + y - 2 * harmonic_mean([x, y]) for x, y in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)
    ]
    return np.reshape(terms, a.shape).sum(axis=-1)


def _sum_terms(terms):
    return np.sum(terms, axis=-1)


def _divide(numerator, denominator):
    """Divide, 0 by 0 being 0."""
    return np.where(denominator == 0, 0, numerator / np.where(denominator == 0, 1, denominator))


def _wrong_chi(
    a,
    b,
    *,
    numerator: Callable = lambda a, b: (a - b) ** 2,
    denominator: Callable = lambda a, b: a + b,
    divide: Callable = _divide,
    reduce: Callable = _sum_terms,
    refuse: Callable = lambda a, b: np.any(a < 0) or np.any(b < 0),
):
    """Compute the similarity, except for what the caller replaces."""
    if refuse(a, b):
        raise ValueError("negative numbers")
    return reduce(divide(numerator(a, b), denominator(a, b)))


def _flawed_chi(**flaws: Any) -> Callable:
    return partial(_wrong_chi, **flaws)


def _sums_divided(a, b):
    if np.any(a < 0) or np.any(b < 0):
        raise ValueError("negative numbers")
    return _divide(np.sum((a - b) ** 2, axis=-1), np.sum(a + b, axis=-1))


CHI_MISTAKES = (
    Mistake(
        "not summed",
        "You return one number for each place of the encodings. Asked for is one number a pair: their sum.",
        _flawed_chi(reduce=lambda terms: terms),
    ),
    Mistake(
        "summed over everything",
        "You sum over all axes, so that many pairs give one number. Only the last axis is summed, that of an "
        "encoding's numbers.",
        _flawed_chi(reduce=np.sum),
    ),
    Mistake(
        "summed over the first axis",
        "You sum over the first axis, which counts pairs. The numbers of an encoding lie along the last one.",
        _flawed_chi(reduce=lambda terms: np.sum(terms, axis=0)),
    ),
    Mistake(
        "mean for sum",
        "You take the mean of the terms. Asked for is their sum.",
        _flawed_chi(reduce=lambda terms: np.mean(terms, axis=-1)),
    ),
    Mistake(
        "half of it",
        "You halve the sum, as some books on histograms do. Here there is no factor before it.",
        _flawed_chi(reduce=lambda terms: np.sum(terms, axis=-1) / 2),
    ),
    Mistake(
        "root taken",
        "You take a root in the end. The similarity is the sum itself.",
        _flawed_chi(reduce=lambda terms: np.sqrt(np.sum(terms, axis=-1))),
    ),
    Mistake(
        "not squared",
        "Your numerators are absolute differences. χ² has their squares there.",
        _flawed_chi(numerator=lambda a, b: np.abs(a - b)),
    ),
    Mistake(
        "difference of squares",
        "You subtract the squares, a² − b². Asked for is the square of the difference.",
        _flawed_chi(numerator=lambda a, b: a**2 - b**2),
    ),
    Mistake(
        "not divided",
        "You sum squared differences and never divide. Then a difference of .1 counts the same between .9 and 1 as "
        "between 0 and .1.",
        _flawed_chi(denominator=lambda a, b: np.ones_like(a + b)),
    ),
    Mistake(
        "divided by one of them",
        "You divide by the second encoding only, as when something measured is compared with something expected. "
        "Neither face is the expected one: divide by the sum, and the order does not matter.",
        _flawed_chi(denominator=lambda a, b: b + 0 * a),
    ),
    Mistake(
        "divided by the product",
        "Your denominators are products. They should be sums.",
        _flawed_chi(denominator=lambda a, b: a * b),
    ),
    Mistake(
        "divided by the squared sum",
        "You square the denominator as well. Only the difference is squared.",
        _flawed_chi(denominator=lambda a, b: (a + b) ** 2),
    ),
    Mistake(
        "summed before divided",
        "You sum numerators and denominators and divide once. Each number of the encodings has a fraction of its own; "
        "the fractions are summed.",
        _sums_divided,
    ),
    Mistake(
        "no guard for 0 / 0",
        "Where both numbers are 0 you divide 0 by 0, which is NaN, and one NaN spoils the sum. ReLUs leave many such "
        "zeros. Two zeros are equal and should count 0.",
        _flawed_chi(divide=lambda numerator, denominator: numerator / denominator),
    ),
    Mistake(
        "two zeros count 1",
        "Where both numbers are 0 your term is 1. Two zeros are equal, and equal numbers add nothing.",
        _flawed_chi(divide=lambda n, d: np.where(d == 0, 1, n / np.where(d == 0, 1, d))),
    ),
    Mistake(
        "skipped unless both are positive",
        "You skip places where one of the two is 0. There the encodings differ: the term is the other number.",
        _flawed_chi(
            numerator=lambda a, b: np.where((a > 0) & (b > 0), (a - b) ** 2, 0),
        ),
    ),
    Mistake(
        "1 in every denominator",
        "You add 1 to each denominator to keep it from 0. That changes every term. Treat 0 / 0 alone, or add something "
        "too small to be seen.",
        _flawed_chi(denominator=lambda a, b: a + b + 1),
    ),
    Mistake(
        "negative numbers accepted",
        "You compute something for negative numbers too. Then a denominator can be 0 or negative, and two faces that "
        "differ can count as alike. Raise a ValueError.",
        _flawed_chi(refuse=lambda a, b: False),
    ),
    Mistake(
        "only the first encoding checked",
        "You look for negative numbers in a only. b can hold some as well.",
        _flawed_chi(refuse=lambda a, b: np.any(a < 0)),
    ),
    Mistake(
        "negative numbers made positive",
        "You take the absolute value of negative numbers. They are a sign of a wrong encoder, and should be refused "
        "with a ValueError.",
        lambda a, b: _wrong_chi(np.abs(a), np.abs(b)),
    ),
    Mistake(
        "negative numbers cut off",
        "You take 0 for negative numbers. They are a sign of a wrong encoder, and should be refused with a ValueError.",
        lambda a, b: _wrong_chi(np.maximum(a, 0), np.maximum(b, 0)),
    ),
    Mistake(
        "turned round",
        "You return 1 / (1 + χ²), which is large for equal faces. The name says similarity, but the number asked for "
        "is 0 for equal faces, and grows as they differ.",
        _flawed_chi(reduce=lambda terms: 1 / (1 + np.sum(terms, axis=-1))),
    ),
    Mistake(
        "sign changed",
        "You return the negative sum. Asked for is the sum, 0 or more.",
        _flawed_chi(reduce=lambda terms: -np.sum(terms, axis=-1)),
    ),
)

ANSWERS = {
    "siamese_classifier": Answer(
        cases=_siamese_cases, invariant=_judge_siamese, mistakes=SIAMESE_MISTAKES, rtol=RTOL, atol=ATOL
    ),
    "chi_square_similarity": Answer(
        cases=_chi_cases, oracle=_chi_by_harmonic_means, mistakes=CHI_MISTAKES, rtol=1e-4, atol=1e-5
    ),
}
