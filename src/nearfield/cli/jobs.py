"""`nearfield worker` and `nearfield jobs`: long work, and how far it is."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from nearfield.cli.opening import open_stores, program, read_places
from nearfield.cli.output import plain_table, print_json, print_table, say, say_next
from nearfield.cli.parameters import JsonOption
from nearfield.errors import InvalidInput

if TYPE_CHECKING:
    from nearfield.catalogue.jobs import Job

app = typer.Typer(help="Long work: list it, watch it, cancel it.", invoke_without_command=True)

_SHOWN: Final = 50
_LINE: Final = 40  # characters; `show` has all
IdArgument = Annotated[str, typer.Argument(help="of the job, as `nearfield jobs` lists it")]


def worker_command(context: typer.Context) -> None:
    """Do the long work that is asked of the service, until stopped."""
    import logging

    try:
        from nearfield.jobs.worker import work
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"a worker needs the package {error.name!r}. Run `pip install 'nearfield[serve]'`."
        ) from error
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("nearfield").setLevel(logging.INFO)
    places = read_places(context)
    say(f"Working for {places.home}. Ctrl-C stops; what is in work goes on at the next start.")
    work(places)


@app.callback()
def jobs(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="how many, the newest first")] = _SHOWN,
    as_json: JsonOption = False,
) -> None:
    """List long work, the newest first."""
    if context.invoked_subcommand is not None:
        return
    with open_stores(context) as stores:
        found = stores.catalogues.jobs.list(limit)
    if as_json:
        print_json([one.as_data() for one in found])
        return
    rows = [
        (one.id, one.kind, one.catalogue, one.state, f"{one.created:%m-%d %H:%M}", _far(one))
        for one in found
    ]
    print_table(plain_table(("Job", "Kind", "Catalogue", "State", "Asked", "Progress"), rows, 0))
    if not found:
        say_next(program(context), ["serve"])


@app.command("show")
def show_command(context: typer.Context, job: IdArgument) -> None:
    """Print all that is known of a job, as JSON."""
    with open_stores(context) as stores:
        print_json(stores.catalogues.jobs.get(job).as_data())


@app.command("cancel")
def cancel_command(context: typer.Context, job: IdArgument) -> None:
    """Cancel a job: at once where it waits, at its next step where it runs."""
    with open_stores(context) as stores:
        found = stores.catalogues.jobs.cancel(job)
    say(f"Job {found.id} is {found.state}. {found.message}".strip())


def _far(job: "Job") -> str:
    """Return how far a job is, or how it ended, in a line."""
    if job.message:
        return job.message if len(job.message) <= _LINE else f"{job.message[:_LINE]}..."
    what, done, total = (job.progress.get(name) for name in ("what", "done", "total"))
    if job.state != "running" or not what:
        return ""
    return f"{what} {done / total:.0%}" if done is not None and total else str(what)
