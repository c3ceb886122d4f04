"""Right answers to assignment 2 of week 1, written as other people would; the checks must accept each of them."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers


def sequential_model__added_one_by_one(input_shape, classes):
    model = keras.Sequential()
    model.add(layers.InputLayer(shape=input_shape))
    model.add(layers.Conv2D(filters=8, kernel_size=(5, 5), padding="same"))
    model.add(layers.ReLU())
    model.add(layers.MaxPool2D(pool_size=2, strides=2))
    model.add(layers.Convolution2D(16, (3, 3)))
    model.add(layers.Activation("relu"))
    model.add(layers.MaxPool2D())
    model.add(layers.Reshape((-1,)))
    model.add(layers.Dense(32, "relu"))
    model.add(layers.Dense(classes))
    model.add(layers.Softmax())
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def sequential_model__explicit_padding(input_shape, classes):
    return keras.Sequential(
        [
            keras.Input(shape=input_shape, name="picture"),
            layers.ZeroPadding2D(2),
            layers.Conv2D(8, 5, activation="relu", name="edges"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 3, padding="VALID", activation=tf.nn.relu),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(32, activation=keras.activations.relu, kernel_initializer="he_normal"),
            layers.Dense(classes, activation=keras.activations.softmax),
        ],
        name="digits",
    )


def sequential_model__functional(input_shape, classes):
    x = inputs = keras.Input(input_shape)
    x = keras.ops.relu(layers.Conv2D(8, 5, padding="same")(x))
    x = layers.MaxPooling2D()(x)
    x = layers.LeakyReLU(negative_slope=0.0)(layers.Conv2D(16, 3)(x))
    x = layers.Flatten()(layers.MaxPooling2D()(x))
    x = layers.Dense(32, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def convolutional_model__wide_path_first(input_shape, classes):
    inputs = keras.Input(shape=input_shape)
    shared = layers.MaxPool2D()(layers.Conv2D(16, 3, padding="same", activation="relu")(inputs))
    wide = layers.Conv2D(16, 5, padding="same", activation="relu")(shared)
    narrow = layers.Conv2D(16, 3, padding="same", activation="relu")(shared)
    joined = layers.concatenate([narrow, wide], axis=3)
    hidden = layers.Dense(64, activation="relu")(layers.Flatten()(layers.MaxPool2D()(joined)))
    return keras.Model(inputs=inputs, outputs=layers.Dense(classes, activation="softmax")(hidden))


def convolutional_model__activations_apart(input_shape, classes):
    picture = keras.Input(shape=input_shape)
    x = layers.Conv2D(16, (3, 3), padding="same")(picture)
    x = layers.Activation("relu")(x)
    x = layers.MaxPooling2D((2, 2))(x)
    paths = [layers.ReLU()(layers.Conv2D(16, (k, k), padding="same")(x)) for k in (3, 5)]
    x = keras.ops.concatenate(paths, axis=-1)
    x = keras.Sequential(
        [layers.MaxPooling2D((2, 2)), layers.Flatten(), layers.Dense(64, activation="relu")]
    )(x)
    x = keras.ops.softmax(layers.Dense(classes)(x))
    model = keras.Model(picture, x)
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def initial_loss__keras_loss(model, X, Y):
    return keras.losses.SparseCategoricalCrossentropy()(Y, model(X))


def initial_loss__evaluate(model, X, Y):
    model.compile(loss="sparse_categorical_crossentropy")
    return model.evaluate(X, Y, verbose=0)


def initial_loss__one_hot(model, X, Y):
    probabilities = model.predict(X, verbose=0)
    targets = keras.utils.to_categorical(Y, probabilities.shape[1])
    return -np.mean(np.sum(targets * np.log(probabilities), axis=1))


def initial_loss__loop(model, X, Y):
    total = 0.0
    for probabilities, label in zip(model.predict_on_batch(X), Y, strict=True):
        total -= np.log(probabilities[label])
    return total / len(Y)
