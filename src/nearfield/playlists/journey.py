"""A path through the space of songs: from one to another, in steps that fit."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.types import Ids, Vectors

_SAME: Final = 1e-5
"""The sine of an angle that is taken for none, or for half a turn."""


def points_between(start: Vectors, end: Vectors, count: int) -> Vectors:
    """Return points on the shortest way over the sphere from one vector to another.

    Parameters
    ----------
    start, end : float32, shape (dim,)
        Unit vectors. Where they are opposite there is no shortest way, and one is taken.
    count : int
        How many, the ends not among them.

    Returns
    -------
    float32, shape (count, dim)
        Unit vectors at equal distances.
    """
    ahead = end - (start @ end) * start
    sine = float(np.linalg.norm(ahead))
    angle = math.atan2(sine, float(start @ end))
    direction = ahead / sine if sine > _SAME else _across(start)
    steps = angle * np.arange(1, count + 1)[:, None] / (count + 1)
    points: Vectors = (np.cos(steps) * start + np.sin(steps) * direction).astype(np.float32)
    return points


def deal(ranked: list[Ids], most: int) -> list[Ids]:
    """Deal candidates to stages so that no two stages may choose the same.

    Parameters
    ----------
    ranked : list of int64 arrays
        Candidates of each stage, best first.
    most : int
        Each takes up to so many, in turn: its best one that nobody has taken.

    Returns
    -------
    list of int64 arrays
        What each stage has, best first; an empty one where all its candidates were taken.
    """
    taken: set[int] = set()
    dealt: list[list[int]] = [[] for _ in ranked]
    left = [iter(ids.tolist()) for ids in ranked]
    for _ in range(most):
        for mine, mine_left in zip(dealt, left, strict=True):
            for key in mine_left:
                if key not in taken:
                    taken.add(key)
                    mine.append(key)
                    break
    return [np.array(mine, dtype=np.int64) for mine in dealt]


def cheapest_way(
    stays: list[NDArray[np.float64]], steps: list[NDArray[np.float64]]
) -> NDArray[np.int64]:
    """Choose one candidate of each stage so that all costs sum up to the least.

    Parameters
    ----------
    stays : list of float64 arrays, shape (candidates of the stage,)
        What it costs to choose each; at least one stage, none without candidates.
    steps : list of float64 arrays, shape (candidates, candidates of the next stage)
        What it costs to go on; one fewer than stages.

    Returns
    -------
    int64, shape (stages,)
        Position of the chosen candidate of each stage.
    """
    total, came_from = stays[0], []
    for step, stay in zip(steps, stays[1:], strict=True):
        through = total[:, None] + step
        came_from.append(through.argmin(axis=0))
        total = through.min(axis=0) + stay
    way = [int(np.argmin(total))]
    for back in reversed(came_from):
        way.append(int(back[way[-1]]))
    return np.array(way[::-1], dtype=np.int64)


def _across(vector: Vectors) -> Vectors:
    """Return a unit vector at a right angle."""
    axis = np.zeros_like(vector)
    axis[int(np.argmin(np.abs(vector)))] = 1
    axis -= (axis @ vector) * vector
    across: Vectors = axis / np.linalg.norm(axis)
    return across
