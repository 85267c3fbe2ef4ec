"""Decoding against librosa and soundfile; what a fingerprint and the traits of a song cost.

Run: `python benchmarks/bench_decode.py`. Makes an hour of stereo in MP3, Ogg Vorbis and FLAC and
reads it to one channel at 22,050 Hz, each reader in its own process: CPU seconds, x real time,
and the peak of memory beside what it was after the imports. Prints one JSON line; append it to
results/decode.jsonl. Then the same for three hours of MP3 by ours alone, a fingerprint with
and without decoding, `fpcalc` where it is installed, and the traits of three minutes.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import librosa
import numpy as np
import soundfile
import soxr

from machine import describe
from nearfield.sound.decode import read_blocks
from nearfield.sound.fingerprint import FingerprintStream
from nearfield.sound.traits import TraitsStream
from nearfield.sound.waveform import RATE, Waveform

FILE_RATE = 44_100
FORMATS = {"mp3": "MP3", "ogg": "OGG", "flac": "FLAC"}
PIECE = 10
"""Seconds of one chord in the files that are made."""


def make_file(path: Path, minutes: float, seed: int) -> Path:
    """Write stereo music: chords and their decay every half second, and some noise."""
    rng = np.random.default_rng(seed)
    pieces = [_chord(rng) for _ in range(12)]
    kind = FORMATS[path.suffix[1:]]
    with soundfile.SoundFile(path, "w", FILE_RATE, 2, format=kind) as file:
        for _ in range(round(minutes * 60 / PIECE)):
            stereo = pieces[rng.integers(len(pieces))]
            for start in range(0, len(stereo), FILE_RATE):
                file.write(stereo[start : start + FILE_RATE])
    return path


def _chord(rng: np.random.Generator) -> Waveform:
    """Return a piece, shape (samples, 2)."""
    clock = np.arange(PIECE * FILE_RATE) / FILE_RATE
    notes = 110 * 2 ** (rng.integers(0, 36, 4) / 12)
    tones = np.sin(2 * np.pi * notes[:, None] * clock).sum(axis=0)
    left = 0.1 * np.exp(-4 * (clock % 0.5)) * tones + 0.01 * rng.standard_normal(len(clock))
    return np.stack([left, 0.5 * np.roll(left, 30)], axis=1).astype(np.float32)


def by_ours(path: Path) -> int:
    """Decode in blocks."""
    return sum(len(block) for block in read_blocks(path))


def by_librosa(path: Path) -> int:
    """Decode as librosa's examples do."""
    waveform, _ = librosa.load(path, sr=RATE)
    return len(waveform)


def by_soundfile(path: Path) -> int:
    """Decode whole, mix, resample."""
    stereo, rate = soundfile.read(path, dtype="float32")
    return len(soxr.resample(stereo.mean(axis=1), rate, RATE))


def fingerprint_file(path: Path) -> int:
    """Decode and fingerprint."""
    return _through(FingerprintStream(), read_blocks(path))


def _through(stream: FingerprintStream | TraitsStream, blocks: Iterator[Waveform]) -> int:
    samples = 0
    for block in blocks:
        stream.feed(block)
        samples += len(block)
    stream.finish()
    return samples


READERS: dict[str, Callable[[Path], int]] = {
    "ours": by_ours,
    "librosa": by_librosa,
    "soundfile": by_soundfile,
    "ours with fingerprint": fingerprint_file,
}


def peak_megabytes() -> float:
    """Return the largest memory of this process so far; what its parent had does not count."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith("VmHWM"))
    return int(found.split()[1]) / 1024


def child(reader: str, path: Path) -> None:
    """Read one file, as the only thing this process does, and print what it cost."""
    before = peak_megabytes()
    wall, cpu = time.perf_counter(), time.process_time()
    seconds = READERS[reader](path) / RATE
    spent = time.process_time() - cpu
    figures = {
        "x real time": round(seconds / spent),
        "CPU s": round(spent, 2),
        "wall s": round(time.perf_counter() - wall, 2),
        "peak MB": round(peak_megabytes()),
        "after imports MB": round(before),
    }
    print(json.dumps(figures))


def in_a_process(reader: str, path: Path) -> dict[str, float]:
    """Run `child` in a process of its own."""
    command = [sys.executable, __file__, "--child", reader, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def by_fpcalc(path: Path, minutes: float) -> dict[str, float]:
    """Return what Chromaprint's program needs for a whole file."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["fpcalc", "-length", "0", "-plain", "-ignore-errors", str(path)]
    subprocess.run(command, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"x real time": round(60 * minutes / spent), "CPU s": round(spent, 2)}


def of_three_minutes(path: Path) -> dict[str, float]:
    """Return the CPU seconds of what is computed from three minutes that are decoded already."""
    blocks = []
    for block in read_blocks(path):
        blocks.append(block)
        if len(blocks) == 9:  # of 20 seconds
            break
    figures = {}
    for name, make in (("fingerprint", FingerprintStream), ("traits", TraitsStream)):
        times = []
        for _ in range(4):  # the first compiles
            start = time.process_time()
            _through(make(), iter(blocks))
            times.append(time.process_time() - start)
        figures[f"{name} CPU s"] = round(min(times), 3)
    return figures


def main() -> None:
    """Make the files, read them, print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", help="not used: the files are made")
    parser.add_argument("--child", nargs=2, metavar=("READER", "FILE"))
    options = parser.parse_args()
    if options.child:
        child(options.child[0], Path(options.child[1]))
        return
    figures: dict[str, dict[str, float]] = {}
    with TemporaryDirectory() as folder:
        for ending in FORMATS:
            path = make_file(Path(folder) / f"a.{ending}", options.minutes, options.seed)
            for reader in ("ours", "librosa", "soundfile"):
                figures[f"{ending}, {reader}"] = in_a_process(reader, path)
            if ending == "mp3":
                figures["mp3, ours with fingerprint"] = in_a_process("ours with fingerprint", path)
                if shutil.which("fpcalc"):
                    figures["mp3, fpcalc"] = by_fpcalc(path, options.minutes)
                figures["3 minutes, decoded"] = of_three_minutes(path)
                path.write_bytes(3 * path.read_bytes())  # frames follow frames: three hours
                figures["mp3 three times as long, ours"] = in_a_process("ours", path)
            path.unlink()
    libraries = ("av", "librosa", "soundfile", "soxr")
    machine = describe() | {name: version(name) for name in libraries}
    line = {"machine": machine, "seed": options.seed, "minutes": options.minutes}
    print(json.dumps(line | {"figures": figures}))


if __name__ == "__main__":
    main()
