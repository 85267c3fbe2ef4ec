"""Put songs in an order in which neighbours fit: a short path through all of them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_FORCED: Final = 1e6
"""Gained by the way between a fixed end of the path and the open side; no cost comes near."""

_GAIN: Final = 1e-9
"""A change must save more than this."""

_STARTS: Final = 6
"""Songs from which a path is begun where its first one is free."""

_FEW: Final = 100
"""A longer path is begun once: that takes a second for a thousand songs."""

_SEGMENT: Final = 3
"""The longest piece that is moved elsewhere."""


def order_songs(
    costs: NDArray[np.float64], first: int | None = None, last: int | None = None
) -> NDArray[np.int64]:
    """Return an order in which the costs from each song to the next sum up to little.

    A path is begun greedily and then improved by turning pieces round (2-opt [1]_) and moving
    short ones elsewhere (Or-opt), until neither saves anything. So a song never stands beside one
    of the same artist where moving it could avoid that, if that costs more than all else.

    Parameters
    ----------
    costs : float64, shape (songs, songs)
        Symmetric, 0 or more, and far below a million; the diagonal is not looked at.
    first, last : int, optional
        Songs that begin and end the path; any may where not given.

    Returns
    -------
    int64, shape (songs,)
        Each song once.

    References
    ----------
    .. [1] Croes, "A Method for Solving Traveling-Salesman Problems", Operations Research, 1958.
       https://doi.org/10.1287/opre.6.6.791
    """
    songs = len(costs)
    if songs < 2:
        return np.arange(songs, dtype=np.int64)
    ring = np.zeros((songs + 1, songs + 1))  # the last node stands between the end and the start
    ring[:songs, :songs] = costs
    for end in {first, last} - {None}:
        ring[songs, end] = ring[end, songs] = -_FORCED
    starts = [first] if first is not None else _spread_out(songs, last)
    tours = [_improved(_greedy(ring, start, last), ring) for start in starts]
    best = min(tours, key=lambda tour: _length(tour, ring))  # the first of equal ones
    path = np.roll(best, -int(np.flatnonzero(best == songs)[0]))[1:]
    turned = path[-1] == first or path[0] == last
    return path[::-1].copy() if turned else path


def _spread_out(songs: int, last: int | None) -> list[int]:
    """Return a few songs to start from."""
    free = [song for song in range(songs) if song != last]
    return free[:: -(-len(free) // _STARTS)] if songs <= _FEW else free[:1]


def _greedy(ring: NDArray[np.float64], start: int, last: int | None) -> NDArray[np.int64]:
    """Go from each song to the nearest one left; the open node comes first."""
    songs = len(ring) - 1
    left = np.ones(songs, dtype=bool)
    left[start] = False
    if last is not None:
        left[last] = False
    path = [songs, start]
    while left.any():
        path.append(int(np.argmin(np.where(left, ring[path[-1], :songs], np.inf))))
        left[path[-1]] = False
    if last is not None and last != start:
        path.append(last)
    return np.array(path, dtype=np.int64)


def _improved(tour: NDArray[np.int64], ring: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the tour once no piece can be turned or moved with gain."""
    while True:
        turned = _turn_pieces(tour, ring)
        moved = _move_pieces(turned, ring)
        if moved is turned:
            return turned
        tour = moved


def _turn_pieces(tour: NDArray[np.int64], ring: NDArray[np.float64]) -> NDArray[np.int64]:
    """Turn pieces round as long as that saves something."""
    tour = tour.copy()
    nodes, changed = len(tour), True
    while changed:
        changed = False
        for place in range(nodes - 2):
            here, after = tour[place], tour[place + 1]
            ends, next_ones = tour[place + 2 :], np.append(tour[place + 3 :], tour[0])
            saved = ring[here, after] + ring[ends, next_ones]
            saved -= ring[here, ends] + ring[after, next_ones]
            best = int(np.argmax(saved))
            if saved[best] > _GAIN:
                piece = slice(place + 1, place + 3 + best)
                tour[piece] = tour[piece][::-1].copy()
                changed = True
    return tour


def _move_pieces(tour: NDArray[np.int64], ring: NDArray[np.float64]) -> NDArray[np.int64]:
    """Move pieces of one to three songs to where they fit best; the same tour where none gains."""
    result = tour
    for length in range(1, min(_SEGMENT, len(tour) - 3) + 1):
        for node in tour.tolist():
            result = _move_piece(result, node, length, ring)
    return result


def _move_piece(
    tour: NDArray[np.int64], node: int, length: int, ring: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Move the piece that begins with a node to the best place; the same tour if it has that."""
    turned = np.roll(tour, -int(np.flatnonzero(tour == node)[0]))
    piece, rest = turned[:length], turned[length:]
    head, tail, before, after = piece[0], piece[-1], rest[-1], rest[0]
    saved = ring[before, head] + ring[tail, after] - ring[before, after]
    left, right = rest, np.append(rest[1:], rest[0])
    straight = ring[left, head] + ring[tail, right]
    reverse = ring[left, tail] + ring[head, right]
    added = np.minimum(straight, reverse) - ring[left, right]
    best = int(np.argmin(added))
    if saved - added[best] <= _GAIN:
        return tour
    if reverse[best] < straight[best]:
        piece = piece[::-1]
    return np.concatenate([rest[: best + 1], piece, rest[best + 1 :]])


def _length(tour: NDArray[np.int64], ring: NDArray[np.float64]) -> float:
    return float(ring[tour, np.roll(tour, -1)].sum())
