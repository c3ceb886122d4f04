"""Builder of `street-clip`: fifteen frames of a fixed camera above a street, as JPEG pictures in one file."""

import io
from pathlib import Path

import numpy as np

from utils.data.assets import Asset, AssetError
from utils.data.builders.origin import get_file

QUALITY = 80


def build(asset: Asset, work: Path) -> dict[str, np.ndarray]:
    """Return `jpeg` (bytes,), uint8, the frames' JPEG files one after another, and `ends` (frames,), int64.

    Attributes of the asset: `first`, `step` and `frames` choose the frames of the origin. OpenCV decodes the
    video.
    """
    try:
        import cv2
    except ImportError as error:
        raise AssetError("building street-clip needs opencv-python-headless to decode the video") from error
    from PIL import Image

    first, step, count = (asset.attributes[key] for key in ("first", "step", "frames"))
    video = cv2.VideoCapture(str(get_file(asset.origin[0], work)))
    files = []
    for index in range(first + step * count):
        whole, frame = video.read()
        if not whole:
            raise AssetError(f"the video ends after {index} frames")
        if index >= first and (index - first) % step == 0:
            buffer = io.BytesIO()
            Image.fromarray(frame[..., ::-1]).save(buffer, "JPEG", quality=QUALITY, optimize=True)
            files.append(buffer.getvalue())
    ends = np.cumsum([len(file) for file in files]).astype(np.int64)
    return {"jpeg": np.frombuffer(b"".join(files), np.uint8), "ends": ends}
