"""Week 4, lesson 6, DeepDream: what is right, and what people get wrong."""

from collections.abc import Callable, Iterator

import numpy as np

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case

_TINY = 1e-8


def dream_loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give one layer and several, of different sizes, with weights that differ and one that is 0."""
    for shape in ((3, 4, 2), (1, 5, 2, 3)):
        yield _maps("one layer", rng, [shape], [float(rng.uniform(0.5, 3))])
    for _ in range(2):
        yield _maps("several layers", rng, [(4, 6, 2), (2, 3, 5)], [float(w) for w in rng.uniform(0.5, 3, 2)])
    yield _maps("special weights", rng, [(4, 4, 2), (2, 2, 3), (1, 1, 4)], [1.0, 0.0, -2.0])
    yield _maps("special weights", rng, [(2, 2, 3)], [0.0])


def _maps(group: str, rng: np.random.Generator, shapes: list[tuple[int, ...]], weights: list[float]) -> Case:
    arrays = {f"layer {i}": rng.normal(0.3, 1, s).astype(np.float32) for i, s in enumerate(shapes)}
    return Case(group, arrays, {"weights": weights})


def dream_loss_oracle(activations, weights) -> float:
    """Return Σ w · ‖a‖² / n, by NumPy's norm."""
    flat = [np.asarray(a, np.float64).ravel() for a in activations]
    return sum(weight * np.linalg.norm(a) ** 2 / a.size for a, weight in zip(flat, weights, strict=True))


def _dream_loss(
    each: Callable = lambda a: np.mean(np.square(a)), weigh: Callable = lambda w: w, combine: Callable = sum
):
    """Return a `dream_loss` with one of its parts exchanged."""
    return lambda activations, weights: combine(
        [weigh(w) * each(np.asarray(a, np.float64)) for a, w in zip(activations, weights, strict=True)]
    )


DREAM_LOSS_MISTAKES = (
    Mistake(
        "sum for the mean",
        "You sum a layer's squares. A layer with more places then outweighs the others merely by its size: "
        "take the mean.",
        _dream_loss(each=lambda a: np.sum(np.square(a))),
    ),
    Mistake(
        "not squared",
        "You take the mean of the activations as they are. Squared, strong ones count more and negative ones "
        "as well.",
        _dream_loss(each=np.mean),
    ),
    Mistake(
        "absolute values",
        "You take absolute values. Squares are asked for, so that what is strong already grows fastest.",
        _dream_loss(each=lambda a: np.mean(np.abs(a))),
    ),
    Mistake(
        "root taken",
        "There is a root too much: the mean of the squares is all.",
        _dream_loss(each=lambda a: np.sqrt(np.mean(np.square(a)))),
    ),
    Mistake(
        "mean squared",
        "You square the mean. First square each activation, then take the mean.",
        _dream_loss(each=lambda a: np.mean(a) ** 2),
    ),
    Mistake("weights left out", "The weights do not enter your result.", _dream_loss(weigh=lambda w: 1.0)),
    Mistake(
        "weights squared",
        "The weight is squared together with the activations. It stands before the mean.",
        _dream_loss(weigh=lambda w: w**2),
    ),
    Mistake(
        "mean over the layers",
        "You divide by the number of layers. Their weighted means are summed.",
        _dream_loss(combine=lambda parts: sum(parts) / len(parts)),
    ),
    Mistake(
        "last layer only",
        "Only the last layer arrives. Is the sum started anew, or overwritten, inside the loop?",
        _dream_loss(combine=lambda parts: parts[-1]),
    ),
    Mistake(
        "sign turned",
        "Your loss falls where the layers see more. Here it is to be maximised: no minus.",
        _dream_loss(combine=lambda parts: -sum(parts)),
    ),
)


def ascent_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give losses of several scales and signs, the default step, pixels near the ends, and a flat loss."""
    for scale in (1.0, 300.0):
        yield _ascent("the direction", rng, "linear", scale, step=0.05)
    for kind in ("linear", "square"):
        yield _ascent("the size of the step", rng, kind, 0.01, **({} if kind == "linear" else {"step": 0.02}))
    yield _ascent("pixels that stay in [0, 1]", rng, "linear", 1.0, step=0.6)
    yield _ascent("pixels that stay in [0, 1]", rng, "square", 5.0, step=0.4)
    yield _ascent("a loss without slope", rng, "flat", 1.0, step=0.1)


def _ascent(group: str, rng: np.random.Generator, kind: str, scale: float, **params: float) -> Case:
    shape = (4, 5, 3)
    arrays = {
        "image": rng.uniform(0.1, 0.9, shape).astype(np.float32),
        "weights": (scale * rng.normal(0.4, 1, shape)).astype(np.float32),
    }
    return Case(group, arrays, {"kind": kind, **params})


def _slope(image: np.ndarray, loss_of: Callable) -> tuple[np.ndarray, float]:
    """Return gradient and loss by central differences; the losses of the cases are polynomials of degree 2 at most."""
    image = np.asarray(image, np.float64)
    slope, h = np.zeros_like(image), 1e-2
    for place in np.ndindex(image.shape):
        ends = []
        for sign in (1, -1):
            moved = image.copy()
            moved[place] += sign * h
            ends.append(float(loss_of(moved)))
        slope[place] = (ends[0] - ends[1]) / (2 * h)
    return slope, float(loss_of(np.asarray(image, np.float32)))


def _step(
    normalise: Callable = lambda g: g / (np.abs(g).mean() + _TINY),
    move: Callable = lambda image, change: image + change,
    finish: Callable = lambda image: np.clip(image, 0, 1),
    report: Callable = lambda before, after: before,
):
    """Return a `gradient_ascent_step` with one of its parts exchanged."""

    def step_of(image, loss_of, step=0.01):
        slope, loss = _slope(image, loss_of)
        new = finish(move(np.asarray(image, np.float64), step * normalise(slope)))
        after = float(loss_of(new.astype(np.float32)))
        return new.astype(np.float32), report(loss, after)

    return step_of


ASCENT_MISTAKES = (
    Mistake(
        "downhill",
        "You subtract the gradient, as in training, where a loss is to fall. Here it is to grow.",
        _step(move=lambda image, change: image - change),
    ),
    Mistake(
        "gradient not normalised",
        "The step depends on the scale of the loss: with a loss 300 times as large the picture bursts. "
        "Divide the gradient by the mean of its absolute values.",
        _step(normalise=lambda g: g),
    ),
    Mistake(
        "sign of the gradient",
        "Every pixel changes by the same amount in your version. Keep the gradient's proportions: divide by "
        "one number.",
        _step(normalise=np.sign),
    ),
    Mistake(
        "divided by the largest value",
        "You divide by the largest absolute value. Then one strong pixel makes all the others' steps small; "
        "the mean is asked for.",
        _step(normalise=lambda g: g / (np.abs(g).max() + _TINY)),
    ),
    Mistake(
        "divided by the norm",
        "You divide by the length of the whole gradient, so that steps become smaller the more pixels there "
        "are.",
        _step(normalise=lambda g: g / (np.linalg.norm(g) + _TINY)),
    ),
    Mistake(
        "divided by the mean with its signs",
        "Positive and negative parts cancel in your mean, so you divide by nearly nothing. Take the absolute "
        "values first.",
        _step(normalise=lambda g: g / (g.mean() + _TINY)),
    ),
    Mistake(
        "divided by zero",
        "Where the loss has no slope you divide 0 by 0. Add a tiny number below the fraction.",
        _step(normalise=lambda g: g / np.abs(g).mean()),
    ),
    Mistake(
        "not clipped",
        "Pixels leave [0, 1], where no photograph has any.",
        _step(finish=lambda image: image),
    ),
    Mistake(
        "rescaled instead of clipped",
        "You stretch the whole picture to [0, 1], which changes pixels that were fine. Clip those that left.",
        _step(finish=lambda image: (image - image.min()) / (image.max() - image.min())),
    ),
    Mistake(
        "loss after the step",
        "The picture is right. The loss that you return belongs to the new picture; asked for is that before "
        "the step.",
        _step(report=lambda before, after: after),
    ),
)


def dream_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give one octave, two, and several, in pictures of different shapes; and a dream that changes nothing."""
    yield _dream_case("one octave", rng, [(12, 16)], 0.3)
    yield _dream_case("one octave", rng, [(9, 8)], 0.5)
    yield _dream_case("two octaves", rng, [(8, 10), (12, 15)], 0.3)
    yield _dream_case("two octaves", rng, [(5, 6), (10, 12)], 0.5)
    yield _dream_case("several octaves", rng, [(5, 7), (8, 10), (12, 15)], 0.3)
    yield _dream_case("several octaves", rng, [(4, 5), (6, 8), (9, 11), (13, 16)], 0.4)
    # Whatever was lost on the way must be back: without a dream the picture itself comes out.
    yield _dream_case("no dream", rng, [(5, 7), (8, 10), (12, 15)], 0.0)


def _dream_case(group: str, rng: np.random.Generator, shapes: list[tuple[int, int]], gain: float) -> Case:
    image = rng.uniform(0.2, 0.8, (*shapes[-1], 3))
    return Case(group, {"image": image}, {"shapes": [list(shape) for shape in shapes], "gain": gain})


def dream_oracle(image, shapes, ascend, resize):
    """Carry only what was dreamt: resizing is linear, so photograph and dream can be enlarged apart."""
    dreamt = np.zeros((*shapes[0], 3))
    for shape in shapes:
        original = resize(image, shape)
        dreamt = ascend(original + resize(dreamt, shape)) - original
    return original + dreamt


def _no_detail(image, shapes, ascend, resize):
    dreamt = resize(image, shapes[0])
    for shape in shapes:
        dreamt = ascend(resize(dreamt, shape))
    return dreamt


def _each_alone(image, shapes, ascend, resize):
    for shape in shapes:
        dreamt = ascend(resize(image, shape))
    return dreamt


def _dream(order=lambda shapes: shapes, lost=None, inject=None):
    """Return a `deep_dream` with one of its parts exchanged."""
    lost = lost or (lambda image, small, shape, resize: resize(image, shape) - resize(small, shape))
    inject = inject or (lambda dreamt, detail, ascend: ascend(dreamt + detail))

    def dream(image, shapes, ascend, resize):
        dreamt = small = None
        for shape in order(shapes):
            if dreamt is None:
                dreamt = ascend(resize(image, shape))
            else:
                dreamt = inject(resize(dreamt, shape), lost(image, small, shape, resize), ascend)
            small = resize(image, shape)
        return dreamt

    return dream


def _always_from_the_smallest(image, shapes, ascend, resize):
    small = resize(image, shapes[0])
    dreamt = ascend(small)
    for shape in shapes[1:]:
        dreamt = ascend(resize(dreamt, shape) + resize(image, shape) - resize(small, shape))
    return dreamt


DREAM_MISTAKES = (
    Mistake(
        "detail not put back",
        "Your picture is blurred: what was lost when it was shrunk to the smallest size never comes back. "
        "Add it at each size.",
        _no_detail,
    ),
    Mistake(
        "every octave begins anew",
        "Each size starts from the photograph, so only the last dream is left. Enlarge what was dreamt, and "
        "go on with it.",
        _each_alone,
    ),
    Mistake(
        "from large to small",
        "You go through the sizes backwards, so a small picture comes out. Begin with the smallest.",
        _dream(order=lambda shapes: shapes[::-1]),
    ),
    Mistake(
        "octave not enlarged back",
        "The last size is missing: what comes out is smaller than the photograph.",
        _dream(order=lambda shapes: shapes[:-1] or shapes),
    ),
    Mistake(
        "detail subtracted",
        "The lost detail is taken away once more, instead of being added.",
        _dream(inject=lambda dreamt, detail, ascend: ascend(dreamt - detail)),
    ),
    Mistake(
        "detail added after the dream",
        "You ascend first and add the detail afterwards, so the network does not see it. First the detail, "
        "then the dream.",
        _dream(inject=lambda dreamt, detail, ascend: ascend(dreamt) + detail),
    ),
    Mistake(
        "whole photograph added",
        "You add the photograph itself. Only the difference is missing: photograph minus the enlarged small "
        "one.",
        _dream(lost=lambda image, small, shape, resize: resize(image, shape)),
    ),
    Mistake(
        "no ascent at the last size",
        "The last size is enlarged and sharpened, but nothing is dreamt at it.",
        _dream(inject=lambda dreamt, detail, ascend: dreamt + detail),
    ),
    Mistake(
        "detail of the first size",
        "You measure the lost detail from the smallest picture each time. At the third size it is what the "
        "*second* could not hold: keep the shrunk original of the size before.",
        _always_from_the_smallest,
    ),
)


ANSWERS = {
    "dream_loss": Answer(dream_loss_cases, dream_loss_oracle, mistakes=DREAM_LOSS_MISTAKES),
    "gradient_ascent_step": Answer(ascent_cases, _step(), mistakes=ASCENT_MISTAKES, rtol=1e-3, atol=1e-4),
    "deep_dream": Answer(dream_cases, dream_oracle, mistakes=DREAM_MISTAKES, rtol=1e-6, atol=1e-7),
}
