"""The rating objective's loss: squared errors of known ratings alone, in bounded memory."""

from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

_ROWS: Final = 256
"""Users worked on at once: all their cosines with some thousands of items stay in the cache."""


@dataclass(frozen=True, slots=True)
class Known:
    """Ratings to be predicted, user after user.

    Parameters
    ----------
    users, items : int64, shape (ratings,)
        Rows; `users` never falls, and no pair is there twice.
    stars : float, shape (ratings,)
        The ratings.
    weights : float, shape (ratings,)
        Weight of each square, at least 0.
    """

    users: Tensor
    items: Tensor
    stars: Tensor
    weights: Tensor

    def part(self, rows: slice) -> "Known":
        """Return those of some users, given by first and end, who become the first ones."""
        ends = torch.tensor([rows.start, rows.stop])
        kept = slice(*torch.searchsorted(self.users, ends).tolist())
        return Known(
            self.users[kept] - rows.start, self.items[kept], self.stars[kept], self.weights[kept]
        )


def weighted_squares(users: Tensor, items: Tensor, known: Known, highest: float) -> Tensor:
    """Compare `highest` times the cosine with each known rating.

    Parameters
    ----------
    users : float, shape (rows, dim)
        Unit-length vectors.
    items : float, shape (items, dim)
        Unit-length vectors.
    known : Known
        The ratings.
    highest : float
        What a cosine of 1 stands for.

    Returns
    -------
    Tensor, shape ()
        Weighted mean of the squared errors, in squared stars.
    """
    loss: Tensor = _WeightedSquares.apply(users, items, known, highest)  # type: ignore[no-untyped-call]
    return loss


class _WeightedSquares(torch.autograd.Function):
    """Forward takes the gradients too, some users at a time; backward only scales them.

    Cosines of all pairs of a group are computed and most are thrown away: where a few percent
    of the pairs are known, one dense product is quicker than gathering them.
    """

    @staticmethod
    def forward(ctx: Any, users: Tensor, items: Tensor, known: Known, highest: float) -> Tensor:
        total = known.weights.sum().clamp(min=1e-12)
        fast = torch.bfloat16 if torch.is_autocast_enabled("cpu") else torch.float32
        rows, columns = users.detach().to(fast), items.detach().to(fast)
        user_gradient = torch.empty(users.shape, dtype=torch.float32)
        item_gradient = torch.zeros(items.shape, dtype=torch.float32)
        by_row = known.users.contiguous()
        loss = 0.0
        for start in range(0, len(users), _ROWS):
            group = rows[start : start + _ROWS]
            first, last = torch.searchsorted(
                by_row, torch.tensor([start, start + len(group)])
            ).tolist()
            place = (known.users[first:last] - start) * len(items) + known.items[first:last]
            cosine = (group @ columns.T).flatten()[place].float()
            error = highest * cosine - known.stars[first:last]
            weighted = error * known.weights[first:last]
            loss += float(error @ weighted)
            gradient = torch.zeros(len(group) * len(items), dtype=fast)
            gradient[place] = weighted.to(fast)
            gradient = gradient.view(len(group), len(items))
            user_gradient[start : start + _ROWS] = (gradient @ columns).float()
            item_gradient += (gradient.T @ group).float()
        scale = 2 * highest / total
        ctx.save_for_backward(user_gradient * scale, item_gradient * scale)
        ctx.kinds = (users.dtype, items.dtype)
        return torch.tensor(loss) / total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        user_gradient, item_gradient = ctx.saved_tensors
        (scale,) = gradients
        return (
            (user_gradient * scale).to(ctx.kinds[0]),
            (item_gradient * scale).to(ctx.kinds[1]),
            None,
            None,
        )
