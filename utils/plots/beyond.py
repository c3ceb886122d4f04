"""Figures of signals and volumes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np

if TYPE_CHECKING:
    from utils.data.signals import Strip


def show_strips(strips: "Sequence[Strip]", speaks: Sequence[np.ndarray] = ()) -> None:
    """Draw heartbeat strips below each other, with a triangle under each premature beat.

    Parameters
    ----------
    strips : sequence of Strip
        From `utils.data.signals`.
    speaks : sequence of ndarray
        For each strip, numbers at even places in time: the larger, the darker the background. None by default.
    """
    from utils.data.signals import SECONDS

    _, axes = plt.subplots(len(strips), 1, figsize=(8, 1.35 * len(strips) + 0.3), sharex=True, squeeze=False)
    for number, (ax, strip) in enumerate(zip(axes[:, 0], strips, strict=True)):
        clock = np.linspace(0, SECONDS, len(strip.signal), endpoint=False)
        low, high = -1.1, 1.9
        if len(speaks):
            shades = np.maximum(speaks[number], 0)[None]
            ax.imshow(shades, cmap="Oranges", aspect="auto", extent=(0, SECONDS, low, high))
        ax.plot(clock, strip.signal, linewidth=1, color="C0")
        early = strip.beats[strip.premature]
        ax.plot(early, np.full(len(early), low + 0.25), "^", color="C1", markersize=8)
        ax.set(xlim=(0, SECONDS), ylim=(low, high), ylabel="mV")
    axes[-1, 0].set_xlabel("seconds")
    plt.show()


def show_slices(volumes: Mapping[str, np.ndarray], numbers: Sequence[int]) -> None:
    """Draw some slices of several volumes, one volume a row.

    Parameters
    ----------
    volumes : mapping of str to ndarray
        Name → (depth, height, width).
    numbers : sequence of int
        Which slices.
    """
    _, axes = plt.subplots(
        len(volumes), len(numbers), figsize=(1.5 * len(numbers), 1.5 * len(volumes) + 0.2), squeeze=False
    )
    for (name, volume), line in zip(volumes.items(), axes, strict=True):
        for ax, number in zip(line, numbers, strict=True):
            ax.imshow(volume[number], cmap="gray", vmin=-0.7, vmax=1.5)
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(name.strip())
    for ax, number in zip(axes[0], numbers, strict=True):
        ax.set_title(f"slice {number}", fontsize=10)
    plt.show()
