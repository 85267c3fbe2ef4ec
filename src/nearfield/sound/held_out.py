"""How well songs that training did not see are recognized by their other half."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.encoder import side_by_side
from nearfield.sound.encoder_config import EncoderConfig
from nearfield.sound.encoder_network import CepstrumNetwork
from nearfield.sound.encoding import Features, unit
from nearfield.sound.fitting import Changer
from nearfield.sound.song_material import SongMaterial
from nearfield.sound.statistics import Projection

_WINDOWS: Final = 2
"""Of each half of a song."""

_AT_ONCE: Final = 64

_MOST_OTHERS: Final = 200
"""Songs of training among which those held out are to be found."""


class HeldOut:
    """The question that chooses among epochs: which second half belongs to this first one.

    Parameters
    ----------
    material : SongMaterial
        Songs that are held out, and others to tell them from.
    changer : Changer
        Each question is put twice: with the half as it is, and changed.
    seed : int
        The same questions are put after each epoch.
    """

    def __init__(self, material: SongMaterial, changer: Changer, seed: int) -> None:
        self._material, self._changer, self._seed = material, changer, seed
        rng = np.random.default_rng([seed, 2])
        others = rng.permutation(material.train)[:_MOST_OTHERS]
        self._songs = np.concatenate([material.held_out, others])

    def score(self, network: CepstrumNetwork, joint: Projection, config: EncoderConfig) -> float:
        """Return the mean reciprocal rank of the right halves, in (0, 1]."""
        rng = np.random.default_rng([self._seed, 3])
        asked = len(self._material.held_out)

        def hear(windows: Features) -> NDArray[np.float32]:
            parts = np.array_split(windows, -(-len(windows) // _AT_ONCE))
            heard = [unit(joint.apply(side_by_side(part, network, config))) for part in parts]
            halves = np.concatenate(heard).reshape(-1, _WINDOWS, heard[0].shape[1])
            return np.asarray(halves.mean(axis=1))

        seconds = hear(np.concatenate([self._half(song, 1) for song in self._songs]))
        firsts = np.concatenate([self._half(song, 0) for song in self._songs[:asked]])
        ranks = []
        for asking in (firsts, self._changer.change(firsts, rng)):
            cosines = unit(hear(asking)) @ unit(seconds).T  # (asked, songs)
            right = np.diagonal(cosines)[:, None]
            ranks.append((cosines >= right).sum(axis=1))
        return float((1.0 / np.concatenate(ranks)).mean())

    def _half(self, song: int, half: int) -> Features:
        """Return windows of a half of a song, evenly spread."""
        material = self._material
        frames = len(material.songs[song])
        middle, last = frames // 2, frames - material.size
        first, end = (0, max(0, middle - material.size)) if half == 0 else (min(middle, last), last)
        return material.windows(song, np.linspace(first, end, _WINDOWS).astype(np.int64))
