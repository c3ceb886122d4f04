"""Figures of latent spaces: where codes lie, and what a decoder makes of a whole plane."""

from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist

import matplotlib.pyplot as plt
import numpy as np

DIGIT_COLOURS = plt.get_cmap("tab10")


def show_codes(planes: Mapping[str, tuple[np.ndarray, np.ndarray]], limit: float | None = None) -> None:
    """Draw codes in the plane, one field a network, each point in the colour of its digit.

    Parameters
    ----------
    planes : mapping of str to (ndarray, ndarray)
        Title → codes (n, 2) and labels (n,), integers from 0 to 9.
    limit : float, optional
        Half the side of every field; each field's own by default.
    """
    _, axes = plt.subplots(1, len(planes), figsize=(4.3 * len(planes), 4), squeeze=False)
    for ax, (title, (codes, labels)) in zip(axes[0], planes.items(), strict=True):
        ax.scatter(*codes.T, c=labels, s=4, cmap=DIGIT_COLOURS, vmin=-0.5, vmax=9.5)
        for digit in np.unique(labels):
            middle = np.median(codes[labels == digit], axis=0)
            box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": DIGIT_COLOURS(int(digit))}
            ax.text(*middle, str(digit), ha="center", va="center", bbox=box)
        ax.set(title=title, xlabel="first number", ylabel="second number", aspect="equal")
        if limit is not None:
            ax.set(xlim=(-limit, limit), ylim=(-limit, limit))
    plt.show()


def show_pictures_in_rows(rows: Mapping[str, Sequence[np.ndarray]], titles: Sequence[str] = ()) -> None:
    """Draw rows of grey pictures in [0, 1] with a name each.

    Parameters
    ----------
    rows : mapping of str to sequence of ndarray
        Name → pictures (height, width), as many in every row.
    titles : sequence of str
        Above the columns; none by default.
    """
    columns = len(next(iter(rows.values())))
    _, axes = plt.subplots(
        len(rows), columns, figsize=(0.75 * columns, 0.85 * len(rows) + 0.2), squeeze=False
    )
    for (name, pictures), line in zip(rows.items(), axes, strict=True):
        for ax, picture in zip(line, pictures, strict=True):
            ax.imshow(picture, cmap="gray", vmin=0, vmax=1)
            ax.axis("off")
        line[0].text(-0.15, 0.5, name, ha="right", va="center", transform=line[0].transAxes)
    for ax, title in zip(axes[0], titles, strict=False):
        ax.set_title(title, fontsize=9)
    plt.show()


def plane_of_pictures(decode: Callable[[np.ndarray], np.ndarray], side: int = 15) -> np.ndarray:
    """Decode a square of codes that hold equal shares of the standard normal distribution.

    Parameters
    ----------
    decode : callable
        Codes (n, 2) → pictures (n, height, width).
    side : int
        Pictures along each side.

    Returns
    -------
    ndarray, (side · height, side · width)
        The second number grows upwards, the first to the right. Steps are wider outside, where the distribution is thin
        (Kingma and Welling 2014, figure 4).
    """
    places = [NormalDist().inv_cdf((i + 0.5) / side) for i in range(side)]
    codes = np.array([(across, up) for up in reversed(places) for across in places], np.float32)
    pictures = np.asarray(decode(codes))
    _, height, width = pictures.shape
    grid = pictures.reshape(side, side, height, width)
    return grid.transpose(0, 2, 1, 3).reshape(side * height, side * width)
