"""Sparse pooling and the blocks of a batch, against dense arithmetic."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nearfield.graph.batches import places
from nearfield.graph.blocks import Block, Pooling, join
from nearfield.graph.walks import Neighbourhoods

ITEMS, NEIGHBOURS = 9, 3


def draw(seed: int, items: int = ITEMS) -> Neighbourhoods:
    """Return neighbourhoods as walks may find them: distinct rows, some short, some empty."""
    rng = np.random.default_rng(seed)
    rows = np.stack([rng.permutation(items)[:NEIGHBOURS] for _ in range(items)]).astype(np.int32)
    kept = rng.integers(0, NEIGHBOURS + 1, items)[:, None] > np.arange(NEIGHBOURS)
    counts = np.where(kept, rng.integers(1, 9, rows.shape), 0).astype(np.int32)
    total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return Neighbourhoods(np.where(kept, rows, -1), counts, (counts / total).astype(np.float32))


def dense(found: Neighbourhoods) -> NDArray[np.float32]:
    """Return the weights as a matrix, shape (items, items)."""
    matrix = np.zeros((len(found.rows),) * 2, np.float32)
    for row, (near, weights) in enumerate(zip(found.rows, found.weights, strict=True)):
        matrix[row, near[near >= 0]] = weights[near >= 0]
    return matrix


@given(seed=st.integers(0, 10_000))
def test_pooling_is_a_matrix_product_in_value_and_gradient(seed: int) -> None:
    found = draw(seed)
    pooling = Pooling.of(found, found.rows.astype(np.int64), ITEMS)
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(ITEMS, 4, generator=generator, requires_grad=True)
    back = torch.randn(ITEMS, 4, generator=generator)
    expected = torch.from_numpy(dense(found)) @ inputs
    (slow,) = torch.autograd.grad(expected, inputs, back)
    pooled = pooling(inputs)
    (fast,) = torch.autograd.grad(pooled, inputs, back)
    assert torch.allclose(pooled, expected, atol=1e-6)
    assert torch.allclose(fast, slow, atol=1e-6)


def test_pooling_gives_gradients_of_the_kind_it_was_given() -> None:
    found = draw(1)
    inputs = torch.randn(ITEMS, 4).bfloat16().requires_grad_()
    pooled = Pooling.of(found, found.rows.astype(np.int64), ITEMS)(inputs)
    assert pooled.dtype == torch.float32
    pooled.sum().backward()  # type: ignore[no-untyped-call]
    assert inputs.grad is not None
    assert inputs.grad.dtype == torch.bfloat16


@given(
    seed=st.integers(0, 10_000),
    batch=st.lists(st.integers(0, ITEMS - 1), unique=True, max_size=5),
    layers=st.integers(1, 3),
)
def test_a_block_pools_what_the_whole_graph_does(seed: int, batch: list[int], layers: int) -> None:
    """A convolution of two numbers stands for any: what goes in is told apart by its item."""
    found = draw(seed)
    whole = expected = torch.rand(ITEMS, 2, generator=torch.Generator().manual_seed(seed))
    for pooling in Block.whole(found, layers).poolings:
        assert np.array_equal(pooling.matrix.toarray(), dense(found))
        expected = torch.tanh(pooling(expected) + 2 * expected)
    block = Block.around(found, np.array(batch, np.int32), layers)
    assert len(set(block.rows.tolist())) == len(block.rows)
    got = whole[torch.from_numpy(block.rows).long()]
    for pooling in block.poolings:
        outputs, inputs = pooling.matrix.shape
        assert inputs == len(got)
        got = torch.tanh(pooling(got) + 2 * got[:outputs])
    assert torch.allclose(got, expected[batch], atol=1e-6)


def test_a_block_holds_nothing_that_is_not_needed() -> None:
    found = draw(3)
    for item in range(ITEMS):
        needed = {item}
        for _ in range(2):
            needed |= set(found.rows[list(needed)].ravel().tolist()) - {-1}
        block = Block.around(found, np.array([item], np.int32), 2)
        assert set(block.rows.tolist()) == needed
        assert block.rows[0] == item


@given(
    parts=st.lists(
        st.lists(st.integers(-1, 20), max_size=8).map(lambda rows: np.array(rows, np.int64)),
        min_size=1,
        max_size=3,
    )
)
def test_places_find_rows_in_what_was_joined(parts: list[NDArray[np.int64]]) -> None:
    batch = join(parts)
    assert (np.diff(batch) > 0).all()
    for part in parts:
        found = places(batch, part)
        assert (found[part < 0] == -1).all()
        assert np.array_equal(batch[found[part >= 0]], part[part >= 0])
