"""`nearfield recommend` and `nearfield similar`: ask."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from nearfield.cli.answers import as_data, print_answers, say_degraded
from nearfield.cli.opening import open_stores
from nearfield.cli.output import follow, print_json, say
from nearfield.cli.parameters import (
    CatalogueOption,
    DiversityOption,
    ExcludeOption,
    JsonOption,
    PerAlbumOption,
    PerArtistOption,
    Performances,
    SizeOption,
    SpaceOption,
    VersionsOption,
    WhereOption,
    at_most,
    read_clock,
    read_ids,
    read_names,
    read_weights,
)
from nearfield.errors import InvalidInput
from nearfield.pipelines.names import SOUND

if TYPE_CHECKING:
    from nearfield.pipelines.recommenders import Recommenders
    from nearfield.types import Recommendations


def recommend_command(
    context: typer.Context,
    catalogue: CatalogueOption = None,
    user: Annotated[str | None, typer.Option(help="a user of the catalogue")] = None,
    liked: Annotated[str, typer.Option(help="items, newest last: a,b,c or a:2,b (weights)")] = "",
    listened: Annotated[
        list[str] | None, typer.Option(help="songs or sound files, newest last: a.ogg,b.mp3")
    ] = None,
    disliked: Annotated[
        list[str] | None, typer.Option(help="items (or files) that count against: a,b,c")
    ] = None,
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
    per_artist: PerArtistOption = None,
    per_album: PerAlbumOption = None,
    repeat: Annotated[
        int | None,
        typer.Option(
            help="how many of the newest events may not come again, the older ones may; nothing "
            "comes again if not given, of songs the 50 newest; -1: nothing"
        ),
    ] = None,
    space: SpaceOption = None,
    versions: VersionsOption = Performances.one,
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
        listened=read_names(listened),
        disliked=read_names(disliked),
        k=k,
        exclude=read_ids(exclude),
        allow=None if allow is None else read_ids(allow),
        where=where,
        diversity=diversity,
        repeat=None if repeat is None or repeat < 0 else repeat,
        at_most=at_most(per_artist, per_album, {}),
    )
    with open_stores(context) as stores:
        recommenders = Recommenders(stores)
        name = catalogue or stores.only_catalogue()
        for one in read_space(space or recommenders.default_space(name)) if load else ():
            follow(publish(stores, name, recommender=one))
        if asks_songs(recommenders, name, space):
            from nearfield.pipelines.ask_songs import recommend_songs
            from nearfield.pipelines.listening_limits import AT_MOST, JUST_PLAYED

            ask = replace(
                ask,
                at_most=at_most(per_artist, per_album, AT_MOST),
                repeat=JUST_PLAYED if repeat is None else ask.repeat,
            )
            answers = follow(recommend_songs(stores, recommenders, name, ask, versions.value))
        else:
            answers = recommenders.get(name, space, versions.value).recommend(ask)
    _print(answers, as_json)


def similar_command(
    context: typer.Context,
    item: Annotated[str, typer.Option(help="the item to start from; of songs also a sound file")],
    catalogue: CatalogueOption = None,
    k: SizeOption = 10,
    exclude: ExcludeOption = "",
    where: WhereOption = None,
    diversity: DiversityOption = 0.0,
    per_artist: PerArtistOption = None,
    per_album: PerAlbumOption = None,
    at: Annotated[
        str | None, typer.Option(help="of a song only the part that is heard then: 83 or 1:23")
    ] = None,
    space: SpaceOption = None,
    versions: VersionsOption = Performances.one,
    as_json: JsonOption = False,
) -> None:
    """List the items nearest to one."""
    from nearfield.pipelines.recommenders import Recommenders

    most = at_most(per_artist, per_album, {})
    with open_stores(context) as stores:
        recommenders = Recommenders(stores)
        name = catalogue or stores.only_catalogue()
        if asks_songs(recommenders, name, space):
            from nearfield.pipelines.ask_songs import Like, similar_songs

            like = Like(
                k=k,
                where=where,
                diversity=diversity,
                exclude=read_ids(exclude),
                at_most=most,
                at=None if at is None else read_clock(at),
                versions=versions.value,
            )
            answers = follow(similar_songs(stores, recommenders, name, item, like))
        else:
            if at is not None:
                raise InvalidInput(f"--at {at} asks for a part of a song, but these are no songs.")
            recommender = recommenders.get(name, space, versions.value)
            answers = recommender.similar(item, k, where, diversity, read_ids(exclude), most)
    _print(answers, as_json)


def asks_songs(recommenders: "Recommenders", catalogue: str, space: "str | None") -> bool:
    """Tell whether songs are asked for, which may be named by their files."""
    return (space or recommenders.default_space(catalogue)) == SOUND


def _print(answers: "Recommendations", as_json: bool) -> None:
    say_degraded(answers.degraded)
    if as_json:
        print_json(as_data(answers, answers.degraded))
        return
    print_answers(answers)
    if not answers:
        say("Nothing is left to recommend: ask with fewer conditions.")
    elif answers[0].space == "popularity" and answers.degraded is None:
        say("Nothing is known of who asks, so this is what most people chose.")
