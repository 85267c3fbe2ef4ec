"""Search one segment of an index: look the query's frames up, and follow what was found."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.matching.index_follow import TRIES, follow
from nearfield.sound.matching.index_layout import TABLES, Words
from nearfield.sound.matching.index_look import Asked, Near, look_up
from nearfield.sound.matching.index_segment import Segment, Sizes
from nearfield.types import Ids

SHIFTS: Final = np.arange(-3, 4)
"""Places by which a query is moved: a little over a semitone to both sides."""

AS_IT_IS: Final = np.arange(1)
"""The same for words whose places are none of pitch."""

_LOOK_UPS: Final = 10_000
"""Keys looked up for one query, if it is not long."""

_CLIP: Final = 400
_LOOK_UPS_OF_CLIPS: Final = 30_000
"""The same for queries of fewer frames: they have few, so more keys near theirs are looked up."""

_SPARSEST: Final = 4
"""Of a long query one in so many frames is looked up."""

_MOST_FLIPS: Final = 24

_GOLDEN: Final = (5**0.5 - 1) / 2

_ROOM: Final = 1 << 14
"""Found frames that are kept."""

_OF_ONE: Final = 128
"""Found frames of one song that are kept: a song like the query must not take all the room."""

_DIFFERING: Final = 0.40
"""Share of the bits around a found frame that may differ."""

_SONGS: Final = 1500
"""Songs that are followed, those first whose best found frame is best."""

_LEAST: Final = 1.5
"""Score below which a way is not told. By chance it is 0.6 to 1.1; 5 s with a fifth of the bits
wrong make 2.2; real tracks under noise, echo, as clips, or in another pitch or pace 5 and more."""

_WAYS: Final = 3
"""Ways of one song that are returned."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Songs of an index that a query may be a copy of; best first, a song's ways together.

    A row is one way in which a song may lie under the query: frame f of the query is frame
    ``offset + pace * f`` of the song. All arrays have shape (rows,).

    Parameters
    ----------
    keys : int64
        Of the songs.
    votes : int64
        Frames found through the index that agree with the way.
    scores : float32
        Agreement of the best twelve to twenty-four seconds beyond chance, times the root of the
        kept frames compared; different songs rarely reach 1.5, where rows begin.
    offsets : float64
        Frame of the song at frame 0 of the query; below 0 where the query starts sooner. In a
        long mix that is far from where the two meet: use it with the pace.
    shifts : int64
        Places by which the query's bits are moved up (a shift to the left) to lie over the song's.
    paces : float64
        Frames of the song for one of the query.
    """

    keys: Ids
    votes: NDArray[np.int64]
    scores: NDArray[np.float32]
    offsets: NDArray[np.float64]
    shifts: NDArray[np.int64]
    paces: NDArray[np.float64]

    @classmethod
    def none(cls) -> "Candidates":
        """Return no rows."""
        whole, real = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float64)
        return cls(whole, whole, real.astype(np.float32), real, whole, real)

    def __len__(self) -> int:
        return len(self.keys)

    def only(self, rows: NDArray[np.bool_]) -> "Candidates":
        """Return some of the rows: those where `rows`, shape (rows,), is true."""
        return Candidates(
            self.keys[rows],
            self.votes[rows],
            self.scores[rows],
            self.offsets[rows],
            self.shifts[rows],
            self.paces[rows],
        )


def moved(words: Words, shifts: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return a query's words moved by each of `shifts`, and the places known after each.

    Shapes (shifts, frames) and (shifts,). A frame that is silent stays 0.
    """
    both = np.concatenate([words, [np.uint64(2**64 - 1)]])
    rows = [
        both << np.uint64(shift) if shift >= 0 else both >> np.uint64(-shift) for shift in shifts
    ]
    made = np.stack(rows)
    return np.ascontiguousarray(made[:, :-1]), made[:, -1].copy()


def scattered(count: int) -> NDArray[np.int64]:
    """Return the numbers below `count` in an order whose every part is spread over all of them."""
    return np.argsort(np.arange(count) * _GOLDEN % 1, kind="stable")


def asked(words: Words, sizes: Sizes, shifts: NDArray[np.int64]) -> Asked:
    """Return what is looked up for a query in a segment of such sizes; less for fewer shifts."""
    total = _LOOK_UPS if len(words) > _CLIP else _LOOK_UPS_OF_CLIPS
    rest = total // (len(SHIFTS) * TABLES)
    frames = scattered(len(words))[: max(rest, len(words) // _SPARSEST)]
    flips = int(np.clip(rest // max(len(frames), 1) - 1, 0, min(sizes.bits, _MOST_FLIPS)))
    return Asked(*moved(words, shifts), frames, sizes.places, sizes.bits, flips)


def search_segment(
    segment: Segment, silent: NDArray[np.bool_], words: Words, shifts: NDArray[np.int64]
) -> Candidates:
    """Return the ways of all songs of a segment that were found for a query, in no order."""
    held, question = segment.held(), asked(words, segment.sizes, shifts)
    near = Near(
        np.where(silent, 0, _OF_ONE),
        np.empty(_ROOM, np.int64),
        np.empty(_ROOM, np.int64),
        np.empty(_ROOM, np.int64),
        np.empty(_ROOM, np.float32),
    )
    count = look_up(held, question, near, _DIFFERING)
    songs = np.searchsorted(segment.starts[:-1], near.entry[:count], side="right") - 1
    order = np.lexsort((near.errors[:count], songs))
    near, songs = Near(near.left, *(part[order] for part in near[1:])), songs[order]
    groups = _groups(songs, near.errors)
    ways = np.empty((TRIES * len(groups), 7))
    ways = ways[: follow(held, question, near, groups, ways)]
    ways = ways[ways[:, 5] >= _LEAST]
    return Candidates(
        segment.keys[ways[:, 4].astype(np.int64)],
        ways[:, 6].astype(np.int64),
        ways[:, 5].astype(np.float32),
        ways[:, 0],
        shifts[ways[:, 2].astype(np.int64)],
        ways[:, 1],
    )


def _groups(songs: NDArray[np.int64], errors: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return song, first row and last of each run of one song, the most promising `_SONGS`."""
    found, first = np.unique(songs, return_index=True)
    last = np.append(first, len(songs))[1:]
    groups = np.stack([found, first, last], axis=1)
    return groups[np.argsort(errors[first], kind="stable")[:_SONGS]]


def best(found: list[Candidates], most: int) -> Candidates:
    """Return the best `most` songs of several segments, each with its best few ways."""
    keys, votes, scores, offsets, shifts, paces = (
        np.concatenate([getattr(part, name) for part in found])
        for name in ("keys", "votes", "scores", "offsets", "shifts", "paces")
    )
    order = np.argsort(-scores, kind="stable")
    _, first, inverse = np.unique(keys[order], return_index=True, return_inverse=True)
    leads = np.argsort(np.argsort(first))[inverse]  # the place of each row's song
    again = np.argsort(leads, kind="stable")
    order, leads = order[again], leads[again]
    place = np.arange(len(leads)) - np.searchsorted(leads, leads)  # within its song
    order = order[(leads < most) & (place < _WAYS)]
    return Candidates(
        keys[order], votes[order], scores[order], offsets[order], shifts[order], paces[order]
    )
