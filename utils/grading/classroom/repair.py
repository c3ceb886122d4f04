"""Fit what was handed in to what was given out: whose is each cell, where does it belong, what had to be put right.

The release decides what is given, what checks and where. Of the student's file only text counts: of the cells with
exercises, of the course's cells that were changed, and of cells that the student added.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from utils.grading.classroom.reading import ReadCell
from utils.grading.classroom.released import ReleasedCell, is_blank

_NOTED = 20  # repairs are for people to read


@dataclass(frozen=True)
class FittedCell:
    """A cell of the repaired notebook.

    Attributes
    ----------
    cell : ReadCell
        The text that stands there now.
    role : str
        As in :class:`~utils.grading.classroom.released.ReleasedCell`, or ``"own"`` for a cell that the student added.
    name : str
        What messages call it.
    own : bool
        Whether the text is the student's.
    exercise : str
        Name of the function that is written here; empty elsewhere.
    not_graded : bool
        Whether it is never run.
    """

    cell: ReadCell
    role: str
    name: str
    own: bool
    exercise: str = ""
    not_graded: bool = False


def fit(cells: Sequence[ReadCell], release: Sequence[ReleasedCell]) -> tuple[list[FittedCell], list[str]]:
    """Put a student's cells into the places of a release.

    Parameters
    ----------
    cells : sequence of ReadCell
        The student's, in their order.
    release : sequence of ReleasedCell
        What was given out.

    Returns
    -------
    fitted : list of FittedCell
        In the order of the release; a cell that the student added stands behind the cell that it stood behind.
    repairs : list of str
        What had to be put right, in sentences.
    """
    owner, repairs = _owners(cells, release)
    chosen, spare = _choose(cells, owner, release, repairs)
    fitted: dict[int, list[FittedCell]] = {index: [] for index in range(len(release))}
    for index, given in enumerate(release):
        fitted[index] = _place(given, [cells[i] for i in chosen.get(index, ())], repairs)
    _add_own(fitted, cells, owner, spare, release)
    if len(repairs) > _NOTED:
        repairs = [*repairs[:_NOTED], f"And {len(repairs) - _NOTED} repairs more."]
    return [cell for index in range(len(release)) for cell in fitted[index]], repairs


def _owners(cells: Sequence[ReadCell], release: Sequence[ReleasedCell]) -> tuple[dict[int, int], list[str]]:
    """Return which cell of the release each of the student's cells is: by grade_id, by id, by function, by its text."""
    owner: dict[int, int] = {}
    repairs: list[str] = []
    by_grade = {given.cell.grade_id: index for index, given in enumerate(release) if given.cell.grade_id}
    by_id = {given.cell.id: index for index, given in enumerate(release) if given.cell.id}
    owner |= {i: by_grade[cell.grade_id] for i, cell in enumerate(cells) if cell.grade_id in by_grade}
    taken = set(owner.values())
    for i, cell in enumerate(cells):
        index = by_id.get(cell.id)
        if i not in owner and index is not None and index not in taken and _same_kind(cell, release[index]):
            owner[i] = index
            taken.add(index)
            if release[index].cell.grade_id:
                repairs.append(f"Cell {release[index].name} had lost its grading metadata; found by its id.")
    _find_by_function(cells, release, owner, repairs)
    _find_by_text(cells, release, owner)
    return owner, repairs


def _same_kind(cell: ReadCell, given: ReleasedCell) -> bool:
    """Tell whether a cell can be the release's by its id: an exercise may have been turned into text by a slip."""
    return cell.kind == given.cell.kind or given.role == "solution"


def _find_by_function(
    cells: Sequence[ReadCell],
    release: Sequence[ReleasedCell],
    owner: dict[int, int],
    repairs: list[str],
) -> None:
    for index, given in enumerate(release):
        held = [cells[i] for i, place in owner.items() if place == index]
        # A cell that cannot be parsed may hold it all the same.
        if not given.exercise or any(given.exercise in c.functions or not c.parses for c in held):
            continue
        found = [
            i
            for i, cell in enumerate(cells)
            if given.exercise in cell.functions and (i not in owner or release[owner[i]].role != "solution")
        ]
        found += [i for i, cell in enumerate(cells) if given.exercise in cell.functions and i not in found]
        if found and not held:
            owner |= dict.fromkeys(found, index)
            repairs.append(f"The cell of {given.exercise} had lost its name; found by the function in it.")


def _find_by_text(cells: Sequence[ReadCell], release: Sequence[ReleasedCell], owner: dict[int, int]) -> None:
    """Recognise unchanged cells of the course in files without ids; each stands for one cell of the release."""
    waiting: dict[str, list[int]] = {}
    for index, given in enumerate(release):
        if index not in owner.values() and given.cell.kind == "code":
            waiting.setdefault(given.cell.text, []).append(index)
    for i, cell in enumerate(cells):
        if i not in owner and waiting.get(cell.text):
            owner[i] = waiting[cell.text].pop(0)


def _choose(
    cells: Sequence[ReadCell],
    owner: dict[int, int],
    release: Sequence[ReleasedCell],
    repairs: list[str],
) -> tuple[dict[int, list[int]], set[int]]:
    """Choose the cell that counts where several claim a place; return the choice and those that become added cells."""
    claims: dict[int, list[int]] = {}
    for i, index in sorted(owner.items()):
        claims.setdefault(index, []).append(i)
    chosen, spare = {}, set()
    for index, claimed in claims.items():
        given = release[index]
        best = min(claimed, key=lambda i: (_rank(cells[i], given), i))
        chosen[index] = [best]
        others = [i for i in claimed if i != best]
        if others and given.cell.grade_id:
            repairs.append(f"Cell {given.name} stands there {len(claimed)} times; one of them counts.")
        # A cell that was split keeps its name in both halves: what defines something else is still needed.
        spare |= {
            i
            for i in others
            if given.role == "solution"
            and given.exercise not in cells[i].functions
            and cells[i].kind == "code"
        }
    return chosen, spare


def _rank(cell: ReadCell, given: ReleasedCell) -> int:
    if given.role != "solution":
        return int(cell.text != given.cell.text)
    blank = is_blank(cell, given.exercise)
    if given.exercise in cell.functions and not blank:
        return 0
    if not cell.parses and not blank:
        return 1
    return 3 if blank else 2


def _place(given: ReleasedCell, found: Sequence[ReadCell], repairs: list[str]) -> list[FittedCell]:
    """Return what stands at one place of the release."""
    ours = FittedCell(given.cell, given.role, given.name, False, given.exercise, given.not_graded)
    cell = found[0] if found else None
    if given.role == "text":
        return []
    if given.role == "solution":
        if cell is None:
            repairs.append(f"The cell of {given.exercise or given.name} was missing; its blank was put back.")
            return [ours]
        if cell.kind != "code":
            repairs.append(f"The cell of {given.exercise or given.name} had been turned into text.")
        return [FittedCell(cell, "solution", given.name, True, given.exercise, given.not_graded)]
    changed = cell is not None and cell.kind == "code" and cell.text != given.cell.text
    if given.role in ("given", "check"):
        if cell is None or changed:
            what = "missing" if cell is None else "changed"
            repairs.append(f"The course's cell {given.name} was {what}; it was taken from the release.")
        return [ours]
    if not changed:
        return [ours]
    theirs = FittedCell(cell, given.role, given.name, True, "", given.not_graded)
    # Many people add their own imports to the first cell: ours runs first, then theirs.
    return (
        [ours, FittedCell(cell, "own", f"{given.name}-changed", True)]
        if given.role == "imports"
        else [theirs]
    )


def _add_own(
    fitted: dict[int, list[FittedCell]],
    cells: Sequence[ReadCell],
    owner: dict[int, int],
    spare: set[int],
    release: Sequence[ReleasedCell],
) -> None:
    """Put the cells that the student added behind the cell of the course that they stood behind."""
    behind = first = next(index for index, given in enumerate(release) if given.role == "imports")
    used = {given.name for given in release}
    for i, cell in enumerate(cells):
        if i in owner and i not in spare:
            behind = max(owner[i], first)
        elif cell.kind == "code" and cell.source.strip():
            name = cell.id if cell.id and cell.id not in used else f"added-{i + 1}"
            used.add(name)
            fitted[behind].append(FittedCell(cell, "own", name, True))
