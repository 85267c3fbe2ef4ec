"""`nearfield catalogues`, `models` and `spaces`: what there is."""

from dataclasses import asdict

import typer

from nearfield.cli.opening import open_stores, program
from nearfield.cli.output import plain_table, print_json, print_table, say_next
from nearfield.cli.parameters import CatalogueOption, JsonOption
from nearfield.cli.publish import space_data


def catalogues_command(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the catalogues."""
    with open_stores(context) as stores:
        found = stores.catalogues.summaries()
    if as_json:
        print_json([asdict(one) for one in found])
        return
    rows = [
        (one.name, one.created[:16], f"{one.items:,}", f"{one.users:,}", f"{one.events:,}")
        for one in found
    ]
    print_table(plain_table(("Catalogue", "Created", "Items", "Users", "Events"), rows, 3))
    if not found:
        say_next(program(context), ["demo movies", "import NAME DIR"])


def models_command(
    context: typer.Context, catalogue: CatalogueOption = None, as_json: JsonOption = False
) -> None:
    """List the trained models, oldest first."""
    found = open_stores(context).models.list(catalogue)
    if as_json:
        print_json([one.summary() for one in found])
        return
    rows = [
        (
            one.catalogue,
            one.recommender,
            one.version,
            one.card.get("config", {}).get("objective", ""),
            one.card["dim"],
            f"{one.card['events']:,}",
            f"{one.card['seconds']:.0f}",
        )
        for one in found
    ]
    names = ("Catalogue", "Model", "Version", "Objective", "Dim", "Events", "Secs")
    print_table(plain_table(names, rows, 3))
    if not found:
        say_next(program(context), [f"train fusion --catalogue {catalogue or 'NAME'}"])


def spaces_command(
    context: typer.Context, catalogue: CatalogueOption = None, as_json: JsonOption = False
) -> None:
    """List the versions in Milvus: those that answer, and those kept for a rollback."""
    with open_stores(context) as stores:
        found = [one for one in stores.spaces.list() if catalogue in (None, one.catalogue)]
    if as_json:
        print_json([space_data(one) for one in found])
        return
    rows = [
        (
            one.catalogue,
            one.recommender,
            one.version,
            "yes" if one.active else "",
            f"{one.created:%Y-%m-%d %H:%M}",
            f"{one.rows:,}",
            one.dim,
        )
        for one in found
    ]
    names = ("Catalogue", "Space", "Version", "Answers", "Published", "Rows", "Dim")
    print_table(plain_table(names, rows, 2))
    if not found:
        say_next(program(context), [f"publish --catalogue {catalogue or 'NAME'}"])
