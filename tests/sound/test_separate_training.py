from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from nearfield.errors import InvalidInput
from nearfield.sound.mask_network import MaskConfig, MaskNetwork
from nearfield.sound.mask_training import (
    MaskTrainer,
    MaskTrainingConfig,
    Mixer,
    Samples,
    Stems,
    Teacher,
)
from nearfield.sound.waveform import Waveform
from nearfield.training.checkpoint import Checkpoint
from sound.separation_sounds import chords, singer

SMALL = MaskConfig(
    window=512,
    hop=128,
    downs=(6, 8, 8),
    down_squeezed=(0, 0, 0),
    ups=(8, 6, 1),
    up_squeezed=(0, 4, 0),
)
TRAINING = MaskTrainingConfig(epochs=3, steps=8, batch=2, frames=16, learning_rate=2e-2)


def at_rest(sound: Waveform) -> Samples:
    return (sound * 32_767).astype(np.int16)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small convolutions are quicker without others to wait for."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def stems() -> Stems:
    pairs = [(at_rest(chords(4.0, seed)), at_rest(singer(4.0, seed))) for seed in range(2)]
    return Stems(pairs, [at_rest(chords(3.0, 5))], [at_rest(singer(3.0, 6))])


def trained(
    stems: Stems, teacher: Teacher | None, **changes: float
) -> tuple[MaskNetwork, list[float]]:
    network = MaskNetwork(SMALL)
    config = TRAINING.model_copy(update=changes)
    trainer = MaskTrainer(network, stems, config, teacher=teacher)
    for _ in trainer.run():
        pass
    return network, trainer.curve


def test_the_error_falls(stems: Stems) -> None:
    _, curve = trained(stems, None)
    assert len(curve) == 3
    assert curve[-1] < 0.92 * curve[0]


def test_a_teacher_is_followed(stems: Stems) -> None:
    def loud(magnitude: Tensor) -> Tensor:
        return torch.ones_like(magnitude)  # leaves everything in

    network, _ = trained(stems, loud, taught=1.0)
    with torch.inference_mode():
        mask = network(torch.rand(1, 16, SMALL.bins))
    assert mask.mean() > 0.8


def test_an_interrupted_training_goes_on(stems: Stems, tmp_path: Path) -> None:
    whole, curve = trained(stems, None)
    for epochs in (1, 3):  # stopped in the second epoch, and started again
        network = MaskNetwork(SMALL)
        trainer = MaskTrainer(network, stems, TRAINING, Checkpoint(tmp_path))
        for step in trainer.run():
            if step.epoch == epochs:
                break
    assert trainer.curve == pytest.approx(curve)
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(network.state_dict()[name], tensor)


def test_mixtures_have_the_length_and_the_share_of_voices(stems: Stems) -> None:
    rng = np.random.default_rng(0)
    mixer = Mixer(stems, TRAINING.model_copy(update={"voiceless": 1.0}), 30_000)
    backing, voice = mixer.draw(rng)
    assert backing.shape == voice.shape == (30_000,)
    assert not voice.any()
    mixer = Mixer(stems, TRAINING.model_copy(update={"voiceless": 0.0}), 30_000)
    levels = [float(np.sqrt(np.mean(mixer.draw(rng)[0] ** 2))) for _ in range(20)]
    assert 10 ** (-31 / 20) < np.mean(levels) < 10 ** (-9 / 20)


def test_without_songs_the_message_says_what_came() -> None:
    with pytest.raises(InvalidInput, match=r"0 songs with both stems.*1 accompaniments and 0"):
        Mixer(Stems([], [at_rest(chords(1.0))]), TRAINING, 1000)
