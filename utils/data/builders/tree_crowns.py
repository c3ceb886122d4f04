"""Builder of `tree-crowns`: aerial photographs of forests with a box that somebody drew around every crown."""

import io
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from utils.data.assets import Asset
from utils.data.builders.origin import get_file

# By place, the one for training first; the files' own names tell the survey, its year and the map coordinates.
PHOTOGRAPHS = {
    "yellowstone_1": "2019_YELL_2_528000_4978000_image_crop2",
    "yellowstone_2": "2019_YELL_2_541000_4977000_image_crop",
    "florida": "OSBS_029",
    "california": "SOAP_061",
}
QUALITY = 85


def build(asset: Asset, work: Path) -> dict[str, np.ndarray]:
    """Return, for each place, `<place>_jpeg` (bytes), `<place>_boxes` (n, 4) float32 in pixels, `<place>_dead` (n,)."""
    from PIL import Image

    folder = get_file(asset.origin[0], work)
    arrays = {}
    for place, name in PHOTOGRAPHS.items():
        with Image.open(folder / f"{name}.png") as image:
            buffer = io.BytesIO()
            image.convert("RGB").save(buffer, "JPEG", quality=QUALITY, optimize=True)
        boxes, dead = _read_boxes(folder / f"{name}.xml")
        arrays[f"{place}_jpeg"] = np.frombuffer(buffer.getvalue(), np.uint8)
        arrays[f"{place}_boxes"] = boxes
        arrays[f"{place}_dead"] = dead
    return arrays


def _read_boxes(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return corners (n, 4) and whether the tree is dead (n,), from Pascal VOC's XML."""
    objects = ElementTree.parse(path).getroot().findall("object")
    corners = [
        [float(one.findtext(f"bndbox/{name}")) for name in ("xmin", "ymin", "xmax", "ymax")]
        for one in objects
    ]
    return np.array(corners, np.float32), np.array([one.findtext("name") == "Dead" for one in objects])
