"""List the songs that a catalogue holds in several versions."""

from dataclasses import replace

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.pair_facts import VERSION
from nearfield.errors import InUse
from nearfield.pipelines.adding_lock import adding_lock
from nearfield.pipelines.find_duplicates import find_duplicates
from nearfield.pipelines.find_versions import find_versions, uncompared
from nearfield.pipelines.progress import Steps
from nearfield.pipelines.song_families import copies_of, grouping
from nearfield.pipelines.song_report import Report
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.tell_groups import tell
from nearfield.sound.matching.group_facts import Grouping
from nearfield.sound.versions.decide import SAME_SONG


def list_versions(stores: Stores, name: str | None) -> Steps[Report]:
    """Return the groups of songs that are performances of one, and the pairs to be reviewed.

    Copies of a recording are left out but for the best. Songs that were not compared yet, because
    adding was cut off, are compared first.

    Parameters
    ----------
    stores : Stores
        The home.
    name : str, optional
        Catalogue of songs; the only one where not given.
    """
    catalogue = stores.catalogue(name)
    notes = yield from _completed(stores, catalogue)
    found = without_copies(grouping(catalogue, VERSION, copies=copies_of(catalogue)))
    groups, review = tell(catalogue, found)
    return Report(
        catalogue=catalogue.name,
        threshold=SAME_SONG,
        songs=catalogue.sounds.counts().songs,
        groups=groups,
        review=review,
        notes=notes,
    )


def without_copies(found: Grouping) -> Grouping:
    """Return groups without the members that are copies of others; groups of one are none."""
    groups = [
        replace(one, members=tuple(two for two in one.members if two.relation != "recording"))
        for one in found.groups
    ]
    return Grouping(tuple(one for one in groups if one.members), found.reviews)


def _completed(stores: Stores, catalogue: Catalogue) -> Steps[list[str]]:
    if not len(uncompared(catalogue)):
        return []
    try:
        with adding_lock(stores, catalogue):
            yield from find_duplicates(stores, catalogue)
            yield from find_versions(stores, catalogue)
    except InUse:
        return [f"{len(uncompared(catalogue)):,} songs are being added and were not compared yet."]
    return []
