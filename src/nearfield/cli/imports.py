"""`nearfield import`: files into a catalogue."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nearfield.cli.opening import open_stores, program
from nearfield.cli.output import Follower, print_json, say, say_next
from nearfield.cli.parameters import JsonOption

if TYPE_CHECKING:
    from nearfield.pipelines.imports import Imported
    from nearfield.pipelines.progress import Steps
    from nearfield.pipelines.stores import Stores

SHOWN_REFUSALS = 10
"""Refused rows that are printed; `--json` holds more of them."""

FileOption = Annotated[Path | None, typer.Option(help=".csv, .tsv, .parquet or RecBole's")]


def import_command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="the catalogue; made if there is none")],
    folder: Annotated[
        Path | None, typer.Argument(help="a MovieLens or RecBole folder or archive")
    ] = None,
    items: FileOption = None,
    users: FileOption = None,
    events: FileOption = None,
    columns: Annotated[
        str, typer.Option(help="which column is which: user=uid,item=iid,value=stars,time=ts")
    ] = "",
    strict: Annotated[
        bool, typer.Option("--strict", help="import nothing when one row is wrong")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Import items, users and events; importing twice changes nothing."""
    files = {"items": items, "users": users, "events": events}
    if (folder is None) == (not any(files.values())):
        raise typer.BadParameter("give a folder, or files with --items, --users and --events")
    if folder is not None and columns:
        raise typer.BadParameter("--columns goes with --items, --users and --events")
    with open_stores(context) as stores, Follower() as follower:
        if folder is not None:
            from nearfield.pipelines.imports import import_folder

            done = follower.follow(import_folder(stores, name, folder, strict))
        else:
            done = follower.follow(_import_files(stores, name, files, (columns, strict)))
    tell_import(done)
    if as_json:
        print_json(done.summary())
    else:
        say_next(program(context), [f"train fusion --catalogue {name}"])


def _import_files(
    stores: "Stores", name: str, files: dict[str, Path | None], how: tuple[str, bool]
) -> "Steps[Imported]":
    from nearfield.datasets.columns import Reading, parse_columns
    from nearfield.datasets.read import TableFiles, read_files
    from nearfield.pipelines.imports import import_read
    from nearfield.pipelines.progress import Progress

    yield Progress("Reading the files")
    columns, strict = how
    reading = Reading(columns=parse_columns(columns), strict=strict)
    read = read_files(TableFiles(**files), reading)
    return (yield from import_read(stores, name, read))


def tell_import(done: "Imported") -> None:
    """Print what came of the rows, and what the catalogue holds."""
    for line in done.report.lines(SHOWN_REFUSALS):
        say(line)
    counts = done.counts
    held = f"{counts.items:,} items, {counts.users:,} users and {counts.events:,} events"
    news = "Nothing new: catalogue" if done.unchanged else "Catalogue"
    say(f"{news} '{done.catalogue}' holds {held}.")
