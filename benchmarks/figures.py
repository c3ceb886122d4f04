"""Draw a run: every ratio as a bar with its spread, and how costs grow."""

from pathlib import Path

from benchmarks.results import CaseResult, FormResult, GroupResult, Growth, Run, growths

INCHES_A_BAR, INCHES_A_PANEL = 0.2, 0.75


def draw_run(run: Run, file: Path) -> list[Path]:
    """Draw the figures of a run beside its file.

    Parameters
    ----------
    run : Run
        What was found.
    file : Path
        Its JSON file; the figures are named after it.

    Returns
    -------
    list of Path
        Those that were drawn: ``NAME-ratios.png``, ``NAME-growth.png``; none where there is nothing to draw.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from utils.plots.style import course_style

    drawn = []
    with mpl.rc_context():
        course_style()
        if any(_bars(group) for group in run.groups):
            drawn.append(_draw_ratios(run, file.with_name(f"{file.stem}-ratios.png")))
        if found := growths(run):
            drawn.append(_draw_growth(found, file.with_name(f"{file.stem}-growth.png")))
    return drawn


def _bars(group: GroupResult) -> list[tuple[CaseResult, FormResult]]:
    """Return what gets a bar; cases that are there for the growth only are left to that figure."""
    cases = [case for case in group.cases if case.goals or not case.series]
    return [(case, form) for case in cases for form in case.forms if form.ratio]


def _draw_ratios(run: Run, path: Path) -> Path:
    import matplotlib.pyplot as plt

    groups = [group for group in run.groups if _bars(group)]
    heights = [INCHES_A_BAR * len(_bars(group)) + INCHES_A_PANEL for group in groups]
    figure, panels = plt.subplots(
        len(groups), 1, figsize=(9, sum(heights)), squeeze=False, height_ratios=heights
    )
    for ax, group in zip(panels[:, 0], groups, strict=True):
        _draw_group(ax, group)
    panels[-1, 0].set_xlabel(
        "our time over theirs: left of 1 we are faster (bar: median, line: 10 to 90 %, | goal)"
    )
    figure.savefig(path)
    plt.close(figure)
    return path


def _draw_group(ax, group: GroupResult) -> None:
    from utils.plots.style import PALETTE

    bars = _bars(group)
    for y, (case, form) in enumerate(bars):
        low, median, high = form.ratio
        colour = PALETTE[4] if form.role == "limit" else PALETTE[0]
        ax.barh(y, median - 1, left=1, color=colour, height=0.7)
        ax.plot([low, high], [y, y], color="black", linewidth=1)
        for goal in case.goals:
            if goal.what == f"time over {form.name}":
                mark = PALETTE[2] if goal.reached else PALETTE[1]
                ax.plot([goal.at_most] * 2, [y - 0.45, y + 0.45], color=mark, linewidth=2.5)
    ax.axvline(1, color="0.3", linewidth=1)
    ax.set_xscale("log")
    _plain_ticks(ax.xaxis)
    ax.set_yticks(range(len(bars)), [f"{case.name} | {form.name}" for case, form in bars], fontsize=8)
    ax.set_ylim(len(bars) - 0.5, -0.5)
    ax.set_title(group.name, loc="left")


def _draw_growth(found: list[Growth], path: Path) -> Path:
    import matplotlib.pyplot as plt

    series = list(dict.fromkeys((row.group, row.series) for row in found))
    rows = -(-len(series) // 2)
    figure, panels = plt.subplots(rows, 2, figsize=(10, 3.4 * rows), squeeze=False)
    for ax, key in zip(panels.flat, series, strict=False):
        for row in (row for row in found if (row.group, row.series) == key):
            label = f"{row.form}: {row.exponent.value:.2f} ± {row.exponent.error:.2f}"
            ax.plot(row.sizes, row.seconds, "o-", label=label, zorder=3 if row.form == "ours" else 2)
        ax.set(xscale="log", yscale="log", xlabel=key[1], ylabel="seconds", title=key[0])
        _plain_ticks(ax.xaxis)
        _plain_ticks(ax.yaxis)
        low, high = ax.get_ylim()
        ax.set_ylim(low, high * (high / low) ** 0.5)  # a third of the height is the legend's
        ax.legend(loc="upper left", fontsize=7, title="time ~ size to the power of", title_fontsize=7)
    for ax in panels.flat[len(series) :]:
        ax.remove()
    figure.savefig(path)
    plt.close(figure)
    return path


def _plain_ticks(axis) -> None:
    """Write 0.2 instead of 2 × 10⁻¹, at 1, 2 and 5 only where an axis covers few powers of ten."""
    from matplotlib.ticker import LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
    axis.set_major_formatter("{x:,g}")
    axis.set_minor_formatter(NullFormatter())
