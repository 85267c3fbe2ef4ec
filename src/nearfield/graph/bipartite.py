"""The bipartite graph of who touched what: two types of nodes, edges as arrays both ways."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nearfield.datasets.histories import event_weights
from nearfield.datasets.tables import Collection, Interactions
from nearfield.errors import InvalidInput
from nearfield.graph.csr import Offsets, Rows, group, merge_repeated, read_only, sort_by_time
from nearfield.graph.files import read_arrays, write_arrays
from nearfield.graph.nodes import Nodes


@dataclass(frozen=True)
class Adjacency:
    """The edges of one side, row by row; the arrays are read-only.

    The edges of a row are sorted by time, oldest first, where the graph has times (ties by
    neighbour), and by neighbour where it has none. No neighbour is twice in a row.

    Parameters
    ----------
    indptr : int64, shape (rows + 1,)
        Row r has the edges indptr[r]:indptr[r + 1].
    neighbours : int32, shape (edges,)
        Row of the node at the other end, on the other side.
    weights : float32, shape (edges,)
        Greater than 0; 1 for each time that the edge was given, unless weights were given.
    times : int64, shape (edges,), optional
        Seconds since 1970, or whatever the caller counts; the newest of merged edges.
    """

    indptr: Offsets
    neighbours: Rows
    weights: NDArray[np.float32]
    times: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        for name in ("indptr", "neighbours", "weights", "times"):
            if (array := getattr(self, name)) is not None:
                object.__setattr__(self, name, read_only(array))

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def degrees(self) -> NDArray[np.int64]:
        """Number of edges of each row, shape (rows,)."""
        return np.diff(self.indptr)

    def of(self, row: int) -> Rows:
        """Return the neighbours of one row."""
        return self.neighbours[self.indptr[row] : self.indptr[row + 1]]


@dataclass(frozen=True)
class Edges:
    """Edges as they come, in no order, perhaps repeated.

    Parameters
    ----------
    users, items : int32, shape (edges,)
        Rows of both ends.
    weights : float32, shape (edges,), optional
        Finite and greater than 0; 1 each where not given.
    times : int64, shape (edges,), optional
    """

    users: Rows
    items: Rows
    weights: NDArray[np.float32] | None = None
    times: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class BipartiteGraph:
    """Users on one side, items on the other, and an edge where a user touched an item.

    Make one with `GraphBuilder`, or with `of` from a collection.

    Parameters
    ----------
    users, items : Nodes
        The ids of both sides; a node's row is its place among them.
    user_items : Adjacency
        The items of each user.
    item_users : Adjacency
        The same edges by item.
    """

    users: Nodes
    items: Nodes
    user_items: Adjacency
    item_users: Adjacency

    @property
    def edges(self) -> int:
        """Number of edges, repeated ones merged."""
        return len(self.user_items.neighbours)

    def __repr__(self) -> str:
        return (
            f"BipartiteGraph({len(self.users)} {self.users.name}, {len(self.items)} "
            f"{self.items.name}, {self.edges} edges)"
        )

    @classmethod
    def of(
        cls, source: Collection | Interactions, weights: NDArray[np.float32] | None = None
    ) -> "BipartiteGraph":
        """Make the graph of the events that do not count against their item.

        Parameters
        ----------
        source : Collection or Interactions
            Nodes have the catalogue's keys as ids; their row numbers, if only interactions are
            given. All users and items become nodes, also those without events.
        weights : float32, shape (events,), optional
            How much each event counts, greater than 0; 1 where not given.

        Raises
        ------
        InvalidInput
            If no event is left, or weights are not as described.
        """
        events = source.interactions if isinstance(source, Collection) else source
        users = source.user_keys if isinstance(source, Collection) else np.arange(events.users)
        items = source.item_keys if isinstance(source, Collection) else np.arange(events.items)
        if weights is not None:
            weights = check_weights(weights, len(events))
        liked = event_weights(events.kind) > 0
        if not liked.all():
            events = events.take(liked)
            weights = None if weights is None else weights[liked]
        known = len(events) > 0 and bool(events.time.any())  # 0 stands for an unknown time
        edges = Edges(events.user, events.item, weights, events.time if known else None)
        return assemble(Nodes.of("users", users), Nodes.of("items", items), edges)

    def save(self, folder: Path) -> None:
        """Write the graph, one `.npy` file for each array and a JSON file that names them.

        A kill leaves the graph that was there, or the new one, never a mixture.
        """
        arrays: dict[str, np.ndarray] = {"users": self.users.ids, "items": self.items.ids}
        for side, adjacency in (("user_items", self.user_items), ("item_users", self.item_users)):
            for name in ("indptr", "neighbours", "weights", "times"):
                if (array := getattr(adjacency, name)) is not None:
                    arrays[f"{side}.{name}"] = array
        write_arrays(folder, arrays, {"users": self.users.name, "items": self.items.name})

    @classmethod
    def load(cls, folder: Path, mapped: bool = False) -> "BipartiteGraph":
        """Read what `save` wrote.

        Parameters
        ----------
        folder : Path
        mapped : bool
            Leave the arrays on disk: the system reads, and forgets, pages as they are needed.

        Raises
        ------
        NotFound
            If the folder holds no graph.
        InvalidInput
            If a file is damaged or missing.
        """
        arrays, names = read_arrays(folder, mapped)
        sides = [
            Adjacency(
                arrays[f"{side}.indptr"],
                arrays[f"{side}.neighbours"],
                arrays[f"{side}.weights"],
                arrays.get(f"{side}.times"),
            )
            for side in ("user_items", "item_users")
        ]
        users = Nodes(names["users"], arrays["users"])
        return cls(users, Nodes(names["items"], arrays["items"]), *sides)


def check_weights(weights: NDArray[np.generic], edges: int) -> NDArray[np.float32]:
    """Return weights as float32, if there is one for each edge, finite and greater than 0."""
    if weights.shape != (edges,):
        raise InvalidInput(
            f"weights have shape {weights.shape}, but there are {edges} relations. Give one each."
        )
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, and is refused
        checked = weights.astype(np.float32, copy=False)
    good = (checked > 0) & (checked < np.inf)
    if not good.all():
        first = int(np.flatnonzero(~good)[0])
        raise InvalidInput(
            f"{edges - int(good.sum())} of {edges} weights are not finite and above 0: relation "
            f"{first} has {weights[first]}. Leave such relations out."
        )
    return checked


def assemble(users: Nodes, items: Nodes, edges: Edges) -> BipartiteGraph:
    """Sort checked edges into both directions and merge repeated ones.

    Weights of repeated edges are added and the newest time is kept.

    Raises
    ------
    InvalidInput
        If there is no edge.
    """
    if not len(edges.users):
        raise InvalidInput(
            f"the graph of {len(users)} {users.name} and {len(items)} {items.name} has no edges. "
            "Give at least one event that does not count against its item."
        )
    by_user = _by_user(len(users), len(items), edges)
    pointers = np.diff(by_user[0])
    owners = np.repeat(np.arange(len(users), dtype=np.int32), pointers)
    by_item = group(by_user[1], owners, by_user[2], by_user[3], len(items))
    del owners
    sides = []
    for offsets, neighbours, weights, times in (by_user, by_item):
        if len(times):
            sort_by_time(offsets, neighbours, weights, times)
        sides.append(Adjacency(offsets, neighbours, weights, times if len(times) else None))
    return BipartiteGraph(users, items, *sides)


def _by_user(
    users: int, items: int, edges: Edges
) -> tuple[Offsets, Rows, NDArray[np.float32], NDArray[np.int64]]:
    """Return the items of each user by rising row, each once."""
    count = len(edges.users)
    weights = np.ones(count, np.float32) if edges.weights is None else edges.weights
    times = np.empty(0, np.int64) if edges.times is None else edges.times
    # by item first: grouping keeps the order, so each user's items come out by rising row
    offsets, owners, weights, times = group(edges.items, edges.users, weights, times, items)
    others = np.repeat(np.arange(items, dtype=np.int32), np.diff(offsets))
    offsets, neighbours, weights, times = group(owners, others, weights, times, users)
    del owners, others
    kept = merge_repeated(offsets, neighbours, weights, times)
    if kept < count:
        neighbours, weights = neighbours[:kept].copy(), weights[:kept].copy()
        times = times[:kept].copy()
    return offsets, neighbours, weights, times
