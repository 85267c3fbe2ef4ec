"""The second encoder: musicnn, whose weights are fetched when first wanted."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import soxr
import torch
from numpy.typing import NDArray

from nearfield.errors import InvalidInput
from nearfield.sound.encoding import Features, FeatureStream, SongVectors, unit
from nearfield.sound.frames import FrameStream, mel_power
from nearfield.sound.musicnn_network import BANDS, FRAMES, POOLED, MusicnnNetwork
from nearfield.sound.statistics import Projection
from nearfield.sound.tensorflow_checkpoint import read_checkpoint
from nearfield.sound.waveform import RATE, Waveform
from nearfield.sound.wheels import WheelFiles, obtain_from_wheel
from nearfield.sound.windows import window_starts
from nearfield.training.card import CARD, write_json
from nearfield.training.weights import load_tensors, save_tensors

NAME: Final = "musicnn"

WHEEL: Final = WheelFiles(
    requirement="musicnn==0.1.0",
    members={
        "musicnn/MSD_musicnn/.index": (
            "87f3e0f3550c8d3bafc840374003e5c8af5eeb5ecf6add61af09a7822d3282c8"
        ),
        "musicnn/MSD_musicnn/.data-00000-of-00001": (
            "8579734ee6388f799ed0def4bbd0d1fdcbeaf213ef2a9dc860917bd76a303de6"
        ),
    },
)
"""Trained on the Million Song Dataset by its authors; ISC licence."""

_SHIPPED: Final = Path(__file__).with_name("weights")
_PROJECTION: Final = "musicnn.safetensors"
_HEARD_AT: Final = 16_000
_WINDOW: Final = 512
_HOP: Final = 256
_PATCHES: Final = 3
"""Patches in a window of vectors: nine seconds."""

_STEP: Final = 2
_MOST_WINDOWS: Final = 240
_SECONDS: Final = FRAMES * _HOP / _HEARD_AT


class MusicnnEncoder:
    """Embeds songs by what musicnn hears, brought to the length of our own vectors.

    What is kept of a song is what the network gives for each patch of three seconds, shape
    (patches, POOLED): the network runs while the song is read. The projection was fitted to the
    music that our own encoder was trained on, and comes with Nearfield.

    Parameters
    ----------
    network : MusicnnNetwork
        With the authors' weights.
    projection : Projection
        From POOLED numbers to those of a vector.
    """

    name = NAME
    trainable = False
    features_version = "musicnn-0.1.0"

    def __init__(self, network: MusicnnNetwork, projection: Projection) -> None:
        self.network = network
        self._projection = projection
        parts = projection.mean.tobytes() + projection.matrix.tobytes()
        self.version = hashlib.sha256(parts).hexdigest()[:12]

    @property
    def dim(self) -> int:
        """Length of the vectors."""
        return int(self._projection.matrix.shape[1])

    @classmethod
    def obtain(cls, cache: Path, folder: Path | None = None) -> "MusicnnEncoder":
        """Return the encoder; fetch its weights from PyPI unless they are in the cache.

        Parameters
        ----------
        cache : Path
            Where the network's weights are kept.
        folder : Path, optional
            Whose projection to use, as `save` wrote it, instead of the one that comes with
            Nearfield.

        Raises
        ------
        Unavailable
            If the weights cannot be had.
        """
        wheel = obtain_from_wheel(WHEEL, cache / "sound" / "musicnn")
        weights = read_checkpoint(wheel / "musicnn" / "MSD_musicnn" / ".index")
        tensors = load_tensors((folder or _SHIPPED) / _PROJECTION)
        projection = Projection(tensors["mean"].numpy(), tensors["matrix"].numpy())
        return cls(MusicnnNetwork(weights), projection)

    def stream(self) -> FeatureStream:
        """Return a new stream of what the network hears, for one song."""
        return PatchStream(self.network)

    def embed(self, features: Features) -> SongVectors:
        """Return the vectors of a song from its patches, shape (patches, POOLED).

        Raises
        ------
        InvalidInput
            If the features are not musicnn's, or there are none.
        """
        if features.ndim != 2 or features.shape[1] != POOLED or not len(features):
            raise InvalidInput(
                f"the features have shape {features.shape}, but musicnn gives (patches, {POOLED}) "
                "with one patch or more. Take them from its own stream()."
            )
        starts = window_starts(len(features), _PATCHES, _STEP, _MOST_WINDOWS)
        windows = np.stack([features[start : start + _PATCHES].mean(axis=0) for start in starts])
        projected = self._projection.apply(windows)
        song = self._projection.apply(features.mean(axis=0, keepdims=True))
        return SongVectors(
            song=unit(song)[0],
            windows=unit(projected),
            starts=(starts * _SECONDS).astype(np.float32),
        )

    def save(self, folder: Path, card: Mapping[str, Any]) -> None:
        """Write projection and card; the network's weights stay in the cache."""
        folder.mkdir(parents=True, exist_ok=True)
        parts = {"mean": self._projection.mean, "matrix": self._projection.matrix}
        save_tensors(
            folder / _PROJECTION, {name: torch.from_numpy(part) for name, part in parts.items()}
        )
        described = {"encoder": NAME, "encoder_version": self.version, "dim": self.dim}
        write_json(folder / CARD, {**card, **described})


class PatchStream:
    """What musicnn hears in a sound that comes in blocks: a row of numbers each three seconds.

    An unfinished last patch counts if it is the only one: it is repeated until it is full.

    Parameters
    ----------
    network : MusicnnNetwork
        That listens.
    """

    def __init__(self, network: MusicnnNetwork) -> None:
        self._network = network
        self._resample = soxr.ResampleStream(RATE, _HEARD_AT, 1, dtype="float32")
        self._frames = FrameStream(_WINDOW, _HOP)
        self._rest = np.zeros((0, BANDS), dtype=np.float32)
        self._heard: list[Features] = []

    def feed(self, block: Waveform) -> None:
        """Take the next samples, shape (samples,), at `waveform.RATE`."""
        self._take(self._resample.resample_chunk(np.ascontiguousarray(block, dtype=np.float32)))

    def finish(self) -> Features:
        """Return what was heard, shape (patches, POOLED).

        Raises
        ------
        InvalidInput
            If nothing came.
        """
        self._take(self._resample.resample_chunk(np.zeros(0, dtype=np.float32), last=True))
        for frames in self._frames.finish():
            self._hear(frames)
        if not self._heard:
            times = -(-FRAMES // len(self._rest))
            self._heard.append(self._patches(np.tile(self._rest, (times, 1))[:FRAMES]))
        return np.concatenate(self._heard)

    def _take(self, samples: NDArray[np.float32]) -> None:
        for frames in self._frames.feed(samples):
            self._hear(frames)

    def _hear(self, frames: Waveform) -> None:
        """Measure frames, and listen to the patches that are full now."""
        levels = np.log10(1.0 + 10_000.0 * mel_power(frames, _HEARD_AT, BANDS))
        known = np.concatenate([self._rest, levels.astype(np.float32)])
        full = len(known) // FRAMES * FRAMES
        self._rest = known[full:]
        if full:
            self._heard.append(self._patches(known[:full]))

    def _patches(self, levels: NDArray[np.float32]) -> Features:
        patches = torch.from_numpy(levels.reshape(-1, FRAMES, BANDS))
        return np.asarray(self._network(patches).numpy())
