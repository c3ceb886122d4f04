"""Other right answers to the exercises of lesson 6 of week 2."""

import keras
import numpy as np
import tensorflow as tf


def ensemble_predict__sum_in_a_loop(models, x):
    total = 0
    for model in models:
        total = total + model.predict(x, verbose=0)
    return total / len(models)


def ensemble_predict__calls_and_tensors(models, x):
    return tf.reduce_mean([model(x, training=False) for model in models], axis=0)


def ensemble_predict__one_keras_model(models, x):
    inputs = keras.Input(x.shape[1:])
    outputs = [model(inputs) for model in models]
    mean = keras.layers.Average()(outputs) if len(outputs) > 1 else outputs[0]
    return keras.Model(inputs, mean)(x)


def ensemble_predict__running_mean(models, x):
    mean = np.zeros((len(x), models[0].output_shape[-1]))
    for count, model in enumerate(models, 1):
        mean += (model.predict_on_batch(x) - mean) / count
    return mean.tolist()


def ten_crop__filled_in(images, size):
    m, height, width, channels = images.shape
    crops = np.zeros((m, 10, size, size, channels))
    middle, centre = (height - size) // 2, (width - size) // 2
    crops[:, 0] = images[:, :size, :size]
    crops[:, 1] = images[:, :size, -size:]
    crops[:, 2] = images[:, -size:, :size]
    crops[:, 3] = images[:, -size:, -size:]
    crops[:, 4] = images[:, middle : middle + size, centre : centre + size]
    for i in range(5):
        crops[:, 5 + i] = crops[:, i, :, ::-1]
    return crops


def ten_crop__picture_by_picture(images, size):
    result = []
    for image in images:
        bottom, right = image.shape[0] - size, image.shape[1] - size
        crops = []
        for top, left in ((0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2, right // 2)):
            crops.append(image[top : top + size, left : left + size])
        result.append(crops + [np.fliplr(crop) for crop in crops])
    return np.array(result)


def ten_crop__tensorflow(images, size):
    height, width = images.shape[1:3]
    low, right = height - size, width - size
    corners = [(0, 0), (0, right), (low, 0), (low, right), (low // 2, right // 2)]
    crops = [tf.image.crop_to_bounding_box(images, top, left, size, size) for top, left in corners]
    return tf.stack(crops + [tf.image.flip_left_right(crop) for crop in crops], axis=1)


def ten_crop__corners_of_the_mirrored_picture(images, size):
    """The mirror image of the top right crop is the top left crop of the mirrored picture."""
    rows, columns = images.shape[1] - size, images.shape[2] - size

    def cut(pictures, top, left):
        return pictures[:, top : top + size, left : left + size]

    mirrored = images[:, :, ::-1]
    crops = [cut(images, top, left) for top in (0, rows) for left in (0, columns)]
    crops.append(cut(images, rows // 2, columns // 2))
    crops += [cut(mirrored, top, left) for top in (0, rows) for left in (columns, 0)]
    crops.append(cut(mirrored, rows // 2, columns - columns // 2))
    return np.stack(crops).transpose(1, 0, 2, 3, 4)


def multi_crop_predict__crop_by_crop(model, images, size):
    crops = ten_crop__filled_in(images, size)
    return sum(model.predict(crops[:, i], verbose=0) for i in range(10)) / 10


def multi_crop_predict__picture_by_picture(model, images, size):
    return [
        model.predict(crops, verbose=0).mean(axis=0) for crops in ten_crop__picture_by_picture(images, size)
    ]


def multi_crop_predict__crops_first(model, images, size):
    crops = np.moveaxis(ten_crop__filled_in(images, size), 1, 0)
    opinions = model(crops.reshape(-1, size, size, images.shape[3]), training=False)
    return tf.reduce_mean(tf.reshape(opinions, (10, len(images), -1)), axis=0)
