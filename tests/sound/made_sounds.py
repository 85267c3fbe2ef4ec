"""Sounds made of a few lines of numpy, and files of them in every format that can be written."""

from pathlib import Path

import av
import numpy as np
import soundfile
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from numpy.typing import NDArray

Sound = NDArray[np.float32]

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}

ENCODERS = {
    "flac": "flac",
    "wav": "pcm_s16le",
    "aiff": "pcm_s16be",
    "mp3": "libmp3lame",
    "opus": "libopus",
    "m4a": "aac",
    "alac.m4a": "alac",
    "aac": "aac",
    "wma": "wmav2",
    "wv": "wavpack",
    "mka": "flac",
}
"""What PyAV's wheel can write, by the end of a file's name; Vorbis (ogg) comes from libsndfile.

Not written, because no encoder is at hand: ape, mpc, tak, dsf, spx and protected files.
"""


def tone(frequency: float, seconds: float, rate: int = 22_050, level: float = 0.3) -> Sound:
    """Return a sine."""
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def noise(seconds: float, rate: int = 22_050, level: float = 0.1, seed: int = 0) -> Sound:
    """Return white noise of that standard deviation."""
    random = np.random.default_rng(seed)
    sound = random.standard_normal(round(seconds * rate), dtype=np.float32)
    sound *= level
    return sound


def clicks(beats: float, seconds: float, rate: int = 22_050, level: float = 0.8) -> Sound:
    """Return short bursts, `beats` a minute, as of a metronome."""
    sound = np.zeros(round(seconds * rate), dtype=np.float32)
    burst = noise(0.02, rate, 0.3 * level)
    burst *= np.exp(-np.linspace(0, 6, len(burst), dtype=np.float32))
    for beat in np.arange(0, seconds - 0.05, 60 / beats):
        start = round(beat * rate)
        sound[start : start + len(burst)] += burst
    return sound


def chord(notes: list[int], seconds: float, rate: int = 22_050, level: float = 0.3) -> Sound:
    """Return notes (as MIDI numbers them) sounding at once, each with four overtones."""
    total = np.zeros(round(seconds * rate), dtype=np.float32)
    for note in notes:
        base = 440.0 * 2 ** ((note - 69) / 12)
        for overtone in range(1, 6):
            total += tone(base * overtone, seconds, rate, level / overtone**2)
    fade = np.minimum(1, np.arange(len(total)) / (0.01 * rate)).astype(np.float32)
    total *= fade * fade[::-1] / np.float32(len(notes))
    return total


def song(seconds: float, rate: int = 22_050, seed: int = 0, level: float = 0.3) -> Sound:
    """Return chords, a bass, and beats of noise, drawn from `seed`: it changes all the time."""
    random = np.random.default_rng(seed)
    length = random.uniform(0.3, 0.6)
    scale = np.array([0, 2, 4, 5, 7, 9, 11]) + random.integers(0, 12)
    parts: list[Sound] = []
    for _ in range(int(np.ceil(seconds / length))):
        degree = random.integers(0, 7)
        notes = [60 + int(scale[(degree + step) % 7]) for step in (0, 2, 4)]
        part = chord([int(scale[degree]) + 36, *notes], length, rate, level)
        beat = noise(0.05, rate, level / 2, int(random.integers(1 << 30)))
        part[: len(beat)] += beat * np.linspace(1, 0, len(beat), dtype=np.float32)
        parts.append(part)
    return np.concatenate(parts)[: round(seconds * rate)]


def write_sound(path: Path, sound: Sound, rate: int = 22_050, bit_rate: int = 128_000) -> Path:
    """Write a file of the format that its name asks for.

    `sound` has shape (samples,), or (samples, channels). "x.alac.m4a" is ALAC, "x.m4a" AAC.
    """
    channels = 1 if sound.ndim == 1 else sound.shape[1]
    ending = ".".join(path.name.split(".")[1:])
    if ending in ("ogg", "w64", "caf"):
        with soundfile.SoundFile(path, "w", rate, channels) as file:
            for start in range(0, len(sound), rate):  # libsndfile overflows on long Vorbis writes
                file.write(sound[start : start + rate])
        return path
    layout = LAYOUTS[channels]
    with av.open(str(path), "w", format="adts" if ending == "aac" else None) as container:
        stream = container.add_stream(ENCODERS[ending], rate=rate)
        assert isinstance(stream, AudioStream)
        codec = stream.codec_context
        codec.layout, codec.bit_rate = layout, bit_rate
        formats = [known.name for known in codec.codec.audio_formats or []]
        format_ = next((name for name in ("s16", "s16p") if name in formats), formats[0])
        codec.format = format_
        resampler = AudioResampler(format_, layout, rate)
        for start in range(0, len(sound), 4096):
            packed = np.ascontiguousarray(sound[start : start + 4096].reshape(1, -1))
            frame = AudioFrame.from_ndarray(packed, format="flt", layout=layout)
            frame.rate, frame.pts = rate, start
            for converted in resampler.resample(frame):
                container.mux(stream.encode(converted))
        for converted in resampler.resample(None):
            container.mux(stream.encode(converted))
        container.mux(stream.encode(None))
    return path
