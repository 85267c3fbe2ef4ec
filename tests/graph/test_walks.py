from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy import sparse

from nearfield.errors import InvalidInput
from nearfield.graph.bipartite import Adjacency, BipartiteGraph
from nearfield.graph.builder import GraphBuilder
from nearfield.graph.walk_kernel import alias_table
from nearfield.graph.walks import Neighbourhoods, WalkConfig, Walks

USERS, ITEMS = 7, 6
EDGES = st.lists(
    st.tuples(st.integers(0, USERS - 1), st.integers(0, ITEMS - 1), st.integers(1, 9)),
    min_size=1,
    max_size=40,
)


def graph_of(edges: list[tuple[int, int, int]]) -> BipartiteGraph:
    users, items, weights = (np.array(column) for column in zip(*edges, strict=True))
    made = GraphBuilder().add_entities("users", range(USERS)).add_entities("items", range(ITEMS))
    return made.add_binary_relations("users", "items", users, items, weights=weights).build()


def random_graph(users: int, items: int, edges: int) -> BipartiteGraph:
    rng = np.random.default_rng(3)
    made = GraphBuilder().add_entities("users", range(users)).add_entities("items", range(items))
    ends = rng.integers(0, users, edges), (items * rng.random(edges) ** 2).astype(np.int64)
    return made.add_binary_relations("users", "items", *ends).build()


def chances(adjacency: Adjacency, columns: int, weighted: bool) -> NDArray[np.float64]:
    """Return the chance of each edge of each row, as a dense matrix."""
    values = adjacency.weights if weighted else np.ones_like(adjacency.weights)
    shape = (len(adjacency), columns)
    dense: NDArray[np.float32]
    dense = sparse.csr_matrix((values, adjacency.neighbours, adjacency.indptr), shape).toarray()
    totals = dense.sum(axis=1, keepdims=True, dtype=np.float64)
    shares = np.zeros(shape)
    np.divide(dense, totals, out=shares, where=totals > 0)
    return shares


def expected_visits(graph: BipartiteGraph, config: WalkConfig) -> NDArray[np.float64]:
    """Return the mean visits a walk from each item pays to each item, by powers of the matrix."""
    to_user = chances(graph.item_users, len(graph.users), config.weighted)
    to_item = chances(graph.user_items, len(graph.items), config.weighted)
    step = to_user @ to_item
    going, visits = np.eye(len(graph.items)), np.zeros((len(graph.items),) * 2)
    for _ in range(config.length):
        going = going @ step
        visits += going
        going *= 1 - config.restart
    return visits


def dense_counts(found: Neighbourhoods, items: int) -> NDArray[np.int64]:
    counts = np.zeros((len(found.rows), items), np.int64)
    for row, (rows, visits) in enumerate(zip(found.rows, found.counts, strict=True)):
        counts[row, rows[rows >= 0]] = visits[rows >= 0]
    return counts


@settings(deadline=None, max_examples=40)
@given(
    edges=EDGES,
    length=st.integers(1, 4),
    restart=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    weighted=st.booleans(),
)
def test_visits_agree_with_powers_of_the_matrix(
    edges: list[tuple[int, int, int]], length: int, restart: float, weighted: bool
) -> None:
    graph = graph_of(edges)
    config = WalkConfig(
        neighbours=ITEMS,
        walks=20_000,
        length=length,
        restart=restart,
        weighted=weighted,
        include_seed=True,
    )
    found = Walks(graph, config).neighbours(range(ITEMS), seed=1)
    visits = dense_counts(found, ITEMS)
    expected = expected_visits(graph, config)
    # a walk's visits to an item are at most `length`, so 6 deviations are less than the root;
    # the constant is for items so rarely visited that deviations are no measure
    bound = 6 * np.sqrt(length * expected * config.walks) + 10
    assert np.all(np.abs(visits - expected * config.walks) <= bound)


def test_restart_ends_the_share_of_walks_it_says() -> None:
    graph = graph_of([(0, 0, 1), (0, 1, 1)])
    for restart, steps in ((0.0, 3.0), (0.25, 1 + 0.75 + 0.75**2), (1.0, 1.0)):
        config = WalkConfig(walks=100_000, length=3, restart=restart, include_seed=True)
        total = Walks(graph, config).neighbours([0], seed=0).counts.sum() / config.walks
        assert total == pytest.approx(steps, abs=0.02)


@settings(deadline=None, max_examples=30)
@given(edges=EDGES, seed=st.integers(0, 2**63 - 1), include_seed=st.booleans())
def test_every_row_is_ranked_and_complete(
    edges: list[tuple[int, int, int]], seed: int, include_seed: bool
) -> None:
    graph = graph_of(edges)
    all_of_them = WalkConfig(neighbours=ITEMS, walks=30, include_seed=True)
    few = WalkConfig(neighbours=3, walks=30, include_seed=include_seed)
    counts = dense_counts(Walks(graph, all_of_them).neighbours(range(ITEMS), seed), ITEMS)
    found = Walks(graph, few).neighbours(range(ITEMS), seed)
    for item in range(ITEMS):
        if not include_seed:
            counts[item, item] = 0
        order = sorted((-int(count), row) for row, count in enumerate(counts[item]) if count)
        best = [(row, -count) for count, row in order[:3]]
        pairs = list(zip(found.rows[item].tolist(), found.counts[item].tolist(), strict=True))
        assert pairs == best + [(-1, 0)] * (3 - len(best))
        total = sum(count for _, count in best)
        shares = [count / total for _, count in best] + [0.0] * (3 - len(best))
        assert found.weights[item].tolist() == pytest.approx(shares)


def test_neither_threads_nor_batches_change_the_result() -> None:
    graph = random_graph(500, 400, 8_000)
    config = WalkConfig(walks=50, length=3)
    alone = Walks(graph, config, threads=1).neighbours(range(400), seed=5)
    together = Walks(graph, config, threads=3).neighbours(range(400), seed=5)
    np.testing.assert_array_equal(alone.rows, together.rows)
    np.testing.assert_array_equal(alone.counts, together.counts)
    np.testing.assert_array_equal(alone.weights, together.weights)
    some = np.array([7, 399, 7, 0])
    batch = Walks(graph, config).neighbours(some, seed=5)
    np.testing.assert_array_equal(alone.rows[some], batch.rows)
    other = Walks(graph, config).neighbours(range(400), seed=6)
    assert (other.rows != alone.rows).any()


def test_items_do_not_walk_alike() -> None:
    """Two items with the same users draw different numbers."""
    rng = np.random.default_rng(0)
    users, items = np.repeat(np.arange(200), 2), np.tile([0, 1], 200)
    made = GraphBuilder().add_entities("users", range(200)).add_entities("items", range(500))
    made.add_binary_relations("users", "items", users, items)
    made.add_binary_relations("users", "items", np.arange(200), rng.integers(2, 500, 200))
    found = Walks(made.build(), WalkConfig(walks=20, length=1)).neighbours([0, 1], seed=0)
    assert found.rows[0].tolist() != found.rows[1].tolist()


def test_from_outside_an_item_finds_what_its_like_inside_does() -> None:
    """An item of the same users draws other numbers, but of the same chances."""
    graph = random_graph(60, 40, 1_500)
    walks = Walks(graph, WalkConfig(neighbours=40, walks=50_000, length=3, include_seed=True))
    degrees = graph.item_users.degrees[:5]
    starts = Adjacency(
        np.concatenate([[0], np.cumsum(degrees)]),
        graph.item_users.neighbours[: degrees.sum()],
        graph.item_users.weights[: degrees.sum()],
    )
    inside = dense_counts(walks.neighbours(range(1, 5), seed=1), 40)
    outside = dense_counts(walks.from_outside(starts, seed=2), 40)[1:]
    assert np.abs(inside - outside).max() < 0.02 * 50_000
    none = walks.from_outside(
        Adjacency(np.zeros(3, np.int64), *(starts.neighbours[:0], starts.weights[:0])), seed=1
    )
    assert (none.rows == -1).all()


def test_items_without_edges_have_no_neighbours() -> None:
    found = Walks(graph_of([(0, 0, 1), (0, 1, 1)]), WalkConfig()).neighbours([5, 0], seed=0)
    assert (found.rows[0] == -1).all()
    assert not found.counts[0].any()
    assert not found.weights[0].any()
    assert found.rows[1].tolist() == [1] + [-1] * 9
    assert found.weights[1, 0] == 1


def test_users_of_a_single_event_lead_back_to_the_item() -> None:
    graph = graph_of([(user, 0, 1) for user in range(USERS)])
    assert (Walks(graph, WalkConfig()).neighbours([0], seed=0).rows == -1).all()
    config = WalkConfig(include_seed=True, restart=0)
    assert Walks(graph, config).neighbours([0], seed=0).counts[0].tolist() == [200] + [0] * 9


def test_one_item_and_one_user_are_enough() -> None:
    made = GraphBuilder().add_entities("users", ["u"]).add_entities("items", ["i"])
    graph = made.add_binary_relations("users", "items", ["u"], ["i"]).build()
    config = WalkConfig(neighbours=1, walks=1, length=1, include_seed=True)
    assert Walks(graph, config).neighbours([0], seed=0).rows.tolist() == [[0]]
    assert Walks(graph, config).neighbours([], seed=0).rows.shape == (0, 1)


def test_a_graph_on_disk_walks_the_same(tmp_path: Path) -> None:
    graph = random_graph(50, 40, 400)
    graph.save(tmp_path)
    mapped = BipartiteGraph.load(tmp_path, mapped=True)
    for config in (WalkConfig(), WalkConfig(weighted=True)):
        here = Walks(graph, config).neighbours(range(40), seed=2)
        there = Walks(mapped, config).neighbours(range(40), seed=2)
        np.testing.assert_array_equal(here.rows, there.rows)


@settings(deadline=None)
@given(weights=st.lists(st.floats(2**-20, 2**20, width=32), min_size=1, max_size=30))
def test_alias_tables_keep_the_weights(weights: list[float]) -> None:
    values = np.array(weights, np.float32)
    rows = np.arange(len(weights), dtype=np.int32)
    limits, others = alias_table(np.array([0, len(weights)]), rows, values)
    own = (limits / 2**32).astype(np.float64)
    share = own + np.bincount(others, weights=1 - own, minlength=len(weights))
    np.testing.assert_allclose(
        share / len(weights), values / values.sum(dtype=np.float64), atol=1e-8
    )


def test_wrong_requests_are_refused() -> None:
    walks = Walks(graph_of([(0, 0, 1)]), WalkConfig())
    with pytest.raises(InvalidInput, match=r"2 of 3 items .* row 6\. .* rows 0 to 5"):
        walks.neighbours([0, 6, -1], seed=0)
    with pytest.raises(InvalidInput, match=r"shape \(1, 1\) and type int64"):
        walks.neighbours(np.zeros((1, 1), np.int64), seed=0)
    with pytest.raises(InvalidInput, match=r"type float64"):
        walks.neighbours(np.zeros(1), seed=0)
    with pytest.raises(InvalidInput, match=r"seed is -1"):
        walks.neighbours([0], seed=-1)
    with pytest.raises(InvalidInput, match=r"threads is 0"):
        Walks(graph_of([(0, 0, 1)]), WalkConfig(), threads=0)


@pytest.mark.parametrize(
    "wrong", [{"restart": 1.1}, {"walks": 0}, {"length": 0}, {"neighbours": 0}, {"steps": 2}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        WalkConfig.model_validate(wrong)
