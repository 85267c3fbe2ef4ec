"""What can be wrong with a sound file: one error with a short code and a clear sentence."""

from pathlib import Path
from typing import Final

from nearfield.errors import NearfieldError

REASONS: Final = {
    "missing": "there is no such file, or it is a folder",
    "permission": "the file may not be read",
    "empty": "the file has no bytes",
    "not audio": "the file holds something else than sound",
    "protected": "the sound is encrypted",
    "unsupported": "the sound is coded in a way that cannot be decoded here",
    "truncated": "less than half of the sound is there",
    "damaged": "more than half of the sound cannot be decoded",
    "too short": "there is too little sound to compare",
    "silent": "there is nothing to hear",
}
"""Every code that `Unreadable.reason` may have, and what it means."""


class Unreadable(NearfieldError):
    """One sound file cannot be used; others are not concerned.

    Parameters
    ----------
    reason : str
        One of `REASONS`: for counting and filtering.
    path : Path
        The file.
    sentence : str
        What came, what was wanted, what to do.
    """

    def __init__(self, reason: str, path: Path, sentence: str) -> None:
        assert reason in REASONS, reason
        super().__init__(f"{path}: {sentence}")
        self.reason = reason
        self.path = path
        self.sentence = sentence

    def __reduce__(self) -> tuple[type["Unreadable"], tuple[str, Path, str]]:
        """Let the error cross from a worker process to its parent."""
        return type(self), (self.reason, self.path, self.sentence)


def protected(path: Path) -> Unreadable:
    """Return the error of an encrypted file."""
    return Unreadable("protected", path, "it is encrypted. Get a copy without copy protection.")
