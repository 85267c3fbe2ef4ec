"""Opens a sound file with FFmpeg (PyAV), or else libsndfile, and decodes it piece by piece."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import av
import numpy as np
import soundfile
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.codec import Properties
from av.container import InputContainer
from av.packet import Packet
from numpy.typing import NDArray

from nearfield.sound.formats import (
    DEMUXERS,
    PROTECTED_TAGS,
    is_encrypted_asf,
    lacks_index,
    looks_like,
    stated_share,
)
from nearfield.sound.unreadable import Unreadable
from nearfield.sound.waveform import Waveform

PIECE: Final = 32_768
"""Samples of one channel that are decoded before they are mixed and resampled."""

_MOST_FAILURES: Final = 100
"""Errors of the container, one after another, before the rest of a file is given up."""

_HIGHEST_BITRATE: Final = 1_000_000_000
"""Some Vorbis files state -2, which FFmpeg takes for four thousand million."""

Piece: TypeAlias = tuple[int, Waveform]
"""Samples a second, and the samples: the mean of the channels."""


@dataclass(frozen=True, slots=True)
class SoundInfo:
    """What a file says of its sound.

    Parameters
    ----------
    duration : float
        Seconds; 0 where the file does not say. Once a file was read, what was decoded.
    codec : str
        FFmpeg's name: "mp3", "flac", "aac", "pcm_s16le".
    rate : int
        Samples a second.
    channels : int
    bitrate : int
        Bits a second, the mean where it varies; 0 where it is not known.
    lossless : bool
        Whether decoding returns just what was recorded.
    """

    duration: float
    codec: str
    rate: int
    channels: int
    bitrate: int
    lossless: bool


class Source(Protocol):
    """One opened file, to be read once from front to back."""

    info: SoundInfo
    expected: float
    """Seconds that must come if nothing is missing; 0 where the file does not say."""
    decoded: int
    """Packets decoded so far."""
    damaged: int
    """Packets left out so far, because they could not be decoded."""

    def pieces(self) -> Iterator[Piece]:
        """Decode the rest of the file."""

    def close(self) -> None:
        """Close the file."""


def open_source(path: Path) -> Source:
    """Open a file by its content; its name does not matter.

    Raises
    ------
    Unreadable
        If it is not there, has no sound, or the sound cannot be decoded.
    """
    check_file(path)
    if is_encrypted_asf(path):
        raise _protected(path)
    try:
        return FfmpegSource(path)
    except av.error.FFmpegError:
        pass
    try:
        return SndfileSource(path)
    except soundfile.SoundFileError:
        raise _unknown(path) from None


def check_file(path: Path) -> None:
    """Raise `Unreadable` unless there is a file with at least one byte that may be read."""
    try:
        if not path.is_file():  # a pipe would never end
            raise Unreadable("missing", path, "there is no such file. Scan the folder again.")
        with path.open("rb") as file:
            first = file.read(1)
    except PermissionError:
        raise Unreadable(
            "permission", path, "this user may not read it. Change its owner or mode."
        ) from None
    except OSError as error:
        sentence = f"the system cannot read it ({error.strerror}). Check the disk."
        raise Unreadable("missing", path, sentence) from error
    if not first:
        raise Unreadable("empty", path, "it has no bytes. Copy or download it again.")


def _protected(path: Path) -> Unreadable:
    return Unreadable("protected", path, "it is encrypted. Get a copy without copy protection.")


def _unknown(path: Path) -> Unreadable:
    if lacks_index(path):
        sentence = "it was cut off before the index at its end. Copy or download it again."
        return Unreadable("truncated", path, sentence)
    return Unreadable(
        "not audio", path, f"wanted a sound file, but it looks like {looks_like(path)}. Remove it."
    )


class FfmpegSource:
    """A file decoded by FFmpeg."""

    def __init__(self, path: Path) -> None:
        options = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}
        self._container: InputContainer = av.open(
            str(path), options=options, metadata_errors="replace"
        )
        self.decoded = self.damaged = 0
        try:
            self._stream = self._choose(path)
            self.info = _info(path, self._container, self._stream)
            share = stated_share(path, self._container.format.name)
        except BaseException:
            self._container.close()
            raise
        self.expected = self.info.duration / share if share else 0.0

    def _choose(self, path: Path) -> AudioStream:
        """Return the first stream of sound."""
        if not self._container.streams.audio:
            raise Unreadable(
                "not audio", path, "wanted sound, but it holds only pictures or text. Remove it."
            )
        stream = self._container.streams.audio[0]
        codec = stream.codec_context  # None where FFmpeg has no decoder
        if codec is not None and codec.codec_tag in PROTECTED_TAGS:
            raise _protected(path)
        if codec is None:
            raise Unreadable(
                "unsupported", path, "no decoder for its codec. Convert it to FLAC, for example."
            )
        codec.thread_count = 1  # several files at a time, one core each
        return stream

    def pieces(self) -> Iterator[Piece]:
        """Decode the rest of the file, leaving out what cannot be decoded."""
        resampler, shape = None, None
        for frame in self._frames():
            if not frame.sample_rate or not frame.samples:
                continue
            if shape != (found := (frame.format.name, frame.layout.name, frame.sample_rate)):
                # a damaged AAC file, or one glued from several, may change in the middle
                yield from _mixed(resampler, None)
                shape = found
                # packed, because more than eight planes crash in PyAV 18
                resampler = AudioResampler("flt", frame.layout, frame.sample_rate, PIECE)
            frame.pts = None  # gaps in the clock are no gaps in the sound
            yield from _mixed(resampler, frame)
        yield from _mixed(resampler, None)

    def _frames(self) -> Iterator[AudioFrame]:
        for packet in self._packets():
            try:
                frames = self._stream.decode(packet)
            except av.error.FFmpegError:
                self.damaged += 1
                continue
            self.decoded += 1
            yield from frames

    def _packets(self) -> "Iterator[Packet[AudioStream]]":
        failures = 0
        while failures < _MOST_FAILURES:
            try:
                for packet in self._container.demux(self._stream):
                    failures = 0
                    yield packet
                return
            except av.error.FFmpegError:
                failures += 1
                self.damaged += 1

    def close(self) -> None:
        """Close the file."""
        self._container.close()


def _mixed(resampler: AudioResampler | None, frame: AudioFrame | None) -> Iterator[Piece]:
    """Convert a frame to float and mix its channels; None flushes what is left."""
    if resampler is None:
        return
    for converted in resampler.resample(frame):
        packed = converted.to_ndarray().astype(np.float32, copy=False)  # it is already
        yield converted.sample_rate, mix(packed.reshape(-1, converted.layout.nb_channels))


def mix(packed: NDArray[np.float32]) -> Waveform:
    """Return the mean of the channels of `packed`, shape (samples, channels)."""
    channels = packed.shape[1]
    total = packed[:, 0].copy()
    for channel in range(1, channels):  # ten times as fast as .mean(axis=1)
        total += packed[:, channel]
    total /= np.float32(channels)
    return total


def _info(path: Path, container: InputContainer, stream: AudioStream) -> SoundInfo:
    codec = stream.codec_context
    seconds = 0.0
    if stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration:
        seconds = container.duration / av.time_base
    size = path.stat().st_size
    bitrate = codec.bit_rate or 0
    if not 0 < bitrate < _HIGHEST_BITRATE:
        bitrate = round(8 * size / seconds) if seconds > 0 else 0
    properties = Properties(codec.codec.properties)
    return SoundInfo(
        duration=max(0.0, seconds),
        codec=codec.codec.canonical_name,
        rate=codec.sample_rate,
        channels=codec.channels,
        bitrate=bitrate,
        lossless=Properties.LOSSLESS in properties,
    )


class SndfileSource:
    """A file decoded by libsndfile, which reads some that FFmpeg refuses."""

    def __init__(self, path: Path) -> None:
        self._file = soundfile.SoundFile(os.fsencode(path))  # it encodes text strictly
        seconds = self._file.frames / self._file.samplerate
        self.info = SoundInfo(
            duration=seconds,
            codec=self._file.subtype.lower(),
            rate=self._file.samplerate,
            channels=self._file.channels,
            bitrate=round(8 * path.stat().st_size / seconds) if seconds > 0 else 0,
            lossless=self._file.subtype.startswith(("PCM", "FLOAT", "DOUBLE", "ALAC")),
        )
        self.expected = seconds
        self.decoded = self.damaged = 0

    def pieces(self) -> Iterator[Piece]:
        """Decode the rest of the file; what follows an error is left out."""
        try:
            while len(packed := self._file.read(PIECE, dtype="float32", always_2d=True)):
                self.decoded += 1
                yield self.info.rate, mix(packed)
        except soundfile.SoundFileError:
            self.damaged += 1

    def close(self) -> None:
        """Close the file."""
        self._file.close()
