"""What users and items are, as numbers: vocabularies learned once, codes made from them."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from nearfield.datasets.tables import Collection, Columns
from nearfield.types import Scores

UNKNOWN: Final = 0
"""Code of every value that is missing or was not seen in training."""

TITLE_WORDS: Final = 8
"""Words of a title that are read; longer titles are cut."""

AGE: Final = "age"
_AGE_FLOORS: Final = (18, 25, 35, 45, 50, 56)
"""Where MovieLens' age groups start; below the first is a group of its own."""

_YEAR_STEP: Final = 5
_MOST_VALUES: Final = 200
"""An attribute with more distinct values than this is an identifier (zip code), not a group."""

_MOST_LEVELS: Final = 10


@dataclass(frozen=True, slots=True)
class ItemFeatures:
    """Item attributes as arrays.

    Parameters
    ----------
    genres : float32, shape (items, genre columns)
        1 where the item has the genre.
    words : int64, shape (items, TITLE_WORDS)
        Codes of the words of the title; `UNKNOWN` fills the rest.
    years : int64, shape (items,)
        Code of the five years around the release; `UNKNOWN` where not known.
    """

    genres: NDArray[np.float32]
    words: NDArray[np.int64]
    years: NDArray[np.int64]

    def take(self, rows: slice | NDArray[np.integer[Any]]) -> "ItemFeatures":
        """Return the features of some items."""
        return ItemFeatures(self.genres[rows], self.words[rows], self.years[rows])


class Vocabulary(BaseModel):
    """Which genres, words, years, ratings and attribute values a model knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    genres: tuple[str, ...]
    words: tuple[str, ...]
    first_year: int
    last_year: int
    ratings: tuple[float, ...]
    attributes: dict[str, tuple[str, ...]]

    @classmethod
    def fit(cls, collection: Collection) -> "Vocabulary":
        """Collect what occurs; words that stand in one title only say nothing and are left out."""
        titles = collection.items[Columns.TITLE].to_list()
        counts = Counter(word for title in titles for word in set(split_title(title)))
        years = collection.items[Columns.YEAR].drop_nulls()
        genres = {g for row in collection.items[Columns.GENRES].to_list() for g in row or ()}
        return cls(
            genres=tuple(sorted(genres)),
            words=tuple(sorted(word for word, count in counts.items() if count > 1)),
            first_year=_first(years, 1900),
            last_year=int(years.max()) if len(years) else 1900,  # type: ignore[arg-type]
            ratings=_levels(collection.interactions.value),
            attributes=_attributes(collection.users),
        )

    @property
    def genre_columns(self) -> int:
        """Number of genres; 1 where no item has any, since a layer reads something."""
        return max(1, len(self.genres))

    @property
    def year_codes(self) -> int:
        """Number of year codes, `UNKNOWN` among them."""
        return (self.last_year - self.first_year) // _YEAR_STEP + 2

    def item_features(self, items: pl.DataFrame) -> ItemFeatures:
        """Return the features of a table of items, row by row."""
        genres = np.zeros((items.height, self.genre_columns), dtype=np.float32)
        words = np.full((items.height, TITLE_WORDS), UNKNOWN, dtype=np.int64)
        genre_code = {genre: code for code, genre in enumerate(self.genres)}
        word_code = {word: code for code, word in enumerate(self.words, start=1)}
        for row, found in enumerate(items[Columns.GENRES].to_list()):
            genres[row, [genre_code[g] for g in found or () if g in genre_code]] = 1
        for row, title in enumerate(items[Columns.TITLE].to_list()):
            codes = [word_code.get(word, UNKNOWN) for word in split_title(title)[:TITLE_WORDS]]
            words[row, : len(codes)] = codes
        year = items[Columns.YEAR].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        inside = np.clip(year, self.first_year, self.last_year)
        years = np.where(np.isnan(year), UNKNOWN, (inside - self.first_year) // _YEAR_STEP + 1)
        return ItemFeatures(genres, words, np.nan_to_num(years).astype(np.int64))

    def attribute_codes(self, users: Sequence[Mapping[str, str]]) -> NDArray[np.int64]:
        """Return codes of attribute values, shape (users, attributes), in the fitted order."""
        codes = np.full((len(users), len(self.attributes)), UNKNOWN, dtype=np.int64)
        for column, (name, values) in enumerate(self.attributes.items()):
            code = {value: position for position, value in enumerate(values, start=1)}
            for row, given in enumerate(users):
                codes[row, column] = code.get(group(name, given.get(name)), UNKNOWN)
        return codes

    def rating_codes(self, values: Scores) -> NDArray[np.int64]:
        """Return the nearest known rating of each value, from 1; `UNKNOWN` for NaN."""
        if not self.ratings:
            return np.full(len(values), UNKNOWN, dtype=np.int64)
        levels = np.asarray(self.ratings, dtype=np.float32)
        nearest = np.abs(np.nan_to_num(values)[:, None] - levels).argmin(axis=1) + 1
        return np.where(np.isnan(values), UNKNOWN, nearest).astype(np.int64)


def split_title(title: str | None) -> list[str]:
    """Return the words of a title, in lower case.

    Examples
    --------
    >>> split_title("Schindler's List")
    ["schindler's", 'list']
    """
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", (title or "").lower())


def group(name: str, value: str | None) -> str:
    """Return the group that an attribute's value falls in: ages by MovieLens' bounds.

    Examples
    --------
    >>> group("age", "27"), group("age", "7"), group("gender", "F")
    ('25', '1', 'f')
    """
    if value is None:
        return ""
    text = value.strip().lower()
    if name != AGE:
        return text
    try:
        years = float(text)
    except ValueError:
        return text
    return str(max((floor for floor in _AGE_FLOORS if floor <= years), default=1))


def user_rows(users: pl.DataFrame) -> list[dict[str, str]]:
    """Return the attributes of each row of a table of users."""
    names = [name for name in users.columns if name not in (Columns.KEY, Columns.USER)]
    rows: Iterable[dict[str, str | None]] = users.select(names).to_dicts() if names else ()
    found = [{name: value for name, value in row.items() if value is not None} for row in rows]
    return found or [{} for _ in range(users.height)]


def _attributes(users: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return the values of each attribute that groups users.

    What one user alone has groups nobody, and would stay in the model when the user is erased.
    """
    found = {}
    for name in users.columns:
        if name in (Columns.KEY, Columns.USER):
            continue
        counts = Counter(group(name, value) for value in users[name].drop_nulls())
        values = sorted(value for value, count in counts.items() if count > 1 and value)
        if 1 < len(values) <= _MOST_VALUES:
            found[name] = tuple(values)
    return found


def _levels(values: Scores) -> tuple[float, ...]:
    """Return the ratings that occur, at most ten: evenly spread where there are more."""
    known = np.unique(values[~np.isnan(values)])
    if len(known) > _MOST_LEVELS:
        known = np.linspace(known[0], known[-1], _MOST_LEVELS)
    return tuple(float(level) for level in known)


def _first(years: pl.Series, otherwise: int) -> int:
    """Return the first year of the five in which the earliest release falls."""
    return int(years.min()) // _YEAR_STEP * _YEAR_STEP if len(years) else otherwise  # type: ignore[arg-type]
