"""The separator that comes with Nearfield: the mask network and its weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from nearfield.sound.mask_network import MaskConfig, MaskNetwork, quicken
from nearfield.sound.waveform import Waveform
from nearfield.training.card import read_json, write_json
from nearfield.training.precision import fast_arithmetic
from nearfield.training.weights import load_tensors, save_tensors

WEIGHTS: Final = Path(__file__).parent / "weights"
_TENSORS: Final = "separation.safetensors"
_CARD: Final = "separation.json"
_LEVEL: Final = 0.15
"""Level (root mean square) at which the network hears every sound; it was made for full ones."""

_MOST_GAIN: Final = 100.0
_STEP: Final = ".step"
_LARGE: Final = 4_096
"""Values from which on a kernel is kept in eight bits."""


class OwnSeparator:
    """Takes voices out with a mask network.

    Parameters
    ----------
    network : MaskNetwork
        Trained; changed so that it only infers.
    version : str
        Of its weights.
    """

    name: Final = "own"

    def __init__(self, network: MaskNetwork, version: str) -> None:
        self.version = version
        group = network.config.hop * network.config.frames
        self.margin = group // 2
        self.window = 8 * group  # so that each starts where a group of the whole sound would
        self._network = network.eval()
        quicken(network)
        self._shape = torch.hann_window(network.config.window)

    def accompaniment(self, waveform: Waveform) -> Waveform:
        """Return the sound without its voices, shape (samples,)."""
        if not len(waveform):
            return waveform
        config = self._network.config
        with torch.inference_mode():
            spectrum = self._stft(torch.from_numpy(waveform))  # (bins + 1, frames)
            frames = spectrum.shape[1]
            magnitude = spectrum[:-1].abs().T * _gain(waveform)
            magnitude = F.pad(magnitude, (0, 0, 0, -frames % config.frames))
            with fast_arithmetic():
                mask = self._network(magnitude[None])[0, :frames].T
            spectrum[:-1] *= mask
            spectrum[-1] *= mask[-1]
            sound = torch.istft(
                spectrum, config.window, config.hop, window=self._shape, length=len(waveform)
            )
        return sound.numpy()

    def _stft(self, waveform: Tensor) -> Tensor:
        config = self._network.config
        return torch.stft(
            waveform,
            config.window,
            config.hop,
            window=self._shape,
            pad_mode="constant",
            return_complex=True,
        )


def _gain(waveform: Waveform) -> float:
    """Return what brings a sound to the level that the network knows best, within limits."""
    level = float(np.sqrt(np.square(waveform, dtype=np.float64).mean()))
    return min(max(_LEVEL / max(level, 1e-9), 1 / _MOST_GAIN), _MOST_GAIN)


def save_own(network: MaskNetwork, folder: Path, version: str, facts: Mapping[str, Any]) -> None:
    """Write weights, at a quarter of their size, and what is known of them."""
    folder.mkdir(parents=True, exist_ok=True)
    save_tensors(folder / _TENSORS, _packed(network.state_dict()))
    card = {"version": version, "config": network.config.model_dump(mode="json"), **facts}
    write_json(folder / _CARD, card)


def _packed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Round kernels to steps of the 127th part of the largest value of each first channel."""
    packed = {}
    for name, tensor in tensors.items():
        packed[name] = tensor
        if tensor.numel() >= _LARGE:
            step = tensor.abs().amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-12) / 127
            packed[name] = (tensor / step).round().to(torch.int8)
            packed[name + _STEP] = step
    return packed


def _unpacked(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name: tensor * packed[name + _STEP] if name + _STEP in packed else tensor
        for name, tensor in packed.items()
        if not name.endswith(_STEP)
    }


def load_own(folder: Path = WEIGHTS) -> OwnSeparator:
    """Read the separator of a folder; that which ships where none is given."""
    return OwnSeparator(read_own(folder), str(read_json(folder / _CARD)["version"]))


def read_own(folder: Path) -> MaskNetwork:
    """Read the network of a folder as it was trained."""
    network = MaskNetwork(MaskConfig.model_validate(read_json(folder / _CARD)["config"]))
    network.load_state_dict(_unpacked(load_tensors(folder / _TENSORS)))
    return network
