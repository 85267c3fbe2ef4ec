"""Reads the notes of MusicXML scores, plain or compressed (.mxl). Repeats are not followed."""

import io
import zipfile
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from nearfield.errors import InvalidInput
from nearfield.sound.demo.score import Note, Score, join_ties, meter

_STEPS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def read_musicxml(data: bytes) -> Score:
    """Return the score of one file.

    Raises
    ------
    InvalidInput
        If it is not MusicXML in parts (``score-partwise``), or holds no notes.
    """
    try:
        root = ElementTree.fromstring(_unpacked(data))
    except (ElementTree.ParseError, zipfile.BadZipFile, StopIteration) as error:
        raise InvalidInput(
            f"this is not MusicXML ({error!r}). Give a .xml or .mxl file."
        ) from error
    readers = [_PartReader() for _ in root.findall("part")]
    for reader, part in zip(readers, root.findall("part"), strict=True):
        for measure in part.findall("measure"):
            reader.read(measure)
    parts = tuple(one for reader in readers if (one := join_ties(reader.notes, reader.tied)))
    if not parts:
        raise InvalidInput(f"no notes under <{root.tag}>: wanted <score-partwise> with some.")
    return Score(parts, *readers[0].meter, readers[0].fifths)


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(b"PK"):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = next(
            one
            for one in archive.namelist()
            if one.endswith((".xml", ".musicxml")) and not one.startswith("META-INF")
        )
        return archive.read(name)


@dataclass
class _PartReader:
    """Goes through the measures of one part; all times in quarter notes."""

    notes: list[Note] = field(default_factory=list)
    tied: list[bool] = field(default_factory=list)
    meter: tuple[float, float] = (4.0, 1.0)
    fifths: int = 0
    _now: float = 0.0
    _furthest: float = 0.0
    _onset: float = 0.0
    _divisions: float = 1.0
    _transposed: int = 0

    def read(self, measure: Element) -> None:
        self._now = self._furthest  # a voice may have stopped before the end of its bar
        for element in measure:
            match element.tag:
                case "attributes":
                    self._attributes(element)
                case "note":
                    self._note(element)
                case "backup":
                    self._move(-self._length(element))
                case "forward":
                    self._move(self._length(element))

    def _attributes(self, element: Element) -> None:
        self._divisions = float(element.findtext("divisions") or self._divisions)
        self._transposed = int(element.findtext("transpose/chromatic") or self._transposed)
        if self._furthest == 0:  # of the beginning; later changes are played but not told
            self.fifths = int(element.findtext("key/fifths") or self.fifths)
            beats = element.findtext("time/beats") or ""
            if beats.isdigit():
                self.meter = meter(int(beats), int(element.findtext("time/beat-type") or 4))

    def _note(self, element: Element) -> None:
        if element.find("grace") is not None or element.find("cue") is not None:
            return
        length = self._length(element)
        if element.find("chord") is None:
            self._onset = self._now
            self._move(length)
        step = element.findtext("pitch/step")
        if step is None or length <= 0:  # a rest, or a drum
            return
        octave = int(element.findtext("pitch/octave") or 4)
        alter = round(float(element.findtext("pitch/alter") or 0))
        pitch = 12 * (octave + 1) + _STEPS[step] + alter + self._transposed
        self.notes.append(Note(self._onset, self._onset + length, pitch))
        self.tied.append(any(tie.get("type") == "stop" for tie in element.findall("tie")))

    def _move(self, length: float) -> None:
        self._now = max(0.0, self._now + length)
        self._furthest = max(self._furthest, self._now)

    def _length(self, element: Element) -> float:
        return float(element.findtext("duration") or 0) / self._divisions
