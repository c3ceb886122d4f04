"""Other right answers to the exercises of week 1, lesson 3: every one must earn full points."""

import math

import numpy as np


def pool_output_size__range(n, f, stride):
    if f > n:
        raise ValueError("the window does not fit")
    return len(range(0, n - f + 1, stride))


def pool_output_size__loop(n, f, stride):
    windows, start = 0, 0
    while start + f <= n:
        windows += 1
        start += stride
    if windows == 0:
        raise ValueError("no window fits")
    return windows


def pool_output_size__floor(n, f, stride):
    if n - f < 0:
        raise ValueError(f"{f} > {n}")
    return np.int64(np.floor((n - f) / stride) + 1)


def layer_table__padding_in_pixels(layers, input_shape):
    def windows(n, f, stride):
        starts = range(0, n - f + 1, stride)
        if not starts:
            raise ValueError("window larger than picture")
        return len(starts)

    table = []
    shape = list(input_shape)
    for layer in layers:
        match layer["type"]:
            case "conv":
                kernel = (layer["size"], layer["size"], shape[-1], layer["filters"])
                grown = layer["size"] - 1 if layer["padding"] == "same" else 0
                shape = [windows(n + grown, layer["size"], layer["stride"]) for n in shape[:2]] + [kernel[-1]]
                count = math.prod(kernel) + kernel[-1]
            case "pool":
                shape = [windows(n, layer["size"], layer["stride"]) for n in shape[:2]] + shape[2:]
                count = 0
            case "flatten":
                shape = [math.prod(shape)]
                count = 0
            case "dense":
                count = shape[0] * layer["units"] + layer["units"]
                shape = [layer["units"]]
        table.append([layer["name"], list(shape), count])
    return table


def layer_table__numpy(layers, input_shape):
    shape, rows = np.array(input_shape), []
    for layer in layers:
        kind, count = layer["type"], np.int64(0)
        if kind == "dense":
            count = np.int64((shape.prod() + 1) * layer["units"])
            shape = np.array([layer["units"]])
        elif kind == "flatten":
            shape = np.array([shape.prod()])
        else:
            sides = shape[:2].copy()
            if kind == "conv" and layer["padding"] == "same":
                sides = np.ceil(sides / layer["stride"]).astype(int)
            else:
                if (sides < layer["size"]).any():
                    raise ValueError("too large a window")
                sides = (sides - layer["size"]) // layer["stride"] + 1
            channels = shape[2]
            if kind == "conv":
                count = np.int64(layer["filters"] * (layer["size"] ** 2 * channels + 1))
                channels = layer["filters"]
            shape = np.array([*sides, channels])
        rows.append((layer["name"], tuple(shape), count))
    return tuple(rows)
