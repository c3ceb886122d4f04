"""Builder of a picture by another hand: what a network that knows any style at once makes of our photograph.

Ghiasi, Lee, Kudlur, Dumoulin and Shlens 2017, "Exploring the structure of a real-time, arbitrary neural artistic
stylization network" (arXiv:1705.06830). One network reads 100 numbers from the painting, the other repaints the
photograph by them, 384×384 pixels in one pass. They run under onnxruntime, which is installed into an environment of
its own, so that the course does not depend on it.
"""

import io
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np

from utils.data.assets import Asset, AssetError
from utils.data.builders.origin import CLIENT_SECONDS, get_file
from utils.data.images import painting, photograph, read_image, to_float, to_uint8

SIDE, STYLE_SIDE = 384, 256  # what the two networks take
QUALITY = 85
REQUIREMENTS = ("onnxruntime==1.31.1", "numpy==2.4.6")
# One thread adds up in one order: the same picture every time on one kind of processor.
RUN = """
import numpy as np, onnxruntime, sys
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
run = lambda file, *inputs: (lambda s: s.run(None, {i.name: x for i, x in zip(s.get_inputs(), inputs)})[0])(
    onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"]))
predict, transform, content, style, result = sys.argv[1:]
np.save(result, run(transform, np.load(content), run(predict, np.load(style))))
"""


def build(asset: Asset, work: Path) -> bytes:
    """Return the asset's photograph in the style of its painting, as a JPEG file.

    The attributes `photograph` and `painting` name bundled pictures; the longer side has 384 pixels.
    """
    from PIL import Image

    predict, transform = (get_file(origin, work) for origin in asset.origin)
    content = to_float(photograph(asset.attributes["photograph"], SIDE))
    height, width = content.shape[:2]
    square = np.pad(content, [(0, SIDE - height), (0, SIDE - width), (0, 0)], mode="reflect")
    np.save(work / "content.npy", square[None])
    np.save(work / "style.npy", _middle(painting(asset.attributes["painting"]))[None])
    names = (predict, transform, work / "content.npy", work / "style.npy", work / "result.npy")
    _python_of_its_own(work / "environment", RUN, *map(str, names))
    painted = to_uint8(np.load(work / "result.npy")[0, :height, :width])
    encoded = io.BytesIO()
    Image.fromarray(painted).save(encoded, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return encoded.getvalue()


def _middle(image: np.ndarray) -> np.ndarray:
    """Return the middle square of a picture, as the style network was trained on, in [0, 1]."""
    from PIL import Image

    side = min(image.shape[:2])
    top, left = ((length - side) // 2 for length in image.shape[:2])
    square = io.BytesIO()
    Image.fromarray(image[top : top + side, left : left + side]).save(square, "PNG")
    return to_float(read_image(square.getvalue(), (STYLE_SIDE, STYLE_SIDE)))


def _python_of_its_own(folder: Path, program: str, *arguments: str) -> None:
    """Make an environment with the requirements and run a program in it."""
    venv.create(folder, with_pip=True)
    python = str(folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))
    install = [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", *REQUIREMENTS]
    for command in (install, [python, "-c", program, *arguments]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=CLIENT_SECONDS)
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["(it said nothing)"]
            raise AssetError(f"running the networks under onnxruntime failed: {said[-1]}")
