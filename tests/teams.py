"""Members of a team, each a process of its own, over gloo."""

import multiprocessing
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from nearfield.training.team import Team

_PATIENCE = 60
"""Seconds that a member waits for another one."""


def as_team(size: int, work: Callable[..., Any], folder: Path, *given: Any) -> list[Any]:
    """Let every member do the same work, given itself first, and return what each one returned.

    Parameters
    ----------
    size : int
        Members.
    work : callable
        Of a module that can be imported by name.
    folder : Path
        Empty; where they meet.
    given
        What `work` is called with, after the member.
    """
    context = multiprocessing.get_context("spawn")
    with context.Pool(size) as pool:
        calls = [
            pool.apply_async(_member, (rank, size, work, folder, given)) for rank in range(size)
        ]
        return [call.get(2 * _PATIENCE) for call in calls]


def _member(
    rank: int, size: int, work: Callable[..., Any], folder: Path, given: tuple[Any, ...]
) -> Any:
    torch.set_num_threads(1)
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    meeting, wait = f"file://{folder / 'meeting'}", timedelta(seconds=_PATIENCE)
    dist.init_process_group("gloo", meeting, rank=rank, world_size=size, timeout=wait)
    try:
        return work(Team.assembled(), *given)
    finally:
        dist.destroy_process_group()
