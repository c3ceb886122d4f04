"""The public part of the package: no answer in it, complete without the rest, and a check that says so."""

import ast
import shutil
import subprocess
import sys

import pytest

from utils.exercises.index import NOTEBOOKS
from utils.grading.notebooks import course_root, read_cells
from utils.grading.public import PRIVATE, public_files

# Imported inside a function, where it is asked first whether there are answers.
WHERE_THERE_ARE_ANSWERS = {("utils/grading/check.py", "utils.grading.judge")}


def imported(source):
    """Yield every name of ours that a text imports, "utils.a.b" for both `import` and `from`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def is_private(name):
    path = name.replace(".", "/")
    return any(path == place.removesuffix(".py") or path.startswith(place + "/") for place in PRIVATE)


def test_no_public_file_needs_a_private_one():
    root = course_root()
    needs = {
        (str(path), name)
        for path in public_files(root)
        for name in imported((root / path).read_text(encoding="utf-8"))
        if is_private(name)
    }
    assert {row for row in needs if not row[1].startswith("utils.grading.judge.")} == WHERE_THERE_ARE_ANSWERS


def test_notebooks_import_public_modules_only():
    root = course_root()
    for notebook in NOTEBOOKS.values():
        for cell in read_cells(root / notebook.path):
            if cell.kind == "code" and "import" in cell.source and not cell.source.startswith("%"):
                assert not [name for name in imported(cell.source) if is_private(name)], cell.id


def test_private_places_exist_or_are_folders_of_grading():
    root = course_root()
    assert {place for place in PRIVATE if not (root / place).exists()} <= {"utils/grading/sandbox"}
    with pytest.raises(FileNotFoundError, match="root must be"):
        public_files(root / "data")


# The finder of an editable installation would find the answers in the course itself.
SESSION = """
import sys
sys.path.insert(0, "")
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
NOTEBOOK = "w1l2"
from utils.grading import check, hint, passed, solution
def same_padding(f):
    return (f - 1) // 2
done = check(same_padding)
print(done.text())
print(repr(done), done.passed, done.score, done.points, done.mistake, passed(same_padding))
def same_padding(f):
    raise NotImplementedError("same_padding is not done yet: replace this line by your own code.")
print(check(same_padding).text())
print(hint(same_padding).heading, "|", solution(same_padding).heading)
"""


@pytest.fixture
def public_copy(tmp_path):
    for path in public_files(course_root()):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(course_root() / path, tmp_path / path)
    return tmp_path


def test_check_without_answers_says_that_the_teacher_checks(public_copy):
    done = subprocess.run(
        [sys.executable, "-c", SESSION],
        cwd=public_copy,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "same_padding is there" in done.stdout
    assert "0 False 0.0 0.0 None False" in done.stdout
    assert "same_padding is not done yet" in done.stdout
    assert "Hint 1 of 2 | No solution here" in done.stdout
