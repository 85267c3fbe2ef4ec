"""List the recordings that a catalogue of songs holds more than once."""

from dataclasses import replace
from typing import Final

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.pair_facts import DUPLICATE, SongPair
from nearfield.errors import InUse
from nearfield.pipelines.adding_lock import adding_lock
from nearfield.pipelines.find_duplicates import METHOD, find_duplicates
from nearfield.pipelines.progress import Steps
from nearfield.pipelines.song_families import grouping_of
from nearfield.pipelines.song_report import Report
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.tell_groups import tell
from nearfield.sound.matching.combine import Match
from nearfield.sound.matching.decide import Relation, relation
from nearfield.sound.matching.thresholds import REVIEW, SAME

_KIND: Final = DUPLICATE


def list_duplicates(
    stores: Stores, name: str | None, threshold: float | None = None
) -> Steps[Report]:
    """Return the groups of songs that are one recording, and the pairs to be reviewed.

    Songs that were not compared yet, because adding was cut off, are compared first.

    Parameters
    ----------
    stores : Stores
        The home.
    name : str, optional
        Catalogue of songs; the only one where not given.
    threshold : float, optional
        Least similarity of one recording, in place of the measured one. Only this report is made
        with it: what lists show stays as it is.

    Raises
    ------
    InvalidInput
        If the threshold is out of its range.
    """
    catalogue = stores.catalogue(name)
    notes = yield from _completed(stores, catalogue)
    pairs = catalogue.pairs.all(_KIND)
    if threshold is not None:
        pairs = at_threshold(catalogue, pairs, threshold)
        if threshold < REVIEW * SAME:
            notes.append(f"Pairs that are less similar than {REVIEW * SAME:.2f} are not kept.")
    found = grouping_of(catalogue, _KIND, pairs)
    groups, review = tell(catalogue, found, catalogue.sounds.with_copies())
    return Report(
        catalogue=catalogue.name,
        threshold=SAME if threshold is None else threshold,
        songs=catalogue.sounds.counts().songs,
        groups=groups,
        review=review,
        notes=notes,
    )


def _completed(stores: Stores, catalogue: Catalogue) -> Steps[list[str]]:
    """Compare what was not compared yet; return what a person should know."""
    notes = []
    if len(catalogue.prints.unchecked(_KIND, METHOD)):
        try:
            with adding_lock(stores, catalogue):
                yield from find_duplicates(stores, catalogue)
        except InUse:
            waiting = len(catalogue.prints.unchecked(_KIND, METHOD))
            notes.append(f"{waiting:,} songs are being added and were not compared yet.")
    missing = len(catalogue.prints.missing())
    if missing:
        notes.append(
            f"{missing:,} songs were added by an older Nearfield and cannot be compared. Add their "
            f"folders again: `nearfield music add`."
        )
    return notes


def at_threshold(catalogue: Catalogue, pairs: list[SongPair], threshold: float) -> list[SongPair]:
    """Return pairs with the relation that another threshold gives them."""
    found = {key for pair in pairs for key in (pair.low, pair.high)}
    lengths = catalogue.sounds.qualities(np.array(sorted(found), dtype=np.int64))
    told = []
    for pair in pairs:
        low, high = lengths[pair.low].duration, lengths[pair.high].duration
        how = relation(match_of(pair), low, high, threshold)
        if how is not Relation.DIFFERENT:
            told.append(replace(pair, relation=str(how)))
    return told


def match_of(pair: SongPair) -> Match:
    """Return what was found when two songs were compared, that of the lower key as its first."""
    return Match(
        similarity=pair.similarity,
        offset=pair.offset,
        overlap=pair.overlap,
        speed=pair.speed,
        semitones=pair.semitones,
        share_a=pair.share_low,
        share_b=pair.share_high,
        evidence=pair.evidence,
    )
