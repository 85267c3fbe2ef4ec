"""How good vectors of songs are, from arrays alone: songs found again, and neighbours of a kind."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nearfield.errors import InvalidInput
from nearfield.types import Vectors

_LEAST = 1e-12


def half_song_hit(first: Vectors, second: Vectors, k: int = 1) -> float:
    """Return the share of halves of songs by which the other half is found.

    Each first half looks for its second half among those of all songs, and the other way round.

    Parameters
    ----------
    first, second : float32, shape (songs, dim)
        Vectors of the halves; row n of both is song n. Of any length. The second half may have
        been changed (noise, another codec), to see what the vectors make of it.
    k : int
        How many of the nearest count as found.

    Returns
    -------
    float
        In [0, 1]; the mean of both directions.
    """
    _same_shape(first, second)
    cosines = _unit(first) @ _unit(second).T  # (songs, songs)
    found = [_ranks(one) < k for one in (cosines, cosines.T)]
    return float(np.mean(found))


def halves(windows: Sequence[Vectors]) -> tuple[Vectors, Vectors]:
    """Return the mean vector of the first and of the second half of each song's windows.

    Parameters
    ----------
    windows : sequence of float32, shape (windows, dim)
        Of each song, in order of time; a song needs two. Overlap in the middle is not removed:
        pass windows that do not overlap, or leave the middle one out.

    Returns
    -------
    float32, shape (songs, dim), twice
    """
    for number, song in enumerate(windows):
        if len(song) < 2:
            raise InvalidInput(
                f"song {number} has {len(song)} windows, but two halves need two. Leave songs "
                "out that are so short."
            )
    first = [_unit(song[: len(song) // 2]).mean(axis=0) for song in windows]
    second = [_unit(song[-(len(song) // 2) :]).mean(axis=0) for song in windows]
    return np.stack(first).astype(np.float32), np.stack(second).astype(np.float32)


def segment_hit(windows: Sequence[Vectors]) -> float:
    """Return the share of windows whose nearest window elsewhere in time is of the same song.

    Parameters
    ----------
    windows : sequence of float32, shape (windows, dim)
        Of each song, in order of time. A window is not compared with itself nor with its
        neighbours in the song, so a song needs three to be found.

    Returns
    -------
    float
        In [0, 1].
    """
    vectors = _unit(np.concatenate(list(windows)))
    counts = [len(song) for song in windows]
    songs = np.repeat(np.arange(len(counts)), counts)
    places = np.concatenate([np.arange(count) for count in counts])
    cosines = vectors @ vectors.T
    near = np.abs(places[:, None] - places) <= 1
    cosines[near & (songs[:, None] == songs)] = -np.inf
    return float((songs[cosines.argmax(axis=1)] == songs).mean())


def same_label_at_k(vectors: Vectors, labels: Sequence[str], k: int = 1) -> float:
    """Return the mean share of each song's nearest `k` songs that carry its label.

    Parameters
    ----------
    vectors : float32, shape (songs, dim)
        Of any length.
    labels : sequence of str
        Of each song, e.g. its album or artist. Songs without one ("") and songs whose label no
        other carries are not asked for, but may be found.
    k : int
        Neighbours that count.

    Returns
    -------
    float
        In [0, 1]; NaN where no song can be asked for.
    """
    _as_many(vectors, labels)
    names = np.asarray(labels)
    asked = _asked(names)
    if not len(asked):
        return float("nan")
    nearest = _nearest(vectors, k)[asked]
    return float((names[nearest] == names[asked, None]).mean())


def label_knn(vectors: Vectors, labels: Sequence[str], k: int = 5) -> float:
    """Return the share of songs whose label their neighbours vote for, by cosine.

    Parameters
    ----------
    vectors : float32, shape (songs, dim)
        Of any length.
    labels : sequence of str
        Of each song, e.g. its genre. Songs without one ("") neither vote nor are asked for.
    k : int
        Neighbours that vote, with their cosine as weight.

    Returns
    -------
    float
        In [0, 1]; NaN where fewer than two songs carry a label.
    """
    _as_many(vectors, labels)
    names = np.asarray(labels)
    kept = np.flatnonzero(names != "")
    if len(kept) < 2:
        return float("nan")
    kinds, label = np.unique(names[kept], return_inverse=True)
    some = _unit(vectors[kept])
    nearest = _nearest(some, k)
    weights = np.maximum(np.einsum("sd,skd->sk", some, some[nearest]), 0.0) + _LEAST
    votes = np.zeros((len(kept), len(kinds)))
    np.add.at(votes, (np.arange(len(kept))[:, None], label[nearest]), weights)
    return float((votes.argmax(axis=1) == label).mean())


def baseline_statistics(windows: NDArray[np.float32], coefficients: int = 20) -> Vectors:
    """Return mean and deviation of the first coefficients of a cepstrum: the row to beat [1]_.

    Parameters
    ----------
    windows : float32, shape (windows, frames, inputs)
        Cepstra, of windows or of whole songs.
    coefficients : int
        How many of the inputs are used.

    Returns
    -------
    float32, shape (windows, 2 coefficients)
        Standardize them over all songs before taking cosines (`standardize`).

    References
    ----------
    .. [1] Tzanetakis & Cook, "Musical Genre Classification of Audio Signals", IEEE TSAP 10(5),
       2002.
    """
    some = windows[:, :, :coefficients]
    return np.concatenate([some.mean(axis=1), some.std(axis=1)], axis=1).astype(np.float32)


def standardize(vectors: Vectors, sample: Vectors | None = None) -> Vectors:
    """Return vectors with the mean and the scale of each number taken out.

    Parameters
    ----------
    vectors : float32, shape (rows, dim)
        To be compared.
    sample : float32, shape (rows, dim), optional
        Whose mean and deviation are taken; by default those of the vectors themselves.
    """
    seen = vectors if sample is None else sample
    scaled = (vectors - seen.mean(axis=0)) / (seen.std(axis=0) + 1e-6)
    return np.asarray(scaled, dtype=np.float32)


def _nearest(vectors: Vectors, k: int) -> NDArray[np.int64]:
    """Return the `k` songs nearest to each, itself left out, best first, shape (songs, k)."""
    units = _unit(vectors)
    cosines = units @ units.T
    np.fill_diagonal(cosines, -np.inf)
    best: NDArray[np.int64] = np.argsort(-cosines, axis=1, kind="stable")
    return best[:, : min(k, len(vectors) - 1)]


def _ranks(cosines: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return how many are nearer than the right one, shape (songs,); ties count against it."""
    right = np.diagonal(cosines)[:, None]
    ranks: NDArray[np.int64] = (cosines >= right).sum(axis=1) - 1
    return ranks


def _asked(names: NDArray[np.str_]) -> NDArray[np.int64]:
    """Return the songs whose label another song carries too."""
    _, which, counts = np.unique(names, return_inverse=True, return_counts=True)
    return np.flatnonzero((names != "") & (counts[which] > 1))


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, _LEAST), dtype=np.float32)


def _same_shape(first: Vectors, second: Vectors) -> None:
    if first.shape != second.shape or first.ndim != 2 or not len(first):
        raise InvalidInput(
            f"the halves have shapes {first.shape} and {second.shape}; give two arrays of the "
            "same shape (songs, dim), with one song or more."
        )


def _as_many(vectors: Vectors, labels: Sequence[str]) -> None:
    if len(vectors) != len(labels):
        raise InvalidInput(
            f"there are {len(vectors)} vectors but {len(labels)} labels; give one label a song, "
            'and "" where it has none.'
        )
