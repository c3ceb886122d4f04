"""A picture to play with: one of the course's or one's own."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from html import escape

import ipywidgets as widgets
import numpy as np
import traitlets

from utils.data import photograph, photograph_names, read_image


class PictureChooser(widgets.HBox):
    """Controls to take a bundled photograph or upload one's own; a file that cannot be read is told in a sentence.

    Parameters
    ----------
    start
        Name of the photograph at the beginning and after `reset`; one of `utils.data.photograph_names()`,
        or that of a series.
    size
        Length in pixels of the longer side that photographs and uploads are brought to.
    series
        Pictures in an order, by name; made when they are first asked for, and taken in their own size. A slider goes
        through them.

    Attributes
    ----------
    picture : ndarray
        uint8 (height, width, 3): what is chosen now. Observe it to redraw. After a bad upload it stays as it was.
    """

    picture = traitlets.Any()

    def __init__(
        self, start: str, size: int, series: Mapping[str, Callable[[], Sequence[np.ndarray]]] | None = None
    ):
        self._start, self._size = start, size
        self._series = {name: cache(make) for name, make in (series or {}).items()}
        firm = {"flex": "0 0 auto"}
        names = [*self._series, *photograph_names()]
        self._names = widgets.Dropdown(options=names, value=start, description="photograph", layout=firm)
        self._upload = widgets.FileUpload(
            accept="image/*", description="your own", layout={"width": "170px", **firm}
        )
        self._message = widgets.HTML(layout={"order": "1"})  # at the end, behind the slider
        self._number = widgets.IntSlider(1, 1, 1, description="number", layout={"width": "330px", **firm})
        slider = [self._number] if self._series else []
        super().__init__([self._names, self._upload, self._message, *slider])
        self._names.observe(self._take_photograph, "value")
        self._number.observe(self._take_photograph, "value")
        self._upload.observe(self._take_upload, "value")
        self._take_photograph()

    def choose(self, choice: str | tuple[str, int]) -> None:
        """Take a photograph or the first of a series by its name, or one of a series as ``(name, number)``."""
        name, number = (choice, 1) if isinstance(choice, str) else choice
        if (self._names.value, self._number.value, self._own) == (name, number, False):
            self._say("")
            return  # nothing is told to those who watch: it is shown already
        self._names.value = name
        self._number.value = number
        self._take_photograph()

    def reset(self) -> None:
        """Go back to the photograph of the beginning."""
        self.choose(self._start)

    def _take_photograph(self, change: object = None) -> None:
        self._say("")
        self._own = False  # whether an upload is shown
        name = self._names.value
        series = self._series[name]() if name in self._series else []
        self._number.layout.display = None if len(series) else "none"
        if not len(series):
            self.picture = photograph(name, self._size)
            return
        self._number.max = len(series)
        self.picture = series[self._number.value - 1]

    def _take_upload(self, change: dict) -> None:
        if not change["new"]:
            return
        file = change["new"][0]
        try:
            self.picture = read_image(bytes(file["content"]), self._size)
            self._own = True
            self._say(f"This is {file['name']}.")
        except ValueError as error:
            reason = str(error).removeprefix("the uploaded file ")
            self._say(f"{file['name']} {reason}. The picture stays as it was.", bad=True)
        self._upload.value = ()  # so that the same file can be chosen again

    def _say(self, text: str, bad: bool = False) -> None:
        colour = "#B23A00" if bad else "inherit"
        self._message.value = (
            f'<span role="status" style="color: {colour}">{escape(text)}</span>' if text else ""
        )
