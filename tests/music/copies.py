"""A small library in which some songs are there several times."""

from pathlib import Path

import numpy as np

from sound.made_sounds import Sound, noise, song, tone, write_sound

RATE = 22_050
SECONDS = 24.0


def make_copies(folder: Path) -> Path:
    """Write two songs with copies, a clip of the first, and three others; return `folder`."""
    folder.mkdir(parents=True)
    one, two = song(SECONDS, seed=1), song(SECONDS, seed=2)
    write_sound(folder / "one.flac", one)
    write_sound(folder / "one again.mp3", one)
    write_sound(folder / "one noisy.ogg", louder_noise(one))
    write_sound(folder / "one late.ogg", one[round(2.5 * RATE) :])
    write_sound(folder / "one clip.ogg", one[round(8.3 * RATE) : round(17.3 * RATE)])
    write_sound(folder / "two.ogg", two)
    write_sound(folder / "two fast.flac", faster(two, 1.02))
    for seed in (3, 4):
        write_sound(folder / f"other {seed}.ogg", song(SECONDS, seed=seed))
    write_sound(folder / "drone.ogg", tone(220, SECONDS) + noise(SECONDS, level=0.003))
    return folder


ONE = {"one.flac", "one again.mp3", "one noisy.ogg", "one late.ogg", "one clip.ogg"}
TWO = {"two.ogg", "two fast.flac"}
ALONE = {"other 3.ogg", "other 4.ogg", "drone.ogg"}


def louder_noise(sound: Sound) -> Sound:
    """Return a sound at 15 dB above white noise."""
    level = float(np.sqrt(np.mean(sound**2)) / 10 ** (15 / 20))
    return sound + noise(len(sound) / RATE, level=level, seed=5)[: len(sound)]


def faster(sound: Sound, speed: float) -> Sound:
    """Return a sound played so many times faster, and higher."""
    places = np.arange(0, len(sound) - 1, speed)
    resampled: Sound = np.interp(places, np.arange(len(sound)), sound).astype(np.float32)
    return resampled
