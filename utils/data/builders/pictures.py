"""Builder of the single pictures: photographs, paintings and portraits, as moderate JPEG files."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from utils.data.assets import Asset
from utils.data.builders.origin import get_file
from utils.data.images import read_image

if TYPE_CHECKING:
    from PIL import Image

LONGEST_SIDE = 512
QUALITY = 92


def build(asset: Asset, work: Path) -> bytes:
    """Return the picture as a JPEG file.

    The asset's attribute `crop` = [left, top, right, bottom], in pixels of the origin, takes a part of it.
    """
    from PIL import Image

    pixels = read_image(get_file(asset.origin[0], work))
    if crop := asset.attributes.get("crop"):
        left, top, right, bottom = crop
        pixels = pixels[top:bottom, left:right]
    return encode(Image.fromarray(pixels))


def encode(image: "Image.Image") -> bytes:
    """Return an RGB picture as JPEG, at most 512 pixels on the longer side; grey ones with one channel."""
    from PIL import Image

    if max(image.size) > LONGEST_SIDE:
        scale = LONGEST_SIDE / max(image.size)
        image = image.resize([round(side * scale) for side in image.size], Image.Resampling.LANCZOS)
    channels = np.asarray(image)
    grey = (channels[..., :1] == channels).all()
    buffer = io.BytesIO()
    image.convert("L" if grey else "RGB").save(buffer, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return buffer.getvalue()
