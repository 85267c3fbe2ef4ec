"""The retrieval objective: cross-entropy of a softmax over all items, in bounded memory."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

_ROWS = 384
"""Rows worked on at once: their logits over some thousands of items stay in the cache."""

_OUT = -1e4
"""Logit of an item that may not be drawn."""


def full_softmax(
    users: Tensor, items: Tensor, targets: Tensor, weights: Tensor, seen: Tensor
) -> Tensor:
    """Score the items that each user takes next against all items.

    The logits (rows x items) are never kept: rows are worked on in small groups, and their
    gradient is taken at once. The full softmax ranks better than sampled ones at the same
    cost up to some 50,000 items.

    Parameters
    ----------
    users : float, shape (rows, dim)
        Unit-length user vectors divided by the temperature.
    items : float, shape (items, dim)
        Unit-length item vectors.
    targets : int64, shape (rows, targets)
        Items taken next; -1 fills a row with fewer.
    weights : float, shape (rows, targets)
        Weight of each target, at least 0. Those at -1 must be 0.
    seen : int64, shape (rows, seen)
        Items that the row's user has already; they are left out of the softmax, unless they
        are targets. -1 fills a row with fewer.

    Returns
    -------
    Tensor, shape ()
        Weighted mean of the cross-entropies, in nats.
    """
    loss: Tensor = _FullSoftmax.apply(users, items, targets, weights, seen)  # type: ignore[no-untyped-call]
    return loss


class _FullSoftmax(torch.autograd.Function):
    """Forward takes the gradients too, group by group; backward only scales them."""

    @staticmethod
    def forward(
        ctx: Any, users: Tensor, items: Tensor, targets: Tensor, weights: Tensor, seen: Tensor
    ) -> Tensor:
        total = weights.sum().clamp(min=1e-12)
        fast = torch.bfloat16 if torch.is_autocast_enabled("cpu") else torch.float32
        rows = users.detach().to(fast)
        columns = F.pad(items.detach(), (0, 0, 0, 1)).to(fast)  # one more takes the fillers
        user_gradient = torch.empty(users.shape, dtype=torch.float32)
        item_gradient = torch.zeros(columns.shape, dtype=torch.float32)
        loss = 0.0
        for start in range(0, len(users), _ROWS):
            group = slice(start, start + _ROWS)
            logits = rows[group] @ columns.T
            part, gradient = _group(logits, targets[group], weights[group], seen[group])
            loss += part
            user_gradient[group] = gradient @ columns
            item_gradient += gradient.T @ rows[group]
        ctx.save_for_backward(user_gradient / total, item_gradient[:-1] / total)
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
            None,
        )


def _group(logits: Tensor, targets: Tensor, weights: Tensor, seen: Tensor) -> tuple[float, Tensor]:
    """Return the loss summed over some rows, and its gradient, written over the logits.

    The last column of `logits` is no item: everything at -1 goes there. All is worked out in
    place and in the type of `logits`, but for sums over items.
    """
    filler = logits.shape[1] - 1
    chosen = torch.where(targets < 0, filler, targets)
    own = logits.gather(1, chosen)
    logits.scatter_(1, torch.where(seen < 0, filler, seen), _OUT)
    logits.scatter_(1, chosen, own)
    logits[:, filler] = _OUT
    logits -= logits.amax(dim=1, keepdim=True)
    kept = logits.gather(1, chosen).float()
    logits.exp_()
    normaliser = logits.sum(dim=1, keepdim=True, dtype=torch.float32)
    loss = (weights * (normaliser.log() - kept)).sum()
    logits *= (weights.sum(dim=1, keepdim=True) / normaliser).to(logits.dtype)
    logits.scatter_add_(1, chosen, -weights.to(logits.dtype))
    return float(loss), logits
