"""Lesson 2 of week 3: what is tried, what is right by windows cut out in NumPy, and what people get wrong."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from utils.answers.answer import Answer, Mistake
from utils.exercises.case import Case
from utils.exercises.entry import Arrays
from utils.exercises.keras_models import given_weights

RTOL, ATOL = 1e-4, 1e-5

_ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True),
}


def _difference(what: str, want: np.ndarray, got: np.ndarray) -> str:
    """Say how an array differs from what is right; nothing when it does not."""
    if got.shape != want.shape:
        return f"{what} have the shape {got.shape}; it should be {want.shape}."
    if got.dtype.kind not in "fiu":
        return f"{what} should be numbers; they are of the type {got.dtype}."
    wrong = ~np.isclose(got, want, RTOL, ATOL)
    if not wrong.any():
        return ""
    index = np.unravel_index(int(np.argmax(np.abs(np.nan_to_num(got) - want))), want.shape)
    return (
        f"{what} have the right shape, but {int(wrong.sum())} of {want.size} numbers differ. The largest difference "
        f"is at {[int(i) for i in index]}: {got[index]:.4g} in place of {want[index]:.4g}."
    )


def _cut(x: np.ndarray, size: Sequence[int], stride: int) -> np.ndarray:
    """Return all windows of maps: (batch, rows, columns, height, width, channels)."""
    windows = sliding_window_view(x, tuple(size), axis=(1, 2))[:, ::stride, ::stride]
    return np.moveaxis(windows, 3, -1)


# dense_to_conv ------------------------------------------------------------------------------------------------


def _dense_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, spatial, channels: int, units: int, more, activation="relu", bias=True) -> Case:
        height, width = spatial
        arrays = {"kernel": rng.standard_normal((height * width * channels, units)) / np.sqrt(height * width)}
        if bias:
            arrays["bias"] = rng.uniform(0.2, 0.8, units)
        size = (2, height + more[0], width + more[1], channels)
        arrays["maps"] = rng.standard_normal(size)
        params = {"spatial": [height, width], "activation": activation}
        return Case(group, {name: value.astype(np.float32) for name, value in arrays.items()}, params)

    group = "maps as large as those that were flattened"
    yield case(group, (3, 3), int(rng.integers(2, 5)), 5, (0, 0))
    yield case(group, (2, 4), 3, int(rng.integers(2, 5)), (0, 0), "linear")
    group = "larger maps"
    yield case(group, (4, 4), 2, 3, (3, 5), "linear")
    yield case(group, (3, 2), 3, 4, (int(rng.integers(2, 5)), 4))
    group = "layers without bias, softmax"
    yield case(group, (2, 3), 2, 4, (2, 3), "tanh", bias=False)
    yield case(group, (3, 3), 3, 4, (2, 4), "softmax")
    yield case(group, (1, 1), 4, 3, (2, 2), "softmax", bias=False)


def _judge_layer(case: Case, arrays: Arrays) -> str:
    """Compare with what the dense layer gives for each window, cut out and flattened."""
    kernel, bias = case.arrays["kernel"], case.arrays.get("bias", np.zeros(0, np.float32))
    windows = _cut(case.arrays["maps"], case.params["spatial"], 1)
    scores = windows.reshape(*windows.shape[:3], -1) @ kernel + (bias if bias.size else 0)
    problem = _difference(
        "The outputs of your layer", _ACTIVATIONS[case.params["activation"]](scores), arrays["outputs"]
    )
    if not problem:
        return ""
    given = np.sort(np.concatenate([kernel.ravel(), bias]))
    copied = given.shape == arrays["weights"].shape and np.allclose(given, arrays["weights"], RTOL, ATOL)
    right_shape = arrays["outputs"].shape == (*windows.shape[:3], kernel.shape[1])
    return problem if copied or not right_shape or given.size != arrays["weights"].size else NOT_COPIED


NOT_COPIED = (
    "The shapes are right, the weights are not those of the dense layer: a new convolution begins with random numbers "
    "until `set_weights` gives it others."
)


def _by_reshape(kernel, height, width, channels, units):
    return kernel.reshape(height, width, channels, units)


def _wrong_conv(
    dense,
    spatial,
    *,
    order: Callable = _by_reshape,
    activation: Callable = lambda dense: dense.activation,
    bias: Callable = lambda values: values,
    copy: bool = True,
    **options,
):
    """Build the convolution, except for what the caller replaces."""
    from keras import layers

    inputs, units = dense.kernel.shape
    channels = inputs // (spatial[0] * spatial[1])
    settings = {"activation": activation(dense), "use_bias": dense.use_bias, **options}
    conv = layers.Conv2D(units, spatial, **settings)
    conv.build((None, *spatial, channels))
    kernel, *rest = dense.get_weights()
    if copy:
        conv.set_weights([order(kernel, *spatial, channels, units), *map(bias, rest)])
    return conv


def _conv(**flaws) -> Callable:
    return lambda dense, spatial: _wrong_conv(dense, spatial, **flaws)


def _one_by_one(dense, spatial):
    from keras import layers

    kernel, *bias = dense.get_weights()
    conv = layers.Conv2D(kernel.shape[1], 1, activation=dense.activation, use_bias=dense.use_bias)
    conv.build((None, 1, 1, len(kernel)))
    conv.set_weights([kernel[None, None], *bias])
    return conv


def _bias_expected(dense, spatial):
    _kernel, _bias = dense.get_weights()  # raises where there is no bias
    return _wrong_conv(dense, spatial)


def _one_filter_a_channel(dense, spatial):
    from keras import layers

    kernel, *bias = dense.get_weights()
    channels = len(kernel) // (spatial[0] * spatial[1])
    conv = layers.Conv2D(channels, spatial, activation=dense.activation, use_bias=dense.use_bias)
    conv.build((None, *spatial, kernel.shape[1]))
    conv.set_weights([kernel.reshape(*spatial, kernel.shape[1], channels), *bias])
    return conv


DENSE_MISTAKES = (
    Mistake(
        "channels taken before the places",
        "Every weight is there, in another order. Flatten walks through a map place by place, and at each place "
        "through its channels; you unfold the kernel as if the channels came first.",
        _conv(order=lambda kernel, h, w, c, u: kernel.reshape(c, h, w, u).transpose(1, 2, 0, 3)),
    ),
    Mistake(
        "height and width exchanged",
        "Maps whose sides differ show it: you unfold the kernel column by column. An array is flattened row by row.",
        _conv(order=lambda kernel, h, w, c, u: kernel.reshape(w, h, c, u).transpose(1, 0, 2, 3)),
    ),
    Mistake(
        "units unfolded first",
        "The dense kernel is (inputs, units): its *last* axis are the units, as in a convolution's kernel. Yours is "
        "unfolded as if they came first, so the weights of different units are mixed.",
        _conv(order=lambda kernel, h, w, c, u: kernel.reshape(u, h, w, c).transpose(1, 2, 3, 0)),
    ),
    Mistake(
        "kernel turned round",
        "Your kernels stand on their heads. What deep learning calls a convolution does not turn the kernel (week 1, "
        "lesson 1), so the weights stay where they are.",
        _conv(order=lambda kernel, h, w, c, u: kernel.reshape(h, w, c, u)[::-1, ::-1]),
    ),
    Mistake(
        "activation missing",
        "The sums are right, but nothing is done with them: the dense layer has an activation, and the convolution "
        "needs the same.",
        _conv(activation=lambda dense: None),
    ),
    Mistake(
        "always a ReLU",
        "Your convolution always ends with a ReLU. The dense layer says which activation it has; a last layer often "
        "has a softmax, or none.",
        _conv(activation=lambda dense: "relu"),
    ),
    Mistake(
        "bias left at zero",
        "The kernel is right, the bias is still zero. `get_weights()` of the dense layer gives both.",
        _conv(bias=np.zeros_like),
    ),
    Mistake(
        "padding around the maps",
        "Your convolution pads the maps with zeros, so it also gives outputs for windows that lie partly outside of "
        "the picture. Only whole windows are wanted: “valid”.",
        _conv(padding="same"),
    ),
    Mistake(
        "windows that do not overlap",
        "Your convolution jumps by its own size. On larger maps it should give an output for every place, so its "
        "stride is 1.",
        lambda dense, spatial: _wrong_conv(dense, spatial, strides=tuple(spatial)),
    ),
    Mistake(
        "1×1 kernel on flattened maps",
        "You give each filter a kernel of 1×1 that reads all numbers as channels. That works after Flatten only; the "
        "kernel must be as large as the map that was flattened.",
        _one_by_one,
    ),
    Mistake(
        "bias taken for granted",
        "A dense layer without bias has one array of weights, not two. `use_bias` says which it is.",
        _bias_expected,
    ),
    Mistake(
        "units and channels exchanged",
        "The convolution should have as many filters as the dense layer has units, on maps of as many channels as were "
        "flattened. Yours has it the other way round.",
        _one_filter_a_channel,
    ),
    Mistake("weights not copied", NOT_COPIED, _conv(copy=False)),
)


# sliding_window_scores ----------------------------------------------------------------------------------------


def _scores_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, steps, window, larger, channels: int) -> Case:
        size = (window[0] + larger[0], window[1] + larger[1], channels)
        params = {"steps": steps, "window": list(window), "which": int(rng.integers(100))}
        return Case(group, {"image": rng.standard_normal(size).astype(np.float32)}, params)

    classes = int(rng.integers(3, 6))
    plain = [["conv", 4, 3, 1], ["max", 2], ["flatten"], ["dense", 6, "relu"], ["dense", classes, "softmax"]]
    deep = [
        *(["conv", 3, 3, 1], ["max", 2], ["conv", 4, 3, 1], ["max", 2], ["flatten"]),
        *(["dense", 5, "relu"], ["dropout", 0.5], ["dense", classes, "softmax"]),
    ]
    other = [["conv", 4, 3, 2], ["mean", 2], ["flatten"], ["dense", 6, "relu"], ["dense", 4, "tanh"]]
    yield case("a picture as large as the window", plain, (10, 8), (0, 0), 1)
    yield case("a picture as large as the window", deep, (14, 14), (0, 0), 3)
    yield case("larger pictures", plain, (8, 8), (4, 7), 3)
    yield case("larger pictures", deep, (14, 18), (13, 8), 1)
    yield case("other networks", other, (11, 11), (8, 4), 2)
    yield case("other networks", [*other[:3], ["dense", classes, "linear"]], (11, 15), (4, 12), 1)


def _window_by_window(case: Case) -> np.ndarray:
    """Cut every window out, and run the network on it in NumPy: (rows, columns, classes)."""
    steps, image = case.params["steps"], case.arrays["image"].astype(np.float64)
    stride = int(np.prod([(values[-1]) for kind, *values in steps if kind in ("conv", "max", "mean")]))
    windows = _cut(image[None], case.params["window"], stride)[0]
    x = windows.reshape(-1, *windows.shape[2:])
    for kind, *values in steps:
        if kind == "conv":
            filters, size, step = values
            kernel, bias = _given(case, (size, size, x.shape[-1], filters), (filters,))
            x = np.maximum(np.einsum("nrchwk,hwkf->nrcf", _cut(x, (size, size), step), kernel) + bias, 0)
        elif kind in ("max", "mean"):
            x = getattr(_cut(x, values * 2, values[0]), kind)(axis=(3, 4))
        elif kind == "flatten":
            x = x.reshape(len(x), -1)
        elif kind == "dense":
            units, activation = values
            kernel, bias = _given(case, (x.shape[1], units), (units,))
            x = _ACTIVATIONS[activation](x @ kernel + bias)
    return x.reshape(*windows.shape[:2], -1)


def _given(case: Case, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    return given_weights(shapes, case.params["which"])


CUT_UP = (
    "The scores are right, but you cut windows out of the picture and run the network on them. Neighbouring windows "
    "share most of their pixels, and their work is done again each time. Send the whole picture through the layers."
)


def _judge_scores(case: Case, arrays: Arrays) -> str:
    problem = _difference("Your scores", _window_by_window(case), arrays["scores"])
    return problem or (CUT_UP if arrays["cut"] else "")


def _stride(model) -> int:
    strides = [layer.strides[0] for layer in model.layers if hasattr(layer, "strides")]
    return int(np.prod(strides))


def _crop_by_crop(model, image, stride: Callable = _stride):
    (height, width), step = model.input_shape[1:3], stride(model)
    rows = [
        [
            image[top : top + height, left : left + width]
            for left in range(0, image.shape[1] - width + 1, step)
        ]
        for top in range(0, image.shape[0] - height + 1, step)
    ]
    crops = np.array(rows)
    return np.asarray(model(crops.reshape(-1, *crops.shape[2:]))).reshape(*crops.shape[:2], -1)


def _one_pass(
    model,
    image,
    *,
    first: Callable = lambda flattened, x: flattened,
    later: Callable = lambda flattened: (1, 1),
    before: Callable = lambda x: x,
    after: Callable = lambda x: x,
    skip: tuple[str, ...] = ("Flatten",),
    **flaws,
):
    """Send a picture through all layers, except for what the caller replaces."""
    x, flattened, dense_before = before(image)[None], (1, 1), False
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "Flatten":
            flattened = first(layer.input.shape[1:3], x)
        if kind in skip:
            continue
        if kind == "Dense":
            x = _wrong_conv(layer, later(flattened) if dense_before else flattened, **flaws)(x)
            dense_before = True
        else:
            x = layer(x)
    return after(np.asarray(x)[0])


def _pass(**flaws) -> Callable:
    return lambda model, image: _one_pass(model, image, **flaws)


def _resized(model, image):
    rows, columns = (
        np.linspace(0, n - 1, size).round().astype(int)
        for n, size in zip(image.shape, model.input_shape[1:3], strict=False)
    )
    return _one_pass(model, image[rows][:, columns])


def _dense_at_each_place(model, image):
    """Apply the dense layers as they are, without Flatten; their sizes do not fit."""
    x = image[None]
    for layer in model.layers:
        if type(layer).__name__ != "Flatten":
            x = layer(x)
    return np.asarray(x)[0]


def _whole_model(model, image):
    return np.asarray(model(image[None]))[0]


def _last_without_activation(model, image):
    last = [layer for layer in model.layers if type(layer).__name__ == "Dense"][-1]
    return _one_pass(model, image, activation=lambda dense: None if dense is last else dense.activation)


def _pad_for_each_pixel(model, image):
    height, width = model.input_shape[1:3]
    more = [(height // 2, height // 2), (width // 2, width // 2), (0, 0)]
    return _one_pass(model, np.pad(image, more))


SCORES_MISTAKES = (
    Mistake("windows cut out one by one", CUT_UP, _crop_by_crop),
    Mistake(
        "windows at every pixel",
        "You give a score for every pixel's window. One pass gives fewer: each pooling and each stride makes the steps "
        "between the windows larger.",
        lambda model, image: _crop_by_crop(model, image, lambda model: 1),
    ),
    Mistake(
        "windows that do not overlap",
        "Your windows lie side by side. They lie only a few pixels apart, as many as all strides and poolings multiply "
        "to.",
        lambda model, image: _crop_by_crop(model, image, lambda model: model.input_shape[1]),
    ),
    Mistake(
        "size of the whole picture's maps",
        "You take the size of the maps that the *whole picture* gives. The dense layer was made for a window: ask the "
        "Flatten layer which size it had, `layer.input.shape`.",
        _pass(first=lambda flattened, x: tuple(x.shape[1:3])),
    ),
    Mistake(
        "the same size for every dense layer",
        "Your first dense layer is right. After it there is nothing left to flatten: for those that follow the size is "
        "(1, 1).",
        _pass(later=lambda flattened: flattened),
    ),
    Mistake(
        "dense layers as they are",
        "You leave Flatten out and call the dense layers on the maps. They would have to become convolutions first: "
        "`library_dense_to_conv`.",
        _dense_at_each_place,
    ),
    Mistake(
        "model called on the whole picture",
        "The model itself takes pictures of one size only, and a larger one does not fit. Call its layers one after "
        "the other, and replace those that do not work on larger maps.",
        _whole_model,
    ),
    Mistake(
        "picture shrunk to one window",
        "You make the picture as small as a window and get one score for all of it. Keep its size.",
        _resized,
    ),
    Mistake(
        "upper left window only",
        "That is the score of one window. All of them are wanted, by row and column.",
        lambda model, image: _one_pass(model, image[: model.input_shape[1], : model.input_shape[2]]),
    ),
    Mistake(
        "padding around the picture",
        "You pad the picture, and get scores for windows that lie partly outside of it. Only whole windows are wanted.",
        _pad_for_each_pixel,
    ),
    Mistake(
        "batch not taken off",
        "The scores are right, in a batch of one. Wanted is (rows, columns, classes).",
        _pass(after=lambda x: x[None]),
    ),
    Mistake(
        "rows and columns exchanged",
        "Your rows are columns. Rows go down the picture, as in the picture itself.",
        _pass(after=lambda x: x.transpose(1, 0, 2)),
    ),
    Mistake(
        "one long list",
        "The scores are right, but all windows stand in one row. Keep rows and columns, so that one can see where in "
        "the picture a window lies.",
        _pass(after=lambda x: x.reshape(-1, x.shape[-1])),
    ),
    Mistake(
        "best class only",
        "You return the number of the best class. Wanted are the scores of all classes.",
        _pass(after=lambda x: x.argmax(axis=-1)),
    ),
    Mistake(
        "mean over all windows",
        "You average over the windows. Then nobody knows any more where a thing is.",
        _pass(after=lambda x: x.mean(axis=(0, 1))),
    ),
    Mistake(
        "last activation missing",
        "Your last layer gives sums. The classifier's last layer has an activation; `library_dense_to_conv` keeps it.",
        _last_without_activation,
    ),
    Mistake(
        "poolings left out",
        "You leave out more than Flatten: the poolings are missing. They work on a map of any size, so they stay.",
        _pass(skip=("Flatten", "MaxPooling2D", "AveragePooling2D")),
    ),
    Mistake(
        "divided by 255",
        "You divide the picture by 255. What the classifier was trained with is what it needs; here the picture comes "
        "ready.",
        _pass(before=lambda x: x / np.float32(255)),
    ),
)

ANSWERS = {
    "dense_to_conv": Answer(_dense_cases, invariant=_judge_layer, mistakes=DENSE_MISTAKES),
    "sliding_window_scores": Answer(_scores_cases, invariant=_judge_scores, mistakes=SCORES_MISTAKES),
}
