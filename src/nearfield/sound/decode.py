"""Reads any sound file as blocks of one channel at one rate; the only way in from the disk.

Blocks are decoded as they are asked for, so that three hours need no more memory than a minute.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final

import numpy as np
import soxr

from nearfield.errors import InvalidInput
from nearfield.sound.opening import open_source
from nearfield.sound.sndfile import SndfileSource
from nearfield.sound.source import Piece, SoundInfo, Source
from nearfield.sound.unreadable import Unreadable
from nearfield.sound.waveform import RATE, Waveform

__all__ = ["SoundInfo", "SoundReader", "Unreadable", "probe", "read_blocks", "read_sound"]

LEAST_SECONDS: Final = 0.5
"""A shorter sound is refused as "too short"."""

LEAST_PEAK: Final = 10 ** (-70 / 20)
"""A sound that nowhere is louder (-70 dB of full scale) is refused as "silent"."""

LEAST_SHARE: Final = 0.5
"""If less of the stated length can be read, a file is refused; a note is made of smaller losses."""

_AT_THE_CUT: Final = 2
"""So many packets cannot be decoded where a file was cut off in the middle of one."""

_LOUDEST: Final = 2.0
"""Files of floating point may hold anything; what is beyond this is cut off."""


class SoundReader:
    """One sound file, read once from front to back.

    Whether a file is silent, too short or cut off is known only at its end: then `blocks` raises,
    and what was made of the blocks so far must be thrown away.

    Parameters
    ----------
    path : Path
    rate : int
        Samples a second of the blocks.
    seconds : float
        Length of each block but the last.

    Raises
    ------
    Unreadable
        If it cannot be opened; `reason` is one of `unreadable.REASONS`.
    """

    def __init__(self, path: Path, rate: int = RATE, seconds: float = 20.0) -> None:
        if rate <= 0 or round(rate * seconds) < 1:
            raise InvalidInput(f"{rate=} and {seconds=} make no blocks: give positive numbers.")
        self.path, self.rate = path, rate
        self._size = round(rate * seconds)
        self._source: Source = open_source(path)
        self._peak = 0.0
        self.info: SoundInfo = self._source.info
        """As the header has it; after the last block, with the length that was decoded."""
        self.note: str = ""
        """After the last block: what is wrong with a file that can be used all the same."""

    def __enter__(self) -> "SoundReader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def blocks(self) -> Iterator[Waveform]:
        """Decode, mix, resample; yield blocks of equal length, the last one shorter.

        Raises
        ------
        Unreadable
            After the last block, if the whole was silent, too short or too little of the file.
        """
        samples, waiting = 0, 0
        held: list[Waveform] = []
        for piece in resampled(self._pieces(), self.rate):
            held.append(piece)
            samples += len(piece)
            waiting += len(piece)
            if waiting >= self._size:
                *whole, rest = _cut(np.concatenate(held), self._size)
                held, waiting = [rest], len(rest)
                yield from whole
        if waiting:
            yield np.concatenate(held)
        self._judge(samples / self.rate)

    def _pieces(self) -> Iterator[Piece]:
        """Yield finite pieces, from libsndfile where FFmpeg opens the file but decodes nothing."""
        any_yet = False
        for rate, piece in self._source.pieces():
            any_yet = True
            yield rate, self._measured(piece)
        if any_yet or isinstance(self._source, SndfileSource):
            return
        try:
            second = SndfileSource(self.path)
        except (OSError, RuntimeError):  # soundfile's own error is a RuntimeError
            return
        self._source.close()
        self._source, self.info = second, second.info
        for rate, piece in second.pieces():
            yield rate, self._measured(piece)

    def _measured(self, piece: Waveform) -> Waveform:
        """Return a piece made finite, and remember the loudest sample so far."""
        low, high = float(piece.min()), float(piece.max())
        if not -_LOUDEST <= low <= high <= _LOUDEST:  # also where one of them is not a number
            piece = np.nan_to_num(piece, nan=0.0).clip(-_LOUDEST, _LOUDEST)
            low, high = float(piece.min()), float(piece.max())
        self._peak = max(self._peak, -low, high)
        return piece

    def _judge(self, seconds: float) -> None:
        """Fill in `info` and `note` at the end, or say why the file cannot be used."""
        self.info = dataclasses.replace(self.info, duration=seconds)
        expected, damaged = self._source.expected, self._source.damaged
        missing = expected - seconds
        self._refuse_losses(seconds, missing)
        self._refuse_nothing(seconds)
        if damaged or missing > max(1.0, 0.02 * expected):
            whole = f" of {expected:.1f}" if missing > 0 else ""
            self.note = f"{seconds:.1f}{whole} seconds could be read{_of_damage(damaged)}"

    def _refuse_losses(self, seconds: float, missing: float) -> None:
        """Raise if too much of what should be there is not."""
        source = self._source
        left_out = f"{_of_damage(source.damaged)}. Copy or download it again."
        if seconds and source.damaged > source.decoded:
            sentence = f"only {source.decoded:,} of its packets can be decoded{left_out}"
            raise Unreadable("damaged", self.path, sentence)
        if missing > LEAST_SHARE * source.expected:
            reason = "damaged" if source.damaged > _AT_THE_CUT else "truncated"
            sentence = f"only {seconds:.1f} of {source.expected:.1f} seconds can be read{left_out}"
            raise Unreadable(reason, self.path, sentence)

    def _refuse_nothing(self, seconds: float) -> None:
        """Raise if there is nothing, or nothing to hear, in a file of that length."""
        if not seconds:
            sentence = f"no sound can be decoded{_of_damage(self._source.damaged)}. Remove it."
            raise Unreadable("not audio", self.path, sentence)
        if seconds < LEAST_SECONDS:
            raise Unreadable(
                "too short",
                self.path,
                f"it lasts {seconds:.2f} seconds, but {LEAST_SECONDS} are needed. Leave it out.",
            )
        if self._peak < LEAST_PEAK:
            raise Unreadable(
                "silent",
                self.path,
                f"its loudest sample is {self._peak:.2g} of full scale, or its channels cancel "
                f"out; {LEAST_PEAK:.2g} is needed. Leave it out.",
            )


def _of_damage(packets: int) -> str:
    return f" ({packets:,} damaged packets were left out)" if packets else ""


def _cut(waveform: Waveform, size: int) -> list[Waveform]:
    """Cut into blocks of `size` and a rest that is shorter, perhaps empty."""
    return [waveform[start : start + size] for start in range(0, len(waveform) + 1, size)]


def resampled(pieces: Iterator[Piece], rate: int) -> Iterator[Waveform]:
    """Bring pieces of any rate to one, by soxr; the rate may change between pieces.

    Quality "VHQ": what the rate cannot hold is more than 100 dB down, nine tenths of the band are
    kept whole, and it takes an eighth of the time that decoding MP3 does.
    """
    resampler: soxr.ResampleStream | None = None
    current = 0
    for found, piece in pieces:
        if found != current:
            if resampler is not None:
                yield resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True)
            current = found
            resampler = None
            if found != rate:
                resampler = soxr.ResampleStream(found, rate, 1, dtype="float32", quality="VHQ")
        yield piece if resampler is None else resampler.resample_chunk(piece)
    if resampler is not None:
        yield resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True)


def probe(path: Path) -> SoundInfo:
    """Return what the header says, without decoding: a damaged file may look whole.

    Raises
    ------
    Unreadable
        If it cannot be opened.
    """
    with SoundReader(path) as reader:
        return reader.info


def read_blocks(path: Path, rate: int = RATE, seconds: float = 20.0) -> Iterator[Waveform]:
    """Yield a sound file block by block; see `SoundReader`, which also tells what was wrong.

    Raises
    ------
    Unreadable
        At once or, if only the end shows it, after the last block.
    """
    with SoundReader(path, rate, seconds) as reader:
        yield from reader.blocks()


def read_sound(
    path: Path, rate: int = RATE, start: float = 0.0, seconds: float | None = None
) -> Waveform:
    """Return a whole sound, or the part of it from `start`, at most `seconds` long.

    What lies before the part is decoded too: positions are exact in every format.

    Raises
    ------
    Unreadable
        If it cannot be read or, for a part, ends before it.
    """
    if start < 0 or (seconds is not None and seconds <= 0):
        raise InvalidInput(f"{start=}, {seconds=}: a part starts at 0 or later and has a length.")
    first = round(start * rate)
    end = None if seconds is None else first + round(seconds * rate)
    position, kept = 0, []
    with SoundReader(path, rate) as reader:
        for block in reader.blocks():
            kept.append(block[max(0, first - position) : None if end is None else end - position])
            position += len(block)
            if end is not None and position >= end:
                break
    waveform = np.concatenate(kept)
    if not len(waveform):
        length = position / rate
        raise Unreadable(
            "too short", path, f"it ends at {length:.1f} s: ask for less than {start:.1f} s."
        )
    return waveform
