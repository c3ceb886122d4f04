"""Right answers of lesson 1, written in other ways than the notebook's: all must be accepted."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def edge_kernel__typed_out_as_lists(name):
    kernels = {
        "vertical": [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
        "horizontal": [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],
        "sobel_vertical": [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
        "sobel_horizontal": [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
        "scharr_vertical": [[3, 0, -3], [10, 0, -10], [3, 0, -3]],
        "scharr_horizontal": [[3, 10, 3], [0, 0, 0], [-3, -10, -3]],
    }
    if name not in kernels:
        raise ValueError(f"unknown filter {name}")
    return kernels[name]


def edge_kernel__outer_product(name):
    family, _, direction = name.rpartition("_")
    smooth = {"": [1, 1, 1], "sobel": [1, 2, 1], "scharr": [3, 10, 3]}.get(family)
    if smooth is None or direction not in ("vertical", "horizontal"):
        raise ValueError(name)
    upright = np.outer(np.float32(smooth), np.float32([1, 0, -1]))
    return upright if direction == "vertical" else upright.T


def correlate2d__loops_over_positions(image, kernel):
    kh, kw = kernel.shape
    rows = []
    for i in range(len(image) - kh + 1):
        row = []
        for j in range(len(image[0]) - kw + 1):
            row.append(float((image[i : i + kh, j : j + kw].astype(np.float64) * kernel).sum()))
        rows.append(row)
    return rows


def correlate2d__shifted_copies(image, kernel):
    kh, kw = kernel.shape
    h, w = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    total = np.zeros((h, w), dtype=np.float32)
    for u in range(kh):
        for v in range(kw):
            total = total + kernel[u, v] * image[u : u + h, v : v + w]
    return total


def correlate2d__window_view(image, kernel):
    return np.einsum("ijuv,uv->ij", sliding_window_view(image, kernel.shape), kernel)


def flip_kernel__rot90_twice(kernel):
    return np.rot90(np.rot90(kernel))


def flip_kernel__np_flip(kernel):
    return np.flip(kernel)


def flip_kernel__index_by_index(kernel):
    height, width = kernel.shape
    return [[kernel[height - 1 - i, width - 1 - j] for j in range(width)] for i in range(height)]


def learn_kernel__patch_matrix(image, target, steps, learning_rate):
    patches = sliding_window_view(image, (3, 3)).reshape(-1, 9)
    answers = np.ravel(target)
    weights = np.zeros(9, dtype=patches.dtype)
    for _ in range(steps):
        error = patches @ weights - answers
        weights -= learning_rate * 2 * (patches.T @ error) / len(answers)
    return weights.reshape(3, 3)


def learn_kernel__loops_over_positions(image, target, steps, learning_rate):
    kernel = np.zeros((3, 3))
    height, width = target.shape
    for _ in range(steps):
        gradient = np.zeros((3, 3))
        for i in range(height):
            for j in range(width):
                patch = image[i : i + 3, j : j + 3]
                gradient += 2 * (np.sum(patch * kernel) - target[i, j]) * patch / (height * width)
        kernel -= learning_rate * gradient
    return kernel


def learn_kernel__float32(image, target, steps, learning_rate):
    image, target = np.float32(image), np.float32(target)
    windows = sliding_window_view(image, (3, 3))
    kernel = np.zeros((3, 3), np.float32)
    for _ in range(steps):
        error = np.einsum("ijuv,uv->ij", windows, kernel) - target
        kernel = (
            kernel - np.float32(learning_rate) * 2 * np.einsum("ij,ijuv->uv", error, windows) / error.size
        )
    return kernel
