"""Write every row of `transformations.ROWS` of real tracks, so that it need be made once only.

Run: `python benchmarks/transformed_tracks.py --music FOLDER --out FOLDER [--tracks N]` writes the
first tracks as 16-bit samples: `pcm/<number>/<row>.i16`, mono, 11,025 a second, and
`tracks.jsonl`. Run again it goes on.
"""

import argparse
import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path

import real_tracks
from transformations import CODECS, RATE, ROWS, SECONDS, Sound, change, fingerprintable, mono, read

__all__ = ["write"]


def write_rows(folder: Path, sound: Sound, seed: int, rows: Iterable[str] = tuple(ROWS)) -> None:
    """Write rows of a sound that are not there yet, as `<row>.i16`."""
    folder.mkdir(parents=True, exist_ok=True)
    mixed = mono(sound)  # what codecs make of two channels matters; the rest is quicker with one
    for name in rows:
        path = folder / f"{name}.i16"
        if not path.exists():
            fresh = path.with_suffix(".part")
            fingerprintable(change(name, sound if name in CODECS else mixed, seed)).tofile(fresh)
            fresh.rename(path)  # so that a reader sees whole files alone


def write_track(out: Path, seconds: float, given: tuple[int, real_tracks.Track]) -> str:
    """Write the first row of a track; return its line for `tracks.jsonl`."""
    number, track = given
    sound = read(track.path, seconds)
    write_rows(out / "pcm" / str(number), sound, number, ["identity"])
    told = {
        "number": number,
        "package": track.folder,
        "path": str(track.path),
        "digest": track.digest,
        "seconds": round(len(sound) / RATE, 3),
        "whole": round(track.seconds, 3),
    }
    return json.dumps(told)


def write_changes(out: Path, line: str) -> None:
    """Write the other rows of a track."""
    told = json.loads(line)
    folder = out / "pcm" / str(told["number"])
    if not all((folder / f"{name}.i16").exists() for name in ROWS):
        write_rows(folder, read(Path(told["path"]), told["seconds"]), told["number"])


def write(
    music: Path, out: Path, tracks: int, changed: int, seconds: float, processes: int
) -> None:
    """Write what is wanted and not yet there: first all tracks, then what is made of some."""
    out.mkdir(parents=True, exist_ok=True)
    listed = out / "tracks.jsonl"
    lines = listed.read_text().splitlines() if listed.exists() else []
    known = frozenset(json.loads(line)["digest"] for line in lines)
    fresh = islice(real_tracks.choose(music, known=known), max(0, tracks - len(lines)))
    with ProcessPoolExecutor(processes) as pool, listed.open("a") as file:
        for line in pool.map(partial(write_track, out, seconds), enumerate(fresh, len(lines))):
            print(line, file=file, flush=True)
        list(pool.map(partial(write_changes, out), listed.read_text().splitlines()[:changed]))


def main() -> None:
    """Write what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--music", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tracks", type=int, default=320)
    parser.add_argument("--changed", type=int, help="tracks of which all rows are made: if not all")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="most of each track")
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    changed = given.tracks if given.changed is None else given.changed
    write(given.music, given.out, given.tracks, changed, given.seconds, given.processes)


if __name__ == "__main__":
    main()
