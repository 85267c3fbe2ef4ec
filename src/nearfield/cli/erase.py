"""`nearfield erase`: forget a user."""

from typing import Annotated

import typer

from nearfield.cli.opening import open_stores, program
from nearfield.cli.output import follow, print_json, say, say_next
from nearfield.cli.parameters import CatalogueOption, JsonOption


def erase_command(
    context: typer.Context,
    user: Annotated[str, typer.Option(help="whom to forget")],
    catalogue: CatalogueOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase a user with all events, so that no byte of them is left; it cannot be undone."""
    from nearfield.pipelines.erase import erase

    with open_stores(context) as stores:
        done = follow(erase(stores, catalogue, user))
    if as_json:
        print_json(done.summary())
        return
    say(
        f"Erased from '{done.catalogue}': {done.events:,} events, {done.answers:,} answers of "
        f"experiments, {done.jobs:,} accounts of jobs, {done.files:,} files. Imports leave this "
        f"user out from now on."
    )
    for note in done.notes:
        say(note)
    if done.models:
        say(f"{len(done.models)} models learned from them too: numbers without a name.")
        again = done.models[-1].partition("/")[0]
        say_next(program(context), [f"train {again} --catalogue {done.catalogue}"])
