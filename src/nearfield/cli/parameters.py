"""Options that several commands share, and how their texts are read."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from nearfield.errors import InvalidInput

if TYPE_CHECKING:
    from nearfield.types import PublicId


class Performances(StrEnum):
    """How many performances of a song a list may hold."""

    one = "one"
    all = "all"


CatalogueOption: TypeAlias = Annotated[
    str | None, typer.Option("--catalogue", "-c", help="which; may be left out if there is one")
]
SongsOption: TypeAlias = Annotated[
    str, typer.Option("--catalogue", "-c", help="the catalogue of songs")
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="print JSON")]
SizeOption: TypeAlias = Annotated[int, typer.Option("-k", "--top", help="length of the list")]
WhereOption: TypeAlias = Annotated[
    str | None, typer.Option(help="condition, e.g. \"genre = 'Drama' and year >= 1990\"")
]
DiversityOption: TypeAlias = Annotated[
    float, typer.Option(help="0: the best items; up to 1: items that differ from each other")
]
SpaceOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="what answers: fusion, graph, sound, blend, or e.g. fusion:0.6,graph:0.4; "
        "the first of these that is published if not given"
    ),
]
PerArtistOption: TypeAlias = Annotated[
    int | None, typer.Option(help="most items of one artist in a list; 0: no limit")
]
PerAlbumOption: TypeAlias = Annotated[
    int | None, typer.Option(help="most items of one album in a list; 0: no limit")
]
VersionsOption: TypeAlias = Annotated[
    Performances, typer.Option(help="of songs: list one performance of each, or all")
]
ExcludeOption: TypeAlias = Annotated[str, typer.Option(help="items that shall not come: a,b,c")]
OnOption: TypeAlias = Annotated[
    str,
    typer.Option(
        help="where the work is done: processes, ray (started here), ray://HOST:PORT, ray:auto"
    ),
]
WorkersOption: TypeAlias = Annotated[
    int | None, typer.Option(help="how many at once; one for each core if not given")
]
DataOption: TypeAlias = Annotated[
    Path | None, typer.Option(help="a MovieLens folder or archive; fetched if not given")
]


def read_ids(text: str) -> list[str]:
    """Read ids such as "1, 260,1196"."""
    return [part.strip() for part in text.split(",") if part.strip()]


def read_names(given: list[str] | None) -> list[str]:
    """Read ids or paths: several in one text with commas between them, or one in each.

    A text that is the path of a file is one name, whatever commas it has.
    """
    names = [[text] if Path(text).is_file() else read_ids(text) for text in given or ()]
    return [name for some in names for name in some]


def read_clock(text: str) -> float:
    """Read a time in a song.

    >>> read_clock("1:23"), read_clock("83.5")
    (83.0, 83.5)
    """
    minutes, _, seconds = text.rpartition(":")
    try:
        return 60 * int(minutes or 0) + float(seconds)
    except ValueError as error:
        raise InvalidInput(f"{text!r} is no time. Write seconds, or 1:23.") from error


def at_most(artist: int | None, album: int | None, usual: Mapping[str, int]) -> dict[str, int]:
    """Return how many items may share an artist and an album: as given, else the usual."""
    given = {"artist": artist, "album": album}
    wanted = {name: usual.get(name, 0) if most is None else most for name, most in given.items()}
    return {name: most for name, most in wanted.items() if most}


def read_weights(text: str) -> "dict[PublicId, float]":
    """Read ids, each of which may have a weight.

    An id that itself ends in a colon and a number needs a weight behind it.

    >>> read_weights("1:2,260")
    {'1': 2.0, '260': 1.0}
    """
    return dict(_weighted(part) for part in read_ids(text))


def _weighted(text: str) -> tuple[str, float]:
    item, colon, weight = text.rpartition(":")
    if colon and item:
        try:
            return item, float(weight)
        except ValueError:
            pass
    return text, 1.0
