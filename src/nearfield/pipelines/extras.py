"""Packages that not every installation has: what they are for, and the extra that brings them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from nearfield.errors import Unavailable

_EXTRAS: Final = {
    "torch": "train",
    "onnx": "train",
    "onnxruntime": "serve",
    "av": "sound",
    "librosa": "sound",
    "mutagen": "sound",
    "soundfile": "sound",
    "soxr": "sound",
}
"""Package to extra."""

_WORK: Final = {
    "train": "training and publishing models",
    "serve": "answering with models",
    "sound": "music",
}


@contextmanager
def needs_extras() -> Iterator[None]:
    """Say which extra to install where a package is missing.

    Raises
    ------
    Unavailable
        Naming it, instead of ModuleNotFoundError.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        told = missing(error)
        if told is None:
            raise
        raise Unavailable(told) from error


def missing(error: ModuleNotFoundError) -> str | None:
    """Return what to install; None where the package is of no extra.

    Examples
    --------
    >>> missing(ModuleNotFoundError(name="librosa"))
    "music needs the package 'librosa', which is not installed: pip install 'nearfield[sound]'."
    """
    package = (error.name or "").partition(".")[0]
    if package not in _EXTRAS:
        return None
    extra = _EXTRAS[package]
    also = " (or 'nearfield[sound]', for music alone)" if package == "torch" else ""
    return (
        f"{_WORK[extra]} needs the package {package!r}, which is not installed: pip install "
        f"'nearfield[{extra}]'{also}."
    )
