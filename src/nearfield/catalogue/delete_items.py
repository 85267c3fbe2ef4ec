"""Delete items with all that hangs on them, inside a transaction that the caller ends."""

from typing import Final

from sqlalchemy import Column, Connection, delete

from nearfield.catalogue.print_rows import raise_groups
from nearfield.catalogue.queries import chunks
from nearfield.catalogue.schema import (
    events,
    item_genres,
    items,
    playlist_songs,
    song_groups,
    song_pairs,
    song_prints,
    song_verdicts,
    sound_files,
    sound_vectors,
    sounds,
)
from nearfield.catalogue.writing import lock, touch

# every column that names an item, each by an index of its own
_GROUPED: Final[tuple[Column[int], ...]] = (song_groups.c.item_id, song_groups.c.group_id)
_NAMING: Final[tuple[Column[int], ...]] = (
    events.c.item_id,
    item_genres.c.item_id,
    playlist_songs.c.item_id,
    song_pairs.c.low_id,
    song_pairs.c.high_id,
    song_verdicts.c.low_id,
    song_verdicts.c.high_id,
    song_prints.c.item_id,
    sound_vectors.c.item_id,
    sounds.c.item_id,
    sound_files.c.item_id,
)


def delete_items(conn: Connection, catalogue: int, keys: list[int]) -> dict[str, int]:
    """Delete items of a catalogue, given by key; return how many rows went, by table.

    Songs that lie in a group whose best copy went are in no group until they are grouped anew.
    """
    row = lock(conn, catalogue)
    gone: dict[str, int] = {}
    for some in chunks(keys):
        for column in (*_GROUPED, *_NAMING, items.c.id):
            rows = conn.execute(delete(column.table).where(column.in_(some))).rowcount
            gone[column.table.name] = gone.get(column.table.name, 0) + rows
    if gone.get(song_groups.name):
        raise_groups(conn, catalogue)
    if gone.get(items.name):
        touch(conn, catalogue, items_revision=row.revision + 1)
    return gone
