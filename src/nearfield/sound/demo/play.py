"""Plays scores with a sound font, and writes the sound to tagged files. Reads and writes files.

The synthesiser is looked for when it is needed: it is not installed but kept in the cache of the
demo (see `songs`), and a process that plays puts that folder on its path.
"""

import importlib
import random
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import soundfile
from mutagen.flac import FLAC

from nearfield.sound.demo.abc_tunes import read_abc
from nearfield.sound.demo.accompany import BACKINGS
from nearfield.sound.demo.albums import INSTRUMENTS, Album, Piece
from nearfield.sound.demo.musicxml import read_musicxml
from nearfield.sound.demo.score import Part, Score
from nearfield.sound.waveform import Waveform

RATE: Final = 32_000
SECONDS: Final = 40.0
"""Length of a song; scores that are shorter begin again."""

CORPUS: Final = "music21/corpus"
SOUND_FONT: Final = "pretty_midi/TimGM6mb.sf2"
"""Where the scores and the instruments lie within the folder of the parts."""

_DRUMS: Final = 9
_DRUM_BANK: Final = 128
_GAIN: Final = -6.0  # decibels, so that many voices do not clip
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
        One of `albums.INSTRUMENTS`.
    notes : Part
        In quarter notes.
    velocity : int
        How hard the keys are struck, from 1 to 127.
    """

    instrument: str
    notes: Part
    velocity: int


class Strike(NamedTuple):
    """A key that is pressed or let go.

    Parameters
    ----------
    time : float
        In seconds.
    velocity : int
        From 1 to 127; 0 lets go.
    channel, key : int
        MIDI's.
    """

    time: float
    velocity: int
    channel: int
    key: int


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
    waveform = play(strands, album.tempo, piece.title, parts / SOUND_FONT)
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


def play(strands: list[Strand], tempo: float, seed: str, sound_font: Path) -> Waveform:
    """Return the sound of some instruments that play together, for `SECONDS` at `RATE`."""
    synth = importlib.import_module("tinysoundfont").Synth(gain=_GAIN, samplerate=RATE)
    font = synth.sfload(str(sound_font))
    for channel, strand in zip(_channels(strands), strands, strict=True):
        if channel == _DRUMS:
            synth.program_select(channel, font, _DRUM_BANK, 0, True)
        else:
            synth.program_select(channel, font, 0, INSTRUMENTS[strand.instrument])
    sound = np.zeros((round(SECONDS * RATE), 2), dtype=np.float32)
    done = 0
    for strike in perform(strands, tempo, seed):
        until = round(strike.time * RATE)
        if until > done:  # the synthesiser writes into a slice of the array
            synth.generate(until - done, sound[done:until].data.cast("B"))
            done = until
        if strike.velocity:
            synth.noteon(strike.channel, strike.key, strike.velocity)
        else:
            synth.noteoff(strike.channel, strike.key)
    return _finished(sound.mean(axis=1))


def perform(strands: list[Strand], tempo: float, seed: str) -> list[Strike]:
    """Return when which key is struck, as evenly as people do, up to the end at `SECONDS`.

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
    strikes = []
    for channel, strand in zip(_channels(strands), strands, strict=True):
        for note in strand.notes:
            start = max(0.0, note.start * 60 / tempo + draw.gauss(0, _UNEVEN))
            end = max(note.end * 60 / tempo, start + _SHORTEST)
            velocity = round(strand.velocity + draw.gauss(0, _UNEQUAL))
            key = min(max(note.pitch, 0), 127)
            strikes.append(Strike(start, min(max(velocity, 1), 127), channel, key))
            strikes.append(Strike(end, 0, channel, key))
    return [*sorted(one for one in strikes if one.time < SECONDS), Strike(SECONDS, 0, 0, 0)]


def _channels(strands: list[Strand]) -> list[int]:
    """Return a channel for each strand: the drums have their own, and no other may take it."""
    free = iter(channel for channel in range(16) if channel != _DRUMS)
    return [_DRUMS if one.instrument == "drums" else next(free) for one in strands]


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
