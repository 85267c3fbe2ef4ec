"""`nearfield train ...`: learn a model from a catalogue."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from nearfield.cli.opening import open_stores, program
from nearfield.cli.output import follow, print_json, say, say_next
from nearfield.cli.parameters import CatalogueOption, JsonOption, OnOption, WorkersOption
from nearfield.pipelines.workers import Workers

if TYPE_CHECKING:
    from nearfield.pipelines.models import StoredModel

app = typer.Typer(help="Train a recommender.", no_args_is_help=True)


DimOption: TypeAlias = Annotated[int | None, typer.Option(help="length of the vectors")]
EpochsOption: TypeAlias = Annotated[int | None, typer.Option(help="passes over all events")]
ThreadsOption: TypeAlias = Annotated[int, typer.Option(help="of each worker on Ray")]


@dataclass(frozen=True, slots=True)
class How:
    """What is given beside the settings: what to learn from, who trains, how to answer."""

    catalogue: str | None
    workers: Workers
    as_json: bool


class FusionObjective(StrEnum):
    """What the fusion model learns to do."""

    retrieval = "retrieval"
    rating = "rating"


class GraphObjective(StrEnum):
    """What the graph model learns to do."""

    retrieval = "retrieval"
    margin = "margin"


class Labels(StrEnum):
    """Tags that may say which songs belong together."""

    album = "album"
    artist = "artist"


@app.callback()
def train() -> None:
    """Train a recommender."""


@app.command("fusion")
def fusion_command(
    context: typer.Context,
    catalogue: CatalogueOption = None,
    objective: Annotated[
        FusionObjective | None, typer.Option(help="rank what is taken next, or predict ratings")
    ] = None,
    dim: DimOption = None,
    epochs: EpochsOption = None,
    seed: Annotated[int | None, typer.Option(help="of weights, order and dropout")] = None,
    on: OnOption = "processes",
    workers: WorkersOption = None,
    threads: ThreadsOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Train the fusion model: who users are and what they did, against what items are."""
    given = {"objective": objective, "dim": dim, "epochs": epochs, "seed": seed}
    _train(context, "fusion", How(catalogue, Workers(on, workers, threads), as_json), given)


@app.command("graph")
def graph_command(
    context: typer.Context,
    catalogue: CatalogueOption = None,
    objective: Annotated[
        GraphObjective | None,
        typer.Option(help="rank what is taken next, or pull together what is taken together"),
    ] = None,
    dim: DimOption = None,
    layers: Annotated[int | None, typer.Option(help="convolutions, one around the other")] = None,
    neighbours: Annotated[
        int | None, typer.Option(help="most visited items kept for each item")
    ] = None,
    walks: Annotated[int | None, typer.Option(help="random walks from each item")] = None,
    restart: Annotated[
        float | None, typer.Option(help="chance that a walk ends after a step")
    ] = None,
    epochs: EpochsOption = None,
    seed: Annotated[int | None, typer.Option(help="of weights, walks, order, dropout")] = None,
    on: OnOption = "processes",
    workers: WorkersOption = None,
    threads: ThreadsOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Train the graph model: items by the neighbours that random walks find among the users."""
    given = {
        "objective": objective,
        "dim": dim,
        "layers": layers,
        "neighbours": neighbours,
        "walks": walks,
        "restart": restart,
        "epochs": epochs,
        "seed": seed,
    }
    _train(context, "graph", How(catalogue, Workers(on, workers, threads), as_json), given)


@app.command("sound")
def sound_command(
    context: typer.Context,
    catalogue: CatalogueOption = None,
    epochs: Annotated[int | None, typer.Option(help="passes over all songs")] = None,
    labels: Annotated[
        Labels | None, typer.Option(help="songs that share this tag belong together")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="of order and augmentation")] = None,
    as_json: JsonOption = False,
) -> None:
    """Train the encoder of songs on your own library, from the one in use."""
    from nearfield.pipelines.train_sound import train_sound

    given = {"epochs": epochs, "seed": seed}
    options = {name: value for name, value in given.items() if value is not None}
    with open_stores(context) as stores:
        model = follow(train_sound(stores, catalogue, options, labels and labels.value))
    _tell(context, model, as_json)


def _train(context: typer.Context, recommender: str, how: How, given: dict[str, Any]) -> None:
    """Train with the options that were given, and tell what came of it."""
    from nearfield.pipelines.train import train as learn

    options = {name: value for name, value in given.items() if value is not None}
    with open_stores(context) as stores:
        model = follow(learn(stores, recommender, how.catalogue, options, how.workers))
    _tell(context, model, how.as_json)


def _tell(context: typer.Context, model: "StoredModel", as_json: bool) -> None:
    """Say what was learned, and what to do with it."""
    recommender = model.recommender
    say(
        f"Trained {recommender} model {model.version} in {model.card['seconds']:.0f} s; its loss "
        f"went from {model.card['curve'][0]:.3f} to {model.card['curve'][-1]:.3f}."
    )
    if as_json:
        print_json(model.summary())
    else:
        typer.echo(model.folder)
        where = f"--catalogue {model.catalogue} --space {recommender}"
        say_next(program(context), [f"publish {where}"])
