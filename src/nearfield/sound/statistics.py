"""What statistics say of a window of cepstrum, and linear maps: the encoder's footing."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from nearfield.errors import InvalidInput
from nearfield.sound.cepstrum import deltas_of_windows
from nearfield.sound.encoding import Features

_RIDGE: Final = 0.2
"""Added to each variance before dividing by it, in shares of that of the whole sample."""

_LEAST: Final = 1e-6

_MODULATED: Final = 12
"""Inputs whose modulation is measured."""

_RATES: Final = (1, 2, 3, 5, 8, 13, 20, 30, 42, 54)
"""Edges of the rates, in cycles in 108 frames, which are five seconds: from 0.2 to 10.8 Hz."""

_QUIET: Final = 1e-3
"""Added to the power of changes: of silence there is none."""


def describe(windows: Features, coefficients: int) -> Features:
    """Return what a window is like on average, how it varies, and how fast.

    Of all inputs mean, deviation and the deviation of the deltas; of the first `coefficients`
    their correlations; of the first few their modulation: the power with which they go up and
    down, by rate, in the first 108 frames. Input 0, the level, has no mean here, so that loudness
    does not matter.

    Parameters
    ----------
    windows : float32, shape (windows, frames, inputs)
        Cepstra; one frame at least.
    coefficients : int
        How many of the inputs, from the first, correlations are taken of.

    Returns
    -------
    float32, shape (windows, statistics)
        `3 inputs - 1 + coefficients (coefficients - 1) / 2` numbers, and 9 for each of the
        first 12 inputs.
    """
    centred = windows - windows.mean(axis=1, keepdims=True)
    deviation = centred.std(axis=1)
    moving = deltas_of_windows(windows).std(axis=1)
    some = centred[:, :, :coefficients] / (deviation[:, None, :coefficients] + _LEAST)
    correlation = np.einsum("wfi,wfj->wij", some, some, optimize=True) / windows.shape[1]
    upper = np.triu_indices(some.shape[2], 1)
    parts = [
        windows.mean(axis=1)[:, 1:],
        deviation,
        moving,
        correlation[:, upper[0], upper[1]],
        _modulation(centred[:, :, :_MODULATED]),
    ]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _modulation(centred: Features) -> Features:
    """Return the log of the power of changes, by rate, shape (windows, 9 inputs)."""
    window = np.hanning(centred.shape[1] + 2)[1:-1].astype(np.float32)
    spectrum = np.abs(scipy.fft.rfft(centred * window[:, None], n=_RATES[-1] * 2, axis=1)) ** 2
    power = np.stack(
        [spectrum[:, first:last].mean(axis=1) for first, last in pairwise(_RATES)], axis=1
    )
    return np.asarray(np.log(power + _QUIET), dtype=np.float32).reshape(len(centred), -1)


@dataclass(frozen=True, slots=True)
class Projection:
    """A linear map onto fewer numbers, fitted to a sample.

    Parameters
    ----------
    mean : float32, shape (inputs,)
        Of the sample.
    matrix : float32, shape (inputs, outputs)
        Applied to what is left when the mean is taken away.
    """

    mean: NDArray[np.float32]
    matrix: NDArray[np.float32]

    @classmethod
    def tell_apart(
        cls, sample: NDArray[np.float32], groups: NDArray[np.int64], outputs: int
    ) -> "Projection":
        """Return the map after which all groups spread alike, and lie apart the most [1]_.

        What changes within a group (a song and what may happen to it) is scaled down; of the
        rest the directions are kept in which the groups' means differ.

        Parameters
        ----------
        sample : float32, shape (rows, inputs)
            What to fit to.
        groups : int64, shape (rows,)
            Which group each row is of, from 0.
        outputs : int
            Directions that are kept.

        References
        ----------
        .. [1] Hatch, Kajarekar & Stolcke, "Within-Class Covariance Normalization for SVM-based
           Speaker Recognition", Interspeech 2006.
        """
        _check(sample, outputs)
        exact = sample.astype(np.float64)
        mean, deviation = exact.mean(axis=0), exact.std(axis=0) + _LEAST
        normal = (exact - mean) / deviation
        counts = np.bincount(groups)
        sums = np.zeros((len(counts), normal.shape[1]))
        np.add.at(sums, groups, normal)
        means = sums / np.maximum(counts, 1)[:, None]
        inside = normal - means[groups]
        spread, directions = np.linalg.eigh(inside.T @ inside / len(inside))
        even = directions / np.sqrt(np.maximum(spread, 0.0) + _RIDGE)
        _, apart = _principal(means[counts > 0] @ even, outputs)
        matrix = even @ apart / deviation[:, None]
        return cls(mean.astype(np.float32), matrix.astype(np.float32))

    @classmethod
    def rotate(cls, sample: NDArray[np.float32], outputs: int) -> "Projection":
        """Return the map that keeps distances as well as `outputs` numbers can."""
        _check(sample, outputs)
        exact = sample.astype(np.float64)
        _, directions = _principal(exact - exact.mean(axis=0), outputs)
        return cls(exact.mean(axis=0).astype(np.float32), directions.astype(np.float32))

    def apply(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return rows of shape (rows, outputs) from ones of shape (rows, inputs)."""
        return np.asarray((rows - self.mean) @ self.matrix, dtype=np.float32)


def _check(sample: NDArray[np.float32], outputs: int) -> None:
    if min(sample.shape) < outputs:
        raise InvalidInput(
            f"a sample of shape {sample.shape} cannot be projected onto {outputs} numbers; give "
            f"{outputs} rows or more, or ask for fewer numbers."
        )


def _principal(
    centred: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the largest variances, shape (count,), and their directions, (inputs, count)."""
    spread, directions = np.linalg.eigh(centred.T @ centred / len(centred))
    best = np.argsort(-spread, kind="stable")[:count]
    return np.maximum(spread[best], 0.0), directions[:, best]
