"""`nearfield evaluate`: measure the models on one catalogue."""

import math
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from nearfield.cli.opening import open_stores
from nearfield.cli.output import Follower, plain_table, print_json, print_table, say
from nearfield.cli.parameters import CatalogueOption, JsonOption, read_ids
from nearfield.errors import InvalidInput
from nearfield.pipelines.names import SOUND

if TYPE_CHECKING:
    from nearfield.evaluate.rows import Row
    from nearfield.pipelines.evaluate import Protocol as Hidden

COLUMNS = (
    *("hr@10", "ndcg@10", "recall@20", "mrr", "ndcg@20", "coverage@10", "rmse", "fit_seconds"),
    *("half@1", "segment@1", "album@1", "artist@1", "genre@5"),
)
"""Figures that fit beside each other in 80 columns; `--json` and the report have all."""

_HEADINGS = {"coverage@10": "Cover", "fit_seconds": "Secs", "recall@20": "Rec@20"}


class Protocol(StrEnum):
    """Which events are hidden."""

    last_out = "last-out"
    random = "random"
    rating = "rating"
    cold = "cold"
    item_to_item = "item-to-item"
    item_to_item_dgl = "item-to-item-dgl"
    sound = "sound"


def evaluate_command(
    context: typer.Context,
    catalogue: CatalogueOption = None,
    protocol: Annotated[
        Protocol | None,
        typer.Option(
            help="what is hidden, and what is asked; of songs sound, else last-out, if not given"
        ),
    ] = None,
    models: Annotated[str, typer.Option(help="only these rows: EASE,fusion,graph,blend")] = "",
    report: Annotated[Path | None, typer.Option(help="HTML file to write, with plots")] = None,
    epochs: Annotated[int | None, typer.Option(help="of fusion and graph")] = None,
    seed: Annotated[int, typer.Option(help="of training and of random splits")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Measure our models beside the baselines by full ranking, on events they have not seen."""
    from nearfield.evaluate.report import write_report
    from nearfield.pipelines.evaluate import SECTIONS, Evaluation, evaluate, read_collection
    from nearfield.pipelines.progress import Progress

    with open_stores(context) as stores:
        name = catalogue or stores.only_catalogue()
        sounds = stores.models.of(name, SOUND).is_dir()
    if protocol is Protocol.sound or (protocol is None and sounds):
        _evaluate_songs(context, name, seed, as_json)
        return
    hidden = cast("Hidden", (protocol or Protocol.last_out).value)
    options = {"seed": seed} if epochs is None else {"seed": seed, "epochs": epochs}
    wanted = Evaluation(hidden, read_ids(models), options)
    if report is not None and not report.absolute().parent.is_dir():
        raise InvalidInput(f"{report.parent} is not a folder; make it, or name another file.")
    with open_stores(context) as stores, Follower() as follower:
        follower.tell(Progress("Reading the catalogue"))
        collection = read_collection(stores, catalogue)
        rows = list(evaluate(collection, wanted, follower.tell))
    if report is not None:
        write_report(report, collection, {SECTIONS[wanted.protocol]: rows})
        say(f"Wrote {report}.")
    if as_json:
        print_json([row.as_dict() for row in rows])
    else:
        _print(rows)


def _evaluate_songs(context: typer.Context, catalogue: str, seed: int, as_json: bool) -> None:
    from nearfield.pipelines.evaluate_songs import evaluate_songs

    with open_stores(context) as stores, Follower() as follower:
        rows = list(evaluate_songs(stores, catalogue, seed, follower.tell))
    if as_json:
        print_json([row.as_dict() for row in rows])
    else:
        _print(rows)


def _print(rows: "list[Row]") -> None:
    shown = [name for name in COLUMNS if any(name in row.metrics for row in rows)]
    headings = [_HEADINGS.get(name, name.upper()) for name in shown]
    cells = [[row.model, *(_figure(name, row) for name in shown)] for row in rows]
    print_table(plain_table(["Model", *headings], cells, len(shown)))


def _figure(name: str, row: "Row") -> str:
    value = row.metrics.get(name)
    if value is None or math.isnan(value):
        return ""
    return f"{value:.1f}" if name == "fit_seconds" else f"{value:.4f}"
