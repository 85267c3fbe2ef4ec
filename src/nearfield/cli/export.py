"""`nearfield export`: a catalogue into files."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nearfield.cli.opening import open_stores, program
from nearfield.cli.output import follow, print_json, say, say_next
from nearfield.cli.parameters import JsonOption


class ExportFormat(StrEnum):
    """How tables are written."""

    jsonl = "jsonl"
    parquet = "parquet"


def export_command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="the catalogue")],
    place: Annotated[
        Path, typer.Argument(help="a folder, a .zip of all tables, or a file for --table")
    ],
    table: Annotated[
        str,
        typer.Option(
            help="items, users or events; of songs also files, sounds, verdicts or playlists"
        ),
    ] = "all",
    format: Annotated[ExportFormat, typer.Option(help="of the tables")] = ExportFormat.jsonl,
    as_json: JsonOption = False,
) -> None:
    """Write all that a catalogue holds into files; `import` reads them."""
    from nearfield.pipelines.export import export_files

    with open_stores(context) as stores:
        done = follow(export_files(stores, name, place, table, format.value))
    if as_json:
        print_json(done.summary())
        return
    told = ", ".join(f"{count:,} {one}" for one, count in done.rows.items() if count)
    say(f"Wrote {told or 'nothing'} of '{name}' to {done.place}.")
    if table == "all":
        say_next(program(context), [f"import NAME {done.place}"])
