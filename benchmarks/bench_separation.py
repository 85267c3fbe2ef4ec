"""Gain and speed of the separators. Run: `python benchmarks/bench_separation.py --clips DIR`.

DIR holds clips with the accompaniment on the left and the voice on the right, as MIR-1K has them
(16 kHz, FLAC or WAV). Prints one JSON line; append it to results/separation.jsonl. Gains are over
the mixture, in dB; speeds are seconds of sound a second of one core, all in one run: compare
within a line only. REPET-SIM and HPSS are what librosa's documentation makes of them. Without
clips only speeds are measured, on noise; Spleeter is left out where its weights cannot be had.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from unittest.mock import patch

import librosa
import numpy as np
import soundfile
import soxr
import torch
from platformdirs import user_cache_dir

import machine
from nearfield.errors import Unavailable
from nearfield.sound.own import WEIGHTS, load_own
from nearfield.sound.separate import NoSeparation, Separator, load_separator
from nearfield.sound.separation_quality import sdr, si_sdr
from nearfield.sound.waveform import RATE, Waveform

Method = Callable[[Waveform], Waveform]
Row = dict[str, float]
NAMES = ("accompaniment_sdr", "voice_sdr", "accompaniment_si_sdr", "voice_si_sdr")
LONG = 60.0
"""Seconds of the sound whose separation is timed."""


def repet_sim(mixture: Waveform) -> Waveform:
    """Take what repeats for the accompaniment: medians of similar frames, then a soft mask."""
    spectrum = librosa.stft(mixture, n_fft=2048, hop_length=512)
    magnitude = np.abs(spectrum)
    width = int(librosa.time_to_frames(1, sr=RATE))
    similar = librosa.decompose.nn_filter(
        magnitude, aggregate=np.median, metric="cosine", width=min(width, len(magnitude.T) // 3)
    )
    similar = np.minimum(magnitude, similar)
    mask = librosa.util.softmask(similar, magnitude - similar, power=2)
    found: Waveform = librosa.istft(spectrum * mask, hop_length=512, length=len(mixture))
    return found


def hpss(mixture: Waveform) -> Waveform:
    """Take a voice for what changes slowly in short windows and quickly in long ones."""
    long = librosa.stft(mixture, n_fft=4096, hop_length=1024)
    _, quick = librosa.decompose.hpss(long)
    moving = librosa.istft(quick, hop_length=1024, length=len(mixture))
    short = librosa.stft(moving, n_fft=512, hop_length=128)
    steady, _ = librosa.decompose.hpss(short)
    voice: Waveform = librosa.istft(steady, hop_length=128, length=len(mixture))
    return mixture - voice


def clips(folder: Path, singers: tuple[str, ...]) -> list[tuple[Waveform, Waveform]]:
    """Read accompaniments and voices at `RATE`, of some singers or of all."""
    found = []
    for path in sorted([*folder.glob("*.flac"), *folder.glob("*.wav")]):
        if singers and path.name.split("_")[0] not in singers:
            continue
        stereo, rate = soundfile.read(path, dtype="float32")
        left, right = (soxr.resample(channel, rate, RATE) for channel in stereo.T)
        found.append((left, right))
    return found


def gains(method: Method, found: list[tuple[Waveform, Waveform]]) -> Row:
    """Return the mean gain of each stem over taking the mixture for it, in dB."""
    rows = []
    for backing, voice in found:
        mixture = backing + voice
        estimate = method(mixture)
        rest = mixture - estimate
        rows.append(
            [
                sdr(estimate, backing) - sdr(mixture, backing),
                sdr(rest, voice) - sdr(mixture, voice),
                si_sdr(estimate, backing) - si_sdr(mixture, backing),
                # the rest of "none" is nothing, of which no scale makes a voice
                si_sdr(rest, voice) - si_sdr(mixture, voice) if rest.any() else float("nan"),
            ]
        )
    means = np.mean(rows, axis=0)
    return {
        name: round(float(mean), 2)
        for name, mean in zip(NAMES, means, strict=True)
        if np.isfinite(mean)
    }


def speed(method: Method, sound: Waveform, repeats: int = 3) -> float:
    """Return seconds of sound a second of processor time, the best of a few times."""
    best = np.inf
    for _ in range(repeats):
        began = time.process_time()
        method(sound)
        best = min(best, time.process_time() - began)
    return round(len(sound) / RATE / max(best, 1e-6), 1)


def measured(method: Method, found: list[tuple[Waveform, Waveform]], song: Waveform) -> Row:
    """Return gains, where there are clips to tell, and speed, where there is something to do."""
    row = gains(method, found) if found else {}
    return row if method(song) is song else {**row, "times_real_time": speed(method, song)}


def all_methods(own: Separator, cache: Path) -> dict[str, Method]:
    """Return what is compared."""

    def in_float32(mixture: Waveform) -> Waveform:
        with patch("nearfield.sound.own.fast_arithmetic", nullcontext):
            return own.accompaniment(mixture)

    methods: dict[str, Method] = {
        "none": NoSeparation().accompaniment,
        "own": own.accompaniment,
        "own-float32": in_float32,
    }
    try:
        methods["spleeter"] = load_separator("spleeter", cache).accompaniment
    except Unavailable as error:
        print(f"spleeter is left out: {error}", file=sys.stderr)
    return {**methods, "repet-sim": repet_sim, "hpss": hpss}


def main() -> None:
    """Measure every separator on every clip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, help="folder of clips with both stems")
    parser.add_argument("--cache", type=Path, default=Path(user_cache_dir("nearfield")))
    parser.add_argument("--own", type=Path, default=WEIGHTS, help="folder of other weights of ours")
    parser.add_argument("--singers", nargs="*", default=(), help="all where not given")
    parser.add_argument("--methods", nargs="*", help="all where not given")
    parser.add_argument("--data", help="not used; every benchmark accepts it")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    found = clips(arguments.clips, tuple(arguments.singers)) if arguments.clips else []
    song = np.random.default_rng(0).normal(0, 0.1, int(LONG * RATE)).astype(np.float32)
    if found:
        song = np.concatenate([backing + voice for backing, voice in found])[: len(song)]
    own = load_own(arguments.own)
    line: dict[str, object] = {
        **machine.describe(),
        "librosa": version("librosa"),
        "clips": len(found),
        "seconds": round(sum(len(backing) for backing, _ in found) / RATE),
        "own_version": own.version,
    }
    for name, method in all_methods(own, arguments.cache).items():
        if not arguments.methods or name in arguments.methods:
            line[name] = measured(method, found, song)
    print(json.dumps(line))


if __name__ == "__main__":
    main()
