"""`course data list | verify | build NAME | fetch NAME`: what comes with the course, and getting the rest."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from utils.data.assets import Asset, AssetError, cache_folder, data_folder, find_asset, read_table

app = typer.Typer(
    name="data",
    help="Pictures, data sets and networks: what there is, whether it is whole, building and fetching.",
    no_args_is_help=True,
)
console = Console()
errors = Console(stderr=True)


@app.command("list")
def list_assets(
    name: Annotated[str | None, typer.Argument(help="Show this asset's whole card.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the assets, or show one asset's card."""
    with _told():
        assets = list(read_table().values()) if name is None else [find_asset(name)]
    if as_json:
        typer.echo(json.dumps([asdict(asset) for asset in assets], indent=2, ensure_ascii=False))
    elif name is not None:
        _show_card(assets[0])
    else:
        _show_table(assets)


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Only these assets.", metavar="[NAME]…")] = None,
) -> None:
    """Check every byte of every bundled file and every field of its card."""
    from utils.data.verify import verify_assets

    with _told():
        chosen = [find_asset(name) for name in names] if names else list(read_table().values())
        faults = verify_assets([asset.name for asset in chosen] if names else None)
    for fault in faults:
        errors.print(fault, style="red", markup=False, soft_wrap=True)
    if faults:
        raise typer.Exit(1)
    size = sum(asset.bytes for asset in chosen if asset.bundled)
    console.print(
        f"{len(chosen)} assets, {_megabytes(size)} bundled: every byte and every card is as it should be."
    )


@app.command()
def build(
    names: Annotated[list[str], typer.Argument(metavar="NAME…")],
    record: Annotated[
        bool,
        typer.Option("--record", help="Write size and checksums into the table: for a new or changed asset."),
    ] = False,
) -> None:
    """Build assets again from their origins (needs the registries' clients and a network)."""
    from utils.data.builders import build_asset

    for name in names:
        with _told(), console.status(f"building {name}"):
            built = build_asset(name, record=record)
        size = _megabytes(built.path.stat().st_size)
        state = (
            "the content is the table's"
            if built.same
            else "new content, recorded"
            if record
            else "new content"
        )
        console.print(f"{name}: {built.path} ({size}), {state}", soft_wrap=True)


@app.command()
def fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="Assets or groups of them.")],
) -> None:
    """Fetch large files into the cache: from the classroom mirror (COURSE_MIRROR), else their source."""
    from utils.data.fetch import fetch_file

    with _told():
        assets = [asset for name in names for asset in _asset_or_group(name)]
        for asset in assets:
            path = data_folder() / asset.file
            if not path.is_file():
                with _download_bar() as progress:
                    path = fetch_file(asset, lambda name, progress=progress: _RichBar(progress, name))
            console.print(f"{asset.name}: {path}", soft_wrap=True)


class _RichBar:
    """One line of a Rich progress display, with the methods by which pooch moves a bar."""

    def __init__(self, progress: Progress, name: str) -> None:
        self.progress = progress
        self.task = progress.add_task(name, total=None)

    @property
    def total(self) -> float | None:
        return self.progress.tasks[self.task].total

    @total.setter
    def total(self, value: float) -> None:
        self.progress.update(self.task, total=value)

    def update(self, amount: float) -> None:
        self.progress.advance(self.task, amount)

    def reset(self) -> None:
        self.progress.reset(self.task, total=self.total)

    def close(self) -> None:
        self.progress.stop_task(self.task)


def _download_bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=errors, transient=True)


def _asset_or_group(name: str) -> list[Asset]:
    """Return the asset of this name, or all of the group of this name."""
    group = [asset for asset in read_table().values() if asset.group == name]
    return group or [find_asset(name)]


def _show_table(assets: list[Asset]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("name", "kind", "size", "where", "licence"):
        # Names stay whole on a narrow terminal too: they are what is typed after `course data build`.
        justify = "right" if column == "size" else "left"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=column == "name")
    for asset in assets:
        table.add_row(asset.name, asset.kind, _megabytes(asset.bytes), _where(asset), asset.licence)
    console.print(table)


def _show_card(asset: Asset) -> None:
    grid = Table.grid(padding=(0, 2))
    for key, value in asdict(asset).items():
        if key == "origin":
            value = "\n".join(
                f"{origin.registry}: {origin.package}=={origin.version}, {origin.path}"
                for origin in asset.origin
            )
        elif isinstance(value, tuple):
            value = ", ".join(value)
        elif isinstance(value, dict):
            value = json.dumps(value, ensure_ascii=False) if value else ""
        if value:
            grid.add_row(key, str(value))
    console.print(grid, markup=False)


def _where(asset: Asset) -> str:
    if (data_folder() / asset.file).is_file():
        return "bundled"
    return "cached" if (cache_folder() / asset.file).is_file() else "to fetch"


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.2f} MB" if count < 10_000_000 else f"{count / 1e6:.1f} MB"


@contextmanager
def _told() -> Iterator[None]:
    """Turn an error that has a sentence into that sentence and exit code 1."""
    try:
        yield
    except AssetError as error:
        errors.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
