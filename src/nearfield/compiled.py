"""How loops over numbers are compiled: on the first call, once for all processes."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar, cast

import numba
from numba.core.runtime.nrt import rtsys

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile with numba; the loop runs without the lock of the interpreter.

    The machine code is kept beside the source, or in the user's cache folder. Where neither can
    be written to, each process compiles for itself.
    """
    made: Any = numba.njit(nogil=True, error_model="numpy")(function)
    with suppress(RuntimeError):  # numba found no folder for its cache
        made.enable_caching()
        made._cache.load_overload = partial(_found, made._cache.load_overload)
    return cast(Function, made)


def _found(load: Callable[..., Any], signature: Any, context: Any) -> Any:
    """Return the machine code that is kept for a signature, None where there is none.

    Before numba looks on the disk it loads all that it compiles with, and scipy: 0.15 s, a fifth of
    the time in which a clip is recognized. Only what is not found needs that, and loads it then.
    """
    rtsys.initialize(context)  # memory for arrays, of which `refresh` would take care
    context.refresh = _load_nothing  # numba holds the lock of its compiler meanwhile
    try:
        return load(signature, context)
    finally:
        del context.refresh  # uncovers the method


def _load_nothing() -> None:
    """Stand in for the method that loads the compiler."""
