"""What the stretches of two recordings say together: one match, told in seconds."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.band_fingerprint import (
    FRAMES_A_SECOND,
    SECONDS_OF_A_WORD,
    STEPS_A_SEMITONE,
    BandFingerprint,
)
from nearfield.sound.fingerprint_code import Fingerprint

CHANGES_A_SECOND: Final = 66.0
"""Bits that change in a second of ordinary music: the median of real tracks."""

STRETCH: Final = np.dtype(
    [
        ("song", np.int64),
        ("similarity", np.float64),
        ("start", np.float64),
        ("shift", np.float64),
        ("pace", np.float64),
        ("first", np.int64),
        ("last", np.int64),
        ("changes", np.int64),
    ]
)
"""A stretch of b that matches a song: words from `first` until before `last`, along a line."""

Stretches = NDArray[np.void]

_SAME_PACE: Final = 0.012
_SAME_SHIFT: Final = 1.0  # places
_ALIKE: Final = 0.5
"""Share of the best stretch's similarity that others need to count beside it."""
_SHARED: Final = 0.5
"""Share of a stretch that may already belong to a better one; what is beyond that counts twice."""

CHROMA_COUNTS: Final = 1.12
"""Times that Chromaprint's correlation counts. What is nearest to a copy and is none, the same
notes by other instruments, reaches 0.55 with it and 0.64 with the bands."""

BOTH_COUNT: Final = 1.13
"""Times that the mean of both counts. Other instruments reach 0.547: where the bands take them for
the same, Chromaprint hears the difference, and the other way round; copies keep both."""

_FEWEST_VALUES: Final = 32
_LEAST_VARIANCE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Match:
    """What two recordings, a and b, have in common: ``time in a = offset + speed * time in b``.

    Parameters
    ----------
    similarity : float
        Mean-removed correlation of bits over the matched stretches, in [-1, 1]: of the band
        fingerprints, or what Chromaprint adds to it where that is higher: see `CHROMA_COUNTS`.
    offset : float
        Seconds; see above. Of the best stretch, where there are several.
    overlap : float
        Seconds of a that match.
    speed : float
        1.03: b plays 3 % faster than a.
    semitones : float
        How much higher b sounds than a.
    share_a, share_b : float
        Share of the sounding words of each that lie inside the matched stretches, in [0, 1].
    evidence : float
        Seconds of ordinary music in which as many bits change as in the overlap. Less than
        `overlap` where the sound is monotonous: by chance, what changes seldom agrees more often.
    """

    similarity: float
    offset: float
    overlap: float
    speed: float
    semitones: float
    share_a: float
    share_b: float
    evidence: float


def weight(stretches: Stretches) -> NDArray[np.float64]:
    """Return how unlikely each is to have come by chance, in standard deviations or so."""
    root: NDArray[np.float64] = stretches["similarity"] * np.sqrt(stretches["changes"])
    return root


def combined(
    a: BandFingerprint,
    b: BandFingerprint,
    stretches: Stretches,
    chromaprints: tuple[Fingerprint, Fingerprint] | None = None,
    seconds_of_a_word: float = SECONDS_OF_A_WORD,
) -> Match | None:
    """Return the match that stretches of b make with a, None where there are none.

    The best stretch leads. Others join it where they play as fast and as high, and lie elsewhere in
    both: a part was cut out or put in. With Chromaprints of both, they are heard as well.
    `seconds_of_a_word` is how much sound a word of a or b hears.
    """
    if len(stretches) == 0:
        return None
    ordered = stretches[np.argsort(-weight(stretches), kind="stable")]
    best = ordered[0]
    in_a, in_b = np.zeros(len(a), dtype=np.bool_), np.zeros(len(b), dtype=np.bool_)
    taken = [row for row in ordered if _joins(row, best, in_a, in_b)]
    rows = np.array(taken, dtype=STRETCH)
    if chromaprints is not None:
        for row in rows:
            row["similarity"] = _by_both(row["similarity"], chroma_similarity(*chromaprints, row))
    return _told(a, b, (in_a, in_b), rows, seconds_of_a_word)


def _by_both(bands: float, chroma: float) -> float:
    """Return one similarity of two correlations: whichever of the three ways says most."""
    return max(bands, min(1.0, max(CHROMA_COUNTS * chroma, BOTH_COUNT * (bands + chroma) / 2)))


def _joins(row: np.void, best: np.void, in_a: NDArray[np.bool_], in_b: NDArray[np.bool_]) -> bool:
    """Mark what a stretch covers, where it belongs to the match; say whether it does."""
    alike = (
        abs(row["pace"] - best["pace"]) <= _SAME_PACE
        and abs(row["shift"] - best["shift"]) <= _SAME_SHIFT
        and row["similarity"] >= _ALIKE * best["similarity"]
    )
    here, there = _part_of_a(row, len(in_a)), slice(int(row["first"]), int(row["last"]))
    if not alike or max(in_a[here].mean(), in_b[there].mean()) > 1 - _SHARED:
        return False
    in_a[here], in_b[there] = True, True
    return True


def _part_of_a(row: np.void, words: int) -> slice:
    first = round(row["start"] + row["pace"] * row["first"])
    last = round(row["start"] + row["pace"] * (row["last"] - 1)) + 1
    return slice(min(max(0, first), words - 1), min(max(1, last), words))


def _told(
    a: BandFingerprint,
    b: BandFingerprint,
    marked: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    rows: Stretches,
    heard: float,
) -> Match:
    """Return the match of stretches that belong together, the best first."""
    best = rows[0]
    lengths = (rows["last"] - rows["first"]).astype(np.float64)
    seconds = (int(np.count_nonzero(marked[0])) - len(rows)) / FRAMES_A_SECOND
    speed = float(best["pace"])
    return Match(
        similarity=float(np.average(rows["similarity"], weights=lengths)),
        offset=float(best["start"]) / FRAMES_A_SECOND + heard / 2 * (1 - speed),
        overlap=seconds + len(rows) * heard,
        speed=speed,
        semitones=-float(best["shift"]) / STEPS_A_SEMITONE,
        share_a=_share(a, marked[0]),
        share_b=_share(b, marked[1]),
        evidence=float(rows["changes"].sum()) / CHANGES_A_SECOND,
    )


def chroma_similarity(a: Fingerprint, b: Fingerprint, stretch: np.void) -> float:
    """Return the mean-removed correlation of two Chromaprints along a stretch, in [-1, 1].

    It says little where one is played higher or at another pace. 0 where less than four seconds lie
    over one another, or hardly a bit changes.
    """
    there = np.arange(stretch["first"], min(stretch["last"], len(b)))
    here = np.floor(stretch["start"] + stretch["pace"] * there + 0.5).astype(np.int64)
    inside = (here >= 0) & (here < len(a))
    if np.count_nonzero(inside) < _FEWEST_VALUES:
        return 0.0
    left, right = _signs(a[here[inside]]), _signs(b[there[inside]])
    variance = (left**2).mean() * (right**2).mean()
    if variance < _LEAST_VARIANCE**2:
        return 0.0
    return float((left * right).mean() / np.sqrt(variance))


def _signs(values: Fingerprint) -> NDArray[np.float32]:
    """Return the bits as -1 and 1 with the mean of each removed, shape (values, 32)."""
    octets = np.ascontiguousarray(values).view(np.uint8).reshape(-1, 4)
    signs = 2 * np.unpackbits(octets, axis=1).astype(np.float32) - 1
    centred: NDArray[np.float32] = signs - signs.mean(axis=0)
    return centred


def _share(words: BandFingerprint, marked: NDArray[np.bool_]) -> float:
    """Return the share of the sounding words that are marked, in [0, 1]."""
    sounding = words != 0
    return int((marked & sounding).sum()) / max(1, int(sounding.sum()))
