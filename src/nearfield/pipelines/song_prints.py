"""Fingerprints of songs, to be compared: from SQL, and by an index that is derived from it."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.stores import Stores
from nearfield.sound.band_fingerprint import BandFingerprint, unpack
from nearfield.sound.fingerprint_code import Fingerprint, decompress
from nearfield.sound.matching.chroma_words import chroma_words
from nearfield.sound.matching.index import FingerprintIndex
from nearfield.types import Ids, no_ids

_KEPT: Final = 1 << 25
"""Words that a shelf keeps: 256 MB, some 23,000 songs."""

_AHEAD: Final = 500
"""Songs that are read at a time."""

_Reader = Callable[[Catalogue, Ids], Iterator[tuple[int, BandFingerprint]]]
"""Reads words of songs that an index is made of."""


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Both fingerprints of one sound.

    Parameters
    ----------
    bands : uint64, shape (words,)
        Says where two sounds lie over one another, and how much they agree.
    chromaprint : uint32, shape (values,)
        Says how much they agree under heavy noise, too.
    """

    bands: BandFingerprint
    chromaprint: Fingerprint


class Shelf:
    """Fingerprints of the songs of a catalogue; those that were last used are kept in memory.

    Parameters
    ----------
    catalogue : Catalogue
        Of songs.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._prints = catalogue.prints
        self._sounds = catalogue.sounds
        self._held: OrderedDict[int, BandFingerprint] = OrderedDict()
        self._words = 0

    def of(self, keys: Ids) -> list[BandFingerprint]:
        """Return the fingerprints of some songs that have one, in the order of `keys`."""
        wanted = keys.tolist()
        found = {key: self._held[key] for key in wanted if key in self._held}
        missing = np.array([key for key in wanted if key not in found], dtype=np.int64)
        for key, packed in self._prints.bands(missing):
            found[key] = self._held[key] = unpack(packed)
            self._words += len(found[key])
        for key in found:
            self._held.move_to_end(key)
        while self._words > _KEPT and self._held:
            self._words -= len(self._held.popitem(last=False)[1])
        return [found[key] for key in wanted]

    def chromaprints(self, keys: Ids) -> list[Fingerprint]:
        """Return the Chromaprints of some songs, shape (values,) each, in the order of `keys`."""
        packed = self._sounds.fingerprints(keys)
        return [decompress(packed[key]) for key in keys.tolist()]

    def chromaprint(self, key: int) -> Fingerprint:
        """Return the Chromaprint of a song, shape (values,)."""
        return self.chromaprints(np.array([key], dtype=np.int64))[0]


@dataclass(frozen=True, slots=True)
class Indexes:
    """Where copies are looked for.

    Parameters
    ----------
    bands : FingerprintIndex
        Over band fingerprints.
    chroma : FingerprintIndex
        Over `chroma_words`: what is still found of a copy when noise drowns the bands.
    """

    bands: FingerprintIndex
    chroma: FingerprintIndex


def index_folder(stores: Stores, catalogue: Catalogue, kind: str = "fingerprints") -> Path:
    """Return where an index lies, "fingerprints" or "chromaprints"; a new catalogue has another."""
    return stores.cache / kind / catalogue.uid


def update_indexes(stores: Stores, catalogue: Catalogue) -> Steps[Indexes]:
    """Bring the indexes to the fingerprints in SQL, and return them. Only what differs is read."""
    bands = FingerprintIndex.open(index_folder(stores, catalogue))
    chroma = FingerprintIndex.open(index_folder(stores, catalogue, "chromaprints"))
    yield from _brought(bands, catalogue, _unpacked)
    yield from _brought(chroma, catalogue, _chroma_words)
    return Indexes(bands, chroma)


def _brought(index: FingerprintIndex, catalogue: Catalogue, read: _Reader) -> Steps[None]:
    """Bring one index to what SQL has; each tells of a song's sound by its bands' digest."""
    keys, digests = catalogue.prints.digests()
    held, known = index.held()
    shared, mine, theirs = np.intersect1d(keys, held, return_indices=True)
    same = shared[digests[mine] == known[theirs]]
    new = np.setdiff1d(keys, same)
    gone = np.setdiff1d(held, keys)
    if len(new) or len(gone) or index.damage:
        yield Progress("Indexing fingerprints", 0, len(new), "songs")
        told = dict(zip(keys.tolist(), digests.tolist(), strict=True))
        index.update(read(catalogue, new), gone if len(gone) else no_ids(), told)


def _unpacked(catalogue: Catalogue, keys: Ids) -> Iterator[tuple[int, BandFingerprint]]:
    for start in range(0, len(keys), _AHEAD):
        for key, packed in catalogue.prints.bands(keys[start : start + _AHEAD]):
            yield key, unpack(packed)


def _chroma_words(catalogue: Catalogue, keys: Ids) -> Iterator[tuple[int, BandFingerprint]]:
    for start in range(0, len(keys), _AHEAD):
        some = keys[start : start + _AHEAD]
        chromaprints = catalogue.sounds.fingerprints(some)
        for key, packed in catalogue.prints.bands(some):
            yield key, chroma_words(decompress(chromaprints[key]), unpack(packed))
