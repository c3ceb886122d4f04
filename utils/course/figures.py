"""Make a notebook's figures smaller without looking different, so that the notebook stays quick to open and to diff."""

import base64
import io

import nbformat

COLOURS = 256
LIMIT = 395 * 1024  # bytes; a notebook may have 400 KB
QUALITIES = (75, 65, 55, 47, 40)  # of JPEG, one after the other until the notebook is small enough


def compress_figures(notebook: nbformat.NotebookNode, limit: int = LIMIT) -> None:
    """Store PNG figures with a palette of 256 colours, and JPEG ones coarser if need be, in place.

    A chart has fewer colours than 256 but for the soft edges of its letters. JPEG figures, which
    hold photographs, stay as they are unless the notebook is larger than the limit.

    Parameters
    ----------
    notebook : NotebookNode
        Format 4.
    limit : int
        Bytes of the notebook's file.
    """
    photographs = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = _with_palette(data["image/png"])
            if "image/jpeg" in data:
                photographs.append((data, data["image/jpeg"]))
    for quality in QUALITIES:
        if len(nbformat.writes(notebook).encode()) <= limit:
            break
        for data, original in photographs:
            data["image/jpeg"] = _coarser(original, quality)


def _with_palette(encoded: str) -> str:
    from PIL import Image

    original = base64.b64decode(encoded)
    with Image.open(io.BytesIO(original)) as image:
        if image.mode == "P":
            return encoded
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image.convert("RGB"), mask=image.convert("RGBA").getchannel("A"))
        buffer = io.BytesIO()
        small = flat.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        small.save(buffer, "PNG", optimize=True)
    if buffer.tell() >= len(original):
        return encoded
    # Wrapped as Jupyter wraps it, so that a second run that draws the same changes no line.
    return base64.encodebytes(buffer.getvalue()).decode()


def _coarser(encoded: str, quality: int) -> str:
    from PIL import Image

    original = base64.b64decode(encoded)
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(original)) as image:
        image.save(buffer, "JPEG", quality=quality, optimize=True)
    return encoded if buffer.tell() >= len(original) else base64.encodebytes(buffer.getvalue()).decode()
