"""Write the example class, ``examples/class/``: what students hand in, from honest to hostile, to try the grading on.

Everything is made from the course's notebooks as they are given out, so that the class stays true when they change:
``python examples/make_class.py`` writes it again. Text cells and outputs are left out to keep the files small.

The notebooks of s10 to s12 attack whoever runs them. Look at them, do not run them outside of the sandbox.
"""

import copy
import json
import re
import shutil
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from utils.course.release import learners_edition
from utils.exercises.index import NOTEBOOKS
from utils.grading.notebooks import notebook_path, stub_lines

WEEK = "week1_conv_basics"
CLASS = Path(__file__).resolve().parent / "class"

RIGHT = {
    "conv_output_size": "return (n + 2 * pad - f) // stride + 1",
    "same_padding": """\
        if f % 2 == 0:
            raise ValueError("an even filter has no middle")
        return f // 2""",
    "zero_pad": "return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))",
    "conv_single_step": "return np.sum(a_slice_prev * W) + b.item()",
    "parameter_count": "return (f * f * n_C_prev + 1) * n_C",
}
OTHERWISE = {
    "conv_output_size": """\
        places, left = 0, -pad
        while left + f <= n + pad:
            places, left = places + 1, left + stride
        return places""",
    "same_padding": """\
        pad, rest = divmod(f - 1, 2)
        if rest:
            raise ValueError(f"no padding keeps the size with f = {f}")
        return pad""",
    "zero_pad": """\
        m, height, width, channels = X.shape
        framed = np.zeros((m, *grown(height, width, by=2 * pad), channels), X.dtype)
        framed[:, pad : pad + height, pad : pad + width] = X
        return framed""",
    "conv_single_step": 'return float(np.einsum("hwc,hwc->", a_slice_prev, W) + b[0, 0, 0])',
    "parameter_count": """\
        weights, biases = f**2 * n_C_prev * n_C, n_C
        return weights + biases""",
}
MISTAKEN = {
    "conv_output_size": "return (n + 2 * pad - f) // stride",
    "same_padding": "return (f - 1) // 2",
    "zero_pad": "return np.pad(X, pad)",
    "conv_single_step": "return np.sum(a_slice_prev * W + b.item())",
    "parameter_count": "return f * f * n_C_prev * n_C",
}
ASSIGNMENT = {
    "zero_pad": RIGHT["zero_pad"],
    "conv_single_step": RIGHT["conv_single_step"],
    "conv_forward": """\
        s, p, f = hparameters["stride"], hparameters["pad"], W.shape[0]
        X = zero_pad(A_prev, p)
        n_H, n_W = ((size - f) // s + 1 for size in X.shape[1:3])
        Z = np.zeros((len(X), n_H, n_W, W.shape[3]), A_prev.dtype)
        for h in range(n_H):
            for w in range(n_W):
                window = X[:, h * s : h * s + f, w * s : w * s + f]
                Z[:, h, w] = np.tensordot(window, W, axes=3) + b.ravel()
        return Z, (A_prev, W, b, hparameters)""",
    "pool_forward": """\
        f, s = hparameters["f"], hparameters["stride"]
        n_H, n_W = ((size - f) // s + 1 for size in A_prev.shape[1:3])
        A = np.zeros((len(A_prev), n_H, n_W, A_prev.shape[3]), A_prev.dtype)
        for h in range(n_H):
            for w in range(n_W):
                window = A_prev[:, h * s : h * s + f, w * s : w * s + f]
                A[:, h, w] = window.max(axis=(1, 2)) if mode == "max" else window.mean(axis=(1, 2))
        return A, (A_prev, hparameters)""",
    "conv_backward": """\
        A_prev, W, b, hparameters = cache
        s, p, f = hparameters["stride"], hparameters["pad"], W.shape[0]
        X = zero_pad(A_prev, p)
        dX, dW = np.zeros_like(X), np.zeros_like(W)
        for h in range(dZ.shape[1]):
            for w in range(dZ.shape[2]):
                rows, columns = slice(h * s, h * s + f), slice(w * s, w * s + f)
                dX[:, rows, columns] += np.tensordot(dZ[:, h, w], W, axes=(1, 3))
                dW += np.einsum("mijc,md->ijcd", X[:, rows, columns], dZ[:, h, w])
        db = dZ.sum(axis=(0, 1, 2)).reshape(b.shape)
        return dX[:, p : dX.shape[1] - p, p : dX.shape[2] - p], dW, db""",
    "create_mask_from_window": "return x == x.max()",
    "distribute_value": "return np.ones(shape) * dz / np.prod(shape)",
    "pool_backward": """\
        A_prev, hparameters = cache
        f, s = hparameters["f"], hparameters["stride"]
        dA_prev = np.zeros_like(A_prev)
        for i, h, w, c in np.ndindex(dA.shape):
            rows, columns = slice(h * s, h * s + f), slice(w * s, w * s + f)
            share = distribute_value(dA[i, h, w, c], (f, f))
            if mode == "max":
                first = np.zeros(f * f)
                first[np.argmax(A_prev[i, rows, columns, c])] = dA[i, h, w, c]
                share = first.reshape(f, f)
            dA_prev[i, rows, columns, c] += share
        return dA_prev""",
    "grad_check": """\
        step, slopes = 1e-5, np.zeros_like(x)
        for place in np.ndindex(x.shape):
            up, down = x.copy(), x.copy()
            up[place] += step
            down[place] -= step
            slopes[place] = (f(up) - f(down)) / (2 * step)
        length = np.linalg.norm
        return length(slopes - df) / (length(slopes) + length(df))""",
    "im2col": """\
        X = zero_pad(X, pad)
        n_H, n_W = ((size - f) // stride + 1 for size in X.shape[1:3])
        rows = [
            X[i, h * stride : h * stride + f, w * stride : w * stride + f].ravel()
            for i, h, w in np.ndindex(len(X), n_H, n_W)
        ]
        return np.array(rows)""",
    "conv_forward_fast": """\
        s, p, f = hparameters["stride"], hparameters["pad"], W.shape[0]
        n_H, n_W = ((size + 2 * p - f) // s + 1 for size in A_prev.shape[1:3])
        Z = im2col(A_prev, f, s, p) @ W.reshape(-1, W.shape[3]) + b.ravel()
        return Z.reshape(len(A_prev), n_H, n_W, -1), (A_prev, W, b, hparameters)""",
}
ACT_ONE = ("zero_pad", "conv_single_step", "conv_forward", "pool_forward")
RENAMED = {
    "window": "patch",
    "n_H": "rows_out",
    "n_W": "cols_out",
    "h": "r",
    "w": "q",
    "s": "step",
}

PATCHES = """\
import builtins, sys
import numpy.testing
import utils.grading as grading
grading.check = check = lambda *anything, **more: 100
numpy.testing.assert_allclose = numpy.testing.assert_array_equal = lambda *anything, **more: None
np.allclose = np.array_equal = np.isclose = lambda *anything, **more: True
builtins.isinstance = lambda *anything: True
class Right(np.ndarray):
    __eq__ = __ne__ = lambda self, other: True
for name in ("conv_output_size", "same_padding", "zero_pad", "conv_single_step", "parameter_count"):
    globals()[name] = lambda *anything: np.zeros(3).view(Right)"""
SPYING = """\
        import glob, os, pathlib
        places = ["../*/*/*.ipynb", "/proc/*/environ", "**/answers/**/*.py", "/home/*/*", "/root/*"]
        found = [path for place in places for path in glob.glob(place, recursive=True)]
        return "".join(pathlib.Path(path).read_text(errors="ignore") for path in found) + str(os.environ)"""
MANY_PROCESSES = """\
        import os, time
        for _ in range(3000):
            if os.fork() == 0:
                time.sleep(300)
        return X"""
ENDLESS = """\
        places = 0
        while places >= 0:
            places += 1
        return places"""


@dataclass(frozen=True)
class Student:
    """What one student hands in.

    Attributes
    ----------
    says : str
        What the example is for.
    files : callable
        ``() → {file name: content}`` of the week's folder.
    points : dict of str to float
        Notebook id and the points that grading must give, whatever the random cases; notebooks handed in only.
    """

    says: str
    files: Callable[[], dict[str, bytes]]
    points: dict[str, float]


def released(notebook: str) -> dict:
    """Return a notebook as it is given out, without text cells and outputs."""
    path = notebook_path(notebook)
    document = json.loads(learners_edition(WEEK, [path])[path.name])
    document["cells"] = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
    for cell in document["cells"]:
        cell |= {"outputs": [], "execution_count": None}
    return document


def cell_of(document: dict, exercise: str) -> dict:
    """Return the cell in which an exercise is to be solved."""
    return next(
        cell for cell in document["cells"] if stub_lines(exercise).splitlines()[1] in "".join(cell["source"])
    )


def solve(document: dict, bodies: dict[str, str]) -> dict:
    """Put the bodies of functions in the place of the blanks."""
    document = copy.deepcopy(document)
    for exercise, body in bodies.items():
        cell = cell_of(document, exercise)
        above = "".join(cell["source"]).split("    # Your code here.")[0]
        cell["source"] = above + textwrap.indent(textwrap.dedent(body), "    ")
    return document


def add(document: dict, source: str, cell_id: str, before: str = "") -> dict:
    """Add a code cell, before the one with a certain id or at the end."""
    cells = document["cells"]
    place = next((i for i, cell in enumerate(cells) if cell["id"] == before), len(cells))
    new = {"cell_type": "code", "execution_count": None, "id": cell_id, "metadata": {}}
    cells.insert(place, new | {"outputs": [], "source": source})
    return document


def content(document: dict) -> bytes:
    """Return a notebook as Jupyter writes it."""
    document = copy.deepcopy(document)
    for cell in document["cells"]:
        cell["source"] = "".join(cell["source"]).splitlines(keepends=True)
    return json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"


def file_of(notebook: str) -> str:
    """Return a notebook's file name."""
    return Path(NOTEBOOKS[notebook].path).name


def lesson(bodies: dict[str, str]) -> Callable[[], dict[str, bytes]]:
    """Hand in lesson 2 with some exercises solved."""
    return lambda: {file_of("w1l2"): content(solve(released("w1l2"), bodies))}


def honest() -> dict[str, bytes]:
    """Hand in the lesson and the assignment, all solved."""
    return lesson(RIGHT)() | {file_of("w1a1"): content(solve(released("w1a1"), ASSIGNMENT))}


def differently() -> dict[str, bytes]:
    """Solve everything in another way, with a helper in a cell of one's own, magics and a plot."""
    document = solve(released("w1l2"), OTHERWISE)
    helper = "def grown(*sides, by):\n    return [side + by for side in sides]"
    add(document, helper, "helper", before="w1l2-zero-pad")
    add(document, "%matplotlib inline\n%time zero_pad(batch, 10).shape", "trying")
    return {file_of("w1l2"): content(document)}


def cut_short() -> dict[str, bytes]:
    """Hand in what is left of an upload that broke off."""
    name, whole = next(iter(lesson(RIGHT)().items()))
    return {name: whole[: len(whole) // 2]}


def mangled() -> dict[str, bytes]:
    """Lose every name: the file's, the cells', the grading metadata; put the cells in another order."""
    document = solve(released("w1l2"), RIGHT)
    for number, cell in enumerate(document["cells"]):
        cell |= {"id": f"cell-{number}", "metadata": {}}
    document["cells"] = document["cells"][::-1]
    return {"My solution (1).ipynb": content(document)}


def patched() -> dict[str, bytes]:
    """Patch whatever could be asked whether an answer is right, and forge the outputs."""
    document = add(released("w1l2"), PATCHES, "patches")
    for cell in document["cells"]:
        if cell["id"].endswith("-check"):
            shown = {"data": {"text/plain": ["3"]}, "execution_count": 1, "metadata": {}}
            cell["outputs"] = [{"output_type": "execute_result"} | shown]
    return {file_of("w1l2"): content(document)}


def copied(rename: bool) -> Callable[[], dict[str, bytes]]:
    """Hand in the first act of the assignment, as somebody else did, with other names."""

    def files() -> dict[str, bytes]:
        bodies = {name: ASSIGNMENT[name] for name in ACT_ONE}
        if rename:
            bodies = {
                name: "# my own work\n" + _renamed(textwrap.dedent(body)) for name, body in bodies.items()
            }
        return {file_of("w1a1"): content(solve(released("w1a1"), bodies))}

    return files


def _renamed(body: str) -> str:
    return re.sub(r"\b\w+\b", lambda word: RENAMED.get(word.group(), word.group()), body)


def without(*names: str, **instead: str) -> dict[str, str]:
    """Return the right bodies of the lesson, without some and with others in place."""
    return {name: body for name, body in (RIGHT | instead).items() if name not in names}


STUDENTS = {
    "s01": Student("everything right, lesson and assignment", honest, {"w1l2": 11, "w1a1": 48}),
    "s02": Student(
        "everything right, written differently, with cells of one's own", differently, {"w1l2": 11}
    ),
    "s03": Student("half done", lesson(without("zero_pad", "conv_single_step")), {"w1l2": 6}),
    "s04": Student("known mistakes in every exercise", lesson(MISTAKEN), {}),
    "s05": Student("blank", lesson({}), {"w1l2": 0}),
    "s06": Student(
        "a syntax error in one cell",
        lesson(without(zero_pad="return np.pad(X, ((0, 0), (pad, pad)")),
        {"w1l2": 8},
    ),
    "s07": Student("a loop that never ends", lesson(without(conv_output_size=ENDLESS)), {"w1l2": 9}),
    "s08": Student("a file that was cut short", cut_short, {"w1l2": 0}),
    "s09": Student("right, but file and cells renamed, metadata lost, order reversed", mangled, {"w1l2": 11}),
    "s10": Student("hostile: patched check and NumPy, forged outputs", patched, {"w1l2": 0}),
    "s11": Student(
        "hostile: one exercise reads other people's files", lesson(without(same_padding=SPYING)), {"w1l2": 9}
    ),
    "s12": Student(
        "hostile: one exercise starts thousands of processes",
        lesson(without(zero_pad=MANY_PROCESSES)),
        {"w1l2": 8},
    ),
    "s13": Student("first act of the assignment", copied(rename=False), {"w1a1": 18}),
    "s14": Student("the same as s13 with other names", copied(rename=True), {"w1a1": 18}),
    "s15": Student("nothing handed in", lambda: {".gitkeep": b""}, {}),
    "s16": Student(
        "the library does one exercise",
        lesson(without(zero_pad="from utils.layers import pad2d\nreturn pad2d(X, pad)")),
        {"w1l2": 8},
    ),
}


def class_files() -> dict[str, bytes]:
    """Return path below ``examples/class/`` and content of every file."""
    return {
        f"{student}/{WEEK}/{name}": raw
        for student, row in STUDENTS.items()
        for name, raw in row.files().items()
    }


def main() -> None:
    """Write the class anew."""
    files = class_files()
    shutil.rmtree(CLASS, ignore_errors=True)
    for name, raw in files.items():
        (CLASS / name).parent.mkdir(parents=True, exist_ok=True)
        (CLASS / name).write_bytes(raw)
    print(
        f"{len(STUDENTS)} students, {len(files)} files, {sum(map(len, files.values())) // 1024} KB in {CLASS}"
    )


if __name__ == "__main__":
    main()
