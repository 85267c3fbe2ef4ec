"""The objective of the encoder's training, and the choice among its epochs."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nearfield.sound.contrast import follow, tell_songs_apart
from nearfield.sound.encoder_config import SoundTrainingConfig
from nearfield.sound.encoder_network import CepstrumNetwork
from nearfield.sound.fitting import Changer
from nearfield.sound.song_material import Lessons, SongMaterial

_AT_ONCE: Final = 64


class Candidates(nn.Module):
    """The network that learns, and the best one so far; a checkpoint keeps both.

    Parameters
    ----------
    network : CepstrumNetwork
        To begin with; the best so far, until another one scores higher.
    """

    score: Tensor

    def __init__(self, network: CepstrumNetwork) -> None:
        super().__init__()
        self.network = network
        self.best = copy.deepcopy(network).requires_grad_(False)
        self.register_buffer("score", torch.zeros((), dtype=torch.float64))

    def offer(self, score: float) -> None:
        """Take the network as the best one if it scores higher than all before."""
        if score > float(self.score):
            self.score.fill_(score)
            self.best.load_state_dict(self.network.state_dict())


@dataclass(frozen=True, slots=True)
class Material:
    """What does not change while the network learns.

    Parameters
    ----------
    songs : SongMaterial
        To train on, and held out.
    changer : Changer
        What may happen to them.
    teacher : Lessons, CepstrumNetwork or None
        Whom to follow.
    judge : Callable, optional
        Scores a network, the higher the better; after each epoch the best one is kept. Without
        it the last epoch is.
    """

    songs: SongMaterial
    changer: Changer
    teacher: Lessons | CepstrumNetwork | None
    judge: Callable[[CepstrumNetwork], float] | None = None


class Recognition:
    """Changed windows of a song recognize each other, and stay where the teacher puts them.

    Parameters
    ----------
    candidates : Candidates
        The network to train, and where the best is kept.
    material : Material
        What to learn from.
    config : SoundTrainingConfig
        How.
    """

    def __init__(
        self, candidates: Candidates, material: Material, config: SoundTrainingConfig
    ) -> None:
        self._candidates, self._material, self._config = candidates, material, config
        self._measure()  # what training has to be better than

    def begin(self) -> None:
        """Nothing is left to prepare."""

    def finish(self) -> None:
        """Let the last epoch compete, and keep the best."""
        self._measure()
        if self._material.judge is not None:
            self._candidates.network.load_state_dict(self._candidates.best.state_dict())

    def batches(self, rng: np.random.Generator, epoch: int, /) -> list[NDArray[np.int64]]:
        """Return the songs of each batch: all once, or nearly; some batches of like songs."""
        if epoch > 0:
            self._measure()
        songs = rng.permutation(self._material.songs.train)
        count = max(1, len(songs) // self._config.songs)
        batches: list[NDArray[np.int64]] = list(np.array_split(songs, count))
        hard = round(self._config.hard * count)
        if hard:
            batches[:hard] = self._alike(songs, hard, rng)
        self._candidates.train()
        return [batches[index] for index in rng.permutation(count)]

    def loss(self, batch: NDArray[np.int64], rng: np.random.Generator, done: float) -> Tensor:
        """Return the weighted sum of both aims, in nats and cosines."""
        windows, starts = self._material.songs.draw(batch, self._config.views, rng)
        changed = self._material.changer.change(windows, rng)
        vectors = self._candidates.network(torch.from_numpy(changed))
        songs = np.repeat(batch, self._config.views)
        with torch.autocast("cpu", enabled=False):  # cosines need more digits than bfloat16 has
            groups = torch.from_numpy(self._material.songs.groups[songs])
            apart = tell_songs_apart(vectors, groups, self._config.temperature)
            loss = self._config.contrast * apart
            if self._material.teacher is not None:
                lesson = self._lesson(torch.from_numpy(windows), songs, starts)
                loss = loss + self._config.lesson * follow(vectors, lesson, self._config.relations)
        return loss

    def _lesson(
        self, windows: Tensor, songs: NDArray[np.int64], starts: NDArray[np.int64]
    ) -> Tensor:
        """Return what the teacher says of unchanged windows, shape (windows, learned)."""
        teacher, size = self._material.teacher, self._material.songs.size
        if isinstance(teacher, Lessons):
            pairs = zip(songs, starts, strict=True)
            said = [teacher.of(song, start, size) for song, start in pairs]
            return torch.from_numpy(np.stack(said))
        assert teacher is not None
        with torch.no_grad():
            return Tensor(teacher(windows))

    def _alike(
        self, songs: NDArray[np.int64], count: int, rng: np.random.Generator
    ) -> list[NDArray[np.int64]]:
        """Return batches, each of a song and those that sound most like it by now."""
        network = self._candidates.network.eval()
        parts = np.array_split(songs, -(-len(songs) // _AT_ONCE))
        with torch.inference_mode():
            windows = (
                torch.from_numpy(self._material.songs.draw(part, 1, rng)[0]) for part in parts
            )
            heard = torch.cat([network(some) for some in windows]).numpy()
        cosines = heard[:count] @ heard.T  # the order of songs is random already
        nearest = np.argpartition(-cosines, min(self._config.songs, len(songs)) - 1, axis=1)
        return [songs[row[: self._config.songs]] for row in nearest]

    def _measure(self) -> None:
        if self._material.judge is not None:
            self._candidates.offer(self._material.judge(self._candidates.network.eval()))
