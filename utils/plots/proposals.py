"""Figures of lesson 5 of week 3: regions and their boxes, recall of proposals, and what detectors compute."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle
from scipy.ndimage import find_objects

from utils.plots.style import PALETTE


def show_proposal_film(
    image: np.ndarray, segmentations: Mapping[str, np.ndarray], smallest: float = 0.05
) -> None:
    """Show a film strip: above, a picture in ever larger regions; below, the boxes around them.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        uint8 RGB.
    segmentations : mapping of str to ndarray of int, (height, width)
        By title: a region number for each pixel, from 0.
    smallest : float
        A box is drawn when its longer side has at least this share of the picture's longer side.
    """
    columns = 1 + len(segmentations)
    size = (6.8, 2 * 6.8 / columns * image.shape[0] / image.shape[1] + 0.6)
    _, axes = plt.subplots(2, columns, figsize=size, squeeze=False)
    axes[0, 0].imshow(image)
    axes[0, 0].set_title("photograph", fontsize=9)
    for (above, below), (title, regions) in zip(axes.T[1:], segmentations.items(), strict=True):
        above.imshow(paint_regions(image, regions))
        above.set_title(title, fontsize=9)
        below.imshow(image)
        for rows, columns_of in filter(None, find_objects(regions + 1)):
            height, width = rows.stop - rows.start, columns_of.stop - columns_of.start
            if max(height, width) >= smallest * max(image.shape[:2]):
                corner = (columns_of.start - 0.5, rows.start - 0.5)
                below.add_patch(
                    Rectangle(corner, width, height, fill=False, edgecolor=PALETTE[6], linewidth=0.8)
                )
        below.set_title(f"{len(below.patches)} boxes", fontsize=9)
    for ax in axes.flat:
        ax.axis("off")
    plt.show()


def paint_regions(image: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Return a picture whose every region has its mean colour.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        uint8 RGB.
    regions : ndarray of int, (height, width)
        A region number for each pixel, from 0; some numbers may be missing.

    Returns
    -------
    ndarray, (height, width, 3)
        uint8.
    """
    if regions.shape != image.shape[:2]:
        raise ValueError(f"regions must have the picture's size {image.shape[:2]}, got {regions.shape}")
    counts = np.maximum(np.bincount(regions.ravel()), 1)
    sums = [np.bincount(regions.ravel(), weights=image[..., channel].ravel()) for channel in range(3)]
    return (np.stack(sums, axis=-1) / counts[:, None]).round().astype(np.uint8)[regions]


def show_proposal_recall(curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> None:
    """Draw recall against the number of proposals a picture, on a logarithmic axis.

    Parameters
    ----------
    curves : mapping of str to (numbers, recalls)
        By name. Curves that begin with the same word share a colour; the second of them is dashed.
    """
    _, ax = plt.subplots(figsize=(6.5, 3.3))
    colours: dict[str, str] = {}
    for name, (numbers, recalls) in curves.items():
        word = name.split()[0]
        style = "--" if word in colours else "-"
        colour = colours.setdefault(word, PALETTE[len(colours)])
        ax.plot(numbers, recalls, color=colour, linestyle=style, marker="o", markersize=4, label=name)
    ax.set(xscale="log", ylim=(0, 1.03), xlabel="proposals a picture", ylabel="recall")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    plt.show()


def show_shared_map(image: np.ndarray, features: np.ndarray, boxes: np.ndarray) -> None:
    """Show the same boxes on a picture and on its feature map.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        The picture.
    features : ndarray, (rows, columns, channels)
        Of the whole picture; the mean over the channels is drawn.
    boxes : ndarray, (n, 4)
        Corners in pixels of the picture.
    """
    _, axes = plt.subplots(1, 2, figsize=(5.2, 2.8))
    axes[0].imshow(image)
    axes[0].set_title(f"picture, {image.shape[1]}×{image.shape[0]} pixels")
    axes[1].imshow(features.mean(axis=-1))
    axes[1].set_title(f"feature map, {features.shape[1]}×{features.shape[0]} places")
    scales = (1.0, features.shape[1] / image.shape[1])
    for ax, scale in zip(axes, scales, strict=True):
        for i, (x1, y1, x2, y2) in enumerate((np.asarray(boxes) * scale).tolist()):
            colour = PALETTE[(1, 4, 5, 3)[i % 4]]
            # Pixel centres are whole numbers in a figure of a picture: its left edge is at -0.5.
            corner = (x1 - 0.5, y1 - 0.5)
            ax.add_patch(Rectangle(corner, x2 - x1, y2 - y1, fill=False, edgecolor=colour, linewidth=2.5))
        ax.axis("off")
    plt.show()


def show_work(work: Mapping[str, float]) -> None:
    """Draw what detectors compute for one picture as points on a logarithmic axis.

    Parameters
    ----------
    work : mapping of str to float
        By detector: billions of multiply-adds.
    """
    _, ax = plt.subplots(figsize=(6.5, 0.4 * len(work) + 0.9))
    for place, amount in enumerate(work.values()):
        ax.plot(amount, place, "o", color=PALETTE[place % len(PALETTE)], markersize=9)
        ax.annotate(f"{amount:,.0f}", (amount, place), xytext=(9, 0), textcoords="offset points", va="center")
    ax.set_yticks(range(len(work)), list(work))
    ax.set(
        xscale="log",
        xlim=(min(work.values()) / 2, max(work.values()) * 5),
        ylim=(len(work) - 0.5, -0.5),
        xlabel="billions of multiply-adds for one picture",
    )
    ax.grid(axis="x", alpha=0.3)
    plt.show()
