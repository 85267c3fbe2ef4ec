"""Plays a piece of MIDI without its melody: the band of a karaoke machine."""

import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pretty_midi
import tinysoundfont
from numpy.typing import NDArray

Wave = NDArray[np.float32]
Event = tuple[float, float, int, int, int]
"""Start and end in seconds, channel, pitch, velocity."""

RATE = 22_050
CHORDS = (0, 1, 2, 3, 4, 5, 6, 7, 11, 16, 18, 21, 24, 25, 26, 27, 46, 48, 49, 50, 88, 89, 90, 95)
LEADS = (11, 22, 26, 40, 41, 56, 57, 60, 64, 65, 66, 68, 71, 73, 74, 75, 79, 80, 81, 104, 12, 30)
BASSES = tuple(range(32, 40))
KICK, SNARE, HAT, OPEN_HAT, RIDE, CRASH = 36, 38, 42, 46, 51, 49


class Band:
    """Players of one SoundFont."""

    def __init__(self, soundfont: Path) -> None:
        self._synth = tinysoundfont.Synth(gain=-6, samplerate=RATE)
        self._font = self._synth.sfload(str(soundfont), max_voices=128)

    def play(self, events: list[Event], programs: dict[int, int], seconds: float) -> Wave:
        """Return the sound, shape (samples,), peak at most 0.9."""
        synth = self._synth
        synth.sounds_off()
        for channel in range(16):
            drums = channel == 9
            synth.program_select(
                channel, self._font, 128 if drums else 0, programs.get(channel, 0), drums
            )
        out = np.zeros((int(seconds * RATE), 2), dtype=np.float32)
        at = 0
        for time, on, channel, pitch, velocity in _switches(events):
            until = min(len(out), int(time * RATE) // 64 * 64)
            if until > at:
                synth.generate(until - at, memoryview(out[at:until].reshape(-1)).cast("B"))
                at = until
            if on:
                synth.noteon(channel, pitch, velocity)
            else:
                synth.noteoff(channel, pitch)
        if at < len(out):
            synth.generate(len(out) - at, memoryview(out[at:].reshape(-1)).cast("B"))
        synth.sounds_off()
        mono = out.mean(axis=1)
        return (mono * 0.9 / max(0.9, float(np.abs(mono).max()))).astype(np.float32)


def _switches(events: list[Event]) -> list[tuple[float, int, int, int, int]]:
    """Return keys pressed (1) and let go (0), in order of time."""
    switches = []
    for start, end, channel, pitch, velocity in events:
        switches.append((start, 1, channel, pitch, velocity))
        switches.append((max(end, start + 0.03), 0, channel, pitch, 0))
    return sorted(switches)


def arrange(
    midi: pretty_midi.PrettyMIDI, start: float, seconds: float, shift: int, rng: random.Random
) -> tuple[list[Event], dict[int, int]]:
    """Give the tracks other than MELODY to instruments drawn at random; add bass and drums.

    Times are from `start`; `shift` moves everything by that many semitones.
    """
    tracks = {track.name: track.notes for track in midi.instruments}
    programs = {0: rng.choice(CHORDS), 1: rng.choice(LEADS), 2: rng.choice(CHORDS)}
    programs |= {
        3: rng.choice(BASSES),
        4: rng.choice((0, *LEADS)),
        9: rng.choice((0, 0, 8, 16, 25)),
    }
    levels = {channel: rng.uniform(0.5, 1.0) for channel in range(16)}
    channels = {"PIANO": [0], "BRIDGE": [1]}
    if rng.random() < 0.4:
        channels["PIANO"].append(2)
    if rng.random() < 0.15:
        channels["MELODY"] = [4]  # some karaoke plays the tune along
        levels[4] *= 0.6
    events = [
        (note.start, note.end, channel, note.pitch, round(note.velocity * levels[channel]))
        for name, played in channels.items()
        for channel in played
        for note in tracks.get(name, [])
    ]
    if rng.random() < 0.75:
        events += _bass(tracks.get("PIANO", []), levels[3])
    if rng.random() < 0.7:
        events += _drums(midi.get_beats(), levels[9], rng)
    heard = [
        (a - start, b - start, channel, pitch + (0 if channel == 9 else shift), max(velocity, 1))
        for a, b, channel, pitch, velocity in events
        if start <= a < start + seconds and 0 < pitch + shift < 128
    ]
    return heard, programs


def _bass(notes: list[pretty_midi.Note], level: float) -> list[Event]:
    """Double the lowest notes two octaves around C2."""
    events: list[Event] = []
    for note in sorted(notes, key=lambda note: note.start):
        pitch = note.pitch
        if pitch > 57:
            continue
        while pitch > 47:
            pitch -= 12
        if not events or note.start - events[-1][0] > 0.2:
            events.append(
                (note.start, max(note.end, note.start + 0.2), 3, pitch, round(110 * level))
            )
    return events


def _drums(beats: NDArray[np.float64], level: float, rng: random.Random) -> list[Event]:
    """Play one of a few patterns on the beats, with now and then a fill."""
    hat = rng.choice((HAT, RIDE, OPEN_HAT))
    halves = rng.random() < 0.7
    events: list[Event] = []
    for index, (beat, following) in enumerate(pairwise(beats)):
        loud = round(110 * level)
        hits = [(beat, hat, loud // 2), (beat, KICK if index % 2 == 0 else SNARE, loud)]
        if halves:
            hits.append(((beat + following) / 2, hat, loud // 2))
        if rng.random() < 0.2:
            hits.append(((beat + following) / 2, rng.choice((KICK, SNARE)), loud))
        if index % 32 == 0:
            hits.append((beat, CRASH, loud))
        events += [(float(at), float(at) + 0.1, 9, drum, power) for at, drum, power in hits]
    return events
