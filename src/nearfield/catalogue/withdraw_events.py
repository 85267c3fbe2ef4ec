"""Take back what a user said, inside a transaction that the caller ends."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete

from nearfield.catalogue.lookups import find_item_keys, find_user_keys
from nearfield.catalogue.queries import chunks
from nearfield.catalogue.schema import events
from nearfield.catalogue.unknown import in_order
from nearfield.catalogue.writing import lock, touch


def withdraw_events(
    conn: Connection, catalogue: int, user: str, items: Sequence[str], kinds: Sequence[int]
) -> int:
    """Delete a user's events of some kinds on some items; return how many there were.

    Parameters
    ----------
    conn : Connection
        In a transaction.
    catalogue : int
        Primary key of the catalogue.
    user : str
        Its id; one who is not known has said nothing.
    items : sequence of str
        Their ids.
    kinds : sequence of int
        Positions in `EVENT_KINDS`.

    Raises
    ------
    NotFound
        If an item is unknown; nothing is deleted then.
    """
    row = lock(conn, catalogue)
    keys = in_order(row.name, "items", list(items), find_item_keys(conn, catalogue, list(items)))
    person = find_user_keys(conn, catalogue, [user]).get(user)
    gone = 0
    if person is not None:
        for some in chunks(keys):
            gone += conn.execute(
                delete(events).where(
                    events.c.user_id == person,
                    events.c.item_id.in_(some),
                    events.c.kind.in_(list(kinds)),
                )
            ).rowcount
    if gone:
        touch(conn, catalogue)
    return gone
