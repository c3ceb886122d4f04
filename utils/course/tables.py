"""The tables of `course exercises` and `course progress`."""

from collections.abc import Mapping
from pathlib import Path

from rich.table import Table

from utils.course.refusal import Refusal
from utils.exercises.index import NOTEBOOKS, all_keys, exercise, split_key
from utils.grading.progress import PROGRESS_FILE, Row, read, write


def exercise_rows() -> list[dict]:
    """Return a row ``{week, notebook, exercise, points, cases, mistakes, hints}`` for every exercise of the course.

    ``cases`` counts those of the instant check.
    """
    from utils.answers.answer import answer
    from utils.grading.judge import fixed_seed, make_cases

    rows = []
    for key in all_keys():
        notebook, function = split_key(key)
        entry = exercise(key)
        rows.append(
            {
                "week": NOTEBOOKS[notebook].week,
                "notebook": notebook,
                "exercise": function,
                "points": entry.points,
                "cases": len(make_cases(key, fixed_seed(key))),
                "mistakes": len(answer(key).mistakes),
                "hints": len(entry.hints),
            }
        )
    return rows


def exercise_table(rows: list[dict]) -> Table:
    """Draw the rows, with their sums."""
    numbers = ("points", "cases", "mistakes", "hints")
    table = Table("notebook", "exercise", show_footer=True)
    table.columns[0].footer, table.columns[1].footer = "all", str(len(rows))
    for name in numbers:
        table.add_column(name, justify="right", footer=f"{sum(row[name] for row in rows):g}")
    for row in rows:
        table.add_row(row["notebook"], row["exercise"], *(f"{row[name]:g}" for name in numbers))
    return table


def progress_table(done: Mapping[str, Row]) -> Table:
    """Draw how far a learner is: for each notebook its exercises and the points earned.

    Parameters
    ----------
    done : mapping of str to Row
        History by exercise key.
    """
    table = Table("notebook", "exercises", "points", show_footer=True)
    table.columns[1].no_wrap = False
    earned = possible = 0.0
    for notebook, row in NOTEBOOKS.items():
        if not row.exercises:
            continue
        keys = [f"{notebook}/{name}" for name in row.exercises]
        points = {key: exercise(key).points for key in keys}
        got = sum(points[key] * done.get(key, Row()).best for key in keys)
        earned, possible = earned + got, possible + sum(points.values())
        table.add_row(
            row.path,
            "  ".join(_mark(key, done.get(key)) for key in keys),
            f"{got:g} of {sum(points.values()):g}",
        )
    table.columns[0].footer, table.columns[2].footer = "all", f"{earned:g} of {possible:g}"
    return table


def _mark(key: str, row: Row | None) -> str:
    name = key.split("/")[1]
    if row is None or not row.checks:
        return f"[dim]{name}[/]"
    return f"[green]✓ {name}[/]" if row.best == 1 else f"[yellow]{name} {row.best:.0%}[/]"


def read_progress(folder: Path) -> dict[str, Row]:
    """Return the history kept in a learner's folder.

    Raises
    ------
    Refusal
        When the folder is none that `course start` has made.
    """
    if not (folder / PROGRESS_FILE).is_file():
        raise Refusal(
            f"There is no progress in {folder}: `course start` makes your copies, and your checks are then kept there."
        )
    return read(folder / PROGRESS_FILE)


def forget_progress(folder: Path, key: str) -> None:
    """Remove one exercise's history."""
    rows = read_progress(folder)
    if rows.pop(key, None) is not None:
        write(folder / PROGRESS_FILE, rows)
