"""Trains the encoder that ships, on any folder of music.

    python tools/train_encoder.py MUSIC OUT [--leave-out NAME ...] [--epochs 30]

Reads two excerpts of thirty seconds of each file, one where it is short, as they are and, of some,
with the voices taken away. musicnn, whose weights are fetched from PyPI, is the teacher. OUT holds
the features by file, the state of the training after each epoch, and in the end the encoder under
OUT/encoder and musicnn's projection beside it: a run that was stopped goes on where it was.
"""

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from nearfield.errors import NearfieldError
from nearfield.sound.cepstrum import mfcc
from nearfield.sound.decode import probe, read_sound
from nearfield.sound.encoder_config import EncoderConfig, SoundTrainingConfig
from nearfield.sound.encoding import Features
from nearfield.sound.musicnn import MusicnnEncoder, PatchStream
from nearfield.sound.musicnn_network import FRAMES, MusicnnNetwork
from nearfield.sound.separate import Separator, load_separator
from nearfield.sound.song_material import Lessons
from nearfield.sound.statistics import Projection
from nearfield.sound.train import SoundTrainer
from nearfield.training.checkpoint import Checkpoint

EXCERPT: Final = 30.2
"""Seconds; a little more than ten of the teacher's patches."""

PATCHES: Final = 10
LEAST: Final = 21.0
"""Seconds; shorter files are passed over: most are no music."""

STRETCH: Final = FRAMES * 256 / 16_000
"""Seconds of a patch of the teacher."""


@dataclass(frozen=True)
class Listeners:
    """All that is run on an excerpt."""

    sizes: EncoderConfig
    teacher: MusicnnNetwork
    separator: Separator

    def hear(self, path: Path, separated: bool) -> tuple[Features, NDArray[np.float32]]:
        """Return the cepstrum of a file's excerpts, one after another, and the teacher's rows.

        Both are cut to whole patches, so that they stay in step.
        """
        cepstra: list[Features] = []
        rows: list[NDArray[np.float32]] = []
        for start in excerpts(probe(path).duration):
            sound = read_sound(path, start=start, seconds=EXCERPT)
            stream = PatchStream(self.teacher)
            stream.feed(sound)
            heard = stream.finish()[:PATCHES]
            frames = round(len(heard) * STRETCH * self.sizes.cepstrum.frames_a_second)
            cepstra.append(mfcc(sound, self.sizes.cepstrum)[:frames])
            rows.append(heard)
            if separated and start == excerpts(probe(path).duration)[0]:
                without = self.separator.accompaniment(sound)
                cepstra.append(mfcc(without, self.sizes.cepstrum)[:frames])
                rows.append(heard)
        return np.concatenate(cepstra), np.concatenate(rows)


def excerpts(duration: float) -> list[float]:
    """Return where excerpts begin, in seconds: at one and two thirds of what is left to choose."""
    room = max(0.0, duration - EXCERPT)
    return [room / 2] if duration < 45 else [room / 3, 2 * room / 3]


def features(
    music: Path, left_out: Sequence[str], out: Path, listeners: Listeners
) -> Iterator[tuple[Features, NDArray[np.float32]]]:
    """Yield cepstrum and teacher's rows of each file; work them out where they are not kept."""
    out.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(sorted(music.rglob("*"))):
        if not path.is_file() or any(part in left_out for part in path.parts):
            continue
        kept = out / (hashlib.sha256(str(path.relative_to(music)).encode()).hexdigest() + ".npz")
        if not kept.exists():
            try:
                if probe(path).duration < LEAST:
                    continue
                cepstrum, rows = listeners.hear(path, separated=number % 2 == 0)
            except NearfieldError as error:
                sys.stderr.write(f"{error}\n")
                continue
            partial = kept.with_suffix(".partial.npz")
            np.savez(partial, cepstrum=cepstrum.astype(np.float16), rows=rows.astype(np.float16))
            partial.replace(kept)
        with np.load(kept) as found:
            yield found["cepstrum"].astype(np.float32), found["rows"].astype(np.float32)


def teach(rows: Sequence[NDArray[np.float32]], dim: int) -> Projection:
    """Return the projection of the teacher that tells songs apart by nine seconds."""
    nines = [song[: len(song) // 3 * 3].reshape(-1, 3, song.shape[1]).mean(axis=1) for song in rows]
    songs = np.repeat(np.arange(len(nines)), [len(song) for song in nines])
    return Projection.tell_apart(np.concatenate(nines), songs, dim)


def main() -> None:
    """Listen, train, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("music", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--leave-out", nargs="*", default=[], help="names of folders to skip")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/nearfield").expanduser())
    parser.add_argument("--epochs", type=int, default=30)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    sizes = EncoderConfig()
    musicnn = MusicnnEncoder.obtain(arguments.cache)
    listeners = Listeners(sizes, musicnn.network, load_separator("own", arguments.cache))
    kept = features(arguments.music, arguments.leave_out, arguments.out / "features", listeners)
    songs, rows = zip(*kept, strict=True)
    projection = teach(rows, sizes.learned)
    lessons = Lessons(
        [projection.apply(song) for song in rows], STRETCH * sizes.cepstrum.frames_a_second
    )
    config = SoundTrainingConfig(
        epochs=arguments.epochs, learning_rate=2e-3, weight_decay=0.1, songs=24, views=4
    )
    checkpoint = Checkpoint(arguments.out / "checkpoint")
    trainer = SoundTrainer(songs, config, lessons=lessons, sizes=sizes, checkpoint=checkpoint)
    for step in trainer.run():
        if step.done == step.total:
            sys.stderr.write(f"epoch {step.epoch + 1} of {step.epochs}: loss {step.loss:.4f}\n")
    card = {"songs": len(songs), "curve": trainer.curve, "held out": trainer.score}
    trainer.encoder.save(arguments.out / "encoder", card)
    MusicnnEncoder(musicnn.network, projection).save(arguments.out / "musicnn", {})
    sys.stdout.write(f"{arguments.out / 'encoder'}\n")


if __name__ == "__main__":
    main()
