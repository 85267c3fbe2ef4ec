"""Which songs of one catalogue are the same: pairs found, people's decisions, groups."""

import time
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from sqlalchemy import Select, or_, select

from nearfield.catalogue.database import Database
from nearfield.catalogue.pair_facts import RELATIONS, VERDICTS, SongPair, Verdict
from nearfield.catalogue.pair_rows import (
    delete_verdict,
    put_verdict,
    read_neighbours,
    read_pair,
    replace_pairs,
    set_groups,
)
from nearfield.catalogue.queries import chunks
from nearfield.catalogue.schema import catalogues, items, song_groups, song_pairs, song_verdicts
from nearfield.errors import InvalidInput, NotFound
from nearfield.types import Ids


class SongPairs:
    """The pairs of a catalogue of songs; made by `Catalogue.pairs`.

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

    def replace_for(self, kind: int, method: str, found: Mapping[int, Sequence[SongPair]]) -> None:
        """Write what comparing songs with all others found, in one transaction.

        The pairs that the songs had before go away, and the songs count as compared.

        Parameters
        ----------
        kind : int
            Position in `PAIR_KINDS`.
        method : str
            Name of what compared them, with its version.
        found : mapping
            Key of each song that was compared to its pairs; none is an answer too.

        Raises
        ------
        InvalidInput
            If a pair is not of the song it stands with, or its relation is none that is known.
        """
        for key, pairs in found.items():
            for pair in pairs:
                _check_pair(key, pair)
        if found:
            self._database.write(
                partial(
                    replace_pairs,
                    catalogue=self._catalogue,
                    kind=kind,
                    method=method,
                    found=found,
                )
            )

    def all(self, kind: int) -> list[SongPair]:
        """Return every pair of a kind, by rising keys."""
        query = select(song_pairs).where(
            song_pairs.c.catalogue_id == self._catalogue, song_pairs.c.kind == kind
        )
        with self._database.reading(whole=True) as conn:
            found = conn.execute(query.order_by(song_pairs.c.low_id, song_pairs.c.high_id))
            return [read_pair(row) for row in found]

    def of(self, kind: int, keys: Ids) -> list[SongPair]:
        """Return the pairs of a kind that have one of `keys`, by rising keys."""
        found: dict[tuple[int, int], SongPair] = {}
        with self._database.reading() as conn:
            for some in chunks(keys.tolist()):
                for column in (song_pairs.c.low_id, song_pairs.c.high_id):
                    query = select(song_pairs).where(column.in_(some), song_pairs.c.kind == kind)
                    for row in conn.execute(query):
                        found[row.low_id, row.high_id] = read_pair(row)
        return [found[names] for names in sorted(found)]

    def around(self, kind: int, keys: Ids) -> Ids:
        """Return the songs whose groups may change with those of `keys`, rising; with `keys`.

        They are reached from them over pairs, people's decisions and groups of today; for
        versions, over groups of duplicates too. The time it takes depends on these songs alone,
        not on the size of the catalogue.
        """
        seen = set(keys.tolist())
        reached = seen
        with self._database.reading(snapshot=True) as conn:
            while reached:
                reached = read_neighbours(conn, kind, reached) - seen
                seen |= reached
        return np.array(sorted(seen), dtype=np.int64)

    def verdicts(self, keys: Ids | None = None) -> list[Verdict]:
        """Return what a person decided, by rising keys; with `keys`, of pairs that have one."""
        query = select(song_verdicts).where(song_verdicts.c.catalogue_id == self._catalogue)
        parts: list[Select[tuple[int]]] = [query]
        if keys is not None:
            low, high = song_verdicts.c.low_id, song_verdicts.c.high_id
            parts = [
                query.where(or_(low.in_(some), high.in_(some))) for some in chunks(keys.tolist())
            ]
        found: dict[tuple[int, int], Verdict] = {}
        with self._database.reading() as conn:
            for part in parts:
                for row in conn.execute(part):
                    verdict = Verdict(row.low_id, row.high_id, VERDICTS[row.verdict], row.time)
                    found[row.low_id, row.high_id] = verdict
        return [found[names] for names in sorted(found)]

    def decide(self, one: int, other: int, verdict: str, moment: int | None = None) -> Verdict:
        """Keep what a person decided of two songs, in place of what was decided before.

        Parameters
        ----------
        one, other : int
            Keys of the songs, in any order.
        verdict : str
            One of `VERDICTS`.
        moment : int, optional
            Milliseconds since 1970; None is now.

        Raises
        ------
        InvalidInput
            If it is one song, or no such verdict is known.
        NotFound
            If the catalogue has no song of one of the keys.
        """
        if verdict not in VERDICTS:
            raise InvalidInput(f"{verdict!r} is no verdict. Wanted: one of {', '.join(VERDICTS)}.")
        low, high = self._two(one, other)
        moment = time.time_ns() // 1_000_000 if moment is None else moment
        decided = Verdict(low, high, verdict, moment)
        self._database.write(partial(put_verdict, catalogue=self._catalogue, verdict=decided))
        return decided

    def forget(self, one: int, other: int) -> bool:
        """Take back what a person decided of two songs; return whether there was something."""
        low, high = self._two(one, other)
        work = partial(delete_verdict, catalogue=self._catalogue, low=low, high=high)
        return self._database.write(work)

    def _two(self, one: int, other: int) -> tuple[int, int]:
        """Return two songs, the lower key first."""
        if one == other:
            raise InvalidInput(f"both songs have the key {one}. Name two songs.")
        query = select(items.c.id).where(
            items.c.catalogue_id == self._catalogue, items.c.id.in_([one, other])
        )
        with self._database.reading() as conn:
            known = set(conn.execute(query).scalars())
        if unknown := sorted({one, other} - known):
            shown = " and ".join(map(str, unknown))
            raise NotFound(
                f"this catalogue has no song of the key {shown}. Ask for its songs anew."
            )
        return min(one, other), max(one, other)

    def set_groups(self, kind: int, groups: Mapping[int, int], among: Ids | None = None) -> int:
        """Let songs be in these groups, in one transaction; only what differs is written.

        Parameters
        ----------
        kind : int
            Position in `PAIR_KINDS`.
        groups : mapping
            Key of a song to that of its group's canonical member. A group of one is none.
        among : int64, shape (songs,), optional
            Songs of which `groups` tells all, as `around` returns them; None where it tells of
            every song of the catalogue.

        Returns
        -------
        int
            How many songs changed their group.
        """
        some = None if among is None else among.tolist()
        if some is not None and (outside := sorted(set(groups) - set(some))):
            raise InvalidInput(
                f"groups were given of songs {outside[:5]}, which are not among those to be "
                "changed. Give both from one answer of `around`."
            )
        return self._database.write(
            partial(set_groups, catalogue=self._catalogue, kind=kind, groups=groups, among=some)
        )

    def groups(self, kind: int) -> tuple[Ids, Ids]:
        """Return the songs that are in a group of two or more, and their groups.

        Returns
        -------
        keys : int64, shape (songs,)
            Rising.
        groups : int64, shape (songs,)
            Key of the canonical member of each one's group.
        """
        query = (
            select(song_groups.c.item_id, song_groups.c.group_id)
            .where(song_groups.c.catalogue_id == self._catalogue, song_groups.c.kind == kind)
            .order_by(song_groups.c.item_id)
        )
        with self._database.reading(whole=True) as conn:
            rows = [tuple(row) for row in conn.execute(query)]
        found = np.array(rows, dtype=np.int64).reshape(-1, 2)
        return found[:, 0].copy(), found[:, 1].copy()

    def revision(self) -> int:
        """Return a number that rises whenever a group changes."""
        query = select(catalogues.c.groups_revision).where(catalogues.c.id == self._catalogue)
        with self._database.reading() as conn:
            found = conn.execute(query).scalar()
        if found is None:
            raise NotFound("the catalogue was removed by another process. Import it anew.")
        return int(found)


def _check_pair(key: int, pair: SongPair) -> None:
    if not pair.low < pair.high or key not in (pair.low, pair.high):
        raise InvalidInput(
            f"the pair ({pair.low}, {pair.high}) stands with song {key}. Give each song its own "
            "pairs, the lower key first."
        )
    if pair.relation not in RELATIONS:
        raise InvalidInput(
            f"{pair.relation!r} is no relation of two songs. Wanted: one of {', '.join(RELATIONS)}."
        )
