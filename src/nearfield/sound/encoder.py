"""The encoder of sound that is our own: cepstrum, network and statistics, one vector a song."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError
from torch import Tensor

from nearfield.errors import InvalidInput
from nearfield.sound.cepstrum import CepstrumStream
from nearfield.sound.encoder_config import EncoderConfig
from nearfield.sound.encoder_network import CepstrumNetwork
from nearfield.sound.encoding import Features, FeatureStream, SongVectors, unit
from nearfield.sound.statistics import Projection, describe
from nearfield.sound.windows import cut, lengthen, window_frames, window_starts
from nearfield.training.card import CARD, read_json, write_json
from nearfield.training.weights import load_tensors, save_tensors

NAME: Final = "own"

_SHIPPED: Final = Path(__file__).with_name("weights")
_WEIGHTS: Final = "encoder.safetensors"
_AT_ONCE: Final = 32
"""Windows that the network reads together: bounds the memory of an hour-long song."""


class SoundEncoder:
    """Turns a song into vectors.

    Each window of some seconds gives the network's unit vector and statistics of the cepstrum,
    side by side; one projection, which tells songs apart in spite of what may happen to them,
    brings both to the final length. A song is the mean of its windows.

    Parameters
    ----------
    config : EncoderConfig
        Sizes, and the cepstrum that is read.
    network : CepstrumNetwork
        Trained.
    joint : Projection
        From what `side_by_side` gives to the vectors, before they are scaled to length 1.
    """

    name = NAME
    trainable = True

    def __init__(self, config: EncoderConfig, network: CepstrumNetwork, joint: Projection) -> None:
        self.config = config
        self.network = network.eval()
        self.joint = joint
        self.version = _digest(config, self._tensors())

    @property
    def dim(self) -> int:
        """Length of the vectors."""
        return self.config.dim

    @property
    def features_version(self) -> str:
        """Changes with the settings of the cepstrum."""
        return f"mfcc-{_digest(self.config.cepstrum, {})}"

    @classmethod
    def pretrained(cls) -> "SoundEncoder":
        """Return the encoder that comes with Nearfield; its card tells how it was made."""
        return cls._read(_SHIPPED / _WEIGHTS, _SHIPPED / "encoder.json")

    @classmethod
    def load(cls, folder: Path) -> "SoundEncoder":
        """Return what `save` wrote.

        Raises
        ------
        NotFound
            If the folder holds no encoder.
        InvalidInput
            If a file is broken, or of another kind of encoder.
        """
        return cls._read(folder / _WEIGHTS, folder / CARD)

    def save(self, folder: Path, card: Mapping[str, Any]) -> None:
        """Write weights and card into a folder, which is made where it is not there.

        Parameters
        ----------
        folder : Path
            Where to.
        card : mapping
            What is known of the encoder; how to rebuild it is added.
        """
        folder.mkdir(parents=True, exist_ok=True)
        save_tensors(folder / _WEIGHTS, self._tensors())
        write_json(folder / CARD, {**card, **self._described()})

    def stream(self) -> FeatureStream:
        """Return a new stream of cepstra, for one song."""
        return CepstrumStream(self.config.cepstrum)

    def embed(self, features: Features) -> SongVectors:
        """Return the vectors of a song from its cepstrum, shape (frames, coefficients).

        Raises
        ------
        InvalidInput
            If the features are not of this encoder's cepstrum, or there are none.
        """
        self._check(features)
        cepstrum = self.config.cepstrum
        size = window_frames(self.config.seconds, cepstrum.frames_a_second)
        step = window_frames(self.config.step, cepstrum.frames_a_second)
        long = lengthen(features, cepstrum.frames_a_second)
        starts = window_starts(len(long), size, step, self.config.most_windows)
        raw = np.concatenate(
            [
                side_by_side(
                    cut(long, starts[some : some + _AT_ONCE], size), self.network, self.config
                )
                for some in range(0, len(starts), _AT_ONCE)
            ]
        )
        return SongVectors(
            song=unit(self.joint.apply(raw.mean(axis=0, keepdims=True)))[0],
            windows=unit(self.joint.apply(raw)),
            starts=(starts / cepstrum.frames_a_second).astype(np.float32),
        )

    def _check(self, features: Features) -> None:
        wanted = self.config.cepstrum.coefficients
        if features.ndim != 2 or features.shape[1] != wanted or not len(features):
            raise InvalidInput(
                f"the features have shape {features.shape}, but this encoder reads (frames, "
                f"{wanted}) with one frame or more. Take them from its own stream()."
            )

    def _tensors(self) -> dict[str, Tensor]:
        weights = {f"network.{name}": part for name, part in self.network.state_dict().items()}
        weights["joint.mean"] = torch.from_numpy(self.joint.mean)
        weights["joint.matrix"] = torch.from_numpy(self.joint.matrix)
        return weights

    def _described(self) -> dict[str, Any]:
        return {
            "encoder": NAME,
            "encoder_version": self.version,
            "encoder_config": self.config.model_dump(mode="json"),
            "dim": self.dim,
        }

    @classmethod
    def _read(cls, weights: Path, card: Path) -> "SoundEncoder":
        config = _read_config(card)
        tensors = load_tensors(weights)
        network = CepstrumNetwork(config)
        try:
            network.load_state_dict(
                {
                    name.removeprefix("network."): value
                    for name, value in tensors.items()
                    if name.startswith("network.")
                }
            )
            joint = Projection(tensors["joint.mean"].numpy(), tensors["joint.matrix"].numpy())
        except (RuntimeError, KeyError) as error:
            raise InvalidInput(
                f"{weights} does not fit the settings in {card.name} ({error}); copy both anew."
            ) from error
        return cls(config, network, joint)


def side_by_side(
    windows: Features, network: CepstrumNetwork, config: EncoderConfig
) -> NDArray[np.float32]:
    """Return what network and statistics say of windows, before the joint projection.

    Parameters
    ----------
    windows : float32, shape (windows, frames, coefficients)
        Cepstra.
    network : CepstrumNetwork
        In evaluation mode.
    config : EncoderConfig
        Of both.

    Returns
    -------
    float32, shape (windows, learned + statistics)
        The network's unit vectors, then `statistics.describe`.
    """
    with torch.inference_mode():
        learned = network(torch.from_numpy(windows)).numpy()
    return np.concatenate([learned, describe(windows, config.described)], axis=1)


def _read_config(path: Path) -> EncoderConfig:
    card = read_json(path)
    if card.get("encoder") != NAME:
        raise InvalidInput(
            f"{path} is of the encoder {card.get('encoder')!r}, not {NAME!r}; open it by "
            "`load_encoder`, which knows them all."
        )
    try:
        return EncoderConfig.model_validate(card.get("encoder_config"))
    except ValidationError as error:
        raise InvalidInput(
            f"{path} has settings that this Nearfield does not know ({error}); train anew, or use "
            "the Nearfield that it was trained with."
        ) from error


def _digest(config: BaseModel, tensors: Mapping[str, Tensor]) -> str:
    """Return 12 hexadecimal digits of all that matters."""
    digest = hashlib.sha256(config.model_dump_json().encode())
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].detach().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]
