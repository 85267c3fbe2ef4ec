"""How loops over numbers are compiled: on the first call, once for all processes."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile with numba; the loop runs without the lock of the interpreter.

    The machine code is kept beside the source, or in the user's cache folder. Where neither can
    be written to, each process compiles for itself.
    """
    try:
        made = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # numba found no folder for its cache
        made = numba.njit(nogil=True, error_model="numpy")(function)
    return cast(Function, made)
