import math

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from nearfield.networks.softmax import full_softmax


def by_loops(
    users: torch.Tensor,
    items: torch.Tensor,
    targets: torch.Tensor,
    weights: torch.Tensor,
    seen: torch.Tensor,
) -> torch.Tensor:
    """The same sum, one row and one target at a time."""
    total = torch.tensor(0.0)
    for row in range(len(users)):
        wanted = [int(t) for t in targets[row] if t >= 0]
        left_out = {int(s) for s in seen[row] if s >= 0} - set(wanted)
        logits = {
            item: users[row] @ items[item] for item in range(len(items)) if item not in left_out
        }
        normaliser = torch.logsumexp(torch.stack(list(logits.values())), 0)
        for column, item in enumerate(targets[row].tolist()):
            if item >= 0:
                total = total + weights[row, column] * (normaliser - logits[item])
    return total / weights.sum()


@given(seed=st.integers(0, 10_000), rows=st.integers(1, 5), count=st.integers(1, 3))
def test_equals_plain_loops_in_value_and_gradient(seed: int, rows: int, count: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    rng = np.random.default_rng(seed)
    users = torch.randn(rows, 4, generator=generator, requires_grad=True)
    items = torch.randn(9, 4, generator=generator, requires_grad=True)
    targets = torch.from_numpy(
        np.stack([rng.choice(9, size=count, replace=False) for _ in range(rows)])
    )
    targets[:, 1:][torch.rand(rows, count - 1, generator=generator) < 0.3] = -1
    weights = torch.rand(rows, count, generator=generator) * (targets >= 0) + 0.1 * (targets >= 0)
    seen = torch.from_numpy(rng.integers(-1, 9, size=(rows, 3)))
    expected = by_loops(users, items, targets, weights, seen)
    slow = torch.autograd.grad(expected, [users, items])
    loss = full_softmax(users, items, targets, weights, seen)
    fast = torch.autograd.grad(loss, [users, items])
    assert torch.allclose(loss, expected, atol=1e-5)
    for found, wanted in zip(fast, slow, strict=True):
        assert torch.allclose(found, wanted, atol=1e-5)


def test_a_row_of_equal_scores_costs_the_log_of_the_items_that_are_left() -> None:
    loss = full_softmax(
        torch.zeros(1, 3),
        torch.randn(10, 3),
        torch.tensor([[4]]),
        torch.ones(1, 1),
        torch.tensor([[0, 1, 4]]),  # the target itself stays in
    )
    assert math.isclose(float(loss), math.log(8), rel_tol=1e-6)


def test_more_rows_than_are_worked_on_at_once_give_the_same_mean() -> None:
    users, items = torch.randn(1000, 4), torch.randn(7, 4)
    targets = torch.randint(0, 7, (1000, 1))
    loss = full_softmax(
        users, items, targets, torch.ones(1000, 1), torch.full((1000, 1), -1, dtype=torch.int64)
    )
    expected = torch.nn.functional.cross_entropy(users @ items.T, targets[:, 0])
    assert torch.allclose(loss, expected, atol=1e-5)
