"""Which column of a file is the user, the item, the rating, ...: by mapping, or by usual names."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from nearfield.datasets.tables import EVENT_KINDS, Columns
from nearfield.errors import InvalidInput

USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    Columns.USER: ("user", "user_id", "userid", "uid"),
    Columns.ITEM: ("item", "item_id", "itemid", "iid", "movieid", "movie_id", "song_id", "songid"),
    Columns.VALUE: ("value", "rating", "stars", "score"),
    Columns.TIME: ("time", "timestamp", "ts"),
    Columns.KIND: ("kind", "event"),
    Columns.TITLE: ("title", "name", "movie_title"),
    Columns.YEAR: ("year", "release_year"),
    Columns.GENRES: ("genres", "genre", "class"),
}
"""Names, in lower case, that are understood without a mapping."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read tables with named columns.

    Parameters
    ----------
    columns : mapping of str to str
        Our name to the file's name, e.g. ``{"user": "uid"}``; see `parse_columns`.
    scale : (float, float), optional
        Lowest and highest rating; others are refused. None: any number.
    kind : str, optional
        Kind of the events that do not say; None: "rated" with a value, else "watched".
    genre_separator : str
        What stands between the genres in a text.
    complete : bool
        Every event has a value and a time.
    movielens_titles : bool
        Titles are written "Matrix, The (1999)": the year leaves the title, "The" moves to the
        front.
    codes : mapping
        For some attributes of users, what each code means; other codes are refused.
    flags : sequence of str
        Columns of items that say with 1 that the item has the genre of that name.
    strict : bool
        Refuse everything when one row is wrong.

    Raises
    ------
    InvalidInput
        If there is no such kind, or the scale is upside down.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    scale: tuple[float, float] | None = None
    kind: str | None = None
    genre_separator: str = "|"
    complete: bool = False
    movielens_titles: bool = False
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    flags: Sequence[str] = ()
    strict: bool = False

    def __post_init__(self) -> None:
        if self.kind not in (None, *EVENT_KINDS):
            raise InvalidInput(f"kind {self.kind!r}: wanted one of {', '.join(EVENT_KINDS)}.")
        if self.scale is not None and not self.scale[0] < self.scale[1]:
            low, high = self.scale
            raise InvalidInput(f"scale {low:g} to {high:g}: wanted a low and a higher number.")


def parse_columns(text: str) -> dict[str, str]:
    """Read a mapping such as ``user=uid,item=iid,value=stars,time=ts``.

    Parameters
    ----------
    text : str
        Pairs of our name and the file's name. Ours are user, item, value, time, kind, title,
        year and genres; any other is the name that an attribute shall have.

    Raises
    ------
    InvalidInput
        If a pair has no "=", a side is empty, or our name comes twice.

    Examples
    --------
    >>> parse_columns("user=uid, item=iid")
    {'user': 'uid', 'item': 'iid'}
    """
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        ours, equals, theirs = (part.strip() for part in pair.partition("="))
        if not (ours and equals and theirs):
            raise InvalidInput(
                f"--columns has {pair!r}: wanted pairs such as user=uid,item=iid,value=stars."
            )
        if ours in found:
            raise InvalidInput(f"--columns names {ours!r} twice: give each name once.")
        found[ours] = theirs
    return found


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds our columns among those of one file."""

    file: str
    present: Sequence[str]
    mapping: Mapping[str, str]

    def optional(self, ours: str) -> str | None:
        """Return the file's name of our column, or None.

        Raises
        ------
        InvalidInput
            If two columns of the file could be meant, or the mapped one is not there.
        """
        mapped = self.mapping.get(ours)
        if mapped in self.present:
            return mapped
        if mapped and ours not in (Columns.USER, Columns.ITEM):  # those stand in two tables
            raise self._missing(ours)
        usual = USUAL.get(ours, ())
        fitting = [name for name in self.present if name.lower() in usual]
        if len(fitting) > 1:
            exact = [name for name in fitting if name == ours]
            if not exact:
                raise InvalidInput(
                    f"{self.file} has {' and '.join(fitting)}, and either may be the {ours}. "
                    f"Say which: --columns {ours}={fitting[0]}."
                )
            return ours
        return fitting[0] if fitting else None

    def required(self, ours: str) -> str:
        """Return the file's name of our column.

        Raises
        ------
        InvalidInput
            If no column fits.
        """
        found = self.optional(ours)
        if found is None:
            raise self._missing(ours)
        return found

    def _missing(self, ours: str) -> InvalidInput:
        wanted = self.mapping.get(ours)
        return InvalidInput(
            f"{self.file} has the columns {', '.join(self.present) or 'none'}: wanted "
            f"{wanted or 'one for the ' + ours}. Say which it is: --columns {ours}=NAME."
        )

    def attributes(self, taken: Sequence[str | None], reserved: Collection[str]) -> dict[str, str]:
        """Return every column that is not `taken`: our name of the attribute to the file's.

        Columns whose name starts with "_" (pandas' nameless index among them) are left out.

        Parameters
        ----------
        taken : sequence of str or None
            The file's columns that have another use.
        reserved : collection of str
            Names that no attribute may have.

        Raises
        ------
        InvalidInput
            If two attributes would have the same name, or one a reserved name.
        """
        renamed = {theirs: ours for ours, theirs in self.mapping.items() if ours not in USUAL}
        found: dict[str, str] = {}
        for theirs in self.present:
            ours = renamed.get(theirs, theirs)
            if theirs in taken or ours.startswith("_"):
                continue
            if ours in found or ours in reserved:
                raise InvalidInput(
                    f"{self.file} has a column {theirs} that would become the attribute {ours}, "
                    f"a name that is taken. Name it otherwise: --columns NAME={theirs}."
                )
            found[ours] = theirs
        return found
