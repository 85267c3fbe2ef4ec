"""What an encoder of sound is, and what it gives for a song."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.waveform import Waveform

Features = NDArray[np.float32]
"""What an encoder reads of a sound, shape (frames, features); small enough to be kept."""

_LEAST_LENGTH: Final = 1e-12
"""Keeps a vector of zeros one."""


@dataclass(frozen=True, slots=True)
class SongVectors:
    """How a song sounds.

    Parameters
    ----------
    song : float32, shape (dim,)
        Of the whole song, of length 1. Cosines say how alike two songs sound.
    windows : float32, shape (windows, dim)
        Of its parts in order, each of length 1 and comparable with songs; one at least.
    starts : float32, shape (windows,)
        Where each window begins, in seconds.
    """

    song: NDArray[np.float32]
    windows: NDArray[np.float32]
    starts: NDArray[np.float32]


class FeatureStream(Protocol):
    """Takes a sound in blocks and gives what an encoder reads of it."""

    def feed(self, block: Waveform) -> None:
        """Take the next samples, shape (samples,), at `waveform.RATE`."""

    def finish(self) -> Features:
        """Return the features of all that came; a stream is finished once."""


class Encoder(Protocol):
    """Turns songs into vectors. Its name and version say which vectors may be compared."""

    @property
    def name(self) -> str:
        """What kind of encoder it is."""

    @property
    def version(self) -> str:
        """Changes with everything that changes the vectors."""

    @property
    def features_version(self) -> str:
        """Changes with everything that changes the features; they may be kept under it."""

    @property
    def dim(self) -> int:
        """Length of the vectors."""

    @property
    def trainable(self) -> bool:
        """Whether it can be trained on, so that it pays to keep the features of songs."""

    def stream(self) -> FeatureStream:
        """Return a new stream of features, for one song."""

    def embed(self, features: Features) -> SongVectors:
        """Return the vectors of a song from its features."""

    def save(self, folder: Path, card: Mapping[str, Any]) -> None:
        """Write all that `encoders.load_encoder` needs, and the card, into a folder."""


def features_of(encoder: Encoder, blocks: Iterable[Waveform]) -> Features:
    """Return the features of a sound given in blocks at `waveform.RATE`."""
    stream = encoder.stream()
    for block in blocks:
        stream.feed(block)
    return stream.finish()


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors scaled to length 1 along the last axis; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = (vectors / np.maximum(lengths, _LEAST_LENGTH)).astype(np.float32)
    return scaled
