"""Reads the notes of tunes in ABC, the letters in which folk musicians write. One voice each.

Repeats and changes of key are not followed; ornaments, words and chord names are left out. See
https://abcnotation.com/wiki/abc:standard:v2.1 for what the letters mean.
"""

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from nearfield.errors import InvalidInput
from nearfield.sound.demo.score import Note, Score, join_ties, meter

_NOTES: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHARPENED: Final = "FCGDAEB"
_FIFTHS: Final = {letter: number for number, letter in enumerate(_SHARPENED, start=-1)}
_MODES: Final = {
    "min": -3,
    "aeo": -3,
    "m": -3,
    "dor": -2,
    "phr": -4,
    "lyd": 1,
    "mix": -1,
    "loc": -5,
}
_ACCIDENTALS: Final = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
_TUPLETS: Final = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # so many notes in the time of so many

_FIELD: Final = re.compile(r"(?m)^([A-Za-z]):[ \t]*(.*?)[ \t]*(?:%.*)?$")
_TOKEN: Final = re.compile(
    r"""(?P<left_out>"[^"]*" | \{[^}]*\} | ![^!\n]*! | \[[A-Za-z]:[^\]]*\] | %[^\n]*)
      | \((?P<tuplet>\d)(?::(?P<time>\d?))?(?::(?P<over>\d?))?
      | (?P<bar>\[?\|[\]|:]* | :+\|? | \[\d)
      | (?P<chord>\[(?=[\^_=]*[A-Ga-g]))
      | (?P<chord_end>\])
      | (?P<accidental>[\^_=]*)(?P<letter>[A-Ga-gzxZ])(?P<octave>[,']*)
      | (?P<broken>[<>]+)
      | (?P<tie>-)""",
    re.VERBOSE,
)
_LENGTH: Final = re.compile(r"(\d*)((?:/\d*)*)")


def read_abc(book: str, number: str | None = None) -> Score:
    """Return one tune.

    Parameters
    ----------
    book : str
        Text with one tune or several.
    number : str, optional
        What stands after ``X:``; the first tune where not given.

    Raises
    ------
    InvalidInput
        If there is no such tune, or it holds no notes.
    """
    tunes = [tune for tune in re.split(r"(?m)^(?=X:)", book) if tune.startswith("X:")]
    for tune in tunes:
        if number is None or tune[2:].split(maxsplit=1)[:1] == [number]:
            return _read_tune(tune)
    raise InvalidInput(f"no tune X:{number} among {len(tunes)}. Give the number of one of them.")


def _read_tune(tune: str) -> Score:
    fields = dict(reversed(_FIELD.findall(tune)))  # the first of each letter counts
    bar, beat = _meter(fields.get("M", ""))
    unit = Fraction(fields.get("L") or ("1/16" if bar < 3 else "1/8")) * 4
    reader = _Voice(_key(fields.get("K", "C")), unit)
    body = re.split(r"(?m)^K:.*$", tune, maxsplit=1)[-1]
    lines = (line for line in body.splitlines() if not re.match(r"[A-Za-z]:(?![|:])|%", line))
    reader.read("\n".join(lines))
    if not reader.notes:
        raise InvalidInput(f"no notes in the tune {fields.get('T', '')!r}. Give its body too.")
    return Score((join_ties(reader.notes, reader.tied),), bar, beat, reader.fifths)


def _meter(text: str) -> tuple[float, float]:
    found = re.match(r"(\d+)/(\d+)", text)
    return meter(int(found[1]), int(found[2])) if found else (4.0, 1.0)  # C, C| or none


def _key(text: str) -> int:
    """Return the sharps of a key: "G" has 1, "Ador" 1, "Bb" -2, "Em" 1."""
    found = re.match(r"([A-G])([#b]?)\s*([A-Za-z]*)", text)
    if found is None:
        return 2 if text.startswith(("HP", "Hp")) else 0  # of bagpipes
    letter, sign, mode = found[1], found[2], found[3].lower()[:3]
    return _FIFTHS[letter] + {"#": 7, "b": -7, "": 0}[sign] + _MODES.get(mode, 0)


@dataclass
class _Voice:
    """Goes through the letters of one tune; all times in quarter notes."""

    fifths: int
    unit: Fraction
    notes: list[Note] = field(default_factory=list)
    tied: list[bool] = field(default_factory=list)
    _now: Fraction = Fraction(0)
    _in_bar: dict[int, int] = field(default_factory=dict)  # accidentals, by key without them
    _chord: list[int] | None = None
    _inner: Fraction = Fraction(1)  # length of the notes within the chord
    _last: tuple[Fraction, int] | None = None  # start of the last note, and where it is listed
    _stretch: Fraction = Fraction(1)  # by the mark "<" or ">" before
    _tuplet: tuple[Fraction, int] = (Fraction(1), 0)  # factor, and notes it still counts for
    _tie: bool = False

    def read(self, body: str) -> None:
        place = 0
        while place < len(body):
            token = _TOKEN.match(body, place)
            if token is None:  # a slur, an ornament, a space
                place += 1
                continue
            length = Fraction(1)
            place = token.end()
            if token["letter"] or token["chord_end"]:
                length, place = _length(body, place)
            self._take(token, length)

    def _take(self, token: re.Match[str], length: Fraction) -> None:
        if token["bar"]:
            self._in_bar.clear()
        elif token["tuplet"]:
            notes = int(token["tuplet"])
            time = int(token["time"] or _TUPLETS.get(notes, 2))
            self._tuplet = Fraction(time, notes), int(token["over"] or notes)
        elif token["chord"]:
            self._chord = []
        elif token["broken"]:
            self._break(token["broken"])
        elif token["tie"]:
            self._tie = True
        elif token["letter"]:
            self._letter(token, length)
        elif token["chord_end"] and self._chord is not None:
            pitches, self._chord = self._chord, None
            self._sound(pitches, length * self._inner)

    def _letter(self, token: re.Match[str], length: Fraction) -> None:
        if token["letter"] in "zxZ":
            self._sound([], length)
            return
        octave = token["octave"].count("'") - token["octave"].count(",") + token["letter"].islower()
        letter = token["letter"].upper()
        natural = 60 + 12 * octave + _NOTES[letter]
        if token["accidental"]:
            self._in_bar[natural] = _ACCIDENTALS.get(token["accidental"], 0)
        pitch = natural + self._in_bar.get(natural, self._signed(letter))
        if self._chord is not None:
            self._chord.append(pitch)
            self._inner = length
        else:
            self._sound([pitch], length)

    def _signed(self, letter: str) -> int:
        """Return what the key signature does to a letter: 1, 0 or -1."""
        place = _SHARPENED.index(letter)
        return (self.fifths > place) - (-self.fifths > 6 - place)

    def _sound(self, pitches: list[int], length: Fraction) -> None:
        factor, left = self._tuplet
        if left:
            length *= factor
            self._tuplet = factor, left - 1
        length *= self.unit * self._stretch
        self._stretch = Fraction(1)
        self._last = self._now, len(self.notes)
        end = self._now + length
        for pitch in pitches:
            self.notes.append(Note(float(self._now), float(end), pitch))
            self.tied.append(self._tie)
        self._tie = False
        self._now = end

    def _break(self, marks: str) -> None:
        """Lengthen the note before and shorten the next ("<": the other way round)."""
        if self._last is None:
            return
        short = Fraction(1, 2 ** len(marks))
        before = 2 - short if marks[0] == ">" else short
        self._stretch = 2 - before
        start, first = self._last
        self._now = start + (self._now - start) * before
        for place in range(first, len(self.notes)):
            self.notes[place] = self.notes[place]._replace(end=float(self._now))


def _length(body: str, place: int) -> tuple[Fraction, int]:
    """Return the length after a note, in units, and where it ends: "3/2", "/", "//", "2"."""
    found = _LENGTH.match(body, place)
    assert found is not None  # it also matches nothing
    length = Fraction(int(found[1] or 1))
    for part in found[2].split("/")[1:]:
        length /= int(part or 2)
    return length, found.end()
