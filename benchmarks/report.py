"""Print a run, compare two, and put the tables of committed runs into the README."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.groups import GROUPS
from benchmarks.results import (
    CaseResult,
    FormResult,
    GoalResult,
    GroupResult,
    Pair,
    Run,
    growths,
    ratios_of,
    read_run,
)
from benchmarks.spread import Spread, agree
from utils.course.refusal import Refusal

HEADINGS = ("case", "beside", "our time over theirs", "goal", "reached")
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
AGAIN = ".again.json"


def print_run(run: Run) -> None:
    """Print a table for each group, and one of how costs grow."""
    console = Console(width=None if Console().is_terminal else 150)
    for group in run.groups:
        table = Table(*HEADINGS, title=_title(group), title_justify="left", box=box.SIMPLE_HEAD)
        for row in group_rows(group):
            table.add_row(*row)
        console.print(table)
    if found := growths(run):
        table = Table(
            "group", "counted", "form", "time ~ size to the power of", title="growth", box=box.SIMPLE_HEAD
        )
        for row in found:
            table.add_row(
                row.group, row.series, row.form, f"{row.exponent.value:.2f} ± {row.exponent.error:.2f}"
            )
        console.print(table)


def print_comparison(pairs: Sequence[Pair]) -> None:
    """Print the ratios of two runs side by side."""
    table = Table("group", "case", "beside", "first", "second", "agree", box=box.SIMPLE_HEAD)
    for pair in pairs:
        said = "yes" if pair.agree else "[bold red]NO[/]"
        table.add_row(pair.group, pair.case, pair.form, ratio_text(pair.first), ratio_text(pair.second), said)
    Console(width=None if Console().is_terminal else 150).print(table)


def group_rows(group: GroupResult) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield the rows of a group: a form a row, a goal that is no ratio a row, one row for a refused case."""
    for case in group.cases:
        if case.refused:
            yield case.name, "", f"not reported: {case.refused}", "", ""
            continue
        goals = {goal.what: goal for goal in case.goals}
        for form in case.forms[1:]:
            goal = goals.pop(f"time over {form.name}", None)
            yield case.name, form.name, _form_text(form, case.rounds), *_goal_texts(goal)
        yield from _rows_without_peer(case, goals)


def _rows_without_peer(
    case: CaseResult, goals: dict[str, GoalResult]
) -> Iterator[tuple[str, str, str, str, str]]:
    seconds = goals.pop("seconds", None)
    ours = case.forms[0].seconds
    if seconds or all(form.role != "peer" for form in case.forms):
        yield case.name, "(seconds)", seconds_text(ours, case.rounds), *_goal_texts(seconds, " s")
    for goal in goals.values():
        found = "" if goal.found is None else f"{goal.found:.2f}"
        yield case.name, f"({goal.what})", found, *_goal_texts(goal)
    for detail in case.details:
        yield case.name, detail.name, f"{detail.value:.4g} {detail.unit}".strip(), "", ""


def _form_text(form: FormResult, rounds: int) -> str:
    if form.ratio is None:
        return form.missing
    return ratio_text(form.ratio, rounds)


def ratio_text(ratio: Spread, rounds: int = 2) -> str:
    """Return a ratio with its spread, ``"1.69 (1.65–1.74)"``; of a single round there is none."""
    low, median, high = (f"{value:.3g}" if value < 100 else f"{value:.0f}" for value in ratio)
    return f"{median} ({low}–{high})" if rounds > 1 else f"{median} (one round)"


def seconds_text(seconds: Spread, rounds: int) -> str:
    """Return seconds with their spread, in a fitting unit."""
    factor, unit = (1, "s") if seconds.median >= 1 else (1e3, "ms") if seconds.median >= 1e-3 else (1e6, "µs")
    return f"{ratio_text(Spread(*(value * factor for value in seconds)), rounds)} {unit}"


def _goal_texts(goal: GoalResult | None, unit: str = "") -> tuple[str, str]:
    if goal is None:
        return "", ""
    return f"≤ {goal.at_most:,g}{unit}", {True: "yes", False: "no", None: "not judged"}[goal.reached]


def _title(group: GroupResult) -> str:
    threads = "1 thread" if group.threads == 1 else f"{group.threads} threads"
    failed = f"; {group.failed}" if group.failed else ""
    return f"{group.name}: {GROUPS[group.name].says}, {threads}, {group.seconds:.0f} s{failed}"


def fill_readme(folder: Path) -> None:
    """Put the tables of ``results/*.json`` between the marks of ``README.md``.

    Parameters
    ----------
    folder : Path
        Holds both. ``NAME.again.json`` is the second run of ``NAME.json``: its ratios stand in a column beside.

    Raises
    ------
    Refusal
        When there is no run or one is a smoke run, or the README has no marks.
    """
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise Refusal(f"{readme} must hold the lines {BEGIN} and {END}, each once.")
    files = sorted(path for path in (folder / "results").glob("*.json") if not path.name.endswith(AGAIN))
    if not files:
        raise Refusal(
            f"There is no run in {folder / 'results'}: `course bench --json benchmarks/results/MACHINE.json` makes one."
        )
    tables = "\n".join(map(_section, files))
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    readme.write_text(f"{before}{BEGIN}\n\n{tables}\n{END}{after}", encoding="utf-8")


def _section(path: Path) -> str:
    run = _real_run(path)
    second = path.with_name(path.stem + AGAIN)
    again = _real_run(second) if second.is_file() else None
    lines = [
        f"### {path.stem}",
        "",
        f"Taken {run.taken[:10]} on {_listed(run.machine)}; {_listed(run.versions)}.",
        "",
    ]
    lines += [
        f"![{what}](results/{path.stem}-{what}.png)\n"
        for what in ("ratios", "growth")
        if path.with_name(f"{path.stem}-{what}.png").is_file()
    ]
    for group in run.groups:
        lines += [*_group_table(group, again), ""]
    if found := growths(run):
        lines += [
            "| how the cost grows | form | sizes | time ~ size to the power of |",
            "| --- | --- | --- | --- |",
        ]
        for row in found:
            sizes = ", ".join(f"{size:,g}" if size < 1e4 else f"{size:,.0f}" for size in row.sizes)
            power = f"{row.exponent.value:.2f} ± {row.exponent.error:.2f}"
            lines.append(f"| {row.group}, {row.series} | {row.form} | {sizes} | {power} |")
        lines.append("")
    return "\n".join(lines)


def _real_run(path: Path) -> Run:
    run = read_run(path)
    if run.smoke:
        raise Refusal(f"{path} is a smoke run: its figures mean nothing and are not put into the README.")
    return run


def _group_table(group: GroupResult, again: Run | None) -> list[str]:
    headings = [*HEADINGS, "second run"] if again else [*HEADINGS]
    lines = [f"**{_title(group)}**", "", f"| {' | '.join(headings)} |", "| --- " * len(headings) + "|"]
    first, second = ({}, {}) if again is None else (_of_group(group), ratios_of(again))
    work = {case.name: f"{case.name}: {case.work}" for case in group.cases}
    for row in group_rows(group):
        # What is done is said once a case, in its first row.
        cells = [work.pop(row[0], ""), *row[1:]]
        if again:
            key = (group.name, row[0], row[1])
            cells.append(_second_text(first.get(key), second.get(key)))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _of_group(group: GroupResult) -> dict[tuple[str, str, str], Spread]:
    return ratios_of(Run("", {}, {}, (group,)))


def _second_text(first: Spread | None, second: Spread | None) -> str:
    if first is None or second is None:
        return ""
    return f"{ratio_text(second)}, {'agrees' if agree(first, second) else 'differs'}"


def _listed(facts: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items())
