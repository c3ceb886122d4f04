"""Right answers to assignment 1 of week 2, written as other people would; the checks must accept each of them."""

import io
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from PIL import Image, ImageOps, UnidentifiedImageError

from utils.data import read_image, to_grey


def build__functional(input_shape, classes):
    inputs = keras.Input(shape=input_shape, name="picture")
    x = layers.Rescaling(scale=1.0 / 255)(inputs)
    for filters in (16, 32):
        x = layers.Conv2D(filters, (3, 3), padding="same")(x)
        x = layers.ReLU()(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.3)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(classes)(x)
    return keras.Model(inputs, layers.Softmax()(x))


def build__division_and_reshape(input_shape, classes):
    inputs = keras.Input(input_shape)
    x = keras.ops.divide(inputs, 255.0)
    x = keras.ops.relu(layers.Conv2D(16, 3, padding="same")(x))
    x = layers.MaxPool2D(2, strides=2)(x)
    x = keras.ops.relu(layers.Conv2D(32, 3, padding="same")(x))
    x = layers.MaxPool2D(2, strides=2)(x)
    x = layers.Dropout(rate=0.3)(layers.Reshape((-1,))(x))
    outputs = layers.Dense(classes, activation=keras.activations.softmax)(x)
    model = keras.Model(inputs=inputs, outputs=outputs)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def build__added_one_by_one(input_shape, classes):
    model = keras.Sequential(name="clothes")
    model.add(layers.InputLayer(shape=input_shape))
    model.add(layers.Rescaling(1 / 255))
    model.add(layers.Conv2D(16, 3, padding="same", activation="relu", kernel_initializer="he_normal"))
    model.add(layers.MaxPooling2D(pool_size=(2, 2)))
    model.add(layers.Conv2D(32, 3, padding="same", activation=tf.nn.relu))
    model.add(layers.MaxPooling2D(pool_size=(2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(classes, activation="softmax"))
    return model


def train__shuffled_then_validation_split(model, training, test, epochs, patience, rng):
    x, y = training
    order = rng.permutation(len(x))
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.002),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    stop = keras.callbacks.EarlyStopping(
        monitor="val_loss", mode="min", patience=patience, restore_best_weights=True
    )
    slower = keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=1, min_lr=1e-7)
    history = model.fit(
        x[order],
        y[order],
        64,
        epochs,
        verbose=0,
        callbacks=[stop, slower],
        validation_split=0.2,
    )
    return history, model.evaluate(*test, verbose=0, return_dict=True)["accuracy"]


def train__one_hot_and_checkpoint(model, training, test, epochs, patience, rng):
    x, y = training
    classes = model.output_shape[-1]
    chosen = np.zeros(len(x), bool)
    chosen[rng.choice(len(x), len(x) // 5, replace=False)] = True
    targets = keras.utils.to_categorical(y, classes)
    model.compile(keras.optimizers.Adam(2e-3), "categorical_crossentropy", metrics=["accuracy"])
    with tempfile.TemporaryDirectory() as folder:
        best = Path(folder) / "best.weights.h5"
        history = model.fit(
            x[~chosen],
            targets[~chosen],
            batch_size=64,
            epochs=epochs,
            validation_data=(x[chosen], targets[chosen]),
            callbacks=[
                keras.callbacks.ModelCheckpoint(best, save_best_only=True, save_weights_only=True),
                keras.callbacks.EarlyStopping(patience=patience),
                keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=1),
            ],
            verbose=0,
        )
        model.load_weights(best)
    predicted = np.asarray(model(test[0])).argmax(axis=1)
    return history, np.mean(predicted == test[1])


def train__tf_data_and_own_callback(model, training, test, epochs, patience, rng):
    class Halve(keras.callbacks.Callback):
        best = np.inf

        def on_epoch_end(self, epoch, logs=None):
            if logs["val_loss"] < self.best:
                self.best = logs["val_loss"]
            else:
                self.model.optimizer.learning_rate.assign(self.model.optimizer.learning_rate / 2)

    x, y = (array[rng.permutation(len(array))] for array in _paired(training, rng))
    held = len(x) // 5
    batches = tf.data.Dataset.from_tensor_slices((x[held:], y[held:])).shuffle(1000, seed=1).batch(64)
    checks = tf.data.Dataset.from_tensor_slices((x[:held], y[:held])).batch(64)
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)
    history = model.fit(batches, epochs=epochs, validation_data=checks, callbacks=[Halve(), stop], verbose=0)
    return history, model.evaluate(test[0], test[1], verbose=0)[1]


def _paired(training, rng):
    """Return pictures and labels as two arrays that one generator state mixes in the same way."""
    state = rng.bit_generator.state
    for array in training:
        rng.bit_generator.state = state
        yield array


def predict_own_picture__step_by_step(model, path, names):
    side = model.input_shape[1]
    if not Path(path).exists():
        raise FileNotFoundError(path)
    try:
        picture = Image.open(io.BytesIO(Path(path).read_bytes()))
        picture.load()
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError("no picture") from error
    picture = ImageOps.exif_transpose(picture).convert("RGBA")
    white = Image.new("RGB", picture.size, (255, 255, 255))
    white.paste(picture, mask=picture.getchannel("A"))
    width, height = picture.size
    if width < side and height < side:
        raise ValueError("too small")
    scale = side / max(width, height)
    small = white.convert("L").resize(
        (max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BOX
    )
    canvas = np.full((side, side), 255, np.uint8)
    top, left = (side - small.height) // 2, (side - small.width) // 2
    canvas[top : top + small.height, left : left + small.width] = np.asarray(small)
    prepared = 255 - canvas
    probabilities = np.asarray(model(prepared[None, ..., None].astype("float32")))[0]
    index = int(np.argmax(probabilities))
    return names[index], probabilities[index], prepared.astype(float)


def predict_own_picture__librarys_reader(model, path, names):
    side = model.input_shape[1]
    grey = to_grey(read_image(path)).astype(np.float32)
    height, width = grey.shape
    if max(height, width) < side:
        raise ValueError(f"{height}×{width} is too small")
    longest = max(height, width)
    rows, columns = (longest - height) // 2, (longest - width) // 2
    square = np.pad(
        grey,
        ((rows, longest - height - rows), (columns, longest - width - columns)),
        constant_values=255,
    )
    small = tf.image.resize(square[..., None], (side, side), method="area").numpy()
    prepared = 255 - small
    probabilities = model.predict_on_batch(prepared[None])[0]
    return names[probabilities.argmax()], float(probabilities.max()), prepared[..., 0]


def predict_own_picture__padded_first(model, path, names):
    side = model.input_shape[1]
    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file.convert("LA") if file.mode == "L" else file).convert(
                "RGBA"
            )
    except FileNotFoundError:
        raise
    except OSError:
        raise ValueError("This file is no picture.") from None
    if max(picture.size) < side:
        raise ValueError("This picture is too small.")
    longest = max(picture.size)
    square = Image.new("RGBA", (longest, longest), "white")
    square.alpha_composite(picture, ((longest - picture.width) // 2, (longest - picture.height) // 2))
    small = square.convert("L").resize((side, side), Image.Resampling.BICUBIC)
    prepared = ImageOps.invert(small)
    batch = np.expand_dims(np.array(prepared), (0, 3))
    probabilities = model.predict(batch, verbose=0)[0].tolist()
    best = max(range(len(names)), key=probabilities.__getitem__)
    return [names[best], probabilities[best], np.array(prepared)]
