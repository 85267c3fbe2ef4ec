"""How well songs are found by their vectors: our encoder, musicnn, plain statistics.

Run: `python benchmarks/bench_encoder.py CLIPS`, where CLIPS holds sound files of one length and an
`index.csv` with columns clip, pkg (the album), artist. Prints one JSON line; append it to
results/encoder.jsonl. Only the packages of TEST are read, which no shipped encoder learned from.

half: the first half of a clip finds the second among those of all clips, and the other way round;
with a change, the first halves are changed and the second ones are not. segment: a quarter finds a
quarter of the other half. album, artist: the nearest whole clip carries the same label.
"""

import argparse
import csv
import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
from numpy.typing import NDArray

from machine import describe
from nearfield.evaluate.sound import (
    baseline_statistics,
    half_song_hit,
    same_label_at_k,
    segment_hit,
    standardize,
)
from nearfield.sound.cepstrum import mfcc
from nearfield.sound.decode import read_sound
from nearfield.sound.encoders import load_encoder
from nearfield.sound.encoding import Encoder, features_of
from nearfield.sound.separate import load_separator
from nearfield.sound.waveform import RATE, Waveform

TEST = (
    "drascula-music",
    "hedgewars-data",
    "singularity-music",
    "supertux-data",
    "warzone2100-music",
)
SEED = 1234

Embed = Callable[[Sequence[Waveform]], NDArray[np.float32]]


def noisy(decibels: float) -> Callable[[Waveform], Waveform]:
    """Return what adds white noise, so many dB under the sound."""

    def change(sound: Waveform) -> Waveform:
        size = np.sqrt(np.mean(sound**2)) * 10 ** (-decibels / 20)
        noise = np.random.default_rng(SEED).normal(0, size, len(sound))
        return np.asarray(sound + noise, dtype=np.float32)

    return change


def filtered(gain: Callable[[NDArray[Any]], NDArray[Any]]) -> Callable[[Waveform], Waveform]:
    """Return what applies a gain that depends on the frequency in Hz."""

    def change(sound: Waveform) -> Waveform:
        hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
        return np.fft.irfft(np.fft.rfft(sound) * gain(hertz), len(sound)).astype(np.float32)

    return change


def coded(sound: Waveform) -> Waveform:
    """Return the sound after MP3 at 64 kbit/s."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as out:
        stream = out.add_stream("libmp3lame", rate=RATE, layout="mono")
        stream.bit_rate = 64_000
        frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
        frame.sample_rate = RATE
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r") as back:
        parts = [frame.to_ndarray()[0] for frame in back.decode(audio=0)]
    return np.concatenate(parts)[: len(sound)].astype(np.float32)


CHANGES: dict[str, Callable[[Waveform], Waveform]] = {
    "noise 20 dB": noisy(20),
    "noise 10 dB": noisy(10),
    "equalizer": filtered(lambda hertz: 10 ** (6 * np.tanh(np.log2((hertz + 1) / 1000) / 2) / 20)),
    "mp3 64k": coded,
    "telephone": filtered(lambda hertz: ((hertz > 300) & (hertz < 3400)).astype(float)),
}


@dataclass(frozen=True)
class Clips:
    """Sounds of one length, and their labels."""

    sounds: list[Waveform]
    albums: list[str]
    artists: list[str]


def read(folder: Path) -> Clips:
    """Read the clips of the test packages."""
    with (folder / "index.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["pkg"] in TEST]
    sounds = [read_sound(folder / row["clip"]) for row in rows]
    length = 30 * RATE
    sounds = [np.pad(sound, (0, max(0, length - len(sound))))[:length] for sound in sounds]
    return Clips(sounds, [row["pkg"] for row in rows], [row["artist"] for row in rows])


def by(encoder: Encoder, separation: str = "none") -> Embed:
    """Return what embeds sounds as songs."""
    separator = load_separator(separation, Path())

    def embed(sounds: Sequence[Waveform]) -> NDArray[np.float32]:
        heard = (separator.accompaniment(sound) for sound in sounds)
        return np.stack([encoder.embed(features_of(encoder, [one])).song for one in heard])

    return embed


def by_statistics(clips: Clips) -> Embed:
    """Return mean and deviation of 20 coefficients, standardized over all clips."""
    sample = np.concatenate([baseline_statistics(mfcc(one)[None]) for one in clips.sounds])

    def embed(sounds: Sequence[Waveform]) -> NDArray[np.float32]:
        raw = np.concatenate([baseline_statistics(mfcc(one)[None]) for one in sounds])
        return standardize(raw, sample)

    return embed


def parts(sounds: Sequence[Waveform], count: int, which: int) -> list[Waveform]:
    """Return one of `count` equal parts of each sound."""
    size = len(sounds[0]) // count
    return [sound[which * size : (which + 1) * size] for sound in sounds]


def measure(embed: Embed, clips: Clips) -> dict[str, float]:
    """Return the figures of one encoder, and how many times faster than the music it is."""
    start = time.process_time()
    whole = embed(clips.sounds)
    seconds = time.process_time() - start
    first, second = (embed(parts(clips.sounds, 2, which)) for which in range(2))
    quarters = np.stack([embed(parts(clips.sounds, 4, which)) for which in range(4)], axis=1)
    found = {
        "half": half_song_hit(first, second),
        "segment": segment_hit(list(quarters)),
        "album": same_label_at_k(whole, clips.albums),
        "album of 5": same_label_at_k(whole, clips.albums, 5),
        "artist": same_label_at_k(whole, clips.artists),
    }
    for name, change in CHANGES.items():
        changed = embed([change(one) for one in parts(clips.sounds, 2, 0)])
        found[f"half, {name}"] = half_song_hit(changed, second)
    rounded = {name: round(value, 3) for name, value in found.items()}
    return {**rounded, "x real time": round(30 * len(clips.sounds) / seconds)}


def rows(clips: Clips, cache: Path) -> Iterator[tuple[str, Embed]]:
    """Yield what is compared."""
    own = load_encoder("own", cache)
    yield "mean and deviation of 20 MFCC", by_statistics(clips)
    yield "own", by(own)
    yield "own, separated", by(own, "own")
    yield "musicnn", by(load_encoder("musicnn", cache))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", type=Path, help="folder of clips with an index.csv")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/nearfield").expanduser())
    parser.add_argument("--only", default="", help="measure only rows whose name holds this")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    clips = read(arguments.clips)
    figures = {
        name: measure(embed, clips)
        for name, embed in rows(clips, arguments.cache)
        if arguments.only in name
    }
    made = load_encoder("own", arguments.cache).version
    line = {"clips": len(clips.sounds), "seed": SEED, "own version": made, "rows": figures}
    print(json.dumps({**describe(), **line}))


if __name__ == "__main__":
    main()
