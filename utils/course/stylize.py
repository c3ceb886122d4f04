"""`course stylize`: paint a photograph in the style of a painting, with previews on the way; Ctrl-C keeps the best."""

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from utils.course.quiet import quiet_stderr
from utils.course.refusal import Refusal
from utils.data.images import read_image, to_grey, to_uint8

if TYPE_CHECKING:
    from utils.style.painting import Step

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
LARGEST = 2048  # pixels of the longer side: about 10 GB of memory when square


@dataclass(frozen=True)
class Output:
    """Where the pictures go.

    Attributes
    ----------
    file : Path
        The painted picture; the suffix says the format.
    every : int
        A preview every so many steps, beside it; 0: none.
    force : bool
        Whether files that are there may be replaced.
    """

    file: Path
    every: int = 0
    force: bool = False

    def preview(self, step: int) -> Path:
        """Return the file of a preview."""
        return self.file.with_name(f"{self.file.stem}.step-{step:04d}{self.file.suffix}")


def stylize(
    content: Path,
    styles: list[Path],
    masks: list[Path],
    output: Output,
    say: Callable[[str], None],
    *,
    size: int,
    steps: int,
    seed: int = 0,
    **options: Any,
) -> bool:
    """Paint and write the picture that costs least, whole or not at all.

    Parameters
    ----------
    content : Path
        A picture.
    styles, masks : list of Path
        Pictures; masks none or one a style, of the content's size, white where the style goes.
    output : Output
    say : callable
        Told what was written.
    size : int
        Pixels of the longer side, 16 to 2048.
    steps : int
        At least 1.
    seed : int
        For noise in the start.
    **options
        The others of `utils.style.painting.painting_steps`.

    Returns
    -------
    bool
        False when it was interrupted: the best picture so far is written then.

    Raises
    ------
    Refusal
        When a file cannot be read or would be lost, an option is out of range, or the cost is no longer finite; in the
        last case the best picture so far is written.
    """
    _check_output(output, [content, *styles, *masks])
    if not 16 <= size <= LARGEST:
        raise Refusal(f"--size must be from 16 to {LARGEST}, got {size}.")
    pictures = [_read(path) for path in (content, *styles)]
    options["masks"] = [to_grey(_read(path)) for path in masks] or None
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet_stderr():
        from utils.style import painting
        from utils.style.pictures import resize_picture, shape_for
    try:
        painted = painting.painting_steps(
            pictures[0], pictures[1:], size=size, steps=steps, rng=np.random.default_rng(seed), **options
        )
    except (TypeError, ValueError) as error:
        raise Refusal(f"This cannot be painted: {error}.") from None
    shape = shape_for(pictures[0], size)
    best: Step | None = None
    ended = ""
    try:
        for step in _shown(painted, _work(shape, steps)):
            best = painting.better(best, step)
            if output.every and step.step % output.every == 0 and step.step:
                _write(output.preview(step.step), step.picture)
    except KeyboardInterrupt:
        ended = "Interrupted"
    except FloatingPointError as error:
        ended = f"Given up: {error}"
    if best is None:
        raise Refusal(f"{ended or 'Nothing was painted'}; nothing was written.")
    _write(output.file, resize_picture(best.picture, shape))
    told = f"{output.file}: the picture of step {best.step}, cost {best.cost:.4g}."
    if ended.startswith("Given up"):
        raise Refusal(f"{ended}. {told}")
    say(f"{ended}; the best so far is kept. {told}" if ended else told)
    return not ended


def _check_output(output: Output, inputs: list[Path]) -> None:
    """Refuse what would lose a file, before any work is done."""
    file = output.file
    if output.every < 0:
        raise Refusal(f"--preview-every must be at least 0, got {output.every}.")
    if file.suffix.lower() not in FORMATS:
        raise Refusal(f"--out must end in {', '.join(FORMATS)}, got {file.name}.")
    if file.is_dir():
        raise Refusal(f"{file} is a folder.")
    if file.exists() and any(path.exists() and file.samefile(path) for path in inputs):
        raise Refusal(f"{file} is one of the pictures given; choose another name for --out.")
    there = [file] if file.exists() else []
    if output.every and file.parent.is_dir():
        there += sorted(file.parent.glob(f"{file.stem}.step-*{file.suffix}"))
    if there and not output.force:
        raise Refusal(f"{there[0]} is there already; --force replaces it.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"{file.parent} cannot be made: {error.strerror}") from None


def _read(path: Path) -> np.ndarray:
    try:
        return read_image(path)
    except (ValueError, OSError) as error:
        raise Refusal(f"{path} cannot be read: {error}.") from None


def _work(shape: tuple[int, int], steps: int) -> np.ndarray:
    """Return how much is done after each step, in steps at the last size: smaller ones are quicker."""
    from utils.style.scales import coarse_to_fine, divide_steps

    sizes = coarse_to_fine(shape)
    pixels = np.array([height * width for height, width in sizes])
    return np.cumsum([0, *np.repeat(pixels / pixels[-1], divide_steps(steps, len(sizes)))])


def _shown(painted: "Iterator[Step]", work: np.ndarray) -> "Iterator[Step]":
    """Pass steps on, with a bar that shows the cost and how long it will take."""
    console = Console()
    columns = (
        TextColumn("step {task.fields[step]}, cost {task.fields[cost]}"),
        BarColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("", total=work[-1], step=0, cost="…")
        for step in painted:
            progress.update(task, completed=work[step.step], step=step.step, cost=f"{step.cost:.4g}")
            yield step


def _write(path: Path, picture: np.ndarray) -> None:
    """Write a picture whole or not at all."""
    from PIL import Image

    encoded = io.BytesIO()
    Image.fromarray(to_uint8(picture)).save(encoded, FORMATS[path.suffix.lower()], quality=95)
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(encoded.getvalue())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
