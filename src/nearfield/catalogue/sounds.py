"""The songs of one catalogue: their files, what is known of their sound, their vectors."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from nearfield.catalogue.database import Database
from nearfield.catalogue.queries import chunks
from nearfield.catalogue.schema import BLOB_LENGTH, items, sound_files, sound_vectors, sounds
from nearfield.catalogue.sound_facts import (
    FAILED,
    GONE,
    READY,
    FileCounts,
    Song,
    SongVectors,
    SoundFile,
)
from nearfield.catalogue.write_songs import put_item
from nearfield.catalogue.writing import lock, touch
from nearfield.errors import InvalidInput
from nearfield.types import Ids, Vectors

_PAGE = 1000  # songs


class Sounds:
    """What a catalogue of songs keeps beside items, users and events; made by `Catalogue.sounds`.

    Parameters
    ----------
    database : Database
        Where it is kept.
    catalogue : int
        Primary key of the catalogue.
    """

    def __init__(self, database: Database, catalogue: int) -> None:
        self._database = database
        self._catalogue = catalogue

    def files(self) -> dict[str, SoundFile]:
        """Return every file that was ever looked at, by path."""
        query = select(sound_files).where(sound_files.c.catalogue_id == self._catalogue)
        with self._database.reading() as conn:
            return {row.path: _file(row) for row in conn.execute(query.order_by(sound_files.c.id))}

    def file(self, path: str) -> SoundFile | None:
        """Return what is known of the file at a path; None where it was never looked at."""
        query = select(sound_files).where(
            sound_files.c.catalogue_id == self._catalogue,
            sound_files.c.path_hash == _hash(path),
        )
        with self._database.reading() as conn:
            row = conn.execute(query).first()
        return None if row is None else _file(row)

    def with_content(self, content: str) -> int | None:
        """Return the key of a song of which some file had this content; None where none had."""
        query = select(sound_files.c.item_id).where(
            sound_files.c.catalogue_id == self._catalogue,
            sound_files.c.content == content,
            sound_files.c.item_id.is_not(None),
        )
        with self._database.reading() as conn:
            found: int | None = conn.execute(query.order_by(sound_files.c.item_id)).scalar()
        return found

    def counts(self) -> FileCounts:
        """Count the files by state, and the songs that are there."""
        mine = sound_files.c.catalogue_id == self._catalogue
        states = select(sound_files.c.state, func.count()).where(mine)
        there = select(sound_files.c.item_id).where(mine, sound_files.c.state == READY).distinct()
        hours = select(func.count(), func.sum(sounds.c.duration)).where(sounds.c.item_id.in_(there))
        with self._database.reading(snapshot=True) as conn:
            by_state = {state: n for state, n in conn.execute(states.group_by(sound_files.c.state))}
            songs, seconds = conn.execute(hours).one()
        return FileCounts(
            ready=by_state.get(READY, 0),
            failed=by_state.get(FAILED, 0),
            gone=by_state.get(GONE, 0),
            songs=songs,
            hours=(seconds or 0) / 3600,
        )

    def put(self, file: SoundFile, song: Song) -> int:
        """Keep a song and the file it was found in, in one transaction; return the song's key.

        Parameters
        ----------
        file : SoundFile
            Its `item` is the song that the file was known as; None makes a new one.
        song : Song
            What the analysis found.
        """
        _check_blob(song)
        return self._database.write(partial(_put, catalogue=self._catalogue, file=file, song=song))

    def keep(self, files: Sequence[SoundFile]) -> None:
        """Write down what became of files, in one transaction: failed, moved, gone or copied.

        A song keeps the path of one of its files that is there as its attribute `path`.
        """
        if files:
            self._database.write(partial(_keep, catalogue=self._catalogue, files=files))

    def put_vectors(self, of_songs: Iterable[tuple[int, SongVectors]]) -> None:
        """Keep what a version of a model makes of some songs, in one transaction."""
        rows = [_vector_row(key, vectors) for key, vectors in of_songs]
        if rows:
            self._database.write(partial(_put_vectors, rows=rows))

    def present(self) -> Ids:
        """Return the keys of the songs of which a file is there, rising."""
        query = (
            select(sound_files.c.item_id)
            .where(sound_files.c.catalogue_id == self._catalogue, sound_files.c.state == READY)
            .distinct()
            .order_by(sound_files.c.item_id)
        )
        with self._database.reading() as conn:
            return np.array(conn.execute(query).scalars().all(), dtype=np.int64)

    def embedded(self, version: str) -> Ids:
        """Return the keys of the songs that a version of a model has embedded, rising."""
        query = (
            select(sound_vectors.c.item_id)
            .join(items, items.c.id == sound_vectors.c.item_id)
            .where(items.c.catalogue_id == self._catalogue, sound_vectors.c.version == version)
            .order_by(sound_vectors.c.item_id)
        )
        with self._database.reading() as conn:
            return np.array(conn.execute(query).scalars().all(), dtype=np.int64)

    def held_parts(self, version: str, keys: Ids) -> dict[int, tuple[bool, int]]:
        """Return of some songs whether Milvus holds just this version's vectors of them.

        Returns
        -------
        dict
            Key to whether it does, and the most parts that it may hold.
        """
        found: dict[int, tuple[bool, int]] = {}
        with self._database.reading() as conn:
            for some in chunks(keys.tolist()):
                query = select(
                    sound_vectors.c.item_id, sound_vectors.c.loaded, sound_vectors.c.held
                ).where(sound_vectors.c.version == version, sound_vectors.c.item_id.in_(some))
                found.update((key, (bool(done), held)) for key, done, held in conn.execute(query))
        return found

    def set_loaded(self, version: str, parts: Mapping[int, int], loaded: bool = True) -> None:
        """Write down of some songs whether Milvus holds just their vectors.

        Parameters
        ----------
        version : str
            Of the model.
        parts : mapping
            Key to the most parts that Milvus may hold.
        loaded : bool
            Whether song and parts are all there.
        """
        if parts:
            work = partial(_set_loaded, version=version, parts=parts, loaded=loaded)
            self._database.write(work)

    def song_vectors(self, version: str, keys: Ids) -> tuple[Ids, Vectors]:
        """Return those of `keys` that a version has embedded, and a vector of each.

        Returns
        -------
        keys : int64, shape (songs,)
            Rising.
        vectors : float32, shape (songs, dim)
            Unit vectors; shape (0, 0) where there is none.
        """
        found: list[tuple[int, bytes]] = []
        with self._database.reading() as conn:
            for some in chunks(keys.tolist()):
                query = select(sound_vectors.c.item_id, sound_vectors.c.song).where(
                    sound_vectors.c.version == version, sound_vectors.c.item_id.in_(some)
                )
                found += [(key, song) for key, song in conn.execute(query)]
        found.sort()
        if not found:
            return np.empty(0, dtype=np.int64), np.empty((0, 0), dtype=np.float32)
        vectors = np.frombuffer(b"".join(song for _, song in found), dtype=np.float32)
        return (
            np.array([key for key, _ in found], dtype=np.int64),
            vectors.reshape(len(found), -1).copy(),
        )

    def parts(self, version: str, keys: Ids) -> Iterator[tuple[int, SongVectors]]:
        """Yield what a version made of each of `keys` that it has embedded, by rising key."""
        wanted = np.sort(keys).tolist()
        for start in range(0, len(wanted), _PAGE):
            query = (
                select(sound_vectors)
                .where(
                    sound_vectors.c.version == version,
                    sound_vectors.c.item_id.in_(wanted[start : start + _PAGE]),
                )
                .order_by(sound_vectors.c.item_id)
            )
            with self._database.reading() as conn:
                rows = conn.execute(query).all()
            yield from ((row.item_id, _vectors(row)) for row in rows)

    def fingerprints(self, keys: Ids) -> dict[int, bytes]:
        """Return the compressed fingerprints of those of `keys` that are songs."""
        found: dict[int, bytes] = {}
        with self._database.reading() as conn:
            for some in chunks(keys.tolist()):
                query = select(sounds.c.item_id, sounds.c.fingerprint)
                rows = conn.execute(query.where(sounds.c.item_id.in_(some)))
                found.update((key, fingerprint) for key, fingerprint in rows)
        return found

    def contents(self, keys: Ids) -> dict[int, list[SoundFile]]:
        """Return the files of some songs that are there, in the order in which they were found."""
        found: dict[int, list[SoundFile]] = {}
        with self._database.reading() as conn:
            for some in chunks(keys.tolist()):
                query = (
                    select(sound_files)
                    .where(sound_files.c.item_id.in_(some), sound_files.c.state == READY)
                    .order_by(sound_files.c.id)
                )
                for row in conn.execute(query):
                    found.setdefault(row.item_id, []).append(_file(row))
        return found


def _put(conn: Connection, catalogue: int, file: SoundFile, song: Song) -> int:
    row = lock(conn, catalogue)
    key = put_item(conn, row, file, song)
    conn.execute(delete(sounds).where(sounds.c.item_id == key))
    facts = ("duration", "codec", "rate", "channels", "bitrate", "lossless", "fingerprint")
    conn.execute(
        insert(sounds), [{"item_id": key, **{name: getattr(song, name) for name in facts}}]
    )
    _put_vectors(conn, [_vector_row(key, song.vectors)])
    _write_file(conn, catalogue, replace(file, item=key, state=READY, reason="", message=""))
    touch(conn, catalogue)
    return key


def _keep(conn: Connection, catalogue: int, files: Sequence[SoundFile]) -> None:
    lock(conn, catalogue)
    for file in files:
        _write_file(conn, catalogue, file)
    touched = sorted({file.item for file in files if file.item is not None})
    for key in touched:
        _show_path(conn, key)
    touch(conn, catalogue)


def _write_file(conn: Connection, catalogue: int, file: SoundFile) -> None:
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
        sound_files.c.path_hash == _hash(file.path),
    )
    if conn.execute(select(sound_files.c.id).where(*where)).first() is None:
        named = {"catalogue_id": catalogue, "path_hash": _hash(file.path), "path": file.path}
        conn.execute(insert(sound_files), [{**named, **values}])
    else:
        conn.execute(update(sound_files).where(*where).values(values))


def _show_path(conn: Connection, key: int) -> None:
    """Let a song show a file that is there, where the one that it shows is not."""
    rows = conn.execute(
        select(sound_files.c.path, sound_files.c.state)
        .where(sound_files.c.item_id == key)
        .order_by(sound_files.c.state, sound_files.c.id)
    ).all()
    there = [path for path, state in rows if state == READY]
    known = dict(conn.execute(select(items.c.attributes).where(items.c.id == key)).scalar_one())
    if there and known.get("path") not in there:
        changed = {**known, "path": there[0]}
        conn.execute(update(items).where(items.c.id == key).values(attributes=changed))


def _put_vectors(conn: Connection, rows: list[dict[str, Any]]) -> None:
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


def _set_loaded(conn: Connection, version: str, parts: Mapping[int, int], loaded: bool) -> None:
    for key, held in parts.items():
        where = (sound_vectors.c.item_id == key, sound_vectors.c.version == version)
        conn.execute(update(sound_vectors).where(*where).values(loaded=loaded, held=held))


def _vector_row(key: int, vectors: SongVectors) -> dict[str, Any]:
    return {
        "item_id": key,
        "version": vectors.version,
        "song": vectors.song.astype("<f4").tobytes(),
        "parts": vectors.parts.astype("<f2").tobytes(),
        "starts": vectors.starts.astype("<f4").tobytes(),
        "loaded": False,
        "held": len(vectors.starts),
    }


def _vectors(row: Row[Any]) -> SongVectors:
    """Return what was stored; parts get their unit length back, which rounding took."""
    starts = np.frombuffer(row.starts, dtype="<f4")
    parts = np.frombuffer(row.parts, dtype="<f2").astype(np.float32).reshape(len(starts), -1)
    length = np.maximum(np.linalg.norm(parts, axis=1, keepdims=True), 1e-12)
    song = np.frombuffer(row.song, dtype="<f4")
    return SongVectors(row.version, song.copy(), parts / length, starts.copy())


def _file(row: Row[Any]) -> SoundFile:
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


def _hash(path: str) -> str:
    return hashlib.blake2b(path.encode(), digest_size=32).hexdigest()


def _check_blob(song: Song) -> None:
    largest = max(len(song.fingerprint), song.vectors.parts.size * 2)
    if largest > BLOB_LENGTH:
        raise InvalidInput(
            f"{song.title!r} lasts {song.duration / 3600:.1f} hours: its fingerprint or vectors "
            f"take {largest:,} bytes, and {BLOB_LENGTH:,} can be kept. Cut the file."
        )
