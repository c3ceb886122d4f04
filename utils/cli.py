"""The program `course`: every verb of the course, for learners, teachers and contributors.

Heavy libraries are imported inside the commands, so that `course --help` answers at once.
"""

import json
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from utils.course import data_cli
from utils.course.refusal import Refusal
from utils.grading.notebooks import course_root

app = typer.Typer(
    name="course",
    help="Convolutional networks, worked through: notebooks with checked exercises.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="rich",
)
LEARNING, TEACHING, SHOWING, WRITING = "Learning", "Teaching", "Showing", "Writing the course"
app.add_typer(data_cli.app, name="data", rich_help_panel=WRITING)
_Folder = Annotated[
    Path | None, typer.Option("--to", help="Folder of the copies.", show_default="learn/", file_okay=False)
]


def _learn(folder: Path | None) -> Path:
    return folder or course_root() / "learn"


def _say(line: str) -> None:
    typer.echo(line)


def _told(command: Callable) -> Callable:
    """Turn a refusal into its sentence and exit status 1."""

    @wraps(command)
    def run(*args, **kwargs):
        try:
            return command(*args, **kwargs)
        except Refusal as refusal:
            typer.echo(str(refusal), err=True)
            raise typer.Exit(1) from None

    return run


@app.command(rich_help_panel=LEARNING)
@_told
def lab(
    to: _Folder = None,
    port: Annotated[
        int | None, typer.Option(envvar="PORT", help="Port; the first free one from 8888 on by default.")
    ] = None,
) -> None:
    """Write or update your copies, then open JupyterLab on them.

    NO_BROWSER=1 in the environment prints the address only. JUPYTER_TOKEN fixes the token.
    """
    from utils.course.lab import choose_port, serve, wants_browser

    choose_port(port)  # a port that is taken is said before any work is done
    folder = _learn(to)
    _start([], folder)
    raise typer.Exit(serve(folder.resolve(), port, wants_browser(), _say))


@app.command(rich_help_panel=SHOWING)
@_told
def demo(
    name: Annotated[
        str | None, typer.Argument(help="Name of the demo; without one, the gallery of all is shown.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(envvar="PORT", help="Port; the first free one from 8888 on by default.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on. Other than this machine's own, a token is asked for.")
    ] = "127.0.0.1",
) -> None:
    """Serve the demos for the projector, without code in sight. Stop with Ctrl-C.

    NO_BROWSER=1 in the environment prints the address only. JUPYTER_TOKEN fixes the token.
    """
    from utils.course.demo import find_demo, serve_demos
    from utils.course.lab import wants_browser

    first = find_demo(name) if name else None
    raise typer.Exit(serve_demos(first, port, host, wants_browser(), _say))


@app.command(rich_help_panel=SHOWING)
@_told
def detect(
    pictures: Annotated[list[Path], typer.Argument(help="Pictures, videos, or folders of them.")],
    network: Annotated[
        str, typer.Option(help="Which network: objects, faces, kinds or tree-crowns.")
    ] = "objects",
    score: Annotated[float, typer.Option(help="Keep boxes with at least this score.")] = 0.5,
    iou: Annotated[float, typer.Option(help="Suppress boxes that overlap a better one by more.")] = 0.45,
    out: Annotated[Path, typer.Option(help="Folder of the results.", file_okay=False)] = Path("detected"),
    every: Annotated[int, typer.Option(help="Of a video, take one frame in so many.")] = 1,
) -> None:
    """Find things in pictures: each gets a copy with boxes drawn and a list of them as JSON."""
    from utils.course.detect import detect as find_and_write

    unread = find_and_write(pictures, network, score, iou, out, every, _say)
    _say(f"The results are in {out}.")
    raise typer.Exit(1 if unread else 0)


@app.command(rich_help_panel=SHOWING)
@_told
def stylize(
    content: Annotated[Path, typer.Argument(help="The photograph.")],
    styles: Annotated[
        list[Path], typer.Argument(metavar="STYLE...", help="The painting; several are mixed.")
    ],
    out: Annotated[Path, typer.Option(help="File of the painted picture: .png, .jpg or .webp.")],
    size: Annotated[int, typer.Option(help="Pixels of the longer side.")] = 384,
    steps: Annotated[int, typer.Option(help="Steps in all.")] = 100,
    optimizer: Annotated[str, typer.Option(help="adam or l-bfgs.")] = "adam",
    alpha: Annotated[float, typer.Option(help="Weight of the content.")] = 10.0,
    beta: Annotated[float, typer.Option(help="Weight of the style.")] = 40.0,
    tv: Annotated[float, typer.Option(help="Weight of the total variation: more makes it smoother.")] = 0.0,
    content_layer: Annotated[str, typer.Option(help="block4_conv2 keeps shapes crisper.")] = "block5_conv4",
    start_from: Annotated[str, typer.Option("--start", help="Begin with content, noise or mix.")] = "content",
    keep_colour: Annotated[
        str | None,
        typer.Option(help="Keep the photograph's colours: luminance or histogram.", show_default="no"),
    ] = None,
    mask: Annotated[
        list[Path] | None,
        typer.Option(help="One a style, of the photograph's size: white where that style goes."),
    ] = None,
    preview_every: Annotated[int, typer.Option(help="Write a preview every so many steps; 0: none.")] = 0,
    seed: Annotated[int, typer.Option(help="For noise.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Paint a photograph in the style of a painting.

    Ctrl-C writes the best picture so far and ends with status 130.
    """
    from utils.course.stylize import Output
    from utils.course.stylize import stylize as paint_and_write

    finished = paint_and_write(
        content,
        styles,
        mask or [],
        Output(out, preview_every, force),
        _say,
        size=size,
        steps=steps,
        seed=seed,
        optimizer=optimizer,
        alpha=alpha,
        beta=beta,
        tv=tv,
        content_layer=content_layer,
        start=start_from,
        keep_colour=keep_colour,
    )
    raise typer.Exit(0 if finished else 130)


@app.command(rich_help_panel=LEARNING)
@_told
def start(
    weeks: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WEEK]...", help="1, week1 or the folder's name; all by default."),
    ] = None,
    to: _Folder = None,
) -> None:
    """Write your copies of the notebooks, or update them.

    A copy that you have edited is never touched: a newer edition comes beside it, as NAME.new.ipynb.
    """
    _start(weeks or [], _learn(to))


def _start(weeks: list[str], folder: Path) -> None:
    from utils.course.start import start as write_copies

    copies = write_copies(course_root(), folder, weeks)
    counts = {
        change: [c for c in copies if c.change == change]
        for change in ("new", "updated", "unchanged", "beside")
    }
    said = [f"{len(found)} {change}" for change, found in counts.items() if found and change != "beside"]
    _say(f"Your copies are in {_short(folder)}: {', '.join(said) or 'there are no notebooks yet'}.")
    for copy in counts["beside"]:
        _say(f"A newer edition of a file that you have edited lies beside it: {_short(copy.path)}")


def _short(path: Path) -> str:
    """Return the path as seen from here if that is shorter."""
    return min(str(path), os.path.relpath(path), key=len)


@app.command(rich_help_panel=LEARNING)
@_told
def progress(to: _Folder = None) -> None:
    """Show how far you are, by your checks' results."""
    from utils.course.tables import progress_table, read_progress

    Console().print(progress_table(read_progress(_learn(to))))


@app.command(rich_help_panel=LEARNING)
@_told
def reset(
    exercise: Annotated[
        str, typer.Argument(help="Name of the function, or w1a1/zero_pad where two notebooks have it.")
    ],
    to: _Folder = None,
) -> None:
    """Start one exercise again: its blank is put back into your notebook, after a backup.

    Reload the notebook if it is open in JupyterLab.
    """
    from utils.course.reset import find_key
    from utils.course.reset import reset as put_blank_back
    from utils.course.tables import forget_progress

    key = find_key(exercise)
    notebook, backup = put_blank_back(key, course_root(), _learn(to))
    forget_progress(_learn(to), key)
    _say(f"{key} is blank again in {_short(notebook)}; what it was lies in {_short(backup)}.")


@app.command(rich_help_panel=LEARNING)
@_told
def exercises(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON list of rows in place of the table.")
    ] = False,
) -> None:
    """List every exercise: points, cases of its check, known mistakes, hints."""
    from utils.course.tables import exercise_rows, exercise_table

    rows = exercise_rows()
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
    else:
        Console().print(exercise_table(rows))


@app.command(rich_help_panel=TEACHING)
@_told
def release(
    week: Annotated[str, typer.Argument(metavar="WEEK", help="1, week1 or the folder's name.")],
    to: Annotated[Path, typer.Option(help="Folder of what is handed out.", file_okay=False)] = Path(
        "handed-out"
    ),
    replace: Annotated[bool, typer.Option("--replace", help="Replace a different release.")] = False,
) -> None:
    """Write what a class gets for a week, without solutions and answers.

    TO/WEEK/ is nbgrader's release, TO/WEEK.zip is for the learning platform, TO/data.zip the same for all weeks.
    """
    from utils.course.handout import hand_out

    done = hand_out(course_root(), course_root(), week, to, replace=replace)
    change = "is in" if done.changed else "has not changed; it is in"
    _say(f"The release of {done.folder.name} {change} {_short(done.folder)} and {_short(done.archive)}.")
    _say(f"The course's data, once for all weeks: {_short(done.data)}")


_Jobs = Annotated[
    int | None, typer.Option(min=1, help="Processes.", show_default="as many as there are processors")
]
_Scheduler = Annotated[
    str | None, typer.Option(metavar="tcp://HOST:PORT", help="Judge on a Dask cluster instead.")
]
_Unsafe = Annotated[
    bool, typer.Option("--unsafe", help="Without a sandbox: students' code can do whatever you can.")
]
_Gradebook = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="COURSE_GRADEBOOK",
        show_envvar=True,
        help="SQLAlchemy URL of nbgrader's gradebook.",
        show_default="OUT/gradebook.db",
    ),
]


@app.command(rich_help_panel=TEACHING)
@_told
def grade(
    submissions: Annotated[Path, typer.Argument(help="Folder with STUDENT/WEEK/NOTEBOOK.ipynb.")],
    out: Annotated[Path, typer.Option(help="Folder of the results.")],
    week: Annotated[
        list[str] | None,
        typer.Option(help="1, week1 or the folder's name; several times for several.", show_default="all"),
    ] = None,
    jobs: _Jobs = None,
    scheduler: _Scheduler = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a grading: nothing that is finished is run again.")
    ] = False,
    unsafe: _Unsafe = False,
    late_penalty: Annotated[
        str, typer.Option(metavar="RULE", help="10%/day, 10%/day,max=50% or 2points/day; needs --due.")
    ] = "",
    due: Annotated[
        list[str] | None,
        typer.Option(metavar="[WEEK=]TIME", help="2026-11-30T23:59, for every week or for one."),
    ] = None,
    cell_seconds: Annotated[float, typer.Option(help="Limit for one cell.")] = 30.0,
    submission_seconds: Annotated[float, typer.Option(help="Limit for all cells of a notebook.")] = 120.0,
    memory: Annotated[int, typer.Option(metavar="MB", help="Limit for a notebook and all it starts.")] = 4096,
    gradebook: _Gradebook = None,
) -> None:
    """Grade a class: each notebook in a sandbox, a row in grades.csv for everybody, whatever happened.

    Ctrl-C or a power cut loses nothing that is finished: --resume goes on. Ends with status 0, whatever students did.
    """
    from utils.course.grade import GradeOptions
    from utils.course.grade import grade as grade_and_write
    from utils.grading.classroom.records import Limits

    limits = Limits(cell_seconds, submission_seconds, memory)
    options = GradeOptions(week or [], jobs, scheduler, unsafe, late_penalty, due or [], limits, gradebook)
    ended = grade_and_write(course_root(), submissions, out, options, resume=resume)
    raise typer.Exit(0 if ended else 130)


@app.command(rich_help_panel=TEACHING)
@_told
def regrade(
    out: Annotated[Path, typer.Option(help="Folder of the results.")],
    exercises: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EXERCISE]...",
            help="w1a1/zero_pad, or w1a1 for a notebook: judge these again, and no others.",
        ),
    ] = None,
    jobs: _Jobs = None,
    scheduler: _Scheduler = None,
    unsafe: _Unsafe = False,
    gradebook: _Gradebook = None,
) -> None:
    """Judge again what a corrected exercise changed, with the options of `course grade`; overrides.csv stays."""
    from utils.course.grade import regrade as judge_again

    ended = judge_again(
        course_root(),
        out,
        exercises or [],
        jobs=jobs,
        scheduler=scheduler,
        unsafe=unsafe,
        gradebook=gradebook,
    )
    raise typer.Exit(0 if ended else 130)


@app.command(rich_help_panel=WRITING)
@_told
def gate(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[EXERCISE]...", help="w1a1/zero_pad, or w1a1 for a notebook."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Prove exercises' checks: solution, blank, known mistakes, other right answers, mutants."""
    from utils.gate.report import print_gate, select

    try:
        select(names or [])
    except KeyError as error:
        raise Refusal(str(error.args[0])) from error
    raise typer.Exit(0 if print_gate(names or [], jobs) else 1)


@app.command(rich_help_panel=WRITING)
@_told
def execute(
    notebooks: Annotated[list[Path], typer.Argument(help="Notebooks to run from top to bottom.")],
    seconds: Annotated[int, typer.Option(min=1, help="Limit for one cell.")] = 300,
) -> None:
    """Run notebooks in the fixed environment and save their outputs; one with an error is left as it was."""
    from utils.course.execute import execute as run_and_save

    failed = []
    for notebook in notebooks:
        try:
            _say(f"{notebook}: {run_and_save(notebook, seconds):.1f} s")
        except Refusal as refusal:
            typer.echo(str(refusal), err=True)
            failed.append(notebook)
    raise typer.Exit(1 if failed else 0)


@app.command(rich_help_panel=WRITING)
@_told
def run(
    name: Annotated[str | None, typer.Argument(help="Which run; without a name, they are listed.")] = None,
    to: Annotated[Path, typer.Option(help="Folder of runs.", file_okay=False)] = Path("runs"),
) -> None:
    """Do a long run, or go on with one that was interrupted; its log is what a notebook draws."""
    from utils.course.long_runs import do_run, run_table
    from utils.experiments.index import load_experiment

    if name is None:
        Console().print(run_table(to))
        return
    try:
        experiment = load_experiment(name)
    except KeyError as error:
        raise Refusal(str(error.args[0])) from error
    do_run(experiment, to)


@app.command(rich_help_panel=WRITING)
@_told
def bench(
    groups: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[GROUP]...",
            help="conv, nms, … or conv/forward for some cases; by default all but course and demos.",
        ),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Keep the run; figures go beside it.")
    ] = None,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="A.json B.json", help="Say whether two runs agree; measures nothing."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Put benchmarks/results into its README; measures nothing.")
    ] = False,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Call everything twice, to see that it works.")
    ] = False,
) -> None:
    """Measure our speed beside peers and physical limits. Ends with status 1 when a goal is missed.

    A case during which the machine was not quiet is not reported, and a busy machine is refused at once.
    """
    from utils.course.bench import run_bench

    raise typer.Exit(
        run_bench(course_root(), groups or [], file, _say, compared=compare, write=write, smoke=smoke)
    )


@app.command("test", rich_help_panel=WRITING)
@_told
def run_tests(
    only: Annotated[
        list[str] | None, typer.Option(help="Run this stage only; may be given several times.")
    ] = None,
) -> None:
    """Run every test, stage by stage: style, imports, fast, slow, demos, gate, notebooks."""
    from utils.course.stages import run_stages

    try:
        passed = run_stages(course_root(), only or [])
    except ValueError as error:
        raise Refusal(str(error)) from error
    raise typer.Exit(0 if passed else 1)


if __name__ == "__main__":
    app(prog_name="course")
