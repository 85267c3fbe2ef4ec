"""How sure a share or a mean is, where several answers come from one user."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_SURE: Final = 0.975
"""Of 95 %, half of what is left lies on each side."""

_NORMAL: Final = 1.959963984540054
"""The quantile of the normal distribution that belongs to it."""


class Interval(NamedTuple):
    """A figure, and between what it lies with 95 %; NaN where nothing says so."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted in the answers to each user.

    Parameters
    ----------
    answers : float64, shape (users,)
        How many each user got; at least 1.
    counted : float64, shape (users,)
        What was counted in all of them together.
    """

    answers: NDArray[np.float64]
    counted: NDArray[np.float64]

    @classmethod
    def of(cls, users: Sequence[int], counted: Sequence[int]) -> "Tally":
        """Add up by user, given one number for each answer."""
        _, place = np.unique(np.array(users, dtype=np.int64), return_inverse=True)
        number = np.array(counted, dtype=np.float64)
        answers = np.bincount(place).astype(np.float64)
        return cls(answers, np.bincount(place, weights=number).astype(np.float64))

    @property
    def value(self) -> float:
        """What was counted, an answer."""
        return float(self.counted.sum() / self.answers.sum())

    @property
    def variance(self) -> float:
        """Of `value`: the ratio of two sums over users, by the delta method; NaN of one user.

        References
        ----------
        .. [1] Deng, Knoblich and Lu, "Applying the Delta Method in Metric Analytics", KDD 2018.
           https://arxiv.org/abs/1803.06336
        """
        users = len(self.answers)
        if users < 2:
            return math.nan
        rest = self.counted - self.value * self.answers
        return float(users / (users - 1) * (rest @ rest) / self.answers.sum() ** 2)

    def share(self) -> Interval:
        """Return the share of answers that count, with Wilson's interval.

        Of as many answers as tell as much as these do: those to one user are alike.
        """
        share, variance = self.value, self.variance
        told = share * (1 - share)
        # no user differs from another: each tells no more than one answer would
        alone = not variance > 0 or not told > 0
        size = float(len(self.answers)) if alone else min(told / variance, self.answers.sum())
        middle = (share + _NORMAL**2 / (2 * size)) / (1 + _NORMAL**2 / size)
        half = math.sqrt(told / size + _NORMAL**2 / (4 * size**2))
        half *= _NORMAL / (1 + _NORMAL**2 / size)
        return Interval(share, max(0.0, middle - half), min(1.0, middle + half))

    def mean(self) -> Interval:
        """Return what is counted an answer, with Student's interval."""
        half = _quantile(len(self.answers) - 1) * math.sqrt(self.variance)
        return Interval(self.value, max(self.value - half, 0.0), self.value + half)  # NaN stays


def share_difference(one: Tally, other: Tally) -> Interval:
    """Return how much larger the share of one is than that of the other, by Newcombe's method.

    References
    ----------
    .. [1] Newcombe, "Interval Estimation for the Difference Between Independent Proportions",
       Statistics in Medicine 17, 1998.
    """
    a, b = one.share(), other.share()
    return Interval(
        a.value - b.value,
        a.value - b.value - math.hypot(a.value - a.low, b.high - b.value),
        a.value - b.value + math.hypot(a.high - a.value, b.value - b.low),
    )


def mean_difference(one: Tally, other: Tally) -> Interval:
    """Return how much larger the mean of one is than that of the other, by Welch's method."""
    value = one.value - other.value
    parts = [(each.variance, len(each.answers) - 1) for each in (one, other)]
    total = sum(variance for variance, _ in parts)
    if not total > 0:  # NaN too
        return Interval(value, value + total, value + total)
    freedom = total**2 / sum(variance**2 / freedom for variance, freedom in parts)
    half = _quantile(freedom) * math.sqrt(total)
    return Interval(value, value - half, value + half)


def _quantile(freedom: float) -> float:
    """Return the quantile of Student's distribution; NaN where nothing is left to vary."""
    if freedom < 1:
        return math.nan
    from scipy.special import stdtrit  # takes 0.1 s, which other commands need not wait

    return float(stdtrit(freedom, _SURE))
