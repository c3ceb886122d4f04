"""Mangled notebooks: every repair on its own, then random mixtures of them; whoever solved an exercise keeps it."""

import copy
import json

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.grading.classroom import handed_in
from tests.grading.classroom.handed_in import (
    EXERCISES,
    blank,
    code,
    cut,
    find,
    fitted_and_runs,
    grade_id,
    honest,
    last_text,
    plan_of,
    text,
)
from utils.grading.classroom.reader import find_names, read

OURS = "w1l2-imports"


def solved(job):
    return [name for name in EXERCISES if last_text(job, name) == text(name)]


def ids(job):
    return [cell.id for cell in job.cells]


def test_an_untouched_hand_in_needs_no_repair(tmp_path):
    job = plan_of(honest(), tmp_path)
    assert solved(job) == list(EXERCISES)
    assert not job.repairs
    assert ids(job) == [OURS, *map(grade_id, EXERCISES)]
    assert [cell.own for cell in job.cells] == [False] + [True] * len(EXERCISES)
    assert f"{grade_id('zero_pad')}-check" in job.skipped
    assert "w1l2-quiz-2" in job.skipped


def test_a_blank_defines_every_function(tmp_path):
    job = plan_of(blank(), tmp_path)
    assert not job.repairs
    assert all("not done yet" in last_text(job, name) for name in EXERCISES)


def test_plans_of_equal_files_are_equal(tmp_path):
    assert plan_of(honest(), tmp_path).fingerprint == plan_of(honest(), tmp_path).fingerprint
    assert plan_of(honest(), tmp_path).fingerprint != plan_of(blank(), tmp_path).fingerprint


def test_forged_outputs_and_counts_change_nothing(tmp_path):
    forged = honest()
    for cell in forged["cells"]:
        cell["outputs"] = [{"output_type": "execute_result", "data": {"text/plain": "100"}}]
        cell["execution_count"] = "many"
    assert plan_of(forged, tmp_path).fingerprint == plan_of(honest(), tmp_path).fingerprint


def test_lost_metadata_is_found_by_the_cell_id(tmp_path):
    document = honest()
    for cell in document["cells"]:
        cell["metadata"] = {}
    job = plan_of(document, tmp_path)
    assert solved(job) == list(EXERCISES)
    assert f"{grade_id('zero_pad')}-check" in job.skipped
    assert any("lost its grading metadata" in line for line in job.repairs)


def test_lost_metadata_and_ids_are_found_by_the_function(tmp_path):
    document = honest()
    for cell in document["cells"]:
        cell["metadata"] = {}
        cell.pop("id")
    job = plan_of(document, tmp_path)
    assert solved(job) == list(EXERCISES)
    assert ids(job) == [OURS, *map(grade_id, EXERCISES)]
    assert any("found by the function" in line for line in job.repairs)


def test_renamed_cells_are_found(tmp_path):
    document = honest()
    cell = find(document, "zero_pad")
    cell["metadata"]["nbgrader"]["grade_id"] = cell["id"] = "mine"
    assert solved(plan_of(document, tmp_path)) == list(EXERCISES)


def test_swapped_grade_ids_keep_both_texts(tmp_path):
    document = honest()
    one, other = find(document, "zero_pad"), find(document, "same_padding")
    one["metadata"], other["metadata"] = other["metadata"], one["metadata"]
    assert solved(plan_of(document, tmp_path)) == list(EXERCISES)


def test_a_deleted_cell_leaves_the_blank_and_the_neighbours(tmp_path):
    job = plan_of(cut(honest(), "zero_pad"), tmp_path)
    assert set(solved(job)) == set(EXERCISES) - {"zero_pad"}
    assert "not done yet" in last_text(job, "zero_pad")
    assert any("zero_pad was missing" in line for line in job.repairs)


def test_the_course_decides_what_checks(tmp_path):
    document = honest()
    place = next(i for i, cell in enumerate(document["cells"]) if cell["id"].endswith("zero-pad-check"))
    document["cells"][place]["source"] = "3"
    job = plan_of(document, tmp_path)
    assert "3" not in [cell.source for cell in job.cells]
    assert any("was changed; it was taken from the release" in line for line in job.repairs)
    del document["cells"][place]
    job = plan_of(document, tmp_path)
    assert f"{grade_id('zero_pad')}-check" in job.skipped
    assert any("was missing; it was taken from the release" in line for line in job.repairs)


@pytest.mark.parametrize("first", [True, False])
def test_of_two_copies_the_solved_one_counts(tmp_path, first):
    document = honest()
    cell = find(document, "zero_pad")
    other = copy.deepcopy(find(blank(), "zero_pad")) | {"id": "copy"}
    document["cells"].insert(document["cells"].index(cell) + first, other)
    job = plan_of(document, tmp_path)
    assert solved(job) == list(EXERCISES)
    assert any("stands there 2 times" in line for line in job.repairs)


def test_of_two_solved_copies_the_first_counts(tmp_path):
    document = honest()
    other = copy.deepcopy(find(document, "zero_pad")) | {"id": "copy"}
    other["source"] = "def zero_pad(X, pad):\n    return X"
    document["cells"].append(other)
    assert solved(plan_of(document, tmp_path)) == list(EXERCISES)


def test_a_split_cell_keeps_its_helper(tmp_path):
    document = honest()
    cell = find(document, "zero_pad")
    helper = copy.deepcopy(cell) | {"id": "copy", "source": "def pairs(pad):\n    return (pad, pad)"}
    document["cells"].insert(document["cells"].index(cell), helper)
    job = plan_of(document, tmp_path)
    assert solved(job) == list(EXERCISES)
    assert last_text(job, "pairs") == helper["source"]


def test_a_solution_below_the_blank_counts(tmp_path):
    document = blank()
    place = document["cells"].index(find(document, "zero_pad"))
    document["cells"].insert(place + 1, code(text("zero_pad")))
    assert solved(plan_of(document, tmp_path)) == ["zero_pad"]


def test_a_cell_turned_into_text_is_code_again(tmp_path):
    document = honest()
    find(document, "zero_pad")["cell_type"] = "markdown"
    job = plan_of(document, tmp_path)
    assert solved(job) == list(EXERCISES)
    assert any("turned into text" in line for line in job.repairs)


def test_a_syntax_error_is_handed_on(tmp_path):
    document = honest()
    find(document, "zero_pad")["source"] = "def zero_pad(X, pad)\n    return X"
    job = plan_of(document, tmp_path)
    assert set(solved(job)) == set(EXERCISES) - {"zero_pad"}
    assert "def zero_pad(X, pad)\n    return X" in [cell.source for cell in job.cells]


def test_reordered_cells_go_back(tmp_path):
    document = honest()
    document["cells"].reverse()
    job = plan_of(document, tmp_path)
    assert ids(job) == [OURS, *map(grade_id, EXERCISES)]
    assert solved(job) == list(EXERCISES)


def test_added_cells_stay_behind_the_cell_they_stood_behind(tmp_path):
    document = honest()
    document["cells"].insert(0, code("%matplotlib inline\nimport math", id="magic"))
    place = document["cells"].index(find(document, "zero_pad"))
    document["cells"].insert(place, code("helper = !echo 3", id="helper"))
    document["cells"].insert(place, code("check(zero_pad)\nhint(zero_pad)", id="asks"))
    job = plan_of(document, tmp_path)
    names = ids(job)
    assert names[:2] == [OURS, "magic"]
    assert names.index("helper") == names.index(grade_id("zero_pad")) - 1
    assert "asks" in job.skipped


def test_own_imports_in_the_first_cell_run_after_ours(tmp_path):
    document = honest()
    first = next(cell for cell in document["cells"] if cell["id"] == OURS)
    first["source"] = "import math\nNOTEBOOK = 'w9l9'"
    job = plan_of(document, tmp_path)
    assert ids(job)[:2] == [OURS, f"{OURS}-changed"]
    assert [cell.own for cell in job.cells[:2]] == [False, True]


def test_of_the_courses_cells_only_what_is_read_is_run(tmp_path):
    document = honest()
    place = document["cells"].index(find(document, "zero_pad"))
    document["cells"].insert(place + 1, code("zero_pad(batch, 2)", id="look"))
    document["cells"].append(code("def late():\n    return strided", id="late"))
    job = plan_of(document, tmp_path)
    assert "w1l2-zero-pad-2" in ids(job)  # defines batch
    assert {"w1l2-stride-5", "w1l2-border-2", "w1l2-slide-2"} <= set(
        ids(job)
    )  # strided reads cat and vertical
    assert "w1l2-pad-3" in job.skipped


def test_a_changed_course_cell_counts_where_it_is_read(tmp_path):
    document = honest()
    changed = next(cell for cell in document["cells"] if cell["id"] == "w1l2-zero-pad-2")
    changed["source"] = "batch = np.ones((2, 4, 4, 3))"
    assert "w1l2-zero-pad-2" in plan_of(document, tmp_path).skipped
    document["cells"].append(code("zero_pad(batch, 2)"))
    planned = {cell.id: cell for cell in plan_of(document, tmp_path).cells}
    assert planned["w1l2-zero-pad-2"].source == changed["source"]
    assert planned["w1l2-zero-pad-2"].own


def test_not_graded_cells_are_never_run(tmp_path, monkeypatch):
    release = blank()
    heavy = next(cell for cell in release["cells"] if cell["id"] == "w1l2-zero-pad-2")
    heavy["metadata"]["tags"] = ["not-graded"]
    document = honest()
    document["cells"].append(code("zero_pad(batch, 2)"))
    monkeypatch.setattr(handed_in, "released", lambda: json.dumps(release).encode())
    assert "w1l2-zero-pad-2" in plan_of(document, tmp_path).skipped


@pytest.mark.parametrize("version", [3, 2, 1])
def test_older_formats(tmp_path, version):
    document = honest()
    cells = [
        {"cell_type": cell["cell_type"], "metadata": cell["metadata"]}
        | {"code" if version == 1 else "input": "".join(cell["source"]), "language": "python"}
        for cell in document["cells"]
    ]
    old = {"nbformat": version, "nbformat_minor": 0, "metadata": {}}
    old |= {"cells": cells} if version == 1 else {"worksheets": [{"cells": cells}]}
    job = plan_of(old, tmp_path)
    assert solved(job) == list(EXERCISES)
    assert ids(job) == [OURS, *map(grade_id, EXERCISES)]


def test_format_three_as_nbformat_writes_it(tmp_path):
    notebook = nbformat.reads(json.dumps(honest()), as_version=4)
    old = nbformat.writes(nbformat.convert(notebook, 3), version=3)
    assert solved(plan_of(old.encode(), tmp_path)) == list(EXERCISES)


def test_names_follow_the_order_of_a_cell():
    cell = find_names("for name in people:\n    total = total + 1 if name else grow(x)\nx = 1")
    assert set(cell["reads"]) == {"people", "total", "grow", "x"}
    assert set(cell["defines"]) == {"name", "total", "x"}
    cell = find_names(
        "a = [i for i in z]\nb = a\ndef f():\n    global c\n    c = b + later\nwith d as e:\n    e"
    )
    assert set(cell["reads"]) == {"z", "d"}
    assert cell["reads_later"] == ["later"]
    assert set(cell["defines"]) == {"a", "b", "f", "c", "e"}


def test_names_behind_magics():
    assert {"f", "x"} <= set(find_names("%time f(x)")["reads"])
    assert {"f", "x"} <= set(find_names("if y:\n    %timeit -n 10 f(x)")["reads"])
    assert find_names("%%time\ny = f(x)")["defines"] == ["y"]
    assert find_names("files = !ls\n%matplotlib inline")["defines"] == ["files"]


@pytest.mark.parametrize(
    "source", ["(" * 100_000, "-" * 1_000_000 + "1", "\0", "a" + ".b" * 300_000, "def f(:"]
)
def test_texts_that_no_parser_likes(source):
    assert not find_names(source)["parses"]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "worksheets", "source", "input", "metadata", "nbgrader", "grade_id", "id"]
            )
            | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@given(JSON)
def test_any_json_is_read_or_refused(document):
    answer = read(json.dumps(document).encode())
    assert ("error" in answer) != ("cells" in answer)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw):
    assert "error" in read(raw)


def is_solution(cell):
    return any(cell["source"] == text(name) for name in EXERCISES)


@st.composite
def mutilated(draw):
    """An honest notebook after a handful of accidents and malice; no solution's text is touched."""
    cells = honest()["cells"]
    for _ in range(draw(st.integers(1, 8))):
        place = draw(st.integers(0, len(cells) - 1))
        cell = cells[place]
        action = draw(st.sampled_from(ACTIONS))
        if action == "delete" and isinstance(cell, dict) and not is_solution(cell) and len(cells) > 1:
            del cells[place]
        elif action == "junk" and isinstance(cell, dict) and not is_solution(cell):
            cell[draw(st.sampled_from(sorted(cell)))] = draw(JSON)
            cell.setdefault("source", "")
        elif action == "shuffle":
            cells = draw(st.permutations(cells))
        elif action == "duplicate":
            cells.insert(draw(st.integers(0, len(cells))), copy.deepcopy(cell))
        elif action == "unname all":
            for one in cells:
                one["metadata"] = {}
                one.pop("id", None)
        elif action == "unname":
            cell.pop(draw(st.sampled_from(["id", "metadata"])), None)
        elif action == "rename":
            cell["id"] = draw(JSON)
        elif action == "wrong metadata":
            cell["metadata"] = draw(JSON)
        elif action == "add":
            cells.insert(place, code(draw(st.sampled_from(["1 + 1", "(", "%time 3", "check(zero_pad)", ""]))))
    return {"cells": cells, "metadata": draw(JSON), "nbformat": draw(JSON)}


ACTIONS = [
    "delete",
    "junk",
    "shuffle",
    "duplicate",
    "unname all",
    "unname",
    "rename",
    "wrong metadata",
    "add",
]


@settings(max_examples=60)
@given(mutilated())
def test_random_mutilations_keep_what_was_solved(document):
    fitted, runs, _ = fitted_and_runs(document)
    kept = [cell for cell, run in zip(fitted, runs, strict=True) if run]
    assert [cell.role for cell in kept].count("imports") == 1
    for name in EXERCISES:
        texts = [cell.cell.source for cell in kept if name in cell.cell.functions]
        assert texts[-1] == text(name)
