"""Boxes on pictures: into a file's pixels, or into a figure."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from utils.data.images import to_uint8
from utils.plots.style import PALETTE


def paint_boxes(
    image: np.ndarray, boxes: np.ndarray, labels: Sequence[str], kinds: Sequence[int] | None = None
) -> np.ndarray:
    """Return a copy of a picture with boxes and labels painted into its pixels.

    Parameters
    ----------
    image : ndarray, (height, width, 3)
        uint8 in [0, 255] or floating in [0, 1].
    boxes : ndarray, (n, 4)
        Corners in pixels.
    labels : sequence of str
        One a box.
    kinds : sequence of int, optional
        Boxes of one kind have one colour.

    Returns
    -------
    ndarray, (height, width, 3)
        uint8.
    """
    from PIL import Image, ImageDraw, ImageFont

    canvas = Image.fromarray(np.array(to_uint8(image)))
    draw = ImageDraw.Draw(canvas)
    scale = max(canvas.size)
    line, font = max(2, scale // 300), ImageFont.load_default(size=max(12, scale // 45))
    for i, (box, label) in enumerate(zip(np.asarray(boxes).tolist(), labels, strict=True)):
        colour = PALETTE[(kinds[i] if kinds is not None else 0) % len(PALETTE)]
        draw.rectangle(box, outline=colour, width=line)
        left, top, right, bottom = draw.textbbox((0, 0), label, font=font)
        width, height = right - left + 2 * line, bottom - top + 2 * line
        # Above the box where there is room, else inside; never beyond the picture's right edge.
        x = max(0, min(box[0], canvas.width - 1 - width))
        y = box[1] - height if box[1] > height else box[1]
        draw.rectangle((x, y, x + width, y + height), fill=colour)
        draw.text((x - left + line, y - top + line), label, font=font, fill=_readable_on(colour))
    return np.asarray(canvas)


def draw_boxes(
    ax: Axes,
    image: np.ndarray,
    boxes: np.ndarray,
    labels: Sequence[str] | None = None,
    kinds: Sequence[int] | None = None,
) -> None:
    """Show a picture with boxes in a figure's axes; parameters as in :func:`paint_boxes`, labels may be left out.

    A label that would lie on another stands at its box's lower right corner instead.
    """
    ax.imshow(image)
    ax.axis("off")
    placed: list[tuple[float, float]] = []
    for i, (x1, y1, x2, y2) in enumerate(np.asarray(boxes).tolist()):
        colour = PALETTE[(kinds[i] if kinds is not None else 0) % len(PALETTE)]
        ax.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=colour, linewidth=2))
        if labels is not None:
            hidden = any(np.hypot(x1 - x, y1 - y) < 0.04 * image.shape[1] for x, y in placed)
            placed.append((x1, y1))
            # At the right edge a label grows to the left, at the upper edge it stands inside the box: else it is cut.
            right, inside = x1 > 0.7 * image.shape[1], y1 < 0.08 * image.shape[0]
            ax.text(
                *((x2, y2) if hidden else (x2, y1) if right else (x1, y1)),
                labels[i],
                fontsize=8,
                color=_readable_on(colour),
                ha="right" if hidden or right else "left",
                va="top" if hidden or inside else "bottom",
                clip_on=True,
                bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.5},
            )


def show_boxes(
    image: np.ndarray,
    boxes: np.ndarray,
    labels: Sequence[str] | None = None,
    kinds: Sequence[int] | None = None,
    width: float = 6,
) -> None:
    """Show one picture with boxes; parameters as in :func:`draw_boxes`, `width` of the figure in inches."""
    _, ax = plt.subplots(figsize=(width, width * image.shape[0] / image.shape[1]))
    draw_boxes(ax, image, boxes, labels, kinds)
    plt.show()


def _readable_on(colour: str) -> str:
    """Return black on light colours and white on dark ones."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#FFFFFF"
