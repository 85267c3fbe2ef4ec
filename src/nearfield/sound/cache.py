"""Features that were worked out once, in files by content, so that training need not decode."""

import os
import tempfile
from pathlib import Path

import numpy as np

from nearfield.sound.encoding import Features


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
        try:
            kept = np.load(self._path(content), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        found: Features = kept.astype(np.float32)
        return found

    def save(self, content: str, features: Features) -> None:
        """Keep features with 11 bits of each number; a reader sees all of them or none."""
        path = self._path(content)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, suffix=".partial")
        try:
            with os.fdopen(handle, "wb") as file:
                np.save(file, features.astype(np.float16), allow_pickle=False)
            os.replace(partial, path)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise

    def _path(self, content: str) -> Path:
        return self.folder / content[:2] / f"{content}.npy"
