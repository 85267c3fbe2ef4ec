"""What it costs the ear to go from one song to another."""

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from nearfield.playlists.traits import Traits
from nearfield.types import Vectors

_OCTAVE: Final = 0.05
"""What half or double time costs, beside a tempo that is the same; in octaves."""

_KEY_STEPS: Final = 7.0
"""The farthest two keys are apart: six steps on the circle, and the mode."""


class TransitionConfig(BaseModel):
    """How much each part of a transition counts; the parts themselves are in [0, 1]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sound: Annotated[float, Field(ge=0, description="(1 - cosine) / 2 of the vectors")] = 2.0
    tempo: Annotated[float, Field(ge=0, description="octaves between the tempi, doubled")] = 0.3
    key: Annotated[float, Field(ge=0, description="steps on the circle of fifths, of 7")] = 0.15
    energy: Annotated[float, Field(ge=0, description="step of the energy")] = 0.3
    album: Annotated[float, Field(ge=0, description="the same album")] = 0.3
    artist: Annotated[
        float, Field(ge=0, description="the same artist; the default outweighs all else")
    ] = 100.0


def transition_costs(
    one: tuple[Vectors, Traits], other: tuple[Vectors, Traits], config: TransitionConfig
) -> NDArray[np.float64]:
    """Return what each step from one set of songs to another costs, shape (one, other).

    It is the sum of the parts of `TransitionConfig`, each times its weight, and the same in both
    directions. A tempo fits one twice or half as fast nearly as well as an equal one. What is not
    known of one of the two songs costs nothing.

    Parameters
    ----------
    one, other : tuple of Vectors and Traits
        Unit vectors, shape (songs, dim), and traits of the same songs.
    config : TransitionConfig
        The weights.
    """
    (vectors, first), (others, second) = one, other
    cosine = (vectors @ others.T).astype(np.float64)
    costs = config.sound * np.clip(1 - cosine, 0, 2) / 2
    costs += config.tempo * _known(tempo_distance(first.tempo[:, None], second.tempo))
    costs += config.key * _known(
        key_distance(first.fifths[:, None], first.minor[:, None], second.fifths, second.minor)
    )
    costs += config.energy * _known(np.abs(first.energy[:, None] - second.energy))
    costs += config.album * _same(first.album, second.album)
    costs += config.artist * _same(first.artist, second.artist)
    return costs


def tempo_distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far tempi are apart, in [0, 1]; given as base-2 logarithms, NaN not known."""
    octaves = np.abs(one - other)
    nearest: NDArray[np.float32] = np.minimum(octaves, np.abs(octaves - 1) + np.float32(_OCTAVE))
    return np.minimum(2 * nearest, np.float32(1))


def key_distance(
    one: NDArray[np.float32],
    one_minor: NDArray[np.bool_],
    other: NDArray[np.float32],
    other_minor: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """Return how far keys are apart, in [0, 1]: steps on the circle and 1 for another mode."""
    steps = np.abs(one - other)
    steps = np.minimum(steps, 12 - steps)
    apart: NDArray[np.float32] = (steps + (one_minor != other_minor)) / np.float32(_KEY_STEPS)
    return apart


def _known(parts: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.nan_to_num(parts.astype(np.float64), nan=0.0)


def _same(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = (one[:, None] == other) & (one[:, None] >= 0)
    return same
