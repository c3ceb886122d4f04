"""`course stylize` with tiny networks and pictures, its refusals, and a real run that Ctrl-C ends."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.style_transfer import tiny
from utils.cli import app
from utils.style import painting

RUN = CliRunner()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Go to a folder with a photograph, two paintings and a mask; paint with a tiny network."""
    for name, seed in (("photo.png", 0), ("one.png", 1), ("two.png", 2)):
        Image.fromarray((tiny.picture(seed) * 255).astype(np.uint8)).save(tmp_path / name)
    mask = np.zeros((24, 32), np.uint8)
    mask[:, :16] = 255
    Image.fromarray(mask).save(tmp_path / "left.png")
    real, network = painting.painting_steps, tiny.network()

    def with_tiny_network(*pictures, **options):
        return real(*pictures, **options | tiny.OPTIONS | {"network": network})

    monkeypatch.setattr(painting, "painting_steps", with_tiny_network)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stylize(*options: str, steps: int = 4):
    return RUN.invoke(
        app, ["stylize", "photo.png", "one.png", "--size", "32", "--steps", str(steps), *options]
    )


def names(folder) -> list[str]:
    given = {"photo.png", "one.png", "two.png", "left.png"}
    return sorted(path.name for path in folder.iterdir() if path.name not in given)


def test_a_picture_and_its_previews(folder):
    result = stylize("--out", "new/a.jpg", "--preview-every", "2")
    assert result.exit_code == 0, result.output
    assert "a.jpg: the picture of step 4, cost " in result.output
    assert names(folder / "new") == ["a.jpg", "a.step-0002.jpg", "a.step-0004.jpg"]
    with Image.open(folder / "new" / "a.jpg") as painted:
        assert (painted.format, painted.size) == ("JPEG", (32, 24))


def test_the_same_seed_paints_the_same(folder):
    for name, seed in (("a.png", "1"), ("b.png", "1"), ("c.png", "2")):
        assert stylize("--out", name, "--start", "noise", "--seed", seed).exit_code == 0
    first, same, other = ((folder / name).read_bytes() for name in ("a.png", "b.png", "c.png"))
    assert first == same
    assert first != other


def test_a_mask_keeps_the_rest_as_it_was(folder):
    assert stylize("--out", "a.png", "--mask", "left.png").exit_code == 0
    before, after = np.asarray(Image.open("photo.png")), np.asarray(Image.open("a.png"))
    np.testing.assert_array_equal(before[:, 16:], after[:, 16:])
    assert (before[:, :16] != after[:, :16]).any()


def test_several_styles_colours_and_lbfgs(folder):
    result = stylize("two.png", "--out", "a.webp", "--keep-colour", "luminance", "--optimizer", "l-bfgs")
    assert result.exit_code == 0, result.output
    assert names(folder) == ["a.webp"]


def test_files_are_replaced_only_when_told(folder):
    (folder / "a.png").write_text("precious")
    result = stylize("--out", "a.png")
    assert result.exit_code == 1
    assert "a.png is there already; --force replaces it" in result.output
    assert (folder / "a.png").read_text() == "precious"
    assert stylize("--out", "a.png", "--force").exit_code == 0
    Image.open(folder / "a.png").verify()
    (folder / "b.step-0002.png").write_text("precious too")
    assert "b.step-0002.png is there already" in stylize("--out", "b.png", "--preview-every", "2").output


def test_an_interrupted_run_keeps_the_best_so_far(folder, monkeypatch):
    whole = stylize("--out", "whole.png", steps=2)
    assert whole.exit_code == 0
    monkeypatch.setattr("utils.style.painting.adam_steps", stopping(painting.adam_steps, KeyboardInterrupt))
    result = stylize("--out", "a.png", steps=30)
    assert result.exit_code == 130
    assert "Interrupted; the best so far is kept. a.png: the picture of step 2" in result.output
    np.testing.assert_array_equal(np.asarray(Image.open("a.png")), np.asarray(Image.open("whole.png")))


def stopping(steps, error):
    """Let a descent end with an error after step 2."""

    def descend(*arguments):
        for step in steps(*arguments):
            if step[0] == 3:
                raise error
            yield step

    return descend


def test_a_cost_that_is_not_finite_keeps_the_best_so_far(folder, monkeypatch):
    error = FloatingPointError("the cost is nan at step 3")
    monkeypatch.setattr("utils.style.painting.adam_steps", stopping(painting.adam_steps, error))
    result = stylize("--out", "a.png")
    assert result.exit_code == 1
    assert "Given up: the cost is nan at step 3. a.png: the picture of step 2" in result.output
    Image.open(folder / "a.png").verify()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "a.txt"], "--out must end in .png"),
        (["--out", "."], "--out must end in"),
        (["--out", "photo.png", "--force"], "photo.png is one of the pictures given"),
        (["--out", "a.png", "--size", "8"], "--size must be from 16"),
        (["--out", "a.png", "--steps", "0"], "steps must be at least 1"),
        (["--out", "a.png", "--preview-every", "-1"], "--preview-every must be at least 0"),
        (["--out", "a.png", "--optimizer", "sgd"], "optimizer must be one of"),
        (["--out", "a.png", "--mask", "small.png"], "masks[0] must have the content's shape"),
        (["nowhere.png", "--out", "a.png"], "nowhere.png cannot be read"),
        (["black.png", "--out", "a.png"], "style is black everywhere"),
        (["--out", "photo.png/a.png"], "cannot be made"),
    ],
)
def test_refusals_name_what_was_wrong_and_write_nothing(options, message, folder):
    Image.new("RGB", (20, 20), "white").save(folder / "small.png")
    Image.new("RGB", (20, 20)).save(folder / "black.png")
    result = stylize(*options)
    assert result.exit_code == 1
    assert message in result.output
    assert names(folder) == ["black.png", "small.png"]


@pytest.mark.slow
def test_ctrl_c_in_a_real_run(tmp_path):
    for name, seed in (("photo.png", 0), ("one.png", 1)):
        Image.fromarray((tiny.picture(seed) * 255).astype(np.uint8)).save(tmp_path / name)
    options = ["--out", "a.png", "--size", "32", "--steps", "100000", "--preview-every", "1"]
    command = [sys.executable, "-m", "utils.cli", "stylize", "photo.png", "one.png", *options]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background has them ignore Ctrl-C, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as program:
        ends = time.monotonic() + 200
        while (
            not (tmp_path / "a.step-0003.png").exists() and time.monotonic() < ends and program.poll() is None
        ):
            time.sleep(0.1)
        program.send_signal(signal.SIGINT)
        try:
            output, errors = program.communicate(timeout=60)
        finally:
            program.kill()
    assert program.returncode == 130, output + errors
    assert "Interrupted; the best so far is kept" in output
    assert errors == ""
    with Image.open(tmp_path / "a.png") as painted:
        painted.load()
        assert painted.size == (32, 24)
    assert not list(tmp_path.glob(".*.partial"))
