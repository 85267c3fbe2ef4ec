"""`nearfield recommend` and `nearfield similar`: ask."""

from typing import TYPE_CHECKING, Annotated

import typer

from nearfield.cli.answers import as_data, print_answers
from nearfield.cli.opening import open_stores
from nearfield.cli.output import follow, print_json, say
from nearfield.cli.parameters import (
    CatalogueOption,
    DiversityOption,
    ExcludeOption,
    JsonOption,
    SizeOption,
    SpaceOption,
    WhereOption,
    read_ids,
    read_weights,
)

if TYPE_CHECKING:
    from nearfield.types import Recommendation


def recommend_command(
    context: typer.Context,
    catalogue: CatalogueOption = None,
    user: Annotated[str | None, typer.Option(help="a user of the catalogue")] = None,
    liked: Annotated[str, typer.Option(help="items, newest last: a,b,c or a:2,b (weights)")] = "",
    disliked: Annotated[str, typer.Option(help="items that count against: a,b,c")] = "",
    age: Annotated[int | None, typer.Option("-a", "--age", help="in years")] = None,
    gender: Annotated[str | None, typer.Option("-g", "--gender", help="F or M")] = None,
    job: Annotated[str | None, typer.Option("-j", "--job", help="number or name")] = None,
    load: Annotated[
        bool, typer.Option("-i", "--import", help="embed and load the items first (publish)")
    ] = False,
    k: SizeOption = 10,
    exclude: ExcludeOption = "",
    allow: Annotated[str | None, typer.Option(help="nothing but these items: a,b,c")] = None,
    where: WhereOption = None,
    diversity: DiversityOption = 0.0,
    space: SpaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recommend items to a known user, to someone with likes, or by attributes alone."""
    from nearfield.pipelines.publish import publish
    from nearfield.pipelines.recommenders import Recommenders, read_space
    from nearfield.recommend.ask import Ask

    given = {"age": age, "gender": gender, "occupation": job}
    ask = Ask(
        user=user,
        attributes={name: value for name, value in given.items() if value is not None},
        liked=read_weights(liked),
        disliked=read_ids(disliked),
        k=k,
        exclude=read_ids(exclude),
        allow=None if allow is None else read_ids(allow),
        where=where,
        diversity=diversity,
    )
    with open_stores(context) as stores:
        recommenders = Recommenders(stores)
        name = catalogue or stores.only_catalogue()
        for one in read_space(space or recommenders.default_space(name)) if load else ():
            follow(publish(stores, name, recommender=one))
        answers = recommenders.get(name, space).recommend(ask)
    _print(answers, as_json)


def similar_command(
    context: typer.Context,
    item: Annotated[str, typer.Option(help="the item to start from")],
    catalogue: CatalogueOption = None,
    k: SizeOption = 10,
    exclude: ExcludeOption = "",
    where: WhereOption = None,
    diversity: DiversityOption = 0.0,
    space: SpaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the items nearest to one."""
    from nearfield.pipelines.recommenders import Recommenders

    with open_stores(context) as stores:
        recommender = Recommenders(stores).get(catalogue, space)
        answers = recommender.similar(item, k, where, diversity, read_ids(exclude))
    _print(answers, as_json)


def _print(answers: "list[Recommendation]", as_json: bool) -> None:
    if as_json:
        print_json(as_data(answers))
        return
    print_answers(answers)
    if not answers:
        say("Nothing is left to recommend: ask with fewer conditions.")
    elif answers[0].space == "popularity":
        say("Nothing is known of who asks, so this is what most people chose.")
