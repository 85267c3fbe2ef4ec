"""Adam row by row, against the same sums written as loops."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from nearfield.training.rows import RowAdam

ROWS = 6


@given(
    batches=st.lists(st.lists(st.integers(0, ROWS - 1), max_size=5), min_size=1, max_size=5),
    seed=st.integers(0, 999),
)
def test_equals_plain_loops(batches: list[list[int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = nn.Embedding(ROWS, 3, sparse=True)
    with torch.no_grad():
        table.weight.copy_(torch.from_numpy(rng.normal(size=(ROWS, 3))))
    expected = table.weight.detach().double().numpy().copy()
    squares, steps = np.zeros(ROWS), np.zeros(ROWS)
    optimizer = RowAdam(table.parameters(), rate=0.1, forgets=0.9)
    for batch in batches:
        weights = torch.from_numpy(rng.normal(size=(len(batch), 3))).float()
        optimizer.zero_grad()
        (table(torch.tensor(batch, dtype=torch.int64)) * weights).sum().backward()
        assert table.weight.grad is not None
        table.weight.grad = table.weight.grad.coalesce()
        optimizer.step()
        for row in set(batch):
            places = [place for place, other in enumerate(batch) if other == row]
            gradient = weights[places].double().numpy().sum(axis=0)
            steps[row] += 1
            squares[row] = 0.9 * squares[row] + 0.1 * (gradient**2).mean()
            mean = squares[row] / (1 - 0.9 ** steps[row])
            expected[row] -= 0.1 * gradient / (np.sqrt(mean) + 1e-8)
    np.testing.assert_allclose(table.weight.detach().numpy(), expected, atol=2e-4)


def test_rows_that_were_not_read_do_not_change() -> None:
    table = nn.Embedding(ROWS, 3, sparse=True)
    before = table.weight.detach().clone()
    optimizer = RowAdam(table.parameters(), rate=0.1, forgets=0.9)
    for _ in range(3):
        optimizer.zero_grad()
        table(torch.tensor([1, 4, 4])).square().sum().backward()
        assert table.weight.grad is not None
        table.weight.grad = table.weight.grad.coalesce()
        optimizer.step()
    changed = (table.weight.detach() != before).any(dim=1)
    assert changed.tolist() == [False, True, False, False, True, False]
