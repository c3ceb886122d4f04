"""Make a notebook's figures smaller without looking different, so that the notebook stays quick to open and to diff."""

import base64
import io

import nbformat

COLOURS = 256


def compress_figures(notebook: nbformat.NotebookNode) -> None:
    """Store PNG figures with a palette of 256 colours, where that is smaller, in place.

    A chart of lines, bars and text has fewer colours than that but for the soft edges of its letters. JPEG figures,
    which hold photographs, stay as they are.

    Parameters
    ----------
    notebook : NotebookNode
        Format 4.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = _with_palette(data["image/png"])


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
