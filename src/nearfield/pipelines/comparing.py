"""What looking for copies and looking for versions share: songs in turn, and pairs that stay."""

from collections.abc import Callable
from typing import Final

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.pair_facts import SongPair
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.song_families import heal, regroup
from nearfield.sound.matching.alignment import Alignment
from nearfield.types import Ids

_SONGS: Final = 32
"""Songs that are written down together: a kill costs the work on so many."""


def compare_in_turn(
    catalogue: Catalogue, what: str, waiting: Ids, compare: Callable[[Ids, Ids], None]
) -> Steps[int]:
    """Compare songs a few at a time, then group them; return how many there were.

    Parameters
    ----------
    catalogue : Catalogue
        Of songs.
    what : str
        Told as progress.
    waiting : int64, shape (songs,)
        Which songs.
    compare : callable
        Compares some songs and writes down what was found; it is given these, and all that wait
        with them.
    """
    for start in range(0, len(waiting), _SONGS):
        yield Progress(what, start, len(waiting), "songs")
        compare(waiting[start : start + _SONGS], waiting[start:])
    yield Progress(what, len(waiting), len(waiting), "songs")
    regroup(catalogue, waiting)
    heal(catalogue)
    return len(waiting)


def kept_pairs(
    catalogue: Catalogue, kind: int, keys: Ids, waiting: Ids
) -> dict[int, dict[int, SongPair]]:
    """Return for each of `keys` the pairs that stay, by the other song.

    They are those with songs that wait no more; pairs of two that wait are of an older method.
    """
    found: dict[int, dict[int, SongPair]] = {key: {} for key in keys.tolist()}
    for pair in catalogue.pairs.of(kind, keys):
        if not np.isin([pair.low, pair.high], waiting).all():
            for one, other in ((pair.low, pair.high), (pair.high, pair.low)):
                if one in found:
                    found[one][other] = pair
    return found


def song_pair(one: int, other: int, relation: str, where: Alignment) -> SongPair:
    """Return what is kept of two songs; `where` says how the other lies in the one."""
    if one > other:
        where = where.inverted()
    return SongPair(
        low=min(one, other),
        high=max(one, other),
        relation=relation,
        similarity=where.similarity,
        offset=where.offset,
        overlap=where.overlap,
        speed=where.speed,
        semitones=where.semitones,
    )
