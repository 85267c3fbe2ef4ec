"""Journeys: songs on the way from one to another, in steps that fit."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nearfield.playlists.ask import PlaylistAsk, PlaylistConfig
from nearfield.playlists.journey import cheapest_way, deal, points_between
from nearfield.playlists.library import Library, Playlist, Seeds, Songs
from nearfield.playlists.transitions import transition_costs
from nearfield.recommend.filters import Scope
from nearfield.recommend.limits import Limits
from nearfield.recommend.retrieve import best, nearest, vectors_of
from nearfield.types import Ids, Reason, Recommendation, Vectors


def travel(library: Library, ask: PlaylistAsk, length: int, config: PlaylistConfig) -> Playlist:
    """Return a journey of `length` songs, its ends among them where the catalogue holds them.

    Points at equal distances are laid on the shortest way between the ends; each chooses from the
    songs nearest to it, which no other may choose. Of all such ways that one is taken whose
    distances from the points and steps between songs cost least.
    """
    assert ask.to is not None  # else it is no journey
    ends = library.seeds([*ask.seeds, ask.to], ask)
    name = f"From {ends.labels[0]} to {ends.labels[-1]}"
    between = length - len(ends.own)
    songs, places = _between(library, ask, ends, between, config) if between > 0 else (None, [])
    lines = [] if songs is None else _told(library, songs, ends, places, between)
    return Playlist(name, _with_ends(library, ends, lines)[:length])


def _between(
    library: Library, ask: PlaylistAsk, ends: Seeds, count: int, config: PlaylistConfig
) -> tuple[Songs | None, list[int]]:
    """Return the songs between the ends, and at which of the points each stands."""
    points = points_between(ends.vectors[0], ends.vectors[-1], count)
    out = np.concatenate([ends.own, library.keys(ask.exclude), library.keys(ask.played)])
    limits = library.limits(ask, out, ends.own)
    stages = _stages(library, points, library.scope(out, ask.where), limits, config.stages)
    places = [place for place, keys in enumerate(stages) if len(keys)]
    if not places:
        return None, []
    every = library.songs(np.concatenate(stages))
    stops = _cut(every, [len(stages[place]) for place in places])
    stays = [
        config.path * (1 - stop.vectors @ points[place]).astype(np.float64) / 2
        for place, stop in zip(places, stops, strict=True)
    ]
    for end in (0, -1):
        if ends.keys[end] > 0:  # nothing but the vector is known of a guest
            own = library.songs(ends.keys[[end]])
            stays[end] = stays[end] + _steps(own, stops[end], config)[0]
    steps = [_steps(one, other, config) for one, other in pairwise(stops)]
    way = cheapest_way(stays, steps)
    firsts = np.cumsum([0, *(len(stop.keys) for stop in stops[:-1])])
    return every.at(firsts + way), places


def _cut(songs: Songs, sizes: list[int]) -> list[Songs]:
    """Cut songs into consecutive parts."""
    ends = np.cumsum(sizes)
    return [songs.at(np.arange(end - size, end)) for end, size in zip(ends, sizes, strict=True)]


def _steps(one: Songs, other: Songs, config: PlaylistConfig) -> NDArray[np.float64]:
    return transition_costs(
        (one.vectors, one.traits), (other.vectors, other.traits), config.transition
    )


def _stages(
    library: Library, points: Vectors, scope: Scope, limits: Limits, most: int
) -> list[Ids]:
    """Return the songs that each point may choose from; looks farther while one has none."""
    depth = most * 4
    while True:
        ranked = [nearest(library.index, point, depth, scope).ids for point in points]
        ids = np.unique(np.concatenate(ranked))
        near = (vectors_of(library.index, ids) @ points.T).max(axis=1)
        allowed = limits.keep(best(ids, near, len(ids))).ids
        stages = deal([keys[np.isin(keys, allowed)] for keys in ranked], most)
        if all(len(keys) for keys in stages) or depth >= len(library.index):
            return stages
        depth *= 4


def _told(
    library: Library, songs: Songs, ends: Seeds, places: list[int], count: int
) -> list[Recommendation]:
    points = points_between(ends.vectors[0], ends.vectors[-1], count)
    lines = []
    for item, vector, place in zip(songs.items, songs.vectors, places, strict=True):
        share = (place + 1) / (count + 1)
        text = f"{share:.0%} of the way from {ends.labels[0]} to {ends.labels[-1]}"
        score = float(vector @ points[place])
        lines.append(library.line(item, score, Reason(text, 1.0, space=library.name)))
    return lines


def _with_ends(
    library: Library, ends: Seeds, lines: list[Recommendation]
) -> tuple[Recommendation, ...]:
    start, end = (library.songs(keys[keys > 0]).items for keys in (ends.keys[:1], ends.keys[1:]))
    first = [library.line(item, 1.0, Reason("where it starts", 1.0)) for item in start]
    last = [library.line(item, 1.0, Reason("where it leads", 1.0)) for item in end]
    return (*first, *lines, *last)
