"""`nearfield train ...`: learn a model from a catalogue."""

from enum import StrEnum
from typing import Annotated

import typer

from nearfield.cli.opening import open_stores, program
from nearfield.cli.output import follow, print_json, say, say_next
from nearfield.cli.parameters import CatalogueOption, JsonOption

app = typer.Typer(help="Train a recommender.", no_args_is_help=True)


class Objective(StrEnum):
    """What the fusion model learns to do."""

    retrieval = "retrieval"
    rating = "rating"


@app.callback()
def train() -> None:
    """Train a recommender."""


@app.command("fusion")
def fusion_command(
    context: typer.Context,
    catalogue: CatalogueOption = None,
    objective: Annotated[
        Objective | None, typer.Option(help="rank what is taken next, or predict ratings")
    ] = None,
    dim: Annotated[int | None, typer.Option(help="length of the vectors")] = None,
    epochs: Annotated[int | None, typer.Option(help="passes over all events")] = None,
    seed: Annotated[int | None, typer.Option(help="of weights, order and dropout")] = None,
    as_json: JsonOption = False,
) -> None:
    """Train the fusion model: who users are and what they did, against what items are."""
    from nearfield.pipelines.train import train_fusion

    given = {
        "objective": None if objective is None else objective.value,
        "dim": dim,
        "epochs": epochs,
        "seed": seed,
    }
    options = {name: value for name, value in given.items() if value is not None}
    with open_stores(context) as stores:
        model = follow(train_fusion(stores, catalogue, options))
    say(
        f"Trained fusion model {model.version} in {model.card['seconds']:.0f} s; its loss went "
        f"from {model.card['curve'][0]:.3f} to {model.card['curve'][-1]:.3f}."
    )
    if as_json:
        print_json(model.summary())
    else:
        typer.echo(model.folder)
        say_next(program(context), [f"publish --catalogue {model.catalogue}"])
