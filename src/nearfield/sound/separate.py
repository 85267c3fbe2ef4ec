"""Takes the voices out of music, sounds of any length in bounded memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from nearfield.errors import InvalidInput
from nearfield.sound.demucs import load_demucs
from nearfield.sound.own import load_own
from nearfield.sound.spleeter import load_spleeter
from nearfield.sound.waveform import Waveform


class Separator(Protocol):
    """One way to tell the background music from the voices."""

    @property
    def name(self) -> str:
        """What it is chosen by, one of `SEPARATORS`."""

    @property
    def version(self) -> str:
        """Of its weights: sounds of different versions are not to be mixed."""

    @property
    def window(self) -> int:
        """Samples to be given at a time, more than four margins; 0 where it does not matter."""

    @property
    def margin(self) -> int:
        """Samples at the edges of a window that are not as good as those inside."""

    def accompaniment(self, waveform: Waveform) -> Waveform:
        """Return the sound without its voices, shape (samples,) as given, at `RATE`.

        Sound minus accompaniment is the voices: the two add up to what was given.
        """


class NoSeparation:
    """Takes everything for accompaniment; for music without voices, and for comparison."""

    name: Final = "none"
    version: Final = "1"
    window: Final = 0
    margin: Final = 0

    def accompaniment(self, waveform: Waveform) -> Waveform:
        """Return the sound as it is."""
        return waveform


SEPARATORS: Final[Mapping[str, Callable[[Path], Separator]]] = {
    "none": lambda cache: NoSeparation(),
    "own": lambda cache: load_own(),
    "spleeter": load_spleeter,
    "demucs": load_demucs,
}
"""How each separator is had, given the folder in which fetched weights are kept."""


def load_separator(name: str, cache: Path) -> Separator:
    """Return a separator by its name.

    Parameters
    ----------
    name : str
        One of `SEPARATORS`.
    cache : Path
        Folder in which fetched weights are kept.

    Raises
    ------
    InvalidInput
        If there is none of that name.
    Unavailable
        If its weights or its package cannot be had; says what to do.
    """
    if name not in SEPARATORS:
        raise InvalidInput(f"no separator {name!r}: wanted one of {', '.join(SEPARATORS)}.")
    return SEPARATORS[name](cache)


def separate_blocks(separator: Separator, blocks: Iterable[Waveform]) -> Iterator[Waveform]:
    """Take the voices out of a sound that comes in blocks.

    The sound is cut into windows that overlap by two margins, and each fades into the next in the
    middle of the overlap: no edge is heard. Memory: a few windows, whatever the length.

    Parameters
    ----------
    separator : Separator
        How.
    blocks : iterable of float, shape (samples,)
        The sound at `RATE`, in pieces of any size.

    Yields
    ------
    float, shape (samples,)
        Pieces of the accompaniment; together as long as what came.
    """
    if not separator.window:
        yield from map(separator.accompaniment, blocks)
        return
    overlap = 2 * separator.margin
    rise = np.clip(np.linspace(-0.5, 1.5, overlap, dtype=np.float32), 0, 1)
    tail: Waveform | None = None
    for window, last in _windows(blocks, separator.window, separator.window - overlap):
        sound = separator.accompaniment(window)
        if tail is not None:
            sound = sound.copy()
            sound[:overlap] = sound[:overlap] * rise + tail * (1 - rise)
        if last:
            yield sound
        else:
            yield sound[:-overlap]
            tail = sound[-overlap:]


def _windows(blocks: Iterable[Waveform], size: int, step: int) -> Iterator[tuple[Waveform, bool]]:
    """Yield windows and whether it is the last, which is longer than the overlap."""
    held: list[Waveform] = []
    samples = 0
    for block in blocks:
        held.append(block)
        samples += len(block)
        while samples > size:
            whole = np.concatenate(held)
            yield whole[:size], False
            held, samples = [whole[step:]], samples - step
    if samples:
        yield np.concatenate(held), True
