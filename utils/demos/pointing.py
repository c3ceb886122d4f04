"""A picture that tells where the pointer is, for what lies under it."""

import ipywidgets as widgets
import traitlets


class PointedImage(widgets.VBox):
    """An image and the place on it that is pointed to.

    The script of the classroom's template writes the place into a hidden field: while the pointer moves over the image,
    or, when it is to be dragged, while it is pressed and for arrow keys.

    Parameters
    ----------
    width, height
        Of the image on the screen, in pixels.
    drag
        Whether the pointer must be pressed.
    format
        Of the files, ``"png"`` or ``"jpeg"``.

    Attributes
    ----------
    place : tuple of float
        Across and down, each in [0, 1]; (0.5, 0.5) at first. Observe it; it can be set: arrow keys go on from there.
    value : bytes
        The image's file.
    """

    place = traitlets.Tuple((0.5, 0.5))
    value = traitlets.Bytes(b"")

    def __init__(self, width: int, height: int, drag: bool = False, format: str = "png"):
        size = {"width": f"{width}px", "height": f"{height}px", "max_width": "none"}
        image = widgets.Image(format=format, layout=size)
        field = widgets.Text("0.5 0.5", continuous_update=True, layout={"display": "none"})
        field.add_class("course-place")
        super().__init__([image, field], layout={"flex": "0 0 auto"})
        self.add_class("course-pointed")
        self.add_class("course-dragged" if drag else "course-hovered")
        traitlets.dlink((self, "value"), (image, "value"))
        field.observe(self._read, "value")
        self._field = field

    def _read(self, change: dict) -> None:
        if change["new"] == _words(self.place):
            return
        try:
            across, down = (min(max(float(part), 0.0), 1.0) for part in change["new"].split())
        except ValueError:  # whatever else a browser may write there
            return
        self.place = (across, down)

    @traitlets.observe("place")
    def _write(self, change: dict) -> None:
        self._field.value = _words(change["new"])


def _words(place: tuple[float, float]) -> str:
    """Write a place as the browser's script does."""
    return " ".join(f"{part:.4f}" for part in place)
