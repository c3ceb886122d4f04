"""A week's README agrees with its notebooks: which there are, their titles, minutes, stars and points."""

import json
import re

import pytest

from utils.exercises.index import NOTEBOOKS, exercise
from utils.grading.notebooks import course_root

ROOT = course_root()
READMES = sorted(ROOT.glob("week[0-9]*/README.md"))


def table(readme):
    """Return {file name: (title, minutes, points, stars)} of the table's rows."""
    rows = {}
    for line in readme.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        link = re.search(r"\[(.+)\]\((.+\.ipynb)\)", cells[1]) if len(cells) == 6 else None
        if link:
            rows[link[2]] = (link[1], int(cells[3]), float(cells[4] or 0), cells[5])
    return rows


def facts(name, path):
    """Return the same four facts as the notebook and the exercises state them."""
    head = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
    title = re.match(r"# (?:Assignment \d: )?(.+)", head)[1]
    minutes = int(re.search(r"\*\*Time\*\* about (\d+) minutes", head)[1])
    points = sum(exercise(f"{name}/{function}").points for function in NOTEBOOKS[name].exercises)
    return title.lower(), minutes, points, re.search(r"\*\*Difficulty\*\* (★+)", head)[1]


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_the_readme_agrees_with_the_notebooks(readme):
    week = readme.parent.name
    names = {row.path.split("/")[1]: name for name, row in NOTEBOOKS.items() if row.week == week}
    there = {file: name for file, name in names.items() if (readme.parent / file).exists()}
    rows = table(readme)
    assert set(rows) == set(there)
    for file, name in there.items():
        title, *rest = rows[file]
        assert (title.lower(), *rest) == facts(name, readme.parent / file), file
