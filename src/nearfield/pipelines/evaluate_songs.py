"""Measure how well vectors of songs tell what sounds alike, on one's own library."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.facts import Item
from nearfield.errors import InvalidInput
from nearfield.evaluate import sound
from nearfield.evaluate.rows import Row
from nearfield.pipelines.embed_songs import song_features
from nearfield.pipelines.models import StoredModel
from nearfield.pipelines.names import SOUND
from nearfield.pipelines.progress import Progress, Tell
from nearfield.pipelines.sound_models import newest_model
from nearfield.pipelines.stores import Stores
from nearfield.sound.encoder import SoundEncoder
from nearfield.sound.encoders import load_encoder
from nearfield.sound.encoding import Encoder
from nearfield.sound.separate import load_separator
from nearfield.types import Ids, Vectors

MOST_SONGS: Final = 2000
"""Larger libraries are measured on so many songs, drawn at random."""

LEAST_SONGS: Final = 10

BASELINE: Final = "MFCC mean, deviation"
"""What simple systems compare: the row to beat."""

MUSICNN_SECONDS: Final = 9.0
"""Length of a window of musicnn: three of its patches."""

Windows = Sequence[NDArray[np.float32]]


@dataclass(frozen=True)
class _Songs:
    """What is measured on.

    Parameters
    ----------
    keys : int64, shape (songs,)
        Rising.
    items : list of Item
        What is known of them.
    """

    keys: Ids
    items: list[Item]

    def labels(self, name: str) -> list[str]:
        """Return one text of each song: artist, album or first genre; "" where not known."""
        if name == "genre":
            return [one.genres[0] if one.genres else "" for one in self.items]
        return [one.attributes.get(name, "") for one in self.items]


def evaluate_songs(
    stores: Stores,
    catalogue: str | None = None,
    seed: int = 0,
    tell: Tell = lambda progress: None,
) -> Iterator[Row]:
    """Yield one row for each version that has embedded the library, the baseline first.

    A row holds the share of songs whose one half finds the other (`half@1`), of windows that find
    another one of their song (`segment@1`), of songs whose nearest song has the same album
    (`album@1`) or artist (`artist@1`), and whose genre five neighbours vote for (`genre@5`); NaN
    where no tags tell.

    Raises
    ------
    InvalidInput
        If there are fewer than `LEAST_SONGS` songs.
    """
    found = stores.catalogue(catalogue)
    model = newest_model(stores, found)
    songs = _choose(found, model, seed)
    tell(Progress("Reading what was heard"))
    encoder = load_encoder(model.folder, stores.cache)
    if isinstance(encoder, SoundEncoder):
        yield _row(BASELINE, songs, *_baseline(stores, found, model, (encoder, songs.keys)))
    for one in stores.models.list(found.name):
        if one.recommender == SOUND and one.card.get("catalogue_uid") == found.uid:
            vectors = dict(found.sounds.parts(one.version, songs.keys))
            if len(vectors) < len(songs.keys):
                continue
            tell(Progress(f"Measuring {one.version}"))
            kept = [vectors[key] for key in songs.keys.tolist()]
            whole = np.stack([each.song for each in kept])
            seconds = _window_seconds(load_encoder(one.folder, stores.cache))
            apart = [each.parts[_apart(each.starts, seconds)] for each in kept]
            name = f"{one.card['encoder']} {one.version}"
            yield _row(name, songs, whole, apart)


def _choose(catalogue: Catalogue, model: StoredModel, seed: int) -> _Songs:
    keys = np.intersect1d(catalogue.sounds.present(), catalogue.sounds.embedded(model.version))
    if len(keys) < LEAST_SONGS:
        raise InvalidInput(
            f"'{catalogue.name}' has {len(keys)} songs, but {LEAST_SONGS} are needed to say "
            f"anything. Add more: nearfield music add FOLDER."
        )
    if len(keys) > MOST_SONGS:
        keys = np.sort(np.random.default_rng(seed).choice(keys, MOST_SONGS, replace=False))
    return _Songs(keys, catalogue.items(keys))


def _baseline(
    stores: Stores,
    catalogue: Catalogue,
    model: StoredModel,
    what: tuple[SoundEncoder, Ids],
) -> tuple[Vectors, Windows]:
    """Return what mean and deviation of the cepstrum make of songs and of their windows."""
    encoder, keys = what
    config = encoder.config
    separator = load_separator(str(model.card["separation"]), stores.cache)
    size = round(config.seconds * config.cepstrum.frames_a_second)
    whole, windows = [], []
    for _, read in song_features(stores, catalogue, separator, encoder, keys):
        whole.append(sound.baseline_statistics(read[None]))
        count = max(1, len(read) // size)
        cut = np.array_split(read[: count * size], count)
        windows.append(np.concatenate([sound.baseline_statistics(one[None]) for one in cut]))
    scaled = sound.standardize(np.concatenate(windows))
    ends = np.cumsum([len(one) for one in windows])[:-1]
    return sound.standardize(np.concatenate(whole)), np.split(scaled, ends)


def _window_seconds(encoder: Encoder) -> float:
    return encoder.config.seconds if isinstance(encoder, SoundEncoder) else MUSICNN_SECONDS


def _apart(starts: NDArray[np.float32], seconds: float) -> NDArray[np.int64]:
    """Return which windows to take so that none overlaps another."""
    step = float(np.diff(starts).min()) if len(starts) > 1 else seconds
    return np.arange(0, len(starts), max(1, round(seconds / step)))


def _row(name: str, songs: _Songs, whole: Vectors, windows: Windows) -> Row:
    return Row(name, figures(songs.labels, whole, windows))


def figures(
    labels: Callable[[str], Sequence[str]], whole: Vectors, windows: Windows
) -> Mapping[str, float]:
    """Return the figures of one row.

    Parameters
    ----------
    labels : callable
        Returns the album, artist or genre of each song; "" where not known.
    whole : float32, shape (songs, dim)
        Vectors of songs.
    windows : sequence of float32, shape (windows, dim)
        Vectors of each song's windows, which do not overlap.
    """
    long = [one for one in windows if len(one) >= 2]
    longer = [one for one in windows if len(one) >= 3]
    return {
        "half@1": sound.half_song_hit(*sound.halves(long)) if len(long) > 1 else np.nan,
        "segment@1": sound.segment_hit(longer) if len(longer) > 1 else np.nan,
        "album@1": sound.same_label_at_k(whole, labels("album")),
        "artist@1": sound.same_label_at_k(whole, labels("artist")),
        "genre@5": sound.label_knn(whole, labels("genre")),
    }
