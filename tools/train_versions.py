"""Trains the network behind `version_vectors`, on the scores of POP909.

    PYTHONPATH=benchmarks python tools/train_versions.py POP909 OUT.safetensors [--steps 1650]

POP909 is the archive or its folder; songs 1 to 330 are read. No sound is made: what their harmony
would be is drawn from the notes, a few times for each song, each time with other arrangements,
parts, overtones, decays, tempi, cuts and noise. Songs turned upside down and played backwards count
as other songs. Takes of one song are to be near, those of others far (NT-Xent); key needs no
training. In the end the last layer is replaced by one under which takes of a song differ by the
same in all directions. See docs/versions.md for what comes of it.
"""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch.nn import functional as F
from versions_network import Network, whiten

import pop909
from midi_files import Track, read_midi
from nearfield.sound.versions.frames import unit_frames
from nearfield.sound.versions.vector import at_pace

TAKES, FRAMES = 16, 200  # of each song; 100 seconds
FINE: Final = 4  # steps of the drawing in a frame of harmony: eight a second
PAIRS, WARMEST, LENGTHS = 48, 4e-3, (80, 120, 160, 190)
TEMPERATURE: Final = 0.07
Notes = NDArray[np.float32]  # (notes, 4): start, end, key, velocity
Arrangement = list[Notes]  # melody, bridge, piano, and the piano's chords held and broken


class Drawn(NamedTuple):
    """How one take differs from the score; seconds, but for `speed`."""

    begin: float
    speed: float
    cut: float
    rest: float
    sway: float
    period: float
    phase: float

    def played(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return when something sounds."""
        swayed = self.sway * self.period * np.sin(times / self.period + self.phase)
        return (times + swayed) / self.speed


def read_songs(root: Path) -> list[list[Arrangement]]:
    """Return the arrangements of each song, at most four."""
    songs = []
    for number in pop909.TRAINING:
        folder = root / f"{number:03}"
        others = sorted((folder / "versions").glob("*.mid"))[-3:]
        found = [arrangement(path) for path in (folder / f"{number:03}.mid", *others)]
        songs.append([one for one in found if one])
    return songs


def arrangement(path: Path) -> Arrangement:
    """Return the parts of one file; nothing where it lacks one."""
    tracks = read_midi(path.read_bytes())
    if len(tracks) <= len(pop909.ROLES):
        return []
    *parts, beats = tracks
    piano = parts[-1].notes
    for broken in (False, True):
        parts.append(Track("", 0, pop909.rewritten(piano, beats.notes, broken)))
    return [np.array(one.notes, dtype=np.float32).reshape(-1, 4) for one in parts[-5:]]


def take(
    song: list[Arrangement], random: np.random.Generator, inverted: bool, backwards: bool
) -> NDArray[np.uint8]:
    """Draw the harmony of one take, shape (FRAMES, 12)."""
    melody, bridge, *pianos = song[random.integers(len(song))]
    texture = max(0, int(random.integers(-1, 3)))  # as written in one half
    parts = [melody, bridge, pianos[texture]]
    which = random.random()
    if which < 0.15 and texture == 0:
        parts = parts[1:]
    elif which < 0.4:
        parts = [parts[0], parts[2]]
    parts = [part for part in parts if len(part)]
    seconds, speed = FRAMES / 2, float(np.exp(random.uniform(-0.17, 0.17)))
    end = max(float(part[:, 1].max()) for part in parts)
    drawn = Drawn(
        begin=random.uniform(0, max(0.1, min(30.0, end - seconds * speed * 0.9))),
        speed=speed,
        cut=random.uniform(0.3, 0.7) * seconds,
        rest=random.uniform(6, 20) if random.random() < 0.3 else 0.0,
        sway=random.uniform(0, 0.04),
        period=random.uniform(3, 10),
        phase=random.uniform(0, 2 * np.pi),
    )
    strengths = np.zeros((FRAMES * FINE, 12))
    shift = int(random.integers(-5, 6))
    for part in parts:
        sound = np.zeros_like(strengths)
        tail = random.choice([0.02, 0.1, 0.4])
        decay = random.choice([0.3, 0.8, 2.0, 8.0, 100.0])
        notes = played(part, drawn, random, shift, inverted)
        fill(sound, notes, int(random.integers(1, 8)), random.uniform(0.2, 0.9), decay, tail)
        strengths += np.exp(random.normal(0, 0.5)) * sound
    return levels(strengths[::-1] if backwards else strengths, random)


def played(
    part: Notes, drawn: Drawn, random: np.random.Generator, shift: int, inverted: bool
) -> NDArray[np.float64]:
    """Return the notes of a part as they are struck, shape (notes, 4)."""
    start, end, key, velocity = part.astype(np.float64).T
    start, end = start - drawn.begin, end - drawn.begin
    kept = (start >= -2) & ~((start >= drawn.cut) & (start < drawn.cut + drawn.rest))
    later = np.where(start >= drawn.cut, drawn.rest, 0.0)
    begin = drawn.played(start - later)
    stop = np.maximum(drawn.played(end - later), begin + 0.1)
    octave = random.choice([-12, 12]) if random.random() < 0.1 else 0
    key = (130 - key if inverted else key) + shift + octave
    begin = begin + random.normal(0, 0.008, len(begin))
    notes: NDArray[np.float64] = np.stack([begin, stop, key, velocity], axis=1)[kept]
    return notes


@njit(cache=True)
def fill(sound: Any, notes: Any, overtones: int, slope: float, decay: float, tail: float) -> None:
    """Add notes with overtones to `sound`, shape (steps, 12), an eighth of a second each."""
    for note in range(len(notes)):
        start, end, key, velocity = notes[note]
        first = max(0, int(np.ceil(start * 8)))
        last = min(len(sound), int((end + tail) * 8) + 1)
        for number in range(1, overtones + 1):
            pitch = key + 12 * np.log2(number)
            if pitch < 45 or pitch > 97:
                continue
            loud = (velocity / 100) ** 1.5 * slope ** (number - 1)
            place = int(np.round(pitch - 69)) % 12
            for step in range(first, last):
                heard = np.exp(-(step / 8 - start) / decay)
                if step / 8 > end:
                    heard *= np.exp(-2 * (step / 8 - end) / tail)
                sound[step, place] += loud * heard


def levels(strengths: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.uint8]:
    """Return what a `Harmony` would hold, often with noise, at times through an equaliser."""
    window = np.hanning(8)[1:-1]
    smooth = np.stack([np.convolve(one, window / window.sum(), "same") for one in strengths.T], 1)
    if random.random() < 0.6:
        hit = 1 + 3 * (random.random((len(smooth), 1)) < 0.3)
        floor = smooth.mean() * random.uniform(0, 0.5)
        smooth = smooth + floor * hit * random.gamma(1, 1, smooth.shape)
    if random.random() < 0.3:
        smooth = smooth * np.exp(random.normal(0, 0.3, 12))
    frames = smooth.reshape(-1, FINE, 12).mean(axis=1)
    strongest = frames.max(axis=1, keepdims=True)
    found = np.rint(15 * np.sqrt(frames / np.maximum(strongest, 1e-9)))
    return np.where(strongest > 1e-4 * frames.max(), found, 0).astype(np.uint8)


def batch(
    pool: NDArray[np.float32], length: int, random: np.random.Generator
) -> NDArray[np.float32]:
    """Return two takes of each of `PAIRS` songs, shape (2 * PAIRS, 1, 12, length)."""
    chosen = random.choice(len(pool), PAIRS, replace=False)
    found = []
    for song in np.tile(chosen, 2):
        frames = pool[song, random.integers(TAKES)]
        pace = float(np.exp(random.uniform(-0.06, 0.06)))
        begin = int(random.integers(max(1, len(frames) - int(length * pace) - 2)))
        moved = at_pace(frames[begin : begin + int(length * pace) + 2], pace)[:length]
        moved = blurred(moved, random)
        found.append(np.pad(moved, ((0, length - len(moved)), (0, 0)), mode="wrap"))
    return np.stack(found).transpose(0, 2, 1)[:, None]


def blurred(frames: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Let notes sound in their neighbours too, and add noise, each in one half."""
    if random.random() < 0.5:
        beside = np.roll(frames, 1, axis=1) + np.roll(frames, -1, axis=1)
        frames = frames + np.float32(random.uniform(0, 0.12)) * beside
    if random.random() < 0.5:
        noise = random.random(frames.shape, dtype=np.float32)
        frames = frames + np.float32(random.uniform(0, 0.15)) * noise
    unit: NDArray[np.float32] = frames / (np.linalg.norm(frames, axis=1, keepdims=True) + 1e-9)
    return unit.astype(np.float32)


def train(pool: NDArray[np.float32], steps: int, random: np.random.Generator) -> Network:
    """Fit a network to unit frames of takes, shape (songs, TAKES, FRAMES, 12)."""
    network = Network()
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, WARMEST, steps, pct_start=0.1)
    targets, total, began = torch.arange(2 * PAIRS).roll(PAIRS), 0.0, time.process_time()
    for step in range(1, steps + 1):
        frames = np.ascontiguousarray(batch(pool, int(random.choice(LENGTHS)), random))
        vectors = network(torch.from_numpy(frames))
        logits = (vectors @ vectors.T / TEMPERATURE).fill_diagonal_(-torch.inf)
        loss = F.cross_entropy(logits, targets)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        total += float(loss.detach())
        if step % 50 == 0:
            spent = time.process_time() - began
            sys.stderr.write(f"step {step}: loss {total / 50:.3f}, {spent:.0f} s\n")
            total = 0.0
    return network.eval()


def main() -> None:
    """Read, draw, train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pop909", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=1650)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)
    random = np.random.default_rng(arguments.seed)
    with TemporaryDirectory() as folder:
        songs = read_songs(pop909.unpack(arguments.pop909, Path(folder)))
    takes = [
        unit_frames(take(song, random, inverted, backwards).reshape(-1, 12))
        for backwards in (False, True)
        for inverted in (False, True)
        for song in songs
        for _ in range(TAKES)
    ]
    pool = np.stack(takes).reshape(-1, TAKES, FRAMES, 12)
    network = train(pool, arguments.steps, random)
    whiten(network, pool[: 2 * len(songs)])  # those that are not played backwards
    save_file(network.folded(), arguments.out)


if __name__ == "__main__":
    main()
