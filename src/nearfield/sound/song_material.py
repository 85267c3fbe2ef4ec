"""The songs that training reads: windows drawn at random, and what a teacher says of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nearfield.errors import InvalidInput
from nearfield.sound.encoder_config import EncoderConfig, SoundTrainingConfig
from nearfield.sound.encoding import Features, unit
from nearfield.sound.windows import window_frames

_MOST_SECONDS: Final = 120.0
"""Of a song, that `abridge` keeps."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """What a teacher says of songs.

    Parameters
    ----------
    vectors : sequence of float32, shape (rows, learned)
        For each song, in order, one row for each stretch of time.
    frames : float
        Length of a stretch, in frames of the cepstrum.
    """

    vectors: Sequence[NDArray[np.float32]]
    frames: float

    def of(self, song: int, start: int, size: int) -> NDArray[np.float32]:
        """Return the unit vector of a window: the mean of the rows whose middle lies in it."""
        rows = self.vectors[song]
        first = min(len(rows) - 1, max(0, round(start / self.frames)))
        last = max(first + 1, round((start + size) / self.frames))
        return unit(rows[first:last].mean(axis=0))


def abridge(features: Features, config: EncoderConfig) -> NDArray[np.float16]:
    """Return what training needs of a song: two minutes from its middle, in half the bytes.

    Ten thousand songs then take 2 GB.

    Parameters
    ----------
    features : float32, shape (frames, coefficients)
        The cepstrum of a whole song.
    config : EncoderConfig
        Of the encoder that is to be trained.
    """
    kept = round(_MOST_SECONDS * config.cepstrum.frames_a_second)
    start = max(0, len(features) - kept) // 2
    return features[start : start + kept].astype(np.float16)


class SongMaterial:
    """Songs that are long enough for two windows.

    Parameters
    ----------
    songs : sequence of float, shape (frames, coefficients)
        Cepstra, whole or as `abridge` leaves them.
    config : EncoderConfig
        Whose windows are cut.
    training : SoundTrainingConfig
        How many songs are needed, and how many are held out.
    groups : sequence of int, optional
        Of each song; songs of one group belong together as parts of one song do. Where not given,
        each is alone.

    Raises
    ------
    InvalidInput
        If the songs are too few, or not of the encoder's cepstrum.
    """

    def __init__(
        self,
        songs: Sequence[NDArray[np.floating[Any]]],
        config: EncoderConfig,
        training: SoundTrainingConfig,
        groups: Sequence[int] | None = None,
    ) -> None:
        alone = np.arange(len(songs), dtype=np.int64)
        self.groups = alone if groups is None else np.asarray(groups, dtype=np.int64)
        if len(self.groups) != len(songs):
            raise InvalidInput(
                f"{len(songs)} songs came with {len(self.groups)} groups. Give one for each song."
            )
        wanted, a_second = config.cepstrum.coefficients, config.cepstrum.frames_a_second
        for number, song in enumerate(songs):
            if song.ndim != 2 or song.shape[1] != wanted:
                raise InvalidInput(
                    f"song {number} has features of shape {song.shape}, but (frames, {wanted}) "
                    "was wanted. Take them from the encoder's own stream()."
                )
        self.size = window_frames(config.seconds, a_second)
        self.songs = songs
        usable = [number for number, song in enumerate(songs) if len(song) >= 2 * self.size]
        if len(usable) < training.least_songs:
            raise InvalidInput(
                f"{len(usable)} of {len(songs)} songs last {2 * config.seconds:g} seconds or "
                f"more; training needs {training.least_songs}. Add songs, or keep the encoder "
                "that comes with Nearfield: it needs no training."
            )
        order = np.random.default_rng(training.seed).permutation(usable)
        held_out = max(1, round(training.held_out * len(order)))
        self.held_out = np.sort(order[:held_out])
        self.train = np.sort(order[held_out:])

    def starts(self, song: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw where `count` windows begin, one in each of as many equal parts of the song."""
        room = len(self.songs[song]) - self.size + 1
        parts = (np.arange(count) + rng.random(count)) * room / count
        return parts.astype(np.int64)

    def windows(self, song: int, starts: NDArray[np.int64]) -> Features:
        """Return windows, shape (windows, size, coefficients)."""
        cut = [self.songs[song][start : start + self.size] for start in starts]
        return np.stack(cut).astype(np.float32)

    def spread(self, song: int, count: int) -> Features:
        """Return windows evenly spread over a song, shape (count, size, coefficients)."""
        last = len(self.songs[song]) - self.size
        return self.windows(song, np.linspace(0, last, count).astype(np.int64))

    def draw(
        self, songs: NDArray[np.int64], count: int, rng: np.random.Generator
    ) -> tuple[Features, NDArray[np.int64]]:
        """Draw `count` windows of each song, song by song, and where they begin."""
        starts = np.stack([self.starts(song, count, rng) for song in songs])
        cut = [self.windows(song, where) for song, where in zip(songs, starts, strict=True)]
        return np.concatenate(cut), starts.ravel()
