"""The second assignment of week 4, style transfer: what is right, and what people get wrong."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case

Maps = list[np.ndarray]
DTYPES = (np.float32, np.float64)


def _maps(rng: np.random.Generator, shape: tuple[int, ...], dtype, spread: float = 1.0) -> np.ndarray:
    """Return outputs such as a ReLU's: (1, *shape), about a third of them 0."""
    return np.maximum(rng.normal(0.5, 1, (1, *shape)) * spread, 0).astype(dtype)


def _shape(rng: np.random.Generator, form: str, channels: tuple[int, int] = (4, 7)) -> tuple[int, int, int]:
    """Draw (height, width, channels) of a square, wide or high map; never three channels."""
    short, more = int(rng.integers(2, 4)), int(rng.integers(1, 3))
    sides = {"square": (short + 1, short + 1), "wide": (short, short + more), "high": (short + more, short)}
    return (*sides[form], int(rng.integers(*channels)))


def _with_gradient(formula: Callable, *tensors: Any) -> Any:
    """Apply a NumPy formula to tensors.

    `formula` takes float64 arrays and returns a value and a function from the gradient by the value to the gradients
    by each array.
    """
    import tensorflow as tf

    @tf.custom_gradient
    def apply(*given):
        value, slopes = formula(*(np.asarray(array, np.float64) for array in given))

        def back(upstream):
            found = slopes(np.asarray(upstream, np.float64))
            return [tf.constant(slope, array.dtype) for slope, array in zip(found, given, strict=True)]

        return tf.constant(value, given[0].dtype), back

    return apply(*tensors)


def _with_tf(formula: Callable) -> Callable:
    """Turn a formula ``(tf, *arguments)`` into a function, so that TensorFlow is imported when it is called."""

    def wrong(*args, **kwargs):
        import tensorflow as tf

        return formula(tf, *args, **kwargs)

    return wrong


def content_cost_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give one layer and several, oblong maps, and a picture that is right already."""
    for dtype in DTYPES:
        yield _two_lists("one layer", rng, [_shape(rng, "square")], dtype, "content")
    shape = _shape(rng, "square")
    case = _two_lists("one layer", rng, [shape], np.float64, "content")
    yield Case(case.group, {**case.arrays, "generated 0": case.arrays["content 0"].copy()})
    for dtype in DTYPES:
        shapes = [(6, 6, 4), _shape(rng, "square", (5, 6)), _shape(rng, "square", (6, 9))]
        yield _two_lists("several layers, of which the last counts", rng, shapes, dtype, "content")
    for form, dtype in (("wide", np.float32), ("high", np.float64)):
        shapes = [(4, 8, 4), _shape(rng, form, (5, 8))]
        yield _two_lists("wide and high maps", rng, shapes, dtype, "content")


def _two_lists(
    group: str,
    rng: np.random.Generator,
    shapes: Sequence[tuple[int, int, int]],
    dtype,
    target: str,
    params: dict | None = None,
    spread: float = 1.0,
) -> Case:
    arrays = {
        f"{name} {i}": _maps(rng, shape, dtype, spread)
        for name in (target, "generated")
        for i, shape in enumerate(shapes)
    }
    return Case(group, arrays, params or {})


def content_cost_oracle(content_output, generated_output):
    """Add up position by position; the gradient is (generated − content) / (2n)."""
    target = np.asarray(content_output[-1], np.float64)

    def formula(a_G):
        n = a_G.size
        total = sum(float(a_G[place] - target[place]) ** 2 for place in np.ndindex(a_G.shape))
        return total / (4 * n), lambda upstream: [upstream * (a_G - target) / (2 * n)]

    return _with_gradient(formula, generated_output[-1])


def _content(formula: Callable) -> Callable:
    """Return a `compute_content_cost` whose formula sees ``tf``, both maps of the content layer and their number."""
    return _with_tf(
        lambda tf, content_output, generated_output: formula(
            tf, content_output[-1], generated_output[-1], int(tf.size(generated_output[-1]))
        )
    )


def _content_of(layer: int) -> Callable:
    return _with_tf(
        lambda tf, content, generated: tf.reduce_mean(tf.square(content[layer] - generated[layer])) / 4
    )


def _sides(maps) -> tuple[int, int, int]:
    """Height, width and channels of a layer's output."""
    return tuple(int(n) for n in maps.shape[1:])


def _first_normaliser(tf, content_output, generated_output):
    n = int(tf.size(generated_output[0]))
    return tf.reduce_sum(tf.square(content_output[-1] - generated_output[-1])) / (4 * n)


CONTENT_MISTAKES = (
    Mistake(
        "not normalised",
        "Your sum of squares is right, but nothing divides it. A layer with more numbers would cost more: divide by "
        "4 · n_H · n_W · n_C.",
        _content(lambda tf, c, g, n: tf.reduce_sum(tf.square(c - g))),
    ),
    Mistake(
        "the 4 is missing",
        "Your cost is four times too large: the formula has a 4 beside n_H · n_W · n_C.",
        _content(lambda tf, c, g, n: tf.reduce_mean(tf.square(c - g))),
    ),
    Mistake(
        "half the sum",
        "Half of the sum of squares is the cost of the paper by Gatys and others. Here it is divided by "
        "4 · n_H · n_W · n_C.",
        _content(lambda tf, c, g, n: tf.reduce_sum(tf.square(c - g)) / 2),
    ),
    Mistake(
        "brackets around the product missing",
        "`1 / 4 * n_H * n_W * n_C` divides by 4 and then multiplies. Put the product in brackets.",
        _content(lambda tf, c, g, n: 1 / 4 * n * tf.reduce_sum(tf.square(c - g))),
    ),
    Mistake(
        "only divided by 4",
        "You divide by 4 alone; n_H · n_W · n_C is missing.",
        _content(lambda tf, c, g, n: tf.reduce_sum(tf.square(c - g)) / 4),
    ),
    Mistake(
        "channels missing in the normaliser",
        "You divide by 4 · n_H · n_W. The shape is (1, n_H, n_W, n_C): is your n_C really the last of the four, or did "
        "the batch slip in?",
        _content(lambda tf, c, g, n: tf.reduce_sum(tf.square(c - g)) / (4 * n / _sides(g)[2])),
    ),
    Mistake(
        "channels = 3",
        "You count three channels. That is so for a picture; a layer has as many as it has filters.",
        _content(lambda tf, c, g, n: tf.reduce_sum(tf.square(c - g)) / (4 * 3 * n / _sides(g)[2])),
    ),
    Mistake(
        "height taken for width",
        "Right for square maps. You multiply by the height twice: n_H and n_W are different sides.",
        _content(lambda tf, c, g, n: tf.reduce_sum(tf.square(c - g)) / (4 * n / _sides(g)[1] * _sides(g)[0])),
    ),
    Mistake(
        "absolute differences",
        "You add up absolute differences. The formula squares them, so that large differences count more.",
        _content(lambda tf, c, g, n: tf.reduce_sum(tf.abs(c - g)) / (4 * n)),
    ),
    Mistake(
        "root of the sum",
        "You take the root, which makes a distance. The cost is the sum of the squares itself.",
        _content(lambda tf, c, g, n: tf.norm(c - g) / (4 * n)),
    ),
    Mistake(
        "square of the sum",
        "You add the differences first and square the sum. Differences up and down then cancel out: square each one.",
        _content(lambda tf, c, g, n: tf.square(tf.reduce_sum(c - g)) / (4 * n)),
    ),
    Mistake(
        "difference of the squares",
        "You square the two outputs and then subtract. It is the difference that is squared.",
        _content(lambda tf, c, g, n: tf.reduce_sum(tf.square(c) - tf.square(g)) / (4 * n)),
    ),
    Mistake(
        "the first layer",
        "Right when there is one layer only. You compare the first of the list; the content layer is the last.",
        _content_of(0),
    ),
    Mistake(
        "all layers",
        "Right when there is one layer only. You add up the costs of all layers. Only the last is the content layer, "
        "the others are for the style.",
        _with_tf(
            lambda tf, content, generated: sum(
                tf.reduce_mean(tf.square(c - g)) / 4 for c, g in zip(content, generated, strict=True)
            )
        ),
    ),
    Mistake(
        "normaliser of the first layer",
        "Right when there is one layer only. The squares are those of the last layer, but you divide by the size of "
        "the first.",
        _with_tf(_first_normaliser),
    ),
    Mistake(
        "the content picture with itself",
        "You compare the content picture with itself, so the cost is 0 whatever is painted. One of the two has to come "
        "from `generated_output`.",
        _with_tf(lambda tf, content, generated: tf.reduce_mean(tf.square(content[-1] - content[-1])) / 4),
    ),
)


def gram_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give long rows, short rows, square matrices, a single row, a single column."""

    def case(group: str, channels: int, positions: int, dtype) -> Case:
        return Case(group, {"A": rng.normal(0.4, 1, (channels, positions)).astype(dtype)})

    for dtype in DTYPES:
        channels = int(rng.integers(2, 5))
        yield case("more positions than channels", channels, channels + int(rng.integers(2, 6)), dtype)
    for dtype in DTYPES:
        positions = int(rng.integers(2, 4))
        yield case("more channels than positions", positions + int(rng.integers(1, 4)), positions, dtype)
    for dtype in DTYPES:
        side = int(rng.integers(3, 6))
        yield case("as many channels as positions", side, side, dtype)
    yield case("one channel, and one position", 1, int(rng.integers(3, 7)), np.float64)
    yield case("one channel, and one position", int(rng.integers(3, 7)), 1, np.float32)


def gram_oracle(A):
    """Add up products position by position; the gradient by entry (c, k) counts rows and columns of c."""

    def formula(a):
        channels, positions = a.shape
        gram = np.zeros((channels, channels))
        for i, j, k in np.ndindex(channels, channels, positions):
            gram[i, j] += a[i, k] * a[j, k]

        def slopes(upstream):
            slope = np.zeros(a.shape)
            for i, j, k in np.ndindex(channels, channels, positions):
                slope[i, k] += upstream[i, j] * a[j, k]
                slope[j, k] += upstream[i, j] * a[i, k]
            return [slope]

        return gram, slopes

    return _with_gradient(formula, A)


def _rows(A) -> tuple[int, int]:
    return int(A.shape[0]), int(A.shape[1])


def _gram(tf, A):
    return tf.matmul(A, A, transpose_b=True)


GRAM_MISTAKES = (
    Mistake(
        "the transpose comes first",
        "AᵀA compares positions: its shape is (n_H·n_W, n_H·n_W). The style matrix compares channels, the rows of A.",
        _with_tf(lambda tf, A: tf.matmul(A, A, transpose_a=True)),
    ),
    Mistake(
        "divided by the positions",
        "You divide by n_H·n_W. Here the Gram matrix is not normalised; the division comes later, in the layer's cost.",
        _with_tf(lambda tf, A: _gram(tf, A) / _rows(A)[1]),
    ),
    Mistake(
        "divided by the channels",
        "You divide by n_C. Here the Gram matrix is not normalised.",
        _with_tf(lambda tf, A: _gram(tf, A) / _rows(A)[0]),
    ),
    Mistake(
        "divided by channels and positions",
        "You divide by n_C · n_H·n_W. Here the Gram matrix is not normalised; the division comes later, in the layer's "
        "cost.",
        _with_tf(lambda tf, A: _gram(tf, A) / (_rows(A)[0] * _rows(A)[1])),
    ),
    Mistake(
        "mean subtracted",
        "You take each channel's mean away first. That is the covariance; the style matrix is made of the activations "
        "as they are.",
        _with_tf(lambda tf, A: _gram(tf, A - tf.reduce_mean(A, axis=1, keepdims=True))),
    ),
    Mistake(
        "rows brought to length 1",
        "Your diagonal is all 1: you compute cosines. How strongly a channel fires belongs to the style, so leave the "
        "lengths.",
        _with_tf(lambda tf, A: _gram(tf, tf.math.l2_normalize(A, axis=1))),
    ),
    Mistake(
        "reshape for transpose",
        "The shape is right. A reshape to (n_H·n_W, n_C) only cuts the row of numbers in other places; use a "
        "transpose, which exchanges the axes.",
        _with_tf(lambda tf, A: tf.matmul(A, tf.reshape(A, _rows(A)[::-1]))),
    ),
    Mistake(
        "elementwise product",
        "`*` multiplies number by number. A sum over all positions of products of two rows is a matrix product.",
        _with_tf(lambda tf, A: A * A),
    ),
    Mistake(
        "elementwise product with the transpose",
        "`A * tf.transpose(A)` multiplies number by number, which works for square matrices only and means nothing. "
        "Use a matrix product.",
        _with_tf(lambda tf, A: A * tf.transpose(A)),
    ),
    Mistake(
        "only the diagonal",
        "You compare each channel with itself only. What makes the style is which *different* channels fire together.",
        _with_tf(lambda tf, A: tf.linalg.diag(tf.reduce_sum(tf.square(A), axis=1))),
    ),
    Mistake(
        "products of sums",
        "You add up each row first and multiply the sums, so that it no longer matters whether two channels fire at "
        "the *same* place.",
        _with_tf(lambda tf, A: tf.reduce_sum(A, axis=1, keepdims=True) * tf.reduce_sum(A, axis=1)[None]),
    ),
)


def layer_style_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give square maps, oblong ones, more channels than positions, and equal outputs."""

    def case(group: str, shape: tuple[int, int, int], dtype) -> Case:
        return Case(group, {name: _maps(rng, shape, dtype, 2) for name in ("a_S", "a_G")})

    for dtype in DTYPES:
        yield case("square maps", _shape(rng, "square"), dtype)
    maps = _maps(rng, _shape(rng, "square"), np.float64)
    yield Case("square maps", {"a_S": maps, "a_G": maps.copy()})
    for form, dtype in (("wide", np.float64), ("high", np.float32)):
        yield case("wide and high maps", _shape(rng, form), dtype)
    for dtype in DTYPES:
        yield case("many channels, few positions", (2, 2, int(rng.integers(6, 10))), dtype)


def _style_terms(a_S: np.ndarray, a_G: np.ndarray) -> tuple[float, np.ndarray]:
    """Return equation 4 of Gatys and others for one layer, and its gradient, equation 6 without the ReLU.

    Gram matrices come from outer products, position by position.
    """
    positions, channels = a_G.shape[1] * a_G.shape[2], a_G.shape[3]
    grams = [sum(np.outer(pixel, pixel) for pixel in maps.reshape(-1, channels)) for maps in (a_S, a_G)]
    difference = grams[1] - grams[0]
    value = float((difference**2).sum()) / (2 * channels * positions) ** 2
    slope = np.einsum("bhwi,ij->bhwj", a_G, difference) / (channels * positions) ** 2
    return value, slope


def layer_style_oracle(a_S, a_G):
    """Compute cost and gradient of a layer in NumPy."""
    target = np.asarray(a_S, np.float64)

    def formula(maps):
        value, slope = _style_terms(target, maps)
        return value, lambda upstream: [upstream * slope]

    return _with_gradient(formula, a_G)


def _unrolled(tf, maps):
    """Bring (1, h, w, c) to (c, h · w)."""
    return tf.transpose(tf.reshape(maps, (-1, maps.shape[-1])))


def _layer(
    unroll: Callable = _unrolled,
    gram: Callable = _gram,
    measure: Callable = lambda tf, d: tf.reduce_sum(tf.square(d)),
    divisor: Callable = lambda h, w, c: 4 * c**2 * (h * w) ** 2,
) -> Callable:
    """Return a `compute_layer_style_cost` with one of its parts exchanged."""

    def wrong(tf, a_S, a_G):
        grams = [gram(tf, unroll(tf, maps)) for maps in (a_S, a_G)]
        return measure(tf, grams[0] - grams[1]) / divisor(*_sides(a_G))

    return _with_tf(wrong)


right_layer_cost = _layer()

LAYER_STYLE_MISTAKES = (
    Mistake(
        "channels = 3",
        "Your normaliser has three channels. That is the picture's number; n_C is that of this layer: "
        "`a_G.shape[-1]`.",
        _layer(divisor=lambda h, w, c: 4 * 3**2 * (h * w) ** 2),
    ),
    Mistake(
        "not normalised",
        "Nothing divides your sum. Layers with more channels or positions would drown the others.",
        _layer(divisor=lambda h, w, c: 1),
    ),
    Mistake(
        "the 4 is missing",
        "Your cost is four times too large: look for the 4 in the formula.",
        _layer(divisor=lambda h, w, c: c**2 * (h * w) ** 2),
    ),
    Mistake(
        "positions not squared",
        "You divide by n_H·n_W once. The Gram matrix grows with the number of positions and its square with the "
        "square: (n_H·n_W)².",
        _layer(divisor=lambda h, w, c: 4 * c**2 * h * w),
    ),
    Mistake(
        "channels not squared",
        "You divide by n_C once; the formula has n_C².",
        _layer(divisor=lambda h, w, c: 4 * c * (h * w) ** 2),
    ),
    Mistake(
        "nothing squared below",
        "You divide by 4 · n_C · n_H·n_W. Both n_C and n_H·n_W are squared in the formula.",
        _layer(divisor=lambda h, w, c: 4 * c * h * w),
    ),
    Mistake(
        "positions left out",
        "You divide by 4 · n_C² only: (n_H·n_W)² is missing.",
        _layer(divisor=lambda h, w, c: 4 * c**2),
    ),
    Mistake(
        "height taken for width",
        "Right for square maps. You multiply n_H by itself; the number of positions is n_H · n_W.",
        _layer(divisor=lambda h, w, c: 4 * c**2 * (h * h) ** 2),
    ),
    Mistake(
        "reshape for transpose",
        "You reshape straight to (n_C, n_H·n_W). A row then holds neighbouring numbers of all channels in turn. "
        "Reshape to (n_H·n_W, n_C) and transpose.",
        _layer(unroll=lambda tf, maps: tf.reshape(maps, (maps.shape[-1], -1))),
    ),
    Mistake(
        "no transpose",
        "You give the Gram function positions as rows, so it compares positions, not channels: what fires *where* is "
        "content. Transpose first.",
        _layer(unroll=lambda tf, maps: tf.reshape(maps, (-1, maps.shape[-1]))),
    ),
    Mistake(
        "no Gram matrix",
        "You compare the outputs themselves, place by place. That is a content cost; style compares Gram matrices.",
        _layer(gram=lambda tf, A: A),
    ),
    Mistake(
        "Gram matrices divided already",
        "You divide the Gram matrices by n_H·n_W and the cost by its square once more. Once is enough.",
        _layer(gram=lambda tf, A: _gram(tf, A) / _rows(A)[1]),
    ),
    Mistake(
        "absolute differences",
        "You add up absolute differences of the Gram matrices. The formula squares them.",
        _layer(measure=lambda tf, d: tf.reduce_sum(tf.abs(d))),
    ),
    Mistake(
        "square of the sum",
        "You add up the differences and square the sum. Square each of them first.",
        _layer(measure=lambda tf, d: tf.square(tf.reduce_sum(d))),
    ),
    Mistake(
        "mean of the squares",
        "The mean has divided by n_C² already, and then the formula does so again. Take the sum.",
        _layer(measure=lambda tf, d: tf.reduce_mean(tf.square(d))),
    ),
    Mistake(
        "only the diagonal",
        "You compare the diagonals of the Gram matrices, each channel with itself. All pairs count.",
        _layer(measure=lambda tf, d: tf.reduce_sum(tf.square(tf.linalg.diag_part(d)))),
    ),
)


def style_cost_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give one style layer and several, weights that add up to 1 and others; the last layer is the content layer."""

    def case(group: str, weights: Sequence[float], dtype) -> Case:
        shapes = [_shape(rng, str(rng.choice(["square", "wide", "high"]))) for _ in range(len(weights) + 1)]
        params = {"weights": [round(float(weight), 2) for weight in weights]}
        return _two_lists(group, rng, shapes, dtype, "style", params, spread=2)

    for dtype in DTYPES:
        yield case("one style layer", [rng.uniform(1.5, 3)], dtype)
    yield case("several layers with weights of their own", [0.7, 0.2, 0.1], np.float32)
    yield case("several layers with weights of their own", [0.1, 0.3, 0.2, 0.4], np.float64)
    for dtype in DTYPES:
        first = float(rng.uniform(0.4, 0.9))
        yield case("weights that do not add up to 1", [first, 2 * first, 1.5], dtype)


def style_cost_oracle(style_output, generated_output, weights):
    """Add up the layers in NumPy."""
    targets = [np.asarray(maps, np.float64) for maps in style_output]

    def formula(*generated):
        terms = [_style_terms(a_S, a_G) for a_S, a_G in zip(targets, generated, strict=False)]
        value = sum(weight * term[0] for weight, term in zip(weights, terms, strict=True))
        slopes = [weight * term[1] for weight, term in zip(weights, terms, strict=True)]
        return value, lambda upstream: [upstream * slope for slope in slopes]

    return _with_gradient(lambda *g: formula(*g), *generated_output[:-1])


def _style(
    weigh: Callable = lambda weights: weights,
    chosen: Callable = lambda outputs: outputs[:-1],
    total: Callable = sum,
    layer: Callable = right_layer_cost,
) -> Callable:
    """Return a `compute_style_cost` with one of its parts exchanged."""

    def wrong(style_output, generated_output, weights):
        pairs = zip(weigh(weights), chosen(style_output), chosen(generated_output), strict=False)
        return total([weight * layer(a_S, a_G) for weight, a_S, a_G in pairs])

    return wrong


def _layer_content(tf, a_S, a_G):
    return tf.reduce_mean(tf.square(a_S - a_G)) / 4


STYLE_MISTAKES = (
    Mistake(
        "weights not used",
        "You add up the layers as they are. Each is to be multiplied by its weight first.",
        _style(weigh=lambda weights: [1.0] * len(weights)),
    ),
    Mistake(
        "mean of the layers",
        "You average the layers and leave the weights unused. The weights say how much each layer counts.",
        _style(weigh=lambda weights: [1 / len(weights)] * len(weights)),
    ),
    Mistake(
        "weights brought to a sum of 1",
        "Right where the weights add up to 1. You divide by their sum; they are to be taken as they are given.",
        _style(weigh=lambda weights: [weight / sum(weights) for weight in weights]),
    ),
    Mistake(
        "weights squared",
        "Your layers count with the square of their weight. Is it multiplied in twice, or inside the square?",
        _style(weigh=lambda weights: [weight**2 for weight in weights]),
    ),
    Mistake(
        "weights backwards",
        "Right for a single layer. The weights go with the layers in the other order: the first weight belongs to the "
        "first layer.",
        _style(weigh=lambda weights: weights[::-1]),
    ),
    Mistake(
        "content layer counted too",
        "You go through all outputs, and the last one is the content layer. Its style is not asked for: "
        "`style_output[:-1]`.",
        _style(weigh=lambda weights: [*weights, weights[-1]], chosen=lambda outputs: outputs),
    ),
    Mistake(
        "first layer left out",
        "You leave out the first output in place of the last, so that each weight meets the layer after its own.",
        _style(chosen=lambda outputs: outputs[1:]),
    ),
    Mistake(
        "only the last layer",
        "Right for a single layer. In your loop each layer overwrites what was there before: add, `+=`.",
        _style(total=lambda terms: terms[-1]),
    ),
    Mistake(
        "only the first layer",
        "Right for a single layer. Your function returns after the first layer: is the `return` inside the loop?",
        _style(total=lambda terms: terms[0]),
    ),
    Mistake(
        "divided by the number of layers",
        "Right for a single layer. The weights are in your sum, but then you divide by the number of layers.",
        _style(total=lambda terms: sum(terms) / len(terms)),
    ),
    Mistake(
        "content cost of the style layers",
        "You compare the outputs place by place, which is the content cost. `layer_style_cost` compares their Gram "
        "matrices.",
        _style(layer=_with_tf(_layer_content)),
    ),
)


def total_cost_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give tensors and plain numbers, the default weights and others, a weight of 0 among them."""

    def case(group: str, dtype, params: dict, plain: bool) -> Case:
        numbers = {name: np.array(rng.uniform(0.2, 5), dtype) for name in ("J_content", "J_style")}
        return Case(group, numbers, {"plain": plain, **params})

    for dtype in DTYPES:
        yield case("the default weights", dtype, {}, False)
    yield case("the default weights", np.float64, {}, True)
    for dtype in DTYPES:
        alpha, beta = (round(float(n), 1) for n in rng.uniform((2, 20), (9, 90)))
        yield case("other weights", dtype, {"alpha": alpha, "beta": beta}, False)
    yield case("other weights", np.float64, {"beta": 100}, True)
    yield case("one weight is 0", np.float64, {"alpha": 0, "beta": 3}, False)
    yield case("one weight is 0", np.float64, {"alpha": 7, "beta": 0}, True)


def total_cost_oracle(J_content, J_style, alpha=10, beta=40):
    """Compute a dot product, whose gradient is the weights."""
    weights = np.array([alpha, beta], np.float64)
    if isinstance(J_content, float):
        return float(weights @ [J_content, J_style])
    return _with_gradient(
        lambda *numbers: (weights @ numbers, lambda upstream: list(upstream * weights)), J_content, J_style
    )


TOTAL_MISTAKES = (
    Mistake(
        "α and β exchanged",
        "α belongs to the content and β to the style; you have them the other way round.",
        lambda J_content, J_style, alpha=10, beta=40: beta * J_content + alpha * J_style,
    ),
    Mistake(
        "weights not used",
        "You add the two costs as they are. α and β say how much each of them counts.",
        lambda J_content, J_style, alpha=10, beta=40: J_content + J_style,
    ),
    Mistake(
        "always 10 and 40",
        "Right for the default weights. Your line holds the numbers 10 and 40; take the arguments `alpha` and `beta`.",
        lambda J_content, J_style, alpha=10, beta=40: 10 * J_content + 40 * J_style,
    ),
    Mistake(
        "divided by α + β",
        "You compute a weighted mean. The total cost is the weighted sum, without a division.",
        lambda J_content, J_style, alpha=10, beta=40: (alpha * J_content + beta * J_style) / (alpha + beta),
    ),
    Mistake(
        "α for both",
        "Both costs are multiplied by α. The style has a weight of its own.",
        lambda J_content, J_style, alpha=10, beta=40: alpha * (J_content + J_style),
    ),
    Mistake(
        "style not weighted",
        "Only the content is multiplied by its weight; β is missing.",
        lambda J_content, J_style, alpha=10, beta=40: alpha * J_content + J_style,
    ),
    Mistake(
        "content not weighted",
        "Only the style is multiplied by its weight; α is missing.",
        lambda J_content, J_style, alpha=10, beta=40: J_content + beta * J_style,
    ),
    Mistake(
        "product of the costs",
        "You multiply the two parts. If one of them is 0, nothing is left to lower: add them.",
        lambda J_content, J_style, alpha=10, beta=40: alpha * J_content * beta * J_style,
    ),
    Mistake(
        "style subtracted",
        "You subtract the style cost, so the picture would be driven away from the style. Both costs are to fall.",
        lambda J_content, J_style, alpha=10, beta=40: alpha * J_content - beta * J_style,
    ),
    Mistake(
        "other default weights",
        "Right when both weights are given. The defaults are α = 10 and β = 40.",
        lambda J_content, J_style, alpha=1, beta=1: alpha * J_content + beta * J_style,
    ),
)


def train_step_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give pictures that stay in [0, 1] and one that does not, other weights, and two optimizers."""

    def case(group: str, low: float, high: float, optimizer: str, rate: float, params: dict) -> Case:
        sizes = [3, int(rng.integers(4, 6)), int(rng.integers(4, 6)), int(rng.integers(3, 5))]
        shape = (1, 2 * int(rng.integers(2, 4)), 2 * int(rng.integers(2, 4)), 3)
        arrays = {
            "start": rng.uniform(low, high, shape),
            "content": rng.uniform(0, 1, shape),
            "style": rng.uniform(0, 1, shape) ** 3,
        }
        for i in (1, 2, 3):
            arrays[f"kernel {i}"] = rng.normal(0, 1.5 / sizes[i - 1] ** 0.5, (sizes[i - 1], sizes[i]))
            arrays[f"bias {i}"] = rng.uniform(0.2, 1.0, sizes[i])
        single = {name: array.astype(np.float32) for name, array in arrays.items()}
        return Case(group, single, {"optimizer": optimizer, "rate": rate, **params})

    yield case("gradient descent with momentum", 0.4, 0.6, "momentum", 0.02, {})
    yield case("Adam", 0.4, 0.6, "adam", 0.03, {})
    # Steps so long that many pixels leave [0, 1] on both sides.
    yield case("pixels that would leave [0, 1]", 0.0, 1.0, "adam", 0.4, {})
    yield case("other weights of the costs", 0.4, 0.6, "momentum", 0.02, {"alpha": 30, "beta": 5})
    yield case("other weights of the costs", 0.4, 0.6, "adam", 0.03, {"alpha": 3.5, "beta": 60})


def _forward(x: np.ndarray, weights: Maps) -> tuple[Maps, Maps]:
    """Return each layer's output and its slope, the logistic function that softplus has."""
    x, outputs, slopes = 2 * x - 1, [], []
    for number, (kernel, bias) in enumerate(zip(weights[::2], weights[1::2], strict=True)):
        if number == 1:
            b, h, w, c = x.shape
            x = x.reshape(b, h // 2, 2, w // 2, 2, c).mean(axis=(2, 4))
        z = x @ kernel + bias
        x = np.logaddexp(0, z)
        outputs.append(x)
        slopes.append(1 / (1 + np.exp(-z)))
    return outputs, slopes


def _backward(by_outputs: Maps, slopes: Maps, weights: Maps) -> np.ndarray:
    """Return the gradient by the picture, given that by each output."""
    gradient = 0.0
    for number in reversed(range(len(slopes))):
        gradient = ((gradient + by_outputs[number]) * slopes[number]) @ weights[2 * number].T
        if number == 1:
            gradient = gradient.repeat(2, axis=1).repeat(2, axis=2) / 4
    return 2 * gradient


_memory: WeakKeyDictionary = WeakKeyDictionary()


def _move(optimizer: Any, gradient: np.ndarray) -> np.ndarray:
    """Return the optimizer's step by its textbook formula, remembering what it must."""
    rate = float(optimizer.learning_rate)
    if type(optimizer).__name__ == "SGD":
        velocity = _memory.get(optimizer, 0.0) * optimizer.momentum - rate * gradient
        _memory[optimizer] = velocity
        return velocity
    count, first, second = _memory.get(optimizer, (0, 0.0, 0.0))
    count, b1, b2 = count + 1, optimizer.beta_1, optimizer.beta_2
    first, second = b1 * first + (1 - b1) * gradient, b2 * second + (1 - b2) * gradient**2
    _memory[optimizer] = count, first, second
    # As Keras writes it, with epsilon beside the root of the second moment that is not corrected yet.
    return -rate * np.sqrt(1 - b2**count) / (1 - b1**count) * first / (np.sqrt(second) + optimizer.epsilon)


def train_step_oracle(generated_image, network, a_C, a_S, optimizer, alpha=10, beta=40):
    """Compute outputs, costs, backpropagation and the optimizer's step in NumPy, in double precision."""
    weights = [weight.astype(np.float64) for weight in network.get_weights()]
    x = np.asarray(generated_image, np.float64)
    outputs, slopes = _forward(x, weights)
    target, last = np.asarray(a_C[-1], np.float64), outputs[-1]
    terms = [_style_terms(np.asarray(s, np.float64), g) for s, g in zip(a_S[:-1], outputs[:-1], strict=True)]
    cost = alpha * ((last - target) ** 2).mean() / 4 + beta * sum(t[0] for t in terms) / len(terms)
    by_outputs = [beta * term[1] / len(terms) for term in terms]
    by_outputs.append(alpha * (last - target) / (2 * last.size))
    moved = x + _move(optimizer, _backward(by_outputs, slopes, weights))
    generated_image.assign(np.clip(moved, 0, 1).astype(np.float32))
    return cost


def _content_term(tf, a_C, a_G):
    return tf.reduce_mean(tf.square(a_C[-1] - a_G[-1])) / 4


def _style_term(tf, a_S, a_G):
    pairs = list(zip(a_S[:-1], a_G[:-1], strict=True))
    return sum(right_layer_cost(s, g) for s, g in pairs) / len(pairs)


def _apply(tf, optimizer, gradient, picture):
    optimizer.apply_gradients([(gradient, picture)])


def _clip(tf, picture):
    picture.assign(tf.clip_by_value(picture, 0.0, 1.0))


def _step(
    seen: Callable = lambda tf, picture: picture,
    targets: Callable = lambda tf, a_C, a_S, network, picture: (a_C, a_S),
    weights: Callable = lambda alpha, beta: (alpha, beta),
    content: Callable = _content_term,
    style: Callable = _style_term,
    apply: Callable = _apply,
    clip: Callable = _clip,
    before: Callable | None = None,
    last: Callable = lambda J, again: J,
) -> Callable:
    """Return a `train_step` with one of its parts exchanged."""

    def wrong(tf, generated_image, network, a_C, a_S, optimizer, alpha=10, beta=40):
        def cost():
            a_G = network(seen(tf, generated_image))
            wanted = targets(tf, a_C, a_S, network, generated_image)
            a, b = weights(alpha, beta)
            return a * content(tf, wanted[0], a_G) + b * style(tf, wanted[1], a_G)

        if before:
            before(tf, generated_image)
        with tf.GradientTape() as tape:
            J = cost()
        apply(tf, optimizer, tape.gradient(J, generated_image), generated_image)
        clip(tf, generated_image)
        return last(J, cost)

    return _with_tf(wrong)


def _train_the_network(tf, generated_image, network, a_C, a_S, optimizer, alpha=10, beta=40):
    with tf.GradientTape() as tape:
        a_G = network(generated_image)
        J = alpha * _content_term(tf, a_C, a_G) + beta * _style_term(tf, a_S, a_G)
    variables = network.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(J, variables), variables, strict=True))
    _clip(tf, generated_image)
    return J


def _train_both(tf, generated_image, network, a_C, a_S, optimizer, alpha=10, beta=40):
    with tf.GradientTape() as tape:
        a_G = network(generated_image)
        J = alpha * _content_term(tf, a_C, a_G) + beta * _style_term(tf, a_S, a_G)
    variables = [generated_image, *network.trainable_variables]
    optimizer.apply_gradients(zip(tape.gradient(J, variables), variables, strict=True))
    _clip(tf, generated_image)
    return J


def _new_adam(tf, optimizer, gradient, picture):
    import keras

    keras.optimizers.Adam(0.02).apply_gradients([(gradient, picture)])


def _stretch(tf, picture):
    low, high = tf.reduce_min(picture), tf.reduce_max(picture)
    picture.assign((picture - low) / (high - low))


def _standardised(tf, picture):
    return (picture - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]


TRAIN_STEP_MISTAKES = (
    Mistake(
        "no clipping",
        "Right until pixels leave [0, 1]. They are no colours there. If you do clip: `tf.clip_by_value` gives a new "
        "tensor, which has to be assigned to the picture.",
        _step(clip=lambda tf, picture: None),
    ),
    Mistake(
        "clipping before the step",
        "You clip first and step then, so the picture leaves [0, 1] again. Clip after the optimizer has moved it.",
        _step(before=_clip, clip=lambda tf, picture: None),
    ),
    Mistake(
        "clipping to [0, 255]",
        "You clip to [0, 255]. The pictures of this course are in [0, 1].",
        _step(clip=lambda tf, picture: picture.assign(tf.clip_by_value(picture, 0.0, 255.0))),
    ),
    Mistake(
        "stretching for clipping",
        "You stretch the picture to [0, 1] after each step, which changes every colour. Only what is outside is to be "
        "cut off.",
        _step(clip=_stretch),
    ),
    Mistake(
        "content target taken from the generated picture",
        "Your content cost is 0 at every step: it is left out, or the generated picture is compared with itself. The "
        "target a_C is given, and never changes.",
        _step(targets=lambda tf, a_C, a_S, network, picture: (network(picture), a_S)),
    ),
    Mistake(
        "style target taken from the generated picture",
        "Your style cost is 0 at every step: it is left out, or the generated picture is compared with itself. The "
        "target a_S is given, and never changes.",
        _step(targets=lambda tf, a_C, a_S, network, picture: (a_C, network(picture))),
    ),
    Mistake(
        "targets exchanged",
        "You compare the content with a_S and the style with a_C, so the painting would be drawn in the style of the "
        "photograph.",
        _step(targets=lambda tf, a_C, a_S, network, picture: (a_S, a_C)),
    ),
    Mistake(
        "content and style layers exchanged",
        "You take the content cost at the first layer and the style cost at the layers after it. The last output is "
        "the content layer, the others are for the style.",
        _step(
            content=lambda tf, a_C, a_G: _content_term(tf, a_C[::-1], a_G[::-1]),
            style=lambda tf, a_S, a_G: _style_term(tf, a_S[::-1], a_G[::-1]),
        ),
    ),
    Mistake(
        "α and β exchanged",
        "α belongs to the content and β to the style; in your step they are the other way round.",
        _step(weights=lambda alpha, beta: (beta, alpha)),
    ),
    Mistake(
        "always 10 and 40",
        "Right for the default weights. Hand `alpha` and `beta` on to the total cost.",
        _step(weights=lambda alpha, beta: (10, 40)),
    ),
    Mistake(
        "gradient ascent",
        "The cost rises: you move along the gradient. Optimizers subtract it by themselves, so give it to them as "
        "it is.",
        _step(apply=lambda tf, optimizer, gradient, picture: _apply(tf, optimizer, -gradient, picture)),
    ),
    Mistake(
        "the network is trained",
        "Your picture stays as it was, and the network changes. Style transfer leaves the weights alone: take the "
        "gradient by the picture.",
        _with_tf(_train_the_network),
    ),
    Mistake(
        "picture and network are trained",
        "The picture moves rightly, but the network's weights move as well, and with them the meaning of the targets. "
        "Give the optimizer the picture only.",
        _with_tf(_train_both),
    ),
    Mistake(
        "an optimizer of its own",
        "You make a new optimizer in every step. It has forgotten what the one before knew, and the one that was given "
        "stays unused.",
        _step(apply=_new_adam),
    ),
    Mistake(
        "plain gradient descent",
        "You subtract the gradient times the learning rate yourself. The optimizer that was given does more: it "
        "remembers earlier steps.",
        _step(
            apply=lambda tf, optimizer, gradient, picture: picture.assign_sub(
                tf.cast(optimizer.learning_rate, picture.dtype) * gradient
            )
        ),
    ),
    Mistake(
        "bytes for the network",
        "You multiply the picture by 255 before the network sees it. Its pictures are in [0, 1], and what it needs "
        "beyond that it does itself.",
        _step(seen=lambda tf, picture: 255.0 * picture),
    ),
    Mistake(
        "preprocessing twice",
        "You standardise the picture, and then the network does so again. Its preprocessing is built in: give it the "
        "picture as it is.",
        _step(seen=_standardised),
    ),
    Mistake(
        "cost after the step",
        "The picture is right. You return the cost after the step, for which the network has to run twice; return that "
        "from under the tape.",
        _step(last=lambda J, again: again()),
    ),
    Mistake(
        "picture copied",
        "You change a copy of the picture, and the one that was given stays as it was. Assign to `generated_image` "
        "itself.",
        _step(
            apply=lambda tf, optimizer, gradient, picture: _apply(
                tf, optimizer, gradient, tf.Variable(picture)
            )
        ),
    ),
)


def total_variation_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give wide, high and square pictures in colour and grey, one of a single colour among them."""

    def case(group: str, height: int, width: int, channels: int, dtype) -> Case:
        return Case(group, {"image": rng.uniform(0, 1, (1, height, width, channels)).astype(dtype)})

    for dtype in DTYPES:
        side = int(rng.integers(3, 6))
        yield case("square pictures", side, side, 3, dtype)
    yield Case("square pictures", {"image": np.full((1, 4, 4, 3), 0.25)})
    for dtype in DTYPES:
        short = int(rng.integers(2, 4))
        yield case("wide and high pictures", short, short + int(rng.integers(2, 5)), 3, dtype)
        yield case("wide and high pictures", short + int(rng.integers(2, 5)), short, 3, dtype)
    for dtype in DTYPES:
        yield case("grey pictures", int(rng.integers(2, 5)), int(rng.integers(5, 8)), 1, dtype)


def total_variation_oracle(image):
    """Compare every pixel with that below it and that to its right."""

    def formula(x):
        _, height, width, channels = x.shape
        value, slope = 0.0, np.zeros(x.shape)
        down, across = (height - 1) * width * channels, height * (width - 1) * channels
        for _, i, j, c in np.ndindex(x.shape):
            for k, m, count in ((i + 1, j, down), (i, j + 1, across)):
                if k < height and m < width:
                    difference = x[0, k, m, c] - x[0, i, j, c]
                    value += abs(difference) / count
                    slope[0, k, m, c] += np.sign(difference) / count
                    slope[0, i, j, c] -= np.sign(difference) / count
        return value, lambda upstream: [upstream * slope]

    return _with_gradient(formula, image)


def _variation(
    measure: Callable = lambda tf, d: tf.reduce_mean(tf.abs(d)),
    total: Callable = lambda tf, down, across: down + across,
) -> Callable:
    """Return a `total_variation_cost` with one of its parts exchanged."""

    def wrong(tf, image):
        down, across = image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]
        return total(tf, measure(tf, down), measure(tf, across))

    return _with_tf(wrong)


def _as_they_are(tf, difference):
    return difference


def _abs_mean(tf, difference):
    return tf.reduce_mean(tf.abs(difference))


VARIATION_MISTAKES = (
    Mistake(
        "sum for mean",
        "You add up the differences, so a larger picture costs more. Take the mean of each direction.",
        _variation(lambda tf, d: tf.reduce_sum(tf.abs(d))),
    ),
    Mistake(
        "squared differences",
        "You square the differences. That punishes edges more than noise; here their absolute value is asked for.",
        _variation(lambda tf, d: tf.reduce_mean(tf.square(d))),
    ),
    Mistake(
        "no absolute value",
        "Without the absolute value, steps up and down cancel out.",
        _variation(lambda tf, d: tf.reduce_mean(d)),
    ),
    Mistake(
        "absolute value of the mean",
        "You take the mean first and the absolute value then. Steps up and down have cancelled out by then.",
        _variation(lambda tf, d: tf.abs(tf.reduce_mean(d))),
    ),
    Mistake(
        "only downwards",
        "You compare pixels below each other only. The neighbours side by side are missing.",
        _variation(total=lambda tf, down, across: down),
    ),
    Mistake(
        "only sideways",
        "You compare pixels side by side only. The neighbours below each other are missing.",
        _variation(total=lambda tf, down, across: across),
    ),
    Mistake(
        "mean of the two directions",
        "Your cost is half of what it should be: the two means are added, not averaged.",
        _variation(total=lambda tf, down, across: (down + across) / 2),
    ),
    Mistake(
        "one mean over all differences",
        "You put all differences together and take one mean. Take one mean for each direction, and add the two.",
        _variation(
            _as_they_are,
            lambda tf, down, across: tf.reduce_mean(
                tf.abs(tf.concat([tf.reshape(down, [-1]), tf.reshape(across, [-1])], 0))
            ),
        ),
    ),
    Mistake(
        "neighbours around the edge",
        "Your last column is compared with the first, as if the picture were a ring: that is what `tf.roll` does. "
        "Use slices.",
        _with_tf(lambda tf, image: sum(_abs_mean(tf, image - tf.roll(image, 1, axis)) for axis in (1, 2))),
    ),
    Mistake(
        "colours compared",
        "You compare the channels of a pixel with each other. Axes 1 and 2 are height and width; axis 3 holds the "
        "colours.",
        _with_tf(
            lambda tf, image: (
                _abs_mean(tf, image[:, :, 1:] - image[:, :, :-1])
                + _abs_mean(tf, image[..., 1:] - image[..., :-1])
            )
        ),
    ),
    Mistake(
        "the batch taken for the rows",
        "`image[1:]` goes along the batch, which holds one picture: nothing is left. The rows are axis 1, the columns "
        "axis 2.",
        _with_tf(
            lambda tf, image: (
                _abs_mean(tf, image[1:] - image[:-1]) + _abs_mean(tf, image[:, 1:] - image[:, :-1])
            )
        ),
    ),
    Mistake(
        "diagonal neighbours",
        "You compare each pixel with the one below *and* to the right. Go down and across one by one.",
        _with_tf(lambda tf, image: 2 * _abs_mean(tf, image[:, 1:, 1:] - image[:, :-1, :-1])),
    ),
    Mistake(
        "every second pixel",
        "You move two pixels at a time, so neighbours are never compared.",
        _with_tf(
            lambda tf, image: (
                _abs_mean(tf, image[:, 2:] - image[:, :-2])
                + _abs_mean(tf, image[:, :, 2:] - image[:, :, :-2])
            )
        ),
    ),
)

ANSWERS = {
    "compute_content_cost": Answer(content_cost_cases, content_cost_oracle, mistakes=CONTENT_MISTAKES),
    "gram_matrix": Answer(gram_cases, gram_oracle, mistakes=GRAM_MISTAKES),
    "compute_layer_style_cost": Answer(layer_style_cases, layer_style_oracle, mistakes=LAYER_STYLE_MISTAKES),
    "compute_style_cost": Answer(style_cost_cases, style_cost_oracle, mistakes=STYLE_MISTAKES),
    "total_cost": Answer(total_cost_cases, total_cost_oracle, mistakes=TOTAL_MISTAKES),
    "train_step": Answer(
        train_step_cases, train_step_oracle, mistakes=TRAIN_STEP_MISTAKES, rtol=1e-3, atol=2e-5
    ),
    "total_variation_cost": Answer(
        total_variation_cases, total_variation_oracle, mistakes=VARIATION_MISTAKES
    ),
}
