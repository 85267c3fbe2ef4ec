"""What is done to real tracks to see whether they are still known: codecs, levels, cuts, noise...

`ROWS` names each change as the tables of results do, and tells how it is made and what is true of
the outcome. All randomness comes from the seed given. Needs the program `ffmpeg` with the
encoders libmp3lame, libvorbis and libopus.
"""

import math
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import soxr
from numpy.typing import NDArray

__all__ = [
    "CODECS",
    "LOW_RATE",
    "RATE",
    "ROWS",
    "Row",
    "Sound",
    "change",
    "encode",
    "fingerprintable",
    "mono",
    "read",
]

Sound = NDArray[np.int16]
"""Shape (samples, channels), at `RATE`."""

RATE: Final = 44_100
LOW_RATE: Final = 11_025
SECONDS: Final = 120.0
"""No more than this from the beginning of each track is used."""

_QUICK_MP3: Final = ("-compression_level", "7")  # the quality is a little worse, so no easier
CODECS: Final = {
    "flac": ("flac", "-c:a", "flac"),
    "mp3_64": ("mp3", "-c:a", "libmp3lame", "-b:a", "64k", *_QUICK_MP3),
    "mp3_128": ("mp3", "-c:a", "libmp3lame", "-b:a", "128k", *_QUICK_MP3),
    "ogg_q2": ("ogg", "-c:a", "libvorbis", "-q:a", "2"),
    "ogg_q5": ("ogg", "-c:a", "libvorbis", "-q:a", "5"),
    "opus_48": ("opus", "-c:a", "libopus", "-b:a", "48k", "-compression_level", "3"),
    "m4a_96": ("m4a", "-c:a", "aac", "-b:a", "96k"),
}
"""The ending of a file, and how FFmpeg encodes it."""

_SEMITONE: Final = 2 ** (1 / 12)
_PHONE: Final = "highpass=f=300,lowpass=f=3400,volume=-6dB"


@dataclass(frozen=True, slots=True)
class Row:
    """A change, and what is then true: `time before = offset + speed * time after`, in seconds."""

    make: Callable[[Sound, np.random.Generator], Sound]
    offset: Callable[[float], float]
    """Of the seconds of the whole."""

    speed: float = 1.0
    semitones: float = 0.0


def read(path: Path, seconds: float = SECONDS) -> Sound:
    """Decode the first seconds of a file, to two channels."""
    return _samples(_ffmpeg(["-i", str(path), "-t", str(seconds), *_raw(2), "-"]), 2)


def encode(sound: Sound, codec: str, path: Path) -> Path:
    """Write a file in one of `CODECS`; return its path, which has the ending of the codec."""
    ending, *options = CODECS[codec]
    path = path.with_name(f"{path.name}.{ending}")
    plain = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags", "+bitexact"]
    _ffmpeg([*_raw(sound.shape[1]), "-i", "-", *plain, *options, "-y", str(path)], sound)
    return path


def change(name: str, sound: Sound, seed: int) -> Sound:
    """Make the row `name` of a sound; the same from the same seed."""
    return ROWS[name].make(sound, np.random.default_rng([seed, zlib.crc32(name.encode())]))


def mono(sound: Sound) -> Sound:
    """Return the mean of the channels, shape (samples, 1)."""
    return _rounded(sound.mean(axis=1, keepdims=True, dtype=np.float32))


def fingerprintable(sound: Sound) -> NDArray[np.int16]:
    """Mix to mono at `LOW_RATE`, shape (samples,)."""
    return _rounded(soxr.resample(mono(sound)[:, 0], RATE, LOW_RATE, quality="HQ"))


def _ffmpeg(options: list[str], given: Sound | bytes | None = None) -> bytes:
    """Run FFmpeg on one thread; `check` raises where it fails."""
    command = ["ffmpeg", "-v", "error", "-threads", "1", *options]
    data = given.tobytes() if isinstance(given, np.ndarray) else given or b""
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def _raw(channels: int) -> tuple[str, ...]:
    """Tell FFmpeg of plain samples."""
    return "-f", "s16le", "-ar", str(RATE), "-ac", str(channels)


def _samples(raw: bytes, channels: int) -> Sound:
    sound: Sound = np.frombuffer(raw, dtype="<i2").reshape(-1, channels)
    return sound


def _rounded(samples: NDArray[np.floating[Any]]) -> NDArray[np.int16]:
    """Round to 16 bits, clipping."""
    rounded: NDArray[np.int16] = np.clip(np.rint(samples), -32_768, 32_767).astype(np.int16)
    return rounded


def _filtered(filters: str, sound: Sound, _: np.random.Generator) -> Sound:
    raw = _raw(sound.shape[1])
    return _samples(_ffmpeg([*raw, "-i", "-", "-af", filters, *raw, "-"], sound), sound.shape[1])


def _coded(codec: str, sound: Sound, _: np.random.Generator) -> Sound:
    """Encode and decode, through pipes: so nothing tells the decoder of the encoder's delay."""
    ending, *options = CODECS[codec]
    raw = _raw(sound.shape[1])
    coded = _ffmpeg([*raw, "-i", "-", *options, "-f", ending, "-"], sound)
    return _samples(_ffmpeg(["-i", "-", *raw, "-"], coded), sound.shape[1])


def _louder(decibels: float, sound: Sound, _: np.random.Generator) -> Sound:
    return _rounded(sound * np.float32(10 ** (decibels / 20)))


def _from(seconds: float, sound: Sound, _: np.random.Generator) -> Sound:
    return sound[round(seconds * RATE) :]


def _middle(seconds: float, sound: Sound, _: np.random.Generator) -> Sound:
    start = max(0, len(sound) - round(seconds * RATE)) // 2
    return sound[start : start + round(seconds * RATE)]


def _noisy(ratio: float, sound: Sound, random: np.random.Generator) -> Sound:
    """Add white noise, the sound's mean energy that many decibels above it."""
    energy = np.mean(sound.astype(np.float32) ** 2)
    noise = random.standard_normal(sound.shape, dtype=np.float32)
    return _rounded(sound + noise * np.sqrt(energy / 10 ** (ratio / 10)))


def _faded(seconds: float, sound: Sound, _: np.random.Generator) -> Sound:
    ramp = np.minimum(np.arange(len(sound)) / (seconds * RATE), 1.0).astype(np.float32)
    return _rounded(sound * (ramp * ramp[::-1])[:, np.newaxis])


def _phoned(sound: Sound, random: np.random.Generator) -> Sound:
    """Mono in the band of a telephone, quieter, as MP3 at 64 kbit/s, noisy, a second cut off."""
    narrow = _filtered(_PHONE, mono(sound), random)
    return _noisy(10, _from(1, _coded("mp3_64", narrow, random), random), random)


def _same(sound: Sound, _: np.random.Generator) -> Sound:
    return sound


def _no_offset(_: float) -> float:
    return 0.0


def _tape(percent: float) -> Row:
    """Faster or slower, the pitch going with it."""
    speed = 1 + percent / 100
    filters = f"asetrate={RATE * speed},aresample={RATE}"
    return Row(partial(_filtered, filters), _no_offset, speed, 12 * math.log2(speed))


def _tempo(percent: float) -> Row:
    """Faster or slower at the same pitch."""
    speed = 1 + percent / 100
    return Row(partial(_filtered, f"atempo={speed}"), _no_offset, speed)


def _pitch(semitones: float) -> Row:
    """Higher or lower at the same tempo."""
    ratio = _SEMITONE**semitones
    filters = f"asetrate={RATE * ratio},aresample={RATE},atempo={1 / ratio}"
    return Row(partial(_filtered, filters), _no_offset, 1.0, semitones)


def _plain(make: Callable[[Sound, np.random.Generator], Sound]) -> Row:
    return Row(make, _no_offset)


def _trim(seconds: float) -> Row:
    return Row(partial(_from, seconds), lambda _: seconds)


def _clip(seconds: float) -> Row:
    return Row(partial(_middle, seconds), lambda whole: max(0.0, whole - seconds) / 2)


ROWS: Final[dict[str, Row]] = {
    "identity": _plain(_same),
    "mp3_64": _plain(partial(_coded, "mp3_64")),
    "mp3_128": _plain(partial(_coded, "mp3_128")),
    "ogg_q2": _plain(partial(_coded, "ogg_q2")),
    "opus_48": _plain(partial(_coded, "opus_48")),
    "volume_-12dB": _plain(partial(_louder, -12)),
    "volume_+10dB_clipped": _plain(partial(_louder, 10)),
    "trim_0.5": _trim(0.5),
    "trim_2": _trim(2),
    "trim_5": _trim(5),
    "trim_20": _trim(20),
    "clip_15": _clip(15),
    "clip_30": _clip(30),
    "noise_20": _plain(partial(_noisy, 20)),
    "noise_10": _plain(partial(_noisy, 10)),
    "noise_5": _plain(partial(_noisy, 5)),
    "fade": _plain(partial(_faded, 5)),
    "eq": _plain(partial(_filtered, "bass=g=9,treble=g=-9")),
    "compressor": _plain(partial(_filtered, "acompressor=threshold=-24dB:ratio=6:makeup=4")),
    "echo": _plain(partial(_filtered, "aecho=0.8:0.7:60|110:0.5|0.35")),
    "lowpass_4k": _plain(partial(_filtered, "lowpass=f=4000,lowpass=f=4000")),
    "phone": Row(_phoned, lambda _: 1.0),
    "pitch_+1": _pitch(1),
    "pitch_-1": _pitch(-1),
    "speed_+1": _tape(1),
    "speed_-1": _tape(-1),
    "speed_+3": _tape(3),
    "speed_-3": _tape(-3),
    "tempo_+1": _tempo(1),
    "tempo_-1": _tempo(-1),
    "tempo_+3": _tempo(3),
    "tempo_-3": _tempo(-3),
}
