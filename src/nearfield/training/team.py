"""Workers that train one model together: who does which rows, and what they tell each other.

Each member has all data and draws all random numbers of a batch, works on its part of the rows,
and tells the others what they need of it. What comes of it is what one process computes on the
whole batch, but for the order in which floats are added.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Team:
    """One member of a team.

    Parameters
    ----------
    rank : int
        Which member this is, from 0.
    size : int
        Number of members.
    group : ProcessGroup, optional
        Over which members tell each other rows and sums: another one than that of the gradients,
        whose averages are under way at the same time. There where `size` is above 1.
    """

    rank: int = 0
    size: int = 1
    group: dist.ProcessGroup | None = None

    @classmethod
    def assembled(cls) -> "Team":
        """Return this process' place among those of torch's default process group."""
        return cls(dist.get_rank(), dist.get_world_size(), dist.new_group(backend="gloo"))

    def part(self, rows: int) -> slice:
        """Return which of some rows are this member's; none where there are fewer than members."""
        return self._part(self.rank, rows)

    def gather(self, own: Tensor, rows: int) -> Tensor:
        """Return the rows of all members, of which this one has its part.

        The gradient flows back to whose row it is, summed over the members.

        Parameters
        ----------
        own : Tensor, shape (rows of the part, ...)
        rows : int
            Of all members.
        """
        if self.size == 1:
            return own
        found: Tensor = _Gather.apply(own, self, rows)  # type: ignore[no-untyped-call]
        return found

    def gather_array(self, own: NDArray[Any], rows: int) -> NDArray[Any]:
        """Return the rows of all members, as `gather` does."""
        if self.size == 1:
            return own
        sent = torch.from_numpy(np.ascontiguousarray(own))
        whole: NDArray[Any] = self._together(sent, rows).numpy()
        return whole

    def total(self, own: Tensor) -> float:
        """Return the sum of a number over the members."""
        if self.size == 1:
            return own.item()
        whole = own.detach().double()
        dist.all_reduce(whole, group=self.group)
        return whole.item()

    def averaging(self, step: nn.Module) -> nn.Module:
        """Return a module whose gradients are means over the members.

        From here on the members have the weights of the first one.
        """
        if self.size == 1:
            return step
        # not every objective reads every weight
        return DistributedDataParallel(step, find_unused_parameters=True)

    def _part(self, rank: int, rows: int) -> slice:
        return slice(rows * rank // self.size, rows * (rank + 1) // self.size)

    def _together(self, own: Tensor, rows: int) -> Tensor:
        """Return the rows of all members; each sends as many as the largest part has."""
        parts = [self._part(rank, rows) for rank in range(self.size)]
        largest = max(part.stop - part.start for part in parts)
        sent = own.new_zeros((largest, *own.shape[1:]))
        sent[: len(own)] = own
        received = [torch.empty_like(sent) for _ in parts]
        dist.all_gather(received, sent, group=self.group)
        pairs = zip(received, parts, strict=True)
        return torch.cat([found[: part.stop - part.start] for found, part in pairs])


ALONE: Final = Team()
"""One process that does everything."""


class _Gather(torch.autograd.Function):
    """All rows forward; backward the sum of all members' gradients, of the own rows."""

    @staticmethod
    def forward(ctx: Any, own: Tensor, team: Team, rows: int) -> Tensor:
        ctx.team, ctx.rows = team, rows
        return team._together(own.detach(), rows)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        team: Team = ctx.team
        (gradient,) = gradients
        # in float32: a sum of many members' bfloat16 would lose digits
        whole = gradient.float().contiguous()
        dist.all_reduce(whole, group=team.group)
        return whole[team.part(ctx.rows)].to(gradient.dtype), None, None
