"""Figures about a classifier: its pictures, how its training went, what it confuses."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from utils.plots.style import PALETTE


def show_pictures(pictures: np.ndarray, captions: Sequence[str] | None = None, columns: int = 10) -> None:
    """Show small pictures side by side, row after row.

    Parameters
    ----------
    pictures
        ``(m, height, width)`` or ``(m, height, width, channels)`` with one or three channels; floats in [0, 1] or
        uint8. A picture without colour is drawn from black (lowest possible value) to white (highest).
    captions
        One text a picture, written above it; none by default.
    columns
        Pictures in a row.

    Raises
    ------
    ValueError
        If there are no pictures, or not as many captions as pictures.
    """
    pictures = np.asarray(pictures)
    if pictures.ndim not in (3, 4) or len(pictures) == 0:
        raise ValueError(f"pictures must be (m, height, width[, channels]) with m ≥ 1, got {pictures.shape}")
    if captions is not None and len(captions) != len(pictures):
        raise ValueError(f"captions must be as many as pictures, {len(pictures)}; got {len(captions)}")
    if pictures.ndim == 4 and pictures.shape[3] == 1:
        pictures = pictures[..., 0]
    rows = -(-len(pictures) // columns)
    cell = 9 / columns
    height = cell * pictures.shape[1] / pictures.shape[2] + (0.3 if captions else 0.05)
    _, axes = plt.subplots(rows, columns, figsize=(9, rows * height), squeeze=False)
    top = 255 if pictures.dtype == np.uint8 else 1
    for i, ax in enumerate(axes.flat):
        ax.axis("off")
        if i < len(pictures):
            ax.imshow(pictures[i], vmin=0, vmax=top)
            ax.set_title(captions[i] if captions else "", fontsize=10, pad=3)
    plt.show()


def show_probabilities(probabilities: Mapping[str, np.ndarray], names: Sequence[str]) -> None:
    """Draw what a network says about one picture as bars, once for each of several networks or inputs.

    Parameters
    ----------
    probabilities
        Title → ``(classes,)``, each in [0, 1].
    names
        Names of the classes.
    """
    _, axes = plt.subplots(1, len(probabilities), figsize=(9, 2.6), sharey=True, squeeze=False)
    for ax, (title, values) in zip(axes.flat, probabilities.items(), strict=True):
        ax.bar(range(len(names)), values, tick_label=list(names))
        ax.axhline(1 / len(names), color=PALETTE[1], linestyle="--", label=f"1/{len(names)}")
        ax.set(title=title, ylim=(0, 1.05), xlabel="class")
    axes[0, 0].set_ylabel("probability")
    axes[0, 0].legend()
    plt.show()


def show_losses(losses: Mapping[str, Sequence[float]], marks: Mapping[str, float] | None = None) -> None:
    """Draw losses over the steps of training.

    Parameters
    ----------
    losses
        Name of the curve → loss after each epoch.
    marks
        Name → height of a dashed line, such as the loss of a guess.
    """
    _, ax = plt.subplots()
    for colour, (name, values) in zip(PALETTE, losses.items(), strict=False):
        ax.plot(range(1, len(values) + 1), values, color=colour, label=name)
    for name, height in (marks or {}).items():
        ax.axhline(height, color="0.5", linestyle="--")
        ax.annotate(
            name, (1, height), (-2, 3), ("axes fraction", "data"), "offset points", ha="right", color="0.35"
        )
    ax.set(xlabel="epoch", ylabel="loss", ylim=(0, 1.1 * max(ax.get_ylim()[1], *(marks or {}).values(), 0)))
    ax.legend(loc="center right", bbox_to_anchor=(1, 0.35))
    plt.show()


def show_learning_curves(history: Mapping[str, Sequence[float]]) -> None:
    """Draw loss and accuracy of the training and the validation pictures after each epoch.

    Parameters
    ----------
    history
        ``history.history`` of Keras' ``fit``: ``loss``, ``val_loss``, ``accuracy``, ``val_accuracy``.

    Raises
    ------
    ValueError
        If one of the four is missing.
    """
    missing = {"loss", "val_loss", "accuracy", "val_accuracy"} - set(history)
    if missing:
        raise ValueError(
            f"history lacks {', '.join(sorted(missing))}; it has {', '.join(history) or 'nothing'}"
        )
    _, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))
    epochs = range(1, len(history["loss"]) + 1)
    for ax, name in ((left, "loss"), (right, "accuracy")):
        ax.plot(epochs, history[name], marker=".", label="training (distorted pictures)")
        ax.plot(epochs, history[f"val_{name}"], marker=".", label="validation")
        ax.set(xlabel="epoch", title=name)
    left.set_ylim(bottom=0)
    right.set_ylim(top=1)
    right.legend(loc="lower right")
    plt.show()


def show_confusion(counts: np.ndarray, names: Sequence[str]) -> None:
    """Draw a confusion matrix: rows are the true classes, columns what the classifier said.

    The diagonal is left pale and only the errors are coloured, so that they are seen although they are few.

    Parameters
    ----------
    counts
        ``(classes, classes)``, whole numbers; row: true class, column: predicted class.
    names
        Names of the classes, in order.

    Raises
    ------
    ValueError
        If ``counts`` is not square or does not fit the names.
    """
    counts = np.asarray(counts)
    if counts.shape != (len(names), len(names)):
        raise ValueError(f"counts must be {len(names)}×{len(names)}, one row a name; got {counts.shape}")
    errors = np.where(np.eye(len(names), dtype=bool), 0, counts)
    _, ax = plt.subplots(figsize=(5.2, 5))
    ax.imshow(errors, cmap="Oranges", vmin=0, vmax=max(errors.max(), 1) * 1.3)
    for (i, j), count in np.ndenumerate(counts):
        if count:
            ax.text(
                j, i, str(count), ha="center", va="center", fontsize=9, color="0.45" if i == j else "black"
            )
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="predicted class", ylabel="true class")
    ax.spines[:].set_visible(False)
    plt.show()
