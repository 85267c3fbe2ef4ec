"""The linear part of the encoder, fitted to songs and to what may happen to them."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from nearfield.sound.augment import AugmentConfig, augment, cosines
from nearfield.sound.encoder import SoundEncoder, side_by_side
from nearfield.sound.encoder_config import EncoderConfig
from nearfield.sound.encoder_network import CepstrumNetwork
from nearfield.sound.encoding import Features
from nearfield.sound.song_material import SongMaterial
from nearfield.sound.statistics import Projection

_VIEWS: Final = 12
"""Windows of each song in the sample."""

_MOST_SONGS: Final = 2000
"""In the sample."""


_AT_ONCE: Final = 8
"""Songs."""


class Changer:
    """Changes cepstra as sound is changed on its way to a library.

    Parameters
    ----------
    config : EncoderConfig
        Whose cepstra they are.
    changes : AugmentConfig
        How often and how far.
    """

    def __init__(self, config: EncoderConfig, changes: AugmentConfig) -> None:
        self._cosines = cosines(config.cepstrum.bands, config.cepstrum.coefficients)
        self._depth = config.cepstrum.depth
        self._changes = changes

    def change(self, windows: Features, rng: np.random.Generator) -> Features:
        """Return changed windows, of the same shape."""
        with torch.no_grad(), torch.autocast("cpu", enabled=False):  # decibels need their digits
            levels = torch.from_numpy(windows) @ self._cosines
            changed = augment(levels, self._changes, self._depth, rng) @ self._cosines.T
        found: Features = changed.numpy()
        return found


def fit_encoder(
    material: SongMaterial,
    changer: Changer,
    network: CepstrumNetwork,
    config: EncoderConfig,
    seed: int,
) -> SoundEncoder:
    """Return an encoder whose projection tells the songs of training apart.

    Parameters
    ----------
    material : SongMaterial
        Whose songs to tell apart, by some windows of each.
    changer : Changer
        Each window stands in the sample twice, as it is and changed.
    network, config
        The encoder's other parts.
    seed : int
        Of the choice of windows and changes.
    """
    network.eval()
    rng = np.random.default_rng([seed, 1])
    chosen = rng.permutation(material.train)[:_MOST_SONGS]
    raw: list[NDArray[np.float32]] = []
    for start in range(0, len(chosen), _AT_ONCE):  # together: they are mixed with one another
        some = chosen[start : start + _AT_ONCE]
        windows = np.concatenate([material.spread(song, _VIEWS) for song in some])
        changed = changer.change(windows, rng)
        both = np.stack([windows, changed], axis=1).reshape(-1, *windows.shape[1:])
        raw.append(side_by_side(both, network, config))
    songs = np.repeat(np.arange(len(chosen)), 2 * _VIEWS)
    sample = np.concatenate(raw)
    return SoundEncoder(config, network, Projection.tell_apart(sample, songs, config.dim))
