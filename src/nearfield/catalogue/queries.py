"""The statements of one recommendation, built once: building costs more than SQLite's answer."""

from typing import Any, Final, TypeVar

from sqlalchemy import BindParameter, Select, Text, bindparam, distinct, func, select, type_coerce

from nearfield.catalogue.schema import (
    catalogues,
    events,
    item_genres,
    items,
    sound_files,
    users,
)
from nearfield.catalogue.sound_facts import READY
from nearfield.datasets.tables import AGAINST, EVENT_KINDS

CHUNK: Final = 10_000
"""Most values in one IN list: SQLite takes 32,766 parameters, a MySQL packet some megabytes."""

T = TypeVar("T")

_CATALOGUE: Final[BindParameter[int]] = bindparam("catalogue")

STATE: Final = select(
    catalogues.c.revision,
    catalogues.c.integer_items,
    catalogues.c.integer_users,
    catalogues.c.item_attributes,
    catalogues.c.user_attributes,
).where(catalogues.c.id == _CATALOGUE)

ITEM_KEYS: Final = select(items.c.public_id, items.c.id).where(
    items.c.catalogue_id == _CATALOGUE, items.c.public_id.in_(bindparam("ids", expanding=True))
)

USER_KEYS: Final = select(users.c.public_id, users.c.id).where(
    users.c.catalogue_id == _CATALOGUE, users.c.public_id.in_(bindparam("ids", expanding=True))
)

USER: Final = select(users.c.id, users.c.attributes).where(
    users.c.catalogue_id == _CATALOGUE, users.c.public_id == bindparam("id")
)

USERS: Final = select(users.c.public_id, users.c.id, users.c.attributes).where(
    users.c.catalogue_id == _CATALOGUE, users.c.public_id.in_(bindparam("ids", expanding=True))
)

USER_ATTRIBUTES: Final = select(users.c.id, users.c.attributes).where(
    users.c.catalogue_id == _CATALOGUE, users.c.id == bindparam("user")
)

# a sum has no index: SQLite would rather walk the whole catalogue than look up some keys
_OWN_ITEM: Final = items.c.catalogue_id + 0 == _CATALOGUE

# as a value: a join lets MariaDB begin with the catalogue and walk all of its items
_INTEGER_ITEMS: Final = (
    select(catalogues.c.integer_items)
    .where(catalogues.c.id == _CATALOGUE)
    .scalar_subquery()
    .label("integer_items")
)

ITEM_IDS: Final = select(items.c.id, items.c.public_id, _INTEGER_ITEMS).where(
    _OWN_ITEM, items.c.id.in_(bindparam("keys", expanding=True))
)

ITEMS: Final = (
    select(
        items.c.id,
        items.c.public_id,
        items.c.title,
        items.c.year,
        type_coerce(items.c.attributes, Text),  # one row a genre: read once an item
        item_genres.c.genre,
        item_genres.c.place,  # sorted by whoever reads: MariaDB would put long texts on its disk
        _INTEGER_ITEMS,
    )
    .outerjoin(item_genres, item_genres.c.item_id == items.c.id)
    .where(_OWN_ITEM, items.c.id.in_(bindparam("keys", expanding=True)))
)

WHOLE_HISTORY: Final = (
    select(events.c.item_id, events.c.kind, events.c.value, events.c.time)
    .where(events.c.user_id == bindparam("user"))
    .order_by(events.c.time.desc(), events.c.id.desc())
)
HISTORY: Final = WHOLE_HISTORY.limit(bindparam("limit"))

EVENTS_OF: Final = (
    select(events.c.user_id, events.c.item_id, events.c.kind, events.c.value, events.c.time)
    .where(events.c.user_id.in_(bindparam("users", expanding=True)))
    .order_by(events.c.user_id, events.c.time, events.c.id)
)

EVENTS_ON: Final = (
    select(events.c.user_id, events.c.item_id, events.c.kind, events.c.value, events.c.time)
    .where(events.c.item_id.in_(bindparam("items", expanding=True)))
    .order_by(events.c.id)
)

ALL_ITEMS: Final = select(items.c.id).where(items.c.catalogue_id == _CATALOGUE).order_by(items.c.id)

STORED_EVENTS: Final = select(
    events.c.id,
    events.c.user_id,
    events.c.item_id,
    events.c.kind,
    events.c.time,
    events.c.value.label("stored"),
).where(events.c.user_id.in_(bindparam("users", expanding=True)))

# songs of which no file is there any more cannot be played
_GONE: Final = (
    select(sound_files.c.item_id)
    .where(sound_files.c.item_id.is_not(None))
    .group_by(sound_files.c.item_id)
    .having(func.min(sound_files.c.state) > READY)
)

_USERS: Final = func.count(distinct(events.c.user_id))
POPULAR: Final = (
    select(events.c.item_id, _USERS)
    .join(items)
    .where(
        items.c.catalogue_id == _CATALOGUE,
        events.c.kind.not_in([EVENT_KINDS.index(kind) for kind in AGAINST]),
        items.c.id.not_in(_GONE),
    )
    .group_by(events.c.item_id)
    .order_by(_USERS.desc(), events.c.item_id)
)

USERS_OF: Final = select(_USERS).where(
    events.c.item_id == bindparam("item"),
    events.c.kind.not_in([EVENT_KINDS.index(kind) for kind in AGAINST]),
)

COUNTS: Final[tuple[Select[Any], ...]] = (
    select(func.count()).select_from(items).where(items.c.catalogue_id == _CATALOGUE),
    select(func.count()).select_from(users).where(users.c.catalogue_id == _CATALOGUE),
    select(func.count()).select_from(events.join(users)).where(users.c.catalogue_id == _CATALOGUE),
)


# as a value: a join invites SQLite to begin with the items and to sort all of their events
_OF_ITEM: Final = select(items.c.catalogue_id).where(items.c.id == events.c.item_id)
_NEWEST_RATINGS: Final = (
    select(events.c.value)
    .where(
        events.c.kind == EVENT_KINDS.index("rated"),
        _OF_ITEM.correlate(events).scalar_subquery() == _CATALOGUE,
    )
    .order_by(events.c.id.desc())
    .limit(20_000)  # milliseconds, also of many millions
    .subquery()
)
RATING_RANGE: Final = select(
    func.min(_NEWEST_RATINGS.c.value), func.max(_NEWEST_RATINGS.c.value), func.count()
).select_from(_NEWEST_RATINGS)


def chunks(values: list[T]) -> list[list[T]]:
    """Cut a list into pieces that fit into one IN list."""
    return [values[start : start + CHUNK] for start in range(0, len(values), CHUNK)]
