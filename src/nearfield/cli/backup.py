"""`nearfield backup` and `nearfield restore`: a home into one file, and out of it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from nearfield.cli.elapsed import Elapsed
from nearfield.cli.opening import open_stores, program
from nearfield.cli.output import counted, follow, print_json, say, say_next
from nearfield.cli.parameters import JsonOption


def backup_command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="the file to write")],
    catalogue: Annotated[
        list[str] | None,
        typer.Option("--catalogue", "-c", help="only this one; may be given several times"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="replace a file that is there")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write all that the home answers from into one file, while it answers."""
    from nearfield.pipelines.backup import backup

    elapsed = Elapsed()
    with open_stores(context) as stores:
        done = follow(backup(stores, file, catalogue, force))
    if as_json:
        print_json(done.summary())
        return
    say(
        f"Wrote {counted(sum(done.rows.values()), 'row')}, {_versions(len(done.spaces))} and "
        f"{counted(done.files, 'file')} of {', '.join(done.catalogues) or 'no catalogue'} to "
        f"{done.file} ({done.bytes / 1e6:,.1f} MB) in {elapsed}."
    )
    say_next(program(context), [f"restore --check {done.file}"])


def restore_command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="a file that `backup` wrote")],
    check: Annotated[
        bool, typer.Option("--check", help="only compare every byte with its checksum")
    ] = False,
    erased: Annotated[
        Path | None,
        typer.Option(help="a later backup: who was erased by then does not come back"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Put a backup into an empty home, on this machine or on the servers that are set."""
    from nearfield.pipelines.restore_home import check_backup, restore_home

    elapsed = Elapsed()
    if check:
        _tell_checked(follow(check_backup(file)), file, as_json, elapsed)
        return
    with open_stores(context) as stores:
        done = follow(restore_home(stores, file, erased))
    if as_json:
        print_json(done.summary())
        return
    say(
        f"Restored {', '.join(done.catalogues) or 'no catalogue'} as of {done.created}: "
        f"{counted(sum(done.rows.values()), 'row')}, {counted(done.vectors, 'vector')} and "
        f"{counted(done.files, 'file')} ({done.bytes / 1e6:,.1f} MB) in {elapsed}. "
        f"Answering: {', '.join(done.answering) or 'nothing was published'}."
    )
    if done.forgotten:
        who = counted(done.forgotten, "user who was", "users who were")
        say(f"{who} erased later did not come back.")
    say_next(program(context), ["doctor", "recommend --user ID"])


def _tell_checked(manifest: Any, file: Path, as_json: bool, elapsed: Elapsed) -> None:
    told = manifest.model_dump(exclude={"parts"})
    if as_json:
        print_json(told)
        return
    rows = sum(one.rows for one in manifest.tables.values())
    say(
        f"{file} is whole: {', '.join(manifest.catalogues) or 'no catalogue'} as of "
        f"{manifest.created}, {counted(rows, 'row')}, {_versions(len(manifest.spaces))}, written "
        f"by Nearfield {manifest.nearfield}. Every byte of {file.stat().st_size / 1e6:,.1f} MB was "
        f"compared in {elapsed}."
    )


def _versions(count: int) -> str:
    return counted(count, "version of a space", "versions of spaces")
