"""Other right answers to the exercises of week 1, lesson 4: every one must earn full points."""

import math

import numpy as np


def receptive_field__backwards(layers):
    field = 1
    for layer in reversed(layers):
        field = (field - 1) * layer["stride"] + layer["size"]
    return field


def receptive_field__sum_of_products(layers):
    strides = [layer["stride"] for layer in layers]
    reach = [(layer["size"] - 1) * math.prod(strides[:i]) for i, layer in enumerate(layers)]
    return np.int64(1 + sum(reach))


def receptive_field__smallest_picture(layers):
    side = 0
    while True:
        side += 1
        n = side
        for layer in layers:
            n = (n - layer["size"]) // layer["stride"] + 1 if n >= layer["size"] else 0
        if n >= 1:
            return side


def multiply_adds__output_times_weights(layer, input_shape):
    if layer["type"] == "dense":
        (inputs,) = input_shape
        return np.int64(inputs * layer["units"])
    if layer["type"] != "conv":
        return 0
    pad = layer["size"] - 1 if layer["padding"] == "same" else 0
    sides = [len(range(0, n + pad - layer["size"] + 1, layer["stride"])) for n in input_shape[:2]]
    return math.prod(sides) * layer["size"] * layer["size"] * input_shape[-1] * layer["filters"]


def multiply_adds__loops(layer, input_shape):
    work = 0
    match layer["type"]:
        case "conv":
            f, stride = layer["size"], layer["stride"]
            last = [n - 1 if layer["padding"] == "same" else n - f for n in input_shape[:2]]
            for _ in range(0, last[0] + 1, stride):
                for _ in range(0, last[1] + 1, stride):
                    work += f * f * input_shape[2] * layer["filters"]
        case "dense":
            for _ in range(layer["units"]):
                work += input_shape[0]
    return work


def parameter_savings__arrays(input_shape, f, filters):
    height, width, channels = input_shape
    dense = np.zeros((height * width * channels + 1, (height - f + 1) * (width - f + 1) * filters))
    conv = np.zeros((f, f, channels, filters))
    return np.array(dense.size / (conv.size + filters))


def parameter_savings__positions(input_shape, f, filters):
    positions = (input_shape[0] - f + 1) * (input_shape[1] - f + 1)
    return positions * (math.prod(input_shape) + 1) / (f**2 * input_shape[-1] + 1)
