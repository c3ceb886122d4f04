"""Right answers to lesson 4 of week 4, written as other people would; the checks must accept each of them."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from utils.style.patches import receptive_field


def top_patches__picture_by_picture(model, layer, unit, images, count=9):
    network = keras.Model(inputs=model.inputs[0], outputs=model.get_layer(layer).output)
    field = receptive_field(model, layer, images.shape[1:3])
    found = []
    for image in images:
        answers = ops.convert_to_numpy(network(image[None]))[0, :, :, unit]
        row, column = divmod(int(np.argmax(answers)), answers.shape[1])
        top = field.start[0] + row * field.stride[0]
        left = field.start[1] + column * field.stride[1]
        patch = image[max(0, top) : top + field.size[0], max(0, left) : left + field.size[1]]
        found.append((float(answers[row, column]), patch))
    found = sorted(found, key=lambda pair: pair[0], reverse=True)[:count]
    return [value for value, _ in found], [patch for _, patch in found]


def top_patches__predict_and_top_k(model, layer, unit, images, count=9):
    network = keras.Model(model.inputs[0], model.get_layer(layer).output)
    maps = network.predict_on_batch(images)[..., unit]
    best = tf.math.top_k(maps.reshape(len(maps), -1).max(axis=1), min(count, len(maps)))
    field = receptive_field(model, layer)
    patches = ()
    for index in best.indices.numpy():
        place = np.argwhere(maps[index] == maps[index].max())[0]
        low = np.add(field.start, place * field.stride)
        high = np.minimum(low + field.size, images.shape[1:3])
        low = low.clip(0)
        patches += (images[index][low[0] : high[0], low[1] : high[1]],)
    return best.values, patches


def saliency_map__persistent_tape_over_the_batch(model, image, class_index):
    picture = tf.Variable(image[np.newaxis])
    with tf.GradientTape() as tape:
        scores = model(picture, training=False)
        chosen = tf.gather(scores, class_index, axis=1)
    return tf.reduce_max(tf.abs(tape.gradient(chosen, picture)), axis=3)[0]


def saliency_map__larger_of_rise_and_fall(model, image, class_index):
    x = tf.constant(image)[tf.newaxis]
    with tf.GradientTape() as tape:
        tape.watch(x)
        scores = model(x)
    only = np.eye(scores.shape[1], dtype=np.float32)[[class_index]]
    gradient = tape.gradient(scores, x, output_gradients=tf.constant(only))[0].numpy()
    return np.maximum(gradient.max(axis=2), -gradient.min(axis=2))


def grad_cam__two_halves(model, image, class_index, layer):
    maps_of = keras.Model(model.inputs[0], model.get_layer(layer).output)
    scores_of = keras.Model(model.get_layer(layer).output, model.outputs[0])
    maps = maps_of(image[None])
    with tf.GradientTape() as tape:
        tape.watch(maps)
        score = scores_of(maps)[:, class_index]
    alpha = keras.layers.GlobalAveragePooling2D()(tape.gradient(score, maps))
    return ops.relu(ops.matmul(maps[0], alpha[0][:, None]))[..., 0]


def grad_cam__one_hot_and_einsum(model, image, class_index, layer):
    both = keras.Model(model.inputs[0], {"a": model.get_layer(layer).output, "s": model.outputs[0]})
    x = tf.Variable(image[None])
    with tf.GradientTape() as tape:
        out = both(x, training=False)
        score = tf.reduce_sum(out["s"] * tf.one_hot([class_index], out["s"].shape[1]))
    gradient = tape.gradient(score, out["a"]).numpy()[0]
    maps = out["a"].numpy()[0]
    weights = gradient.sum(axis=(0, 1)) / (gradient.shape[0] * gradient.shape[1])
    cam = np.einsum("ijk,k->ij", maps, weights)
    return np.where(cam > 0, cam, 0.0)


def activation_maximization__variable(model, layer, unit, start, steps, step_size):
    network = keras.Model(model.inputs[0], model.get_layer(layer).output)
    image = tf.Variable(start[np.newaxis])
    for _ in range(steps):
        with tf.GradientTape() as tape:
            answer = tf.reduce_sum(network(image)[0, :, :, unit]) / tf.cast(
                tf.size(network(image)[0, :, :, unit]), tf.float32
            )
        slope = tape.gradient(answer, image)
        image.assign_add(
            step_size * slope / (tf.math.reduce_std(slope) ** 2 + tf.reduce_mean(slope) ** 2) ** 0.5
            if tf.reduce_any(slope != 0)
            else tf.zeros_like(slope)
        )
        image.assign(tf.minimum(tf.maximum(image, 0.0), 1.0))
    return image.numpy()[0]


def activation_maximization__descent_on_the_negative(model, layer, unit, start, steps, step_size):
    network = keras.Model(model.inputs[0], model.get_layer(layer).output)
    image = np.array(start, dtype=np.float32)
    for _ in range(steps):
        x = tf.convert_to_tensor(image[None])
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = -tf.reduce_mean(network(x), axis=(0, 1, 2))[unit]
        gradient = np.asarray(tape.gradient(loss, x))[0]
        image = image - step_size * gradient / (np.linalg.norm(gradient) / gradient.size**0.5 + 1e-8)
        image = np.clip(image, 0, 1).astype(np.float32)
    return image
