"""Embed songs that a version of a model has not heard: from kept features, else from the files."""

import time
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from nearfield.bulk.places import Place
from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.sound_facts import SongVectors, SoundFile
from nearfield.pipelines.ears import Ears, feature_cache
from nearfield.pipelines.extras import needs_extras
from nearfield.pipelines.hear_songs import HeardSong, Hearing, HearSongs
from nearfield.pipelines.models import StoredModel
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.song_space import MOST_PARTS
from nearfield.pipelines.stores import Stores
from nearfield.sound import encoding
from nearfield.sound.analyse import hear
from nearfield.sound.cache import FeatureCache, read_features
from nearfield.sound.decode import Unreadable
from nearfield.sound.encoding import Encoder, Features
from nearfield.sound.scan import path_of
from nearfield.sound.separate import Separator
from nearfield.types import Ids

_HERE: Final = Place()

_BATCH: Final = 50
"""Songs in one transaction, at most."""

_SECONDS: Final = 5.0
"""What was heard so long ago is written, even where it is less."""


def embed_songs(
    stores: Stores, catalogue: Catalogue, model: StoredModel, place: Place = _HERE
) -> Steps[None]:
    """Give every song that is there the vectors of a version, as far as they are missing.

    A file that cannot be read any more is passed over; the next `music add` tells of it. After a
    kill the same call goes on.

    Parameters
    ----------
    stores : Stores
        The home.
    catalogue : Catalogue
        Of songs.
    model : StoredModel
        Whose vectors.
    place : Place
        Where songs are listened to. What was heard before is embedded in this process, unless a
        Ray cluster was asked for: it takes less than to start another.
    """
    ears = Ears(model.folder, stores.cache)
    missing = np.setdiff1d(catalogue.sounds.present(), catalogue.sounds.embedded(model.version))
    jobs = _jobs(stores, catalogue, ears, missing)
    unheard = sum(job.features is None for job in jobs)
    done = 0
    with needs_extras():
        runner = place.runner(HearSongs(ears), unheard)
    with runner:
        runner.prepare()
        for some in _batches(runner.run(jobs)):
            for _, heard in some:
                if heard.kept is not None:
                    heard.kept.put(stores.cache)
            embedded = [(job.key, one.vectors) for job, one in some if one.vectors is not None]
            catalogue.sounds.put_vectors(
                [(key, to_keep(model.version, vectors)) for key, vectors in embedded]
            )
            done += len(some)
            yield Progress("Embedding songs", done, len(jobs), "songs")


def _jobs(stores: Stores, catalogue: Catalogue, ears: Ears, keys: Ids) -> list[Hearing]:
    cache = feature_cache(stores.cache, *ears.load())
    jobs = []
    for key, files in sorted(catalogue.sounds.contents(keys).items()):
        kept = (cache.path(file.content) for file in files)
        features = next((path for path in kept if read_features(path) is not None), None)
        sounds = tuple((file.content, path_of(file.path)) for file in files)
        jobs.append(Hearing(key, features, sounds if features is None else ()))
    return jobs


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
    results: Iterable[tuple[Hearing, HeardSong]],
) -> Iterator[list[tuple[Hearing, HeardSong]]]:
    batch: list[tuple[Hearing, HeardSong]] = []
    begun = time.monotonic()
    for one in results:
        batch.append(one)
        if len(batch) == _BATCH or time.monotonic() - begun > _SECONDS:
            yield batch
            batch, begun = [], time.monotonic()
    if batch:
        yield batch
