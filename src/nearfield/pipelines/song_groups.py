"""Which songs of a catalogue are the same to those who read a list."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from nearfield.catalogue.pair_facts import DUPLICATE, VERSION
from nearfield.catalogue.song_pairs import SongPairs
from nearfield.errors import InvalidInput
from nearfield.types import Ids, no_ids

Versions: TypeAlias = Literal["one", "all"]
"""Whether a list shows one performance of a song, or all."""

FRESH: Final = 1.0
"""Seconds for which an answer may be of the groups as they were."""


@dataclass(frozen=True)
class Table:
    """Maps keys to names of groups; what it does not name is its own group.

    Parameters
    ----------
    keys : int64, shape (members,)
        Rising.
    groups : int64, shape (members,)
        Key of the best member of each one's group.
    """

    keys: Ids
    groups: Ids

    def of(self, keys: Ids) -> Ids:
        """Return the group of each key."""
        if not len(self.keys):
            return keys
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, self.groups[places], keys)


_NONE: Final = Table(no_ids(), no_ids())


class SongGroups:
    """Satisfies `recommend.duplicates.Groups`: what was found in a catalogue, and what people said.

    It follows changes in SQL within `FRESH` seconds. May be used from several threads.

    Parameters
    ----------
    pairs : SongPairs
        Of the catalogue.
    versions : {"one", "all"}
        Whether performances of one song are the same, or only copies of one recording.
    now : callable
        A clock, in seconds.
    """

    def __init__(
        self,
        pairs: SongPairs,
        versions: Versions = "one",
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pairs = pairs
        self._versions = check_versions(versions)
        self._now = now
        self._read: tuple[float, int, Table, Table] = (-FRESH, -1, _NONE, _NONE)

    def of(self, keys: Ids) -> Ids:
        """Return the group of each song, int64, shape of `keys`."""
        copies, songs = self._tables()
        return songs.of(copies.of(keys))

    def are_alone(self) -> bool:
        """Tell whether nothing is known to be the same."""
        copies, songs = self._tables()
        return not (len(copies.keys) or len(songs.keys))

    def best(self, keys: Ids) -> Ids:
        """Return the best copy of each song's recording, int64, shape of `keys`."""
        return self._tables()[0].of(keys)

    def _tables(self) -> tuple[Table, Table]:
        read, revision, copies, songs = self._read
        now = self._now()
        if now - read >= FRESH:
            found = self._pairs.revision()
            if found != revision:
                copies = Table(*self._pairs.groups(DUPLICATE))
                songs = Table(*self._pairs.groups(VERSION)) if self._versions == "one" else _NONE
            self._read = now, found, copies, songs
        return copies, songs


def check_versions(versions: str) -> Versions:
    """Return what was asked for; InvalidInput where it is none of the two."""
    if versions == "one":
        return "one"
    if versions == "all":
        return "all"
    raise InvalidInput(f"versions is {versions!r}: wanted one (of each song), or all.")
