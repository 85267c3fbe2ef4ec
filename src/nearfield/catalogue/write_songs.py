"""Add or change the item of one song, inside a transaction that the caller ends."""

from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from nearfield.catalogue.lookups import find_item_keys
from nearfield.catalogue.schema import ID_LENGTH, TITLE_LENGTH, item_genres, items
from nearfield.catalogue.sound_facts import Song, SoundFile
from nearfield.catalogue.writing import touch, with_new

PREFIX: Final = "s"
"""Begins every id of a song, so that none looks like a number."""

_DIGITS: Final = 11
"""Hexadecimal digits of an id: with a million songs one in 35 libraries needs a longer one."""


def put_item(conn: Connection, catalogue: Row[Any], file: SoundFile, song: Song) -> int:
    """Write a song's item and return its key.

    Its id comes from the content of the file in which it was first found, and stays: moved,
    retagged and re-encoded at the same path, it is the same song.

    Parameters
    ----------
    conn : Connection
        In a transaction that holds the lock.
    catalogue : Row
        Of the catalogue.
    file : SoundFile
        Where the song lies; its `item` is the key it had before, or None.
    song : Song
        What is known of it.
    """
    attributes = {"path": file.path, **song.attributes}
    values: dict[str, Any] = {
        "title": song.title[:TITLE_LENGTH],
        "year": song.year,
        "attributes": attributes,
        "changed": catalogue.revision + 1,
    }
    if file.item is None:
        public = _new_id(conn, catalogue.id, file.content)
        row = {"catalogue_id": catalogue.id, "public_id": public, **values}
        conn.execute(insert(items), [row])
        key = find_item_keys(conn, catalogue.id, [public])[public]
    else:
        key = file.item
        conn.execute(update(items).where(items.c.id == key).values(values))
        conn.execute(delete(item_genres).where(item_genres.c.item_id == key))
    _write_genres(conn, key, song.genres)
    names = with_new(catalogue.item_attributes, attributes)
    told = {"items_revision": values["changed"]}
    touch(conn, catalogue.id, item_attributes=names, integer_items=False, **told)
    return key


def _write_genres(conn: Connection, key: int, genres: tuple[str, ...]) -> None:
    distinct = dict.fromkeys(genre.strip()[:ID_LENGTH] for genre in genres)
    rows = [
        {"item_id": key, "genre": genre, "place": place}
        for place, genre in enumerate(genre for genre in distinct if genre)
    ]
    if rows:
        conn.execute(insert(item_genres), rows)


def _new_id(conn: Connection, catalogue: int, content: str) -> str:
    """Return the first so many digits of a content that no other song has."""
    for digits in range(_DIGITS, len(content) + 1):
        public = PREFIX + content[:digits]
        query = select(items.c.id).where(
            items.c.catalogue_id == catalogue, items.c.public_id == public
        )
        if conn.execute(query).first() is None:
            return public
    raise AssertionError("a song of the same content is known: its key should have been given")
