"""What each release of MovieLens, and each other folder that is recognised, is made of."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from nearfield.datasets.columns import Reading
from nearfield.datasets.json_lines import JsonLines
from nearfield.datasets.occupations import OCCUPATIONS
from nearfield.datasets.raw import Form
from nearfield.datasets.tables import Columns
from nearfield.datasets.text import TextFormat

ENDINGS: Final[dict[str, Form]] = {
    ".csv": TextFormat(",", quoted=True),
    ".tsv": TextFormat("\t", quoted=True),
    ".inter": TextFormat("\t", typed=True),
    ".item": TextFormat("\t", typed=True),
    ".user": TextFormat("\t", typed=True),
    ".jsonl": JsonLines(),
    ".ndjson": JsonLines(),
    ".parquet": None,
}
"""How files that name their columns are made, by the ending of their name; None is Parquet."""

GENRES_100K: Final = (
    "unknown",
    *("Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary"),
    *("Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi"),
    *("Thriller", "War", "Western"),
)
"""The flags of u.item, in order, from u.genre."""

_TABLES: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
_ML = Reading(scale=(0.5, 5.0), complete=True, movielens_titles=True)
_STARS = replace(_ML, scale=(1.0, 5.0))
_SEXES = {"M": "M", "F": "F"}
_RATING: Final = (Columns.USER, Columns.ITEM, Columns.VALUE, Columns.TIME)
_RATINGS_DAT = TextFormat("::", _RATING)
_MOVIES_DAT = TextFormat("::", (Columns.ITEM, Columns.TITLE, Columns.GENRES), encoding="latin-1")
_USERS_DAT = TextFormat("::", (Columns.USER, "gender", "age", "occupation", "_zip"))
_CSV = TextFormat(",", quoted=True)


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a layout: its name, without compression, and how it is made (None: Parquet)."""

    name: str
    form: Form


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of folder.

    Parameters
    ----------
    name : str
        What it is called, e.g. "ml-1m".
    events : Member
        Always needed.
    items, users : Member, optional
        Derived from the events where the layout has none.
    reading : Reading
        How the columns are read.
    """

    name: str
    events: Member
    items: Member | None = None
    users: Member | None = None
    reading: Reading = field(default_factory=Reading)

    @property
    def members(self) -> list[Member]:
        """The files that it is made of."""
        return [member for member in (self.events, self.items, self.users) if member]


RELEASES: Final = (
    Layout(
        "ml-1m",
        Member("ratings.dat", _RATINGS_DAT),
        Member("movies.dat", _MOVIES_DAT),
        Member("users.dat", _USERS_DAT),
        replace(
            _STARS,
            codes={
                "gender": _SEXES,
                "occupation": {str(code): name for code, name in enumerate(OCCUPATIONS)},
            },
        ),
    ),
    Layout(
        "ml-10m",
        Member("ratings.dat", _RATINGS_DAT),
        Member("movies.dat", _MOVIES_DAT),
        reading=_ML,
    ),
    Layout(
        "ml-100k",
        Member("u.data", TextFormat("\t", _RATING)),
        Member(
            "u.item",
            TextFormat(
                "|",
                (Columns.ITEM, Columns.TITLE, "_released", "_video", "_url", *GENRES_100K),
                encoding="latin-1",
            ),
        ),
        Member("u.user", TextFormat("|", (Columns.USER, "age", "gender", "occupation", "_zip"))),
        replace(_STARS, flags=GENRES_100K, codes={"gender": _SEXES}),
    ),
    Layout(
        "MovieLens CSV",
        Member("ratings.csv", _CSV),
        Member("movies.csv", _CSV),
        reading=_ML,
    ),
)
"""The releases of MovieLens, the more demanding first. CSV: latest, latest-small, 20m, 25m, 32m."""


def recognise(names: Collection[str]) -> list[Layout]:
    """Return the layouts that a folder with files of these plain names may have.

    A folder of MovieLens has one; several `.inter` files, or events in several formats, give
    several.

    Parameters
    ----------
    names : collection of str
        File names without folders and without .gz, .xz and .bz2.
    """
    for layout in RELEASES:
        if all(member.name in names for member in layout.members):
            return [layout]
    stems = sorted(name.removesuffix(".inter") for name in names if name.endswith(".inter"))
    if stems:
        return [_recbole(stem, names) for stem in stems]
    tables = [ending for ending in _TABLES if f"events{ending}" in names]
    return [_named(ending, names) for ending in tables]


def wanted() -> str:
    """Return a sentence part that lists what `recognise` knows."""
    releases = [
        f"{', '.join(member.name for member in layout.members)} ({layout.name})"
        for layout in RELEASES
    ]
    return "; ".join([*releases, "NAME.inter (RecBole)", "events.csv, .tsv, .jsonl or .parquet"])


def _recbole(stem: str, names: Collection[str]) -> Layout:
    movielens = stem.startswith("ml-")
    whole = stem in ("ml-100k", "ml-1m")
    reading = (_STARS if whole else _ML) if movielens else Reading()
    return Layout(
        f"{stem} (RecBole)",
        Member(f"{stem}.inter", ENDINGS[".inter"]),
        _optional(f"{stem}.item", names),
        _optional(f"{stem}.user", names),
        replace(reading, genre_separator=" ", columns={"_zip": "zip_code"}),
    )


def _named(ending: str, names: Collection[str]) -> Layout:
    return Layout(
        f"events{ending}",
        Member(f"events{ending}", ENDINGS[ending]),
        next((m for e in ENDINGS if (m := _optional(f"items{e}", names))), None),
        next((m for e in ENDINGS if (m := _optional(f"users{e}", names))), None),
    )


def _optional(name: str, names: Collection[str]) -> Member | None:
    return Member(name, ENDINGS[Path(name).suffix]) if name in names else None
