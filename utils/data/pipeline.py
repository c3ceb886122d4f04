"""A `tf.data` pipeline that loads and distorts pictures while the network trains.

TensorFlow is imported by the function that needs it, so that `utils.data` stays free of it.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf


def input_pipeline(
    paths: Sequence[str],
    labels: Sequence[int],
    load: Callable,
    distort: Callable,
    batch_size: int,
    training: bool,
    seed: int | None = None,
) -> "tf.data.Dataset":
    """Return batches of pictures and labels, made ready ahead of time by several threads.

    Parameters
    ----------
    paths : sequence of str, (m,)
        Where the pictures are; at least one.
    labels : sequence of int, (m,)
        One a picture.
    load : callable
        ``path → picture``, a string tensor to (height, width, channels), made of TensorFlow operations.
    distort : callable
        ``picture → picture``, random; only used in training.
    batch_size : int
        Pictures in a batch; the last batch of an epoch may be smaller.
    training : bool
        True: in a new order and distorted anew in every epoch. False: in the given order, as they are.
    seed : int, optional
        Makes the orders repeatable.

    Returns
    -------
    tf.data.Dataset
        One epoch of (pictures (b, height, width, channels), labels (b,)).

    Raises
    ------
    ValueError
        When there is no picture, not one label a picture, or `batch_size` is less than 1.
    """
    import tensorflow as tf

    if len(paths) != len(labels) or not len(paths):
        raise ValueError(
            f"paths and labels must be as many, one at least, got {len(paths)} and {len(labels)}"
        )
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size!r}")
    data = tf.data.Dataset.from_tensor_slices((list(paths), labels))
    if training:
        data = data.shuffle(
            len(paths), seed=seed
        )  # of paths, which are small: all of them fit into the buffer
    data = data.map(lambda path, label: (load(path), label), num_parallel_calls=tf.data.AUTOTUNE)
    if training:
        data = data.map(lambda image, label: (distort(image), label), num_parallel_calls=tf.data.AUTOTUNE)
    return data.batch(batch_size).prefetch(tf.data.AUTOTUNE)
