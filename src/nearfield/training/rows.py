"""Adam for large tables of which a step reads few rows."""

from collections.abc import Iterable
from typing import Final

import torch
from torch import nn

_LEAST: Final = 1e-8


class RowAdam(torch.optim.Optimizer):
    """Scale each row's step by how large its gradients were, and leave all other rows alone.

    Adam keeps two numbers for every weight and changes all of them in every step: of a table with
    a million rows three more copies (the gradient is one) and a second a step. Here a row has one
    number, the mean square of its gradients (as row-wise Adagrad in [1]_, but forgetting like
    Adam's), and the number of its steps, and there is no momentum.

    Parameters
    ----------
    tables : iterable of Parameter
        Each of shape (rows, dim), with sparse coalesced gradients.
    rate : float
        Learning rate.
    forgets : float
        Share of the mean square that is kept in a row's step, in [0, 1).

    References
    ----------
    .. [1] Naumov et al., "Deep Learning Recommendation Model for Personalization and
       Recommendation Systems", 2019. https://arxiv.org/abs/1906.00091
    """

    def __init__(self, tables: Iterable[nn.Parameter], rate: float, forgets: float) -> None:
        super().__init__(tables, {"lr": rate, "forgets": forgets})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Change the rows that have a gradient."""
        for group in self.param_groups:
            for table in group["params"]:
                if table.grad is not None:
                    self._change(table, group["lr"], group["forgets"])

    def _change(self, table: nn.Parameter, rate: float, forgets: float) -> None:
        assert table.grad is not None
        state = self.state[table]
        if not state:
            state["steps"], state["squares"] = torch.zeros(2, len(table)).unbind()
        rows, gradient = table.grad.indices()[0], table.grad.values()
        steps = state["steps"][rows] + 1
        squares = torch.lerp(gradient.square().mean(dim=1), state["squares"][rows], forgets)
        state["steps"][rows], state["squares"][rows] = steps, squares
        mean = squares / (1 - forgets**steps)
        table.index_add_(0, rows, gradient * (-rate / (mean.sqrt() + _LEAST))[:, None])
