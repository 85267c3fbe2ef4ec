"""Rows of songs in SQL: written inside a transaction that the caller ends, and read back."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, delete, insert, select, update

from nearfield.catalogue.print_rows import check_print, forget_songs, put_print
from nearfield.catalogue.schema import BLOB_LENGTH, items, sound_files, sound_vectors, sounds
from nearfield.catalogue.sound_facts import READY, Song, SongVectors, SoundFile
from nearfield.catalogue.write_songs import put_item
from nearfield.catalogue.writing import lock, touch
from nearfield.errors import InvalidInput


def put_song(conn: Connection, catalogue: int, file: SoundFile, song: Song) -> int:
    """Write a song, its print and its file; return the song's key."""
    row = lock(conn, catalogue)
    key = put_item(conn, row, file, song)
    conn.execute(delete(sounds).where(sounds.c.item_id == key))
    facts = ("duration", "codec", "rate", "channels", "bitrate", "lossless", "fingerprint")
    conn.execute(
        insert(sounds), [{"item_id": key, **{name: getattr(song, name) for name in facts}}]
    )
    put_vectors(conn, [vector_row(key, song.vectors)])
    put_print(conn, key, song.print)
    _write_file(conn, catalogue, replace(file, item=key, state=READY, reason="", message=""))
    return key


def keep_files(conn: Connection, catalogue: int, files: Sequence[SoundFile]) -> None:
    """Write down what became of files, and let songs show a file that is there."""
    row = lock(conn, catalogue)
    songs = {_write_file(conn, catalogue, file) for file in files}  # a path may change its song
    songs.update(file.item for file in files)
    touched = sorted(key for key in songs if key is not None)
    shown = {key: _show_path(conn, key, row.revision + 1) for key in touched}
    forget_songs(conn, catalogue, [key for key, what in shown.items() if what is None])
    changed = {"items_revision": row.revision + 1} if any(shown.values()) else {}
    touch(conn, catalogue, **changed)


def _write_file(conn: Connection, catalogue: int, file: SoundFile) -> int | None:
    """Write what is known of a file; return the song that it was before, or None."""
    values = {
        "item_id": file.item,
        "size": file.size,
        "modified": file.modified,
        "content": file.content,
        "state": file.state,
        "reason": file.reason,
        "message": file.message,
    }
    where = (
        sound_files.c.catalogue_id == catalogue,
        sound_files.c.path_hash == path_hash(file.path),
    )
    old = conn.execute(select(sound_files.c.item_id).where(*where)).first()
    if old is None:
        named = {"catalogue_id": catalogue, "path_hash": path_hash(file.path), "path": file.path}
        conn.execute(insert(sound_files), [{**named, **values}])
    else:
        conn.execute(update(sound_files).where(*where).values(values))
    return None if old is None else old.item_id


def _show_path(conn: Connection, key: int, revision: int) -> bool | None:
    """Let a song show a file that is there, where the one that it shows is not.

    Returns
    -------
    bool or None
        Whether it shows another one now; None where no file is there.
    """
    rows = conn.execute(
        select(sound_files.c.path, sound_files.c.state)
        .where(sound_files.c.item_id == key)
        .order_by(sound_files.c.state, sound_files.c.id)
    ).all()
    there = [path for path, state in rows if state == READY]
    known = dict(conn.execute(select(items.c.attributes).where(items.c.id == key)).scalar_one())
    if not there:
        return None
    if known.get("path") in there:
        return False
    shown = {"attributes": {**known, "path": there[0]}, "changed": revision}
    conn.execute(update(items).where(items.c.id == key).values(shown))
    return True


def put_vectors(conn: Connection, rows: list[dict[str, Any]]) -> None:
    """Replace vectors; Milvus is yet to be told, and may hold as many parts as it did."""
    for row in rows:
        same = (
            sound_vectors.c.item_id == row["item_id"],
            sound_vectors.c.version == row["version"],
        )
        held = conn.execute(select(sound_vectors.c.held).where(*same)).scalar() or 0
        row["held"] = max(row["held"], held)
        conn.execute(delete(sound_vectors).where(*same))
    conn.execute(insert(sound_vectors), rows)


def set_loaded(conn: Connection, version: str, parts: Mapping[int, int], loaded: bool) -> None:
    """Write down of some songs whether Milvus holds just their vectors: key to parts."""
    for key, held in parts.items():
        where = (sound_vectors.c.item_id == key, sound_vectors.c.version == version)
        conn.execute(update(sound_vectors).where(*where).values(loaded=loaded, held=held))


def vector_row(key: int, vectors: SongVectors) -> dict[str, Any]:
    """Return the row of what a version made of a song; Milvus is yet to be told."""
    return {
        "item_id": key,
        "version": vectors.version,
        "song": vectors.song.astype("<f4").tobytes(),
        "parts": vectors.parts.astype("<f2").tobytes(),
        "starts": vectors.starts.astype("<f4").tobytes(),
        "loaded": False,
        "held": len(vectors.starts),
    }


def read_vectors(row: Row[Any]) -> SongVectors:
    """Return what was stored; parts get their unit length back, which rounding took."""
    starts = np.frombuffer(row.starts, dtype="<f4")
    parts = np.frombuffer(row.parts, dtype="<f2").astype(np.float32).reshape(len(starts), -1)
    length = np.maximum(np.linalg.norm(parts, axis=1, keepdims=True), 1e-12)
    song = np.frombuffer(row.song, dtype="<f4")
    return SongVectors(row.version, song.copy(), parts / length, starts.copy())


def read_file(row: Row[Any]) -> SoundFile:
    """Return a file as it was stored."""
    return SoundFile(
        path=row.path,
        size=row.size,
        modified=row.modified,
        content=row.content,
        state=row.state,
        item=row.item_id,
        reason=row.reason,
        message=row.message,
    )


def path_hash(path: str) -> str:
    """Return what a path is found by: its length is the same for all."""
    return hashlib.blake2b(path.encode(), digest_size=32).hexdigest()


def check_size(song: Song) -> None:
    """Refuse a song of which more would be kept than a column holds."""
    largest = max(len(song.fingerprint), song.vectors.parts.size * 2)
    if largest > BLOB_LENGTH:
        raise InvalidInput(
            f"{song.title!r} lasts {song.duration / 3600:.1f} hours: its fingerprint or vectors "
            f"take {largest:,} bytes, and {BLOB_LENGTH:,} can be kept. Cut the file."
        )
    if song.print is not None:
        check_print(f"{song.title!r}", song.print)
