"""Figures about the way of a picture file into a network, and about training that stops in time."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from utils.plots.style import PALETTE


def show_preparations(
    rows: Sequence[tuple[str, np.ndarray | str, np.ndarray | None, str]], columns: int = 3
) -> None:
    """Show files beside what was made of them.

    Parameters
    ----------
    rows
        For each file its kind, the picture itself (as ``imshow`` takes it; grey from 0 to 255) or a text in its place,
        the prepared picture ``(side, side)`` with values from 0 to 255 or None where it was refused, and a verdict.
    columns
        Files side by side.

    Raises
    ------
    ValueError
        When there are no files.
    """
    if not rows:
        raise ValueError("rows must hold at least one file, got none")
    lines = -(-len(rows) // columns)
    _, axes = plt.subplots(lines, 2 * columns, figsize=(9, 2.1 * lines), squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for number, (kind, original, prepared, verdict) in enumerate(rows):
        left, right = axes.flat[2 * number : 2 * number + 2]
        left.set_title(kind, fontsize=10)
        right.set_title(verdict, fontsize=10, color="black" if prepared is not None else PALETTE[1])
        _draw(left, original)
        _draw(right, "refused" if prepared is None else prepared)
    plt.show()


def _draw(ax, picture: np.ndarray | str) -> None:
    """Draw a picture, or a text in the middle of an empty one."""
    if isinstance(picture, str):
        ax.text(0.5, 0.5, picture, ha="center", va="center", fontsize=9, color="0.35", transform=ax.transAxes)
        return
    ax.imshow(picture, vmin=0, vmax=255)
    ax.axis("on")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color="0.7")


def show_best_epoch(history: Mapping[str, Sequence[float]]) -> None:
    """Draw training and validation loss after each epoch with the best one marked, and the learning rate.

    Parameters
    ----------
    history
        ``history.history`` of Keras' ``fit``: ``loss``, ``val_loss`` and, where it was recorded, ``learning_rate``.

    Raises
    ------
    ValueError
        When one of the losses is missing.
    """
    missing = {"loss", "val_loss"} - set(history)
    if missing:
        raise ValueError(
            f"history lacks {', '.join(sorted(missing))}; it has {', '.join(history) or 'nothing'}"
        )
    rates = history.get("learning_rate")
    _, axes = plt.subplots(1, 2 if rates else 1, figsize=(9, 3.2), squeeze=False)
    epochs = np.arange(1, len(history["loss"]) + 1)
    ax, best = axes[0, 0], int(np.argmin(history["val_loss"]))
    ax.plot(epochs, history["loss"], marker=".", label="training")
    ax.plot(epochs, history["val_loss"], marker=".", label="validation")
    ax.plot(
        epochs[best], history["val_loss"][best], "o", ms=11, mfc="none", color="black", label="best, kept"
    )
    ax.set(xlabel="epoch", title="loss", ylim=(0, None))
    ax.legend()
    if rates:
        axes[0, 1].step(epochs, rates, where="mid", color=PALETTE[2])
        axes[0, 1].set(xlabel="epoch", title="learning rate", ylim=(0, None))
    for axis in axes.flat:
        axis.xaxis.get_major_locator().set_params(integer=True)
    plt.show()


def show_opinions(opinions: np.ndarray, names: Sequence[str], picture: np.ndarray) -> None:
    """Draw how a network's opinion of one picture changes over the epochs.

    Parameters
    ----------
    opinions
        ``(epochs, classes)``, probabilities after each epoch.
    names
        Names of the classes.
    picture
        ``(height, width)``, the picture, uint8.

    Raises
    ------
    ValueError
        When there are not as many names as columns.
    """
    opinions = np.asarray(opinions)
    if opinions.ndim != 2 or opinions.shape[1] != len(names):
        raise ValueError(f"opinions must be (epochs, {len(names)}), one column a name; got {opinions.shape}")
    _, (left, ax) = plt.subplots(1, 2, figsize=(9, 3), width_ratios=(1, 3))
    left.imshow(picture, vmin=0, vmax=255)
    left.axis("off")
    shown = np.argsort(opinions.max(axis=0))[::-1][:4]
    for colour, index in zip(PALETTE, shown, strict=False):
        ax.plot(range(1, len(opinions) + 1), opinions[:, index], marker=".", color=colour, label=names[index])
    ax.set(xlabel="epoch", title="probability", ylim=(0, 1))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    plt.show()
