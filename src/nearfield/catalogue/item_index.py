"""An index over the words of items, in memory: every page of a listing comes from it."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nearfield.catalogue.fold import folded_words
from nearfield.types import Ids

Rows: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]
Place: TypeAlias = tuple[Any, ...]
"""Where an item stands in an order: compared from left to right, its key last."""

SORTS: Final = ("best", "title", "popular", "new", "id")

_END: Final = "\U0010ffff"
_TITLE: Final = 64
"""Characters of a title by which it is sorted; what is equal so far is sorted by key."""

_EXACT, _BEGINS, _IN_TITLE, _ELSEWHERE = range(4)


@dataclass(frozen=True, slots=True)
class IndexedItem:
    """What is indexed of an item: its key, id and title, and what else its words are found in."""

    key: int
    id: str
    title: str
    other: str = ""


class ItemIndex:
    """Items, found by the beginnings of their words and listed in several orders.

    A hundred thousand items take about 60 MB and a second to index; a page, about a millisecond.

    Parameters
    ----------
    items : sequence of IndexedItem
        By rising key.
    """

    def __init__(self, items: Sequence[IndexedItem]) -> None:
        self.keys: Ids = np.array([item.key for item in items], dtype=np.int64)
        self._ids = [item.id for item in items]
        titles = [folded_words(item.title) for item in items]
        self._titles = [" ".join(words) for words in titles]
        self._in_title = _Words(titles)
        self._elsewhere = _Words([folded_words(item.other) if item.other else [] for item in items])
        self._users: Rows = np.zeros(len(items), dtype=np.int64)
        self._by_users: Rows | None = None

    def __len__(self) -> int:
        return len(self.keys)

    def set_users(self, keys: Ids, counts: NDArray[np.int64]) -> None:
        """Tell how many users chose items, shape (items,) each; others have none."""
        users = np.zeros(len(self), dtype=np.int64)
        if len(self):
            places = np.minimum(np.searchsorted(self.keys, keys), len(self) - 1)
            known = self.keys[places] == keys
            users[places[known]] = counts[known]
        self._users, self._by_users = users, None

    def find(self, words: Sequence[str]) -> tuple[Mask, NDArray[np.int8]]:
        """Find the items that have a word beginning with each of some folded words.

        Returns
        -------
        found : bool, shape (items,)
            Which they are.
        rank : int8, shape (items,)
            0 where they are the whole title, 1 where the title begins with them, 2 where they
            are in the title, else 3.
        """
        found = np.ones(len(self), dtype=np.bool_)
        in_title = np.ones(len(self), dtype=np.bool_)
        for word in set(words):
            here = self._in_title.beginning(word)
            in_title &= here
            found &= here | self._elsewhere.beginning(word)
        rank = np.where(in_title, _IN_TITLE, _ELSEWHERE).astype(np.int8)
        wanted = " ".join(words)
        order, sorted_titles = self._by_title
        first = bisect_left(sorted_titles, wanted)
        rank[order[first : bisect_left(sorted_titles, wanted + _END)]] = _BEGINS
        rank[order[first : bisect_right(sorted_titles, wanted)]] = _EXACT
        return found, rank

    def page(
        self, sort: str, among: Mask, after: Place | None, limit: int, rank: NDArray[np.int8]
    ) -> list[Place]:
        """Return the places of the next items of an order.

        Parameters
        ----------
        sort : str
            One of `SORTS`.
        among : bool, shape (items,)
            Which items are listed.
        after : tuple, optional
            The place of the last item of the page before.
        limit : int
            Most items.
        rank : int8, shape (items,)
            As `find` tells; used for "best" alone.
        """
        if sort == "best":
            rows = self._best(among, after, limit, rank)
        else:
            order = self._order(sort)
            start = 0
            if after is not None:
                start = bisect_right(order, after, key=lambda row: self._place(sort, row, rank))
            rest = order[start:]
            rows = rest[among[rest]][:limit]
        return [self._place(sort, row, rank) for row in rows.tolist()]

    def _best(self, among: Mask, after: Place | None, limit: int, rank: NDArray[np.int8]) -> Rows:
        rows = np.flatnonzero(among)
        if after is not None:
            worse = _later((rank[rows], -self._users[rows], self.keys[rows]), after)
            rows = rows[worse]
        worth = rank[rows].astype(np.int64) * len(self) + self._user_places[rows]
        if len(rows) > limit:
            first = np.argpartition(worth, limit)[:limit]
            rows, worth = rows[first], worth[first]
        return rows[np.argsort(worth)]

    def _place(self, sort: str, row: int, rank: NDArray[np.int8]) -> Place:
        key = int(self.keys[row])
        match sort:
            case "title":
                return self._titles[row][:_TITLE], key
            case "popular":
                return -int(self._users[row]), key
            case "new":
                return (-key,)
            case "id":
                return *_natural(self._ids[row]), key
            case _:
                return int(rank[row]), -int(self._users[row]), key

    def _order(self, sort: str) -> Rows:
        match sort:
            case "title":
                return self._by_title[0]
            case "popular":
                return self._popular_first
            case "new":
                return np.arange(len(self))[::-1]
            case _:
                return self._by_id

    @cached_property
    def _by_title(self) -> tuple[Rows, list[str]]:
        """The rows by title, and their titles: the same order as that of places."""
        titles = self._titles
        order = sorted(range(len(titles)), key=lambda row: (titles[row][:_TITLE], row))
        # the tail of long titles may be out of order, which a search for a beginning would mind
        cut = [titles[row] if len(titles[row]) <= _TITLE else titles[row][:_TITLE] for row in order]
        return np.array(order, dtype=np.int64), cut

    @cached_property
    def _by_id(self) -> Rows:
        order = sorted(range(len(self)), key=lambda row: _natural(self._ids[row]))
        return np.array(order, dtype=np.int64)

    @property
    def _popular_first(self) -> Rows:
        order = self._by_users
        if order is None:
            order = self._by_users = np.argsort(-self._users, kind="stable")
        return order

    @property
    def _user_places(self) -> Rows:
        """Where each row stands among the most popular, shape (items,)."""
        places = np.empty(len(self), dtype=np.int64)
        places[self._popular_first] = np.arange(len(self))
        return places


class _Words:
    """Which rows have which words: the words sorted, and the rows of each, one after the other."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        self._rows = len(texts)
        numbers: dict[str, int] = {}
        of_place = [numbers.setdefault(word, len(numbers)) for text in texts for word in text]
        self._words = sorted(numbers)
        place = np.empty(len(numbers), dtype=np.int64)
        place[[numbers[word] for word in self._words]] = np.arange(len(numbers))
        word_of = place[np.array(of_place, dtype=np.int64)]
        row_of = np.repeat(np.arange(len(texts), dtype=np.int32), [len(text) for text in texts])
        order = np.argsort(word_of, kind="stable")
        self._row_of = row_of[order]
        self._starts = np.searchsorted(word_of[order], np.arange(len(numbers) + 1))

    def beginning(self, start: str) -> Mask:
        """Return which rows have a word that begins so, shape (rows,)."""
        first = bisect_left(self._words, start)
        end = bisect_left(self._words, start + _END)
        found = np.zeros(self._rows, dtype=np.bool_)
        found[self._row_of[self._starts[first] : self._starts[end]]] = True
        return found


def _natural(text: str) -> tuple[int, int | str]:
    """Return what ids are sorted by: numbers by size, before all other text."""
    whole = text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 18
    return (0, int(text)) if whole else (1, text)


def _later(columns: tuple[NDArray[Any], ...], after: Place) -> Mask:
    """Return which rows come after a place, compared from left to right."""
    later = np.zeros(len(columns[0]), dtype=np.bool_)
    equal = np.ones(len(columns[0]), dtype=np.bool_)
    for column, bound in zip(columns, after, strict=True):
        later |= equal & (column > bound)
        equal &= column == bound
    return later
