"""Fine-tune the encoder of songs on the user's own library."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from nearfield.catalogue.catalogue import Catalogue
from nearfield.errors import InvalidInput
from nearfield.pipelines.ears import check_separator
from nearfield.pipelines.embed_songs import embed_songs, song_features
from nearfield.pipelines.models import StoredModel
from nearfield.pipelines.names import SOUND
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.sound_models import Hearing, newest_model, sound_card
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.train import Lesson, learn
from nearfield.sound.encoder import SoundEncoder
from nearfield.sound.encoder_config import SoundTrainingConfig
from nearfield.sound.encoders import load_encoder
from nearfield.sound.separate import load_separator
from nearfield.sound.song_material import abridge
from nearfield.sound.train import SoundTrainer
from nearfield.training.checkpoint import Checkpoint

LABELS: Final = ("album", "artist")
"""Tags that may say which songs belong together."""


def train_sound(
    stores: Stores,
    catalogue: str | None = None,
    options: Mapping[str, Any] | None = None,
    labels: str | None = None,
) -> Steps[StoredModel]:
    """Train a new version of the encoder on a library, starting from the one in use.

    All songs get vectors of the new version, so that `publish` need only load them. After a kill
    the same call goes on from the last finished epoch.

    Parameters
    ----------
    stores : Stores
        The home.
    catalogue : str, optional
        Of songs; the only one where not given.
    options : mapping
        Settings of `SoundTrainingConfig` that differ from their defaults.
    labels : {"album", "artist"}, optional
        Songs that share this tag belong together as parts of one song do. Where not given, sound
        alone counts.

    Raises
    ------
    InvalidInput
        If the library is too small, an option cannot be used, or the encoder in use is one that
        cannot be trained.
    """
    config = _config(options or {})
    if labels not in (None, *LABELS):
        raise InvalidInput(f"no label {labels!r}: wanted one of {', '.join(LABELS)}, or none.")
    found = stores.catalogue(catalogue)
    before = newest_model(stores, found)
    start = load_encoder(before.folder, stores.cache)
    if not isinstance(start, SoundEncoder):
        raise InvalidInput(
            f"the songs of '{found.name}' are embedded by {start.name!r}, which cannot be trained "
            f"here. Add them with `--encoder own` first."
        )
    separator = load_separator(str(before.card["separation"]), stores.cache)
    check_separator(before.card, separator)
    keys = found.sounds.present()
    songs: list[Any] = []  # half the bits suffice for training
    used: list[int] = []
    for key, features in song_features(stores, found, separator, start, keys):
        songs.append(abridge(features, start.config))
        used.append(key)
        yield Progress("Reading what was heard", len(songs), len(keys), "songs")
    card = sound_card(found, before.version, Hearing.of(before), separator)
    fixed = ("recommender", "version", "created", "curve", "seconds", "nearfield", "torch")
    facts = {name: value for name, value in card.items() if name not in fixed}

    groups = None if labels is None else _groups(found, used, labels)

    def begin(checkpoint: Path) -> SoundTrainer:
        return SoundTrainer(songs, config, start, groups=groups, checkpoint=Checkpoint(checkpoint))

    def save(trainer: SoundTrainer, card: Mapping[str, Any], folder: Path) -> None:
        trainer.encoder.save(folder, card)

    lesson = Lesson(
        SOUND, config, {**facts, "start": before.version, "labels": labels}, begin, save
    )
    model = yield from learn(stores.models.of(found.name, SOUND), lesson)
    yield from embed_songs(stores, found, model)
    return model


def _groups(catalogue: Catalogue, keys: list[int], label: str) -> list[int]:
    """Return a number for each song, the same for those of one label; others have their own."""
    values = [
        item.attributes.get(label, "").strip().casefold()
        for item in catalogue.items(np.array(keys, dtype=np.int64))
    ]
    first: dict[str, int] = {}
    return [first.setdefault(one, place) if one else place for place, one in enumerate(values)]


def _config(options: Mapping[str, Any]) -> SoundTrainingConfig:
    try:
        return SoundTrainingConfig(**options)
    except ValidationError as error:
        wrong = "; ".join(
            f"{one['loc'][0]}={one['input']!r}: {one['msg']}" for one in error.errors()
        )
        known = ", ".join(SoundTrainingConfig.model_fields)
        raise InvalidInput(f"sound cannot be trained so: {wrong}. It knows {known}.") from error
