"""Demucs [1]_ as a separator, where its package and its weights are to be had.

Demucs is not among Nearfield's requirements: it needs torchaudio of the release that fits PyTorch,
and its weights (some 80 MB) lie on a server of their own. The best of the separators, and by far
the slowest.

.. [1] Rouard et al., "Hybrid transformers for music source separation", ICASSP 2023.
   https://arxiv.org/abs/2211.08553
"""

import importlib
import warnings
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
import soxr
import torch

from nearfield.errors import Unavailable
from nearfield.sound.waveform import RATE, Waveform

_MODEL: Final = "htdemucs"
_REMEDY: Final = (
    "Install it with `pip install demucs`, beside a torchaudio that fits your torch; or take "
    "another separator: own, spleeter, none."
)


class DemucsSeparator:
    """Takes voices out with a model of Demucs.

    Parameters
    ----------
    model : Module
        Of the package: has `sources`, `samplerate`, `audio_channels`.
    apply : callable
        `demucs.apply.apply_model`.
    version : str
        Name of the model.
    """

    name: Final = "demucs"
    margin: Final = RATE
    window: Final = 40 * RATE

    def __init__(self, model: Any, apply: Any, version: str) -> None:
        sources: Sequence[str] = model.sources
        if "vocals" not in sources:
            raise Unavailable(
                f"the model {version} tells {', '.join(sources)} apart, but no vocals; use "
                f"{_MODEL} or another that does."
            )
        self.version = version
        self._voice = list(sources).index("vocals")
        self._model = model.eval()
        self._apply = apply

    def accompaniment(self, waveform: Waveform) -> Waveform:
        """Return the sound without its voices, shape (samples,)."""
        if not len(waveform):
            return waveform
        rate = int(self._model.samplerate)
        fast = torch.from_numpy(soxr.resample(waveform, RATE, rate))
        mean, scale = fast.mean(), fast.std() + 1e-8  # as its own programs hand sound over
        mixture = ((fast - mean) / scale).expand(1, self._model.audio_channels, -1)
        with torch.inference_mode():
            stems = self._apply(self._model, mixture, shifts=0, split=True, progress=False)[0]
        voice = stems[self._voice].mean(dim=0) * scale
        slow: Waveform = soxr.resample(voice.numpy(), rate, RATE)[: len(waveform)]
        return waveform - np.pad(slow, (0, len(waveform) - len(slow)))


def load_demucs(cache: Path) -> DemucsSeparator:
    """Return Demucs with its default model.

    Parameters
    ----------
    cache : Path
        Where `demucs/` may hold the model (htdemucs.yaml and the .th file that it names), as it
        is in a checkout of its repository; without it, Demucs downloads the model to where
        PyTorch keeps such things.

    Raises
    ------
    Unavailable
        If the package or the model is not to be had; says what to do.
    """
    pretrained, apply = _module("demucs.pretrained"), _module("demucs.apply")
    folder = cache / "demucs"
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(_classes()):
            warnings.simplefilter("ignore")
            model = pretrained.get_model(_MODEL, folder if folder.is_dir() else None)
    except (Exception, SystemExit) as error:  # it ends the program where a folder is not right
        raise Unavailable(
            f"Demucs' model {_MODEL} could not be loaded ({error}). It is downloaded the first "
            f"time; without a network, put {_MODEL}.yaml and the .th file that it names into "
            f"{folder}."
        ) from error
    return DemucsSeparator(model, apply.apply_model, _MODEL)


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (ImportError, OSError) as error:  # OSError: a torchaudio of another release
        raise Unavailable(f"the package demucs cannot be used ({error}). {_REMEDY}") from error


def _classes() -> list[Any]:
    """Return what the pickled models consist of besides tensors: nothing else is unpickled."""
    names = {"demucs.htdemucs": "HTDemucs", "demucs.hdemucs": "HDemucs", "demucs.demucs": "Demucs"}
    return [Fraction, *(getattr(_module(module), name) for module, name in names.items())]
