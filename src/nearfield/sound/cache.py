"""Features that were worked out once, in files by content, so that training need not decode."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.encoding import Features


class FeatureKeeper(Protocol):
    """Takes the features of a file's content, to keep them."""

    def save(self, content: str, features: Features) -> None:
        """Keep features of the content with this hash."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Features on their way to where they are kept.

    Parameters
    ----------
    folder : Path
        Of the `FeatureCache`, seen from the home's cache.
    content : str
        Hash of the bytes of the file.
    features : float16, shape (frames, features)
        As a cache has them.
    """

    folder: Path
    content: str
    features: NDArray[np.float16]

    def put(self, cache: Path) -> None:
        """Keep them in a home's cache."""
        FeatureCache(cache / self.folder).save(self.content, self.features)


class Catcher:
    """Holds the features that were kept last, for who cannot write to the cache.

    Parameters
    ----------
    folder : Path
        Of the `FeatureCache` that they are for, seen from the home's cache.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._caught: Kept | None = None

    def save(self, content: str, features: Features) -> None:
        """Hold features until they are taken."""
        self._caught = Kept(self._folder, content, features.astype(np.float16))

    def take(self) -> Kept | None:
        """Return what was caught since the last call."""
        caught, self._caught = self._caught, None
        return caught


class FeatureCache:
    """Keeps what an encoder reads of each song. Losing it costs time only.

    Parameters
    ----------
    folder : Path
        Made when first needed. The versions of the separation and of the features are part of
        its name, so that nothing old is ever taken for something new.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, content: str) -> Features | None:
        """Return the features of a file's content; None where they are not there, or not whole."""
        return read_features(self.path(content))

    def save(self, content: str, features: Features | NDArray[np.float16]) -> None:
        """Keep features with 11 bits of each number; a reader sees all of them or none."""
        path = self.path(content)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, suffix=".partial")
        try:
            with os.fdopen(handle, "wb") as file:
                np.save(file, features.astype(np.float16), allow_pickle=False)
            os.replace(partial, path)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise

    def path(self, content: str) -> Path:
        """Return where the features of a content are kept, or would be."""
        return self.folder / content[:2] / f"{content}.npy"


def read_features(path: Path) -> Features | None:
    """Return the features in a file; None where it is not there, or not whole."""
    try:
        kept = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    found: Features = kept.astype(np.float32)
    return found
