"""Packages that not every installation has: what they are for, and the extra that brings them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from nearfield.errors import NotInstalled

_EXTRAS: Final = {
    "torch": ("train", "sound"),
    "onnx": ("train",),
    "ray": ("ray",),
    "onnxruntime": ("serve", "train"),
    "av": ("sound",),
    "librosa": ("sound",),
    "mutagen": ("sound",),
    "soundfile": ("sound",),
    "soxr": ("sound",),
}
"""Package to the extras that bring it, the likeliest first."""

_WORK: Final = {
    "train": "training and publishing models",
    "serve": "answering with models",
    "sound": "music",
    "ray": "work on a Ray cluster",
}


@contextmanager
def needs_extras(extra: str | None = None) -> Iterator[None]:
    """Say which extra to install where a package is missing.

    Parameters
    ----------
    extra : str, optional
        Which one is meant where several bring the package.

    Raises
    ------
    NotInstalled
        Naming it, instead of ModuleNotFoundError.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        told = missing(error, extra)
        if told is None:
            raise
        raise NotInstalled(told) from error


def missing(error: ModuleNotFoundError, extra: str | None = None) -> str | None:
    """Return what to install; None where the package is of no extra.

    Examples
    --------
    >>> missing(ModuleNotFoundError(name="torch"), "sound")
    "music needs the package 'torch', which is not installed: pip install 'nearfield[sound]'."
    """
    package = (error.name or "").partition(".")[0]
    extras = _EXTRAS.get(package)
    if extras is None:
        return None
    named = extra if extra in extras else extras[0]
    return (
        f"{_WORK[named]} needs the package {package!r}, which is not installed: pip install "
        f"'nearfield[{named}]'."
    )
