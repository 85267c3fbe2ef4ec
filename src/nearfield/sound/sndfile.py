"""Decodes by libsndfile, through soundfile: what FFmpeg refuses, or opens without a sample."""

import os
from collections.abc import Iterator
from pathlib import Path

import soundfile

from nearfield.sound.source import PIECE, Mixing, Piece, SoundInfo, is_rate, mix


class SndfileSource:
    """A file decoded by libsndfile, which reads some that FFmpeg refuses."""

    def __init__(self, path: Path) -> None:
        self._file = soundfile.SoundFile(os.fsencode(path))  # it encodes text strictly
        if not is_rate(self._file.samplerate):
            self._file.close()
            raise soundfile.SoundFileError(f"rate {self._file.samplerate}")
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

    def pieces(self, mixing: Mixing = mix) -> Iterator[Piece]:
        """Decode the rest of the file; what follows an error is left out."""
        try:
            while len(packed := self._file.read(PIECE, dtype="float32", always_2d=True)):
                self.decoded += 1
                yield self.info.rate, mixing(packed)
        except soundfile.SoundFileError:
            self.damaged += 1

    def close(self) -> None:
        """Close the file."""
        self._file.close()
