"""What happens to sound on its way to a library, done to cepstra: noise, filters, speed, mixing."""

import math
from typing import Annotated, Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

_DECADE: Final = math.log(10.0) / 10.0
"""Turns decibels into the natural log of power."""


class AugmentConfig(BaseModel):
    """How often, and how far, windows are changed in training."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    often: Annotated[float, Field(ge=0, le=1, description="chance of each change")] = 0.4
    noise: Annotated[tuple[float, float], Field(description="dB under the sound, from and to")] = (
        5.0,
        40.0,
    )
    background: Annotated[
        tuple[float, float], Field(description="dB under the sound, from, to")
    ] = (
        6.0,
        30.0,
    )
    equalizer: Annotated[float, Field(ge=0, description="dB, standard deviation over bands")] = 4.0
    stretch: Annotated[float, Field(ge=0, lt=0.5, description="largest change of tempo")] = 0.06
    shift: Annotated[float, Field(ge=0, description="largest change of pitch, in bands")] = 2.0
    masked: Annotated[float, Field(ge=0, lt=1, description="largest share of time hidden")] = 0.2


def cosines(bands: int, coefficients: int) -> Tensor:
    """Return the orthonormal cosine transform as a matrix, shape (coefficients, bands).

    A cepstrum times it gives levels of bands in dB; levels times its transpose a cepstrum.
    """
    band = torch.arange(bands, dtype=torch.float64) + 0.5
    order = torch.arange(coefficients, dtype=torch.float64)[:, None]
    matrix = torch.cos(math.pi / bands * order * band) * math.sqrt(2.0 / bands)
    matrix[0] /= math.sqrt(2.0)
    return matrix.float()


def augment(
    levels: Tensor, config: AugmentConfig, depth: float, rng: np.random.Generator
) -> Tensor:
    """Return windows as they might have been recorded elsewhere.

    Each change falls on some of the windows, independently: a shift of pitch, a change of tempo,
    another window in the background, a filter (smooth, or a band such as a telephone's), noise of
    any colour, parts of time hidden.

    Parameters
    ----------
    levels : float, shape (windows, frames, bands)
        In dB.
    config : AugmentConfig
        How often and how far.
    depth : float
        dB under the loudest band that are kept at last, as in the cepstrum's settings.
    rng : Generator
        The only source of chance.

    Returns
    -------
    Tensor, shape (windows, frames, bands)
    """
    levels = _resample(levels, config, rng)
    levels = _background(levels, config, rng)
    levels = _equalize(levels, config, rng)
    levels = _band_limit(levels, config, rng)
    levels = _noise(levels, config, rng)
    levels = _hide(levels, config, rng)
    return torch.maximum(levels, levels.amax(dim=(1, 2), keepdim=True) - depth)


def _resample(levels: Tensor, config: AugmentConfig, rng: np.random.Generator) -> Tensor:
    """Change tempo (stretching time about its middle) and pitch (moving along the bands)."""
    count = len(levels)
    stretch = _some(rng, config.often, rng.uniform(-config.stretch, config.stretch, count))
    shift = _some(rng, config.often, rng.uniform(-config.shift, config.shift, count))
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0] = 1.0
    theta[:, 0, 2] = torch.from_numpy(shift).float() * 2.0 / levels.shape[2]
    theta[:, 1, 1] = 1.0 + torch.from_numpy(stretch).float()
    size = [count, 1, levels.shape[1], levels.shape[2]]
    grid = F.affine_grid(theta, size, align_corners=False)
    moved = F.grid_sample(
        levels[:, None], grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    return moved[:, 0]


def _background(levels: Tensor, config: AugmentConfig, rng: np.random.Generator) -> Tensor:
    """Mix each chosen window with another one, more quietly."""
    count = len(levels)
    other = levels[torch.from_numpy(rng.permutation(count))]
    below = torch.from_numpy(rng.uniform(*config.background, count)).float()
    gain = _loudness(levels) - _loudness(other) - below
    mixed = _add(levels, other + gain[:, None, None])
    return torch.where(_chosen(rng, config.often, count), mixed, levels)


def _equalize(levels: Tensor, config: AugmentConfig, rng: np.random.Generator) -> Tensor:
    """Apply smooth filters."""
    count, bands = len(levels), levels.shape[2]
    waves = cosines(bands, 6)[1:] * math.sqrt(bands / 5.0)
    sizes = rng.normal(0.0, config.equalizer, (count, 5))
    curves = torch.from_numpy(_some(rng, config.often, sizes)).float() @ waves
    return levels + curves[:, None, :]


def _band_limit(levels: Tensor, config: AugmentConfig, rng: np.random.Generator) -> Tensor:
    """Cut off the lowest and the highest bands, at 4 to 10 dB a band."""
    count, bands = len(levels), levels.shape[2]
    band = np.arange(bands)
    low = rng.uniform(0.0, 0.15, (count, 1)) * bands
    high = rng.uniform(0.45, 1.0, (count, 1)) * bands
    outside = np.maximum(low - band, 0.0) + np.maximum(band - high, 0.0)
    loss = _some(rng, config.often / 2, outside * rng.uniform(4.0, 10.0, (count, 1)))
    return levels - torch.from_numpy(loss).float()[:, None, :]


def _noise(levels: Tensor, config: AugmentConfig, rng: np.random.Generator) -> Tensor:
    """Add steady noise, from brown to blue, that flickers as noise does."""
    count, frames, bands = levels.shape
    below = torch.from_numpy(rng.uniform(*config.noise, count)).float()
    tilt = torch.from_numpy(rng.uniform(-0.3, 0.15, (count, 1))).float()
    colour = tilt * (torch.arange(bands) - bands / 2)
    colour = colour - _loudness(colour[:, None, :])[:, None]
    flicker = torch.from_numpy(rng.normal(0.0, 2.0, (count, frames, bands)).astype(np.float32))
    noise = (_loudness(levels) - below)[:, None, None] + colour[:, None, :] + flicker
    return torch.where(_chosen(rng, config.often, count), _add(levels, noise), levels)


def _hide(levels: Tensor, config: AugmentConfig, rng: np.random.Generator) -> Tensor:
    """Put the mean of the window in place of a stretch of time."""
    count, frames = len(levels), levels.shape[1]
    length = rng.uniform(0.0, config.masked, (count, 1)) * frames
    start = rng.uniform(0.0, 1.0, (count, 1)) * (frames - length)
    frame = np.arange(frames)
    hidden = torch.from_numpy((frame >= start) & (frame < start + length))
    hidden = hidden[:, :, None] & _chosen(rng, config.often, count)
    return torch.where(hidden, levels.mean(dim=1, keepdim=True), levels)


def _add(first: Tensor, second: Tensor) -> Tensor:
    """Return the level of two sounds together, in dB."""
    return torch.logaddexp(first * _DECADE, second * _DECADE) / _DECADE


def _loudness(levels: Tensor) -> Tensor:
    """Return the level of the mean power, in dB, shape (windows,)."""
    flat = (levels * _DECADE).flatten(1)
    return (torch.logsumexp(flat, dim=1) - math.log(flat.shape[1])) / _DECADE


def _chosen(rng: np.random.Generator, often: float, count: int) -> Tensor:
    """Return which windows are changed, shape (windows, 1, 1)."""
    return torch.from_numpy(rng.random(count) < often)[:, None, None]


def _some(
    rng: np.random.Generator, often: float, sizes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the sizes of changes, with those of the windows that are left alone put to 0."""
    kept = rng.random(len(sizes)) < often
    return np.where(kept.reshape(-1, *[1] * (sizes.ndim - 1)), sizes, 0.0)
