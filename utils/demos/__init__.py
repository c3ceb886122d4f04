"""What every live demo shares: large letters, presets under keys, a picture of one's own, long work beside the page.

A demo is a notebook of ipywidgets that Voilà serves; it wires these parts to functions of the library. What a demo
computes beyond the library stands in a module of this package.
"""

from utils.demos.chooser import PictureChooser
from utils.demos.controls import Controls
from utils.demos.encoding import to_jpeg, to_png
from utils.demos.jobs import NewestJob
from utils.demos.page import demo_page, noticed, send_again
from utils.demos.pointing import PointedImage

__all__ = [
    "Controls",
    "NewestJob",
    "PictureChooser",
    "PointedImage",
    "demo_page",
    "noticed",
    "send_again",
    "to_jpeg",
    "to_png",
]
