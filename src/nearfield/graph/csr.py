"""Sort edges into compressed rows by counting: no comparison, no Python object, two passes."""

from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from nearfield.compiled import compiled

Array = TypeVar("Array", bound=NDArray[np.generic])

Rows: TypeAlias = NDArray[np.int32]
"""Row numbers of nodes, from 0."""

Offsets: TypeAlias = NDArray[np.int64]
"""Where each row's edges start, shape (rows + 1,): row r has offsets[r]:offsets[r + 1]."""

Sorted: TypeAlias = tuple[Offsets, Rows, NDArray[np.float32], NDArray[np.int64]]
"""Offsets, neighbours, weights and times; times are empty where there are none."""


def read_only(array: Array) -> Array:
    """Return a view that cannot be written to: one type of array, so that loops compile once."""
    view = array.view()
    view.flags.writeable = False
    return view


def group(
    keys: Rows, others: Rows, weights: NDArray[np.float32], times: NDArray[np.int64], rows: int
) -> Sorted:
    """Group edges by `keys`; within a group they keep the order in which they came.

    Parameters
    ----------
    keys, others : int32, shape (edges,)
        The two ends of each edge; keys in [0, rows).
    weights : float32, shape (edges,)
    times : int64, shape (edges,) or (0,)
    rows : int

    Returns
    -------
    tuple of arrays
        As in `Sorted`.
    """
    given = read_only(keys), read_only(others), read_only(weights), read_only(times)
    return _group(*given, rows)


@compiled
def _group(
    keys: Rows, others: Rows, weights: NDArray[np.float32], times: NDArray[np.int64], rows: int
) -> Sorted:
    offsets = np.zeros(rows + 1, np.int64)
    for edge in range(len(keys)):
        offsets[keys[edge] + 1] += 1
    for row in range(rows):
        offsets[row + 1] += offsets[row]
    free = offsets[:-1].copy()
    neighbours = np.empty(len(keys), np.int32)
    sorted_weights = np.empty(len(keys), np.float32)
    sorted_times = np.empty(len(times), np.int64)
    timed = len(times) > 0
    for edge in range(len(keys)):
        place = free[keys[edge]]
        free[keys[edge]] = place + 1
        neighbours[place] = others[edge]
        sorted_weights[place] = weights[edge]
        if timed:
            sorted_times[place] = times[edge]
    return offsets, neighbours, sorted_weights, sorted_times


@compiled
def merge_repeated(
    offsets: Offsets, neighbours: Rows, weights: NDArray[np.float32], times: NDArray[np.int64]
) -> int:
    """Make one edge of equal neighbours that follow one another in a row, in place.

    Weights are added, the newest time is kept. Returns the number of edges that are left; what
    lies behind them in the arrays is rubbish.
    """
    timed = len(times) > 0
    kept = 0
    start = offsets[0]
    for row in range(len(offsets) - 1):
        stop = offsets[row + 1]
        first = kept
        for edge in range(start, stop):
            if kept > first and neighbours[kept - 1] == neighbours[edge]:
                weights[kept - 1] += weights[edge]
                if timed:
                    times[kept - 1] = max(times[kept - 1], times[edge])
                continue
            neighbours[kept] = neighbours[edge]
            weights[kept] = weights[edge]
            if timed:
                times[kept] = times[edge]
            kept += 1
        offsets[row + 1] = kept
        start = stop
    return kept


@compiled
def sort_by_time(
    offsets: Offsets, neighbours: Rows, weights: NDArray[np.float32], times: NDArray[np.int64]
) -> None:
    """Sort the edges of every row by time, oldest first, in place; ties keep their order."""
    widest = 0
    for row in range(len(offsets) - 1):
        widest = max(widest, offsets[row + 1] - offsets[row])
    order, spare = np.empty(widest, np.int32), np.empty(widest, np.int32)
    for row in range(len(offsets) - 1):
        start, stop = offsets[row], offsets[row + 1]
        places = order[: stop - start]
        for place in range(len(places)):
            places[place] = place
        _sort(times[start:stop], places, spare)
        _gather(neighbours[start:stop], places)
        _gather(weights[start:stop], places)
        _gather(times[start:stop], places)


@compiled
def _gather(values: Array, places: Rows) -> None:
    """Put the values of `places` in their order, in place."""
    old = values.copy()
    for place in range(len(places)):
        values[place] = old[places[place]]


@compiled
def _sort(times: NDArray[np.int64], order: Rows, spare: Rows) -> None:
    """Sort the places in `order` by their time: short runs by insertion, then merged in pairs."""
    size, run = len(order), 16
    for start in range(0, size, run):
        for place in range(start + 1, min(start + run, size)):
            moved, to = order[place], place
            while to > start and times[order[to - 1]] > times[moved]:
                order[to] = order[to - 1]
                to -= 1
            order[to] = moved
    while run < size:
        for start in range(0, size, 2 * run):
            _merge(times, order[start : start + 2 * run], run, spare)
        run *= 2


@compiled
def _merge(times: NDArray[np.int64], order: Rows, middle: int, spare: Rows) -> None:
    """Merge the sorted places before `middle` with those from there on; none may be there."""
    if len(order) <= middle or times[order[middle - 1]] <= times[order[middle]]:
        return
    for place in range(middle):
        spare[place] = order[place]
    left, right = 0, middle
    for place in range(len(order)):
        if left == middle:
            break
        if right == len(order) or times[spare[left]] <= times[order[right]]:
            order[place] = spare[left]
            left += 1
        else:
            order[place] = order[right]
            right += 1
