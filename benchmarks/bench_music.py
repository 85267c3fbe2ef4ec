"""Songs into a library: songs an hour on all cores, memory of each process, where the time goes.

Run: `python benchmarks/bench_music.py --music DIR`. Takes up to `--songs` files of at least two
minutes from a folder (`make bench` has none: then it makes stereo songs of three minutes), adds
them with the default separation in a new home, and reads the peak memory of every process on the
way; then two files of an hour. After that each stage by itself on one thread, beside the same
with the fastest library: librosa for decoding, cepstrum and tempo, `fpcalc` for the fingerprint,
Spleeter (`--spleeter`, fetched) for the separation. Prints one JSON line.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import librosa
import numpy as np
import torch

from bench_decode import make_file
from machine import describe
from nearfield.sound.decode import SoundReader
from nearfield.sound.encoders import load_encoder
from nearfield.sound.fingerprint import FingerprintStream
from nearfield.sound.scan import find_sounds
from nearfield.sound.separate import load_separator, separate_blocks
from nearfield.sound.traits import TraitsStream
from nearfield.sound.waveform import RATE

SEED = 3
LEAST_SECONDS = 120


def choose(music: Path | None, songs: int, folder: Path) -> list[Path]:
    """Copy songs of a folder into another, or make some."""
    folder.mkdir()
    if music is None:
        return [make_file(folder / f"{n:03}.ogg", 3, SEED + n) for n in range(songs)]
    found = [one.path for one in find_sounds([music])]
    np.random.default_rng(SEED).shuffle(found)
    chosen: list[Path] = []
    for path in found:
        with SoundReader(path) as reader:
            seconds = reader.info.duration
        if seconds >= LEAST_SECONDS and len(chosen) < songs:
            chosen.append(Path(shutil.copy(path, folder / f"{len(chosen):03}{path.suffix}")))
    return chosen


def add(home: Path, folder: Path, *options: str) -> dict[str, Any]:
    """Run `nearfield music add`; return seconds, what it tells, and each process' peak in MB."""
    program = str(Path(sys.executable).parent / "nearfield")
    command = [program, "--home", str(home), "music", "add", str(folder), "--json", *options]
    peaks: dict[int, float] = {}
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        stop = threading.Event()
        watcher = threading.Thread(target=watch, args=(process.pid, peaks, stop))
        watcher.start()
        said = process.communicate()[0]
        stop.set()
        watcher.join()
    seconds = time.perf_counter() - start
    return {"seconds": seconds, **json.loads(said), "peaks": sorted(peaks.values())}


def watch(pid: int, peaks: dict[int, float], stop: threading.Event) -> None:
    """Keep the largest resident set of a process and its children, in MB."""
    while not stop.wait(0.2):
        for one in [pid, *children(pid)]:
            try:
                lines = Path(f"/proc/{one}/status").read_text().splitlines()
            except OSError:
                continue
            high = [line.split()[1] for line in lines if line.startswith("VmHWM")]
            if high:
                peaks[one] = int(high[0]) / 1024


def children(pid: int) -> list[int]:
    """Return the processes that one started."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(one) for one in listed]


def cpu(work: Callable[[], Any], repeat: int = 3) -> float:
    """Return the CPU seconds of the quickest of some runs, after one that is not timed."""
    work()
    times = []
    for _ in range(repeat):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return round(min(times), 3)


def stages(path: Path, cache: Path, spleeter: bool) -> dict[str, Any]:
    """Return CPU seconds of each stage on one song and one thread, beside a library's."""
    torch.set_num_threads(1)
    separator, encoder = load_separator("own", cache), load_encoder("own", cache)
    blocks = list(SoundReader(path).blocks())
    sound = np.concatenate(blocks)

    def fed(stream: Any) -> Any:
        for block in blocks:
            stream.feed(block)
        return stream.finish()

    features = fed(encoder.stream())
    ours = {
        "decode": cpu(lambda: list(SoundReader(path).blocks())),
        "separate": cpu(lambda: list(separate_blocks(separator, iter(blocks)))),
        "cepstrum": cpu(lambda: fed(encoder.stream())),
        "embed": cpu(lambda: encoder.embed(features)),
        "fingerprint": cpu(lambda: fed(FingerprintStream())),
        "traits": cpu(lambda: fed(TraitsStream())),
    }
    theirs = {
        "decode: librosa.load": cpu(lambda: librosa.load(path, sr=RATE), 1),
        "cepstrum: librosa": cpu(lambda: librosa.feature.mfcc(y=sound, sr=RATE, n_mfcc=40)),
        "traits: librosa.beat": cpu(lambda: librosa.beat.beat_track(y=sound, sr=RATE), 1),
    }
    if shutil.which("fpcalc"):
        before = os.times()
        subprocess.run(["fpcalc", "-length", "0", path], capture_output=True, check=False)
        after = os.times()
        theirs["decode + fingerprint: fpcalc"] = round(
            after.children_user - before.children_user, 3
        )
    if spleeter:
        large = load_separator("spleeter", cache)
        theirs["separate: spleeter"] = cpu(lambda: large.accompaniment(sound), 1)
    seconds = len(sound) / RATE
    total = sum(ours.values())
    return {
        "seconds": round(seconds, 1),
        "ours": ours,
        "total": round(total, 2),
        "x_real_time": round(seconds / total),
        "theirs": theirs,
    }


def measure(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return the line."""
    songs = choose(args.music, args.songs, folder / "songs")
    done = add(folder / "home", folder / "songs")
    hour = folder / "hour"
    hour.mkdir()
    for number in range(2):
        make_file(hour / f"hour{number}.ogg", 60, SEED + number)
    long = add(folder / "long", hour, "--workers", "2")
    three = add(folder / "home", songs[0].parent)  # nothing is new
    middle = sorted(songs, key=lambda path: soundfile_seconds(path))[len(songs) // 2]
    return {
        "songs": done["added"],
        "hours": done["hours"],
        "seconds": round(done["seconds"], 1),
        "songs_of_3_minutes_an_hour": round(done["hours"] * 20 / (done["seconds"] / 3600)),
        "x_real_time": round(done["hours"] * 3600 / done["seconds"]),
        "peak_mb": [round(peak) for peak in done["peaks"]],
        "two_of_an_hour": {
            "seconds": round(long["seconds"], 1),
            "peak_mb": [round(peak) for peak in long["peaks"]],
        },
        "again_seconds": round(three["seconds"], 1),
        "stages": stages(middle, folder / "cache", args.spleeter),
    }


def soundfile_seconds(path: Path) -> float:
    """Return the length of a song as its header has it."""
    with SoundReader(path) as reader:
        return reader.info.duration


def main() -> None:
    """Measure, and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--music", type=Path, help="folder of songs; made if not given")
    parser.add_argument("--songs", type=int, default=12)
    parser.add_argument("--spleeter", action="store_true", help="fetch Spleeter's weights too")
    parser.add_argument("--data", help="ignored: of the benchmarks that read MovieLens")
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        found = measure(args, Path(folder))
    libraries = {"librosa": version("librosa"), "soundfile": version("soundfile")}
    print(json.dumps({"bench": "music", **describe(), **libraries, "seed": SEED, **found}))


if __name__ == "__main__":
    main()
