"""What every live demo shares: large letters, a picture of one's own, and a picture that is redrawn.

A demo is a notebook of ipywidgets that Voilà serves; it wires these parts to functions of the library.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from html import escape
from typing import TypeVar

import ipywidgets as widgets
import numpy as np
import traitlets

from utils.data import photograph, photograph_names, read_image

Result = TypeVar("Result")

# CSS variables are set on the demo's own box, so that JupyterLab around it stays as it is.
_STYLE = """<style>
.course-demo {{
  --jp-widgets-font-size: {px}px; --jp-widgets-inline-height: {height}px; --jp-widgets-inline-label-width: {label}px;
  font-size: {px}px;
}}
.course-demo .widget-html-content {{ font-size: {px}px; line-height: 1.35; }}
.course-demo .widget-image {{ image-rendering: pixelated; }}
.course-demo .widget-image.smooth {{ image-rendering: auto; }}
</style>"""


def demo_page(*rows: widgets.Widget, px: int = 20) -> widgets.VBox:
    """Stack the rows of a demo in one box whose letters can be read from the back of a classroom.

    Parameters
    ----------
    *rows
        From top to bottom.
    px
        Size of the letters in pixels of the screen, 18 to 40.

    Raises
    ------
    ValueError
        When the letters are smaller or larger.
    """
    if not 18 <= px <= 40:
        raise ValueError(f"px must be between 18 and 40, got {px!r}")
    style = widgets.HTML(_STYLE.format(px=px, height=round(1.9 * px), label=6 * px))
    page = widgets.VBox([style, *rows])
    page.add_class("course-demo")
    return page


def to_png(picture: np.ndarray) -> bytes:
    """Encode a picture as PNG, for `ipywidgets.Image`.

    Parameters
    ----------
    picture
        (height, width, 3) or (height, width), uint8 in [0, 255].

    Raises
    ------
    TypeError, ValueError
        When it has another dtype or shape.
    """
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(_checked_picture(picture)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def to_jpeg(picture: np.ndarray) -> bytes:
    """Encode a photograph as JPEG of quality 90: not exact, but in a tenth of PNG's time; parameters as `to_png`."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(_checked_picture(picture)).save(buffer, "JPEG", quality=90, subsampling=0)
    return buffer.getvalue()


def _checked_picture(picture: np.ndarray) -> np.ndarray:
    picture = np.asarray(picture)
    if picture.dtype != np.uint8:
        raise TypeError(f"picture must be uint8, got {picture.dtype}")
    if picture.ndim not in (2, 3) or picture.shape[2:] not in ((), (3,)) or 0 in picture.shape:
        raise ValueError(f"picture must have shape (height, width[, 3]), got {picture.shape}")
    return picture


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

    def reset(self) -> None:
        """Go back to the photograph of the beginning."""
        self._number.value, self._names.value = 1, self._start
        self._take_photograph()

    def _take_photograph(self, change: object = None) -> None:
        self._say("")
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


class NewestJob:
    """Does slow work in a thread of its own, so that the page answers meanwhile; only the newest job counts.

    A job that has not begun when another is started is left out; the result of one that is under way is dropped.

    Parameters
    ----------
    failed
        Called in the thread with what a job raised.
    """

    def __init__(self, failed: Callable[[Exception], None]):
        self._failed = failed
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="demo")
        self._newest = 0

    def start(self, work: Callable[[], Result], then: Callable[[Result], None]) -> Future:
        """Do ``work()`` soon, and ``then(result)`` after it, both in the thread.

        Returns
        -------
        Future
            Done when both are, or when the job was left out; its result is None.
        """
        self._newest += 1
        return self._pool.submit(self._do, self._newest, work, then)

    def _do(self, number: int, work: Callable[[], Result], then: Callable[[Result], None]) -> None:
        if number != self._newest:
            return
        try:
            result = work()
            if number == self._newest:
                then(result)
        except Exception as error:  # otherwise it would vanish with the thread, and the page wait for ever
            if number == self._newest:
                self._failed(error)
