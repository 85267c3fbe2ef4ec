"""Plays scores with a sound font, and writes the sound to tagged files. Reads and writes files."""

import random
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import soundfile
from mutagen.flac import FLAC

from nearfield.sound.demo.abc_tunes import read_abc
from nearfield.sound.demo.accompany import BACKINGS
from nearfield.sound.demo.albums import DRUMS, INSTRUMENTS, Album, Piece
from nearfield.sound.demo.musicxml import read_musicxml
from nearfield.sound.demo.score import Part, Score
from nearfield.sound.demo.sound_font import SoundFont, sound_of
from nearfield.sound.waveform import RATE, Waveform

SECONDS: Final = 40.0
"""Length of a song; scores that are shorter begin again."""

CORPUS: Final = "music21/corpus"
SOUND_FONT: Final = "pretty_midi/TimGM6mb.sf2"
"""Where the scores and the instruments lie within the folder of the parts."""

_DRUM_BANK: Final = 128
_LOUD, _SOFT = 92, 70  # of what the score has, and of what is added
_UNEVEN: Final = 0.006  # seconds
_UNEQUAL: Final = 6.0
_SHORTEST: Final = 0.05  # seconds
_PEAK: Final = 0.8
_FADE: Final = 2.0


class Strand(NamedTuple):
    """What one instrument plays.

    Parameters
    ----------
    instrument : str
        One of `albums.INSTRUMENTS`, or `albums.DRUMS`.
    notes : Part
        In quarter notes.
    velocity : int
        How hard the keys are struck, from 1 to 127.
    """

    instrument: str
    notes: Part
    velocity: int


class Struck(NamedTuple):
    """A key that is struck.

    Parameters
    ----------
    instrument : str
        As of its strand.
    time, seconds : float
        When, and how long it is held.
    key, velocity : int
        MIDI's.
    """

    instrument: str
    time: float
    seconds: float
    key: int
    velocity: int


def make_song(album: Album, track: int, parts: Path, target: Path) -> None:
    """Play one piece of an album into a tagged FLAC file; the same bytes every time.

    Parameters
    ----------
    album, track
        Which piece, counted from 1.
    parts : Path
        Folder of the scores and the sound font; see `songs`.
    target : Path
        File to write; a reader sees all of it or none.
    """
    piece = album.pieces[track - 1]
    strands = arrange(read_piece(piece, parts / CORPUS), album)
    waveform = play(strands, album.tempo, piece.title, SoundFont(parts / SOUND_FONT))
    partial = target.with_suffix(".partial")
    soundfile.write(partial, waveform, RATE, format="FLAC", subtype="PCM_16")
    _tag(partial, album, track)
    partial.replace(target)


def read_piece(piece: Piece, corpus: Path) -> Score:
    """Return the score of a piece."""
    name, _, number = piece.source.partition("#")
    data = (corpus / name).read_bytes()
    if name.endswith(".abc"):
        return read_abc(data.decode("utf-8", errors="replace"), number or None)
    return read_musicxml(data)


def arrange(score: Score, album: Album) -> list[Strand]:
    """Give the parts of a score, and what is added to them, to instruments."""
    last = len(album.instruments) - 1
    strands = [
        Strand(album.instruments[min(number, last)], part, _LOUD)
        for number, part in enumerate(score.parts)
    ]
    strands += [Strand(name, BACKINGS[kind](score), _SOFT) for kind, name in album.backing]
    bars = np.ceil(score.end / score.bar - 1e-9)
    runs = int(np.ceil(SECONDS * album.tempo / 60 / (bars * score.bar)))
    return [one._replace(notes=_again(one.notes, bars * score.bar, runs)) for one in strands]


def _again(notes: Part, length: float, runs: int) -> Part:
    return tuple(
        note._replace(start=note.start + run * length, end=note.end + run * length)
        for run in range(runs)
        for note in notes
    )


def play(strands: list[Strand], tempo: float, seed: str, font: SoundFont) -> Waveform:
    """Return the sound of some instruments that play together, for `SECONDS` at `RATE`."""
    sound = np.zeros(round(SECONDS * RATE), dtype=np.float32)
    for struck in perform(strands, tempo, seed):
        drums = struck.instrument == DRUMS
        bank, program = (_DRUM_BANK, 0) if drums else (0, INSTRUMENTS[struck.instrument])
        begin = round(struck.time * RATE)
        for zone in font.zones(bank, program, struck.key, struck.velocity):
            one = sound_of(zone, struck.key, struck.velocity, struck.seconds, RATE)
            one = one[: len(sound) - begin]
            sound[begin : begin + len(one)] += one
    return _finished(sound)


def perform(strands: list[Strand], tempo: float, seed: str) -> list[Struck]:
    """Return which keys are struck until `SECONDS`, as unevenly as people do.

    Parameters
    ----------
    strands : list of Strand
        What is played.
    tempo : float
        Quarter notes in a minute.
    seed : str
        Of what differs from note to note.
    """
    draw = random.Random(seed)
    struck = []
    for strand in strands:
        for note in strand.notes:
            time = max(0.0, note.start * 60 / tempo + draw.gauss(0, _UNEVEN))
            seconds = max(note.end * 60 / tempo - time, _SHORTEST)
            velocity = round(strand.velocity + draw.gauss(0, _UNEQUAL))
            key = min(max(note.pitch, 0), 127)
            struck.append(Struck(strand.instrument, time, seconds, key, min(max(velocity, 1), 127)))
    return [one for one in struck if one.time < SECONDS]


def _finished(sound: Waveform) -> Waveform:
    """Return a song with a common peak that fades out at its end."""
    peak = float(np.abs(sound).max())
    if peak:
        sound *= _PEAK / peak
    fade = round(_FADE * RATE)
    sound[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return sound


def _tag(path: Path, album: Album, track: int) -> None:
    piece = album.pieces[track - 1]
    tags: Any = FLAC(path)  # type: ignore[no-untyped-call]
    tags["title"] = piece.title
    tags["artist"] = album.artist or piece.artist
    tags["album"] = album.title
    tags["albumartist"] = album.artist or "Various artists"
    tags["tracknumber"] = str(track)
    tags["date"] = str(album.year)
    tags["genre"] = album.genre
    tags.save()
