"""One vector of a song's harmony, by which its versions are looked for among all other songs.

A small convolutional network that was trained on songs of POP909 played in many ways, in the manner
of [1]_. Its filters reach round all twelve notes and what they find is pooled over them, so that
another key gives the same vector. Arithmetic of numpy alone.

References
----------
.. [1] Yu et al., "Learning a Representation for Cover Song Identification Using Convolutional
   Neural Network", ICASSP 2020. https://arxiv.org/abs/1911.00334
"""

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from nearfield.sound.versions.frames import told_frames
from nearfield.sound.versions.harmony import Harmony
from nearfield.types import Vectors

__all__ = ["VERSIONS_NAME", "VERSION_DIM", "version_vectors"]

VERSION_DIM: Final = 256
"""Length of the vectors."""

VERSIONS_NAME: Final = "harmony-1"
"""Names what is stored; another name means that vectors must be made again of the harmonies."""

PACES: Final = (1.0,)
"""At which a song is asked for; the first is what is stored. Others, at 6 or 10 % to either side,
found no more: the network was trained on songs at many tempi."""

WEIGHTS: Final = Path(__file__).parent.parent / "weights" / "versions.safetensors"

_Array = NDArray[np.float32]


def version_vectors(harmony: Harmony) -> Vectors:
    """Return unit vectors of a song.

    Parameters
    ----------
    harmony : uint8, shape (frames, 12)
        Of the whole song.

    Returns
    -------
    float32, shape (paces, VERSION_DIM)
        The first row is what is stored; all (at present only that) are asked for, and the best
        answer to any counts. (0, VERSION_DIM) where there is too little, too much, or no change.
    """
    told = told_frames(harmony)
    if told is None:
        return np.zeros((0, VERSION_DIM), dtype=np.float32)
    weights = _weights(WEIGHTS)
    return np.stack([_vector(at_pace(told.frames, pace), weights) for pace in PACES])


def at_pace(frames: _Array, pace: float) -> _Array:
    """Return frames that go by so much faster, shape (frames / pace, 12)."""
    places = np.arange(int(len(frames) / pace)) * np.float32(pace)
    before = np.minimum(places.astype(np.int64), len(frames) - 2)
    part = (places - before)[:, None].astype(np.float32)
    slow: _Array = frames[before] * (1 - part) + frames[before + 1] * part
    return slow


@cache
def _weights(path: Path) -> dict[str, _Array]:
    return load_file(path)


def _vector(frames: _Array, weights: dict[str, _Array]) -> _Array:
    """Run the network; the steps of training's normalisation are part of the weights."""
    found = _pairs(_round_the_notes(frames.T[None], weights, "first")).max(axis=-1)
    found = _round_the_notes(found, weights, "second")
    found = np.concatenate([found.max(axis=1), found.mean(axis=1)])
    found = _along_time(_pairs(found).mean(axis=-1), weights, "third", 1)
    for name, apart in (("fourth", 2), ("fifth", 4)):
        found = found + _along_time(found, weights, name, apart)
    pooled = np.concatenate([found.mean(axis=1), found.max(axis=1)])
    vector = weights["out.weight"] @ pooled + weights["out.bias"]
    unit: _Array = vector / np.maximum(np.linalg.norm(vector), 1e-9)
    return unit.astype(np.float32)


def _round_the_notes(sound: _Array, weights: dict[str, _Array], name: str) -> _Array:
    """Convolve, shape (channels, 12, frames), with filters of all twelve notes, and rectify."""
    weight = weights[f"{name}.weight"]  # (channels out, channels in, 12, frames)
    reach = weight.shape[3]
    around = np.concatenate([sound, sound[:, :11]], axis=1)
    padded = np.pad(around, ((0, 0), (0, 0), (reach // 2, reach // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (12, reach), axis=(1, 2))
    total = np.tensordot(weight, windows, axes=((1, 2, 3), (0, 3, 4)))
    found: _Array = np.maximum(total + weights[f"{name}.bias"][:, None, None], 0)
    return found


def _along_time(sound: _Array, weights: dict[str, _Array], name: str, apart: int) -> _Array:
    """Convolve, shape (channels, frames), with three frames that lie so far apart; rectify."""
    weight = weights[f"{name}.weight"]  # (channels out, channels in, 3)
    padded = np.pad(sound, ((0, 0), (apart, apart)))
    count = sound.shape[1]
    parts = [weight[:, :, tap] @ padded[:, tap * apart :][:, :count] for tap in range(3)]
    found: _Array = np.maximum(np.sum(parts, axis=0) + weights[f"{name}.bias"][:, None], 0)
    return found


def _pairs(sound: _Array) -> _Array:
    """Return each two frames, shape (..., frames / 2, 2); an odd one at the end is left out."""
    count = sound.shape[-1] // 2
    return sound[..., : 2 * count].reshape(*sound.shape[:-1], count, 2)
