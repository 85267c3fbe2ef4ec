"""The songs of one catalogue: their files, what is known of their sound, their vectors."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
from sqlalchemy import func, select

from nearfield.catalogue.database import Database
from nearfield.catalogue.queries import chunks
from nearfield.catalogue.schema import items, sound_files, sound_vectors, sounds
from nearfield.catalogue.song_list import SongList
from nearfield.catalogue.sound_facts import (
    FAILED,
    GONE,
    READY,
    FileCounts,
    Song,
    SongQuality,
    SongVectors,
    SoundFile,
)
from nearfield.catalogue.sound_rows import (
    check_size,
    keep_files,
    path_hash,
    put_song,
    put_vectors,
    read_file,
    read_vectors,
    set_loaded,
    vector_row,
)
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

    @property
    def listed(self) -> SongList:
        """All songs at once, as a shelf of artists and albums is made of them."""
        return SongList(self._database, self._catalogue)

    def files(self) -> dict[str, SoundFile]:
        """Return every file that was ever looked at, by path."""
        query = select(sound_files).where(sound_files.c.catalogue_id == self._catalogue)
        with self._database.reading(whole=True) as conn:
            return {
                row.path: read_file(row) for row in conn.execute(query.order_by(sound_files.c.id))
            }

    def any(self) -> bool:
        """Tell whether any file was ever looked at: whether this is a catalogue of songs."""
        query = select(sound_files.c.id).where(sound_files.c.catalogue_id == self._catalogue)
        with self._database.reading() as conn:
            return conn.execute(query.limit(1)).first() is not None

    def file(self, path: str) -> SoundFile | None:
        """Return what is known of the file at a path; None where it was never looked at."""
        query = select(sound_files).where(
            sound_files.c.catalogue_id == self._catalogue,
            sound_files.c.path_hash == path_hash(path),
        )
        with self._database.reading() as conn:
            row = conn.execute(query).first()
        return None if row is None else read_file(row)

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
        check_size(song)
        return self._database.write(
            partial(put_song, catalogue=self._catalogue, file=file, song=song)
        )

    def keep(self, files: Sequence[SoundFile]) -> None:
        """Write down what became of files, in one transaction: failed, moved, gone or copied.

        A song keeps the path of one of its files that is there as its attribute `path`.
        """
        if files:
            work = partial(keep_files, catalogue=self._catalogue, files=files)
            self._database.write(work, repeatable=True)

    def put_vectors(self, of_songs: Iterable[tuple[int, SongVectors]]) -> None:
        """Keep what a version of a model makes of some songs, in one transaction."""
        rows = [vector_row(key, vectors) for key, vectors in of_songs]
        if rows:
            self._database.write(partial(put_vectors, rows=rows), repeatable=True)

    def present(self) -> Ids:
        """Return the keys of the songs of which a file is there, rising."""
        query = (
            select(sound_files.c.item_id)
            .where(sound_files.c.catalogue_id == self._catalogue, sound_files.c.state == READY)
            .distinct()
            .order_by(sound_files.c.item_id)
        )
        with self._database.reading(whole=True) as conn:
            return np.array(conn.execute(query).scalars().all(), dtype=np.int64)

    def embedded(self, version: str) -> Ids:
        """Return the keys of the songs that a version of a model has embedded, rising."""
        query = (
            select(sound_vectors.c.item_id)
            .join(items, items.c.id == sound_vectors.c.item_id)
            .where(items.c.catalogue_id == self._catalogue, sound_vectors.c.version == version)
            .order_by(sound_vectors.c.item_id)
        )
        with self._database.reading(whole=True) as conn:
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
            work = partial(set_loaded, version=version, parts=parts, loaded=loaded)
            self._database.write(work, repeatable=True)

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
            yield from ((row.item_id, read_vectors(row)) for row in rows)

    def fingerprints(self, keys: Ids) -> dict[int, bytes]:
        """Return the compressed fingerprints of those of `keys` that are songs."""
        found: dict[int, bytes] = {}
        with self._database.reading() as conn:
            for some in chunks(keys.tolist()):
                query = select(sounds.c.item_id, sounds.c.fingerprint)
                rows = conn.execute(query.where(sounds.c.item_id.in_(some)))
                found.update((key, fingerprint) for key, fingerprint in rows)
        return found

    def qualities(self, keys: Ids) -> dict[int, SongQuality]:
        """Return how good the sound is of those of `keys` that are songs."""
        found: dict[int, SongQuality] = {}
        columns = (sounds.c.duration, sounds.c.codec, sounds.c.bitrate, sounds.c.lossless)
        with self._database.reading() as conn:
            for some in chunks(keys.tolist()):
                query = select(sounds.c.item_id, *columns).where(sounds.c.item_id.in_(some))
                for key, duration, codec, bitrate, lossless in conn.execute(query):
                    found[key] = SongQuality(duration, codec, bitrate, bool(lossless))
        return found

    def with_copies(self) -> Ids:
        """Return the keys of songs of which several files are there, rising."""
        query = (
            select(sound_files.c.item_id)
            .where(sound_files.c.catalogue_id == self._catalogue, sound_files.c.state == READY)
            .group_by(sound_files.c.item_id)
            .having(func.count() > 1)
            .order_by(sound_files.c.item_id)
        )
        with self._database.reading(whole=True) as conn:
            return np.array(conn.execute(query).scalars().all(), dtype=np.int64)

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
                    found.setdefault(row.item_id, []).append(read_file(row))
        return found
