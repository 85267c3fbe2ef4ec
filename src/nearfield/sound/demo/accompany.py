"""Adds what a tune written down as one voice lacks: chords, a bass, drums. Pure functions."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.demo.score import Note, Part, Score

CHORDS: Final[Mapping[str, tuple[int, int, int]]] = {
    "I": (0, 4, 7),
    "II": (2, 5, 9),
    "III": (4, 7, 11),
    "IV": (5, 9, 0),
    "V": (7, 11, 2),
    "VI": (9, 0, 4),
}
"""Triads of the major scale whose key signature a tune has, root first, in semitones."""

_LIKED: Final = {"I": 0.3, "V": 0.22, "IV": 0.2, "VI": 0.17, "II": 0.15, "III": 0.0}

KICK, STICK, SNARE, CLOSED_HAT = 36, 37, 38, 42
"""Keys of the General MIDI drum kit."""


class Chord(NamedTuple):
    """A triad for some time.

    Parameters
    ----------
    start, end : float
        In quarter notes.
    pitches : (int, int, int)
        Semitones above C, root first, each from 0 to 11.
    """

    start: float
    end: float
    pitches: tuple[int, int, int]


def harmonise(score: Score) -> list[Chord]:
    """Return for each bar the triad that has most of what the first part sounds in it.

    Bars without a note get none.
    """
    tonic = 7 * score.fifths % 12
    chords = []
    for bar in range(int(np.ceil(score.end / score.bar - 1e-9))):
        start, end = bar * score.bar, (bar + 1) * score.bar
        share = _share(score.parts[0], start, end, tonic)
        if share is not None:
            name = max(CHORDS, key=lambda one: share[list(CHORDS[one])].sum() + _LIKED[one])
            first, third, fifth = ((tonic + step) % 12 for step in CHORDS[name])
            chords.append(Chord(start, end, (first, third, fifth)))
    return chords


def _share(part: Part, start: float, end: float, tonic: int) -> NDArray[np.float64] | None:
    """Return how much of the sound falls on each of 12 pitch classes, or None for silence."""
    heard = np.zeros(12)
    for note in part:
        inside = min(note.end, end) - max(note.start, start)
        if inside > 0:
            heard[(note.pitch - tonic) % 12] += inside
    total = heard.sum()
    return heard / total if total else None


def arpeggio(score: Score) -> Part:
    """Return broken chords in eighth notes, as a guitar is picked."""
    notes = []
    for start, end, pitches in harmonise(score):
        root, *upper = _voiced(pitches, 48)
        pattern = (root, *upper, root + 12, upper[1], upper[0])
        for step in range(round((end - start) * 2)):
            onset = start + step / 2
            notes.append(Note(onset, min(onset + 1.0, end), pattern[step % len(pattern)]))
    return tuple(notes)


def vamp(score: Score) -> Part:
    """Return a low root on each beat and the chord between beats, as for a dance."""
    notes = []
    for start, end, pitches in harmonise(score):
        chord = _voiced(pitches, 55)
        for onset, off in _beats(score, start, end):
            notes.append(Note(onset, off, 36 + (pitches[0] - 36) % 12))
            notes += [Note(off, 2 * off - onset, pitch) for pitch in chord]
    return tuple(sorted(notes))


def chords(score: Score) -> Part:
    """Return chords that are held as long as they last."""
    return tuple(
        Note(start, end, pitch)
        for start, end, pitches in harmonise(score)
        for pitch in sorted(_voiced(pitches, 52))
    )


def bass(score: Score) -> Part:
    """Return low roots and fifths in turn, one on each beat."""
    notes = []
    for start, end, pitches in harmonise(score):
        root = 33 + (pitches[0] - 33) % 12
        for count, (onset, off) in enumerate(_beats(score, start, end)):
            notes.append(Note(onset, 2 * off - onset, root + 7 * (count % 2)))
    return tuple(notes)


def drums(score: Score) -> Part:
    """Return kick and snare in turn on the beats, and a hi-hat on and between them."""
    notes = []
    for count, (onset, off) in enumerate(_beats(score, 0.0, score.end)):
        notes.append(Note(onset, onset + 0.1, SNARE if count % 2 else KICK))
        notes += [Note(time, time + 0.1, CLOSED_HAT) for time in (onset, off)]
    return tuple(sorted(notes))


BACKINGS: Final[Mapping[str, Callable[[Score], Part]]] = {
    "arpeggio": arpeggio,
    "vamp": vamp,
    "chords": chords,
    "bass": bass,
    "drums": drums,
}


def _voiced(pitches: tuple[int, int, int], lowest: int) -> list[int]:
    """Return the keys of a triad, root first, each at or above `lowest` and less than 12 over."""
    return [lowest + (pitch - lowest) % 12 for pitch in pitches]


def _beats(score: Score, start: float, end: float) -> list[tuple[float, float]]:
    """Return where each beat begins, and its second half (of three eighths, the third)."""
    half = 1.0 if score.beat == 1.5 else score.beat / 2
    return [(onset, onset + half) for onset in np.arange(start, end - 1e-9, score.beat).tolist()]
