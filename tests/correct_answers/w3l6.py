"""Right answers to lesson 6 of week 3, written as other people would; the checks must accept each of them."""

import keras
from keras import layers, ops


def conv_block__with_relu_layers(inputs, n_filters=32, dropout_prob=0, max_pooling=True):
    x = layers.ReLU()(layers.Conv2D(filters=n_filters, kernel_size=(3, 3), padding="same")(inputs))
    x = layers.ReLU()(layers.Conv2D(filters=n_filters, kernel_size=(3, 3), padding="same")(x))
    x = layers.Dropout(dropout_prob)(x)
    if max_pooling:
        return layers.MaxPooling2D(pool_size=(2, 2), strides=2)(x), x
    return x, x


def conv_block__zeros_around_the_map(inputs, n_filters=32, dropout_prob=0, max_pooling=True):
    skip = inputs
    for _ in range(2):
        skip = layers.Conv2D(n_filters, 3, kernel_initializer="he_normal")(layers.ZeroPadding2D(1)(skip))
        skip = ops.relu(skip)
    if dropout_prob > 0:
        skip = layers.Dropout(dropout_prob)(skip)
    below = layers.MaxPool2D()(skip) if max_pooling else layers.Activation("linear")(skip)
    return [below, skip]


def upsampling_block__map_from_across_first(expansive_input, contractive_input, n_filters=32):
    up = layers.Conv2DTranspose(filters=n_filters, kernel_size=(3, 3), strides=(2, 2), padding="same")
    x = layers.concatenate([contractive_input, up(expansive_input)], axis=3)
    x = layers.Conv2D(n_filters, 3, activation="relu", padding="same", kernel_initializer="he_normal")(x)
    return layers.Conv2D(n_filters, 3, activation="relu", padding="same", kernel_initializer="he_normal")(x)


def upsampling_block__cropped(expansive_input, contractive_input, n_filters=32):
    up = layers.Conv2DTranspose(n_filters, 3, 2)(expansive_input)
    up = layers.Cropping2D(((0, 1), (0, 1)))(up)
    x = ops.concatenate([up, contractive_input], axis=-1)
    return conv_block__with_relu_layers(x, n_filters, max_pooling=False)[0]


def unet_model__level_by_level(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    inputs = keras.Input(input_size)
    x1, c1 = conv_block__with_relu_layers(inputs, n_filters)
    x2, c2 = conv_block__with_relu_layers(x1, n_filters * 2)
    x3, c3 = conv_block__with_relu_layers(x2, n_filters * 4)
    x4, c4 = conv_block__with_relu_layers(x3, n_filters * 8, dropout_prob=0.3)
    x5, _ = conv_block__with_relu_layers(x4, n_filters * 16, dropout_prob=0.3, max_pooling=False)
    x6 = upsampling_block__map_from_across_first(x5, c4, n_filters * 8)
    x7 = upsampling_block__map_from_across_first(x6, c3, n_filters * 4)
    x8 = upsampling_block__map_from_across_first(x7, c2, n_filters * 2)
    x9 = upsampling_block__map_from_across_first(x8, c1, n_filters)
    return keras.Model(inputs=inputs, outputs=layers.Conv2D(n_classes, (1, 1), padding="same")(x9))


def unet_model__recursive(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    def level(x, number):
        rate = 0.3 if number >= 3 else 0
        below, across = conv_block__zeros_around_the_map(x, n_filters << number, rate, number < 4)
        if number == 4:
            return below
        return upsampling_block__cropped(level(below, number + 1), across, n_filters << number)

    inputs = keras.Input(input_size)
    return keras.Model(inputs, layers.Convolution2D(n_classes, 1, activation="linear")(level(inputs, 0)))
