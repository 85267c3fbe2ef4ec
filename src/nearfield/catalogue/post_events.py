"""Write a small batch of events that just happened, all of it or none, in one transaction."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Row, bindparam, insert, select

from nearfield.catalogue.erased import erased_among
from nearfield.catalogue.live_rows import EventRow
from nearfield.catalogue.lookups import find_item_keys, find_user_keys
from nearfield.catalogue.queries import chunks
from nearfield.catalogue.schema import events, users
from nearfield.catalogue.writing import Outcome, is_integer, lock, touch, update_rows
from nearfield.datasets.tables import EVENT_KINDS
from nearfield.errors import InvalidInput, NotFound

_Same: TypeAlias = tuple[int, int, int, int]
"""User, item, kind and time: two events that agree in these are the same one."""

_STATES: Final = tuple(EVENT_KINDS.index(kind) for kind in ("rated", "liked", "disliked"))
"""What is so until something else is said: saying it again without a time tells nothing new."""

_STORED: Final = select(
    events.c.user_id, events.c.item_id, events.c.kind, events.c.time, events.c.id, events.c.value
).where(
    events.c.user_id.in_(bindparam("users", expanding=True)),
    events.c.item_id.in_(bindparam("items", expanding=True)),
)


def post_events(conn: Connection, catalogue: int, rows: Sequence[EventRow]) -> Outcome:
    """Add events; users who are not there yet are made.

    An event that is there already changes nothing, or its value. What is rated, liked or
    disliked without a time as it was last changes nothing either: a program that did not hear
    the answer may send its batch again.

    Parameters
    ----------
    conn : Connection
        In a transaction.
    catalogue : int
        Primary key of the catalogue.
    rows : sequence of EventRow
        Checked.

    Raises
    ------
    NotFound
        If an item is unknown; the message names the row. Nothing is written then.
    InvalidInput
        If a user was erased; the same.
    """
    row = lock(conn, catalogue)
    items = find_item_keys(conn, catalogue, list(dict.fromkeys(one.item for one in rows)))
    for place, one in enumerate(rows):
        if one.item not in items:
            raise NotFound(
                f"events[{place}].item is {one.item!r}, which catalogue {row.name!r} does not "
                f"have. Put the item first, or leave this event out; nothing was written."
            )
    people = _people(conn, row, rows)
    held = _held(conn, list(people.values()), list(items.values()))
    batch = _Batch(held)
    for one in rows:
        batch.add(people[one.user], items[one.item], one)
    batch.write(conn)
    if batch.new or batch.changed:
        touch(conn, catalogue)
    done = len(batch.new) + len(batch.changed)
    return Outcome(len(batch.new), len(batch.changed), len(rows) - done)


class _Batch:
    """What a batch adds to the events of its users and items.

    Parameters
    ----------
    held : mapping
        Those that are there, to their id and value.
    """

    def __init__(self, held: dict[_Same, tuple[int, float | None]]) -> None:
        self._held = held
        self._last: dict[tuple[int, int], tuple[int, int, float | None]] = {}
        for (user, item, kind, time), (_, value) in held.items():
            self._remember(user, item, (time, kind, value))
        self.new: dict[_Same, float | None] = {}
        self.changed: dict[int, float | None] = {}

    def add(self, user: int, item: int, one: EventRow) -> None:
        """Take one event in; within a batch, too, the last one of the same counts."""
        if not one.told and one.kind in _STATES:
            last = self._last.get((user, item))
            if last is not None and last[1:] == (one.kind, one.value):
                return
        same = user, item, one.kind, one.time
        self._remember(user, item, (one.time, one.kind, one.value))
        if same not in self._held:
            self.new[same] = one.value
            return
        key, value = self._held[same]
        self.changed.pop(key, None)
        if value != one.value:
            self.changed[key] = one.value

    def write(self, conn: Connection) -> None:
        """Write what is new and what has another value."""
        if self.new:
            names = ("user_id", "item_id", "kind", "time")
            rows = [
                {**dict(zip(names, same, strict=True)), "value": value}
                for same, value in self.new.items()
            ]
            conn.execute(insert(events), rows)
        values = [{"key": key, "value": value} for key, value in self.changed.items()]
        update_rows(conn, events, values)

    def _remember(self, user: int, item: int, said: tuple[int, int, float | None]) -> None:
        last = self._last.get((user, item))
        if last is None or last[0] <= said[0]:
            self._last[user, item] = said


def _people(conn: Connection, catalogue: Row[Any], rows: Sequence[EventRow]) -> dict[str, int]:
    """Return the keys of the users, made where they are not there yet."""
    named = list(dict.fromkeys(one.user for one in rows))
    found = find_user_keys(conn, catalogue.id, named)
    new = [user for user in named if user not in found]
    if not new:
        return found
    erased = erased_among(conn, catalogue.id, catalogue.uid, new)
    for place, one in enumerate(rows):
        if one.user in erased:
            raise InvalidInput(
                f"events[{place}].user was erased from catalogue {catalogue.name!r}. Put the user "
                f"first if they are to be known again; nothing was written."
            )
    fixed = {"catalogue_id": catalogue.id, "attributes": {}}
    conn.execute(insert(users), [{**fixed, "public_id": user} for user in new])
    whole = bool(catalogue.integer_users) and all(map(is_integer, new))
    touch(conn, catalogue.id, integer_users=whole)
    return found | find_user_keys(conn, catalogue.id, new)


def _held(
    conn: Connection, people: list[int], items: list[int]
) -> dict[_Same, tuple[int, float | None]]:
    found: dict[_Same, tuple[int, float | None]] = {}
    for some in chunks(people):
        for few in chunks(items):
            for *same, key, value in conn.execute(_STORED, {"users": some, "items": few}):
                user, item, kind, time = same
                found[user, item, kind, time] = (key, value)
    return found
