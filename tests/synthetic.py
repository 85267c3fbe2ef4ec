"""Small made-up MovieLens data with something to learn, for the tests of every part.

Each user likes two genres: the first half of the history wanders through one, the second half
through the other, from each movie to a near neighbour of the same genre. So genre, user and
the last events all say something about what comes next; ratings are high inside the tastes.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nearfield.datasets.tables import Columns, Tables

GENRES = ("Action", "Comedy", "Drama", "Horror", "Romance", "Sci-Fi")
AGES = (1, 18, 25, 35, 45, 50, 56)
OCCUPATIONS = {0: "other", 4: "college/grad student", 7: "executive/managerial", 12: "programmer"}
START = 956_703_932
"""Seconds since 1970 of the first event; the rest follow by less than a day."""

_STRAY = 0.15
"""Share of events that leave the taste."""


@dataclass(frozen=True)
class _World:
    """Everything that is written, as plain lists; ids are 1, 2, 3, ..."""

    titles: list[str]
    years: list[int]
    genres: list[list[str]]
    genders: list[str]
    ages: list[int]
    occupations: list[int]
    user: NDArray[np.int64]
    item: NDArray[np.int64]
    stars: NDArray[np.int64]
    time: NDArray[np.int64]


def _history(
    tastes: NDArray[np.int64],
    first_genre: NDArray[np.int64],
    length: int,
    rng: np.random.Generator,
) -> list[int]:
    """Return `length` distinct items: a walk in the first taste, then in the second."""
    free = np.ones(len(first_genre), dtype=bool)
    place, walked = int(rng.integers(len(first_genre))), []
    for step in range(length):
        taste = tastes[0] if step < length // 2 else tastes[1]
        liked = free & (first_genre == taste)
        choice = np.flatnonzero(liked if liked.any() and rng.random() > _STRAY else free)
        near = choice[np.argsort(np.abs(choice - place), kind="stable")[:3]]
        place = int(rng.choice(near))
        free[place] = False
        walked.append(place)
    return walked


def _make_world(users: int, items: int, events: int, seed: int) -> _World:
    if not 3 * users <= events <= users * items:
        raise ValueError(f"{events} events: {users} users have 3 to {items} each")
    rng = np.random.default_rng(seed)
    first_genre = np.arange(items) % len(GENRES)
    second = rng.integers(0, len(GENRES), items)
    genres = [
        [GENRES[a], GENRES[b]] if a != b and rng.random() < 0.3 else [GENRES[a]]
        for a, b in zip(first_genre, second, strict=True)
    ]
    tastes = np.array([rng.permutation(len(GENRES))[:2] for _ in range(users)])
    user, item, stars, time = [], [], [], []
    lengths = np.full(users, events // users) + (np.arange(users) < events % users)
    for row, length in enumerate(lengths):
        walked = _history(tastes[row], first_genre, int(length), rng)
        moments = START + row * 60 + np.cumsum(rng.integers(0, 4, int(length)) * 1_000)
        for place, moment in zip(walked, moments, strict=True):
            inside = first_genre[place] in tastes[row]
            user.append(row + 1)
            item.append(place + 1)
            stars.append(int(rng.integers(4, 6) if inside else rng.integers(1, 4)))
            time.append(int(moment))
    return _World(
        titles=[f"{genres[row][0]} Story {row + 1}" for row in range(items)],
        years=[1960 + int(year) for year in rng.integers(0, 40, items)],
        genres=genres,
        genders=["F" if value else "M" for value in tastes[:, 0] % 2],
        ages=[AGES[int(row)] for row in tastes[:, 1]],
        occupations=[sorted(OCCUPATIONS)[int(row)] for row in rng.integers(0, 4, users)],
        user=np.array(user, dtype=np.int64),
        item=np.array(item, dtype=np.int64),
        stars=np.array(stars, dtype=np.int64),
        time=np.array(time, dtype=np.int64),
    )


def make_movielens(
    folder: Path, users: int = 60, items: int = 80, events: int = 2000, seed: int = 0
) -> Path:
    """Write `movies.dat`, `users.dat` and `ratings.dat` in the format of ml-1m; return `folder`."""
    world = _make_world(users, items, events, seed)
    folder.mkdir(parents=True, exist_ok=True)
    movies = [
        f"{row + 1}::{world.titles[row]} ({world.years[row]})::{'|'.join(world.genres[row])}"
        for row in range(items)
    ]
    people = [
        f"{row + 1}::{world.genders[row]}::{world.ages[row]}::{world.occupations[row]}::00000"
        for row in range(users)
    ]
    columns = (world.user, world.item, world.stars, world.time)
    ratings = ["::".join(map(str, row)) for row in zip(*columns, strict=True)]
    for name, lines in (("movies", movies), ("users", people), ("ratings", ratings)):
        (folder / f"{name}.dat").write_text("\n".join(lines) + "\n", encoding="latin-1")
    return folder


def make_tables(users: int = 60, items: int = 80, events: int = 2000, seed: int = 0) -> Tables:
    """Return the same data as `make_movielens` writes, as tables."""
    world = _make_world(users, items, events, seed)
    return Tables(
        items=pl.DataFrame(
            {
                Columns.ITEM: [str(row + 1) for row in range(items)],
                Columns.TITLE: world.titles,
                Columns.YEAR: pl.Series(world.years, dtype=pl.Int64),
                Columns.GENRES: pl.Series(world.genres, dtype=pl.List(pl.String)),
            }
        ),
        users=pl.DataFrame(
            {
                Columns.USER: [str(row + 1) for row in range(users)],
                "gender": world.genders,
                "age": [str(age) for age in world.ages],
                "occupation": [OCCUPATIONS[code] for code in world.occupations],
            }
        ),
        events=pl.DataFrame(
            {
                Columns.USER: pl.Series(world.user).cast(pl.String),
                Columns.ITEM: pl.Series(world.item).cast(pl.String),
                Columns.KIND: ["rated"] * events,
                Columns.VALUE: pl.Series(world.stars, dtype=pl.Float32),
                Columns.TIME: pl.Series(world.time, dtype=pl.Int64),
            }
        ),
    )
