"""Write the vocals and the background music of a sound file, at its own rate and channels."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import tee
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from nearfield.errors import InvalidInput
from nearfield.pipelines.progress import Progress, Steps
from nearfield.sound.decode import SoundReader, Unreadable
from nearfield.sound.opening import open_source
from nearfield.sound.separate import Separator, load_separator, separate_blocks
from nearfield.sound.waveform import RATE, Waveform

_MOST_CHANNELS = 2
"""Sound of more channels is mixed to one."""


@dataclass(frozen=True, slots=True)
class Stems:
    """What was written.

    Parameters
    ----------
    vocals, bgm : Path
        The files: 32-bit float WAV, with the rate and the channels of the song.
    seconds : float
        Length of each.
    """

    vocals: Path
    bgm: Path
    seconds: float

    def as_data(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {"vocals": str(self.vocals), "bgm": str(self.bgm), "seconds": self.seconds}


def separate_file(path: Path, folder: Path, separation: str, cache: Path) -> Steps[Stems]:
    """Write `vocals.wav` and `bgm.wav` into a folder; their sum is the song, as it was decoded.

    Voices are looked for below 11 kHz; what is above belongs to the background music.

    Parameters
    ----------
    path : Path
        The song.
    folder : Path
        Made where it is not there; files of these names in it are replaced.
    separation : str
        Name in `SEPARATORS`.
    cache : Path
        Where fetched weights are kept.

    Raises
    ------
    Unreadable
        If the file is no sound that can be used; nothing is written then.
    InvalidInput
        If the folder cannot be written.
    """
    separator = load_separator(separation, cache)
    with SoundReader(path) as reader:
        info = reader.info
        for _ in reader.blocks():  # says what is wrong with a file before anything is written
            yield Progress(f"Reading {path.name}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(
            f"{folder} cannot be made ({error.strerror}). Name a folder that you may write to."
        ) from error
    targets = [folder / "vocals.wav", folder / "bgm.wav"]
    drafts = [folder / f".{target.name}.partial" for target in targets]
    channels = info.channels if info.channels <= _MOST_CHANNELS else 1
    written = 0
    try:
        with (
            _writer(drafts[0], info.rate, channels) as vocals,
            _writer(drafts[1], info.rate, channels) as bgm,
        ):
            for mixture, voice in _separated(path, info.rate, channels, separator):
                vocals.write(voice)
                bgm.write(mixture - voice)
                written += len(mixture)
                done, total = written // info.rate, round(info.duration)
                yield Progress(f"Separating {path.name}", done, total, "s")
        for draft, target in zip(drafts, targets, strict=True):
            os.replace(draft, target)
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)
    return Stems(targets[0], targets[1], round(written / info.rate, 3))


Packed = NDArray[np.float32]
"""Channels side by side, shape (samples, channels)."""


def _separated(
    path: Path, rate: int, channels: int, separator: Separator
) -> Iterator[tuple[Packed, Packed]]:
    """Yield a song piece by piece, and its voices."""
    mixed, *each = tee(_pieces(path, rate, channels), 1 + channels)
    voices = [
        _voices((piece[:, channel] for piece in pieces), rate, separator)
        for channel, pieces in enumerate(each)
    ]
    waiting = [np.empty(0, dtype=np.float32) for _ in voices]
    for piece in mixed:
        for channel, stream in enumerate(voices):
            waiting[channel] = _filled(waiting[channel], stream, len(piece))
        taken = np.stack([one[: len(piece)] for one in waiting], axis=1)
        waiting = [one[len(piece) :] for one in waiting]
        yield piece, taken


def _filled(waiting: Waveform, stream: Iterator[Waveform], samples: int) -> Waveform:
    """Return at least so many samples of a stream, with silence where it has ended."""
    held = [waiting]
    missing = samples - len(waiting)
    while missing > 0:
        block = next(stream, None)
        if block is None:
            held.append(np.zeros(missing, dtype=np.float32))  # a few samples, by resampling
            break
        held.append(block)
        missing -= len(block)
    return np.concatenate(held)


def _voices(pieces: Iterable[Waveform], rate: int, separator: Separator) -> Iterator[Waveform]:
    """Yield the voices of one channel at its own rate."""
    heard, separated = tee(_resampled(pieces, rate, RATE))
    low = _Queue(heard)
    bgm = separate_blocks(separator, separated)
    return _resampled((low.take(len(block)) - block for block in bgm), RATE, rate)


class _Queue:
    """Gives the samples of a stream in portions of any length."""

    def __init__(self, blocks: Iterator[Waveform]) -> None:
        self._blocks = blocks
        self._held = np.empty(0, dtype=np.float32)

    def take(self, samples: int) -> Waveform:
        """Return the next samples, shape (samples,); they must be there."""
        while len(self._held) < samples:
            self._held = np.concatenate([self._held, next(self._blocks)])
        taken, self._held = self._held[:samples], self._held[samples:]
        return taken


def _resampled(pieces: Iterable[Waveform], source: int, target: int) -> Iterator[Waveform]:
    if source == target:
        yield from pieces
        return
    resampler = soxr.ResampleStream(source, target, 1, dtype="float32", quality="VHQ")
    for piece in pieces:
        yield resampler.resample_chunk(piece)
    yield resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True)


def _pieces(path: Path, rate: int, channels: int) -> Iterator[Packed]:
    """Decode a song with its channels apart."""

    def apart(packed: Packed) -> Packed:
        return packed if packed.shape[1] == channels else packed.mean(axis=1, keepdims=True)

    source = open_source(path)
    try:
        for found, piece in source.pieces(apart):
            if found != rate or piece.shape[1] != channels:
                raise Unreadable(
                    "damaged",
                    path,
                    f"its rate or channels change in the middle ({rate:,} to {found:,} samples a "
                    f"second). Convert it first.",
                )
            yield np.nan_to_num(piece)
    finally:
        source.close()


def _writer(path: Path, rate: int, channels: int) -> soundfile.SoundFile:
    # 16 bits would cut off what is louder than full scale, and the sum would not be the song
    return soundfile.SoundFile(path, "w", rate, channels, subtype="FLOAT", format="WAV")
