"""What lesson 5 of week 2 asks for: four distortions, colours by principal components, and a pipeline."""

import itertools
import logging
from collections.abc import Iterator
from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, WrongKind
from utils.exercises.keras_models import quiet_retracing
from utils.exercises.randomness import call_with_generators, call_with_seeds, probe_draws

EPOCHS = 3


def _random_arguments(*names: str):
    def build(case: Case) -> tuple[tuple, dict]:
        known = {**case.arrays, **case.params}
        given = [tuple(known[n]) if isinstance(known[n], list) else known[n] for n in names]
        return (*given, case.params["seeds"]), {}

    return build


def _pipeline_arguments(case: Case) -> tuple[tuple, dict]:
    """Give paths and functions that leave their traces in the pictures.

    The picture of path i is 2×2 with the channels: i, how often it was distorted, the number of the distortion (no two
    have the same), and whether it was loaded outside the pipeline.
    """
    import tensorflow as tf

    quiet_retracing()
    _quiet_autograph()
    numbers = itertools.count(1)

    def load(path):
        """Read one picture: path, a string → (2, 2, 4)."""
        number = tf.strings.to_number(tf.strings.substr(path, len("photo-"), 4))
        outside = tf.constant(float(tf.executing_eagerly()))
        return tf.broadcast_to(tf.stack([number, 0.0, 0.0, outside]), (2, 2, 4))

    def distort(image):
        """Distort one picture: (2, 2, 4) → (2, 2, 4)."""
        number = tf.numpy_function(lambda: np.float32(next(numbers)), [], tf.float32)
        number = tf.reshape(number, ())
        return image * [1.0, 1.0, 0.0, 1.0] + tf.stack([0.0, 1.0, number, 0.0])

    params = case.params
    paths = [f"photo-{i:04d}.jpg" for i in range(params["pictures"])]
    labels = case.arrays["labels"]
    return (paths, labels, load, distort, params["batch_size"], params["training"]), {}


def _quiet_autograph() -> None:
    """Keep TensorFlow from warning that it runs a function without a source file as it is, which is what is wanted."""
    logger = logging.getLogger("tensorflow")
    if _no_autograph not in logger.filters:
        logger.addFilter(_no_autograph)


def _no_autograph(record: logging.LogRecord) -> bool:
    return "AutoGraph could not transform" not in str(record.msg)


def _probe_pipeline(result: Any) -> Arrays:
    """Read some epochs of a dataset.

    Returns
    -------
    dict of str to ndarray
        One entry for each element in the order in which they came: ``epoch``, ``batch`` (counted within the
        epoch), ``label``, ``picture``, ``distorted``, ``distortion``, ``outside``; and ``steps``, texts, the
        dataset's operations from the source on. An epoch that does not end is cut off.
    """
    import tensorflow as tf

    if not isinstance(result, tf.data.Dataset):
        raise WrongKind(
            f"The function should return a tf.data.Dataset; it returned a {type(result).__name__}."
        )
    columns = ("epoch", "batch", "label", "picture", "distorted", "distortion", "outside")
    rows: list[tuple] = []
    for epoch in range(EPOCHS):
        for batch, element in enumerate(itertools.islice(result, 40)):
            images, labels = _pair(element)
            for image, label in zip(images, labels, strict=True):
                rows.append((epoch, batch, label, *image[0, 0]))
    table = np.array(rows, dtype=np.float64).reshape(-1, len(columns))
    arrays = {name: table[:, i] for i, name in enumerate(columns)}
    return {**arrays, "steps": np.array(list(_steps(result)), dtype=np.str_)}


def _pair(element: Any) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(element, tuple) or len(element) != 2:
        raise WrongKind("Each element of the dataset should be a pair: (pictures, labels).")
    images, labels = (np.asarray(part) for part in element)
    if images.ndim != 4 or labels.ndim != 1 or len(images) != len(labels):
        raise WrongKind(
            f"Each element should be a batch of pictures (b, height, width, channels) with labels (b,); here they "
            f"have the shapes {images.shape} and {labels.shape}."
        )
    return images, labels


def _steps(dataset: Any) -> Iterator[str]:
    """Yield the names of a dataset's operations, source first; ``"… of pictures"`` where a function is a slow one."""
    import tensorflow as tf

    graph = tf.compat.v1.GraphDef.FromString(
        tf.raw_ops.DatasetToGraphV2(input_dataset=tf.data.experimental.to_variant(dataset)).numpy()
    )
    functions = {function.signature.name: function for function in graph.library.function}

    def slow(name: str) -> bool:
        nodes = functions[name].node_def if name in functions else ()
        return any(
            node.op in ("StringToNumber", "PyFunc", "EagerPyFunc")
            or any(value.func.name and slow(value.func.name) for value in node.attr.values())
            for node in nodes
        )

    for node in graph.node:
        if "Dataset" in node.op:
            name = node.op.split("Dataset")[0]
            yield f"{name} of pictures" if "f" in node.attr and slow(node.attr["f"].func.name) else name


EXERCISES = (
    Exercise(
        notebook="w2l5",
        function="random_mirror",
        signature="(images, rng)",
        points=1,
        task="Mirror about half of the pictures, each by a toss of its own.",
        hints=(
            "Two steps: toss a coin for each picture, then swap left and right in those for which it fell one way.",
            "`rng.random(len(images)) < 0.5` is an array of as many True and False as there are pictures. The columns "
            "are axis 2 of (m, height, width, channels); a slice with step −1 runs backwards.",
            "Work on a copy: `mirrored = images.copy()`, then `mirrored[toss] = images[toss][:, :, ::-1]`.",
        ),
        build=_random_arguments("images"),
        probe=probe_draws,
        call=call_with_generators,
        answered_by=(
            "utils.data.augment.random_mirror",
            "keras.layers.RandomFlip",
            "tensorflow.image.random_flip_left_right",
        ),
    ),
    Exercise(
        notebook="w2l5",
        function="random_crop",
        signature="(images, size, rng)",
        points=1,
        task="Cut a window out of every picture, at a random place of its own.",
        hints=(
            "How many places are there? A window of 3 fits into a row of 5 at 0, 1 and 2: one place more than the "
            "difference.",
            "`rng.integers(n, size=m)` gives m whole numbers from 0 to n − 1. You need one array for the tops and "
            "another for the left edges.",
            "Go over the pictures with an index i, cut `images[i, top : top + height, left : left + width]` with the "
            "picture's own top and left, and join the pieces with `np.stack`.",
        ),
        build=_random_arguments("images", "size"),
        probe=probe_draws,
        call=call_with_generators,
        answered_by=(
            "utils.data.augment.random_crop",
            "keras.layers.RandomCrop",
            "tensorflow.image.random_crop",
        ),
    ),
    Exercise(
        notebook="w2l5",
        function="random_shear",
        signature="(images, max_shear, rng)",
        points=1,
        task="Slant every picture by an amount of its own, about its middle row.",
        hints=(
            "Think from the result: the pixel in row y and column x shows what stood in the same row, "
            "s · (y − middle) columns further left.",
            "`scipy.ndimage.affine_transform(image, matrix, offset, order=1)` fetches pixel p from `matrix @ p + "
            "offset`, where p is (row, column, channel). Row and channel stay as they are, so only the second row of "
            "the matrix is interesting.",
            "The second row of the matrix is (−s, 1, 0), and the offset is (0, s · middle, 0), with the middle at "
            "(height − 1) / 2. Draw all s with `rng.uniform(-max_shear, max_shear, len(images))`.",
        ),
        build=_random_arguments("images", "max_shear"),
        probe=probe_draws,
        call=call_with_generators,
        answered_by=(
            "utils.data.augment.random_shear",
            "utils.data.augment.shear",
            "keras.layers.RandomShear",
        ),
    ),
    Exercise(
        notebook="w2l5",
        function="color_shift",
        signature="(images, max_shift, rng)",
        points=1,
        task="Add a random number to each channel of each picture, within 0 to 255.",
        hints=(
            "How many random numbers do you need? One for each picture and channel, none for the single pixels. Give "
            "them a shape that broadcasts over height and width.",
            "`rng.uniform(-max_shift, max_shift, size=(m, 1, 1, 3))` gives floats, and so is the sum. What becomes of "
            "values above 255, and of fractions?",
            "Round with `np.rint`, cut off with `np.clip(…, 0, 255)`, and turn the result into uint8 after that.",
        ),
        build=_random_arguments("images", "max_shift"),
        probe=probe_draws,
        call=call_with_generators,
        answered_by=("utils.data.augment.random_color_shift", "utils.data.augment.shift_color"),
    ),
    Exercise(
        notebook="w2l5",
        function="pca_color_augment",
        signature="(images, std, seed)",
        points=1,
        task="Shift the colours of each picture along the directions in which all the pixels vary.",
        hints=(
            "First the axes: make one long table of pixels, (number of pixels, 3), and ask `np.cov` for its "
            "covariance and `np.linalg.eigh` for eigenvalues and eigenvectors. The eigenvectors are the columns.",
            "Then the numbers: `np.random.default_rng(seed).normal(0, std, size=(m, 3))`, three for each picture. "
            "Each is multiplied by the root of its eigenvalue, because an eigenvalue is a variance.",
            "The shift of a picture is the sum of its three numbers times their vectors: for all pictures "
            "`(alpha * np.sqrt(values)) @ vectors.T`, shape (m, 3). Add it with `[:, None, None, :]`.",
        ),
        build=_random_arguments("images", "std"),
        probe=probe_draws,
        call=call_with_seeds,
        answered_by=(
            "utils.data.augment.pca_color",
            "utils.data.augment.random_pca_color",
            "utils.data.augment.color_axes",
        ),
    ),
    Exercise(
        notebook="w2l5",
        function="input_pipeline",
        signature="(paths, labels, load, distort, batch_size, training)",
        points=1,
        task="Build the tf.data pipeline: shuffle, load and distort in parallel, batch, prefetch.",
        hints=(
            "Begin with `tf.data.Dataset.from_tensor_slices((paths, labels))`: its elements are one path and one "
            "label. Everything else is a chain of methods of the dataset, in the order in which a picture travels.",
            "`.map(lambda path, label: (load(path), label), num_parallel_calls=tf.data.AUTOTUNE)` loads. Shuffling "
            "and distorting are put in only `if training`. Shuffle while the elements are still paths: they are "
            "small, so the buffer can hold all of them.",
            "In order: from_tensor_slices, `.shuffle(len(paths))` in training, map load, map distort in training, "
            "`.batch(batch_size)`, `.prefetch(tf.data.AUTOTUNE)`.",
        ),
        build=_pipeline_arguments,
        probe=_probe_pipeline,
        answered_by=("utils.data.pipeline.input_pipeline",),
        time_limit=60,
    ),
)
