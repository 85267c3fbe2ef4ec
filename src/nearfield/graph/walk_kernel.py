"""The compiled loops of the random walks.

All walks of an item take a step together: within a step no walk waits for another, so the
processor fetches the rows of several at once from memory. Random numbers are a hash of a counter
(SplitMix64 [1]_) that starts at a place given by the seed and the item: what an item gets depends
on neither the batch nor the thread.

References
----------
.. [1] Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
   https://doi.org/10.1145/2660193.2660195
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearfield.compiled import compiled
from nearfield.graph.csr import Offsets, Rows

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_HASH: Final = np.uint64(0x9E3779B1)  # 2^32 divided by the golden ratio: Knuth's multiplier
_LOW: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)
_ONE: Final = np.uint64(1)
_ROW: Final = 0x7FFFFFFF


class Side(NamedTuple):
    """Where one can go from the nodes of one side.

    Parameters
    ----------
    indptr : int64, shape (rows + 1,)
    neighbours : int32, shape (edges,)
    limits : uint32, shape (edges,) or (0,)
        Share, in units of 2^-32, of the place's draws that go to `neighbours`; the others go to
        `others`. Empty where all edges are equally likely.
    others : int32, shape (edges,) or (0,)
    """

    indptr: Offsets
    neighbours: Rows
    limits: NDArray[np.uint32]
    others: Rows


class Plan(NamedTuple):
    """How to walk: `WalkConfig` in numbers; `restart` is in units of 2^-32."""

    walks: int
    length: int
    restart: int
    include_seed: bool
    seed: int


class Found(NamedTuple):
    """What is filled in place, each of shape (seeds, neighbours)."""

    rows: Rows
    counts: NDArray[np.int32]
    weights: NDArray[np.float32]


@compiled
def _mix(state: np.uint64) -> np.uint64:
    """Return 64 random bits for a counter."""
    state = (state ^ (state >> np.uint64(30))) * _FIRST
    state = (state ^ (state >> np.uint64(27))) * _SECOND
    return state ^ (state >> np.uint64(31))


@compiled
def _pick(side: Side, row: np.uint64, random: np.uint64) -> np.int32:
    """Draw an edge of a row by 32 random bits, with Lemire's multiplication instead of a division.

    An edge's chance is off by at most degree / 2^32 of itself.
    """
    start = side.indptr[row]
    degree = np.uint64(side.indptr[row + _ONE] - start)
    product = random * degree
    place = np.uint64(start) + (product >> _HALF)
    if len(side.limits) > 0 and (product & _LOW) >= np.uint64(side.limits[place]):
        return np.int32(side.others[place])
    return np.int32(side.neighbours[place])


@compiled
def _step(items: Side, users: Side, at: Rows, alive: int, state: np.uint64) -> np.uint64:
    """Take the first `alive` walks from their item over a user to the next; all have edges."""
    for walk in range(alive):
        state += _GOLDEN
        random = _mix(state)
        user = _pick(items, np.uint64(at[walk]), random >> _HALF)
        at[walk] = _pick(users, np.uint64(user), random & _LOW)
    return state


@compiled
def _survivors(alive: int, restart: int, state: np.uint64) -> int:
    """Return how many of the walks go on.

    The walks of an item are alike, so it does not matter which of them end: the last ones do.
    """
    left = 0
    for _ in range(alive):
        state += _GOLDEN
        left += int((_mix(state) >> _HALF) >= np.uint64(restart))
    return left


@compiled
def _count(
    at: Rows, alive: int, keys: Rows, counts: NDArray[np.int32], used: Offsets, distinct: int
) -> int:
    """Count visits in a hash table; `used` lists the slots of the `distinct` items so far."""
    mask = np.uint64(len(keys) - 1)
    for walk in range(alive):
        item = at[walk]
        slot = ((np.uint64(item) * _HASH) >> np.uint64(8)) & mask
        while keys[slot] != item and keys[slot] != -1:
            slot = (slot + _ONE) & mask
        new = keys[slot] == -1
        used[distinct] = slot
        distinct += new
        keys[slot] = item
        counts[slot] = 1 if new else counts[slot] + 1
    return distinct


@compiled
def _best(
    keys: Rows,
    counts: NDArray[np.int32],
    used: NDArray[np.int64],
    best: NDArray[np.int64],
    without: int,
) -> int:
    """Keep the items of most visits, ties by lower row, in `best`; return how many there are.

    An entry of `best` is the count in the upper 32 bits and `_ROW` - row below.
    """
    found = 0
    for slot in used:
        item = keys[np.uint64(slot)]
        if item == without:
            continue
        entry = (np.int64(counts[np.uint64(slot)]) << 32) | (_ROW - np.int64(item))
        if found == len(best):
            if entry < best[found - 1]:
                continue
            found -= 1
        place = found
        while place > 0 and best[place - 1] < entry:
            best[place] = best[place - 1]
            place -= 1
        best[place] = entry
        found += 1
    return found


@compiled
def _write(best: NDArray[np.int64], index: int, found: Found) -> None:
    """Write the best of one seed and the shares of their visits."""
    total = 0
    for place in range(len(best)):
        total += best[place] >> 32
    for place in range(len(best)):
        count = best[place] >> 32
        found.rows[index, place] = _ROW - (best[place] & 0xFFFFFFFF)
        found.counts[index, place] = count
        found.weights[index, place] = count / total


@compiled
def walk(starts: Side, items: Side, users: Side, seeds: Rows, plan: Plan, found: Found) -> None:
    """Fill `found` with the most visited items of each seed; seeds without edges are left out.

    Seeds are rows of `starts`, from which the first step goes; the others go from `items`.
    """
    visits = min(plan.walks * plan.length, len(items.indptr) - 1)
    size = 4
    while size < 2 * visits:
        size *= 2
    keys, counts = np.empty(size, np.int32), np.empty(size, np.int32)
    used = np.empty(visits + 1, np.int64)
    at = np.empty(plan.walks, np.int32)
    best = np.empty(found.rows.shape[1], np.int64)
    start = _mix(np.uint64(plan.seed) + _GOLDEN)
    for index in range(len(seeds)):
        item = int(seeds[index])
        if starts.indptr[item] == starts.indptr[item + 1]:
            continue
        state = _mix(start ^ _mix(np.uint64(item) + _GOLDEN))
        at[:] = item
        keys[:] = -1
        alive, distinct = plan.walks, 0
        for step in range(plan.length):
            if step > 0:
                left = _survivors(alive, plan.restart, state)
                state += np.uint64(alive) * _GOLDEN
                alive = left
            state = _step(starts if step == 0 else items, users, at, alive, state)
            distinct = _count(at, alive, keys, counts, used, distinct)
        without = -1 if plan.include_seed else item
        kept = _best(keys, counts, used[:distinct], best, without)
        _write(best[:kept], index, found)


@compiled
def alias_table(
    indptr: Offsets, neighbours: Rows, weights: NDArray[np.float32]
) -> tuple[NDArray[np.uint32], Rows]:
    """Return `limits` and `others` of a `Side` whose edges are drawn by weight.

    Every place of a row gets an equal share of the draws; where its own edge needs less, the rest
    goes to an edge that needs more (Walker's method as put right by Vose [1]_).

    References
    ----------
    .. [1] Vose, "A Linear Algorithm for Generating Random Numbers with a Given Distribution",
       IEEE Transactions on Software Engineering 17(9), 1991. https://doi.org/10.1109/32.92917
    """
    limits = np.empty(len(neighbours), np.uint32)
    others = neighbours.copy()
    widest = 0
    for row in range(len(indptr) - 1):
        widest = max(widest, indptr[row + 1] - indptr[row])
    need = np.empty(widest, np.float64)
    queue = np.empty(widest, np.int64)  # places that need less in front, more at the back
    for row in range(len(indptr) - 1):
        start, degree = indptr[row], indptr[row + 1] - indptr[row]
        total = 0.0
        for place in range(degree):
            total += weights[start + place]
        less, more = 0, degree
        for place in range(degree):
            need[place] = weights[start + place] / total * degree
            if need[place] < 1:
                queue[less] = place
                less += 1
            else:
                more -= 1
                queue[more] = place
        _share_out(need, queue[:degree], less, limits[start:], others[start:], neighbours[start:])
    return limits, others


@compiled
def _share_out(
    need: NDArray[np.float64],
    queue: NDArray[np.int64],
    less: int,
    limits: NDArray[np.uint32],
    others: Rows,
    neighbours: Rows,
) -> None:
    """Fill what the places in front of `less` leave over with those behind, for one row."""
    more = less
    while less > 0 and more < len(queue):
        less -= 1
        poor, rich = queue[less], queue[more]
        limits[poor] = np.uint32(need[poor] * 4294967295.0)
        others[poor] = neighbours[rich]
        need[rich] -= 1 - need[poor]
        if need[rich] < 1:
            queue[less] = rich
            less += 1
            more += 1
    for place in queue[:less]:  # what rounding left
        limits[place] = np.uint32(4294967295)
    for place in queue[more:]:
        limits[place] = np.uint32(4294967295)
