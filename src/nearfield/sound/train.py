"""Trains the encoder of sound: parts of one song belong together, however they were recorded."""

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nearfield.errors import InvalidInput
from nearfield.sound.encoder import SoundEncoder
from nearfield.sound.encoder_config import EncoderConfig, SoundTrainingConfig
from nearfield.sound.encoder_network import CepstrumNetwork
from nearfield.sound.fitting import Changer, fit_encoder
from nearfield.sound.held_out import HeldOut
from nearfield.sound.recognition import Candidates, Material, Recognition
from nearfield.sound.song_material import Lessons, SongMaterial
from nearfield.training.checkpoint import Checkpoint
from nearfield.training.loop import Loop, Step


class SoundTrainer:
    """Learns from songs alone, without labels.

    Windows of a song, changed at random, are to recognize each other among those of other songs,
    often of like ones. A teacher keeps the vectors in place: lessons, where given, else the
    encoder to start from, as it hears the unchanged windows. When starting from an encoder, the
    network of that epoch is kept which best recognizes songs held out, and that may be the one
    at the start: training does not make the vectors worse. A new encoder is that of the last
    epoch; its projection is fitted at the end.

    Parameters
    ----------
    songs : sequence of float, shape (frames, coefficients)
        The cepstrum of each song, as the encoder's stream gives it; `song_material.abridge`
        leaves what is needed of it.
    config : SoundTrainingConfig
        How to learn.
    start : SoundEncoder, optional
        What to refine; its projection stays as it is.
    groups : sequence of int, optional
        Of each song, e.g. by album: those of one group are to recognize each other, too.
    lessons : Lessons, optional
        What a teacher says of the songs, in as many numbers as the network gives.
    sizes : EncoderConfig, optional
        Of a new encoder, where there is nothing to start from.
    checkpoint : Checkpoint, optional
        Where the state after each epoch is kept, and found again after a kill.

    Raises
    ------
    InvalidInput
        If the songs are too few, or not of the encoder's cepstrum.
    """

    def __init__(
        self,
        songs: Sequence[NDArray[np.floating[Any]]],
        config: SoundTrainingConfig,
        start: SoundEncoder | None = None,
        *,
        groups: Sequence[int] | None = None,
        lessons: Lessons | None = None,
        sizes: EncoderConfig | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self._sizes = start.config if start else sizes or EncoderConfig()
        self._config, self._start = config, start
        self._material = SongMaterial(songs, self._sizes, config, groups)
        self._changer = Changer(self._sizes, config.augment)
        self._held_out = HeldOut(self._material, self._changer, config.seed)
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            network = copy.deepcopy(start.network) if start else CepstrumNetwork(self._sizes)
        if start is None:
            network.normalize_like(self._some_frames())
        self._candidates = Candidates(network)
        self._loop = Loop(self._candidates, config, checkpoint)
        self._teacher = lessons or (start.network if start else None)
        self._encoder: SoundEncoder | None = None

    @property
    def curve(self) -> list[float]:
        """Mean loss of each epoch."""
        return self._loop.curve

    @property
    def score(self) -> float:
        """How well the encoder recognizes songs held out: mean reciprocal rank, in [0, 1]."""
        encoder = self.encoder
        return self._held_out.score(encoder.network, encoder.joint, self._sizes)

    @property
    def encoder(self) -> SoundEncoder:
        """The trained encoder; there once `run` is exhausted."""
        if self._encoder is None:
            raise InvalidInput("the encoder is not trained yet: go through run() to its end first.")
        return self._encoder

    def run(self) -> Iterator[Step]:
        """Train to the last epoch, from the checkpoint if there is one."""
        material = Material(self._material, self._changer, self._teacher, self._judge())
        objective = Recognition(self._candidates, material, self._config)
        yield from self._loop.run(objective)
        objective.finish()
        network = self._candidates.network.eval()
        if self._start is not None:
            self._encoder = SoundEncoder(self._sizes, network, self._start.joint)
        else:
            self._encoder = fit_encoder(
                self._material, self._changer, network, self._sizes, self._config.seed
            )

    def _some_frames(self) -> Tensor:
        """Return frames of songs to train on, shape (frames, coefficients)."""
        rng = np.random.default_rng([self._config.seed, 4])
        windows, _ = self._material.draw(rng.permutation(self._material.train)[:200], 2, rng)
        return torch.from_numpy(self._changer.change(windows, rng)).flatten(0, 1)

    def _judge(self) -> Callable[[CepstrumNetwork], float] | None:
        """Return what chooses among epochs; None for a new encoder, whose projection is to come."""
        if (start := self._start) is None:
            return None
        return lambda network: self._held_out.score(network, start.joint, self._sizes)
