"""Plant copies of real tracks among music, and check that exactly these are found.

Run: `python benchmarks/plant_duplicates.py --music FOLDER --out OUT` writes tracks as they are,
three changed copies of each in other formats, clips of some, and tracks without copies; what
belongs together is told in `OUT/planted.json`. Add them (`nearfield --home HOME music add OUT`),
then `python benchmarks/plant_duplicates.py --out OUT --check HOME` compares what is found with
what was planted, and looks for two copies of one recording in answers and playlists. It prints
one JSON line, and ends with 1 if anything is missing, wrong or there twice.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import combinations, islice
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

import real_tracks
from transformations import RATE, ROWS, Sound, change, encode, read

TRACKS: Final = 20
COPIES: Final = 3
CLIPS: Final = 5
ALONE: Final = 10
SECONDS: Final = (60.0, 240.0)
"""How long a track may be: at least and at most."""

MIX: Final = (
    ("identity", "flac"),
    ("identity", "mp3_128"),
    ("trim_2", "opus_48"),
    ("speed_+1", "flac"),
    ("identity", "m4a_96"),
    ("eq", "mp3_128"),
    ("pitch_+1", "ogg_q5"),
    ("volume_-12dB", "mp3_128"),
    ("fade", "ogg_q5"),
    ("noise_10", "ogg_q5"),
    ("identity", "opus_48"),
    ("speed_-3", "m4a_96"),
    ("compressor", "m4a_96"),
    ("trim_0.5", "mp3_128"),
    ("tempo_+3", "ogg_q5"),
    ("identity", "mp3_64"),
    ("phone", "mp3_64"),
    ("volume_+10dB_clipped", "ogg_q5"),
    ("trim_5", "m4a_96"),
    ("pitch_-1", "mp3_128"),
    ("echo", "flac"),
    ("lowpass_4k", "mp3_64"),
    ("tempo_-3", "opus_48"),
    ("identity", "ogg_q5"),
    ("speed_+3", "opus_48"),
    ("noise_20", "mp3_128"),
    ("tempo_-1", "mp3_128"),
    ("trim_20", "mp3_128"),
)
"""Rows of changes and formats, taken one after the other."""

CLIP_FORMATS: Final = ("mp3_128", "ogg_q5", "m4a_96", "opus_48", "mp3_64")


@dataclass(frozen=True, slots=True)
class Copy:
    """A file, and what is true of it: `time in the track = offset + speed * time in the file`."""

    row: str
    offset: float = 0.0
    speed: float = 1.0
    semitones: float = 0.0


ASKED: Final = 5
"""Groups from which answers and playlists are asked."""

Groups = list[list[str]]
"""Names of files, for each recording those of it."""


def plant(music: Path, out: Path, seed: int) -> None:
    """Write the files and `planted.json`."""
    out.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    long_enough = real_tracks.choose(music, SECONDS[0])
    fitting = (one for one in long_enough if one.seconds <= SECONDS[1])
    tracks = list(islice(fitting, TRACKS + ALONE))
    if len(tracks) < TRACKS + ALONE:
        raise SystemExit(
            f"{music} has {len(tracks)} different tracks of {SECONDS[0]:.0f} to {SECONDS[1]:.0f} "
            f"seconds, and {TRACKS + ALONE} are needed. Name a larger folder."
        )
    order = random.permutation(len(tracks))
    groups: Groups = []
    copies: dict[str, Copy] = {}
    for number, which in enumerate(order[:TRACKS]):
        made = dict(_copies(number, tracks[which].path, out, random))
        groups.append(list(made))
        copies.update(made)
    alone = [_as_it_is(tracks[which].path, out, f"alone-{which:02}") for which in order[TRACKS:]]
    told = {
        "seed": seed,
        "groups": groups,
        "alone": alone,
        "copies": {name: asdict(copy) for name, copy in copies.items()},
    }
    (out / "planted.json").write_text(json.dumps(told, indent=2) + "\n")
    print(json.dumps({"groups": len(groups), "files": len(copies) + len(alone), "seed": seed}))


def _copies(
    number: int, track: Path, out: Path, random: np.random.Generator
) -> Iterator[tuple[str, Copy]]:
    """Write a track, its copies, and of the first few a clip."""
    yield _as_it_is(track, out, f"{number:02}-original"), Copy("original")
    sound = read(track, SECONDS[1] + 1)
    for place in range(COPIES):
        row, codec = MIX[(COPIES * number + place) % len(MIX)]
        path = encode(change(row, sound, number), codec, out / f"{number:02}-{row}-{codec}")
        true = ROWS[row]
        offset = true.offset(len(sound) / RATE)
        yield path.name, Copy(row, offset, true.speed, true.semitones)
    if number < CLIPS:
        clip, offset = _clip(sound, random)
        path = encode(clip, CLIP_FORMATS[number % len(CLIP_FORMATS)], out / f"{number:02}-clip")
        yield path.name, Copy("clip", offset)


def _clip(sound: Sound, random: np.random.Generator) -> tuple[Sound, float]:
    """Cut 15 to 30 seconds out of the middle half; tell where they begin, in seconds."""
    seconds = random.uniform(15, 30)
    whole = len(sound) / RATE
    offset = random.uniform(whole / 4, max(whole / 4, 3 * whole / 4 - seconds))
    start = round(offset * RATE)
    return sound[start : start + round(seconds * RATE)], offset


def _as_it_is(track: Path, out: Path, name: str) -> str:
    return Path(shutil.copy(track, out / f"{name}{track.suffix.lower()}")).name


def nearfield(home: Path, *arguments: str) -> str:
    """Run the program; return what it prints."""
    program = str(Path(sys.executable).parent / "nearfield")
    command = [program, "--home", str(home), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout


def check(out: Path, home: Path, catalogue: str) -> bool:
    """Print what is missing or wrong; return whether nothing is."""
    planted = json.loads((out / "planted.json").read_text())
    groups: Groups = planted["groups"]
    options = ("--catalogue", catalogue, "--json")
    report = json.loads(nearfield(home, "music", "duplicates", *options))
    of_group = {name: number for number, names in enumerate(groups) for name in names}
    ours = {*of_group, *planted["alone"]}
    found = [[member["path"] for member in one["members"]] for one in report["groups"]]
    pairs = _pairs([[name for name in map(_name, paths) if name in ours] for paths in found])
    wanted = _pairs(groups)
    outcome = {
        "planted": len(groups),
        "found": len(found),
        "pairs": len(wanted),
        "missing": sorted(map(sorted, wanted - pairs)),
        "wrong": sorted(map(sorted, pairs - wanted)),
        "badly placed": list(_misplaced(report["groups"], planted["copies"])),
        "in review": [
            [_name(one["a"]["path"]), _name(one["b"]["path"])] for one in report["review"]
        ],
        "twice": list(_twice(home, catalogue, out, groups)),
    }
    print(json.dumps(outcome))
    return not any(outcome[key] for key in ("missing", "wrong", "badly placed", "twice"))


def _name(path: str) -> str:
    return PurePath(path).name


def _pairs(groups: Groups) -> set[frozenset[str]]:
    """Return every two that are together."""
    return {frozenset(pair) for names in groups for pair in combinations(names, 2)}


def _misplaced(groups: list[dict[str, Any]], copies: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Tell of members whose place, speed or pitch beside the first is not what it is."""
    for group in groups:
        first = copies.get(_name(group["members"][0]["path"]))
        for member in group["members"][1:]:
            copy = copies.get(_name(member["path"]))
            if first is None or copy is None:
                continue
            wanted = {
                "offset": ((copy["offset"] - first["offset"]) / first["speed"], 0.5),
                "speed": (copy["speed"] / first["speed"], 0.006),
                "semitones": (copy["semitones"] - first["semitones"], 0.4),
            }
            for key, (value, tolerance) in wanted.items():
                if abs(member[key] - value) > tolerance:
                    name = _name(member["path"])
                    yield f"{name}: {key} {member[key]:.3f} told, {value:.3f} is true"


def _twice(home: Path, catalogue: str, out: Path, groups: Groups) -> Iterator[str]:
    """Tell of answers and playlists that hold two files of one recording."""
    for names in groups[:ASKED]:
        seed = str(out / names[0])
        given = ("--catalogue", catalogue)
        answers = json.loads(
            nearfield(home, "similar", "--item", seed, *given, "--json", "-k", "20")
        )
        listed = [one["attributes"]["path"] for one in answers]
        # what was asked of is no answer itself, and neither is a copy of it
        yield from _same(groups, [seed, *listed], f"similar to {names[0]}")
        with TemporaryDirectory() as folder:
            file = Path(folder) / "list.json"
            nearfield(home, "music", "playlist", "--seed", seed, *given, "--out", str(file))
            tracks = json.loads(file.read_text())["tracks"]
        yield from _same(groups, [one["path"] for one in tracks], f"playlist from {names[0]}")


def _same(groups: Groups, paths: Iterable[str], where: str) -> Iterator[str]:
    listed = [_name(path) for path in paths]
    for names in groups:
        together = [name for name in listed if name in names]
        if len(together) > 1:
            yield f"{where}: {', '.join(together)}"


def main() -> None:
    """Plant, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--music", type=Path, help="folder of real tracks; to plant")
    parser.add_argument("--out", type=Path, required=True, help="folder of what is planted")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--check", type=Path, metavar="HOME", help="home that it was added to")
    parser.add_argument("--catalogue", default="songs")
    arguments = parser.parse_args()
    if arguments.check:
        sys.exit(0 if check(arguments.out.resolve(), arguments.check, arguments.catalogue) else 1)
    if arguments.music is None:
        parser.error("give --music FOLDER to plant copies, or --check HOME to look for them")
    plant(arguments.music, arguments.out, arguments.seed)


if __name__ == "__main__":
    main()
