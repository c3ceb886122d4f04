"""Builder of the single pictures: photographs, paintings and portraits, as moderate JPEG files."""

import io
from pathlib import Path

from utils.data.assets import Asset
from utils.data.builders.origin import get_file
from utils.data.images import read_image

LONGEST_SIDE = 512
QUALITY = 92


def build(asset: Asset, work: Path) -> bytes:
    """Return the picture as a JPEG file: upright RGB, cropped and shrunk as the asset's attributes say.

    Attributes of the asset: `crop` = [left, top, right, bottom] in pixels of the origin, `longest_side` (512
    when not given; a smaller picture is never enlarged).
    """
    from PIL import Image

    pixels = read_image(get_file(asset.origin[0], work))
    if crop := asset.attributes.get("crop"):
        left, top, right, bottom = crop
        pixels = pixels[top:bottom, left:right]
    longest = asset.attributes.get("longest_side", LONGEST_SIDE)
    image = Image.fromarray(pixels)
    if max(image.size) > longest:
        scale = longest / max(image.size)
        image = image.resize([round(side * scale) for side in image.size], Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    grey = (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all()
    image.convert("L" if grey else "RGB").save(buffer, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return buffer.getvalue()
