"""Lesson 5 of week 2: what random results must have in common with right ones, and what people get wrong.

Nothing here expects one stream of random numbers. Each case calls the function with several seeds; what comes back is
measured (which window was cut, how far a row moved), and the measured numbers must have the asked distribution. The
bounds lie six standard deviations out or further, so that a right answer is refused less than once in a million times.
"""

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case
from utils.exercises.entry import Arrays

CALLS = 8
_OTHER_SEEDS = (
    "The same seed gave other pictures the second time. All chance must come from the argument, none from "
    "`np.random` itself, or nobody can repeat what you did."
)
_NO_SEED = (
    "Every seed gives the same pictures. Your function makes its own source of chance with a fixed seed, and every "
    "epoch of a training would look like the first."
)


def _seeds(rng: np.random.Generator, calls: int = CALLS) -> list[int]:
    return [int(seed) for seed in rng.choice(2**31, size=calls, replace=False)]


def _seed_problem(draws: np.ndarray) -> str:
    """Say whether chance hangs on the seed as it should; draws 0 and 1 have the same seed."""
    if not np.array_equal(draws[0], draws[1]):
        return _OTHER_SEEDS
    if len(draws) > 2 and all(np.array_equal(draws[0], draw) for draw in draws[2:]):
        return _NO_SEED
    return ""


def _shape_problem(draws: np.ndarray, wanted: tuple[int, ...]) -> str:
    if draws.shape[1:] == wanted:
        finite = draws.dtype.kind not in "fc" or np.isfinite(draws).all()
        return "" if finite else "Your result holds values that are no finite numbers."
    return f"Your result has shape {draws.shape[1:]}; it should be {wanted}."


def _random_pictures(rng: np.random.Generator, shape: tuple[int, ...], dtype: type) -> np.ndarray:
    """Noise, in which no two windows are alike."""
    if dtype is np.uint8:
        return rng.integers(0, 256, shape, dtype=np.uint8)
    return rng.random(shape).astype(dtype)


def _bank(says: dict[str, str], functions: dict[str, Callable]) -> tuple[Mistake, ...]:
    return tuple(Mistake(name, says[name], function) for name, function in functions.items())


# random_mirror

MIRROR_SAYS = {
    "up and down": (
        "Your pictures stand on their heads: you reversed the rows. Which axis of (m, height, width, "
        "channels) runs from left to right?"
    ),
    "the whole batch together": (
        "All pictures of a batch are mirrored, or none. One toss decides for all of them; every picture needs "
        "its own."
    ),
    "every picture": (
        "Every picture is mirrored, always. That is no more data than before, only other data: leave about "
        "half as they are."
    ),
    "channels reversed": "Red and blue are swapped: you reversed the channels, the last axis.",
    "pictures in reverse order": (
        "The pictures have changed places with each other, and their labels have not. You reversed the first "
        "axis, which counts the pictures."
    ),
    "not a half": (
        "Your pictures are not mirrored half of the time. Look at what the random numbers are compared with, "
        "and how they are distributed."
    ),
    "every second picture": (
        "Every second picture is mirrored, whatever the seed. That is no chance: the same picture would look "
        "the same in every epoch."
    ),
    "chance from elsewhere": _OTHER_SEEDS,
    "a seed of its own": _NO_SEED,
    "changed in place": "You wrote the mirrored pictures into the array that was given. Begin with a copy.",
}


def _mirror_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, shape: tuple[int, ...], dtype: type, calls: int) -> Case:
        return Case(group, {"images": _random_pictures(rng, shape, dtype)}, {"seeds": _seeds(rng, calls)})

    height, width = (int(n) for n in rng.choice(np.arange(2, 7), 2, replace=False))
    yield case("pictures in colour, bytes", (40, height, width, 3), np.uint8, 30)
    yield case("grey pictures, floats", (41, width, height, 1), np.float32, 30)
    yield case("half of many pictures", (400, 2, 3, 2), np.float64, 4)


def _mirror_problem(case: Case, arrays: Arrays) -> str:
    images, draws, say = case.arrays["images"], arrays["draws"], MIRROR_SAYS
    sentence = _shape_problem(draws, images.shape)
    if sentence:
        return sentence
    flipped = _equal(draws, images[:, :, ::-1])
    same = _equal(draws, images)
    if not (flipped | same).all():
        for name, other in (
            ("up and down", images[:, ::-1]),
            ("channels reversed", images[..., ::-1]),
            ("pictures in reverse order", images[::-1]),
        ):
            if (same | _equal(draws, other)).all():
                return say[name]
        picture = int(np.argwhere(~(flipped | same))[0, 1])
        return f"Picture {picture} of your result is neither the original nor its mirror image."
    if flipped.all():
        return say["every picture"]
    if same.all():
        return "No picture was mirrored, in many calls with different seeds."
    if (flipped.all(axis=1) | same.all(axis=1)).all():
        return say["the whole batch together"]
    if (flipped == flipped[0]).all() and len({tuple(row) for row in flipped[:, :2]}) == 1:
        alternating = np.array_equal(flipped[0][2:], flipped[0][:-2])
        return say["every second picture"] if alternating else say["a seed of its own"]
    sentence = _seed_problem(draws)
    if sentence:
        return sentence
    count = flipped[1:].size
    return say["not a half"] if abs(flipped[1:].mean() - 0.5) > 3.2 / np.sqrt(count) else ""


def _equal(draws: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Tell for each call and picture whether it is this one, (calls, m)."""
    return (draws == images).all(axis=(2, 3, 4))


def _mirrored(how: Callable, toss: Callable) -> Callable:
    def wrong(images, rng):
        chosen = np.broadcast_to(toss(rng, len(images)), len(images))
        return np.where(chosen[:, None, None, None], how(images), images)

    return wrong


def _left_right(images):
    return images[:, :, ::-1]


def _coins(rng, m):
    return rng.random(m) < 0.5


def _mirrored_in_place(images, rng):
    chosen = _coins(rng, len(images))
    images[chosen] = images[chosen][:, :, ::-1]
    return images


MIRROR_MISTAKES = _bank(
    MIRROR_SAYS,
    {
        "up and down": _mirrored(lambda images: images[:, ::-1], _coins),
        "the whole batch together": _mirrored(_left_right, lambda rng, m: rng.random() < 0.5),
        "every picture": _mirrored(_left_right, lambda rng, m: True),
        "channels reversed": _mirrored(lambda images: images[..., ::-1], _coins),
        "pictures in reverse order": _mirrored(lambda images: images[::-1], _coins),
        "not a half": _mirrored(_left_right, lambda rng, m: rng.normal(size=m) < 0.5),
        "every second picture": _mirrored(_left_right, lambda rng, m: np.arange(m) % 2 == 0),
        "chance from elsewhere": _mirrored(_left_right, lambda rng, m: np.random.rand(m) < 0.5),
        "a seed of its own": _mirrored(_left_right, lambda rng, m: _coins(np.random.default_rng(0), m)),
        "changed in place": _mirrored_in_place,
    },
)


# random_crop

CROP_SAYS = {
    "last place never": (
        "Your windows never reach the last row or the last column. A window of 3 fits into 5 at the places 0, "
        "1 and 2, and the upper end of `rng.integers` is not included."
    ),
    "one place for the whole batch": (
        "All pictures of a batch are cut at the same place. Every picture needs numbers of its own."
    ),
    "always the middle": (
        "Your windows lie at the same place whatever the seed. Nothing about that is random."
    ),
    "one number for both axes": (
        "Your windows lie on a diagonal: the same random number says how far down and how far right. Draw "
        "two."
    ),
    "height and width exchanged": (
        "Height and width of your windows are exchanged. `size` is (height, width), in the order of the axes."
    ),
    "only from the top": "Your windows move in one direction only; in the other they always begin at 0.",
    "always the first picture": (
        "All your windows are cut from the first picture. The index of the picture has to run along."
    ),
    "chance from elsewhere": _OTHER_SEEDS,
}


def _crop_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, m: int, sides: tuple, size: tuple, channels: int, dtype: type) -> Case:
        images = _random_pictures(rng, (m, *sides, channels), dtype)
        return Case(group, {"images": images}, {"size": list(size), "seeds": _seeds(rng)})

    yield case("windows in colour pictures, bytes", 60, (7, 9), (4, 7), 3, np.uint8)
    yield case("grey pictures, floats", 60, (8, 6), (6, 3), 1, np.float32)
    yield case("windows as high or as wide as the picture", 60, (5, 6), (5, 4), 3, np.float32)
    yield case("windows as high or as wide as the picture", 60, (6, 5), (3, 5), 2, np.uint8)


def _crop_problem(case: Case, arrays: Arrays) -> str:
    images, draws, say = case.arrays["images"], arrays["draws"], CROP_SAYS
    height, width = case.params["size"]
    m, channels = len(images), images.shape[-1]
    if draws.shape[1:] == (m, width, height, channels) and height != width:
        return say["height and width exchanged"]
    sentence = _shape_problem(draws, (m, height, width, channels))
    if sentence:
        return sentence
    windows = np.moveaxis(sliding_window_view(images, (height, width), axis=(1, 2)), 3, -1)
    places = _find(draws, windows)
    if places is None:
        if _find(draws, windows[:1]) is not None:
            return say["always the first picture"]
        return "Your result holds pictures that are no windows of their own picture."
    steps = np.array(windows.shape[1:3])  # how many places there are down and right
    fixed = (places == places[0, 0]).all(axis=(0, 1))
    if (fixed & (steps > 1)).all() or fixed.all():
        return say["always the middle"]
    if (places == places[:, :1]).all():
        return say["one place for the whole batch"]
    if (fixed & (steps > 1)).any():
        return say["only from the top"]
    if (steps > 1).all() and (places[..., 0] == places[..., 1]).all():
        return say["one number for both axes"]
    sentence = _seed_problem(draws)
    if sentence:
        return sentence
    return _crop_place_problem(places[1:].reshape(-1, 2), steps)


def _find(draws: np.ndarray, windows: np.ndarray) -> np.ndarray | None:
    """Return where each crop was cut, (calls, m, 2), or None when one is no window at all."""
    found = np.full((*draws.shape[:2], 2), -1)
    for row, column in product(*map(range, windows.shape[1:3])):
        hit = (draws == windows[None, :, row, column]).all(axis=(2, 3, 4))
        found[hit] = (row, column)
    return None if (found < 0).any() else found


def _crop_place_problem(places: np.ndarray, steps: np.ndarray) -> str:
    for axis, name in ((0, "top"), (1, "left edge")):
        counts = np.bincount(places[:, axis], minlength=steps[axis])
        share = 1 / steps[axis]
        bound = 6.5 * np.sqrt(len(places) * share * (1 - share))
        if steps[axis] > 1 and counts[-1] == 0:
            return CROP_SAYS["last place never"]
        if (np.abs(counts - len(places) * share) > bound).any():
            return (
                f"Not every {name} comes equally often: of {len(places)} windows {counts.tolist()} began at 0, "
                f"1, … Each of the {steps[axis]} places should have the same chance."
            )
    joint = np.bincount(places[:, 0] * steps[1] + places[:, 1], minlength=steps.prod())
    if (joint == 0).any():
        return "Some combinations of top and left edge never come. The two numbers should not depend on each other."
    return ""


def _cropped(places: Callable, first_only: bool = False, exchange: bool = False) -> Callable:
    """Make a ``random_crop`` that gets its places from ``(rng, m, spare) → (tops, lefts)``."""

    def wrong(images, size, rng):
        height, width = reversed(size) if exchange else size
        spare = np.maximum(np.array(images.shape[1:3]) - (height, width), 0)
        tops, lefts = (np.broadcast_to(p, len(images)) for p in places(rng, len(images), spare))
        return np.stack(
            [
                images[0 if first_only else i][top : top + height, left : left + width]
                for i, (top, left) in enumerate(zip(tops, lefts, strict=True))
            ]
        )

    return wrong


def _everywhere(rng, m, spare):
    return [rng.integers(n + 1, size=m) for n in spare]


CROP_MISTAKES = _bank(
    CROP_SAYS,
    {
        "last place never": _cropped(lambda rng, m, spare: [rng.integers(n, size=m) for n in spare]),
        "one place for the whole batch": _cropped(lambda rng, m, spare: [rng.integers(n + 1) for n in spare]),
        "always the middle": _cropped(lambda rng, m, spare: spare // 2),
        "one number for both axes": _cropped(
            lambda rng, m, spare: [rng.integers(min(spare) + 1, size=m)] * 2
        ),
        "height and width exchanged": _cropped(_everywhere, exchange=True),
        "only from the top": _cropped(lambda rng, m, spare: (0, rng.integers(spare[1] + 1, size=m))),
        "always the first picture": _cropped(_everywhere, first_only=True),
        "chance from elsewhere": _cropped(
            lambda rng, m, spare: [np.random.randint(0, n + 1, size=m) for n in spare]
        ),
    },
)


# random_shear

SHEAR_SAYS = {
    "about the top row": (
        "The top row of your pictures stays and everything below slides away, so the picture leaves its "
        "middle. Measure each row's distance from the middle row."
    ),
    "the offset has the wrong sign": (
        "Your slant is right, but your pictures slide sideways as well: the middle row should stay where it "
        "is. Put the middle row into `matrix @ p + offset`, and the result must be p again."
    ),
    "columns slide": (
        "Your columns slide up and down. Here the rows should slide sideways: row and column have changed "
        "places in the matrix."
    ),
    "one slant for the whole batch": (
        "All pictures of a batch have the same slant. Every picture needs a number of its own."
    ),
    "only to one side": (
        "Your pictures lean to one side only. The numbers should come from −max_shear to max_shear."
    ),
    "too strong": (
        "Some of your slants are larger than `max_shear`. Which distribution do the numbers come from?"
    ),
    "curved interpolation": (
        "Your colours are not a straight mixture of two neighbours. The default of SciPy fits curves through "
        "the pixels (`order=3`), which overshoot at edges."
    ),
    "nearest pixel": (
        "You took the nearest pixel, so slanted edges become stairs. Asked for is the mixture of the two "
        "neighbours in the row."
    ),
    "border smeared": "Outside the picture your result repeats pixels from the rim; asked for is black, 0.",
    "chance from elsewhere": _OTHER_SEEDS,
}


def _shear_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, m: int, height: int, width: int, dtype: type, most: float) -> Case:
        ramps = np.stack(np.broadcast_arrays(*np.ogrid[1 : height + 1, 1 : width + 1])[::-1], axis=-1)
        ramps = np.broadcast_to(ramps / (width, height), (m, height, width, 2))
        noise = rng.random((m, height, width, 1))
        images = np.concatenate([ramps, noise], axis=-1).astype(dtype)
        return Case(group, {"images": images}, {"max_shear": most, "seeds": _seeds(rng)})

    yield case("an odd number of rows", 30, 11, 31, np.float32, 0.4)
    yield case("an even number of rows", 30, 12, 29, np.float64, 0.3)


def _shear_problem(case: Case, arrays: Arrays) -> str:
    images, draws = case.arrays["images"], arrays["draws"]
    sentence = _shape_problem(draws, images.shape)
    if sentence:
        return sentence
    slants, problem = _read_slants(draws)
    if problem:
        return problem
    for image, got, slant in zip(images, draws[0], slants[0], strict=True):
        problem = _picture_problem(image, got, slant)
        if problem:
            return problem
    if (np.abs(slants) < 1e-6).all():
        return "No picture was slanted."
    return _slant_problem(slants, case.params["max_shear"]) or _seed_problem(draws)


def _read_slants(draws: np.ndarray) -> tuple[np.ndarray, str]:
    """Read from the two ramps where every pixel came from, and from that the slants (calls, m)."""
    height, width = draws.shape[2:4]
    rows, columns = np.arange(3, height - 3), np.arange(9, width - 9)
    part = draws[:, :, rows[:, None], columns].astype(np.float64)
    from_x, from_y = part[..., 0] * width - 1, part[..., 1] * height - 1
    x = np.broadcast_to(columns, from_x.shape[2:]).ravel()
    y = np.broadcast_to(rows[:, None], from_x.shape[2:]).ravel()
    design = np.stack([x, y, np.ones_like(x)], axis=-1)
    shape = draws.shape[:2]
    solve = np.linalg.pinv(design)
    fit_x = (from_x.reshape(*shape, -1) @ solve.T).reshape(-1, 3)
    fit_y = (from_y.reshape(*shape, -1) @ solve.T).reshape(-1, 3)
    slants, middle = -fit_x[:, 1], (height - 1) / 2
    say, tolerance = SHEAR_SAYS, 2e-3
    if np.abs(fit_y - (0, 1, 0)).max() > tolerance:
        level = np.abs(fit_x - (1, 0, 0)).max() < tolerance
        if level and np.abs(fit_y[:, 0]).max() > tolerance:
            return slants, say["columns slide"]
        if np.abs(fit_y - (0, 1, 0)).max() > 0.2:
            return slants, "Your pictures are not only slanted: rows do not stay in their rows."
    gap = fit_x[:, 2] - slants * middle
    if np.abs(gap).max() > 0.02:
        if np.abs(fit_x[:, 2]).max() < 0.02:
            return slants, say["about the top row"]
        if np.abs(fit_x[:, 2] + slants * middle).max() < 0.02:
            return slants, say["the offset has the wrong sign"]
        if np.abs(gap).max() > 0.6:
            return slants, "The middle row of your pictures does not stay where it is."
    return slants.reshape(shape), ""


def _picture_problem(image: np.ndarray, got: np.ndarray, slant: float) -> str:
    """Compare one picture with `numpy.interp` along its rows, the rim itself apart."""
    height, width, _ = image.shape
    x, middle = np.arange(width), (height - 1) / 2
    worst = 0.0
    for y in range(height):
        source = x - slant * (y - middle)
        inside, outside = (source > 0.01) & (source < width - 1.01), (source < -1) | (source > width)
        if outside.any() and np.abs(got[y, outside]).max() > 1e-3:
            return SHEAR_SAYS["border smeared"]
        want = np.interp(source[inside], x, image[y, :, 2])
        worst = max(worst, np.abs(got[y, inside, 2] - want).max(initial=0))
    if worst < 5e-3:
        return ""
    if np.isin(got[..., 2], [*image[..., 2].ravel(), 0]).all():
        return SHEAR_SAYS["nearest pixel"]
    matrix, offset = [[1, 0], [-slant, 1]], (0, slant * middle)
    curved = ndimage.affine_transform(image[..., 2], matrix, offset, order=3)
    core = np.s_[2:-2, 9:-9]
    if np.abs(got[core][..., 2] - curved[core]).max() < 0.02:
        return SHEAR_SAYS["curved interpolation"]
    return f"Your colours are off by up to {worst:.2g} where a row slides by a part of a pixel."


def _slant_problem(slants: np.ndarray, most: float) -> str:
    say, drawn = SHEAR_SAYS, slants[1:].ravel() / most
    if np.abs(slants - slants[:, :1]).max() < 1e-5:
        return say["one slant for the whole batch"]
    if (drawn > -0.02).all() or (drawn < 0.02).all():
        return say["only to one side"]
    if np.abs(drawn).max() > 1.01:
        return say["too strong"]
    size = np.abs(drawn)
    if size.max() < 0.88 or not 0.36 < size.mean() < 0.64 or abs(drawn.mean()) > 0.26:
        return (
            "Your slants are not spread evenly from −max_shear to max_shear: their mean size is "
            f"{size.mean() * most:.2g}, the largest {size.max() * most:.2g}."
        )
    return ""


def _sheared(
    amounts: Callable | None = None,
    matrix: Callable = lambda s: [[1, 0, 0], [-s, 1, 0], [0, 0, 1]],
    offset: Callable = lambda s, height, width: (0, s * (height - 1) / 2, 0),
    **options,
) -> Callable:
    """Make a ``random_shear`` that is right but for what is passed."""
    options = {"order": 1, **options}

    def wrong(images, max_shear, rng):
        draw = amounts or (lambda rng, most, m: rng.uniform(-most, most, m))
        all_s = np.broadcast_to(draw(rng, max_shear, len(images)), len(images))
        height, width = images.shape[1:3]
        return np.stack(
            [
                ndimage.affine_transform(image, matrix(s), offset(s, height, width), **options)
                for image, s in zip(images, all_s, strict=True)
            ]
        )

    return wrong


SHEAR_MISTAKES = _bank(
    SHEAR_SAYS,
    {
        "about the top row": _sheared(offset=lambda s, height, width: 0),
        "the offset has the wrong sign": _sheared(
            offset=lambda s, height, width: (0, -s * (height - 1) / 2, 0)
        ),
        "columns slide": _sheared(
            matrix=lambda s: [[1, -s, 0], [0, 1, 0], [0, 0, 1]],
            offset=lambda s, height, width: (s * (width - 1) / 2, 0, 0),
        ),
        "one slant for the whole batch": _sheared(lambda rng, most, m: rng.uniform(-most, most)),
        "only to one side": _sheared(lambda rng, most, m: rng.uniform(0, most, m)),
        "too strong": _sheared(lambda rng, most, m: rng.normal(0, most, m)),
        "curved interpolation": _sheared(order=3),
        "nearest pixel": _sheared(order=0),
        "border smeared": _sheared(mode="nearest"),
        "chance from elsewhere": _sheared(lambda rng, most, m: np.random.uniform(-most, most, m)),
    },
)


# color_shift

COLOR_SAYS = {
    "wraps around": (
        "Bright places have turned dark, or dark ones bright: 250 + 20 has become 14. A uint8 cannot hold 270 "
        "and starts again at 0; clip while the numbers are still wide."
    ),
    "not clipped": "Your values leave the range 0 to 255. A picture has no colours there: cut them off.",
    "one number for all channels": (
        "You add the same number to red, green and blue: that is more or less light, not another colour."
    ),
    "one shift for the whole batch": (
        "All pictures of a batch get the same shift. Every picture needs numbers of its own."
    ),
    "a number for each pixel": (
        "Your pictures are noisy: each pixel got a number of its own. All pixels of a channel should move "
        "together, as when the light changes."
    ),
    "only brighter": (
        "Your shifts are never negative, so pictures only get brighter. Light can change in both directions."
    ),
    "in shares of 255": "You return shares between 0 and 1; asked for are bytes, 0 to 255.",
    "fractions": "Your result holds fractions. Pictures here are whole numbers from 0 to 255, uint8.",
    "chance from elsewhere": _OTHER_SEEDS,
}


def _color_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, low: int, high: int, most: int) -> Case:
        images = rng.integers(low, high, (40, 4, 5, 3), dtype=np.uint8, endpoint=True)
        images[:, 0, 0] = 128  # there every shift can be read off
        return Case(group, {"images": images}, {"max_shift": most, "seeds": _seeds(rng)})

    yield case("pictures without very bright or dark places", 70, 185, int(rng.integers(20, 50)))
    yield case("very bright and very dark places", 0, 255, int(rng.integers(30, 60)))


def _color_problem(case: Case, arrays: Arrays) -> str:
    images, draws, say = case.arrays["images"].astype(float), arrays["draws"].astype(float), COLOR_SAYS
    sentence = _shape_problem(draws, images.shape)
    if sentence:
        return sentence
    if draws.max() <= 1:
        return say["in shares of 255"]
    if (draws != np.round(draws)).any():
        return say["fractions"]
    shifts = draws[:, :, 0, 0] - 128  # (calls, m, channels)
    moved = images + shifts[:, :, None, None]
    if not np.array_equal(draws, np.clip(moved, 0, 255)):
        if np.array_equal(draws, moved % 256):
            return say["wraps around"]
        if np.array_equal(draws, moved):
            return say["not clipped"]
        calm = (images > 70) & (images < 185)
        if np.abs((draws - images)[:, calm] - shifts.mean()).std() > 1 and not _steady(draws - images, calm):
            return say["a number for each pixel"]
        return "Your result is not the picture plus one number for each channel, clipped to 0 to 255."
    most, drawn = case.params["max_shift"], shifts[1:]
    if not shifts.any():
        return "No colour has changed."
    if (shifts == shifts[..., :1]).all():
        return say["one number for all channels"]
    if (shifts == shifts[:, :1]).all():
        return say["one shift for the whole batch"]
    if (shifts >= 0).all():
        return say["only brighter"]
    sentence = _seed_problem(draws)
    if sentence:
        return sentence
    if np.abs(drawn).max() > most:
        return f"A channel moved by {int(np.abs(drawn).max())}, more than max_shift = {most}."
    size = np.abs(drawn) / most
    if min(drawn.max(), -drawn.min()) < 0.85 * most or not 0.43 < size.mean() < 0.6:
        return (
            f"Your shifts are not spread evenly from −{most} to {most}: they go from {drawn.min():g} to "
            f"{drawn.max():g}, with a mean size of {np.abs(drawn).mean():.3g}."
        )
    return ""


def _steady(change: np.ndarray, calm: np.ndarray) -> bool:
    """Tell whether within each picture and channel all pixels of medium brightness change alike."""
    low = np.where(calm, change, np.inf).min(axis=(2, 3))
    high = np.where(calm, change, -np.inf).max(axis=(2, 3))
    return bool((low >= high - 0.5).all())


def _shifted(
    shape: Callable = lambda m, images: (m, 1, 1, 3),
    finish: Callable = lambda values: np.clip(values, 0, 255).astype(np.uint8),
    draw: Callable = lambda rng, most, shape: rng.integers(-most, most + 1, shape),
) -> Callable:
    """Make a ``color_shift`` that is right but for what is passed."""

    def wrong(images, max_shift, rng):
        return finish(images + draw(rng, max_shift, shape(len(images), images)))

    return wrong


COLOR_MISTAKES = _bank(
    COLOR_SAYS,
    {
        "wraps around": _shifted(finish=lambda values: values.astype(np.uint8)),
        "not clipped": _shifted(finish=lambda values: values),
        "one number for all channels": _shifted(lambda m, images: (m, 1, 1, 1)),
        "one shift for the whole batch": _shifted(lambda m, images: (1, 1, 1, 3)),
        "a number for each pixel": _shifted(lambda m, images: images.shape),
        "only brighter": _shifted(draw=lambda rng, most, shape: rng.integers(0, most + 1, shape)),
        "in shares of 255": _shifted(finish=lambda values: np.clip(values, 0, 255) / 255),
        "fractions": _shifted(
            finish=lambda values: np.clip(values, 0, 255),
            draw=lambda rng, most, shape: rng.uniform(-most, most, shape),
        ),
        "chance from elsewhere": _shifted(
            draw=lambda rng, most, shape: np.random.randint(-most, most + 1, shape)
        ),
    },
)


# pca_color_augment

PCA_SAYS = {
    "pixels not centred": (
        "Your axes point from black to the mean colour instead of along the spread of the colours. A "
        "covariance is measured from the mean: subtract it first."
    ),
    "eigenvalue without the root": (
        "The size of your shifts is off by the root of each eigenvalue. An eigenvalue is a variance; a shift "
        "should be in proportion to a standard deviation."
    ),
    "rows for columns": (
        "Your shifts point along other directions than the colours vary. `np.linalg.eigh` returns the "
        "eigenvectors as columns; you used the rows."
    ),
    "each channel by itself": (
        "Your shifts are as large as each channel varies, but the channels move independently. The point of "
        "the principal axes is that they move together as they do in the pictures."
    ),
    "one number for three axes": (
        "Your shifts all lie on one line: one random number multiplies all three axes. Each axis needs its "
        "own."
    ),
    "std forgotten": (
        "Your shifts are as large as the colours vary, with std = 1. The random numbers should have the "
        "standard deviation `std`."
    ),
    "noise for each pixel": (
        "Each pixel got a shift of its own. Draw once for a picture: the light changes for all of it."
    ),
    "one shift for the whole batch": "All pictures get the same shift. Draw three numbers for each of them.",
    "axes of each picture": (
        "You took the principal axes of every picture by itself. They should come from the pixels of all the "
        "pictures together."
    ),
    "even numbers": (
        "Your random numbers are spread evenly. Asked for is a normal distribution, `rng.normal`."
    ),
    "chance from elsewhere": _OTHER_SEEDS,
    "seed ignored": _NO_SEED,
}


def _pca_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, spreads: tuple[float, ...], std: float, dtype: type) -> Case:
        axes = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        noise = rng.normal(size=(250, 4, 4, 3)) + 1.2 * rng.normal(size=(250, 1, 1, 3)) * (0.4, 1, 1.6)
        images = np.array([0.62, 0.45, 0.35]) + (noise * spreads) @ axes.T
        return Case(
            group, {"images": np.clip(images, 0, 1).astype(dtype)}, {"std": std, "seeds": _seeds(rng)}
        )

    yield case("colours that vary in one direction most of all", (0.09, 0.03, 0.012), 0.1, np.float32)
    yield case("colours that vary in all directions", (0.07, 0.05, 0.035), 0.5, np.float64)


def _pca_problem(case: Case, arrays: Arrays) -> str:
    images, draws, say = case.arrays["images"].astype(float), arrays["draws"].astype(float), PCA_SAYS
    sentence = _shape_problem(draws, images.shape)
    if sentence:
        return sentence
    change = draws - images
    shifts = change.mean(axis=(2, 3))  # (calls, m, 3)
    if np.abs(change - shifts[:, :, None, None]).max() > 1e-5:
        if np.array_equal(draws, np.clip(draws, 0, 1)) and draws.max() == 1:
            return "You clip your result to 0 to 1; asked for are the shifted values as they are."
        return say["noise for each pixel"]
    if np.abs(shifts).max() < 1e-9:
        return "Nothing has changed: the result is equal to the pictures that were given."
    if np.abs(shifts - shifts[:, :1]).max() < 1e-7:
        return say["one shift for the whole batch"]
    sentence = _seed_problem(draws)
    if sentence:
        return sentence
    return _spread_problem(images, shifts[1:].reshape(-1, 3), case.params["std"])


def _spread_problem(images: np.ndarray, shifts: np.ndarray, std: float) -> str:
    """Compare the covariance of the shifts with std² times that of the pixels, and with what mistakes would give."""
    pixels = images.reshape(-1, 3)
    covariance = np.cov(pixels, rowvar=False)
    values, vectors = np.linalg.eigh(covariance)
    white = _whiten(shifts, std**2 * covariance)
    if white is not None:
        even = (white**4).mean() / (white**2).mean() ** 2 < 2.4
        return PCA_SAYS["even numbers"] if even else ""
    found = np.linalg.eigvalsh(shifts.T @ shifts)
    if found[0] < 1e-6 * found[2]:
        return PCA_SAYS["one number for three axes"]
    if _whiten(shifts, std**2 / 3 * covariance) is not None:
        return PCA_SAYS["even numbers"]
    for name, other in (
        ("pixels not centred", std**2 * pixels.T @ pixels / len(pixels)),
        ("eigenvalue without the root", std**2 * covariance @ covariance),
        ("each channel by itself", std**2 * np.diag(np.diag(covariance))),
        ("std forgotten", covariance),
        ("axes of each picture", std**2 * np.mean([np.cov(p.reshape(-1, 3).T) for p in images], axis=0)),
    ):
        if _whiten(shifts, other) is not None:
            return PCA_SAYS[name]
    for signs in product((1, -1), repeat=2):
        turned = vectors * (1, *signs)
        if _whiten(shifts, std**2 * (turned.T * values) @ turned) is not None:
            return PCA_SAYS["rows for columns"]
    return (
        f"Your shifts spread by {_list(shifts.std(axis=0))} in red, green and blue; they should spread by "
        f"{_list(std * np.sqrt(np.diag(covariance)))}, in the directions in which the pixels vary."
    )


def _list(numbers: np.ndarray) -> str:
    return ", ".join(f"{number:.3g}" for number in numbers)


def _whiten(shifts: np.ndarray, covariance: np.ndarray) -> np.ndarray | None:
    """Return the shifts divided by the root of a covariance, or None when they do not have it."""
    values, vectors = np.linalg.eigh(covariance)
    if values[0] <= 0:
        return None
    white = shifts @ vectors / np.sqrt(values)
    n = len(white)
    fits = np.abs(white.T @ white / n - np.eye(3)).max() < 9 / np.sqrt(n)
    return white if fits and np.abs(white.mean(axis=0)).max() < 6.5 / np.sqrt(n) else None


def _recoloured(
    axes: Callable = lambda pixels: np.linalg.eigh(np.cov(pixels, rowvar=False)),
    scale: Callable = np.sqrt,
    columns: bool = True,
    draw: Callable = lambda images, std, rng: rng.normal(0, std, (len(images), 1, 1, 3)),
    source: Callable = np.random.default_rng,
) -> Callable:
    """Make a ``pca_color_augment`` that is right but for what is passed."""

    def wrong(images, std, seed):
        values, vectors = axes(images.reshape(-1, 3))
        strengths = draw(images, std, source(seed)) * scale(np.maximum(values, 0))
        return images + strengths @ (vectors.T if columns else vectors)

    return wrong


def _axes_of_each_picture(images, std, seed):
    rng = np.random.default_rng(seed)
    shifted = []
    for image in images:
        values, vectors = np.linalg.eigh(np.cov(image.reshape(-1, 3), rowvar=False))
        shifted.append(image + vectors @ (rng.normal(0, std, 3) * np.sqrt(np.maximum(values, 0))))
    return np.stack(shifted)


def _about_black(pixels):
    return np.linalg.eigh(pixels.T @ pixels / len(pixels))


def _channels(pixels):
    return pixels.var(axis=0), np.eye(3)


PCA_MISTAKES = _bank(
    PCA_SAYS,
    {
        "pixels not centred": _recoloured(_about_black),
        "eigenvalue without the root": _recoloured(scale=lambda values: values),
        "rows for columns": _recoloured(columns=False),
        "each channel by itself": _recoloured(_channels),
        "one number for three axes": _recoloured(
            draw=lambda images, std, rng: rng.normal(0, std, (len(images), 1, 1, 1))
        ),
        "std forgotten": _recoloured(draw=lambda images, std, rng: rng.normal(size=(len(images), 1, 1, 3))),
        "noise for each pixel": _recoloured(draw=lambda images, std, rng: rng.normal(0, std, images.shape)),
        "one shift for the whole batch": _recoloured(draw=lambda images, std, rng: rng.normal(0, std, 3)),
        "axes of each picture": _axes_of_each_picture,
        "even numbers": _recoloured(
            draw=lambda images, std, rng: rng.uniform(-std, std, (len(images), 1, 1, 3))
        ),
        "chance from elsewhere": _recoloured(source=lambda seed: np.random.default_rng()),
        "seed ignored": _recoloured(source=lambda seed: np.random.default_rng(0)),
    },
)


# input_pipeline

PIPELINE_SAYS = {
    "last batch dropped": (
        "Some pictures never come: the last batch, which is smaller, is dropped. Every picture should come "
        "once an epoch."
    ),
    "endless": "Your dataset never ends, because it repeats itself. One pass over it should be one epoch.",
    "labels on their own": (
        "Pictures and labels do not belong together any more. They were shuffled apart: pair them first, then "
        "shuffle the pairs."
    ),
    "loaded beforehand": (
        "All pictures are loaded before the dataset begins, in a Python loop. Real data sets do not fit into "
        "memory, and nothing overlaps with training: `load` belongs into a `map`."
    ),
    "never shuffled": (
        "In training the pictures come in the order in which they were given. With sorted files a batch would "
        "hold one class only."
    ),
    "the same order in every epoch": (
        "Every epoch has the same order. Something after or in your shuffling keeps it."
    ),
    "shuffled after batching": (
        "The same pictures sit together in every epoch: you shuffle whole batches. Shuffle single elements, "
        "before `batch`."
    ),
    "small buffer": (
        "The first pictures of an epoch are always from the beginning of the list. The buffer of `shuffle` is "
        "smaller than the data, so it cannot reach further."
    ),
    "distortion cached": (
        "A picture looks the same in every epoch. What `cache` keeps is what has been done before it, and you "
        "distort before it."
    ),
    "one distortion for a batch": (
        "`distort` gets a whole batch and treats it as one picture, so that all are turned alike. Map it over "
        "single pictures, before `batch`."
    ),
    "never distorted": "In training no picture is distorted.",
    "test pictures distorted": (
        "You distort the test pictures. What is measured should be the pictures as they are: look at "
        "`training`."
    ),
    "test pictures shuffled": (
        "The test pictures come in random order. Then predictions do not line up with the list of labels any "
        "more."
    ),
    "no prefetch": (
        "Nothing is made ready while the network trains: there is no `prefetch`, and each side waits for the "
        "other."
    ),
    "prefetch before batch": (
        "You prefetch single pictures and put them together while the network waits. `prefetch` belongs at "
        "the end, after `batch`."
    ),
    "one after another": (
        "Pictures are loaded or distorted one after another. `map` does several at once if you tell it how "
        "many."
    ),
}


def _pipeline_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, look: str, training: bool) -> Case:
        size = int(rng.integers(5, 8))
        pictures = int(rng.integers(6, 8)) * size + int(rng.integers(1, size))
        labels = rng.permutation(pictures) % 10
        params = {"pictures": pictures, "batch_size": size, "training": training, "look": look}
        return Case(group, {"labels": labels}, params)

    yield case("training: every picture once an epoch, with its label", "complete", True)
    yield case("training: in a new order in every epoch", "order", True)
    yield case("training: distorted anew in every epoch", "distortion", True)
    yield case("test: as they are and in order", "test", False)
    yield case("loading and training at the same time", "overlap", True)


def _pipeline_problem(case: Case, arrays: Arrays) -> str:
    look = {
        "complete": _completeness_problem,
        "order": _order_problem,
        "distortion": _distortion_problem,
        "test": _test_problem,
        "overlap": _overlap_problem,
    }
    return look[case.params["look"]](case, arrays)


def _completeness_problem(case: Case, arrays: Arrays) -> str:
    n, size, say = case.params["pictures"], case.params["batch_size"], PIPELINE_SAYS
    for epoch in np.unique(arrays["epoch"]):
        now = arrays["epoch"] == epoch
        pictures, batches = arrays["picture"][now].astype(int), arrays["batch"][now]
        if len(pictures) > n:
            return say["endless"]
        if len(pictures) == n - n % size and len(np.unique(pictures)) == len(pictures):
            return say["last batch dropped"]
        if len(pictures) != n or len(np.unique(pictures)) != n:
            return f"An epoch brings {len(np.unique(pictures))} different pictures of {n}."
        sizes = np.bincount(batches.astype(int))
        if (np.sort(sizes)[1:] != size).any():
            return f"Your batches hold {sizes.tolist()} pictures; batch_size is {size}."
        if (arrays["label"][now] != case.arrays["labels"][pictures]).any():
            return say["labels on their own"]
    return "" if len(arrays["epoch"]) else "Your dataset is empty."


def _epochs(arrays: Arrays, name: str) -> np.ndarray | None:
    """Return a column with one row an epoch, or None when epochs are of different lengths."""
    epochs, counts = np.unique(arrays["epoch"], return_counts=True)
    if not len(epochs) or (counts != counts[0]).any():
        return None
    return arrays[name].reshape(len(epochs), -1)


def _order_problem(case: Case, arrays: Arrays) -> str:
    n, say = case.params["pictures"], PIPELINE_SAYS
    pictures, batches = _epochs(arrays, "picture"), _epochs(arrays, "batch")
    if pictures is None or pictures.shape[1] < n / 2:
        return "The epochs of your dataset bring different numbers of pictures, or too few."
    if (np.diff(pictures, axis=1) >= 0).mean() > 0.97:
        return say["never shuffled"]
    if (pictures == pictures[0]).all():
        return say["the same order in every epoch"]
    company = [
        {frozenset(p[b == number].tolist()) for number in np.unique(b)}
        for p, b in zip(pictures, batches, strict=True)
    ]
    if company[0] == company[1]:
        return say["shuffled after batching"]
    first = pictures[:, : n // 4]
    return say["small buffer"] if (first < 0.6 * n).all() else ""


def _distortion_problem(case: Case, arrays: Arrays) -> str:
    say, times, numbers = PIPELINE_SAYS, arrays["distorted"], arrays["distortion"]
    if not len(times) or (times == 0).all():
        return say["never distorted"]
    if (times != 1).any():
        return f"A picture was distorted {int(times.max())} times in one epoch, another {int(times.min())} times."
    if len(np.unique(numbers)) == len(numbers):
        return ""
    now = arrays["epoch"] == arrays["epoch"][0]
    if len(np.unique(numbers[now])) < now.sum():
        return say["one distortion for a batch"]
    return say["distortion cached"]


def _test_problem(case: Case, arrays: Arrays) -> str:
    say, n = PIPELINE_SAYS, case.params["pictures"]
    pictures = _epochs(arrays, "picture")
    if pictures is None or pictures.shape[1] > n:
        return say["endless"]
    if arrays["distorted"].any():
        return say["test pictures distorted"]
    if pictures.shape[1] < n:
        return say["last batch dropped"]
    if (np.diff(pictures, axis=1) < 0).any():
        return say["test pictures shuffled"]
    return (
        ""
        if (arrays["label"] == case.arrays["labels"][arrays["picture"].astype(int)]).all()
        else (say["labels on their own"])
    )


def _overlap_problem(case: Case, arrays: Arrays) -> str:
    say, steps = PIPELINE_SAYS, arrays["steps"].tolist()
    if arrays["outside"].any():
        return say["loaded beforehand"]
    if "Map of pictures" in steps or not any(step.startswith("Parallel") for step in steps):
        return say["one after another"]
    if "Prefetch" not in steps:
        return say["no prefetch"]
    batch = max((i for i, step in enumerate(steps) if "Batch" in step), default=-1)
    last = max(i for i, step in enumerate(steps) if step == "Prefetch")
    return say["prefetch before batch"] if last < batch else ""


def _pipeline(
    pairs: Callable | None = None,
    shuffle: Callable = lambda data, n: data.shuffle(n),
    shuffle_batches: bool = False,
    calls: int | None = 2,
    before_batch: Callable = lambda data: data,
    distort_when: Callable = lambda training: training,
    shuffle_when: Callable = lambda training: training,
    distort_batches: bool = False,
    drop: bool = False,
    finish: Callable = lambda data: data.prefetch(1),
) -> Callable:
    """Make an ``input_pipeline`` that is right but for what is passed."""

    def wrong(paths, labels, load, distort, batch_size, training):
        import tensorflow as tf

        def distorted(data):
            return data.map(lambda image, label: (distort(image), label), num_parallel_calls=calls)

        if pairs:
            data = pairs(tf.data.Dataset.from_tensor_slices, paths, labels)
        else:
            data = tf.data.Dataset.from_tensor_slices((paths, labels))
        if shuffle_when(training) and not shuffle_batches:
            data = shuffle(data, len(paths))
        data = data.map(lambda path, label: (load(path), label), num_parallel_calls=calls)
        if distort_when(training) and not distort_batches:
            data = distorted(data)
        data = before_batch(data).batch(batch_size, drop_remainder=drop)
        if distort_when(training) and distort_batches:
            data = distorted(data)
        if shuffle_when(training) and shuffle_batches:
            data = shuffle(data, len(paths))
        return finish(data)

    return wrong


def _shuffled_apart(slices, paths, labels):
    import tensorflow as tf

    return tf.data.Dataset.zip((slices(paths).shuffle(len(paths)), slices(labels).shuffle(len(labels))))


def _distortion_cached(paths, labels, load, distort, batch_size, training):
    import tensorflow as tf

    def read(path, label):
        return distort(load(path)) if training else load(path), label

    data = tf.data.Dataset.from_tensor_slices((paths, labels)).map(read, num_parallel_calls=2).cache()
    data = data.shuffle(len(paths)) if training else data
    return data.batch(batch_size).prefetch(1)


def _loaded_beforehand(paths, labels, load, distort, batch_size, training):
    import tensorflow as tf

    images = tf.stack([load(tf.constant(path)) for path in paths])
    data = tf.data.Dataset.from_tensor_slices((images, labels))
    if training:
        data = data.shuffle(len(paths))
        data = data.map(lambda image, label: (distort(image), label), num_parallel_calls=2)
    return data.batch(batch_size).prefetch(1)


PIPELINE_MISTAKES = _bank(
    PIPELINE_SAYS,
    {
        "last batch dropped": _pipeline(drop=True),
        "endless": _pipeline(finish=lambda data: data.repeat().prefetch(1)),
        "labels on their own": _pipeline(_shuffled_apart, shuffle_when=lambda training: False),
        "loaded beforehand": _loaded_beforehand,
        "never shuffled": _pipeline(shuffle_when=lambda training: False),
        "the same order in every epoch": _pipeline(
            shuffle=lambda data, n: data.shuffle(n, reshuffle_each_iteration=False)
        ),
        "shuffled after batching": _pipeline(shuffle_batches=True),
        "small buffer": _pipeline(shuffle=lambda data, n: data.shuffle(n // 6)),
        "distortion cached": _distortion_cached,
        "one distortion for a batch": _pipeline(distort_batches=True),
        "never distorted": _pipeline(distort_when=lambda training: False),
        "test pictures distorted": _pipeline(distort_when=lambda training: True),
        "test pictures shuffled": _pipeline(shuffle_when=lambda training: True),
        "no prefetch": _pipeline(finish=lambda data: data),
        "prefetch before batch": _pipeline(
            before_batch=lambda data: data.prefetch(1), finish=lambda data: data
        ),
        "one after another": _pipeline(calls=None),
    },
)


ANSWERS = {
    "random_mirror": Answer(cases=_mirror_cases, invariant=_mirror_problem, mistakes=MIRROR_MISTAKES),
    "random_crop": Answer(cases=_crop_cases, invariant=_crop_problem, mistakes=CROP_MISTAKES),
    "random_shear": Answer(cases=_shear_cases, invariant=_shear_problem, mistakes=SHEAR_MISTAKES),
    "color_shift": Answer(cases=_color_cases, invariant=_color_problem, mistakes=COLOR_MISTAKES),
    "pca_color_augment": Answer(cases=_pca_cases, invariant=_pca_problem, mistakes=PCA_MISTAKES),
    "input_pipeline": Answer(cases=_pipeline_cases, invariant=_pipeline_problem, mistakes=PIPELINE_MISTAKES),
}
