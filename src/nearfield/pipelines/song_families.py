"""Group songs by the pairs that were found and by what people decided."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.pair_facts import DUPLICATE, VERSION, SongPair
from nearfield.catalogue.sound_facts import SongQuality
from nearfield.sound.matching.group_facts import DUPLICATES, VERSIONS, Grouping
from nearfield.sound.matching.grouping import group
from nearfield.types import Ids

_RULES: Final = {DUPLICATE: DUPLICATES, VERSION: VERSIONS}


def regroup(catalogue: Catalogue, keys: Ids | None = None) -> None:
    """Group songs anew, with all that they are connected with.

    Parameters
    ----------
    catalogue : Catalogue
        Of songs.
    keys : int64, shape (songs,), optional
        Songs whose pairs changed; all where not given.
    """
    among = None if keys is None else catalogue.pairs.around(DUPLICATE, keys)
    copies = grouping(catalogue, DUPLICATE, among).canonicals()
    catalogue.pairs.set_groups(DUPLICATE, copies, among)
    among = None if among is None else catalogue.pairs.around(VERSION, among)
    songs = grouping(catalogue, VERSION, among, copies_of(catalogue, among)).canonicals()
    catalogue.pairs.set_groups(VERSION, songs, among)


def heal(catalogue: Catalogue) -> None:
    """Group songs anew whose best copy is gone."""
    for kind in (DUPLICATE, VERSION):
        keys, groups = catalogue.pairs.groups(kind)
        lost = keys[~np.isin(groups, keys)]
        if len(lost):
            regroup(catalogue, lost)


def copies_of(catalogue: Catalogue, among: Ids | None = None) -> dict[int, int]:
    """Return the best copy of each song that is in a group of duplicates."""
    keys, groups = catalogue.pairs.groups(DUPLICATE)
    if among is not None:
        shown = np.isin(keys, among)
        keys, groups = keys[shown], groups[shown]
    return dict(zip(keys.tolist(), groups.tolist(), strict=True))


def grouping(
    catalogue: Catalogue,
    kind: int,
    among: Ids | None = None,
    copies: Mapping[int, int] | None = None,
) -> Grouping:
    """Return the groups that pairs and decisions make.

    Parameters
    ----------
    catalogue : Catalogue
        Of songs.
    kind : int
        Position in `PAIR_KINDS`.
    among : int64, shape (songs,), optional
        Only of these, as `SongPairs.around` returns them; of all where not given.
    copies : mapping, optional
        Best copy of each song, where versions are grouped.
    """
    found = catalogue.pairs.all(kind) if among is None else catalogue.pairs.of(kind, among)
    return grouping_of(catalogue, kind, found, among, copies)


def grouping_of(
    catalogue: Catalogue,
    kind: int,
    found: list[SongPair],
    among: Ids | None = None,
    copies: Mapping[int, int] | None = None,
) -> Grouping:
    """Return the groups that some pairs and people's decisions make; as `grouping`."""
    verdicts = catalogue.pairs.verdicts(among)
    copies = copies or {}
    named = {key for pair in found for key in (pair.low, pair.high)}
    named |= {key for verdict in verdicts for key in (verdict.low, verdict.high)}
    keys = np.array(sorted(named | copies.keys() | set(copies.values())), dtype=np.int64)
    qualities = present_qualities(catalogue, keys)
    return group(found, verdicts, qualities, _RULES[kind], copies)


def present_qualities(catalogue: Catalogue, keys: Ids) -> dict[int, SongQuality]:
    """Return how good those of `keys` are of which a file is there."""
    there = np.array(list(catalogue.sounds.contents(keys)), dtype=np.int64)
    return catalogue.sounds.qualities(there) if len(there) else {}
