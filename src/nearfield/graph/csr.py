"""Sort edges into compressed rows by counting: no comparison, no Python object, two passes."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from nearfield.graph.compiled import compiled

Rows: TypeAlias = NDArray[np.int32]
"""Row numbers of nodes, from 0."""

Offsets: TypeAlias = NDArray[np.int64]
"""Where each row's edges start, shape (rows + 1,): row r has offsets[r]:offsets[r + 1]."""

Sorted: TypeAlias = tuple[Offsets, Rows, NDArray[np.float32], NDArray[np.int64]]
"""Offsets, neighbours, weights and times; times are empty where there are none."""


@compiled
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
    for row in range(len(offsets) - 1):
        start, stop = offsets[row], offsets[row + 1]
        ordered = True
        for edge in range(start + 1, stop):
            if times[edge - 1] > times[edge]:
                ordered = False
                break
        if ordered:
            continue
        order = np.argsort(times[start:stop], kind="mergesort")
        neighbours[start:stop] = neighbours[start:stop][order]
        weights[start:stop] = weights[start:stop][order]
        times[start:stop] = times[start:stop][order]
