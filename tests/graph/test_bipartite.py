import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield.datasets.tables import EVENT_KINDS, Collection, Interactions
from nearfield.errors import InvalidInput, NotFound
from nearfield.graph.bipartite import BipartiteGraph
from nearfield.graph.builder import GraphBuilder

EDGES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(1, 4), st.integers(-9, 9)),
    min_size=1,
    max_size=60,
)


def builder() -> GraphBuilder:
    return GraphBuilder().add_entities("users", ["a", "b", "c"]).add_entities("items", [7, 8, -3])


def interactions(kinds: list[str], times: list[int]) -> Interactions:
    count = len(kinds)
    return Interactions(
        user=np.zeros(count, np.int32),
        item=np.arange(count, dtype=np.int32),
        kind=np.array([EVENT_KINDS.index(kind) for kind in kinds], np.int8),
        value=np.full(count, np.nan, np.float32),
        time=np.array(times, np.int64),
        users=2,
        items=count,
    )


@settings(deadline=None)  # the first call compiles
@given(edges=EDGES, timed=st.booleans())
def test_both_directions_hold_the_merged_edges(
    edges: list[tuple[int, int, int, int]], timed: bool
) -> None:
    users, items, weights, times = (np.array(column) for column in zip(*edges, strict=True))
    made = GraphBuilder().add_entities("users", range(6)).add_entities("items", range(5))
    made.add_binary_relations(
        "users", "items", users, items, weights=weights, times=times if timed else None
    )
    graph = made.build()
    total: dict[tuple[int, int], int] = {}
    newest: dict[tuple[int, int], int] = {}
    for user, item, weight, time in edges:
        total[user, item] = total.get((user, item), 0) + weight
        newest[user, item] = max(newest.get((user, item), time), time)
    assert graph.edges == len(total)
    for adjacency, turned in ((graph.user_items, False), (graph.item_users, True)):
        found = []
        for row in range(len(adjacency)):
            edge = slice(adjacency.indptr[row], adjacency.indptr[row + 1])
            order = []
            for place, other in enumerate(adjacency.of(row), int(adjacency.indptr[row])):
                pair = (int(other), row) if turned else (row, int(other))
                found.append(pair)
                assert adjacency.weights[place] == total[pair]
                order.append((newest[pair] if timed else 0, int(other)))
            assert order == sorted(order)
            if adjacency.times is not None:
                assert adjacency.times[edge].tolist() == [time for time, _ in order]
        assert sorted(found) == sorted(total)
        assert (adjacency.times is not None) == timed


def test_text_and_number_ids_become_rows_in_the_order_given() -> None:
    graph = (
        builder()
        .add_binary_relations("users", "items", ["c", "a"], [-3, 8])
        .add_binary_relations("items", "users", [7], ["a"])
        .build()
    )
    assert graph.user_items.of(0).tolist() == [0, 1]
    assert graph.item_users.of(2).tolist() == [2]
    assert (graph.users.ids.tolist(), graph.items.ids.tolist()) == (["a", "b", "c"], [7, 8, -3])
    assert graph.user_items.degrees.tolist() == [2, 0, 1]


@pytest.mark.parametrize("step", [1, 10**12])
def test_numbers_near_and_far_apart_are_found(step: int) -> None:
    ids = np.random.default_rng(0).permutation(50) * step
    made = GraphBuilder().add_entities("users", ids).add_entities("items", pl.Series([1]))
    graph = made.add_binary_relations("users", "items", ids[[3, 40]], [1, 1]).build()
    assert graph.item_users.of(0).tolist() == [3, 40]
    with pytest.raises(InvalidInput, match=rf"1 of 1 relations name users .*: {step // 2 + 99}"):
        made.add_binary_relations("users", "items", [step // 2 + 99], [1])


def test_arrays_cannot_be_written_to() -> None:
    graph = builder().add_binary_relations("users", "items", ["a"], [7]).build()
    with pytest.raises(ValueError, match="read-only"):
        graph.user_items.neighbours[0] = 1


def test_wrong_names_and_ids_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"no entities named 'films', only \['items', 'users'\]"):
        builder().add_binary_relations("users", "films", ["a"], [7])
    with pytest.raises(InvalidInput, match=r"connect 'items' with 'items' itself"):
        builder().add_binary_relations("items", "items", [7], [8])
    with pytest.raises(InvalidInput, match=r"1 of 2 relations name users that do not exist: 'z'"):
        builder().add_binary_relations("users", "items", ["a", "z"], [7, 8])
    with pytest.raises(InvalidInput, match=r"users are text, but .* by whole numbers such as 1"):
        builder().add_binary_relations("users", "items", [1], [7])
    with pytest.raises(InvalidInput, match=r"2 users and 1 items do not pair up"):
        builder().add_binary_relations("users", "items", ["a", "b"], [7])
    with pytest.raises(InvalidInput, match=r"entities named 'users' were added before"):
        builder().add_entities("users", [1])
    with pytest.raises(InvalidInput, match=r"two types of nodes, here 'users' and 'items'"):
        builder().add_entities("tags", [1])


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([1, 1, 2], r"users has the id 1 2 times"),
        ([1, None], r"1 of 2 ids of users are missing"),
        ([0.5, 1.0], r"ids of users are of type Float64, e\.g\. 0\.5"),
        ([1, "a"], r"ids of users are of several kinds"),
        (np.array([2**64 - 1], np.uint64), r"ids of users exceed"),
    ],
)
def test_ids_that_are_none_are_refused(ids: list[int], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        GraphBuilder().add_entities("users", ids)


@pytest.mark.parametrize("weight", [0, -1, np.nan, np.inf, 1e300])
def test_weights_must_be_finite_and_above_zero(weight: float) -> None:
    with pytest.raises(InvalidInput, match=r"1 of 2 weights .* relation 1 has"):
        builder().add_binary_relations(
            "users", "items", ["a", "b"], [7, 8], weights=np.array([1, weight])
        )


def test_weights_and_times_must_fit_the_relations() -> None:
    made, pair = builder(), (["a"], [7])
    with pytest.raises(InvalidInput, match=r"weights have shape \(2,\), but there are 1"):
        made.add_binary_relations("users", "items", *pair, weights=np.ones(2))
    with pytest.raises(InvalidInput, match=r"times have shape \(2,\), but there are 1"):
        made.add_binary_relations("users", "items", *pair, times=np.ones(2, int))
    with pytest.raises(InvalidInput, match=r"times are of type float64.*seconds since 1970"):
        made.add_binary_relations("users", "items", *pair, times=np.array([np.nan]))
    made.add_binary_relations("users", "items", *pair, times=np.array([3]))
    with pytest.raises(InvalidInput, match="some relations have times and others have none"):
        made.add_binary_relations("users", "items", *pair)


def test_a_graph_without_edges_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"no edges: entities \['items', 'users'\]"):
        builder().build()
    made = builder().add_binary_relations("users", "items", ["a"], [7])
    made.build()
    with pytest.raises(InvalidInput, match=r"no relations.*before each build"):
        made.build()
    with pytest.raises(InvalidInput, match=r"3 users and 3 items has no edges"):
        builder().add_binary_relations("users", "items", [], []).build()
    with pytest.raises(InvalidInput, match=r"2 users and 1 items has no edges.*does not count"):
        BipartiteGraph.of(interactions(["skipped"], [5]))


def test_events_against_an_item_make_no_edge() -> None:
    events = interactions(["rated", "disliked", "watched", "skipped"], [5, 6, 7, 8])
    graph = BipartiteGraph.of(events, weights=np.array([1, 2, 3, 4], np.float32))
    assert graph.user_items.of(0).tolist() == [0, 2]
    assert graph.user_items.weights.tolist() == [1, 3]
    assert graph.item_users.times is not None
    assert graph.item_users.times.tolist() == [5, 7]


def test_unknown_times_are_left_out() -> None:
    assert BipartiteGraph.of(interactions(["rated"], [0])).user_items.times is None


def test_a_collection_gives_its_keys_as_ids() -> None:
    frames = [pl.DataFrame({"key": keys}) for keys in ([4], [11, 12])]
    events = interactions(["rated", "rated"], [2, 1])
    collection = Collection("c", "c", frames[1], pl.DataFrame({"key": [4, 9]}), events)
    graph = BipartiteGraph.of(collection)
    assert (graph.users.ids.tolist(), graph.items.ids.tolist()) == ([4, 9], [11, 12])
    assert graph.user_items.of(0).tolist() == [1, 0]  # the older first


@pytest.mark.parametrize("mapped", [False, True])
def test_what_is_saved_is_loaded(tmp_path: Path, mapped: bool) -> None:
    graph = (
        builder()
        .add_binary_relations("users", "items", ["a", "c"], [7, 8], times=np.array([4, 2]))
        .build()
    )
    graph.save(tmp_path / "graph")
    graph.save(tmp_path / "graph")  # again over itself: the old arrays go
    assert len(list((tmp_path / "graph").iterdir())) == 2
    found = BipartiteGraph.load(tmp_path / "graph", mapped=mapped)
    assert found.users.ids.tolist() == ["a", "b", "c"]
    for side in ("user_items", "item_users"):
        old, new = getattr(graph, side), getattr(found, side)
        for name in ("indptr", "neighbours", "weights", "times"):
            assert getattr(old, name).tolist() == getattr(new, name).tolist()
            assert getattr(old, name).dtype == getattr(new, name).dtype


def test_a_damaged_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"graph\.json does not exist.*save it to"):
        BipartiteGraph.load(tmp_path)
    builder().add_binary_relations("users", "items", ["a"], [7]).build().save(tmp_path)
    index = json.loads((tmp_path / "graph.json").read_text())
    array = tmp_path / index["arrays"] / "user_items.neighbours.npy"
    np.save(array, np.zeros(2, np.int32))
    with pytest.raises(InvalidInput, match=r"holds \(2,\) of <i4, not \(1,\) of <i4"):
        BipartiteGraph.load(tmp_path)
    array.write_bytes(array.read_bytes()[:20])
    with pytest.raises(InvalidInput, match=r"neighbours\.npy is missing or damaged"):
        BipartiteGraph.load(tmp_path, mapped=True)
    (tmp_path / "graph.json").write_text(json.dumps(index | {"format": 9}))
    with pytest.raises(InvalidInput, match=r"is of format 9, and this program reads 1"):
        BipartiteGraph.load(tmp_path)
