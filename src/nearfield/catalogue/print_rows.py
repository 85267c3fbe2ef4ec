"""Rows of prints in SQL: written inside a transaction that the caller ends, and read back."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Column, Connection, delete, insert, select, update

from nearfield.catalogue.pair_facts import DUPLICATE, VERSION, SongPrint
from nearfield.catalogue.queries import chunks
from nearfield.catalogue.schema import (
    BLOB_LENGTH,
    catalogues,
    song_groups,
    song_pairs,
    song_prints,
)
from nearfield.catalogue.writing import lock, touch
from nearfield.errors import InvalidInput
from nearfield.types import Vectors

_CHECKED = {DUPLICATE: song_prints.c.checked, VERSION: song_prints.c.checked_versions}

# what each kind of pair was decided by
_COMPARED = {DUPLICATE: ("bands",), VERSION: ("harmony", "vector", "vector_name")}


def checked_column(kind: int) -> Column[str]:
    """Return the column that names the method which compared a song with all others."""
    return _CHECKED[kind]


def put_print(conn: Connection, key: int, given: SongPrint | None) -> None:
    """Replace the print of a song; what was decided by parts of it that differ is forgotten.

    Parameters
    ----------
    conn : Connection
        In a transaction that holds the lock.
    key : int
        Of the song.
    given : SongPrint, optional
        None leaves the song without one.
    """
    same = song_prints.c.item_id == key
    old = conn.execute(select(song_prints).where(same)).mappings().first()
    row = None if given is None else _row(key, given)
    for kind, names in _COMPARED.items():
        unchanged = old and row and all(old[name] == row[name] for name in names)
        column = _CHECKED[kind].name
        if row is not None:
            row[column] = old[column] if old and unchanged else ""
        if not unchanged:
            delete_pairs(conn, kind, [key])
    if old:
        conn.execute(delete(song_prints).where(same))
    if row is not None:
        conn.execute(insert(song_prints), [row])


def check_print(name: str, given: SongPrint) -> None:
    """Refuse a print of which more would be kept than a column holds, or whose digest is none."""
    largest = max(len(given.bands), len(given.harmony), given.vector.size * 4)
    if largest > BLOB_LENGTH:
        raise InvalidInput(
            f"the fingerprint, harmonies or vector of {name} take {largest:,} bytes, and "
            f"{BLOB_LENGTH:,} can be kept. Cut the file."
        )
    if not -(2**63) <= given.digest < 2**63:
        raise InvalidInput(
            f"the digest of {name} is {given.digest}, but 64 bits with a sign are kept. Subtract "
            "2**64 from what is 2**63 or more."
        )


def put_known_print(conn: Connection, catalogue: int, key: int, given: SongPrint) -> None:
    """Write the print of a song that was analysed before; the song keeps all else."""
    lock(conn, catalogue)
    put_print(conn, key, given)
    touch(conn, catalogue)


def set_checked(conn: Connection, catalogue: int, kind: int, method: str, keys: list[int]) -> None:
    """Write down that a method compared some songs with all others."""
    lock(conn, catalogue)
    mark_checked(conn, kind, method, keys)
    touch(conn, catalogue)


def set_vectors(
    conn: Connection, catalogue: int, name: str, vectors: Mapping[int, Vectors]
) -> None:
    """Replace the vectors of songs; what was found by those before is forgotten."""
    lock(conn, catalogue)
    delete_pairs(conn, VERSION, vectors)
    mark_checked(conn, VERSION, "", list(vectors))
    for key, vector in vectors.items():
        values = {"vector_name": name, "vector": vector.astype("<f4").tobytes()}
        conn.execute(update(song_prints).where(song_prints.c.item_id == key).values(values))
    touch(conn, catalogue)


def mark_checked(conn: Connection, kind: int, method: str, keys: list[int]) -> None:
    """Do the same inside a transaction that holds the lock."""
    for some in chunks(keys):
        conn.execute(
            update(song_prints)
            .where(song_prints.c.item_id.in_(some))
            .values({_CHECKED[kind].name: method})
        )


def forget_songs(conn: Connection, catalogue: int, keys: list[int]) -> None:
    """Take songs of which no file is left out of pairs and groups.

    They count as not yet compared: others may come before they are back.
    """
    for kind in _COMPARED:
        delete_pairs(conn, kind, keys)
        mark_checked(conn, kind, "", keys)
    rows = [
        conn.execute(delete(song_groups).where(song_groups.c.item_id.in_(some))).rowcount
        for some in chunks(keys)
    ]
    if any(rows):
        raise_groups(conn, catalogue)


def delete_pairs(conn: Connection, kind: int, keys: Iterable[int]) -> None:
    """Delete the pairs of some songs."""
    for some in chunks(list(keys)):
        for column in (song_pairs.c.low_id, song_pairs.c.high_id):  # each by an index of its own
            conn.execute(delete(song_pairs).where(column.in_(some), song_pairs.c.kind == kind))


def raise_groups(conn: Connection, catalogue: int) -> None:
    """Let readers see that groups changed."""
    values = {"groups_revision": catalogues.c.groups_revision + 1}
    conn.execute(update(catalogues).where(catalogues.c.id == catalogue).values(values))


def _row(key: int, given: SongPrint) -> dict[str, Any]:
    return {
        "item_id": key,
        "digest": given.digest,
        "vector_name": given.vector_name,
        "vector": given.vector.astype("<f4").tobytes(),
        "bands": given.bands,
        "harmony": given.harmony,
    }
