"""Right answers of week 4's first assignment, written in other ways than the notebook's: all must be accepted."""

import math

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from utils.data import read_image
from utils.faces.encoding import encode_file


def triplet_loss__tensorflow(y_true, y_pred, alpha=0.2):
    anchor, positive, negative = y_pred
    near = tf.reduce_sum(tf.square(anchor - positive), axis=-1)
    far = tf.reduce_sum(tf.square(anchor - negative), axis=-1)
    return tf.reduce_sum(tf.maximum(near - far + alpha, 0.0))


def triplet_loss__relu(y_true, y_pred, alpha=0.2):
    anchor, positive, negative = (keras.ops.cast(one, "float32") for one in y_pred)
    difference = (anchor - positive) ** 2 - (anchor - negative) ** 2
    return keras.ops.sum(keras.ops.relu(keras.ops.sum(difference, axis=1) + alpha))


def triplet_loss__one_by_one(y_true, y_pred, alpha=0.2):
    total = 0.0
    for a, p, n in zip(*(tf.unstack(one) for one in y_pred), strict=True):
        total += tf.nn.relu(tf.tensordot(a - p, a - p, 1) - tf.tensordot(a - n, a - n, 1) + alpha)
    return total


def image_to_encoding__pillow(image_path, model):
    _, height, width, _ = model.input_shape
    picture = Image.open(image_path).convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    encoding = model.predict(np.array(picture, dtype="float32")[None] / 255, verbose=0).ravel()
    return encoding / np.sqrt(np.sum(encoding**2))


def image_to_encoding__called(image_path, model):
    picture = keras.utils.load_img(image_path, target_size=model.input_shape[1:3], interpolation="lanczos")
    return keras.ops.normalize(model(keras.utils.img_to_array(picture)[None] / 255))[0]


def image_to_encoding__read_image(image_path, model):
    picture = read_image(image_path, tuple(model.input_shape[1:3])).astype(float) / 255
    (encoding,) = model.predict_on_batch(np.expand_dims(picture, 0))
    return (encoding / math.hypot(*map(float, encoding))).tolist()


def verify__dist(image_path, identity, database, model, threshold=0.7):
    names = sorted(database)
    if identity not in names:
        raise KeyError(f"I know only {names}")
    distance = math.dist(encode_file(image_path, model), database[identity])
    return distance, distance <= threshold


def verify__get(image_path, identity, database, model, threshold=0.7):
    stored = database.get(identity)
    if stored is None:
        raise KeyError("nobody of this name, only " + " ".join(database))
    distance = np.sqrt(np.sum((image_to_encoding__pillow(image_path, model) - stored) ** 2))
    return [distance, not distance > threshold]


def who_is_it__sorted(image_path, database, model, threshold=0.7):
    seen = encode_file(image_path, model)
    distances = sorted((math.dist(seen, stored), name) for name, stored in database.items())
    if not distances:
        return math.inf, None
    distance, name = distances[0]
    return distance, name if distance <= threshold else None


def who_is_it__array(image_path, database, model, threshold=0.7):
    if len(database) == 0:
        return float("inf"), None
    distances = np.linalg.norm(np.array(list(database.values())) - encode_file(image_path, model), axis=1)
    nearest = distances.argmin()
    return distances[nearest], list(database)[nearest] if distances[nearest] <= threshold else None
