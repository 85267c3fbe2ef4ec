"""Find songs that sound like a query among very many: an index over band fingerprints.

Words that agree in all of some twenty bits are rare by chance and common between copies, even
noisy ones: of a song's hundreds of frames a few come through whole. That is locality-sensitive
hashing by bit sampling [1]_, with near keys looked up as well [2]_. As an index grows its keys take
more bits, so that about as many frames share one, and a query costs about the same. What shares a
key is compared at once with its surroundings, and what agrees is followed to both sides.

The index is derived from the fingerprints in SQL, and may be lost at any time. Its files are
written once: additions come in new segments, which are merged when they are many, and a list of
them is replaced last. So what is not finished leaves no trace, and readers are never disturbed.
One process may write at a time.

References
----------
.. [1] Gionis, Indyk, Motwani, "Similarity Search in High Dimensions via Hashing", VLDB 1999.
   https://www.vldb.org/conf/1999/P49.pdf
.. [2] Lv et al., "Multi-Probe LSH: Efficient Indexing for High-Dimensional Similarity Search",
   VLDB 2007. https://www.vldb.org/conf/2007/papers/research/p950-lv.pdf
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Final
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from nearfield.errors import CheckFailed
from nearfield.sound.matching import index_manifest as manifest
from nearfield.sound.matching.index_layout import Words, digest, sampled
from nearfield.sound.matching.index_manifest import Entry
from nearfield.sound.matching.index_search import (
    AS_IT_IS,
    SHIFTS,
    Candidates,
    best,
    search_segment,
)
from nearfield.sound.matching.index_segment import Kept, Segment, write
from nearfield.types import Ids, no_ids

__all__ = ["AS_IT_IS", "Candidates", "FingerprintIndex", "Words", "digest"]

_TINY: Final = 1 << 17
"""Kept frames of two segments that are merged in any case: some 270 songs."""

_RATIO: Final = 6
"""A segment is merged with the one before it unless that is so many times larger."""

_DEAD: Final = 0.3
"""Share of a segment's songs that are gone, above which it is written anew."""

_ATTEMPTS: Final = 5
"""Times to read the list again where a writer just took its files away."""


class _Part:
    """A segment, and which of its songs are gone."""

    def __init__(self, segment: Segment, gone: NDArray[np.bool_]) -> None:
        self.segment, self.gone = segment, gone

    @property
    def alive(self) -> NDArray[np.int64]:
        """Return the rows of the songs that are there."""
        return np.flatnonzero(~self.gone)

    @property
    def entry(self) -> Entry:
        """Return the segment's line in the list."""
        gone = tuple(np.flatnonzero(self.gone).tolist())
        return Entry(self.segment.path.name, self.segment.sizes, gone)


class FingerprintIndex:
    """Band fingerprints by key, in a folder; finds those that a query may be a copy of.

    Parameters
    ----------
    folder : Path
        Where the files are; made when something is first added.
    damage : str
        What was wrong with the index found there, if anything: it is then empty, to be filled.
    """

    def __init__(self, folder: Path, parts: list[_Part], damage: str = "") -> None:
        self.folder, self._parts, self.damage = folder, parts, damage

    @classmethod
    def open(cls, folder: Path) -> "FingerprintIndex":
        """Open what is in a folder; empty where nothing is, or where `damage` tells what is wrong.

        Reads the list and the tables of songs; all else is read as it is needed.
        """
        damage = ""
        for _ in range(_ATTEMPTS):
            try:
                return cls(folder, [_opened(folder, entry) for entry in manifest.read(folder)])
            except CheckFailed as error:
                damage = str(error)
        return cls(folder, [], damage)

    def __len__(self) -> int:
        return sum(len(part.alive) for part in self._parts)

    def held(self) -> tuple[Ids, NDArray[np.int64]]:
        """Return the keys of all songs and the digests of their fingerprints, by ascending key."""
        rows = [part.alive for part in self._parts]
        both = list(zip(self._parts, rows, strict=True))
        keys = np.concatenate([no_ids(), *(part.segment.keys[row] for part, row in both)])
        digests = np.concatenate([no_ids(), *(part.segment.digests[row] for part, row in both)])
        order = np.argsort(keys)
        return keys[order], digests[order]

    def update(
        self,
        fingerprints: Iterable[tuple[int, Words]],
        remove: Ids | None = None,
        digests: Mapping[int, int] | None = None,
    ) -> None:
        """Add songs, or replace those whose key is there; take others out.

        Parameters
        ----------
        fingerprints : iterable of (key, words)
            Taken one by one; words are uint64, shape (frames,). Of a key that comes twice the
            last words stay.
        remove : int64, shape (any,), optional
            Keys of songs that are taken out; those that are not there are passed over.
        digests : mapping, optional
            Key to what `held` shall tell of a song, where the words' own digest says nothing.

        All is on the disk when this returns; until then the index is what it was.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        told = digests or {}
        kept = (
            Kept(key, told[key] if key in told else digest(words), sampled(words))
            for key, words in fingerprints
        )
        fresh = self._written(kept)
        out = no_ids() if remove is None else remove
        out = np.concatenate([out, *(part.segment.keys for part in fresh)])
        parts = [
            _Part(part.segment, part.gone | np.isin(part.segment.keys, out)) for part in self._parts
        ]
        self._settle(parts + fresh)

    def compact(self) -> None:
        """Write everything into one segment, without what is gone; queries are fastest then."""
        if len(self._parts) > 1 or any(part.gone.any() for part in self._parts):
            self._keep(self._merged(self._parts))

    def search(
        self,
        words: Words,
        most: int = 20,
        without: int | None = None,
        shifts: NDArray[np.int64] = SHIFTS,
    ) -> Candidates:
        """Return the songs that a query may be a copy of, best first.

        Parameters
        ----------
        words : uint64, shape (frames,)
            The fingerprint of a song, of a clip or of a mix.
        most : int
            Songs at most; of each up to three ways are told.
        without : int, optional
            Key of a song that is not wanted: the query itself.
        shifts : int64, shape (any,)
            Places by which the query is moved, rising: `AS_IT_IS` where places are none of pitch.
        """
        query = np.ascontiguousarray(words, dtype=np.uint64)
        found = [Candidates.none()]
        for part in self._parts:
            silent = part.gone if without is None else part.gone | (part.segment.keys == without)
            found.append(search_segment(part.segment, silent, query, shifts))
        return best(found, most)

    def _written(self, songs: Iterable[Kept]) -> list[_Part]:
        segment = write(self.folder / f"{uuid4().hex}.segment", songs)
        if segment is None:
            return []
        gone = np.ones(len(segment.keys), dtype=np.bool_)
        gone[len(gone) - 1 - np.unique(segment.keys[::-1], return_index=True)[1]] = False
        return [_Part(segment, gone)]

    def _merged(self, parts: list[_Part]) -> list[_Part]:
        return self._written(chain.from_iterable(_songs(part) for part in parts))

    def _settle(self, parts: list[_Part]) -> None:
        """Write anew what is mostly gone, merge what is small, and keep the outcome."""
        ready: list[_Part] = []
        for part in sorted(parts, key=_frames, reverse=True):
            ready += self._merged([part]) if part.gone.mean() > _DEAD else [part]
        ready.sort(key=_frames, reverse=True)
        start = len(ready)
        while start > 0 and _worth_merging(ready[start - 1], ready[start:]):
            start -= 1
        if len(ready) - start > 1:
            ready[start:] = self._merged(ready[start:])
        self._keep(ready)

    def _keep(self, parts: list[_Part]) -> None:
        """Make these the index: replace the list, then remove the files that it does not name."""
        manifest.write(self.folder, tuple(part.entry for part in parts))
        self._parts, self.damage = parts, ""
        names = {part.segment.path.name for part in parts}
        for path in (*self.folder.glob("*.segment"), *self.folder.glob("*.partial")):
            if path.name not in names:
                _remove(path)


def _opened(folder: Path, entry: Entry) -> _Part:
    segment = Segment(folder / entry.name, entry.sizes)
    gone = np.zeros(len(segment.keys), dtype=np.bool_)
    gone[list(entry.gone)] = True
    return _Part(segment, gone)


def _frames(part: _Part) -> int:
    return part.segment.sizes.frames


def _worth_merging(part: _Part, smaller: list[_Part]) -> bool:
    rest = sum(map(_frames, smaller))
    return not smaller or _frames(part) + rest <= _TINY or _frames(part) < _RATIO * rest


def _songs(part: _Part) -> Iterator[Kept]:
    return part.segment.songs(part.alive)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # another process reads it, on Windows; the next writer tries again
        return
