"""Build a graph from tables of any kind, with the words people know from other graph tools."""

import numpy as np
from numpy.typing import NDArray

from nearfield.errors import InvalidInput
from nearfield.graph.bipartite import BipartiteGraph, Edges, assemble, check_weights
from nearfield.graph.nodes import Nodes, SomeIds


class GraphBuilder:
    """Collects the two types of nodes and the relations between them.

    Examples
    --------
    >>> builder = GraphBuilder()
    >>> builder = builder.add_entities("users", ["ann", "bob"]).add_entities("items", [10, 20, 30])
    >>> builder.add_binary_relations("users", "items", ["ann", "bob", "bob"], [10, 10, 30]).build()
    BipartiteGraph(2 users, 3 items, 3 edges)
    """

    def __init__(self) -> None:
        self._nodes: dict[str, Nodes] = {}
        self._ends: tuple[str, str] | None = None
        self._edges: list[Edges] = []

    def add_entities(self, name: str, ids: SomeIds) -> "GraphBuilder":
        """Add a type of nodes; a graph has two.

        Parameters
        ----------
        name : str
        ids : array, Series or list, shape (nodes,)
            Distinct whole numbers, or distinct texts.

        Raises
        ------
        InvalidInput
            If the name is taken, there are two types already, or ids are not as described.
        """
        if name in self._nodes:
            raise InvalidInput(f"entities named {name!r} were added before. Give all ids at once.")
        if len(self._nodes) == 2:
            first, second = self._nodes
            raise InvalidInput(
                f"a bipartite graph has two types of nodes, here {first!r} and {second!r}. Leave "
                f"{name!r} out, or build a second graph."
            )
        self._nodes[name] = Nodes.of(name, ids)
        return self

    def add_binary_relations(
        self,
        source: str,
        target: str,
        source_ids: SomeIds,
        target_ids: SomeIds,
        *,
        weights: NDArray[np.generic] | None = None,
        times: NDArray[np.integer] | None = None,
    ) -> "GraphBuilder":
        """Add edges; repeated ones are merged: weights are added, the newest time is kept.

        The source of the first relations becomes the graph's users, their target its items;
        later relations may name the two the other way round.

        Parameters
        ----------
        source, target : str
            Names given to `add_entities`.
        source_ids, target_ids : array, Series or list, shape (relations,)
            Both ends of each relation.
        weights : array, shape (relations,), optional
            Finite and greater than 0; 1 each where not given.
        times : int array, shape (relations,), optional
            Seconds since 1970, or any other count. Relations have all times, or none.

        Raises
        ------
        InvalidInput
            If a name or an id is unknown, both names are the same, or arrays do not fit.
        """
        users, items = self._direction(source, target)
        if (users, items) != (source, target):
            source_ids, target_ids = target_ids, source_ids
        count = len(source_ids)
        if len(target_ids) != count:
            raise InvalidInput(
                f"{len(source_ids)} {users} and {len(target_ids)} {items} do not pair up. Give one "
                "of each for every relation."
            )
        edges = Edges(
            self._nodes[users].rows(source_ids),
            self._nodes[items].rows(target_ids),
            None if weights is None else check_weights(np.asarray(weights), count),
            None if times is None else _check_times(np.asarray(times), count),
        )
        if self._edges and (edges.times is None) != (self._edges[0].times is None):
            raise InvalidInput(
                "some relations have times and others have none. Give all of them times, or none."
            )
        self._ends = users, items
        self._edges.append(edges)
        return self

    def build(self) -> BipartiteGraph:
        """Return the graph; the builder is empty of relations afterwards, to free their memory.

        Raises
        ------
        InvalidInput
            If there are no relations.
        """
        if self._ends is None or not self._edges:
            raise InvalidInput(
                f"the graph has no edges: entities {sorted(self._nodes)} and no relations. Call "
                "add_binary_relations before each build."
            )
        users, items = self._ends
        parts, self._edges = self._edges, []
        edges = parts[0] if len(parts) == 1 else _join(parts)
        del parts
        return assemble(self._nodes[users], self._nodes[items], edges)

    def _direction(self, source: str, target: str) -> tuple[str, str]:
        for name in (source, target):
            if name not in self._nodes:
                raise InvalidInput(
                    f"there are no entities named {name!r}, only {sorted(self._nodes)}. Add them "
                    "with add_entities first."
                )
        if source == target:
            raise InvalidInput(
                f"the relations connect {source!r} with {target!r} itself. In a bipartite graph an "
                "edge joins the two types of nodes."
            )
        return self._ends or (source, target)


def _check_times(times: NDArray[np.generic], count: int) -> NDArray[np.int64]:
    if times.shape != (count,):
        raise InvalidInput(
            f"times have shape {times.shape}, but there are {count} relations. Give one each."
        )
    if times.dtype.kind not in "iu":
        raise InvalidInput(
            f"times are of type {times.dtype}. Give whole numbers, e.g. seconds since 1970."
        )
    return times.astype(np.int64, copy=False)


def _join(parts: list[Edges]) -> Edges:
    weights = None
    if any(part.weights is not None for part in parts):
        weights = np.concatenate(
            [np.ones(len(p.users), np.float32) if p.weights is None else p.weights for p in parts]
        )
    times = [part.times for part in parts if part.times is not None]
    return Edges(
        np.concatenate([part.users for part in parts]),
        np.concatenate([part.items for part in parts]),
        weights,
        np.concatenate(times) if times else None,
    )
