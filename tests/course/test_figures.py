"""Figures that are stored smaller look the same."""

import base64
import io

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from PIL import Image

from utils.course.figures import compress_figures


def chart() -> bytes:
    figure, ax = plt.subplots(figsize=(5, 3))
    for power in (1, 2, 3):
        ax.plot(np.linspace(0, 1, 50) ** power, label=f"power {power}")
    ax.legend()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return buffer.getvalue()


def notebook_with(**data: str) -> nbformat.NotebookNode:
    output = nbformat.v4.new_output(
        "display_data", data={key.replace("_", "/"): value for key, value in data.items()}
    )
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("plot()", outputs=[output])])


def pixels(encoded: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_a_chart_becomes_smaller_and_looks_the_same():
    before = base64.b64encode(chart()).decode()
    notebook = notebook_with(image_png=before)
    compress_figures(notebook)
    after = notebook.cells[0].outputs[0].data["image/png"]
    assert len(after) < 0.7 * len(before)
    difference = np.abs(pixels(after) - pixels(before))
    assert difference.max() <= 8
    assert difference.mean() < 0.5


def test_a_second_time_changes_nothing():
    notebook = notebook_with(image_png=base64.b64encode(chart()).decode())
    compress_figures(notebook)
    once = notebook.cells[0].outputs[0].data["image/png"]
    compress_figures(notebook)
    assert notebook.cells[0].outputs[0].data["image/png"] == once


@pytest.mark.parametrize("kind", ["image_jpeg", "text_plain"])
def test_other_outputs_stay_as_they_are(kind):
    notebook = notebook_with(**{kind: "abc="})
    compress_figures(notebook)
    assert notebook.cells[0].outputs[0].data[kind.replace("_", "/")] == "abc="


def photograph(seed: int) -> str:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (30, 40, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(small).resize((320, 240)).save(buffer, "JPEG", quality=90)
    return base64.b64encode(buffer.getvalue()).decode()


def test_photographs_become_coarser_only_where_the_notebook_is_too_large():
    before = photograph(0)
    notebook = notebook_with(image_jpeg=before)
    compress_figures(notebook)
    assert notebook.cells[0].outputs[0].data["image/jpeg"] == before
    limit = int(0.7 * len(nbformat.writes(notebook)))
    compress_figures(notebook, limit)
    assert len(nbformat.writes(notebook)) <= limit
    after = notebook.cells[0].outputs[0].data["image/jpeg"]
    assert pixels(after).shape == (240, 320, 3)
    assert np.abs(pixels(after) - pixels(before)).mean() < 8
