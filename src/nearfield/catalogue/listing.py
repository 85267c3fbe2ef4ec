"""The index over a catalogue's items, brought to what SQL holds before it is asked."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy import ColumnElement, Connection, func, select

from nearfield.catalogue.database import Database
from nearfield.catalogue.item_index import IndexedItem, ItemIndex, Mask, Place
from nearfield.catalogue.popularity import Counted
from nearfield.catalogue.schema import catalogues, items
from nearfield.types import Ids

SEARCHED: Final = ("artist", "albumartist", "album", "composer", "author", "director")
"""Attributes whose words find an item, beside those of its title."""

FEW: Final = 2000
"""Changed items that are indexed beside the others; from more on all are indexed anew."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is to be of.

    Parameters
    ----------
    sort : str
        One of `SORTS`.
    words : sequence of str
        Folded; every item has a word that begins with each of them.
    after : tuple, optional
        The place of the last item of the page before.
    limit : int
        Most items.
    only : int64, shape (items,), optional
        Keys of the items that may be listed, where not all may.
    """

    sort: str
    words: Sequence[str]
    after: Place | None
    limit: int
    only: Ids | None


class _Part:
    """An index, and which of its items are found elsewhere by now, or nowhere."""

    def __init__(self, index: ItemIndex, replaced: Ids | None = None) -> None:
        self.index = index
        self._there: Mask = np.ones(len(index), dtype=np.bool_)
        if replaced is not None:
            self._there = np.isin(index.keys, replaced, invert=True)
        self._popular: Counted | None = None

    def page(self, asked: Asked, popular: Counted) -> list[Place]:
        if self._popular is not popular:
            self.index.set_users(*popular)
            self._popular = popular
        found, rank = self.index.find(asked.words)
        found &= self._there
        if asked.only is not None:
            found &= np.isin(self.index.keys, asked.only)
        return self.index.page(asked.sort, found, asked.after, asked.limit, rank)


@dataclass(frozen=True, slots=True)
class _Held:
    """All items at one revision: most as of an older one, and those that changed since."""

    revision: int
    base_revision: int
    base: _Part
    newer: _Part


class Listing:
    """Pages of items. May be used from several threads; what any process changed is seen.

    Two indexes answer together: one over most items, and a small one over those that changed
    since it was made, which is made anew for each change.

    Parameters
    ----------
    database : Database
        Where the items are.
    catalogue : int
        Primary key of the catalogue.
    """

    def __init__(self, database: Database, catalogue: int) -> None:
        self._database = database
        self._catalogue = catalogue
        self._updating = threading.Lock()
        self._held: _Held | None = None

    def page(self, asked: Asked, revision: int, popular: Counted) -> list[Place]:
        """Return the places of the next items of an order, their key last.

        Parameters
        ----------
        asked : Asked
            The question.
        revision : int
            Of the items, as SQL has it now.
        popular : tuple of arrays
            As `Popularity.get` returns it.
        """
        with self._updating:  # a page takes a millisecond, and what is popular may change
            held = self._held
            if held is None or held.revision != revision:
                with self._database.reading(snapshot=True) as conn:
                    held = self._held = self._updated(conn, held)
            found = [*held.base.page(asked, popular), *held.newer.page(asked, popular)]
        return sorted(found)[: asked.limit]

    def _updated(self, conn: Connection, held: _Held | None) -> _Held:
        query = select(catalogues.c.items_revision, catalogues.c.item_attributes)
        revision, known = conn.execute(query.where(catalogues.c.id == self._catalogue)).one()
        names = [name for name in SEARCHED if name in known]
        if held is not None:
            base = held.base.index
            newer = items.c.changed > held.base_revision
            if self._count(conn, newer) <= max(FEW, len(base) // 10):
                found = list(self._read(conn, names, newer))
                replaced = [item.key for item in found] + self._gone(conn, base, found)
                parts = _Part(base, np.array(replaced, dtype=np.int64)), _Part(ItemIndex(found))
                return _Held(revision, held.base_revision, *parts)
        every = ItemIndex(list(self._read(conn, names)))
        return _Held(revision, revision, _Part(every), _Part(ItemIndex([])))

    def _gone(self, conn: Connection, base: ItemIndex, newer: Sequence[IndexedItem]) -> list[int]:
        """Return the keys of items of the base that were deleted."""
        added = np.isin([item.key for item in newer], base.keys, invert=True).sum()
        if self._count(conn) == len(base) + int(added):
            return []
        query = select(items.c.id).where(items.c.catalogue_id == self._catalogue)
        there = conn.execute(query).scalars().all()
        gone: list[int] = np.setdiff1d(base.keys, there).tolist()
        return gone

    def _count(self, conn: Connection, *which: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(items)
        mine = items.c.catalogue_id == self._catalogue
        return int(conn.execute(query.where(mine, *which)).scalar_one())

    def _read(
        self, conn: Connection, names: Sequence[str], *which: ColumnElement[bool]
    ) -> Iterator[IndexedItem]:
        others = [items.c.attributes[name].as_string() for name in names]
        query = select(items.c.id, items.c.public_id, items.c.title, *others)
        mine = items.c.catalogue_id == self._catalogue
        for key, public, title, *told in conn.execute(
            query.where(mine, *which).order_by(items.c.id)
        ):
            yield IndexedItem(key, public, title, " ".join(filter(None, told)))
