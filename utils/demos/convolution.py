"""What the demo of week 1 computes: a kernel's answer to a grey photograph, and one window of it in numbers."""

from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np
import traitlets

from utils.layers import conv2d, pad2d

SIDE = 3
# Filter → its nine numbers, row by row.
FILTERS = {
    "vertical edges (Sobel)": (1.0, 0.0, -1.0, 2.0, 0.0, -2.0, 1.0, 0.0, -1.0),
    "horizontal edges (Sobel)": (1.0, 2.0, 1.0, 0.0, 0.0, 0.0, -1.0, -2.0, -1.0),
    "outlines (Laplace)": (0.0, 1.0, 0.0, 1.0, -4.0, 1.0, 0.0, 1.0, 0.0),
    "blur": (0.111,) * 9,
    "sharpen": (0.0, -1.0, 0.0, -1.0, 5.0, -1.0, 0.0, -1.0, 0.0),
    "emboss": (-2.0, -1.0, 0.0, -1.0, 1.0, 1.0, 0.0, 1.0, 2.0),
    "identity": (0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0),
}
OWN = "your own"
NOTICE = {
    "vertical edges (Sobel)": "Bright left of dark is red, dark left of bright is blue. Horizontal lines vanish.",
    "horizontal edges (Sobel)": "The same filter, turned: now vertical lines vanish.",
    "outlines (Laplace)": "Every edge answers twice, in red and in blue, whatever its direction.",
    "blur": "The numbers sum to 1, so brightness stays; fine detail is averaged away.",
    "sharpen": "The picture minus its outlines. The numbers sum to 1 again.",
    "emboss": "The upper left is subtracted from the lower right: relief, as if lit from one side.",
    "identity": "Nothing changes. Move the 1 to another cell: the picture shifts by one pixel.",
}


@dataclass(frozen=True)
class Answer:
    """A kernel's answer and one window that it came from.

    Attributes
    ----------
    padded : ndarray, (height, width)
        The grey picture with its border of zeros, in [0, 1].
    response : ndarray, (n, m)
        The answer.
    row, column : int
        Of the window's place in the answer.
    corner : tuple of int
        Row and column of the window's first pixel in ``padded``.
    pixels : ndarray, (3, 3)
        What the window sees.
    """

    padded: np.ndarray
    response: np.ndarray
    row: int
    column: int
    corner: tuple[int, int]
    pixels: np.ndarray


def convolve(
    grey: np.ndarray,
    kernel: np.ndarray,
    stride: int,
    padding: int,
    dilation: int,
    place: tuple[float, float] = (0.0, 0.0),
) -> Answer:
    """Cross-correlate a grey picture with a kernel, and cut out one window.

    Parameters
    ----------
    grey : ndarray, (height, width)
        In [0, 1].
    kernel : ndarray, (3, 3)
        The filter.
    stride, padding, dilation : int
        As of `utils.layers.conv2d`.
    place : (across, down)
        Which window: its place in the answer, each in [0, 1].

    Raises
    ------
    ValueError
        When the picture is smaller than the window.
    """
    x = grey[np.newaxis, :, :, np.newaxis]
    filters = kernel[:, :, np.newaxis, np.newaxis]
    response = conv2d(x, filters, strides=stride, padding=padding, dilation=dilation)[0, ..., 0]
    padded = pad2d(x, padding)[0, ..., 0]
    row, column = (
        min(int(part * count), count - 1) for part, count in zip(place[::-1], response.shape, strict=True)
    )
    top, left = row * stride, column * stride
    reach = dilation * (SIDE - 1) + 1
    pixels = padded[top : top + reach : dilation, left : left + reach : dilation]
    return Answer(padded, response, row, column, (top, left), pixels)


def name_of(numbers: tuple[float, ...]) -> str:
    """Return the name of a filter by its nine numbers, or ``"your own"``."""
    return next((name for name, known in FILTERS.items() if known == tuple(numbers)), OWN)


def say_sizes(answer: Answer, stride: int, padding: int, dilation: int, signed: bool) -> str:
    """Write the formula of the answer's width with its numbers, as HTML."""
    width = answer.padded.shape[1] - 2 * padding
    reach = dilation * (SIDE - 1) + 1
    formula = f"⌊({width} + 2·{padding} − {reach}) / {stride}⌋ + 1 = <b>{answer.response.shape[1]}</b> pixels"
    scale = "red is positive, blue negative" if signed else "black is 0, white is 1"
    return f"Left {answer.padded.shape[1]} pixels wide. Right {formula} wide; {scale}."


def say_window(answer: Answer, kernel: np.ndarray) -> str:
    """Write the nine products of the window and their sum as a small table, as HTML."""
    cell = '<td style="padding: 0 10px; border: 1px solid #888; text-align: center">'
    rows = "".join(
        "<tr>"
        + "".join(f"{cell}{x:.2f} · {_short(w)}</td>" for x, w in zip(pixels, weights, strict=True))
        + "</tr>"
        for pixels, weights in zip(answer.pixels, kernel, strict=True)
    )
    place = f"row {answer.row}, column {answer.column}"
    total = float(answer.response[answer.row, answer.column])
    return f'Under the window, {place}:<table style="border-collapse: collapse">{rows}</table>Sum <b>{total:.2f}</b>'


def _short(number: float) -> str:
    return f"{number:.3g}".replace("-", "−")


class KernelEditor(widgets.GridBox):
    """Nine fields for a kernel's numbers.

    Attributes
    ----------
    value : tuple of float
        Row by row. Observe it; it can be set, too.
    """

    value = traitlets.Tuple()

    def __init__(self) -> None:
        self._cells = [widgets.FloatText(step=0.5, layout={"width": "84px"}) for _ in range(SIDE**2)]
        grid = {"grid_template_columns": "repeat(3, 90px)", "width": "285px", "align_content": "flex-start"}
        super().__init__(self._cells, layout={**grid, "flex": "0 0 auto"})
        self.value = (0.0,) * SIDE**2
        self._setting = False
        for cell in self._cells:
            cell.observe(self._read, "value")

    @property
    def kernel(self) -> np.ndarray:
        """The numbers as (3, 3), float32."""
        return np.array(self.value, np.float32).reshape(SIDE, SIDE)

    @traitlets.observe("value")
    def _write(self, change: dict) -> None:
        self._setting = True
        for cell, number in zip(self._cells, change["new"], strict=True):
            cell.value = number
        self._setting = False

    def _read(self, change: dict) -> None:
        if not self._setting:
            self.value = tuple(cell.value for cell in self._cells)
