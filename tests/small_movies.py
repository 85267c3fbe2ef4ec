"""The small catalogue on which the recommender is tested, and what the answers must agree with."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from mean_model import MeanModel, unit
from nearfield.catalogue.catalogue import Catalogue
from nearfield.datasets.tables import Columns, Tables
from nearfield.recommend.recommender import Recommender
from nearfield.vectors.exact import ExactIndex
from synthetic import make_tables

DIM = 16
NEW_USER = "nobody-yet"
NEW_ITEM = "900"


@dataclass(frozen=True)
class Movies:
    """What the tests of the recommender ask, and what they compare the answers with."""

    catalogue: Catalogue
    index: ExactIndex
    model: MeanModel
    recommender: Recommender
    tables: Tables

    def seen(self, user: int) -> set[str]:
        """Return the ids of all items that a user touched."""
        events = self.tables.events.filter(pl.col(Columns.USER) == str(user))
        return set(events[Columns.ITEM])


def movies_tables() -> Tables:
    """Return the shared synthetic data, with a user and an item of whom nothing is known."""
    tables = make_tables()
    user = pl.DataFrame({Columns.USER: [NEW_USER]})
    item = pl.DataFrame({Columns.ITEM: [NEW_ITEM], Columns.TITLE: ["Fresh"]})
    return Tables(
        items=pl.concat([tables.items, item], how="diagonal").with_columns(
            pl.col(Columns.GENRES).fill_null([])
        ),
        users=pl.concat([tables.users, user], how="diagonal"),
        events=tables.events,
    )


def genre_vectors(tables: Tables) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Return unit vectors, shape (items, DIM): one direction for each genre, and some noise."""
    rng = np.random.default_rng(0)
    names = sorted(set(tables.items[Columns.GENRES].explode().drop_nulls()))
    has = np.array([[name in genres for name in names] for genres in tables.items[Columns.GENRES]])
    noise = 0.3 * rng.normal(size=(tables.items.height, DIM))
    return unit((has @ rng.normal(size=(len(names), DIM)) + noise).astype(np.float32))
