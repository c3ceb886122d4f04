"""Right answers of week 4's lesson 6, written in other ways than the notebook's: all must be accepted."""

import numpy as np
import tensorflow as tf


def dream_loss__tensorflow(activations, weights):
    return tf.add_n([w * tf.reduce_mean(a * a) for a, w in zip(activations, weights, strict=True)])


def dream_loss__loop(activations, weights):
    total = 0.0
    for i in range(len(weights)):
        total += weights[i] * float(np.mean(np.asarray(activations[i]) ** 2))
    return total


def gradient_ascent_step__variable(image, loss_of, step=0.01):
    pixels = tf.Variable(image)
    with tf.GradientTape() as tape:
        loss = loss_of(pixels)
    gradient = tape.gradient(loss, pixels)
    gradient /= tf.reduce_mean(tf.abs(gradient)) + 1e-8
    return tf.clip_by_value(pixels + step * gradient, 0.0, 1.0), loss


def gradient_ascent_step__numpy(image, loss_of, step=0.01):
    x = tf.constant(image)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = loss_of(x)
    slope = tape.gradient(loss, x).numpy()
    change = step * slope / max(np.abs(slope).mean(), 1e-8)
    return np.minimum(np.maximum(image + change, 0), 1), float(loss)


def deep_dream__difference(image, shapes, ascend, resize):
    changed = 0
    for number, shape in enumerate(shapes):
        original = resize(image, shape)
        before = original if number == 0 else original + resize(changed, shape)
        changed = ascend(before) - original
    return changed + original


def deep_dream__recursion(image, shapes, ascend, resize):
    *smaller, shape = shapes
    here = resize(image, shape)
    if not smaller:
        return ascend(here)
    below = deep_dream__recursion(image, smaller, ascend, resize)
    lost = here - resize(resize(image, smaller[-1]), shape)
    return ascend(resize(below, shape) + lost)
