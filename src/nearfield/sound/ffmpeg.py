"""Decodes by FFmpeg, through PyAV: every format but a few odd files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.codec import Properties
from av.container import InputContainer
from av.packet import Packet

from nearfield.sound.formats import DEMUXERS, PROTECTED_TAGS, stated_share
from nearfield.sound.source import PIECE, Mixing, Piece, SoundInfo, is_rate, mix
from nearfield.sound.unreadable import Unreadable, protected

_MOST_FAILURES: Final = 100
"""Errors of the container, one after another, before the rest of a file is given up."""

_HIGHEST_BITRATE: Final = 1_000_000_000
"""Some Vorbis files state -2, which FFmpeg takes for four thousand million."""


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
            raise protected(path)
        if codec is None:
            raise Unreadable(
                "unsupported", path, "no decoder for its codec. Convert it to FLAC, for example."
            )
        if codec.sample_rate and not is_rate(codec.sample_rate):
            rate = f"its header says {codec.sample_rate:,} samples a second"
            raise Unreadable("damaged", path, f"{rate}. Copy or download it again.")
        codec.thread_count = 1  # several files at a time, one core each
        return stream

    def pieces(self, mixing: Mixing = mix) -> Iterator[Piece]:
        """Decode the rest of the file, leaving out what cannot be decoded."""
        resampler, shape = None, None
        for frame in self._frames():
            if shape != (found := (frame.format.name, frame.layout.name, frame.sample_rate)):
                # a damaged AAC file, or one glued from several, may change in the middle
                yield from self._mixed(resampler, None, mixing)
                shape = found
                # packed, because more than eight planes crash in PyAV 18
                resampler = AudioResampler("flt", frame.layout, frame.sample_rate, PIECE)
            frame.pts = None  # gaps in the clock are no gaps in the sound
            yield from self._mixed(resampler, frame, mixing)
        yield from self._mixed(resampler, None, mixing)

    def _frames(self) -> Iterator[AudioFrame]:
        for packet in self._packets():
            try:
                frames = self._stream.decode(packet)
            except av.error.FFmpegError:
                self.damaged += 1
                continue
            self.decoded += 1
            # where a header is damaged the rate may be anything
            yield from (frame for frame in frames if frame.samples and is_rate(frame.sample_rate))

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

    def _mixed(
        self, resampler: AudioResampler | None, frame: AudioFrame | None, mixing: Mixing
    ) -> Iterator[Piece]:
        """Convert a frame to float and mix its channels; None flushes what is left."""
        if resampler is None:
            return
        try:
            converted = resampler.resample(frame)
        except av.error.FFmpegError:  # more than 64 channels, for example
            self.damaged += 1
            return
        for part in converted:
            packed = part.to_ndarray().astype(np.float32, copy=False)  # it is already
            yield part.sample_rate, mixing(packed.reshape(-1, part.layout.nb_channels))

    def close(self) -> None:
        """Close the file."""
        self._container.close()


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
