"""Options that several commands share, and how their texts are read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from nearfield.types import PublicId

CatalogueOption: TypeAlias = Annotated[
    str | None, typer.Option("--catalogue", "-c", help="which; may be left out if there is one")
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
ExcludeOption: TypeAlias = Annotated[str, typer.Option(help="items that shall not come: a,b,c")]
DataOption: TypeAlias = Annotated[
    Path | None, typer.Option(help="a MovieLens folder or archive; fetched if not given")
]


def read_ids(text: str) -> list[str]:
    """Read ids such as "1, 260,1196"."""
    return [part.strip() for part in text.split(",") if part.strip()]


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
