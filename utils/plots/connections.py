"""Which input reaches which output: a layer as a matrix, and the cone of pixels behind one value."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

from utils.plots.style import PALETTE


def show_weight_matrices(n: int, f: int) -> None:
    """Draw a dense layer and a convolution between the same pixels as matrices, equal weights in equal colours.

    Parameters
    ----------
    n
        Side of the grey input picture, at most about 8.
    f
        Side of the filter.
    """
    windows = np.lib.stride_tricks.sliding_window_view(np.arange(n * n).reshape(n, n), (f, f)).reshape(
        -1, f * f
    )
    conv = np.zeros((len(windows), n * n), int)
    np.put_along_axis(conv, windows, np.arange(1, f * f + 1), axis=1)
    own_colours = np.random.default_rng(0).random((*conv.shape, 3)) * 0.75 + 0.2
    _, axes = plt.subplots(1, 2, figsize=(9, 2.7))
    axes[0].imshow(own_colours)
    axes[0].set_title(f"dense: {conv.size} connections, {conv.size} weights")
    axes[1].imshow(conv, cmap=ListedColormap(["white", *_colours(f * f)]))
    axes[1].set_title(f"convolution: {np.count_nonzero(conv)} connections, {f * f} weights")
    for ax in axes:
        ax.set(xlabel=f"{n * n} input pixels", ylabel=f"{len(conv)} outputs", xticks=[], yticks=[])
        ax.spines[["top", "right"]].set_visible(True)
    plt.show()


def _colours(count: int) -> list:
    """Return Okabe and Ito's colours, then shades of a map that is ordered by lightness."""
    more = plt.get_cmap("viridis")(np.linspace(0.1, 0.9, max(count - len(PALETTE), 0)))
    return [*PALETTE, *more][:count]


def show_cone(layers: Sequence[dict], names: Sequence[str], width: int = 20) -> None:
    """Draw a line of values a layer, and in colour everything that reaches the middle value of the last.

    Parameters
    ----------
    layers
        In order, each with ``"size"`` and ``"stride"``; no padding.
    names
        One for each layer.
    width
        Number of input pixels.

    Raises
    ------
    ValueError
        If the windows do not fit into `width` pixels.
    """
    centres, edges = _line_network(layers, width)
    reached = [set() for _ in centres]
    reached[-1] = {len(centres[-1]) // 2}
    for level in range(len(layers), 0, -1):
        reached[level - 1] = {i for i, j in edges[level - 1] if j in reached[level]}
    _, ax = plt.subplots(figsize=(8, 0.75 * len(layers) + 0.9))
    for level, pairs in enumerate(edges):
        for i, j in pairs:
            lit = j in reached[level + 1]
            ax.plot(
                [centres[level][i], centres[level + 1][j]],
                [level, level + 1],
                color=PALETTE[1] if lit else "0.85",
                linewidth=1.6 if lit else 0.7,
                zorder=2 if lit else 1,
            )
    for level, x in enumerate(centres):
        colours = [PALETTE[1] if i in reached[level] else "0.75" for i in range(len(x))]
        ax.scatter(x, np.full(len(x), level), c=colours, s=60, marker="s", zorder=3)
        name = "input" if level == 0 else names[level - 1]
        ax.text(-1, level, f"{name}: {len(reached[level])}", ha="right", va="center")
    ax.set(xlim=(-6, width), ylim=(-0.4, len(layers) + 0.4))
    ax.axis("off")
    plt.show()


def _line_network(layers: Sequence[dict], width: int) -> tuple[list[np.ndarray], list[list[tuple[int, int]]]]:
    """Return where each level's values lie above the input, and its connections (from, to)."""
    centres, edges = [np.arange(width, dtype=float)], []
    for layer in layers:
        if layer["size"] > len(centres[-1]):
            raise ValueError(f"width must leave room for all windows, got {width}")
        indices = np.arange(len(centres[-1]))
        windows = np.lib.stride_tricks.sliding_window_view(indices, layer["size"])[:: layer["stride"]]
        edges.append([(int(i), j) for j, window in enumerate(windows) for i in window])
        centres.append(centres[-1][windows].mean(axis=1))
    return centres, edges


def show_fields(image: np.ndarray, fields: Sequence[int], names: Sequence[str]) -> None:
    """Draw the receptive field of a network's layers as nested squares in the middle of a picture.

    Parameters
    ----------
    image
        Grey (height, width) or colour (height, width, 3), in [0, 1].
    fields
        Side of each square in pixels; may be empty.
    names
        One for each square.
    """
    _, ax = plt.subplots(figsize=(5.6, 3.3))
    ax.imshow(image)
    ax.axis("off")
    middle = np.array(image.shape[:2]) / 2
    for number, (field, name) in enumerate(zip(fields, names, strict=True)):
        top, left = middle - field / 2
        colour = PALETTE[(1, 5, 4, 2, 6, 3)[number % 6]]
        ax.add_patch(plt.Rectangle((left, top), field, field, fill=False, edgecolor=colour, linewidth=2))
        ax.plot([], [], color=colour, linewidth=2, label=f"{name}: {field} × {field}")
    if len(fields):
        ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    plt.show()
