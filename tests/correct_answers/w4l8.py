"""Right answers of week 4's lesson 8, written in other ways than the notebook's: all must be accepted."""

import keras
import tensorflow as tf
from keras import layers, ops

from utils.models.dcgan import label_loss


def generator__sequential(latent=64, side=7, filters=(64, 32), channels=1):
    model = keras.Sequential([keras.Input((latent,)), layers.Dense(side * side * filters[0], use_bias=False)])
    model.add(layers.Reshape((side, side, filters[0])))
    for count in filters[1:]:
        model.add(layers.BatchNormalization())
        model.add(layers.Activation("relu"))
        model.add(layers.Conv2DTranspose(count, 4, 2, padding="same", use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.ReLU())
    model.add(layers.Conv2DTranspose(channels, 4, 2, padding="same", activation="tanh"))
    return model


def generator__nested_stages(latent=64, side=7, filters=(64, 32), channels=1):
    def finish(x):
        return keras.activations.relu(layers.BatchNormalization(momentum=0.8)(x))

    z = keras.Input((latent,), name="noise")
    x = finish(layers.Reshape((side, side, filters[0]))(layers.Dense(side * side * filters[0])(z)))
    for count in filters[1:]:
        x = finish(layers.Conv2DTranspose(count, (4, 4), strides=(2, 2), padding="same")(x))
    x = layers.Conv2DTranspose(channels, 4, strides=2, padding="same")(x)
    return keras.Model(z, ops.tanh(x))


def discriminator__sequential(input_shape=(28, 28, 1), filters=(32, 64)):
    model = keras.Sequential([keras.Input(input_shape)])
    for count in filters:
        model.add(layers.Conv2D(count, 4, 2, "same", activation="leaky_relu"))
        model.add(layers.Dropout(0.3))
    model.add(layers.Flatten())
    model.add(layers.Dense(1))
    return model


def discriminator__maximum(input_shape=(28, 28, 1), filters=(32, 64)):
    pictures = x = keras.Input(input_shape)
    for count in filters:
        x = layers.Conv2D(count, (4, 4), strides=(2, 2), padding="same", use_bias=False)(x)
        x = layers.Dropout(0.3)(layers.Maximum()([x, layers.Rescaling(0.2)(x)]))
    return keras.Model(pictures, layers.Dense(1)(layers.Reshape((-1,))(x)))


def gan_step__one_after_the_other(real, z, G, D, G_optimizer, D_optimizer, real_label=0.9):
    made = G(z, training=True)
    with tf.GradientTape() as tape:
        D_loss = label_loss(D(real, training=True), real_label) + label_loss(D(made, training=True), 0.0)
    D_optimizer.apply(tape.gradient(D_loss, D.trainable_variables), D.trainable_variables)
    with tf.GradientTape() as tape:
        G_loss = label_loss(D(G(z, training=True), training=True), 1.0)
    G_optimizer.apply(tape.gradient(G_loss, G.trainable_variables), G.trainable_variables)
    return D_loss, G_loss


def gan_step__one_tape_and_one_batch(real, z, G, D, G_optimizer, D_optimizer, real_label=0.9):
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    n = ops.shape(real)[0]
    with tf.GradientTape(persistent=True) as tape:
        both = D(ops.concatenate([real, G(z, training=True)]), training=True)
        real_logits, made_logits = both[:n], both[n:]
        D_loss = bce(ops.full_like(real_logits, real_label), real_logits)
        D_loss += bce(ops.zeros_like(made_logits), made_logits)
        G_loss = bce(ops.ones_like(made_logits), made_logits)
    for model, loss, optimizer in ((D, D_loss, D_optimizer), (G, G_loss, G_optimizer)):
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return [float(D_loss), float(G_loss)]
