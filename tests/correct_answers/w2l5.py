"""Right answers to lesson 5 of week 2, written as other people would; the checks must accept each of them."""

import numpy as np
import tensorflow as tf
from scipy import ndimage
from skimage import transform


def random_mirror__loop(images, rng):
    result = []
    for image in images:
        result.append(np.fliplr(image) if rng.integers(2) == 1 else image)
    return np.array(result)


def random_mirror__where(images, rng):
    toss = rng.choice([True, False], size=(images.shape[0], 1, 1, 1))
    return np.where(toss, np.flip(images, axis=2), images)


def random_mirror__list_of_lists(images, rng):
    return [image[:, ::-1].tolist() if rng.random() > 0.5 else image.tolist() for image in images]


def random_crop__loop(images, size, rng):
    result = np.empty((len(images), *size, images.shape[-1]), dtype=images.dtype)
    for i in range(len(images)):
        y = rng.integers(0, images.shape[1] - size[0], endpoint=True)
        x = rng.integers(0, images.shape[2] - size[1], endpoint=True)
        result[i] = images[i, y : y + size[0], x : x + size[1]]
    return result


def random_crop__fancy_index(images, size, rng):
    m, height, width, _ = images.shape
    rows = rng.integers(height - size[0] + 1, size=(m, 1)) + np.arange(size[0])
    columns = rng.integers(width - size[1] + 1, size=(m, 1)) + np.arange(size[1])
    return images[np.arange(m)[:, None, None], rows[:, :, None], columns[:, None, :]].astype(float)


def random_crop__floor_of_even_numbers(images, size, rng):
    spare = np.array(images.shape[1:3]) - size
    places = np.floor(rng.random((len(images), 2)) * (spare + 1)).astype(int)
    return [image[y : y + size[0], x : x + size[1]] for image, (y, x) in zip(images, places, strict=True)]


def random_shear__rows(images, max_shear, rng):
    m, height, width, channels = images.shape
    result = np.zeros(images.shape)
    x = np.arange(width)
    for i in range(m):
        s = rng.uniform(-max_shear, max_shear)
        for y in range(height):
            source = x + s * (y - (height - 1) / 2)
            for c in range(channels):
                result[i, y, :, c] = np.interp(source, x, images[i, y, :, c], left=0, right=0)
    return result


def random_shear__scikit_image(images, max_shear, rng):
    middle = (images.shape[1] - 1) / 2
    result = []
    for image in images:
        s = max_shear * (2 * rng.random() - 1)
        back = transform.AffineTransform(matrix=np.array([[1, -s, s * middle], [0, 1, 0], [0, 0, 1]]))
        result.append(transform.warp(image, back, order=1, preserve_range=True))
    return np.stack(result).astype(images.dtype)


def random_shear__coordinates(images, max_shear, rng):
    m, height = images.shape[:2]
    s = rng.uniform(-max_shear, max_shear, size=(m, 1, 1, 1))
    i, y, x, c = np.indices(images.shape, dtype=float)
    place = np.stack([i, y, x - s * (y - (height - 1) / 2), c])
    return ndimage.map_coordinates(images, place, order=1, mode="constant", cval=0)


def color_shift__loop(images, max_shift, rng):
    result = []
    for image in images:
        shift = rng.uniform(-max_shift, max_shift, size=3)
        result.append(np.rint(np.minimum(np.maximum(image + shift, 0), 255)).astype("uint8"))
    return np.stack(result)


def color_shift__int16(images, max_shift, rng):
    wide = images.astype(np.int16)
    for i in range(len(wide)):
        for channel in range(3):
            wide[i, :, :, channel] += np.int16(rng.integers(-max_shift, max_shift, endpoint=True))
    wide[wide < 0] = 0
    wide[wide > 255] = 255
    return wide


def pca_color_augment__svd(images, std, seed):
    pixels = images.reshape(-1, 3).astype(np.float64)
    centred = pixels - pixels.mean(axis=0)
    _, stretch, directions = np.linalg.svd(centred, full_matrices=False)
    spread = stretch / np.sqrt(len(centred) - 1)
    rng = np.random.default_rng(seed)
    result = []
    for image in images:
        alpha = rng.normal(scale=std, size=3)
        result.append(image + sum(a * s * d for a, s, d in zip(alpha, spread, directions, strict=True)))
    return np.array(result)


def pca_color_augment__multivariate_normal(images, std, seed):
    covariance = np.cov(images.reshape(-1, 3).T.astype(float))
    shifts = np.random.default_rng(seed).multivariate_normal(np.zeros(3), std**2 * covariance, len(images))
    return (images + shifts.reshape(-1, 1, 1, 3)).astype(images.dtype)


def pca_color_augment__legacy_generator(images, std, seed):
    chance = np.random.RandomState(seed)
    values, vectors = np.linalg.eig(np.cov(images.reshape(-1, 3), rowvar=False))
    alpha = std * chance.randn(len(images), 3)
    return images + np.einsum("ck,mk->mc", vectors * values**0.5, alpha)[:, np.newaxis, np.newaxis]


def input_pipeline__range(paths, labels, load, distort, batch_size, training):
    paths, labels = tf.constant(paths), tf.constant(labels)

    def read(i):
        image = load(paths[i])
        return (distort(image) if training else image), labels[i]

    data = tf.data.Dataset.range(len(paths))
    if training:
        data = data.shuffle(len(paths) + 1, seed=3)
    return data.map(read, num_parallel_calls=4).batch(batch_size, num_parallel_calls=2).prefetch(2)


def input_pipeline__loaded_pictures_cached(paths, labels, load, distort, batch_size, training):
    files = tf.data.Dataset.from_tensor_slices(paths)
    images = files.map(load, num_parallel_calls=tf.data.AUTOTUNE).cache()
    data = tf.data.Dataset.zip((images, tf.data.Dataset.from_tensor_slices(labels)))
    if training:
        data = data.shuffle(buffer_size=len(labels), reshuffle_each_iteration=True)
        data = data.map(lambda x, y: (distort(x), y), num_parallel_calls=tf.data.AUTOTUNE)
    data = data.batch(batch_size)
    return data.prefetch(buffer_size=tf.data.AUTOTUNE)


def input_pipeline__any_order_of_arrival(paths, labels, load, distort, batch_size, training):
    data = tf.data.Dataset.from_tensor_slices((list(paths), list(labels)))
    data = data.map(lambda path, label: (load(path), label), num_parallel_calls=2, deterministic=not training)
    if training:
        data = data.map(lambda x, y: (distort(x), y), num_parallel_calls=2).shuffle(len(paths))
    return data.batch(batch_size).prefetch(1)
