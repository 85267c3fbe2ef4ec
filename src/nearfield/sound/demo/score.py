"""Part on a time line: what the readers of scores return and the player plays."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


class Note(NamedTuple):
    """One note.

    Parameters
    ----------
    start, end : float
        In quarter notes since the beginning.
    pitch : int
        MIDI key; 60 is middle C.
    """

    start: float
    end: float
    pitch: int


Part: TypeAlias = tuple[Note, ...]
"""What one voice or instrument has, in order of time."""


@dataclass(frozen=True, slots=True)
class Score:
    """A piece of music.

    Parameters
    ----------
    parts : tuple of Part
        As a rule the highest first.
    bar, beat : float
        Length of a bar and of a beat in quarter notes; see `meter`.
    fifths : int
        Sharps of the key signature; flats are negative.
    """

    parts: tuple[Part, ...]
    bar: float = 4.0
    beat: float = 1.0
    fifths: int = 0

    @property
    def end(self) -> float:
        """When the last note ends, in quarter notes; 0 where there is none."""
        return max((note.end for part in self.parts for note in part), default=0.0)


def meter(count: int, unit: int) -> tuple[float, float]:
    """Return the lengths of a bar and of a beat of a time signature, in quarter notes.

    Two, three or four groups of three eighths are as many beats; otherwise each quarter is one.

    >>> meter(3, 4), meter(6, 8)
    ((3.0, 1.0), (3.0, 1.5))
    """
    return count * 4 / unit, 1.5 if unit == 8 and count % 3 == 0 else 1.0


def join_ties(notes: list[Note], tied: list[bool]) -> Part:
    """Make one note of each note and its continuations.

    Parameters
    ----------
    notes : list of Note
        In any order.
    tied : list of bool
        Whether each goes on from a note of the same pitch that ends where it starts.

    Returns
    -------
    Part
        In order of time.
    """
    joined: list[Note] = []
    last: dict[int, int] = {}  # of each pitch, the position of its last note
    for note, goes_on in sorted(zip(notes, tied, strict=True)):
        held = last.get(note.pitch)
        if goes_on and held is not None and abs(joined[held].end - note.start) < 1e-6:
            joined[held] = joined[held]._replace(end=note.end)
        else:
            last[note.pitch] = len(joined)
            joined.append(note)
    return tuple(joined)
