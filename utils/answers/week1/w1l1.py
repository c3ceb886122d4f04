"""Week 1, lesson 1, filters and edges: what is right, and what people get wrong."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case

_PLAIN = [[1, 0, -1], [1, 0, -1], [1, 0, -1]]
_SOBEL = [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
_SCHARR = [[3, 0, -3], [10, 0, -10], [3, 0, -3]]


def edge_kernel_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give every name, and names that do not exist, some of them near misses."""
    for family in ("", "sobel_", "scharr_"):
        for direction in rng.permutation(["vertical", "horizontal"]):
            yield Case(_FAMILIES[family], params={"name": f"{family}{direction}"})
    for name in rng.permutation(
        ["horizontal", "diagonal", "sobel", "vertical", "laplace_vertical", "scharr"]
    ):
        yield Case("names that exist and names that do not", params={"name": str(name)})


_FAMILIES = {
    "": "the plain filters",
    "sobel_": "Sobel's filters",
    "scharr_": "Scharr's filters",
}


def edge_kernel_oracle(name: str) -> np.ndarray:
    """Read the filters off SciPy's and scikit-image's edge detectors: their answer to a single bright pixel."""
    from skimage import filters

    pixel = np.zeros((5, 5))
    pixel[2, 2] = 1
    detectors = {
        "": lambda axis: ndimage.prewitt(pixel, axis),
        "sobel": lambda axis: ndimage.sobel(pixel, axis),
        # scikit-image divides by the sum of the positive weights.
        "scharr": lambda axis: 16 * (filters.scharr_h, filters.scharr_v)[axis](pixel),
    }
    family, _, direction = name.rpartition("_")
    axis = {"horizontal": 0, "vertical": 1}.get(direction)
    if axis is None or family not in detectors:
        raise ValueError(f"name must be one of the six filters, got {name!r}")
    return detectors[family](axis)[1:4, 1:4]


def _edge_mistake(
    plain=_PLAIN,
    sobel=_SOBEL,
    scharr=_SCHARR,
    turn: Callable = lambda kernel: np.rot90(kernel, -1),
    finish: Callable = lambda kernel: kernel,
    unknown: Callable = ValueError,
    swap: bool = False,
) -> Callable:
    """Make an ``edge_kernel`` that is right but for what is passed."""

    def wrong(name):
        family, _, direction = name.rpartition("_")
        kernels = {"": plain, "sobel": sobel, "scharr": scharr}
        if family not in kernels or direction not in ("vertical", "horizontal"):
            return _raise_or_give(unknown)
        kernel = np.array(kernels[family], dtype=float)
        return finish(turn(kernel) if (direction == "horizontal") != swap else kernel)

    return wrong


def _raise_or_give(unknown):
    if isinstance(unknown, type):
        raise unknown("unknown name")
    return unknown()


EDGE_KERNEL_MISTAKES = (
    Mistake(
        "sign turned round",
        "Every number has the right size and the wrong sign. In this course a filter answers positively "
        "where light gives way to dark: put it on a patch whose left side is light and see what comes out.",
        _edge_mistake(finish=lambda k: -k),
    ),
    Mistake(
        "vertical and horizontal swapped",
        "Each of your filters stands under the other's name. A *vertical* filter finds vertical edges, so "
        "it must compare left with right.",
        _edge_mistake(swap=True),
    ),
    Mistake(
        "turned the wrong way",
        "Your upright filters are right; the horizontal ones have their sign turned round. After the turn "
        "the left column should be the top row: which direction does `np.rot90` turn in by default?",
        _edge_mistake(turn=np.rot90),
    ),
    Mistake(
        "not turned at all",
        "Under the horizontal names stand the upright filters again: nothing was turned.",
        _edge_mistake(turn=lambda k: k),
    ),
    Mistake(
        "Sobel without its middle weight",
        "Your Sobel filter weighs all three rows alike; then it is the plain filter. Sobel counts the "
        "middle row twice.",
        _edge_mistake(sobel=_PLAIN),
    ),
    Mistake(
        "Scharr with Sobel's weights",
        "Your Scharr filter has Sobel's weights. Look at the table again: Scharr weighs the middle row "
        "more than three times as much as the outer ones.",
        _edge_mistake(scharr=_SOBEL),
    ),
    Mistake(
        "divided by the weights",
        "You divided each filter by the sum of its positive weights. That makes answers comparable, and "
        "some libraries do it; here the whole numbers of the table are asked for.",
        _edge_mistake(finish=lambda k: k / k[k > 0].sum()),
    ),
    Mistake(
        "nothing for an unknown name",
        "The six filters are right. For a name that does not exist your function comes to its end and "
        "gives None; whoever mistyped would hear of it much later. Raise a ValueError there.",
        _edge_mistake(unknown=lambda: None),
    ),
    Mistake(
        "KeyError for an unknown name",
        "The six filters are right. For an unknown name the dictionary raises its KeyError; asked for is "
        "a ValueError, which says that the argument has the right kind but no sensible value.",
        _edge_mistake(unknown=KeyError),
    ),
    Mistake(
        "plain filter for an unknown name",
        "The six filters are right. For an unknown name you return a plain filter as if it had been asked "
        "for: a typing error would pass unseen. Raise a ValueError there.",
        _edge_mistake(unknown=lambda: np.array(_PLAIN, dtype=float)),
    ),
)


def _pair(rng: np.random.Generator, image: tuple, kernel: tuple, dtype) -> dict:
    if dtype == np.uint8:
        return {"image": rng.integers(0, 256, image, dtype=np.uint8), "kernel": rng.integers(-3, 4, kernel)}
    return {"image": rng.normal(size=image).astype(dtype), "kernel": rng.normal(size=kernel).astype(dtype)}


def correlate2d_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give square and other pictures, kernels of many sizes (one as large as its picture), floats and grey values."""
    for dtype in (np.float64, np.float32):
        side = int(rng.integers(5, 9))
        yield Case("square pictures, 3×3 kernels", _pair(rng, (side, side), (3, 3), dtype))
    for dtype in (np.float32, np.float64):
        low, high = int(rng.integers(4, 6)), int(rng.integers(7, 10))
        yield Case("pictures that are not square", _pair(rng, (low, high), (3, 3), dtype))
        yield Case("pictures that are not square", _pair(rng, (high, low), (3, 3), dtype))
    for kernel in ((2, 2), (5, 5), (1, 4), (4, 2), (7, 7), (1, 1)):
        dtype = rng.choice(["float32", "float64"])
        yield Case("kernels of other sizes", _pair(rng, (7, 7), kernel, dtype))
    for _ in range(2):
        yield Case("grey values as whole numbers (uint8)", _pair(rng, (6, 6), (3, 3), np.uint8))


def correlate2d_oracle(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Take SciPy's correlation in double precision, where the kernel lies wholly on the picture.

    ``scipy.ndimage``, because importing ``scipy.signal`` would be most of the time of a check.
    """
    full = ndimage.correlate(image.astype(float), kernel.astype(float), mode="constant")
    (height, width), (top, left) = image.shape, (n // 2 for n in kernel.shape)
    return full[top : top + height - kernel.shape[0] + 1, left : left + width - kernel.shape[1] + 1]


def _windows(image, kernel, rows=None, columns=None, part=None, combine=None, dtype=float):
    """Loop as learners do; a mistake changes the number of positions, the part that is cut out, or the combination."""
    kernel_height, kernel_width = kernel.shape
    rows = image.shape[0] - kernel_height + 1 if rows is None else rows
    columns = image.shape[1] - kernel_width + 1 if columns is None else columns
    combine = combine or (lambda window: np.sum(window * kernel))
    part = part or (lambda i, j: image[i : i + kernel_height, j : j + kernel_width])
    result = np.zeros((rows, columns), dtype=dtype)
    for i in range(rows):
        for j in range(columns):
            result[i, j] = combine(part(i, j))
    return result


def _flipped(image, kernel):
    return _windows(image, kernel[::-1, ::-1])


def _transposed(image, kernel):
    return _windows(image, kernel, combine=lambda window: np.sum(window * kernel.T))


def _same_size(image, kernel):
    return ndimage.correlate(image.astype(float), kernel.astype(float), mode="constant")


def _one_too_few(image, kernel):
    height, width = image.shape[0] - kernel.shape[0], image.shape[1] - kernel.shape[1]
    return _windows(image, kernel, rows=height, columns=width)


def _averaged(image, kernel):
    return _windows(image, kernel, combine=lambda window: np.mean(window * kernel))


def _matrix_product(image, kernel):
    return _windows(image, kernel, combine=lambda window: np.sum(window @ kernel))


def _image_dtype(image, kernel):
    return _windows(image, kernel, dtype=image.dtype)


def _square_kernel_assumed(image, kernel):
    f = kernel.shape[0]
    rows, columns = image.shape[0] - f + 1, image.shape[1] - f + 1
    return _windows(image, kernel, rows, columns, part=lambda i, j: image[i : i + f, j : j + f])


def _square_image_assumed(image, kernel):
    return _windows(image, kernel, columns=image.shape[0] - kernel.shape[1] + 1)


def _rows_and_columns_swapped(image, kernel):
    rows, columns = image.shape[1] - kernel.shape[1] + 1, image.shape[0] - kernel.shape[0] + 1
    cut = lambda i, j: image[j : j + kernel.shape[0], i : i + kernel.shape[1]]  # noqa: E731
    return _windows(image, kernel, rows, columns, part=cut)


def _sign_thrown_away(image, kernel):
    return np.abs(_windows(image, kernel))


def _tiled(image, kernel):
    height, width = kernel.shape
    rows, columns = image.shape[0] // height, image.shape[1] // width
    cut = lambda i, j: image[i * height : (i + 1) * height, j * width : (j + 1) * width]  # noqa: E731
    return _windows(image, kernel, rows, columns, part=cut)


CORRELATE2D_MISTAKES = (
    Mistake(
        "kernel flipped",
        "This is the convolution of mathematics: your kernel is upside down and mirrored. Here it is laid "
        "on the picture as it stands, so its first number meets the part's first pixel.",
        _flipped,
    ),
    Mistake(
        "kernel transposed",
        "Rows and columns of the kernel are exchanged, so vertical edges are taken for horizontal ones. "
        "Look at how the kernel's indices go with those of the picture.",
        _transposed,
    ),
    Mistake(
        "picture padded",
        "Your result is as large as the picture: you let the kernel hang over the border, on zeros. Here "
        "only those positions count where the whole kernel lies on the picture.",
        _same_size,
    ),
    Mistake(
        "last position left out",
        "One row and one column are missing. Count on a small example: a kernel of 3 on a picture of 4 "
        "has two positions, and 4 − 3 is one.",
        _one_too_few,
    ),
    Mistake(
        "mean for sum",
        "The values are too small by the number of places in the kernel: you took the mean of the "
        "products. Asked for is their sum.",
        _averaged,
    ),
    Mistake(
        "matrix product",
        "`@` multiplies rows with columns. Here each number of the kernel meets the one pixel under it: "
        "that is the product element by element.",
        _matrix_product,
    ),
    Mistake(
        "result in the picture's dtype",
        "With uint8 pictures the result is uint8 as well: negative answers have nowhere to go and come "
        "round as large positive ones. Look at the dtype of the array that you fill.",
        _image_dtype,
    ),
    Mistake(
        "kernel taken for square",
        "You use the height of the kernel for its width too. A kernel may be 1×4 or 4×2: take both from "
        "its shape.",
        _square_kernel_assumed,
    ),
    Mistake(
        "picture taken for square",
        "You use the height of the picture for its width too. Photographs are rarely square: take both "
        "from its shape.",
        _square_image_assumed,
    ),
    Mistake(
        "result lies on its side",
        "The numbers are right and lie on their side: row and column of the result are exchanged. The "
        "first index of an array is the row, counted downwards.",
        _rows_and_columns_swapped,
    ),
    Mistake(
        "sign thrown away",
        "You return absolute values. The sign carries the direction, light to dark or dark to light: keep "
        "it, and drop it only where you draw the strength of edges.",
        _sign_thrown_away,
    ),
    Mistake(
        "steps as wide as the kernel",
        "Your window jumps by its own size, so windows never overlap. It should move on by a single pixel.",
        _tiled,
    ),
)


def flip_kernel_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give 3×3 kernels of three dtypes, and even, long and narrow ones."""
    for dtype in ("float64", "float32", "int64"):
        yield Case("3×3 kernels", {"kernel": _kernel(rng, (3, 3), dtype)})
    for shape in ((2, 2), (5, 5), (2, 5), (4, 3), (1, 6), (6, 1)):
        yield Case(
            "kernels of other sizes", {"kernel": _kernel(rng, shape, rng.choice(["float32", "float64"]))}
        )


def _kernel(rng: np.random.Generator, shape: tuple, dtype: str) -> np.ndarray:
    """Return distinct numbers, so that every place can be told from every other."""
    numbers = rng.permutation(np.arange(1, 1 + np.prod(shape))).reshape(shape)
    return (numbers if dtype == "int64" else numbers + rng.uniform(-0.4, 0.4, shape)).astype(dtype)


def flip_kernel_oracle(kernel: np.ndarray) -> np.ndarray:
    """Turn by 180° as geometry does it: the point p of the result is the point (last corner − p) of the kernel."""
    last_corner = np.array(kernel.shape) - 1
    return ndimage.affine_transform(kernel.astype(float), [-1, -1], last_corner, order=0)


FLIP_KERNEL_MISTAKES = (
    Mistake(
        "only upside down",
        "The rows run backwards, the numbers within each row do not. Flip the other axis as well.",
        lambda kernel: kernel[::-1],
    ),
    Mistake(
        "only mirrored",
        "Each row runs backwards, but the rows stand in their old order. Flip the other axis as well.",
        lambda kernel: kernel[:, ::-1],
    ),
    Mistake(
        "transposed",
        "`.T` exchanges rows and columns: it mirrors along the diagonal, and the corner at the top left "
        "stays where it is. After a flip on both axes that corner is at the bottom right.",
        lambda kernel: kernel.T,
    ),
    Mistake(
        "quarter turn",
        "You turned by 90°. A flip on both axes is the same as a turn by 180°.",
        lambda kernel: np.rot90(kernel),
    ),
    Mistake(
        "quarter turn clockwise",
        "You turned by 90° clockwise. A flip on both axes is the same as a turn by 180°.",
        lambda kernel: np.rot90(kernel, -1),
    ),
    Mistake(
        "nothing flipped",
        "This is the kernel as it came. A function such as `np.flip` returns a new array; its result has "
        "to be kept and returned.",
        lambda kernel: kernel.copy(),
    ),
    Mistake(
        "shape lost",
        "The order is right, but the rows and columns are gone: your result is one long row of numbers.",
        lambda kernel: kernel.reshape(-1)[::-1],
    ),
    Mistake(
        "numbers negated",
        "You turned the sign of the numbers; asked for is another order of them. For an edge filter the "
        "two happen to look alike, for other kernels they do not.",
        lambda kernel: -kernel,
    ),
)


def learn_kernel_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Give no step, one step and many, targets of real filters and pure noise, square pictures and others."""
    for steps in (1, 0, 1, 2):
        side = int(rng.integers(5, 8))
        yield _lesson(rng, "no step, one and two", (side, side), steps, rng.normal(size=(3, 3)))
    for name in ("vertical", "sobel_horizontal"):
        yield _lesson(rng, "many steps towards a known filter", (7, 7), 40, edge_kernel_oracle(name))
    for shape in ((5, 8), (9, 6)):
        dtype = rng.choice(["float32", "float64"])
        yield _lesson(rng, "pictures that are not square", shape, 12, rng.normal(size=(3, 3)), 0.3, dtype)
    yield _lesson(rng, "pictures that are not square", (4, 7), 20, rng.normal(size=(3, 3)), 1.0, "float64")


def _lesson(
    rng, group: str, shape: tuple, steps: int, kernel, noise: float = 0.0, dtype: str = "float64"
) -> Case:
    image = rng.normal(size=shape)
    target = correlate2d_oracle(image, kernel)
    target = target + noise * rng.normal(size=target.shape)
    # A fraction of the largest rate at which descent still converges, as the eigenvalues of the descent give it.
    rate = float(np.round(rng.uniform(0.3, 0.8) / _descent(image, target)[0][-1], 4))
    arrays = {"image": image.astype(dtype), "target": target.astype(dtype)}
    return Case(group, arrays, {"steps": steps, "learning_rate": rate})


def _descent(image: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return eigenvalues (9,), eigenvectors (9, 9) of the error's second derivative, and its pull at zero (9,)."""
    patches = sliding_window_view(image.astype(float), (3, 3)).reshape(-1, 9)
    curvature = 2 / len(patches) * patches.T @ patches
    pull = 2 / len(patches) * patches.T @ target.astype(float).ravel()
    return *np.linalg.eigh(curvature), pull


def learn_kernel_oracle(
    image: np.ndarray, target: np.ndarray, steps: int, learning_rate: float
) -> np.ndarray:
    """Follow the closed form of descent on a quadratic: along each eigenvector the rest shrinks geometrically."""
    values, vectors, pull = _descent(image, target)
    flat = values < 1e-9
    travelled = np.where(
        flat, steps * learning_rate, (1 - (1 - learning_rate * values) ** steps) / np.where(flat, 1, values)
    )
    return (vectors @ (travelled * (vectors.T @ pull))).reshape(3, 3)


def _learn(predict=None, gradient=None, start=0.0, extra=0, once=False) -> Callable:
    """Make a ``learn_kernel`` that is right but for what is passed."""
    predict = predict or (lambda image, kernel: correlate2d_oracle(image, kernel))
    gradient = gradient or (lambda image, error: 2 * _sum_of_copies(image, error) / error.size)

    def wrong(image, target, steps, learning_rate):
        kernel = np.full((3, 3), start)
        step = None
        for _ in range(steps + extra):
            if step is None or not once:
                step = gradient(image, predict(image, kernel) - target)
            kernel = kernel - learning_rate * step
        return kernel

    return wrong


def _sum_of_copies(image, error):
    return correlate2d_oracle(image, error)


def _convolve(image, kernel):
    return correlate2d_oracle(image, kernel[::-1, ::-1])


def _flipped_gradient(image, error):
    return 2 * _sum_of_copies(image, error)[::-1, ::-1] / error.size


LEARN_KERNEL_MISTAKES = (
    Mistake(
        "uphill",
        "Your kernel walks up the error instead of down, and grows without end. Check the sign in one "
        "place: error is prediction minus target, and the step goes against the gradient.",
        _learn(gradient=lambda image, error: -2 * _sum_of_copies(image, error) / error.size),
    ),
    Mistake(
        "sum for mean",
        "Your gradient belongs to the *sum* of the squared errors; it is too large by the number of "
        "pixels of the target, and the steps overshoot. The loss is their mean.",
        _learn(gradient=lambda image, error: 2 * _sum_of_copies(image, error)),
    ),
    Mistake(
        "factor 2 missing",
        "Your steps are half as long as they should be. What is the derivative of a square?",
        _learn(gradient=lambda image, error: _sum_of_copies(image, error) / error.size),
    ),
    Mistake(
        "divided by nine",
        "You divided by the nine numbers of the kernel. The mean in the loss runs over the pixels of the "
        "target.",
        _learn(gradient=lambda image, error: 2 * _sum_of_copies(image, error) / 9),
    ),
    Mistake(
        "gradient flipped",
        "The gradient for place (u, v) of the kernel stands at the opposite place. The copy that starts "
        "at row u and column v of the picture belongs to `kernel[u, v]`, in the gradient as in the "
        "prediction.",
        _learn(gradient=_flipped_gradient),
    ),
    Mistake(
        "prediction flipped",
        "The first step is right, the next are not: your prediction uses the flipped kernel, your "
        "gradient does not. Both must pair `kernel[u, v]` with the copy that starts at (u, v).",
        _learn(predict=_convolve),
    ),
    Mistake(
        "convolution learned",
        "This kernel is the right one flipped on both axes: you learned the filter of a true convolution. "
        "Here the answers come from a cross-correlation.",
        _learn(predict=_convolve, gradient=_flipped_gradient),
    ),
    Mistake(
        "started from ones",
        "Without a single step your kernel should be all zeros. You start somewhere else.",
        _learn(start=1.0),
    ),
    Mistake(
        "one step too many",
        "You take one step more than asked. With `steps=0` the kernel should still be all zeros.",
        _learn(extra=1),
    ),
    Mistake(
        "one step too few",
        "You take one step fewer than asked: after one step the kernel should no longer be zero.",
        _learn(extra=-1),
    ),
    Mistake(
        "gradient computed once",
        "The first step is right, and all later ones repeat it. The error changes with the kernel: "
        "predict again, and compute the gradient again, inside the loop.",
        _learn(once=True),
    ),
    Mistake(
        "absolute error",
        "You use only the sign of each error: that is the gradient of the mean *absolute* error. Asked "
        "for is the squared one, where a large error pulls harder.",
        _learn(gradient=lambda image, error: _sum_of_copies(image, np.sign(error)) / error.size),
    ),
)


# Whoever computes float64 pictures in float32 is right as well.
_LOOSE = {"rtol": 1e-4, "atol": 1e-5}

ANSWERS = {
    "edge_kernel": Answer(edge_kernel_cases, edge_kernel_oracle, mistakes=EDGE_KERNEL_MISTAKES, **_LOOSE),
    "correlate2d": Answer(correlate2d_cases, correlate2d_oracle, mistakes=CORRELATE2D_MISTAKES, **_LOOSE),
    "flip_kernel": Answer(flip_kernel_cases, flip_kernel_oracle, mistakes=FLIP_KERNEL_MISTAKES, **_LOOSE),
    "learn_kernel": Answer(learn_kernel_cases, learn_kernel_oracle, mistakes=LEARN_KERNEL_MISTAKES, **_LOOSE),
}
