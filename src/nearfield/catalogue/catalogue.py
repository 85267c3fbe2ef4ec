"""One catalogue: what is asked while recommending and training, and live events."""

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nearfield.catalogue import queries
from nearfield.catalogue.browse import Browse
from nearfield.catalogue.condition import Condition
from nearfield.catalogue.database import Database
from nearfield.catalogue.erase import ErasedRows, erase_user
from nearfield.catalogue.export import Export, Record, exporting
from nearfield.catalogue.facts import Counts, History, Item
from nearfield.catalogue.item_kinds import ATTRIBUTES, GENRE, read_labels
from nearfield.catalogue.known_items import KnownItems
from nearfield.catalogue.lookups import (
    find_item_ids,
    find_item_keys,
    find_items,
    items_of,
    read_attribute_values,
    read_history,
)
from nearfield.catalogue.restore import restore
from nearfield.catalogue.saved_playlists import SavedPlaylists
from nearfield.catalogue.song_pairs import SongPairs
from nearfield.catalogue.song_prints import SongPrints
from nearfield.catalogue.sounds import Sounds
from nearfield.catalogue.unknown import in_order, stored_text
from nearfield.datasets.tables import Collection
from nearfield.errors import NotFound
from nearfield.types import Ids, PublicId

if TYPE_CHECKING:
    import polars as pl


class Catalogue(Browse):
    """The items, users and events of one collection; made by `Catalogues.get`.

    Keys are the catalogue's own numbers: given once, never changed, never given out again. What
    another process imports is seen at once: what is kept of the database is asked for anew as soon
    as that changed (of a server, for which `Catalogues` was told to be less strict, later).
    """

    def __init__(self, database: Database, number: int, name: str, uid: str) -> None:
        super().__init__(database, number, name, uid)
        self._known = KnownItems()
        self._values: dict[str, tuple[int, list[str]]] = {}
        self._counts: tuple[int, Counts] | None = None

    @property
    def sounds(self) -> Sounds:
        """Its songs, where it is a catalogue of songs."""
        return Sounds(self._database, self.number)

    @property
    def prints(self) -> SongPrints:
        """What is compared of its songs."""
        return SongPrints(self._database, self.number)

    @property
    def pairs(self) -> SongPairs:
        """Which of its songs are the same."""
        return SongPairs(self._database, self.number)

    @property
    def playlists(self) -> SavedPlaylists:
        """Lists of its items that people keep."""
        return SavedPlaylists(self._database, self.number)

    def exporting(self) -> AbstractContextManager[Export]:
        """Lend a view of all its tables as of one moment; see `Export`."""
        return exporting(self._database, self.number)

    def restore(self, table: str, rows: Sequence[Record]) -> None:
        """Bring back what an export holds of songs, in one transaction; see `restore`."""
        self._database.write(lambda conn: restore(conn, self.number, table, rows))

    def erase_user(self, user: PublicId) -> ErasedRows:
        """Erase a user from SQL, so that no byte of them is left there; see `pipelines.erase`.

        NotFound where there is no such user, and was none.
        """
        text = stored_text(user)
        gone = self._database.write(lambda conn: erase_user(conn, self.number, text))
        self._database.wipe()
        return gone

    def integer_ids(self) -> bool:
        """Tell whether every item id imported so far is an integer, written the usual way."""
        return bool(self._state().integer_items)

    def integer_user_ids(self) -> bool:
        """Tell the same of the ids of the users."""
        return bool(self._state().integer_users)

    def revision(self) -> int:
        """Return a number that rises whenever something of this catalogue changes."""
        return int(self._state().revision)

    def counts(self) -> Counts:
        """Return how many items, users and events there are."""
        revision, kept = self.revision(), self._counts
        if kept is None or kept[0] != revision:  # every event is walked over
            bound = {"catalogue": self.number}
            with self._database.reading(patient=True) as conn:
                found = (conn.execute(query, bound).scalar_one() for query in queries.COUNTS)
                kept = self._counts = (revision, Counts(*found))
        return kept[1]

    def item_keys(self, ids: Sequence[PublicId]) -> Ids:
        """Return the keys of items, in the order of `ids`; NotFound where one is unknown."""
        texts = [stored_text(one) for one in ids]
        found = self._keys_of_ids(texts)
        return np.array(in_order(self.name, "items", texts, found), dtype=np.int64)

    def user(self, user: PublicId) -> tuple[int, dict[str, str]]:
        """Return the key of a user, and what is known of them: name of the attribute to value.

        The id must match exactly; NotFound where unknown.
        """
        text = stored_text(user)
        with self._database.reading() as conn:
            found = conn.execute(queries.USER, {"catalogue": self.number, "id": text}).first()
        known = {} if found is None else {text: (found[0], dict(found[1]))}
        return in_order(self.name, "users", [text], known)[0]

    def user_key(self, user: PublicId) -> int:
        """Return the key of a user alone; see `user`."""
        return self.user(user)[0]

    def item_ids(self, keys: Ids) -> list[PublicId]:
        """Return the owner's ids, in the order of `keys`: integers where `integer_ids`."""
        wanted = keys.tolist()
        with self._database.reading() as conn:
            found = find_item_ids(conn, self.number, wanted)
        return in_order(self.name, "item keys", wanted, found)

    def items(self, keys: Ids) -> list[Item]:
        """Return all that is known of items, in the order of `keys`; NotFound where unknown.

        Others are given the same objects: their attributes are not to be written to.
        """
        wanted = keys.tolist()
        return in_order(self.name, "item keys", wanted, self._items(wanted))

    def items_by_key(self, keys: Ids) -> dict[int, Item]:
        """Return the same of distinct keys, by key."""
        wanted = keys.tolist()
        found = self._items(wanted)
        if len(found) < len(wanted):
            in_order(self.name, "item keys", wanted, found)
        return found

    def _items(self, wanted: list[int]) -> dict[int, Item]:
        """Return those items that exist."""

        def read(some: list[int]) -> Mapping[int, Item]:
            rows = self._database.quick.rows(queries.ITEMS, {"catalogue": self.number}, some)
            if rows is not None:
                return items_of(rows)
            with self._database.reading() as conn:
                return find_items(conn, self.number, some)

        return self._known.facts.find(wanted, self._items_revision(), read)

    def keys_there(self, ids: Sequence[PublicId]) -> Ids:
        """Return the keys of items in the order of `ids`; -1 where one is not there any more."""
        texts = [stored_text(one) for one in ids]
        found = self._keys_of_ids(texts)
        return np.array([found.get(text, -1) for text in texts], dtype=np.int64)

    def history(self, user: int, limit: int | None = None) -> History:
        """Return the newest `limit` events of a user (all where None), oldest first."""
        with self._database.reading() as conn:
            return read_history(conn, user, limit)

    def user_attributes(self, user: int) -> dict[str, str]:
        """Return what is known of a user, given by key: name of the attribute to value."""
        bound = {"catalogue": self.number, "user": user}
        with self._database.reading() as conn:
            found = {
                key: dict(known) for key, known in conn.execute(queries.USER_ATTRIBUTES, bound)
            }
        return in_order(self.name, "user keys", [user], found)[0]

    def attribute_names(self) -> list[str]:
        """Return the names of everything that is known of some user, in the order first seen."""
        return list(self._state().user_attributes)

    def label_kinds(self) -> list[str]:
        """Return by what `labels` can tell items apart: genre, album, artist."""
        known = self._state().item_attributes
        found = [GENRE] if self.genres() else []
        return found + [name for name in ATTRIBUTES if name in known]

    def labels(self, by: str) -> tuple[Ids, NDArray[np.object_]]:
        """Return the keys of all items, rising, and a label of each; see `read_labels`."""
        with self._database.reading(whole=True) as conn:
            return read_labels(conn, self.number, by)

    def rating_range(self) -> tuple[float, float]:
        """Return the smallest and the largest of the newest ratings; NaN where there is none.

        Only as many are read as show a scale of a few steps (`queries.RATING_RANGE`).
        """
        with self._database.reading() as conn:
            found = conn.execute(queries.RATING_RANGE, {"catalogue": self.number}).one()
        return (math.nan, math.nan) if found[0] is None else (found[0], found[1])

    def attribute_values(self, name: str) -> list[str]:
        """Return the values that users have of an attribute, sorted; empty where none has it."""
        state = self._state()
        if name not in state.user_attributes:
            return []
        kept = self._values.get(name)
        if kept is None or kept[0] != state.revision:  # all users are read
            with self._database.reading(whole=True) as conn:
                found = read_attribute_values(conn, self.number, name)
            kept = self._values[name] = (state.revision, found)
        return list(kept[1])

    def popular(self, limit: int, where: Condition | None = None) -> tuple[Ids, NDArray[np.int64]]:
        """Return the items that most people chose, and how many each.

        Parameters
        ----------
        limit : int
            Most items to return.
        where : Condition, optional
            Only items that satisfy it.

        Returns
        -------
        keys, users : int64, shape (items,)
            Most distinct users first, ties by key. Skips and dislikes do not count; items
            without users are left out. Large counts may be half a minute old.
        """
        keys, counts = self._popularity.get(self.revision())
        if where is not None:
            kept = np.isin(keys, self.matching(where))
            keys, counts = keys[kept], counts[kept]
        return keys[:limit].copy(), counts[:limit].copy()

    def users_of(self, item: int) -> int:
        """Return how many users chose an item, given by key; skips and dislikes do not count."""
        with self._database.reading() as conn:
            return int(conn.execute(queries.USERS_OF, {"item": item}).scalar_one())

    def matching(self, where: Condition) -> Ids:
        """Return the keys of the items that satisfy a condition, rising; not to be written to."""
        return self._keys_of(where, self._browsed())

    def collection(self) -> Collection:
        """Return everything, as trainers read it: the same catalogue gives the same arrays."""
        from nearfield.catalogue.collect import collect  # Polars takes 0.1 s

        state = self._state()
        with self._database.reading(snapshot=True) as conn:
            attributes = (state.item_attributes, state.user_attributes)
            return collect(conn, self.number, (self.name, self.uid), attributes)

    def all_item_keys(self) -> Ids:
        """Return the keys of all items, rising."""
        with self._database.reading(whole=True) as conn:
            found = conn.execute(queries.ALL_ITEMS, {"catalogue": self.number}).scalars().all()
        return np.array(found, dtype=np.int64)

    def collection_of(self, keys: Ids) -> Collection:
        """Return some items, given by key and rising, with their events and the users of these.

        The time it takes depends on these items alone, not on the size of the catalogue.
        """
        from nearfield.catalogue.collect import collect_items

        state = self._state()
        with self._database.reading(snapshot=True) as conn:
            attributes = (state.item_attributes, state.user_attributes)
            return collect_items(conn, self.number, (self.name, self.uid), attributes, keys)

    def add_events(self, rows: "pl.DataFrame") -> int:
        """Add events of known users and items; return how many were new or had a new value.

        Parameters
        ----------
        rows : polars.DataFrame
            As `Tables.events`. Events that are there already change nothing.
        """
        from nearfield.catalogue.checks import check_events
        from nearfield.catalogue.write_events import import_events

        check_events(rows)
        progress = list(import_events(self._database, self.number, rows, batch=50_000))
        return progress[-1].added + progress[-1].changed

    def _keys_of_ids(self, ids: list[str]) -> Mapping[str, int]:
        """Return the keys of those ids that exist."""

        def read(some: list[str]) -> Mapping[str, int]:
            rows = self._database.quick.rows(queries.ITEM_KEYS, {"catalogue": self.number}, some)
            if rows is not None:
                return dict(rows)
            with self._database.reading() as conn:
                return find_item_keys(conn, self.number, some)

        return self._known.keys.find(ids, self._items_revision(), read)

    def _state(self) -> Any:
        with self._database.reading() as conn:
            found = conn.execute(queries.STATE, {"catalogue": self.number}).first()
        if found is None:
            raise NotFound(f"catalogue {self.name!r} was removed. Import it anew.")
        return found
