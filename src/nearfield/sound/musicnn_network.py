"""The network of musicnn in torch: what it hears in three seconds, as 1,506 numbers."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from nearfield.errors import InvalidInput

BANDS: Final = 96
"""Mel bands that it reads."""

FRAMES: Final = 187
"""Frames of a patch."""

POOLED: Final = 1506
"""Numbers that it gives for a patch: the largest and the mean of 753 channels over time."""

_EPSILON: Final = 1e-3
"""TensorFlow adds this to the variance in a batch normalization."""

_TALL: Final = (("conv2d", 1), ("conv2d_1", 2))
"""Convolutions over timbre, 7 frames wide, and their normalizations."""

_LONG: Final = (("conv2d_2", 3), ("conv2d_3", 4), ("conv2d_4", 5))
"""Convolutions over time, 1 band high, and their normalizations."""

_DENSE: Final = (("conv2d_5", 6), ("conv2d_6", 7), ("conv2d_7", 8))
"""Convolutions over 7 frames of all channels, and their normalizations."""


class MusicnnNetwork:
    """The part of musicnn [1]_ below its tags: timbral and temporal filters, pooled over time.

    A normalization after a maximum over bands equals one before it where its slope is positive;
    where it is negative the smallest is taken instead. So nothing large is normalized.

    Parameters
    ----------
    weights : mapping
        The variables of a checkpoint of musicnn, by name, in TensorFlow's layouts.

    References
    ----------
    .. [1] Pons & Serra, "musicnn: Pre-trained convolutional neural networks for music audio
       tagging", ISMIR 2019 (late-breaking). https://arxiv.org/abs/1909.06654
    """

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        names = [name for name, _ in (*_TALL, *_LONG, *_DENSE)]
        if missing := [name for name in names if f"{name}/kernel" not in weights]:
            raise InvalidInput(
                f"the checkpoint has no {missing[0]}/kernel; it is not one of musicnn. "
                "Give MSD_musicnn or MTT_musicnn of the package musicnn 0.1.0."
            )
        self._norms = [_slope_and_shift(weights, index) for index in range(9)]
        self._kernels = {name: _tensor(weights[f"{name}/kernel"]) for name in names}
        self._biases = {name: _tensor(weights[f"{name}/bias"]) for name in names}

    @torch.inference_mode()
    def __call__(self, patches: Tensor) -> Tensor:
        """Return what is heard in patches.

        Parameters
        ----------
        patches : float, shape (patches, FRAMES, BANDS)
            Compressed mel power: log10(1 + 10,000 power).

        Returns
        -------
        Tensor, shape (patches, POOLED)
            The largest of each channel over time, then the mean of each.
        """
        slope, shift = self._norms[0]
        image = (patches * slope + shift)[:, None]  # (patches, 1, frames, bands)
        front = torch.cat(
            [self._tall(image, *layer) for layer in _TALL]
            + [self._long(image, *layer) for layer in _LONG],
            dim=1,
        )  # (patches, 561, frames)
        first = self._dense(front, *_DENSE[0])
        second = self._dense(first, *_DENSE[1]) + first
        third = self._dense(second, *_DENSE[2]) + second
        heard = torch.cat([front, first, second, third], dim=1)  # (patches, 753, frames)
        return torch.cat([heard.amax(2), heard.mean(2)], dim=1)

    def _tall(self, image: Tensor, name: str, norm: int) -> Tensor:
        kernel = self._kernels[name].permute(3, 2, 0, 1)
        return self._over_bands(F.conv2d(F.pad(image, (0, 0, 3, 3)), kernel), name, norm)

    def _long(self, image: Tensor, name: str, norm: int) -> Tensor:
        kernel = self._kernels[name].permute(3, 2, 0, 1)
        before = (kernel.shape[2] - 1) // 2
        padded = F.pad(image, (0, 0, before, kernel.shape[2] - 1 - before))
        return self._over_bands(F.conv2d(padded, kernel), name, norm)

    def _over_bands(self, responses: Tensor, name: str, norm: int) -> Tensor:
        """Return the largest normalized response over the bands, shape (patches, out, frames)."""
        slope, shift = self._norms[norm]
        best = responses.amax(3).float()
        if (falling := slope < 0).any():
            best[:, falling] = responses[:, falling].amin(3).float()
        best = F.relu(best + self._biases[name][:, None])
        return best * slope[:, None] + shift[:, None]

    def _dense(self, channels: Tensor, name: str, norm: int) -> Tensor:
        """Return 64 channels from all of some, shape (patches, 64, frames)."""
        kernel = self._kernels[name].squeeze()  # (7, in, out)
        padded = F.pad(channels, (3, 3))
        heard = F.relu(F.conv1d(padded, kernel.permute(2, 1, 0), self._biases[name])).float()
        slope, shift = self._norms[norm]
        return heard * slope[:, None] + shift[:, None]


def _slope_and_shift(weights: Mapping[str, NDArray[Any]], index: int) -> tuple[Tensor, Tensor]:
    """Return a batch normalization as slope and shift, each of shape (channels,)."""
    name = "batch_normalization" + (f"_{index}" if index else "")
    gamma, beta, mean, variance = (
        _tensor(weights[f"{name}/{part}"])
        for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    slope = gamma / torch.sqrt(variance + _EPSILON)
    return slope, beta - mean * slope


def _tensor(values: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.array(values, dtype=np.float32))
