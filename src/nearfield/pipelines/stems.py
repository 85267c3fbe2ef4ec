"""Write the vocals and the background music of a sound file, block by block."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from nearfield.errors import InvalidInput
from nearfield.pipelines.progress import Progress, Steps
from nearfield.sound.decode import SoundReader
from nearfield.sound.separate import load_separator, separate_blocks
from nearfield.sound.waveform import RATE, Waveform


@dataclass(frozen=True, slots=True)
class Stems:
    """What was written.

    Parameters
    ----------
    vocals, bgm : Path
        The files: 32-bit float WAV, one channel.
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
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(
            f"{folder} cannot be made ({error.strerror}). Name a folder that you may write to."
        ) from error
    targets = [folder / "vocals.wav", folder / "bgm.wav"]
    drafts = [folder / f".{target.name}.partial" for target in targets]
    try:
        with SoundReader(path) as reader:
            total = round(reader.info.duration)
            heard: list[Waveform] = []
            samples = 0

            def blocks() -> Iterator[Waveform]:
                for block in reader.blocks():
                    heard.append(block)
                    yield block

            with _writer(drafts[0]) as vocals, _writer(drafts[1]) as bgm:
                for block in separate_blocks(separator, blocks()):
                    mixture = _take(heard, len(block))
                    vocals.write(mixture - block)
                    bgm.write(block)
                    samples += len(block)
                    yield Progress(f"Separating {path.name}", samples // RATE, total, "s")
        for draft, target in zip(drafts, targets, strict=True):
            os.replace(draft, target)
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)
    return Stems(targets[0], targets[1], round(samples / RATE, 3))


def _writer(path: Path) -> soundfile.SoundFile:
    # 16 bits would cut off what is louder than full scale, and the sum would not be the song
    return soundfile.SoundFile(path, "w", RATE, 1, subtype="FLOAT", format="WAV")


def _take(heard: list[Waveform], samples: int) -> Waveform:
    """Take so many samples from the front of what was heard."""
    joined = np.concatenate(heard)
    heard[:] = [joined[samples:]]
    return joined[:samples]
