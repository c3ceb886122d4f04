"""Assignment 2 of week 2: what is tried, what is right by SciPy and NumPy, and what people get wrong."""

import json
from collections.abc import Callable, Iterator
from functools import lru_cache, partial

import numpy as np
from scipy import ndimage

from utils.answers.answer import Answer, Mistake
from utils.answers.keras_graphs import (
    ATOL,
    RTOL,
    Reference,
    add,
    apply,
    kernels_differ,
    network_difference,
    relu,
)
from utils.exercises.case import Case
from utils.exercises.entry import Arrays
from utils.exercises.keras_graphs import Probed, probe_network
from utils.layers import conv2d, max_pool2d, softmax

_REMEMBERED_CASES = 24


def _block_case(rng: np.random.Generator, group: str, channels: int, f: int, training, **more) -> Case:
    height, width = (int(n) for n in rng.choice(np.arange(5, 10), 2, replace=False))
    params = {"shape": [height, width, channels], "f": f, "training": training}
    return Case(group, params={**params, "first_values_from": float(rng.integers(2, 9)), **more})


def _filters(rng: np.random.Generator) -> tuple[int, int, int]:
    return tuple(int(n) for n in rng.choice(np.arange(2, 8), 3, replace=False))


def _identity_cases(rng: np.random.Generator) -> Iterator[Case]:
    for group, f, training in (
        ("training=True: the batch's own statistics", 3, True),
        ("training=False: the moving averages", 3, False),
        ("other sizes of the middle filter", 5, None),
        ("other sizes of the middle filter", 1, None),
    ):
        filters = _filters(rng)
        yield _block_case(rng, group, filters[2], f, training, filters=list(filters))


def _convolutional_cases(rng: np.random.Generator) -> Iterator[Case]:
    for group, f, s, training in (
        ("training=True: the batch's own statistics", 3, 2, True),
        ("training=False: the moving averages", 3, 2, False),
        ("other strides and middle filters", 3, 1, None),
        ("other strides and middle filters", 5, 3, None),
    ):
        channels = int(rng.integers(2, 6))
        yield _block_case(rng, group, channels, f, training, filters=list(_filters(rng)), s=s)


def _preactivation_cases(rng: np.random.Generator) -> Iterator[Case]:
    for group, f, s, training, same in (
        ("shapes agree: the shortcut is X", 3, 1, True, True),
        ("shapes agree: the shortcut is X", 5, 1, False, True),
        ("more channels", 3, 1, True, False),
        ("more channels", 3, 1, None, False),
        ("strides", 3, 2, False, False),
        ("strides", 5, 3, True, True),
    ):
        filters = _filters(rng)
        channels = filters[2] if same else filters[2] + 1
        yield _block_case(rng, group, channels, f, training, filters=list(filters), s=s)


def _judge_block(expected: Callable[[Case], Arrays]) -> Callable[[Case, Arrays], str]:
    @lru_cache(maxsize=_REMEMBERED_CASES)
    def remembered(params: str) -> Arrays:
        return expected(Case("", params=json.loads(params)))

    def invariant(case: Case, got: Arrays) -> str:
        problem = network_difference(remembered(json.dumps(case.params)), got, case.params["training"])
        return problem or kernels_differ(case.params["first_values_from"], got)

    return invariant


def _expected_bottleneck(case: Case, projection: bool) -> Arrays:
    (f1, f2, f3), s = case.params["filters"], case.params.get("s", 1)
    net = Reference(case.params["shape"], with_faint=True)
    x = relu(net.normalise(net.convolve(net.x, f1, 1, s)))
    x = relu(net.normalise(net.convolve(x, f2, case.params["f"])))
    x = net.normalise(net.convolve(x, f3, 1))
    shortcut = net.normalise(net.convolve(net.x, f3, 1, s)) if projection else net.x
    return net.arrays(relu(add(x, shortcut)), case.params["training"])


def _expected_preactivation(case: Case) -> Arrays:
    (f1, f2, f3), s = case.params["filters"], case.params["s"]
    net = Reference(case.params["shape"], with_faint=True)
    first = relu(net.normalise(net.x))
    x = net.convolve(first, f1, 1, s)
    x = net.convolve(relu(net.normalise(x)), f2, case.params["f"])
    x = net.convolve(relu(net.normalise(x)), f3, 1)
    keeps_shape = s == 1 and case.params["shape"][2] == f3
    shortcut = net.x if keeps_shape else net.convolve(first, f3, 1, s)
    return net.arrays(add(x, shortcut), case.params["training"])


def _conv_bn(X, filters, size, stride, training, initializer, *, bn=True, epsilon=1.001e-5, axis=-1):
    from keras import layers

    kernel = initializer() if initializer else "glorot_uniform"
    X = layers.Conv2D(filters, size, stride, "same", kernel_initializer=kernel)(X)
    return layers.BatchNormalization(axis=axis, epsilon=epsilon)(X, training=training) if bn else X


def _wrong_block(
    X,
    f,
    filters,
    s=1,
    training=True,
    initializer=None,
    *,
    projection=False,
    size=None,
    strides=(1, 0, 0),
    order=(0, 1, 2),
    relus=(True, True, False),
    bn=(True, True, True),
    shortcut="as asked",
    shortcut_size=1,
    shortcut_bn=True,
    shortcut_relu=False,
    join="Add",
    last_relu=True,
    mode="as asked",
    initialise=(True, True),
    epsilon=1.001e-5,
    axis=-1,
):
    """Build the block that was asked for, except for what the caller replaces."""
    from keras import layers

    training = training if mode == "as asked" else mode
    options = {"training": training, "epsilon": epsilon, "axis": axis}
    main_init, shortcut_init = (initializer if use else None for use in initialise)
    begin = X
    widths = [filters[i] for i in order]
    sizes = (1, size or f, 1)
    for width, k, stride, active, normal in zip(widths, sizes, strides, relus, bn, strict=True):
        X = _conv_bn(X, width, k, s if stride else 1, initializer=main_init, bn=normal, **options)
        X = layers.ReLU()(X) if active else X
    if projection and shortcut == "as asked":
        begin = _conv_bn(
            begin, filters[2], shortcut_size, s, initializer=shortcut_init, bn=shortcut_bn, **options
        )
        begin = layers.ReLU()(begin) if shortcut_relu else begin
    if shortcut != "none":
        X = getattr(layers, join)()([X, begin])
    return layers.ReLU()(X) if last_relu else X


def _remembered(block: Callable) -> Callable:
    """Return a wrong block that is built and probed once a case, as often as somebody checks."""
    found: dict[tuple, Probed] = {}

    def remembered(X, filters, initializer, **rest) -> Probed:
        key = (X.shape, tuple(filters), initializer().minval, *sorted(rest.items()))
        if key not in found:
            result = block(X=X, filters=filters, initializer=initializer, **rest)
            if len(found) >= _REMEMBERED_CASES:
                found.clear()
            found[key] = Probed(probe_network(result, with_faint=True))
        return found[key]

    return remembered


def _block(**flaws) -> Callable:
    return _remembered(partial(_wrong_block, **flaws))


def _projected(**flaws) -> Callable:
    return _remembered(partial(_wrong_block, projection=True, **flaws))


def _bottleneck_mistakes(block: Callable) -> tuple[Mistake, ...]:
    """Return the mistakes that both blocks of 2015 share."""
    return (
        Mistake(
            "shortcut missing",
            "What came in is never added: this is a plain block. With all weights at zero a residual block still "
            "passes on relu(X); yours would pass on nothing.",
            block(shortcut="none"),
        ),
        Mistake(
            "Add after the ReLU",
            "You apply the last ReLU to the main path and add afterwards. Then a block can only ever add something "
            "positive, and the sum is not rectified. Compare the order of Add and ReLU with the picture.",
            block(relus=(True, True, True), last_relu=False),
        ),
        Mistake(
            "a ReLU on both sides of the Add",
            "The third convolution's result goes through a ReLU before the Add as well. The main path must be "
            "able to subtract: only the sum is rectified.",
            block(relus=(True, True, True)),
        ),
        Mistake(
            "last ReLU missing",
            "The sum leaves your block as it is. In the picture one step follows the Add.",
            block(last_relu=False),
        ),
        Mistake(
            "joined in place of added",
            "You lay the shortcut's channels beside the others. A residual block adds, number by number, so that the "
            "channels stay as many as they were.",
            block(join="Concatenate"),
        ),
        Mistake(
            "multiplied in place of added",
            "You multiply main path and shortcut. Where the main path gives 0 nothing would pass; the point of the "
            "shortcut is that X passes all the same.",
            block(join="Multiply"),
        ),
        Mistake(
            "filters in another order",
            "The first two numbers of filters are exchanged: F1 belongs to the first 1×1 convolution, F2 to the one "
            "in the middle.",
            block(order=(1, 0, 2)),
        ),
        Mistake(
            "middle filter always 3×3",
            "Your middle convolution is always 3×3. Its size is the argument f.",
            block(size=3),
        ),
        Mistake(
            "no ReLU between the convolutions",
            "Nothing non-linear stands between your convolutions, so the three could be one. A ReLU follows the "
            "first and the second normalisation.",
            block(relus=(False, False, False)),
        ),
        Mistake(
            "normalisation missing",
            "There is no normalisation on your main path. One follows each convolution.",
            block(bn=(False, False, False)),
        ),
        Mistake(
            "third normalisation missing",
            "The third convolution is added without normalisation. One follows each of the three.",
            block(bn=(True, True, False)),
        ),
        Mistake(
            "normalised over the wrong axis",
            "You normalise along the height: axis 1 of (batch, height, width, channels). Each channel should have "
            "its own mean and variance; channels are the last axis.",
            block(axis=1),
        ),
        Mistake(
            "always in training mode",
            "Your normalisation always uses the batch's own statistics. Then the answer for one picture depends on "
            "which others are in its batch. Hand the argument training on.",
            block(mode=True),
        ),
        Mistake(
            "training not handed on",
            "Your normalisations never hear of the argument training, so here they use the moving averages. Look at "
            "where the layer is called with its tensor.",
            block(mode=None),
        ),
        Mistake(
            "Keras's own epsilon",
            "The small number under the root is 0.001 in your normalisations, which is what Keras takes when you say "
            "nothing. Asked for is 1.001e-5, as in the networks that were published.",
            block(epsilon=1e-3),
        ),
    )


IDENTITY_MISTAKES = (
    *_bottleneck_mistakes(_block),
    Mistake(
        "initializer not used",
        "Your convolutions begin with Keras's usual numbers. Make an initializer from the class that is given, for "
        "each convolution.",
        _block(initialise=(False, False)),
    ),
    Mistake(
        "convolution on the shortcut",
        "Your shortcut has a convolution and a normalisation. In the identity block it has nothing: X arrives at the "
        "Add as it came.",
        _projected(),
    ),
)

CONVOLUTIONAL_MISTAKES = (
    *_bottleneck_mistakes(_projected),
    Mistake(
        "normalisation missing on the shortcut",
        "The shortcut's convolution is added without normalisation. Both summands should have the same scale, so one "
        "follows here too.",
        _projected(shortcut_bn=False),
    ),
    Mistake(
        "ReLU on the shortcut",
        "You rectify the shortcut before the Add. It carries information past the block: what is negative counts "
        "too.",
        _projected(shortcut_relu=True),
    ),
    Mistake(
        "stride on the middle convolution",
        "Your stride is on the f×f convolution. Later versions (v1.5) do that; here, as in the paper, it is on the "
        "first 1×1 convolution.",
        _projected(strides=(0, 1, 0)),
    ),
    Mistake(
        "stride on the last convolution",
        "Your stride is on the third convolution, so the first two do their work at full size. It belongs to the "
        "first.",
        _projected(strides=(0, 0, 1)),
    ),
    Mistake(
        "stride always 2",
        "Your block always has stride 2. Use the argument s: the first stage of the network calls it with s=1.",
        _remembered(lambda s, **rest: _wrong_block(s=2, projection=True, **rest)),
    ),
    Mistake(
        "large filter on the shortcut",
        "The shortcut's convolution is f×f. It only has to change the shape, which 1×1 does with a fraction of the "
        "parameters.",
        _remembered(lambda f, **rest: _wrong_block(f=f, shortcut_size=f, projection=True, **rest)),
    ),
    Mistake(
        "initializer not used",
        "Your convolutions begin with Keras's usual numbers. Make an initializer from the class that is given, for "
        "each of the four.",
        _projected(initialise=(False, False)),
    ),
    Mistake(
        "initializer not used on the shortcut",
        "The three convolutions of the main path use the initializer that is given; the shortcut's begins with "
        "Keras's usual numbers.",
        _projected(initialise=(True, False)),
    ),
)


def _wrong_preactivation(
    X,
    f,
    filters,
    s,
    training,
    initializer,
    *,
    first="bn relu",
    between="bn relu",
    shortcut_from="first",
    identity_from="X",
    project="where shapes differ",
    shortcut_bn=False,
    add=True,
    strides=(1, 0, 0),
    after=False,
    size=None,
    order=(0, 1, 2),
    mode="as asked",
    epsilon=1.001e-5,
    initialise=True,
):
    """Build the pre-activation block, except for what the caller replaces."""
    from keras import layers

    training = training if mode == "as asked" else mode

    def conv(x, width, k, stride):
        kernel = initializer() if initialise else "glorot_uniform"
        return layers.Conv2D(width, k, stride, "same", kernel_initializer=kernel)(x)

    def normalise(x):
        return layers.BatchNormalization(epsilon=epsilon)(x, training=training)

    def activate(x, steps):
        for step in steps.split():
            x = normalise(x) if step == "bn" else layers.ReLU()(x)
        return x

    begin, sizes = activate(X, first), (1, size or f, 1)
    x = begin
    for number in range(3):
        x = activate(x, between) if number else x
        x = conv(x, filters[order[number]], sizes[number], s if strides[number] else 1)
    if project == "always" or s != 1 or X.shape[-1] != filters[2]:
        shortcut = conv(begin if shortcut_from == "first" else X, filters[2], 1, s)
        shortcut = normalise(shortcut) if shortcut_bn else shortcut
    else:
        shortcut = X if identity_from == "X" else begin
    x = layers.Add()([x, shortcut]) if add else x
    return layers.ReLU()(x) if after else x


def _pre(**flaws) -> Callable:
    return _remembered(partial(_wrong_preactivation, **flaws))


PREACTIVATION_MISTAKES = (
    Mistake(
        "ReLU after the Add",
        "A ReLU follows your Add, as in the block of 2015. Without it X can pass through all blocks unchanged: that "
        "is what the new order is for.",
        _pre(after=True),
    ),
    Mistake(
        "first activation missing",
        "Your first convolution takes X as it came. Normalisation and ReLU come before each convolution, the first "
        "too.",
        _pre(first=""),
    ),
    Mistake(
        "ReLU before the normalisation",
        "You rectify first and normalise afterwards. What reaches a convolution should be rectified.",
        _pre(first="relu bn", between="relu bn"),
    ),
    Mistake(
        "normalisation missing",
        "Only ReLUs stand before your convolutions; the normalisations are missing.",
        _pre(first="relu", between="relu"),
    ),
    Mistake(
        "ReLU missing",
        "You normalise before each convolution but never rectify, so the main path is linear.",
        _pre(first="bn", between="bn"),
    ),
    Mistake(
        "projection of X",
        "Where the shape changes, your shortcut is a convolution of X itself. Asked for is one of P, the normalised "
        "and rectified tensor.",
        _pre(shortcut_from="X"),
    ),
    Mistake(
        "P on the shortcut",
        "Where shapes agree, you add P. Add X itself: nothing should stand in the way of the shortcut.",
        _pre(identity_from="P"),
    ),
    Mistake(
        "convolution on every shortcut",
        "Your shortcut always has a convolution. Where s is 1 and X has F3 channels already, it is X itself.",
        _pre(project="always"),
    ),
    Mistake(
        "normalisation on the shortcut",
        "You normalise the shortcut's convolution. In this block nothing follows a convolution but the Add or the "
        "next normalisation of the main path.",
        _pre(shortcut_bn=True),
    ),
    Mistake(
        "shortcut missing",
        "What came in is never added, so this is a plain block in a new order.",
        _pre(add=False),
    ),
    Mistake(
        "stride on the middle convolution",
        "Your stride is on the f×f convolution; asked for is the first 1×1.",
        _pre(strides=(0, 1, 0)),
    ),
    Mistake(
        "filters in another order",
        "F1 and F2 are exchanged: F1 belongs to the first 1×1 convolution, F2 to the one in the middle.",
        _pre(order=(1, 0, 2)),
    ),
    Mistake(
        "middle filter always 3×3",
        "Your middle convolution is always 3×3. Its size is the argument f.",
        _pre(size=3),
    ),
    Mistake(
        "always in training mode",
        "Your normalisation always uses the batch's own statistics. Hand the argument training on.",
        _pre(mode=True),
    ),
    Mistake(
        "training not handed on",
        "Your normalisations never hear of the argument training, so here they use the moving averages.",
        _pre(mode=None),
    ),
    Mistake(
        "Keras's own epsilon",
        "The small number under the root is 0.001 in your normalisations, Keras's own; asked for is 1.001e-5.",
        _pre(epsilon=1e-3),
    ),
    Mistake(
        "initializer not used",
        "Your convolutions begin with Keras's usual numbers. Use the class that is given.",
        _pre(initialise=False),
    ),
)


def _network_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, shape: tuple[int, int, int], classes: int) -> Case:
        return Case(group, params={"input_shape": list(shape), "classes": classes})

    sizes = [int(n) for n in rng.choice([34, 36, 40, 44, 46], 4, replace=False)]
    yield case("pictures in colour, six classes", (*sizes[:2], 3), 6)
    yield case("one channel, another number of classes", (*sizes[2:], 1), int(rng.integers(7, 12)))


STAGES = (((64, 64, 256), 2, 1), ((128, 128, 512), 3, 2), ((256, 256, 1024), 5, 2), ((512, 512, 2048), 2, 2))


def resnet50_arrays(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    stages=STAGES,
    blocks_by_batch=False,
    begin_stride=2,
    begin_epsilon=1.001e-5,
    begin_relu=True,
    max_pool=True,
    end=np.mean,
    probabilities=True,
) -> Arrays:
    """Compute the network that was asked for, except for what the caller replaces, by the course's NumPy layers.

    Keras takes a second to build it, this a tenth of one; the gate shows that keras.applications agrees.
    """
    net = Reference(input_shape, _convolution, with_faint=True)

    def conv_bn(value, filters, size=1, stride=1):
        return net.normalise(net.convolve(value, filters, size, stride), always_by_batch=blocks_by_batch)

    x = net.normalise(net.convolve(net.x, 64, 7, begin_stride), begin_epsilon)
    x = relu(x) if begin_relu else x
    x = apply(_pool, x) if max_pool else x
    for (f1, f2, f3), identities, s in stages:
        for number in range(1 + identities):
            stride = 1 if number else s
            shortcut = x if number else conv_bn(x, f3, 1, stride)
            x = conv_bn(relu(conv_bn(relu(conv_bn(x, f1, 1, stride)), f2, 3)), f3)
            x = relu(add(x, shortcut))
    x = net.dense(apply(lambda maps: end(maps, axis=(1, 2)), x), classes)
    return net.arrays(apply(softmax, x) if probabilities else x)


def _convolution(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    return conv2d(x, kernel, None, stride, len(kernel) // 2)


def _pool(x: np.ndarray) -> np.ndarray:
    return max_pool2d(np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), 3, 2)


def _judge_network(case: Case, got: Arrays) -> str:
    expected = _right_network(tuple(case.params["input_shape"]), case.params["classes"]).arrays
    return network_difference(expected, got, None)


def _fixed_in_training(input_shape: tuple[int, int, int], classes: int) -> Probed:
    """Return what the probe sees of blocks with training=True: Keras lets a call of the network overrule them."""
    fixed = resnet50_arrays(input_shape, classes, blocks_by_batch=True)
    return Probed({**_right_network(input_shape, classes).arrays, "plain": fixed["inference"]})


def _network(**flaws) -> Callable:
    """Return the function that gives a wrong network, as the probe would see it."""

    @lru_cache(maxsize=8)
    def probed(input_shape: tuple[int, int, int], classes: int) -> Probed:
        return Probed(resnet50_arrays(input_shape, classes, **flaws))

    return probed


_right_network = _network()


def _with(place: int, row: tuple) -> tuple:
    return (*STAGES[:place], row, *STAGES[place + 1 :])


NETWORK_MISTAKES = (
    Mistake(
        "blocks fixed in training mode",
        "Your blocks have training=True built in, so a plain call of the network uses the statistics of the batch. "
        "Give the blocks training=None: then each call of the network decides.",
        lru_cache(maxsize=8)(_fixed_in_training),
    ),
    Mistake(
        "stride 2 in the first stage of blocks",
        "Your first stage of blocks halves the picture, right after the max-pooling did. Look at s of its "
        "convolutional block in the table.",
        _network(stages=_with(0, (*STAGES[0][:2], 2))),
    ),
    Mistake(
        "an identity block missing in the fourth stage",
        "Your network lacks an identity block: in stage 4 there are five after the convolutional one, six blocks in "
        "all.",
        _network(stages=_with(2, (STAGES[2][0], 4, 2))),
    ),
    Mistake(
        "one identity block too many in every stage",
        "Each of your stages has one identity block too many. 3, 4, 6 and 3 count all blocks of a stage, the "
        "convolutional one included.",
        _network(stages=tuple((filters, count + 1, s) for filters, count, s in STAGES)),
    ),
    Mistake(
        "ReLU missing at the beginning",
        "Between the first normalisation and the max-pooling stands nothing in your network. Stage 1 has a ReLU "
        "there.",
        _network(begin_relu=False),
    ),
    Mistake(
        "Keras's own epsilon",
        "The small number under the root of your first normalisation is 0.001, which is what Keras takes when you say "
        "nothing. Asked for is 1.001e-5, as in the blocks.",
        _network(begin_epsilon=1e-3),
    ),
    Mistake(
        "max-pooling missing",
        "Your picture is not pooled before the blocks, so they all work at twice the height and width.",
        _network(max_pool=False),
    ),
    Mistake(
        "stride missing in the first convolution",
        "Your 7×7 convolution has stride 1. It should halve the picture.",
        _network(begin_stride=1),
    ),
    Mistake(
        "maximum for average at the end",
        "At the end you take the maximum of each channel; asked for is the average over all positions.",
        _network(end=np.max),
    ),
    Mistake(
        "softmax missing",
        "Your last layer gives scores (logits). Asked for are probabilities: its activation is missing.",
        _network(probabilities=False),
    ),
    Mistake(
        "always six classes",
        "Your network always has six outputs. Use the argument `classes`.",
        lambda input_shape, classes: _right_network(input_shape, 6),
    ),
)


def _batchnorm_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(group: str, shape: tuple[int, ...], training: bool, dtype: str, momentum: float, epsilon: float):
        channels = shape[-1]
        values = {
            "x": rng.normal(rng.uniform(-2, 2, channels), rng.uniform(0.5, 2, channels), shape),
            "gamma": rng.uniform(0.5, 2, channels),
            "beta": rng.standard_normal(channels),
            "moving_mean": rng.standard_normal(channels),
            "moving_var": rng.uniform(0.5, 3, channels),
        }
        params = {"training": training, "momentum": momentum, "epsilon": epsilon}
        return Case(group, {name: value.astype(dtype) for name, value in values.items()}, params)

    def sizes(count: int) -> tuple[int, ...]:
        return tuple(int(n) for n in rng.choice(np.arange(2, 7), count, replace=False))

    group = "training mode, pictures (m, H, W, C)"
    yield case(group, sizes(4), True, "float32", 0.9, 1e-3)
    yield case(group, (1, *sizes(3)), True, "float64", 0.99, 0.1)
    group = "training mode, rows of features (m, C)"
    yield case(group, sizes(2), True, "float64", 0.8, 0.05)
    yield case(group, (1, 3), True, "float32", 0.9, 0.5)
    group = "inference mode"
    yield case(group, sizes(4), False, "float64", 0.9, 0.1)
    yield case(group, (1, *sizes(3)), False, "float32", 0.99, 1e-3)
    yield case(group, sizes(2), False, "float64", 0.9, 0.02)


def _batchnorm_by_labels(x, gamma, beta, moving_mean, moving_var, training=True, momentum=0.99, epsilon=1e-5):
    """SciPy's statistics of labelled regions, each channel being a region."""
    labels = np.broadcast_to(np.arange(x.shape[-1]), x.shape)
    index = np.arange(x.shape[-1])
    mean, variance = moving_mean, moving_var
    if training:
        mean = np.asarray(ndimage.mean(x, labels, index))
        variance = np.asarray(ndimage.variance(x, labels, index))
        moving_mean = moving_mean + (1 - momentum) * (mean - moving_mean)
        moving_var = moving_var + (1 - momentum) * (variance - moving_var)
    scale = gamma * (variance + epsilon) ** -0.5
    return x * scale + (beta - mean * scale), moving_mean, moving_var


def _wrong_batchnorm(
    x,
    gamma,
    beta,
    moving_mean,
    moving_var,
    training=True,
    momentum=0.99,
    epsilon=1e-5,
    *,
    axes=lambda x: tuple(range(x.ndim - 1)),
    keepdims=False,
    ddof=0,
    divisor=lambda v, e: np.sqrt(v + e),
    normalise_with="as asked",
    scale=True,
    shift=True,
    exchange=False,
    update=lambda old, new, momentum: momentum * old + (1 - momentum) * new,
    update_when="training",
    update_var=lambda v: v,
):
    """Normalise as asked, except for what the caller replaces."""
    axis = axes(x)
    mean, var = x.mean(axis=axis, keepdims=keepdims), x.var(axis=axis, ddof=ddof, keepdims=keepdims)
    new_mean, new_var = moving_mean, moving_var
    if update_when == "always" or (training and update_when == "training"):
        new_mean = update(moving_mean, mean, momentum)
        new_var = update(moving_var, update_var(var), momentum)
    used = {
        "as asked": (mean, var) if training else (moving_mean, moving_var),
        "batch": (mean, var),
        "moving": (moving_mean, moving_var),
        "updated": (new_mean, new_var),
    }[normalise_with]
    gamma, beta = (beta, gamma) if exchange else (gamma, beta)
    y = (x - used[0]) / divisor(used[1], epsilon)
    y = y * gamma if scale else y
    return y + beta if shift else y, new_mean, new_var


def _bn(**flaws) -> Callable:
    return partial(_wrong_batchnorm, **flaws)


BATCHNORM_MISTAKES = (
    Mistake(
        "mean over the batch alone",
        "You average over the pictures only, so each pixel has its own mean. A channel has one mean: over pictures, "
        "height and width.",
        _bn(axes=lambda x: 0),
    ),
    Mistake(
        "one mean for everything",
        "You take one mean over all numbers. Each channel has its own: leave the last axis out.",
        _bn(axes=lambda x: None),
    ),
    Mistake(
        "mean over the channels",
        "You normalise across the channels of each position, which is layer normalisation. Every axis except the "
        "last is averaged over.",
        _bn(axes=lambda x: -1, keepdims=True),
    ),
    Mistake(
        "each picture by itself",
        "You normalise each picture by itself, which is instance normalisation. The batch belongs to the axes that "
        "are averaged over.",
        _bn(axes=lambda x: tuple(range(1, x.ndim - 1)) or 0, keepdims=True),
    ),
    Mistake(
        "variance divided by n − 1",
        "Your variance is divided by n − 1. Batch normalisation takes the plain mean of the squared deviations, "
        "divided by n, and with a single number that is 0.",
        _bn(ddof=1),
    ),
    Mistake(
        "epsilon outside the root",
        "You add epsilon to the standard deviation, after the root. It belongs to the variance, under the root.",
        _bn(divisor=lambda v, e: np.sqrt(v) + e),
    ),
    Mistake(
        "epsilon missing",
        "Your epsilon is nowhere. A channel that is the same everywhere has the variance 0, and you divide by it.",
        _bn(divisor=lambda v, e: np.sqrt(v)),
    ),
    Mistake(
        "root missing",
        "You divide by the variance. Divide by the standard deviation, its root.",
        _bn(divisor=lambda v, e: v + e),
    ),
    Mistake(
        "gamma missing",
        "Your result is never multiplied by gamma.",
        _bn(scale=False),
    ),
    Mistake(
        "beta missing",
        "Nothing is added to your normalised numbers: beta is missing.",
        _bn(shift=False),
    ),
    Mistake(
        "gamma and beta exchanged",
        "gamma and beta are exchanged: gamma multiplies, beta is added.",
        _bn(exchange=True),
    ),
    Mistake(
        "always the batch's statistics",
        "You normalise with the batch's statistics in inference mode too. There the moving averages count, so that a "
        "picture's answer does not depend on its neighbours.",
        _bn(normalise_with="batch"),
    ),
    Mistake(
        "always the moving averages",
        "You normalise with the moving averages in training mode too. There the statistics of this batch count.",
        _bn(normalise_with="moving"),
    ),
    Mistake(
        "normalised with the new averages",
        "In training mode you normalise with the averages that you have just moved. Take the mean and variance of "
        "this batch; the averages are for later.",
        _bn(normalise_with="updated"),
    ),
    Mistake(
        "momentum on the wrong side",
        "Your momentum multiplies the new statistics. It says how much of the old average stays.",
        _bn(update=lambda old, new, momentum: momentum * new + (1 - momentum) * old),
    ),
    Mistake(
        "averages not moved",
        "Your moving averages come back as they went in. In training mode each batch moves them a little.",
        _bn(update_when="never"),
    ),
    Mistake(
        "averages moved in inference",
        "You move the averages in inference mode too. Whoever only looks at a picture should not change the network.",
        _bn(update_when="always"),
    ),
    Mistake(
        "averages replaced",
        "You replace the averages by the statistics of this batch. They should remember earlier batches: look at "
        "momentum.",
        _bn(update=lambda old, new, momentum: new + 0 * old),
    ),
    Mistake(
        "standard deviation kept",
        "You put the standard deviation into the average of the variances.",
        _bn(update_var=np.sqrt),
    ),
)

ANSWERS = {
    "identity_block": Answer(
        cases=_identity_cases,
        invariant=_judge_block(partial(_expected_bottleneck, projection=False)),
        mistakes=IDENTITY_MISTAKES,
        rtol=RTOL,
        atol=ATOL,
    ),
    "convolutional_block": Answer(
        cases=_convolutional_cases,
        invariant=_judge_block(partial(_expected_bottleneck, projection=True)),
        mistakes=CONVOLUTIONAL_MISTAKES,
        rtol=RTOL,
        atol=ATOL,
    ),
    "ResNet50": Answer(
        cases=_network_cases,
        invariant=_judge_network,
        mistakes=NETWORK_MISTAKES,
        rtol=RTOL,
        atol=ATOL,
    ),
    "batchnorm_forward": Answer(
        cases=_batchnorm_cases,
        oracle=_batchnorm_by_labels,
        mistakes=BATCHNORM_MISTAKES,
    ),
    "preactivation_block": Answer(
        cases=_preactivation_cases,
        invariant=_judge_block(_expected_preactivation),
        mistakes=PREACTIVATION_MISTAKES,
        rtol=RTOL,
        atol=ATOL,
    ),
}
