"""The page of a demo: letters for the back row, what to notice, and everything told anew to a page that came late."""

from collections.abc import Iterator

import ipywidgets as widgets

# CSS variables are set on the demo's own box, so that JupyterLab around it stays as it is.
_STYLE = """<style>
.course-demo {{
  --jp-widgets-font-size: {px}px; --jp-widgets-inline-height: {height}px; --jp-widgets-inline-label-width: {label}px;
  font-size: {px}px;
}}
.course-demo .widget-html-content {{ font-size: {px}px; line-height: 1.35; }}
.course-demo .widget-image {{ image-rendering: pixelated; }}
.course-demo .widget-image.smooth {{ image-rendering: auto; }}
.course-demo .course-buttons button {{ width: auto; padding: 0 12px; }}
.course-demo .course-pointed img {{ touch-action: none; cursor: crosshair; }}
.course-demo :focus-visible {{ outline: 3px solid #0072B2; }}
</style>"""


def demo_page(*rows: widgets.Widget, px: int = 20) -> widgets.VBox:
    """Stack the rows of a demo in one box whose letters can be read from the back of a classroom.

    A picture or text that a thread sets while a page is being opened reaches the kernel's model, but not that page. So
    the classroom's template presses a hidden button when the page listens, and all is sent again.

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
    hello = widgets.Button(layout={"display": "none"})
    hello.add_class("course-hello")
    page = widgets.VBox([style, *rows, hello])
    page.add_class("course-demo")
    hello.on_click(lambda button: send_again(page))
    return page


def send_again(page: widgets.Widget) -> None:
    """Send the state of a widget and of all below it to whoever shows it."""
    for widget in _below(page):
        widget.layout.send_state()
        widget.send_state()


def noticed(text: str) -> str:
    """Return the line that says what to notice, as HTML; ``text`` may hold HTML itself."""
    return f"<b>What to notice</b> {text}"


def _below(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _below(child)
