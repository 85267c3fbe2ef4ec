"""`nearfield doctor`: what is wrong, and how to mend it."""

from dataclasses import asdict

import typer

from nearfield.cli.opening import open_stores
from nearfield.cli.output import Follower, print_json
from nearfield.cli.parameters import JsonOption


def doctor_command(context: typer.Context, as_json: JsonOption = False) -> None:
    """Test the home, the database, Milvus, models and spaces; exit 1 if something is wrong."""
    from nearfield.pipelines.doctor import examine
    from nearfield.pipelines.progress import Progress

    checks = []
    with open_stores(context) as stores, Follower() as follower:
        follower.tell(Progress("Examining"))
        checks = list(examine(stores))
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            mark = "ok     " if check.ok else "problem"
            typer.echo(f"{mark}  {check.name}: {check.found}")
            if check.remedy:
                typer.echo(f"         {check.remedy}")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)
