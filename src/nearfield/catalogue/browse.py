"""The part of a catalogue that lists: items by text and order, users, genres; page by page."""

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from sqlalchemy import ColumnElement, Connection, func, select, tuple_

from nearfield.catalogue.changes import Changes
from nearfield.catalogue.condition import Condition
from nearfield.catalogue.cursors import Cursors
from nearfield.catalogue.database import Database
from nearfield.catalogue.facts import Item
from nearfield.catalogue.fold import folded_words
from nearfield.catalogue.listing import Asked, Listing
from nearfield.catalogue.lookups import find_items, read_matching, read_popular
from nearfield.catalogue.matched import Matched
from nearfield.catalogue.popularity import Popularity
from nearfield.catalogue.quick_reads import Beat
from nearfield.catalogue.schema import catalogues, events, item_genres, items, users
from nearfield.catalogue.unknown import stored_text
from nearfield.catalogue.where import parse_where
from nearfield.catalogue.where_sql import where_sql
from nearfield.errors import InvalidInput, NotFound
from nearfield.types import Ids, PublicId

Sort: TypeAlias = Literal["best", "title", "popular", "new", "id"]

MOST: Final = 1000
"""Rows of one page."""

_LONGEST: Final = 200  # characters that are searched for
_WORDS: Final = 12


@dataclass(frozen=True, slots=True)
class ItemsPage:
    """A page of items; `next` is the cursor of the next one, None where this was the last."""

    items: list[Item]
    next: str | None


@dataclass(frozen=True, slots=True)
class ListedUser:
    """One user of a list: id, what is known of them, and the number of their events."""

    id: PublicId
    attributes: dict[str, str]
    events: int


@dataclass(frozen=True, slots=True)
class UsersPage:
    """A page of users; `next` is the cursor of the next one, None where this was the last."""

    users: list[ListedUser]
    next: str | None


class Browse(Changes):
    """Lists, with cursors that stay in their place whatever is added or removed.

    Parameters
    ----------
    database : Database
        To read from.
    number : int
        Primary key of the catalogue.
    name, uid : str
        Of the catalogue.
    """

    def __init__(self, database: Database, number: int, name: str, uid: str) -> None:
        super().__init__(database, number, name, uid)
        self._listing = Listing(database, number)
        self._popularity = Popularity(self._count_users)
        self._genres: tuple[int, list[tuple[str, int]]] = (-1, [])
        self._matched = Matched()
        self._items_as_of: tuple[Beat | None, int] = (None, -1)

    def browse(
        self,
        q: str = "",
        where: str | Condition | None = None,
        sort: Sort | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> ItemsPage:
        """Return a page of items.

        Parameters
        ----------
        q : str
            Every word of it begins a word of the item's title, artist, album, composer, author
            or director; case, accents and signs do not count.
        where : str or Condition, optional
            Only items that satisfy it.
        sort : {"best", "title", "popular", "new", "id"}, optional
            "best": items whose title is `q`, whose title begins so, whose title holds the words,
            then others; within each, what most users chose first. "new" is what was added last.
            Where not given: "best" where something is searched for, else "title".
        limit : int
            Most items, 1 to 1000.
        cursor : str, optional
            `ItemsPage.next` of the page before, of the same question.

        Raises
        ------
        InvalidInput
            If the condition cannot be read, or the cursor is of another question.
        """
        words = folded_words(q[:_LONGEST])[:_WORDS]
        searched = bool(q.strip())
        order = sort or ("best" if searched else "title")
        if order not in get_args(Sort):
            raise InvalidInput(
                f"items cannot be sorted by {sort!r}: wanted one of {', '.join(get_args(Sort))}."
            )
        cursors = Cursors(order, [words, where if isinstance(where, str) else repr(where)])
        after = cursors.read(cursor)
        _check_limit(limit)
        state = self._browsed()
        only = self._only(where, state)
        if searched and not words:  # nothing but signs, which no word has
            return ItemsPage([], None)
        asked = Asked(order, words, after, limit + 1, only)
        places = self._listing.page(
            asked, state.items_revision, self._popularity.get(state.revision)
        )
        keys = [int(abs(place[-1])) for place in places[:limit]]
        with self._database.reading() as conn:
            found = find_items(conn, self.number, keys)
        rows = [found[key] for key in keys if key in found]  # one may just have been deleted
        return ItemsPage(rows, cursors.write(places[limit - 1]) if len(places) > limit else None)

    def users_page(self, q: str = "", limit: int = 50, cursor: str | None = None) -> UsersPage:
        """Return a page of users, as they came; those whose id begins with `q`, short first.

        Parameters
        ----------
        q : str
            The beginning of an id, as it is written; "" for all.
        limit : int
            Most users, 1 to 1000.
        cursor : str, optional
            `UsersPage.next` of the page before, of the same question.
        """
        start = stored_text(q)
        cursors = Cursors("users like" if start else "users", [start])
        after = cursors.read(cursor)
        _check_limit(limit)
        order: tuple[ColumnElement[Any], ...] = (users.c.id,)
        query = select(users.c.id, users.c.public_id, users.c.attributes).where(
            users.c.catalogue_id == self.number
        )
        if start:
            length = func.length if self._database.sqlite else func.char_length
            order = (length(users.c.public_id), users.c.public_id)
            end = start + "\U0010ffff"
            query = query.where(users.c.public_id >= start, users.c.public_id < end)
        if after is not None:
            query = query.where(tuple_(*order) > tuple_(*after))
        with self._database.reading() as conn:
            rows = conn.execute(query.order_by(*order).limit(limit + 1)).all()
            counts = _count_events(conn, [row.id for row in rows[:limit]])
        whole = bool(self._browsed().integer_users)
        listed = [
            ListedUser(
                int(row.public_id) if whole else row.public_id,
                dict(row.attributes),
                counts.get(row.id, 0),
            )
            for row in rows[:limit]
        ]
        if len(rows) <= limit:
            return UsersPage(listed, None)
        last = rows[limit - 1]
        place = (len(last.public_id), last.public_id) if start else (last.id,)
        return UsersPage(listed, cursors.write(place))

    def events_of(self, user: int) -> int:
        """Return how many events a user has, given by key."""
        with self._database.reading() as conn:
            return _count_events(conn, [user]).get(user, 0)

    def genres(self) -> list[tuple[str, int]]:
        """Return every genre and how many items have it, most first, then by name."""
        revision = self._browsed().items_revision
        if self._genres[0] != revision:
            count = func.count()
            query = (
                select(item_genres.c.genre, count)
                .join(items)
                .where(items.c.catalogue_id == self.number)
                .group_by(item_genres.c.genre)
                .order_by(count.desc(), item_genres.c.genre)
            )
            with self._database.reading(whole=True) as conn:
                found = [(genre, int(number)) for genre, number in conn.execute(query)]
            self._genres = (revision, found)
        return list(self._genres[1])

    def _only(self, where: str | Condition | None, state: Any) -> Ids | None:
        """Return the keys of what satisfies a condition; None where there is none."""
        if where is None or (isinstance(where, str) and not where.strip()):
            return None
        return self._keys_of(parse_where(where) if isinstance(where, str) else where, state)

    def _keys_of(self, condition: Condition, state: Any) -> Ids:
        """Return the keys of what satisfies a condition, kept until an item changes."""
        sql = where_sql(condition, state.item_attributes)

        def read() -> Ids:
            with self._database.reading(whole=True) as conn:
                return read_matching(conn, self.number, sql)

        return self._matched.keys(condition, int(state.items_revision), read)

    def _count_users(self) -> tuple[Ids, Any]:
        with self._database.reading(patient=True) as conn:
            return read_popular(conn, self.number)

    def _items_revision(self) -> int:
        """Return a number that rises whenever an item changes; asked for where it may have."""
        beat = self._database.quick.beat()
        known, revision = self._items_as_of
        if beat is None or beat != known:
            revision = int(self._browsed().items_revision)
            self._items_as_of = beat, revision
        return revision

    def _browsed(self) -> Any:
        columns = (
            catalogues.c.revision,
            catalogues.c.items_revision,
            catalogues.c.item_attributes,
            catalogues.c.integer_users,
        )
        with self._database.reading() as conn:
            query = select(*columns).where(catalogues.c.id == self.number)
            found = conn.execute(query).first()
        if found is None:
            raise NotFound(f"catalogue {self.name!r} was removed. Import it anew.")
        return found


def _check_limit(limit: int) -> None:
    if isinstance(limit, bool) or not hasattr(limit, "__index__") or not 1 <= limit <= MOST:
        raise InvalidInput(f"limit is {limit!r}, but a page has 1 to {MOST} rows.")


def _count_events(conn: Connection, keys: list[int]) -> dict[int, int]:
    query = select(events.c.user_id, func.count()).where(events.c.user_id.in_(keys))
    return {key: count for key, count in conn.execute(query.group_by(events.c.user_id))}
