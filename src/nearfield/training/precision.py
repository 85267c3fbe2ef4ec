"""Narrow arithmetic where the processor has it."""

from contextlib import AbstractContextManager

import torch


def fast_arithmetic() -> AbstractContextManager[None]:
    """Return a context in which matrix products use bfloat16, if this processor computes in it.

    On processors without it bfloat16 is emulated and slower, so nothing changes there.
    """
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=native)
