"""Trains the separator that ships, on stems that `make_stems.py` made or that you have.

    python tools/separation/train.py --stems DIR --backing DIR --voices DIR --out DIR

`--stems` holds pairs NAME.backing.flac and NAME.voice.flac; `--backing` and `--voices`, which may
be left out or given several times, hold any sound files. `--check` names a folder of pairs that
are never learned from: the gain on them is printed at the end.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import torch
from spleeter_whole import whole_network
from torch import Tensor

from nearfield.errors import NearfieldError
from nearfield.sound.decode import read_sound
from nearfield.sound.mask_network import MaskConfig, MaskNetwork, quicken
from nearfield.sound.mask_training import MaskTrainer, MaskTrainingConfig, Samples, Stems
from nearfield.sound.own import OwnSeparator, load_own, read_own, save_own
from nearfield.sound.separation_quality import sdr, si_sdr
from nearfield.training.checkpoint import Checkpoint


def pairs(folder: Path) -> list[tuple[Samples, Samples]]:
    """Read the songs of a folder."""
    found = []
    for path in sorted(folder.glob("*.backing.flac")):
        voice = path.with_name(path.name.replace(".backing.", ".voice."))
        found.append(tuple(soundfile.read(each, dtype="int16")[0] for each in (path, voice)))
    return found


def singles(folders: list[Path], longest: float) -> Iterator[Samples]:
    """Read every sound file of some folders, from each at most so many seconds."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                try:
                    wave = read_sound(path, seconds=longest)
                except NearfieldError as error:
                    sys.stderr.write(f"{error}\n")
                    continue
                if np.abs(wave).max() > 0.01:
                    yield (np.clip(wave, -1, 1) * 32_767).astype(np.int16)


def spoken(folders: list[Path], seconds: float = 30.0) -> list[Samples]:
    """Join the short recordings of each folder into long ones."""
    joined = []
    for folder in folders:
        parts = list(singles([folder], 15.0))
        if parts:
            whole = np.concatenate(parts)
            joined += np.array_split(whole, max(1, round(len(whole) / 22_050 / seconds)))
    return joined


class Spleeter:
    """The teacher: the share of the accompaniment as both of Spleeter's networks see it."""

    def __init__(self, cache: Path) -> None:
        self._backing, self._voice = whole_network(cache), whole_network(cache, voice=True)
        quicken(self._backing)
        quicken(self._voice)

    def __call__(self, magnitude: Tensor) -> Tensor:
        """Return masks, shape (batch, frames, bins) as the magnitudes."""
        backing, voice = self._backing(magnitude).square(), self._voice(magnitude).square()
        return (backing + 1e-8) / (backing + voice + 2e-8)


def check(separator: OwnSeparator, folder: Path) -> dict[str, float]:
    """Return the mean gain over the mixture in dB."""
    gains = []
    for backing, voice in pairs(folder):
        a, v = (each.astype(np.float32) / 32_768 for each in (backing, voice))
        found = separator.accompaniment(a + v)
        gains.append(
            [
                sdr(found, a) - sdr(a + v, a),
                sdr(a + v - found, v) - sdr(a + v, v),
                si_sdr(found, a) - si_sdr(a + v, a),
                si_sdr(a + v - found, v) - si_sdr(a + v, v),
            ]
        )
    names = ("accompaniment_sdr", "voice_sdr", "accompaniment_si_sdr", "voice_si_sdr")
    return {name: round(float(x), 2) for name, x in zip(names, np.mean(gains, 0), strict=True)}


def main() -> None:
    """Read the arguments, train, write the weights and what they gain."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stems", type=Path, action="append", required=True)
    parser.add_argument("--backing", type=Path, action="append", default=[])
    parser.add_argument("--voices", type=Path, action="append", default=[])
    parser.add_argument("--check", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=120.0, help="read of a backing")
    parser.add_argument("--start", type=Path, help="folder of weights to go on from")
    parser.add_argument("--teacher", type=Path, help="where Spleeter's weights are, to learn from")
    parser.add_argument("--taught", type=float, default=1.0, help="share of the teacher, to 1")
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--seed", type=int, default=0, help="of the mixing")
    parser.add_argument("--version", default="1")
    arguments = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    stems = Stems(
        [pair for folder in arguments.stems for pair in pairs(folder)],
        list(singles(arguments.backing, arguments.seconds)),
        spoken(arguments.voices),
    )
    config = MaskTrainingConfig(
        epochs=arguments.epochs,
        learning_rate=arguments.rate,
        taught=arguments.taught,
        seed=arguments.seed,
    )
    network = read_own(arguments.start) if arguments.start else MaskNetwork(MaskConfig())
    teacher = Spleeter(arguments.teacher) if arguments.teacher else None
    kept = Checkpoint(arguments.out / "checkpoint")
    trainer = MaskTrainer(network, stems, config, kept, teacher)
    sys.stderr.write(
        f"{len(stems.pairs)} songs, {len(stems.backings)} backings, {len(stems.voices)} voices\n"
    )
    began = time.process_time()
    for step in trainer.run():
        if step.done == step.total:
            seconds = time.process_time() - began
            sys.stderr.write(f"{step.epoch + 1}: {step.loss:.4f} after {seconds:.0f} s\n")
    facts = {
        "training": config.model_dump(mode="json"),
        "cpu_seconds": round(time.process_time() - began),
        "losses": [round(loss, 4) for loss in trainer.curve],
    }
    save_own(network, arguments.out, arguments.version, facts)
    if arguments.check:
        sys.stdout.write(json.dumps(check(load_own(arguments.out), arguments.check)) + "\n")


if __name__ == "__main__":
    main()
