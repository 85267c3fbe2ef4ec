"""`nearfield experiments`: which arm users liked better."""

from typing import TYPE_CHECKING, Annotated

import typer

from nearfield.cli.opening import open_stores
from nearfield.cli.output import plain_table, print_json, print_table, say
from nearfield.cli.parameters import CatalogueOption, JsonOption

if TYPE_CHECKING:
    from nearfield.pipelines.experiments import Experiment
    from nearfield.pipelines.intervals import Interval

app = typer.Typer(help="Compare the arms of experiments.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Compare the arms of experiments."""


@app.command("report")
def report_command(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="of the experiment; all if not given")] = None,
    catalogue: CatalogueOption = None,
    days: Annotated[float, typer.Option(help="what counts after an answer")] = 7.0,
    as_json: JsonOption = False,
) -> None:
    """Tell what users did with the answers of each arm, with intervals of 95 %."""
    from nearfield.pipelines.experiments import report

    with open_stores(context) as stores:
        found = report(stores, catalogue, name, days)
    if as_json:
        print_json([one.as_data() for one in found])
        return
    for one in found:
        _print(one)
    if not found:
        say("No experiment yet. Ask for recommendations with `arms`; see docs/service.md.")


def _print(one: "Experiment") -> None:
    say(f"{one.name}, {one.days:g} days after each answer:")
    rows = [
        (arm.arm, _told(arm.share), _told(arm.mean), f"{arm.answers:,}", f"{arm.users:,}")
        for arm in one.arms
    ]
    rows += [
        (f"{each.arm} - {each.than}", _told(each.share), _told(each.mean), "", "")
        for each in one.differences
    ]
    names = ("Arm", "Answers that led to something", "Events an answer", "Answers", "Users")
    print_table(plain_table(names, rows, 2))
    still = sum(arm.open for arm in one.arms)
    if still:
        say(f"{still:,} answers are younger than {one.days:g} days and may still lead to more.")


def _told(figure: "Interval") -> str:
    return f"{figure.value:.4f} ({figure.low:.4f} to {figure.high:.4f})"
