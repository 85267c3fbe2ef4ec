"""Fingerprints of real tracks and of everything that was made of them, for bench_duplicates.py."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfield.sound import band_fingerprint as bands
from nearfield.sound import fingerprint as chroma
from nearfield.sound import spectrum
from nearfield.sound.band_fingerprint import BandFingerprint
from transformations import ROWS

__all__ = ["Print", "Query", "Track", "load"]


@dataclass(frozen=True, slots=True)
class Print:
    """The two fingerprints of a sound, and the file of its samples."""

    file: Path
    chroma: NDArray[np.uint32]  # Chromaprint's words, shape (values,)
    bands: BandFingerprint


@dataclass(frozen=True, slots=True)
class Track:
    """A real track; `prints` are by row of `transformations.ROWS`, all of them or "identity"."""

    number: int
    name: str  # "folder/file"
    seconds: float  # used of it
    prints: dict[str, Print]


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: a row of a track."""

    row: str
    track: Track

    @property
    def print(self) -> Print:  # noqa: D102
        return self.track.prints[self.row]

    @property
    def half(self) -> str:
        """Return to which half of the tracks it belongs: even numbers may be developed on."""
        return "test" if self.track.number % 2 else "development"


def load(folder: Path, tracks: int, rows: Sequence[str] = tuple(ROWS)) -> list[Track]:
    """Return the first tracks of a folder that `transformed_tracks.py` wrote, with some rows."""
    lines = (folder / "tracks.jsonl").read_text().splitlines()[:tracks]
    return [_track(folder, json.loads(line), rows) for line in lines]


def _track(folder: Path, told: dict[str, str | float], wanted: Sequence[str]) -> Track:
    number = int(told["number"])
    name = f"{told['package']}/{Path(str(told['path'])).name}"
    rows = folder / "pcm" / str(number)
    return Track(number, name, float(told["seconds"]), dict(_prints(rows, wanted)))


def _prints(folder: Path, wanted: Sequence[str]) -> Iterator[tuple[str, Print]]:
    """Read the fingerprints of a track, or make them where the code is newer than they are."""
    whole = all((folder / f"{row}.i16").exists() for row in wanted)
    rows = list(wanted) if whole else ["identity"]
    kept = folder / ("prints.npz" if whole else "print.npz")
    code = max(Path(str(one.__file__)).stat().st_mtime for one in (bands, chroma, spectrum))
    if not kept.exists() or kept.stat().st_mtime < code or not _holds(kept, rows):
        fresh = kept.with_suffix(".part.npz")
        arrays: Any = {f"{row}:{kind}": words for row, kind, words in _made(folder, rows)}
        np.savez(fresh, **arrays)
        fresh.rename(kept)
    with np.load(kept) as found:
        for row in rows:
            yield row, Print(folder / f"{row}.i16", found[f"{row}:chroma"], found[f"{row}:bands"])


def _holds(kept: Path, rows: Iterable[str]) -> bool:
    with np.load(kept) as found:
        return all(f"{row}:bands" in found for row in rows)


def _made(
    folder: Path, rows: Iterable[str]
) -> Iterator[tuple[str, str, NDArray[np.unsignedinteger]]]:
    for row in rows:
        whole = np.fromfile(folder / f"{row}.i16", dtype="<i2")
        samples = (whole / 32_768).astype(np.float32)
        yield row, "chroma", chroma.fingerprint(samples)
        yield row, "bands", bands.band_fingerprint(samples)
