"""`nearfield publish`, `rollback`, `refresh` and `map`: which version answers, and with what."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nearfield.cli.opening import open_stores, program
from nearfield.cli.output import follow, print_json, say, say_next
from nearfield.cli.parameters import CatalogueOption, JsonOption, OnOption, WorkersOption

if TYPE_CHECKING:
    from nearfield.vectors.spaces import Space


def publish_command(
    context: typer.Context,
    catalogue: CatalogueOption = None,
    model: Annotated[
        Path | None, typer.Option(help="folder of a model; the newest if not given")
    ] = None,
    space: Annotated[
        str | None, typer.Option(help="the newest of this recommender: fusion, graph")
    ] = None,
    on: OnOption = "processes",
    workers: WorkersOption = None,
    as_json: JsonOption = False,
) -> None:
    """Embed the items with a trained model, load them into Milvus and let them answer."""
    from nearfield.bulk.places import Place
    from nearfield.pipelines.publish import publish

    place = Place(on, workers)
    with open_stores(context) as stores:
        found = follow(publish(stores, catalogue, model, space, place))
    say(f"{found.recommender} {found.version} answers for '{found.catalogue}'.")
    if as_json:
        print_json(space_data(found))
    else:
        typer.echo(found.collection)
        where = f"--catalogue {found.catalogue} --space {found.recommender}"
        say_next(program(context), [f"recommend {where} --user ID", f"similar {where} --item ID"])


def rollback_command(
    context: typer.Context,
    catalogue: CatalogueOption = None,
    space: Annotated[str, typer.Option(help="of which recommender: fusion, graph")] = "fusion",
    as_json: JsonOption = False,
) -> None:
    """Let the version answer again that did before the last publish."""
    from nearfield.pipelines.publish import rollback

    with open_stores(context) as stores:
        found = rollback(stores, catalogue, space)
    say(f"{found.recommender} {found.version} answers for '{found.catalogue}' again.")
    if as_json:
        print_json(space_data(found))
    else:
        typer.echo(found.collection)


def refresh_command(
    context: typer.Context,
    catalogue: CatalogueOption = None,
    space: Annotated[
        str | None, typer.Option(help="only this one: fusion, graph; all that answer if not given")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Give items that came after training a vector, by what is known of them now."""
    from nearfield.pipelines.recommenders import Recommenders
    from nearfield.pipelines.refresh import refresh

    with open_stores(context) as stores:
        found = follow(refresh(stores, Recommenders(stores), catalogue, space))
    for one in found:
        say(
            f"{one.space} {one.version}: {one.changed:,} vectors are new, of {one.later:,} items "
            f"that came after training."
        )
    if as_json:
        print_json([asdict(one) for one in found])


def map_command(
    context: typer.Context,
    catalogue: CatalogueOption = None,
    space: Annotated[
        str | None, typer.Option(help="of which: fusion, graph, sound; the first if not given")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Draw the map of a space anew; publishing does it as well."""
    from nearfield.pipelines.maps import make_map

    with open_stores(context) as stores:
        drawn = follow(make_map(stores, catalogue, space))
    say(f"The map of {drawn.space} {drawn.version} shows {len(drawn.keys):,} items.")
    if as_json:
        print_json(drawn.summary())
    else:
        say_next(program(context), ["serve --open"])


def space_data(space: "Space") -> dict[str, Any]:
    """Return what `--json` prints of a space."""
    return {
        "catalogue": space.catalogue,
        "recommender": space.recommender,
        "version": space.version,
        "collection": space.collection,
        "rows": space.rows,
        "dim": space.dim,
        "active": space.active,
        "created": space.created.isoformat(),
    }
