"""Rows of pairs, verdicts and groups in SQL, inside a transaction that the caller ends."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, union

from nearfield.catalogue.pair_facts import DUPLICATE, RELATIONS, VERDICTS, SongPair, Verdict
from nearfield.catalogue.print_rows import delete_pairs, mark_checked, raise_groups
from nearfield.catalogue.queries import chunks
from nearfield.catalogue.schema import song_groups, song_pairs, song_verdicts
from nearfield.catalogue.writing import lock, touch

_PLAIN: Final = (
    "similarity",
    "offset",
    "overlap",
    "speed",
    "semitones",
    "share_low",
    "share_high",
    "evidence",
)


def replace_pairs(
    conn: Connection,
    catalogue: int,
    kind: int,
    method: str,
    found: Mapping[int, Sequence[SongPair]],
) -> None:
    """Replace the pairs of songs, and write down that they were compared."""
    lock(conn, catalogue)
    delete_pairs(conn, kind, found)
    # two songs compared in one go may both have found the pair that they make
    pairs = {(pair.low, pair.high): pair for of_song in found.values() for pair in of_song}
    if pairs:
        fixed = {"catalogue_id": catalogue, "kind": kind}
        conn.execute(insert(song_pairs), [{**fixed, **_pair_row(pair)} for pair in pairs.values()])
    mark_checked(conn, kind, method, list(found))
    touch(conn, catalogue)


def _pair_row(pair: SongPair) -> dict[str, Any]:
    return {
        "low_id": pair.low,
        "high_id": pair.high,
        "relation": RELATIONS.index(pair.relation),
        **{name: float(getattr(pair, name)) for name in _PLAIN},
    }


def read_pair(row: Row[Any]) -> SongPair:
    """Return the pair of a row of `song_pairs`."""
    return SongPair(
        row.low_id, row.high_id, RELATIONS[row.relation], *(getattr(row, name) for name in _PLAIN)
    )


def put_verdict(conn: Connection, catalogue: int, verdict: Verdict) -> None:
    """Write a person's decision; it replaces the one before."""
    lock(conn, catalogue)
    _delete_verdict(conn, verdict.low, verdict.high)
    row = {
        "catalogue_id": catalogue,
        "low_id": verdict.low,
        "high_id": verdict.high,
        "verdict": VERDICTS.index(verdict.verdict),
        "time": verdict.time,
    }
    conn.execute(insert(song_verdicts), [row])
    touch(conn, catalogue)


def delete_verdict(conn: Connection, catalogue: int, low: int, high: int) -> bool:
    """Delete a person's decision; tell whether there was one."""
    lock(conn, catalogue)
    deleted = _delete_verdict(conn, low, high)
    if deleted:
        touch(conn, catalogue)
    return deleted


def _delete_verdict(conn: Connection, low: int, high: int) -> bool:
    same = (song_verdicts.c.low_id == low, song_verdicts.c.high_id == high)
    return conn.execute(delete(song_verdicts).where(*same)).rowcount > 0


def set_groups(
    conn: Connection,
    catalogue: int,
    kind: int,
    groups: Mapping[int, int],
    among: list[int] | None,
) -> int:
    """Write the groups of songs where they differ; return the number of rows that did.

    Parameters
    ----------
    conn : Connection
        Of the transaction.
    catalogue : int
        Primary key of the catalogue.
    kind : int
        Position in `PAIR_KINDS`.
    groups : mapping
        Key of a song to that of its group's canonical member.
    among : list of int, optional
        Songs of which `groups` tells all; None where it tells of every song.
    """
    lock(conn, catalogue)
    members = Counter(groups.values())
    wanted = {key: group for key, group in groups.items() if members[group] > 1}
    held = _held_groups(conn, catalogue, kind, among)
    gone = [key for key, group in held.items() if wanted.get(key) != group]
    new = [(key, group) for key, group in wanted.items() if held.get(key) != group]
    for some in chunks(gone):
        same = (song_groups.c.item_id.in_(some), song_groups.c.kind == kind)
        conn.execute(delete(song_groups).where(*same))
    if new:
        fixed = {"catalogue_id": catalogue, "kind": kind}
        rows = [{**fixed, "item_id": key, "group_id": group} for key, group in new]
        conn.execute(insert(song_groups), rows)
    if gone or new:
        raise_groups(conn, catalogue)
        touch(conn, catalogue)
    return len(set(gone) | {key for key, _ in new})


def _held_groups(
    conn: Connection, catalogue: int, kind: int, among: list[int] | None
) -> dict[int, int]:
    query = select(song_groups.c.item_id, song_groups.c.group_id).where(
        song_groups.c.catalogue_id == catalogue, song_groups.c.kind == kind
    )
    parts = (
        [query]
        if among is None
        else [query.where(song_groups.c.item_id.in_(some)) for some in chunks(among)]
    )
    return {key: group for part in parts for key, group in conn.execute(part)}


def read_neighbours(conn: Connection, kind: int, keys: Iterable[int]) -> set[int]:
    """Return the songs that share a pair, a person's decision or a group with one of `keys`.

    Groups of duplicates count for versions too: copies are versions of the same song.
    """
    of_kind = song_pairs.c.kind == kind
    grouped = song_groups.c.kind.in_({DUPLICATE, kind})
    found: set[int] = set()
    for some in chunks(list(keys)):
        query = union(
            select(song_pairs.c.high_id).where(song_pairs.c.low_id.in_(some), of_kind),
            select(song_pairs.c.low_id).where(song_pairs.c.high_id.in_(some), of_kind),
            select(song_verdicts.c.high_id).where(song_verdicts.c.low_id.in_(some)),
            select(song_verdicts.c.low_id).where(song_verdicts.c.high_id.in_(some)),
            select(song_groups.c.group_id).where(song_groups.c.item_id.in_(some), grouped),
            select(song_groups.c.item_id).where(song_groups.c.group_id.in_(some), grouped),
        )
        found.update(conn.execute(query).scalars())
    return found
