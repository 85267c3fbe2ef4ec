import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from nearfield.fusion.squares import Known, weighted_squares

HIGHEST = 5.0


def make(rows: int, items: int, share: float, seed: int) -> Known:
    """Some of all pairs, user after user, with ratings and weights."""
    rng = np.random.default_rng(seed)
    users, columns = np.nonzero(rng.random((rows, items)) < share)
    return Known(
        torch.from_numpy(users),
        torch.from_numpy(columns),
        torch.from_numpy(rng.integers(1, 6, len(users)).astype(np.float32)),
        torch.from_numpy(rng.random(len(users), dtype=np.float32) + 0.1),
    )


def by_loops(users: torch.Tensor, items: torch.Tensor, known: Known) -> torch.Tensor:
    """The same mean, one rating at a time."""
    total, weights = torch.zeros(()), 1e-12
    for place, weight in enumerate(known.weights):
        cosine = users[known.users[place]] @ items[known.items[place]]
        total = total + weight * (HIGHEST * cosine - known.stars[place]) ** 2
        weights += float(weight)
    return total / weights


@given(
    seed=st.integers(0, 10_000),
    rows=st.sampled_from([1, 3, 300]),  # 300 are more than are worked on at once
    share=st.sampled_from([0.0, 0.05, 1.0]),
)
def test_equals_plain_loops_in_value_and_gradient(seed: int, rows: int, share: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    users = torch.randn(rows, 4, generator=generator, requires_grad=True)
    items = torch.randn(3, 4, generator=generator, requires_grad=True)
    known = make(rows, 3, share, seed)
    expected = by_loops(users, items, known)
    loss = weighted_squares(users, items, known, HIGHEST)
    assert torch.allclose(loss, expected, rtol=1e-4, atol=1e-5)
    if len(known.users):
        slow = torch.autograd.grad(expected, [users, items])
        fast = torch.autograd.grad(loss, [users, items])
        for found, wanted in zip(fast, slow, strict=True):
            assert torch.allclose(found, wanted, rtol=1e-3, atol=1e-4)


def test_what_is_predicted_exactly_costs_nothing() -> None:
    vectors = torch.nn.functional.normalize(torch.ones(2, 4), dim=1)
    known = Known(
        torch.tensor([0, 1]), torch.tensor([1, 0]), torch.tensor([5.0, 5.0]), torch.ones(2)
    )
    assert float(weighted_squares(vectors, vectors, known, HIGHEST)) < 1e-10
