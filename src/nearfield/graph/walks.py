"""The items that matter most to an item: those that short random walks from it visit most."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from nearfield.errors import InvalidInput
from nearfield.graph.bipartite import Adjacency, BipartiteGraph
from nearfield.graph.csr import Rows
from nearfield.graph.walk_kernel import Found, Plan, Side, alias_table, walk

_WORTH_A_THREAD: Final = 1 << 14
"""Steps for which starting a thread pays."""


class WalkConfig(BaseModel):
    """How far and how often to walk, and how many neighbours to keep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    neighbours: Annotated[
        int, Field(ge=1, le=1000, description="most visited items kept for each item")
    ] = 10
    walks: Annotated[int, Field(ge=1, le=100_000, description="walks from each item")] = 100
    length: Annotated[
        int, Field(ge=1, le=100, description="steps item-user-item that a walk takes at most")
    ] = 2
    restart: Annotated[
        float, Field(ge=0, le=1, description="chance that a walk ends after a step")
    ] = 0.5
    weighted: Annotated[
        bool, Field(description="draw edges by their weight; otherwise all alike")
    ] = False
    include_seed: Annotated[
        bool, Field(description="let an item be its own neighbour where walks came back to it")
    ] = False


@dataclass(frozen=True, slots=True)
class Neighbourhoods:
    """The most visited items of each item asked for, most visits first, ties by lower row.

    Parameters
    ----------
    rows : int32, shape (asked, neighbours)
        Rows of items in the graph; -1 fills the row where fewer were visited.
    counts : int32, shape (asked, neighbours)
        Visits; 0 beside a row of -1.
    weights : float32, shape (asked, neighbours)
        Each one's share of the counts in its row, in [0, 1]: a row sums to 1, or to 0 where
        nothing was visited.
    """

    rows: Rows
    counts: NDArray[np.int32]
    weights: NDArray[np.float32]

    def part(self, chosen: slice | NDArray[np.integer[Any]]) -> "Neighbourhoods":
        """Return those of some of the items asked for."""
        return Neighbourhoods(self.rows[chosen], self.counts[chosen], self.weights[chosen])


class Walks:
    """Random walks with restart from items, as in PinSage [1]_.

    A walk goes from the item to one of its users and on to one of that user's items, at most
    `length` times; after each of these steps it ends with the chance `restart`, and the next walk
    begins at the item again. An item's importance is the number of visits.

    The same numbers as `PinSAGESampler` of DGL: `length` is its num_traversals, `restart` its
    termination_prob, `walks` its num_random_walks, `neighbours` its num_neighbors. Three things
    differ: DGL counts visits to the item itself (so does `include_seed`), breaks ties by the higher
    row, and walks a repeated edge more often, where a graph of ours has merged it (then
    `weighted` does the same). A walk that is to end takes no further half step here, which
    changes no visit.

    Parameters
    ----------
    graph : BipartiteGraph
    config : WalkConfig
    threads : int, optional
        At most so many work at once; all cores of this process where not given. The result
        does not depend on it.

    References
    ----------
    .. [1] Ying et al., "Graph Convolutional Neural Networks for Web-Scale Recommender Systems",
       KDD 2018. https://doi.org/10.1145/3219819.3219890
    """

    def __init__(
        self, graph: BipartiteGraph, config: WalkConfig, threads: int | None = None
    ) -> None:
        if threads is not None and threads < 1:
            raise InvalidInput(f"threads is {threads}. Give 1 or more, or leave it out.")
        self.graph = graph
        self.config = config
        self.threads = threads or _cores()
        self._items = _side(graph.item_users, config.weighted)
        self._users = _side(graph.user_items, config.weighted)

    def neighbours(
        self,
        items: NDArray[np.generic] | Sequence[int],
        seed: int,
        into: Neighbourhoods | None = None,
    ) -> Neighbourhoods:
        """Walk from each item.

        Parameters
        ----------
        items : int, shape (asked,)
            Rows of items, any number of times each.
        seed : int
            At least 0. An item's neighbours depend on it, on nothing else that is asked for:
            neither on the batch nor on the threads. Give another one for other walks.
        into : Neighbourhoods, optional
            Whose arrays are filled, one row for each of `items`; new ones where not given.

        Returns
        -------
        Neighbourhoods
            One row for each of `items`; an item without edges has none.

        Raises
        ------
        InvalidInput
            If a row does not exist, or `seed` is below 0.
        """
        asked = self._check(items, seed)
        plan = self._plan(seed, self.config.include_seed)
        return self._found(self._items, asked, plan, into)

    def from_outside(self, starts: Adjacency, seed: int) -> Neighbourhoods:
        """Walk from items that are not in the graph, but some of whose users are.

        Parameters
        ----------
        starts : Adjacency
            The users of each such item, all with edges. No walk leads to the items.
        seed : int
            As in `neighbours`.
        """
        side = _side(starts, self.config.weighted)
        asked = np.arange(len(starts), dtype=np.int32)
        # a row of `starts` is not the item of the same row: nothing is left out
        return self._found(side, asked, self._plan(seed, include_seed=True))

    def _plan(self, seed: int, include_seed: bool) -> Plan:
        config = self.config
        return Plan(config.walks, config.length, int(config.restart * 2**32), include_seed, seed)

    def _found(
        self, starts: Side, asked: Rows, plan: Plan, into: Neighbourhoods | None = None
    ) -> Neighbourhoods:
        config = self.config
        shape = (len(asked), config.neighbours)
        found = into or Neighbourhoods(
            np.empty(shape, np.int32), np.empty(shape, np.int32), np.empty(shape, np.float32)
        )
        for array, nothing in ((found.rows, -1), (found.counts, 0), (found.weights, 0)):
            array[:] = nothing  # seeds without edges are left out
        steps = len(asked) * config.walks * config.length
        threads = min(self.threads, 1 + steps // _WORTH_A_THREAD)
        if threads == 1:
            self._walk(starts, asked, plan, found, slice(None))
            return found
        size = -(-len(asked) // (4 * threads))  # small enough that no thread waits long at the end
        parts = [slice(start, start + size) for start in range(0, len(asked), size)]
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda part: self._walk(starts, asked, plan, found, part), parts))
        return found

    def all(self, seed: int) -> Neighbourhoods:
        """Walk from every item of the graph, in the order of their rows."""
        return self.neighbours(np.arange(len(self.graph.items), dtype=np.int32), seed)

    def _walk(
        self, starts: Side, asked: Rows, plan: Plan, found: Neighbourhoods, part: slice
    ) -> None:
        target = Found(found.rows[part], found.counts[part], found.weights[part])
        walk(starts, self._items, self._users, asked[part], plan, target)

    def _check(self, items: NDArray[np.generic] | Sequence[int], seed: int) -> Rows:
        if not 0 <= seed < 2**63:
            raise InvalidInput(f"seed is {seed}. Give a whole number from 0 to 2^63 - 1.")
        asked = np.asarray(items)
        if asked.ndim != 1 or (asked.dtype.kind not in "iu" and len(asked)):
            raise InvalidInput(
                f"items have shape {asked.shape} and type {asked.dtype}. Give row numbers, "
                "shape (asked,)."
            )
        count = len(self._items.indptr) - 1
        if len(asked) and not (asked.min() >= 0 and asked.max() < count):
            wrong = asked[(asked < 0) | (asked >= count)]
            raise InvalidInput(
                f"{len(wrong)} of {len(asked)} items are not in the graph, e.g. row {wrong[0]}. "
                f"Its {count} items have the rows 0 to {count - 1}; `graph.items.rows` turns ids "
                "into rows."
            )
        return asked.astype(np.int32)  # a copy, so always the type the loops are compiled for


def _side(adjacency: Adjacency, weighted: bool) -> Side:
    if not weighted:
        nothing = np.empty(0, np.uint32), np.empty(0, np.int32)
        return Side(adjacency.indptr, adjacency.neighbours, *nothing)
    table = alias_table(adjacency.indptr, adjacency.neighbours, adjacency.weights)
    return Side(adjacency.indptr, adjacency.neighbours, *table)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
