"""`nearfield move`: the home, or a part of it, to servers or back into a folder."""

from typing import Annotated

import typer

from nearfield.cli.elapsed import Elapsed
from nearfield.cli.opening import open_stores, program, read_places
from nearfield.cli.output import follow, print_json, say, say_next
from nearfield.cli.parameters import JsonOption


def move_command(
    context: typer.Context,
    to: Annotated[
        list[str] | None,
        typer.Option(help="a Milvus server, the URL of a database, or a folder; one of each"),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            help="user:password of the Milvus that it goes to",
            envvar="NEARFIELD_MOVE_TOKEN",
            show_envvar=True,
        ),
    ] = None,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="let the home be written again, and stay with it")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Copy the home elsewhere, compare it there, and say what to set; the source stays."""
    from nearfield.pipelines.destination import Destination
    from nearfield.pipelines.move import cancel_move, move

    elapsed = Elapsed()
    with open_stores(context) as stores:
        if cancel:
            cancel_move(stores)
            say("The home is written again. What went to the other place stays there alone.")
            return
        destination = Destination.read(to or [])
        with destination.of(stores, token, read_places(context).milvus) as target:
            done = follow(move(stores, destination, target))
    if as_json:
        print_json(done.summary())
        return
    if done.before:
        say("An earlier run had moved all of it. Now set:")
    else:
        say(
            f"Moved {sum(done.rows.values()):,} rows, {done.vectors:,} vectors and {done.files:,} "
            f"files ({done.bytes / 1e6:,.1f} MB) in {elapsed}. "
            f"Answering there: {', '.join(done.answering) or 'no space was moved'}. Now set:"
        )
    for name, value in done.settings.items():
        say(f"  unset {name}" if value is None else f"  export {name}='{value}'")
    if destination.scope.tables:
        say("The source can be read, and is written no more. To go back to it:")
        say_next(program(context), ["move --cancel"])
