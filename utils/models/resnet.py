"""Residual networks: ResNet-18 to ResNet-152 for photographs, and the thin family of the CIFAR experiments.

He, Zhang, Ren and Sun 2016, "Deep residual learning for image recognition" (CVPR, arXiv:1512.03385), table 1 and
section 4.2. The ImageNet family is built as ``keras.applications`` builds it (biases in the convolutions, the same
padding), so that its weights fit; ``version="1.5"`` moves a bottleneck's stride from the first 1×1 to the 3×3.
"""

import keras
from keras import layers, ops

BASIC_STAGES = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
BOTTLENECK_STAGES = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
WIDTHS = (64, 128, 256, 512)
EXPANSION = 4
EPSILON = 1.001e-5  # keras.applications' own; in training mode even 1e-5 shows in the fifth decimal
VERSIONS = ("1", "1.5")


def resnet(
    depth: int = 50,
    input_shape: tuple[int, int, int] = (224, 224, 3),
    classes: int = 1000,
    version: str = "1",
    use_bias: bool = True,
) -> keras.Model:
    """Build ResNet-18, -34, -50, -101 or -152 with random weights (He et al. 2016, table 1).

    Parameters
    ----------
    depth : {18, 34, 50, 101, 152}
        Number of layers with weights on the longest path. 18 and 34 are made of :func:`basic_block`, the others of
        :func:`bottleneck_block`.
    input_shape : tuple of int
        ``(height, width, channels)`` of one picture, at least 32 pixels high and wide. Whatever scale the values have,
        the first normalisation removes it.
    classes : int
        Number of classes, at least 2.
    version : {"1", "1.5"}
        Where a bottleneck that halves the picture has its stride: ``"1"`` on the first 1×1 convolution, as in the
        paper, ``"1.5"`` on the 3×3 (Goyal et al. 2017, arXiv:1706.02677, section 5.1). Networks of basic
        blocks are the same in both.
    use_bias : bool
        Whether the convolutions have biases. The normalisation that follows makes them useless in training mode;
        ``keras.applications`` has them, so they are needed for its weights.

    Returns
    -------
    keras.Model
        ``(batch, height, width, channels)`` → probabilities ``(batch, classes)``; not compiled.

    Raises
    ------
    ValueError
        For another depth or version, pictures of another rank or below 32 pixels, fewer than two classes.
    """
    known = {**BASIC_STAGES, **BOTTLENECK_STAGES}
    if depth not in known:
        raise ValueError(f"depth must be one of {sorted(known)}, got {depth!r}")
    _check_version(version)
    _check_pictures(input_shape, 32)
    _check_classes(classes)
    inputs = keras.Input(input_shape, name="pictures")
    x = layers.ZeroPadding2D(3)(inputs)
    x = _conv_bn(x, 64, 7, 2, use_bias=use_bias, padding="valid")
    x = layers.ReLU()(x)
    # A pad of zeros changes no maximum, for nothing is below 0 after a ReLU.
    x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x))
    for stage, (blocks, width) in enumerate(zip(known[depth], WIDTHS, strict=True)):
        for block in range(blocks):
            strides = 2 if stage and not block else 1
            if depth in BASIC_STAGES:
                x = basic_block(x, width, strides, "projection" if strides > 1 else "identity", use_bias)
            else:
                filters = (width, width, EXPANSION * width)
                x = bottleneck_block(x, filters, 3, strides, not block, version, use_bias=use_bias)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(classes, activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, outputs, name=f"resnet{depth}")


def cifar_resnet(
    depth: int = 20,
    input_shape: tuple[int, int, int] = (32, 32, 3),
    classes: int = 10,
    residual: bool = True,
    width: int = 16,
    batch_norm: bool = True,
) -> keras.Model:
    """Build a network of the CIFAR-10 experiments, residual or plain (He et al. 2016, section 4.2).

    Three stages of n basic blocks with ``width``, 2·``width`` and 4·``width`` filters, the second and third at half the
    height and width of the one before. Shortcuts have no parameters (option A), so a plain and a residual network of
    one depth have exactly the same ones.

    Parameters
    ----------
    depth : int
        6n + 2 layers with weights: 8, 14, 20, 32, 44, 56, 110, …
    input_shape : tuple of int
        ``(height, width, channels)`` of one picture, at least 4 pixels high and wide.
    classes : int
        Number of classes, at least 2.
    residual : bool
        False leaves the shortcuts out: the plain network of the same depth.
    width : int
        Filters of the first stage, 16 in the paper.
    batch_norm : bool
        False replaces each normalisation by a bias, to look at gradients as they were before 2015.

    Returns
    -------
    keras.Model
        ``(batch, height, width, channels)`` → probabilities ``(batch, classes)``; not compiled.

    Raises
    ------
    ValueError
        For a depth that is not 6n + 2, pictures of another rank or below 4 pixels, fewer than two classes, no filter.
    """
    if not isinstance(depth, int) or depth < 8 or depth % 6 != 2:
        raise ValueError(f"depth must be 6n + 2 with n at least 1 (8, 14, 20, …, 56), got {depth!r}")
    if not isinstance(width, int) or width < 1:
        raise ValueError(f"width must be a whole number of filters, at least 1, got {width!r}")
    _check_pictures(input_shape, 4)
    _check_classes(classes)
    inputs = keras.Input(input_shape, name="pictures")
    x = _conv_bn(inputs, width, 3, 1, use_bias=not batch_norm, batch_norm=batch_norm)
    x = layers.ReLU()(x)
    for stage in range(3):
        for block in range((depth - 2) // 6):
            strides = 2 if stage and not block else 1
            shortcut = "padded" if residual else "none"
            x = basic_block(x, width * 2**stage, strides, shortcut, not batch_norm, batch_norm)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(classes, activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, outputs, name=f"{'residual' if residual else 'plain'}{depth}")


def basic_block(
    x: keras.KerasTensor,
    filters: int,
    strides: int = 1,
    shortcut: str = "identity",
    use_bias: bool = True,
    batch_norm: bool = True,
) -> keras.KerasTensor:
    """Apply two 3×3 convolutions and add what came in (He et al. 2016, figure 5, left).

    Parameters
    ----------
    x : tensor
        ``(batch, height, width, channels)``.
    filters : int
        Filters of both convolutions.
    strides : int
        Stride of the first convolution and of the shortcut.
    shortcut : {"identity", "projection", "padded", "none"}
        ``"identity"`` adds ``x``; ``"projection"`` a 1×1 convolution of it (option B); ``"padded"`` every
        ``strides``-th pixel, with channels of zeros appended where ``filters`` exceeds the channels (option A);
        ``"none"`` adds nothing.
    use_bias, batch_norm : bool
        As in :func:`cifar_resnet`.

    Returns
    -------
    tensor
        ``(batch, ⌈height / strides⌉, ⌈width / strides⌉, filters)``, not negative.
    """
    _check_shortcut(shortcut)
    carried = _shortcut(x, filters, strides, shortcut, use_bias)
    x = _conv_bn(x, filters, 3, strides, use_bias=use_bias, batch_norm=batch_norm)
    x = layers.ReLU()(x)
    x = _conv_bn(x, filters, 3, 1, use_bias=use_bias, batch_norm=batch_norm)
    return layers.ReLU()(x if carried is None else layers.Add()([carried, x]))


def bottleneck_block(
    x: keras.KerasTensor,
    filters: tuple[int, int, int],
    kernel_size: int = 3,
    strides: int = 1,
    projection: bool = False,
    version: str = "1",
    training: bool | None = None,
    initializer: str | type[keras.initializers.Initializer] = "glorot_uniform",
    use_bias: bool = True,
) -> keras.KerasTensor:
    """Apply 1×1, k×k and 1×1 convolutions and add what came in (He et al. 2016, figure 5, right).

    Parameters
    ----------
    x : tensor
        ``(batch, height, width, channels)``.
    filters : tuple of int
        Filters of the three convolutions. Without ``projection`` the last must equal ``channels``.
    kernel_size : int
        Size k of the middle convolution.
    strides : int
        Stride of the block; more than 1 needs ``projection``.
    projection : bool
        Whether the shortcut is a 1×1 convolution with normalisation; False adds ``x`` as it is.
    version : {"1", "1.5"}
        As in :func:`resnet`.
    training : bool or None
        Passed to every normalisation; None lets the call of the model decide, as a network should.
    initializer : str or class
        Of the kernels; a class is called without arguments, once for each convolution.
    use_bias : bool
        Whether the convolutions have biases.

    Returns
    -------
    tensor
        ``(batch, ⌈height / strides⌉, ⌈width / strides⌉, filters[2])``, not negative.

    Raises
    ------
    ValueError
        When the shortcut's shape cannot equal the main path's, or the version is unknown.
    """
    _check_version(version)
    if not projection and (strides != 1 or x.shape[-1] != filters[2]):
        raise ValueError(
            f"projection must be True when strides or channels change, got strides {strides!r}, "
            f"{x.shape[-1]} channels in and {filters[2]} out"
        )
    options = {"use_bias": use_bias, "training": training, "initializer": initializer}
    first, middle = (strides, 1) if version == "1" else (1, strides)
    carried = _conv_bn(x, filters[2], 1, strides, **options) if projection else x
    x = layers.ReLU()(_conv_bn(x, filters[0], 1, first, **options))
    x = layers.ReLU()(_conv_bn(x, filters[1], kernel_size, middle, **options))
    x = _conv_bn(x, filters[2], 1, 1, **options)
    return layers.ReLU()(layers.Add()([carried, x]))


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Copy every weight of a network into another of the same structure, whatever their layers are called.

    Parameters
    ----------
    source, target : keras.Model
        Layers with weights must have the same shapes in the same order; nothing is copied otherwise.

    Raises
    ------
    ValueError
        When number or shapes of the weights differ; the message names the first difference.
    """
    have = [tuple(w.shape) for w in source.weights]
    want = [tuple(w.shape) for w in target.weights]
    for place, (one, other) in enumerate(zip(have, want, strict=False)):
        if one != other:
            raise ValueError(f"source's weight {place} has shape {one}, target's {other}")
    if len(have) != len(want):
        raise ValueError(f"source has {len(have)} weights, target {len(want)}")
    for one, other in zip(source.weights, target.weights, strict=True):
        other.assign(one)


def _conv_bn(
    x: keras.KerasTensor,
    filters: int,
    size: int,
    strides: int,
    *,
    use_bias: bool,
    padding: str = "same",
    batch_norm: bool = True,
    training: bool | None = None,
    initializer: str | type[keras.initializers.Initializer] = "glorot_uniform",
) -> keras.KerasTensor:
    if padding == "same" and strides > 1 and size > 1:
        # Keras' own padding depends on the picture's size when there is a stride; the paper's is size // 2 all around.
        x, padding = layers.ZeroPadding2D(size // 2)(x), "valid"
    kernel = initializer() if isinstance(initializer, type) else initializer
    x = layers.Conv2D(filters, size, strides, padding, use_bias=use_bias, kernel_initializer=kernel)(x)
    return layers.BatchNormalization(epsilon=EPSILON)(x, training=training) if batch_norm else x


def _shortcut(
    x: keras.KerasTensor, filters: int, strides: int, kind: str, use_bias: bool
) -> keras.KerasTensor | None:
    if kind == "none":
        return None
    if kind == "projection":
        return _conv_bn(x, filters, 1, strides, use_bias=use_bias)
    if kind == "padded":
        x = x[:, ::strides, ::strides]
        more = filters - x.shape[-1]
        return ops.pad(x, ((0, 0), (0, 0), (0, 0), (0, more))) if more else x
    return x


def _check_shortcut(shortcut: str) -> None:
    kinds = ("identity", "projection", "padded", "none")
    if shortcut not in kinds:
        raise ValueError(f"shortcut must be one of {kinds}, got {shortcut!r}")


def _check_version(version: str) -> None:
    if version not in VERSIONS:
        raise ValueError(f"version must be one of {VERSIONS}, got {version!r}")


def _check_pictures(input_shape: tuple[int, int, int], smallest: int) -> None:
    if len(input_shape) != 3 or min(input_shape[:2]) < smallest:
        raise ValueError(
            f"input_shape must be (height, width, channels) with at least {smallest}×{smallest} pixels, "
            f"got {input_shape!r}"
        )


def _check_classes(classes: int) -> None:
    if classes < 2:
        raise ValueError(f"classes must be at least 2, got {classes!r}")
