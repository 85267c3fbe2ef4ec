"""What the mask network learns from: stems mixed anew in every batch, and how far it is off."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from nearfield.errors import InvalidInput
from nearfield.sound.mask_network import MaskNetwork
from nearfield.training.checkpoint import Checkpoint
from nearfield.training.loop import Loop, Step

Samples: TypeAlias = NDArray[np.int16]
"""Sound at rest, shape (samples,): half the memory of float32."""

T = TypeVar("T")

_FULL_SCALE: Final = 32_768
_SILENT: Final = 0.02
"""Level (root mean square) below which a part is a pause, not to be made loud."""

_QUIETEST: Final = 1e-5
"""Mean magnitude below which a spectrum is not scaled up any more."""


@dataclass(frozen=True)
class Stems:
    """Sounds whose parts are known.

    Parameters
    ----------
    pairs : sequence of (Samples, Samples)
        Accompaniment and voice of one song, equal in length.
    backings, voices : sequence of Samples
        Accompaniments and voices that do not belong together.
    """

    pairs: Sequence[tuple[Samples, Samples]]
    backings: Sequence[Samples] = ()
    voices: Sequence[Samples] = ()


class MaskTrainingConfig(BaseModel):
    """How the network is trained; the loop reads epochs, rate, decay and seed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: Annotated[int, Field(ge=1, description="of `steps` batches each")] = 12
    steps: Annotated[int, Field(ge=1, description="batches of an epoch")] = 100
    batch: Annotated[int, Field(ge=1, description="mixtures of a batch")] = 4
    frames: Annotated[int, Field(ge=8, description="spectra of a mixture")] = 256
    learning_rate: Annotated[float, Field(gt=0, description="the highest")] = 5e-5
    weight_decay: Annotated[float, Field(ge=0, description="of the convolutions")] = 0.0
    paired: Annotated[float, Field(ge=0, le=1, description="share of voices with their song")] = 0.5
    voiceless: Annotated[float, Field(ge=0, le=1, description="share without a voice")] = 0.08
    loose_voices: Annotated[float, Field(ge=0, le=1, description="share of `voices`")] = 0.2
    loose_backings: Annotated[float, Field(ge=0, le=1, description="share of `backings`")] = 0.5
    taught: Annotated[float, Field(ge=0, le=1, description="share of the teacher's opinion")] = 1.0
    quiet: Annotated[float, Field(ge=0, description="weight of the error of roots")] = 0.5
    seed: Annotated[int, Field(ge=0, description="of the mixing")] = 0


Teacher: TypeAlias = Callable[[Tensor], Tensor]
"""A network that knows: from magnitudes to masks, as `MaskNetwork.forward`."""

Batch: TypeAlias = tuple[Tensor, Tensor]
"""Spectra of mixture and accompaniment, complex, shape (batch, frames, bins)."""


class Unmixing:
    """The objective: from the spectrum of a mixture to the share of its accompaniment.

    Parameters
    ----------
    network : MaskNetwork
        Which learns.
    stems : Stems
        What is mixed.
    config : MaskTrainingConfig
        How.
    teacher : Teacher, optional
        Whose masks are followed besides the truth.
    """

    def __init__(
        self,
        network: MaskNetwork,
        stems: Stems,
        config: MaskTrainingConfig,
        teacher: Teacher | None = None,
    ) -> None:
        self.network = network
        self._teacher = teacher
        self._mixer = Mixer(stems, config, network.config.hop * (config.frames - 1))
        self._config = config
        self._window = torch.hann_window(network.config.window)

    def begin(self) -> None:
        """Nothing to prepare."""

    def batches(self, rng: np.random.Generator, epoch: int) -> "_Epoch":
        """Return an epoch of mixtures."""
        return _Epoch(self, self._config.steps, rng)

    def draw(self, rng: np.random.Generator) -> Batch:
        """Mix one batch."""
        parts = [self._mixer.draw(rng) for _ in range(self._config.batch)]
        backing = self._spectra(np.stack([backing for backing, _ in parts]))
        voice = self._spectra(np.stack([voice for _, voice in parts]))
        backing = backing * self._colours(rng, backing)
        return backing + voice * self._colours(rng, voice), backing

    def _spectra(self, waveforms: NDArray[np.float32]) -> Tensor:
        sizes = self.network.config
        spectra = torch.stft(
            torch.from_numpy(waveforms),
            sizes.window,
            sizes.hop,
            window=self._window,
            return_complex=True,
        )
        return spectra[:, : sizes.bins].transpose(1, 2)

    def _colours(self, rng: np.random.Generator, spectra: Tensor) -> Tensor:
        """Return random gains of frequencies, shape (batch, 1, bins): as of another microphone."""
        octaves = np.log2(np.arange(1, spectra.shape[2] + 1)) / 10
        waves = np.arange(1, 4)
        phases = rng.uniform(0, 2 * np.pi, (len(spectra), 3, 1))
        depths = rng.normal(0, 1.5, (len(spectra), 3, 1))
        decibels = (depths * np.sin(np.pi * waves[:, None] * octaves + phases)).sum(axis=1)
        cut = rng.integers(spectra.shape[2] // 2, spectra.shape[2] * 3, len(spectra))
        decibels[np.arange(spectra.shape[2]) > cut[:, None]] = -80  # of a narrow recording
        return torch.from_numpy(10 ** (decibels / 20)).float()[:, None]

    def loss(self, batch: Batch, rng: np.random.Generator, done: float) -> Tensor:
        """Return the error of the accompaniment, shape (): from the truth and from the teacher."""
        mixture, backing = batch
        magnitude = mixture.abs()
        mask = self.network(magnitude)
        error = self._error(mixture, magnitude, mask, backing)
        if self._teacher is None:
            return error
        with torch.no_grad():
            taught = self._teacher(magnitude) * mixture
        share = self._config.taught
        return (1 - share) * error + share * self._error(mixture, magnitude, mask, taught)

    def _error(self, mixture: Tensor, magnitude: Tensor, mask: Tensor, wanted: Tensor) -> Tensor:
        """Return the distance of the masked mixture from what is wanted, shape ().

        The distance of complex spectra is what the ratio of signal to distortion sees; that of
        the roots of magnitudes gives the quiet parts, which cepstra hear as well as the loud ones,
        their share. Each is over the mean of the mixture. The voice is the rest of the mixture, so
        that its error is the same.
        """
        scale = magnitude.mean(dim=(1, 2)).clamp(min=_QUIETEST)
        far = _length(mask * mixture - wanted).mean(dim=(1, 2)) / scale
        roots = (magnitude + 1e-6).sqrt()
        found = (mask * magnitude + 1e-6).sqrt()
        wrong = (found - (wanted.abs() + 1e-6).sqrt()).abs().mean(dim=(1, 2))
        total: Tensor = (far + self._config.quiet * wrong / roots.mean(dim=(1, 2))).mean()
        return total

    def finish(self) -> None:
        """Nothing to complete."""


def _length(values: Tensor) -> Tensor:
    """Return absolute values whose gradient is finite at 0."""
    return (values.real.square() + values.imag.square() + 1e-10).sqrt()


@dataclass(frozen=True)
class _Epoch:
    """So many batches, mixed when asked for."""

    objective: Unmixing
    steps: int
    rng: np.random.Generator

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Batch]:
        return (self.objective.draw(self.rng) for _ in range(self.steps))


class Mixer:
    """Draws accompaniments and voices to mix.

    Parameters
    ----------
    stems : Stems
        To draw from.
    config : MaskTrainingConfig
        Shares of what is drawn.
    length : int
        Samples of a mixture.
    """

    def __init__(self, stems: Stems, config: MaskTrainingConfig, length: int) -> None:
        if not stems.pairs:
            raise InvalidInput(
                f"0 songs with both stems came ({len(stems.backings)} accompaniments and "
                f"{len(stems.voices)} voices alone); at least one is wanted to learn from."
            )
        self._stems = stems
        self._config = config
        self._length = length

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return accompaniment and voice, shape (length,) each, at the levels to be added."""
        config, stems = self._config, self._stems
        backing, voice = _some(stems.pairs, rng)
        start = _start(len(backing), self._length, rng)
        parts = [_cut(backing, start, self._length), _cut(voice, start, self._length)]
        if rng.random() >= config.paired:
            if stems.backings and rng.random() < config.loose_backings:
                parts[0] = self._elsewhere(_some(stems.backings, rng), rng)
            source = _some(stems.pairs, rng)[1]
            if stems.voices and rng.random() < config.loose_voices:
                source = _some(stems.voices, rng)
            parts[1] = self._elsewhere(source, rng)
        levels = [max(float(np.sqrt(np.square(part).mean())), _SILENT) for part in parts]
        loud = 10 ** (rng.uniform(-30, -10) / 20) / levels[0]
        ratio = 10 ** (rng.normal(0, 5) / 20) * levels[0] / levels[1]
        if rng.random() < config.voiceless:
            ratio = 0.0
        return parts[0] * np.float32(loud), parts[1] * np.float32(loud * ratio)

    def _elsewhere(self, sound: Samples, rng: np.random.Generator) -> NDArray[np.float32]:
        """Cut at random, at a pitch up to a tone lower or higher."""
        speed = rng.uniform(0.89, 1.12) if rng.random() < 0.5 else 1.0
        length = int(self._length * speed) + 2
        part = _cut(sound, _start(len(sound), length, rng), length)
        if speed == 1.0:
            return part[: self._length]
        at = np.arange(self._length) * speed
        moved: NDArray[np.float64] = np.interp(at, np.arange(length), part)
        return moved.astype(np.float32)


def _some(choices: Sequence[T], rng: np.random.Generator) -> T:
    return choices[int(rng.integers(len(choices)))]


def _start(samples: int, length: int, rng: np.random.Generator) -> int:
    return int(rng.integers(max(1, samples - length)))


def _cut(sound: Samples, start: int, length: int) -> NDArray[np.float32]:
    """Return a part as float32, silent where the sound has ended."""
    part = sound[start : start + length].astype(np.float32) / _FULL_SCALE
    return np.pad(part, (0, length - len(part)))


class MaskTrainer:
    """Trains a mask network on stems; `run` yields progress.

    Parameters
    ----------
    network : MaskNetwork
        Trained in place.
    stems : Stems
        What it learns from.
    config : MaskTrainingConfig
        How.
    checkpoint : Checkpoint, optional
        Where the state after every epoch is kept, and found again.
    teacher : Teacher, optional
        Whose masks are followed besides the truth.
    """

    def __init__(
        self,
        network: MaskNetwork,
        stems: Stems,
        config: MaskTrainingConfig,
        checkpoint: Checkpoint | None = None,
        teacher: Teacher | None = None,
    ) -> None:
        self.network = network
        self._loop = Loop(network, config, checkpoint)
        self._objective = Unmixing(network, stems, config, teacher)

    @property
    def curve(self) -> list[float]:
        """Mean loss of each finished epoch."""
        return self._loop.curve

    def run(self) -> Iterator[Step]:
        """Train to the last epoch, from the checkpoint if there is one."""
        yield from self._loop.run(self._objective)
        self.network.eval()
