"""musicnn: the network as plain sums, its stream, its files. The weights are made up here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from nearfield.errors import InvalidInput
from nearfield.sound import musicnn
from nearfield.sound.encoders import load_encoder
from nearfield.sound.encoding import features_of
from nearfield.sound.musicnn import MusicnnEncoder
from nearfield.sound.musicnn_network import BANDS, FRAMES, POOLED, MusicnnNetwork
from nearfield.sound.statistics import Projection
from nearfield.sound.waveform import RATE
from sound.made_songs import tune

KERNELS = {
    "conv2d": (7, 38, 1, 204),
    "conv2d_1": (7, 67, 1, 204),
    "conv2d_2": (128, 1, 1, 51),
    "conv2d_3": (64, 1, 1, 51),
    "conv2d_4": (32, 1, 1, 51),
    "conv2d_5": (7, 561, 1, 64),
    "conv2d_6": (7, 64, 1, 64),
    "conv2d_7": (7, 64, 1, 64),
}


@pytest.fixture(scope="module")
def weights() -> Mapping[str, NDArray[Any]]:
    """Return variables of the right names and shapes; some slopes are negative."""
    rng = np.random.default_rng(0)
    made: dict[str, NDArray[Any]] = {}
    for name, shape in KERNELS.items():
        made[f"{name}/kernel"] = rng.normal(0, 0.05, shape).astype(np.float32)
        made[f"{name}/bias"] = rng.normal(0, 0.1, shape[3]).astype(np.float32)
    for index, size in enumerate([1, *(shape[3] for shape in KERNELS.values())]):
        name = "batch_normalization" + (f"_{index}" if index else "")
        for part in ("gamma", "beta", "moving_mean"):
            made[f"{name}/{part}"] = rng.normal(0, 1, size).astype(np.float32)
        made[f"{name}/moving_variance"] = rng.uniform(0.5, 2, size).astype(np.float32)
    return made


@pytest.fixture(scope="module")
def encoder(weights: Mapping[str, NDArray[Any]]) -> MusicnnEncoder:
    """Return the encoder with made-up weights."""
    matrix = np.random.default_rng(1).normal(size=(POOLED, 8)).astype(np.float32)
    projection = Projection(np.zeros(POOLED, dtype=np.float32), matrix)
    return MusicnnEncoder(MusicnnNetwork(weights), projection)


def as_published(weights: Mapping[str, NDArray[Any]], patches: torch.Tensor) -> torch.Tensor:
    """Return what the authors' graph computes, step by step in its order."""

    def normal(index: int, x: torch.Tensor) -> torch.Tensor:
        name = "batch_normalization" + (f"_{index}" if index else "")
        gamma, beta, mean, variance = (
            torch.from_numpy(weights[f"{name}/{part}"])[:, None, None]
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        return (x - mean) / torch.sqrt(variance + 1e-3) * gamma + beta

    def layer(name: str, norm: int, x: torch.Tensor, padding: str = "valid") -> torch.Tensor:
        kernel = torch.from_numpy(weights[f"{name}/kernel"]).permute(3, 2, 0, 1)
        bias = torch.from_numpy(weights[f"{name}/bias"])
        return normal(norm, F.relu(F.conv2d(x, kernel, bias, padding=padding)))

    image = normal(0, patches[:, None])
    wide = F.pad(image, (0, 0, 3, 3))
    parts = [layer("conv2d", 1, wide).amax(3), layer("conv2d_1", 2, wide).amax(3)]
    for name, norm in (("conv2d_2", 3), ("conv2d_3", 4), ("conv2d_4", 5)):
        parts.append(layer(name, norm, image, "same").amax(3))
    front = torch.cat(parts, 1)
    first = layer("conv2d_5", 6, F.pad(front.permute(0, 2, 1)[:, None], (0, 0, 3, 3)))
    first = first.permute(0, 3, 2, 1)  # (patches, 1, frames, 64)
    second = layer("conv2d_6", 7, F.pad(first, (0, 0, 3, 3))).permute(0, 3, 2, 1) + first
    third = layer("conv2d_7", 8, F.pad(second, (0, 0, 3, 3))).permute(0, 3, 2, 1) + second
    dense = [one[:, 0].permute(0, 2, 1) for one in (first, second, third)]
    heard = torch.cat([front, *dense], 1)
    return torch.cat([heard.amax(2), heard.mean(2)], 1)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_the_network_is_the_published_one(weights: Mapping[str, NDArray[Any]]) -> None:
    patches = torch.rand(1, FRAMES, BANDS, generator=torch.Generator().manual_seed(2))
    found = MusicnnNetwork(weights)(patches)
    assert found.shape == (1, POOLED)
    torch.testing.assert_close(found, as_published(weights, patches), atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize(("seconds", "patches"), [(0.1, 1), (2.0, 1), (7.0, 2)])
def test_blocks_of_any_size_give_the_same_patches(
    encoder: MusicnnEncoder, seconds: float, patches: int
) -> None:
    waveform = tune(1, seconds)
    blocks = [waveform[start : start + 30_011] for start in range(0, len(waveform), 30_011)]
    found = features_of(encoder, blocks)
    assert found.shape == (patches, POOLED)
    np.testing.assert_allclose(found, features_of(encoder, [waveform]), atol=1e-3)


def test_songs_have_unit_vectors_that_cover_them(encoder: MusicnnEncoder) -> None:
    patches = np.random.default_rng(3).normal(size=(20, POOLED)).astype(np.float32)
    found = encoder.embed(patches)
    assert found.song.shape == (encoder.dim,) == (8,)
    np.testing.assert_allclose(np.linalg.norm(found.windows, axis=1), 1, atol=1e-5)
    assert found.starts[0] == 0
    assert found.starts[-1] == pytest.approx(17 * FRAMES * 256 / 16_000)
    assert len(encoder.embed(np.ones((9_000, POOLED), dtype=np.float32)).starts) == 240


def test_other_features_are_refused(encoder: MusicnnEncoder) -> None:
    with pytest.raises(InvalidInput, match=r"shape \(3, 40\).*\(patches, 1506\)"):
        encoder.embed(np.zeros((3, 40), dtype=np.float32))
    with pytest.raises(InvalidInput, match="no samples"):
        features_of(encoder, [])


def test_a_checkpoint_of_something_else_is_refused() -> None:
    with pytest.raises(InvalidInput, match="has no conv2d/kernel; it is not one of musicnn"):
        MusicnnNetwork({"dense/kernel": np.zeros(3)})


def test_a_saved_encoder_keeps_its_projection(
    encoder: MusicnnEncoder,
    weights: Mapping[str, NDArray[Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(musicnn, "obtain_from_wheel", lambda wanted, folder: folder)
    monkeypatch.setattr(musicnn, "read_checkpoint", lambda path: weights)
    encoder.save(tmp_path / "made", {"separation": "none"})
    again = load_encoder(tmp_path / "made", tmp_path)
    assert (again.name, again.version) == ("musicnn", encoder.version)
    assert not again.trainable
    assert load_encoder("musicnn", tmp_path).dim == 128  # the projection that is shipped


def test_silence_has_a_vector_too(encoder: MusicnnEncoder) -> None:
    found = encoder.embed(features_of(encoder, [np.zeros(RATE, dtype=np.float32)]))
    assert np.isfinite(found.song).all()
