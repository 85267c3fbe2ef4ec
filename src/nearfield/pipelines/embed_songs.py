"""Embed songs that a version of a model has not heard: from kept features, else from the files."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.sound_facts import SongVectors, SoundFile
from nearfield.pipelines.ears import check_separator, feature_cache
from nearfield.pipelines.models import StoredModel
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.song_space import MOST_PARTS
from nearfield.pipelines.stores import Stores
from nearfield.sound import encoding
from nearfield.sound.analyse import hear
from nearfield.sound.cache import FeatureCache
from nearfield.sound.decode import Unreadable
from nearfield.sound.encoders import load_encoder
from nearfield.sound.encoding import Encoder, Features
from nearfield.sound.scan import path_of
from nearfield.sound.separate import Separator, load_separator
from nearfield.types import Ids

_BATCH: Final = 50
"""Songs in one transaction."""


def embed_songs(stores: Stores, catalogue: Catalogue, model: StoredModel) -> Steps[None]:
    """Give every song that is there the vectors of a version, as far as they are missing.

    A file that cannot be read any more is passed over; the next `music add` tells of it.
    """
    encoder = load_encoder(model.folder, stores.cache)
    separator = load_separator(str(model.card["separation"]), stores.cache)
    check_separator(model.card, separator)
    sounds = catalogue.sounds
    missing = np.setdiff1d(sounds.present(), sounds.embedded(model.version))
    features = song_features(stores, catalogue, separator, encoder, missing)
    done = 0
    for some in _batches(features):
        sounds.put_vectors(
            [(key, to_keep(model.version, encoder.embed(read))) for key, read in some]
        )
        done += len(some)
        yield Progress("Embedding songs", done, len(missing), "songs")


def to_keep(version: str, found: encoding.SongVectors) -> SongVectors:
    """Return what the catalogue keeps of what an encoder gave."""
    parts, starts = found.windows[:MOST_PARTS], found.starts[:MOST_PARTS]
    return SongVectors(version, found.song, parts, starts)


def song_features(
    stores: Stores, catalogue: Catalogue, separator: Separator, encoder: Encoder, keys: Ids
) -> Iterator[tuple[int, Features]]:
    """Yield what an encoder reads of each song, by rising key; songs without a readable file not.

    Parameters
    ----------
    stores : Stores
        The home, in whose cache features are kept.
    catalogue : Catalogue
        Of songs.
    separator, encoder
        How to listen.
    keys : int64, shape (songs,)
        Which songs.
    """
    cache = feature_cache(stores.cache, separator, encoder)
    files = catalogue.sounds.contents(keys)
    for key in sorted(files):
        read = _features(files[key], cache, separator, encoder)
        if read is not None:
            yield key, read


def _features(
    files: list[SoundFile], cache: FeatureCache, separator: Separator, encoder: Encoder
) -> Features | None:
    for file in files:
        kept = cache.load(file.content)
        if kept is not None:
            return kept
    for file in files:
        try:
            read = hear(path_of(file.path), separator, encoder)
        except Unreadable:
            continue
        if encoder.trainable:
            cache.save(file.content, read)
        return read
    return None


def _batches(
    features: Iterator[tuple[int, Features]],
) -> Iterator[list[tuple[int, Features]]]:
    batch: list[tuple[int, Features]] = []
    for one in features:
        batch.append(one)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
