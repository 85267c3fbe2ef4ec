"""What is compared of the songs of one catalogue, and which of them were compared yet."""

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, ColumnElement, Select, select

from nearfield.catalogue.database import Database
from nearfield.catalogue.pair_facts import SongPrint
from nearfield.catalogue.print_rows import (
    check_print,
    checked_column,
    put_known_print,
    set_checked,
    set_vectors,
)
from nearfield.catalogue.queries import chunks
from nearfield.catalogue.schema import song_prints, sound_files, sounds
from nearfield.catalogue.sound_facts import READY
from nearfield.errors import NotFound
from nearfield.types import Ids, Vectors

_PAGE = 500  # songs: a print takes some 30 KB


class SongPrints:
    """The prints of a catalogue of songs; made by `Catalogue.prints`.

    Parameters
    ----------
    database : Database
        Where they are kept.
    catalogue : int
        Primary key of the catalogue.
    """

    def __init__(self, database: Database, catalogue: int) -> None:
        self._database = database
        self._catalogue = catalogue

    def put(self, key: int, given: SongPrint) -> None:
        """Keep the print of a song that is known already.

        Where it differs from the one before, the pairs of the song are forgotten, and the song
        counts as not yet compared.

        Raises
        ------
        NotFound
            If no song has this key.
        InvalidInput
            If the print is larger than what can be kept.
        """
        check_print(f"song {key}", given)
        with self._database.reading() as conn:
            known = conn.execute(select(sounds.c.item_id).where(sounds.c.item_id == key)).first()
        if known is None:
            raise NotFound(f"no song has the key {key}. Put the song first, its print with it.")
        work = partial(put_known_print, catalogue=self._catalogue, key=key, given=given)
        self._database.write(work)

    def bands(self, keys: Ids) -> Iterator[tuple[int, bytes]]:
        """Yield the packed band fingerprint of those of `keys` that have one, by rising key."""
        return self._packed(song_prints.c.bands, keys)

    def harmonies(self, keys: Ids) -> Iterator[tuple[int, bytes]]:
        """Yield the packed harmonies of those of `keys` that have them, by rising key."""
        return self._packed(song_prints.c.harmony, keys)

    def _packed(self, column: Column[bytes], keys: Ids) -> Iterator[tuple[int, bytes]]:
        wanted = np.sort(keys).tolist()
        for start in range(0, len(wanted), _PAGE):
            query = (
                select(song_prints.c.item_id, column)
                .where(song_prints.c.item_id.in_(wanted[start : start + _PAGE]))
                .order_by(song_prints.c.item_id)
            )
            with self._database.reading() as conn:
                rows = conn.execute(query).all()
            yield from ((key, packed) for key, packed in rows)

    def digests(self) -> tuple[Ids, NDArray[np.int64]]:
        """Return the keys of the songs that are there, rising, and their fingerprints' digests."""
        query = select(song_prints.c.item_id, song_prints.c.digest).where(self._is_there())
        with self._database.reading(whole=True) as conn:
            rows = sorted(tuple(row) for row in conn.execute(query))
        found = np.array(rows, dtype=np.int64).reshape(-1, 2)
        return found[:, 0].copy(), found[:, 1].copy()

    def version_vectors(self, name: str, keys: Ids) -> tuple[Ids, Vectors]:
        """Return those of `keys` that have a vector of this name, and their vectors.

        Returns
        -------
        keys : int64, shape (songs,)
            Rising.
        vectors : float32, shape (songs, dim)
            As they were put; shape (0, 0) where there is none.
        """
        found: list[tuple[int, bytes]] = []
        with self._database.reading() as conn:
            for some in chunks(np.sort(keys).tolist()):
                query = (
                    select(song_prints.c.item_id, song_prints.c.vector)
                    .where(song_prints.c.item_id.in_(some), song_prints.c.vector_name == name)
                    .order_by(song_prints.c.item_id)
                )
                found += [(key, vector) for key, vector in conn.execute(query) if vector]
        if not found:
            return np.empty(0, dtype=np.int64), np.empty((0, 0), dtype=np.float32)
        vectors = np.frombuffer(b"".join(vector for _, vector in found), dtype="<f4")
        return (
            np.array([key for key, _ in found], dtype=np.int64),
            vectors.reshape(len(found), -1).astype(np.float32),
        )

    def without_vector(self, name: str) -> Ids:
        """Return the keys of songs that are there whose vector has another name, rising."""
        other = song_prints.c.vector_name != name
        return self._keys(select(song_prints.c.item_id).where(other, self._is_there()))

    def set_vectors(self, name: str, vectors: Mapping[int, Vectors]) -> None:
        """Give songs another vector, shape (dim,) or (0,), which is made of the same harmony.

        The songs count as not yet compared with others for versions.
        """
        if vectors:
            self._database.write(
                partial(set_vectors, catalogue=self._catalogue, name=name, vectors=vectors)
            )

    def missing(self) -> Ids:
        """Return the keys of the songs that are there and have no print yet, rising."""
        having = select(song_prints.c.item_id)
        return self._keys(self._present().where(sound_files.c.item_id.not_in(having)).distinct())

    def unchecked(self, kind: int, method: str) -> Ids:
        """Return the songs that are there and which a method did not compare with all others.

        Parameters
        ----------
        kind : int
            Of the pairs that are looked for: position in `PAIR_KINDS`.
        method : str
            Its name, with its version.

        Returns
        -------
        int64, shape (songs,)
            Keys of songs that have a print, rising.
        """
        differs = checked_column(kind) != method
        return self._keys(select(song_prints.c.item_id).where(differs, self._is_there()))

    def set_checked(self, kind: int, method: str, keys: Ids) -> None:
        """Write down, in one transaction, that a method compared some songs with all others."""
        if len(keys):
            self._database.write(
                partial(
                    set_checked,
                    catalogue=self._catalogue,
                    kind=kind,
                    method=method,
                    keys=keys.tolist(),
                )
            )

    def _present(self) -> Select[tuple[int]]:
        return select(sound_files.c.item_id).where(
            sound_files.c.catalogue_id == self._catalogue,
            sound_files.c.state == READY,
            sound_files.c.item_id.is_not(None),  # NOT IN would find nothing beside a NULL
        )

    def _is_there(self) -> ColumnElement[bool]:
        """Look up each song that is left: the others need not be read."""
        return self._present().where(sound_files.c.item_id == song_prints.c.item_id).exists()

    def _keys(self, query: Select[tuple[int]]) -> Ids:
        """Return keys rising; sorted here, as for SQL's order SQLite would read the wide rows."""
        with self._database.reading(whole=True) as conn:
            return np.array(sorted(conn.execute(query).scalars()), dtype=np.int64)
