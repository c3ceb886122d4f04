"""Right answers to the exercises of week 4, assignment 2, each written another way than in the notebook."""

import numpy as np


def compute_content_cost__mean(content_output, generated_output):
    import tensorflow as tf

    return tf.reduce_mean((content_output[-1] - generated_output[-1]) ** 2) / 4


def compute_content_cost__unrolled(content_output, generated_output):
    from keras import ops

    a_C, a_G = content_output[-1], generated_output[-1]
    m, n_H, n_W, n_C = a_G.shape
    a_C = ops.transpose(ops.reshape(a_C, (m, n_H * n_W, n_C)))
    a_G = ops.transpose(ops.reshape(a_G, (m, n_H * n_W, n_C)))
    return 1 / (4 * n_H * n_W * n_C) * ops.sum(ops.square(ops.subtract(a_C, a_G)))


def gram_matrix__einsum(A):
    import tensorflow as tf

    return tf.einsum("ik,jk->ij", A, A)


def gram_matrix__broadcast(A):
    from keras import ops

    return ops.sum(A[:, None] * A[None], axis=-1)


def compute_layer_style_cost__einsum(a_S, a_G):
    import tensorflow as tf

    difference = tf.einsum("bhwi,bhwj->ij", a_S, a_S) - tf.einsum("bhwi,bhwj->ij", a_G, a_G)
    _, n_H, n_W, n_C = a_G.shape
    return tf.reduce_sum(difference**2) / (2 * n_C * n_H * n_W) ** 2


def compute_layer_style_cost__normalised_first(a_S, a_G):
    from keras import ops

    def style(a):
        rows = ops.reshape(ops.transpose(a[0], (2, 0, 1)), (a.shape[3], -1))
        return rows @ ops.transpose(rows) / (a.shape[1] * a.shape[2] * a.shape[3])

    return ops.sum(ops.square(style(a_S) - style(a_G))) / 4


def _layer(a_S, a_G):
    return compute_layer_style_cost__einsum(a_S, a_G)


def compute_style_cost__sum(style_output, generated_output, weights):
    return sum(w * _layer(s, g) for w, s, g in zip(weights, style_output, generated_output, strict=False))


def compute_style_cost__tensor_of_costs(style_output, generated_output, weights):
    import tensorflow as tf

    costs = tf.stack([_layer(style_output[i], generated_output[i]) for i in range(len(weights))])
    return tf.tensordot(costs, tf.constant(weights, costs.dtype), 1)


def total_cost__other_order(J_content, J_style, alpha=10, beta=40):
    J = beta * J_style
    J = J + J_content * alpha
    return J


def total_cost__list(J_content, J_style, alpha=10, beta=40):
    return sum(weight * cost for weight, cost in ((alpha, J_content), (beta, J_style)))


def _costs(a_C, a_S, a_G):
    content = compute_content_cost__mean(a_C, a_G)
    return content, sum(_layer(s, g) for s, g in zip(a_S[:-1], a_G[:-1], strict=True)) / (len(a_S) - 1)


def train_step__watched_tensor(generated_image, network, a_C, a_S, optimizer, alpha=10, beta=40):
    import tensorflow as tf

    picture = tf.convert_to_tensor(generated_image)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(picture)
        content, style = _costs(a_C, a_S, network(picture, training=False))
        J = alpha * content + beta * style
    optimizer.apply([tape.gradient(J, picture)], [generated_image])
    generated_image.assign(tf.minimum(tf.maximum(generated_image, 0), 1))
    return float(J)


def train_step__graph(generated_image, network, a_C, a_S, optimizer, alpha=10, beta=40):
    import tensorflow as tf

    @tf.function
    def slope():
        content, style = _costs(a_C, a_S, network(generated_image))
        J = alpha * content + beta * style
        return J, tf.gradients(J, generated_image)[0]

    J, gradient = slope()
    optimizer.apply_gradients(zip([gradient], [generated_image], strict=True))
    generated_image.assign(np.clip(generated_image.numpy(), 0, 1))
    return J


def total_variation_cost__gathered(image):
    import tensorflow as tf

    _, height, width, _ = image.shape
    below = tf.gather(image, range(1, height), axis=1) - tf.gather(image, range(height - 1), axis=1)
    beside = tf.gather(image, range(1, width), axis=2) - tf.gather(image, range(width - 1), axis=2)
    return tf.reduce_mean(tf.abs(below)) + tf.reduce_mean(tf.abs(beside))


def total_variation_cost__sums(image):
    from keras import ops

    x = image[0]
    height, width, channels = x.shape
    down = ops.sum(ops.abs(x[1:] - x[:-1])) / ((height - 1) * width * channels)
    return down + ops.sum(ops.abs(x[:, :-1] - x[:, 1:])) / (height * (width - 1) * channels)
