"""The glossary stays complete as weeks arrive.

A notebook names the concepts that it teaches in its metadata, `metadata.course.concepts`, as the glossary spells them.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from utils.exercises.index import NOTEBOOKS
from utils.grading.notebooks import course_root

ROOT = course_root()
PATHS = [row.path for name, row in NOTEBOOKS.items() if "demo" not in name and (ROOT / row.path).exists()]
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


@dataclass(frozen=True)
class Row:
    week: int
    concept: str
    japanese: str
    meaning: str
    place: str

    @property
    def path(self) -> str:
        """The notebook's path, whether the cell is a link or, for a notebook still to come, plain text."""
        link = re.fullmatch(r"\[(.+)\]\((.+)\)", self.place)
        return link[2] if link else f"{self.place}.ipynb"


def read_rows(path: Path = ROOT / "glossary.md") -> list[Row]:
    week, rows = 0, []
    for line in path.read_text(encoding="utf-8").splitlines():
        if heading := re.fullmatch(r"## Week (\d)", line):
            week = int(heading[1])
        elif line.startswith("|") and not re.match(r"\| (Concept|---) \|", line):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            assert len(cells) == 4, f"four cells are wanted: {line}"
            rows.append(Row(week, *cells))
    return rows


ROWS = read_rows()


def concepts(path: str) -> list[str]:
    notebook = json.loads((ROOT / path).read_text(encoding="utf-8"))
    return notebook["metadata"].get("course", {}).get("concepts", [])


def plain(text: str) -> str:
    """Small letters, no emphasis, single blanks, no difference between hyphen and blank."""
    return re.sub(r"[\s-]+", " ", re.sub(r"[*`]", "", text)).lower()


def prose(path: str) -> str:
    notebook = json.loads((ROOT / path).read_text(encoding="utf-8"))
    return plain("\n".join("".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.concept)
def test_a_row_is_whole(row):
    assert row.week, "the row stands above the first week's heading"
    assert all((row.concept, row.japanese, row.meaning, row.place))
    assert JAPANESE.search(row.japanese) or row.japanese == row.concept or row.japanese == row.concept.title()
    assert row.meaning.endswith((".", "?")), "one line of meaning is a sentence"
    assert row.path.startswith(f"week{row.week}_")


def test_no_concept_is_listed_twice():
    doubles = [
        concept for concept, count in Counter(row.concept.lower() for row in ROWS).items() if count > 1
    ]
    assert doubles == []


@pytest.mark.parametrize("path", PATHS)
def test_the_notebook_names_its_concepts_and_the_glossary_agrees(path):
    named = concepts(path)
    assert named, f"{path} names no concepts: add metadata.course.concepts"
    assert len(set(named)) == len(named)
    listed = [row.concept for row in ROWS if row.path == path]
    assert [c for c in named if c not in listed] == [], (
        f"in {path}, without a row of the glossary that points there"
    )
    assert [c for c in listed if c not in named] == [], f"in the glossary, missing in the metadata of {path}"


@pytest.mark.parametrize("path", PATHS)
def test_the_notebook_speaks_of_its_concepts(path):
    text = prose(path)
    missing = [c for c in concepts(path) if not all(plain(name) in text for name in c.split(" / "))]
    assert missing == [], f"{path} never says {missing}"


@pytest.mark.parametrize("path", PATHS)
def test_rows_link_to_notebooks_that_are_there(path):
    unlinked = [row.concept for row in ROWS if row.path == path and not row.place.startswith("[")]
    stem = Path(path).stem
    assert unlinked == [], f"the notebook is there now: write [{stem}]({path}) in these rows"


def test_links_lead_to_notebooks():
    assert [row.path for row in ROWS if row.place.startswith("[") and not (ROOT / row.path).exists()] == []
