"""Figures about transfer learning: which part of a network learns, and what that brings with few pictures."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt

from utils.plots.style import PALETTE

FROZEN, LEARNS = "#B9D6EA", PALETTE[4]


def show_frozen_parts(ways: Mapping[str, Sequence[bool]], blocks: Sequence[str]) -> None:
    """Draw a network once for each way of using it, as a row of boxes: blue ones are frozen, orange ones learn.

    Parameters
    ----------
    ways
        Title of the row → for each block whether it learns.
    blocks
        What is written into the boxes.

    Raises
    ------
    ValueError
        When a row does not have as many entries as there are blocks.
    """
    for title, learns in ways.items():
        if len(learns) != len(blocks):
            raise ValueError(
                f"{title!r} must have an entry for each of {len(blocks)} blocks, got {len(learns)}"
            )
    _, ax = plt.subplots(figsize=(8, 0.55 * len(ways) + 0.5))
    for row, (title, learns) in enumerate(ways.items()):
        ax.text(-0.3, row, title, ha="right", va="center")
        for column, (name, learned) in enumerate(zip(blocks, learns, strict=True)):
            box = plt.Rectangle((column, row - 0.35), 0.9, 0.7, color=LEARNS if learned else FROZEN)
            ax.add_patch(box)
            ax.text(column + 0.45, row, name, ha="center", va="center", fontsize=8)
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour) for colour in (FROZEN, LEARNS)]
    ax.legend(handles, ["frozen", "learns"], ncols=2, loc="lower right", bbox_to_anchor=(1, 1), borderpad=0)
    ax.set(xlim=(-2.6, len(blocks)), ylim=(len(ways) - 0.5, -0.5))
    ax.axis("off")
    plt.show()


def show_accuracy_by_pictures(
    results: Mapping[str, Mapping[int, tuple[float, float, float]]], chance: float, title: str = ""
) -> None:
    """Draw accuracy against the number of training pictures, a line with intervals for each way of training.

    Parameters
    ----------
    results
        Name of the way → training pictures a class → (accuracy, low, high), each in [0, 1].
    chance
        Accuracy of guessing, drawn as a dashed line.
    title
        What stands above.
    """
    _, ax = plt.subplots(figsize=(7, 3.8))
    for place, (name, rows) in enumerate(results.items()):
        counts = sorted(rows)
        shifted = [count * 1.03 ** (place - (len(results) - 1) / 2) for count in counts]
        middle, low, high = ([rows[count][i] for count in counts] for i in range(3))
        errors = [
            [m - lo for m, lo in zip(middle, low, strict=True)],
            [h - m for m, h in zip(middle, high, strict=True)],
        ]
        ax.errorbar(shifted, middle, errors, marker="o", capsize=3, color=PALETTE[place], label=name)
    ax.axhline(chance, color="0.6", linestyle="--", linewidth=1)
    ax.annotate(
        "guessing",
        (1, chance),
        (-2, -12),
        ("axes fraction", "data"),
        "offset points",
        ha="right",
        color="0.4",
    )
    ax.set_xscale("log")
    ax.set_xticks(counts, counts)
    ax.minorticks_off()
    ax.set(xlabel="training pictures a class", ylabel="accuracy on unseen things", ylim=(0, 1), title=title)
    ax.legend(loc="upper left", ncols=2)
    plt.show()
