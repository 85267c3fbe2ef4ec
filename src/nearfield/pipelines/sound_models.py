"""The models of sound in a home: which encoder and which separation made a version's vectors."""

from dataclasses import dataclass
from importlib.metadata import version as version_of
from typing import Any, Final

from nearfield.catalogue.catalogue import Catalogue
from nearfield.errors import InvalidInput, NotFound
from nearfield.pipelines.models import StoredModel, read_model
from nearfield.pipelines.names import SOUND
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.stores import Stores
from nearfield.sound.encoders import ENCODERS, load_encoder
from nearfield.sound.separate import SEPARATORS, Separator, load_separator
from nearfield.training.card import moment_of, new_version

DEFAULT_ENCODER: Final = "own"
DEFAULT_SEPARATION: Final = "own"


@dataclass(frozen=True, slots=True)
class Hearing:
    """How a version listens: everything that its vectors depend on.

    Parameters
    ----------
    encoder : str
        Name in `ENCODERS`.
    separation : str
        Name in `SEPARATORS`.
    """

    encoder: str = DEFAULT_ENCODER
    separation: str = DEFAULT_SEPARATION

    @classmethod
    def of(cls, model: StoredModel) -> "Hearing":
        """Return how a stored model listens."""
        return cls(str(model.card["encoder"]), str(model.card["separation"]))


def check_hearing(encoder: str | None, separation: str | None) -> None:
    """Refuse names that there are not; InvalidInput lists those there are."""
    for what, name, known in (
        ("encoder", encoder, ENCODERS),
        ("separation", separation, SEPARATORS),
    ):
        if name is not None and name not in known:
            raise InvalidInput(f"no {what} {name!r}: wanted one of {', '.join(known)}.")


def choose_model(
    stores: Stores,
    catalogue: Catalogue,
    encoder: str | None,
    separation: str | None,
    again: bool = False,
) -> Steps[StoredModel]:
    """Return the model that new songs are embedded with.

    It is the one that answers, else the newest. Where another encoder or separation is asked
    for, it is the newest that listens so. Where there is none, and with `again`, the encoder
    that comes with Nearfield becomes a version of its own.
    """
    check_hearing(encoder, separation)
    answering = stores.spaces.active(catalogue.name, SOUND)
    known = [
        one
        for one in stores.models.list(catalogue.name)
        if one.recommender == SOUND and one.card.get("catalogue_uid") == catalogue.uid
    ]
    if answering is not None:
        known.sort(key=lambda one: one.version == answering.version)
    for model in () if again else reversed(known):
        hearing = Hearing.of(model)
        if encoder in (None, hearing.encoder) and separation in (None, hearing.separation):
            return model
    before = Hearing.of(known[-1]) if known else Hearing()
    hearing = Hearing(encoder or before.encoder, separation or before.separation)
    return (yield from _adopt(stores, catalogue, hearing))


def _adopt(stores: Stores, catalogue: Catalogue, hearing: Hearing) -> Steps[StoredModel]:
    """Make a version of an encoder that is trained already."""
    yield Progress(f"Getting the encoder '{hearing.encoder}'")
    encoder = load_encoder(hearing.encoder, stores.cache)
    yield Progress(f"Getting the separation '{hearing.separation}'")
    separator = load_separator(hearing.separation, stores.cache)
    version = new_version()
    folder = stores.models.of(catalogue.name, SOUND)
    draft = folder / f"{version}.draft"
    card = sound_card(catalogue, version, hearing, separator)
    encoder.save(draft, card)
    draft.rename(folder / version)
    return read_model(folder / version)


def sound_card(
    catalogue: Catalogue, version: str, hearing: Hearing, separator: Separator
) -> dict[str, Any]:
    """Return what stands in the card of a version, but for what the encoder says of itself."""
    counts = catalogue.counts()
    return {
        "recommender": SOUND,
        "version": version,
        "created": moment_of(version),
        "catalogue": catalogue.name,
        "catalogue_uid": catalogue.uid,
        "revision": catalogue.revision(),
        "encoder": hearing.encoder,
        "separation": hearing.separation,
        "separation_version": separator.version,
        "items": counts.items,
        "users": counts.users,
        "events": counts.events,
        "curve": [],
        "seconds": 0.0,
        "nearfield": version_of("nearfield"),
        "torch": version_of("torch"),
    }


def newest_model(stores: Stores, catalogue: Catalogue) -> StoredModel:
    """Return the model whose vectors answer, else the newest; NotFound where there is none."""
    answering = stores.spaces.active(catalogue.name, SOUND)
    if answering is not None:
        return stores.models.get(catalogue.name, SOUND, answering.version)
    try:
        return stores.models.newest(catalogue.name, SOUND)
    except NotFound as error:
        raise NotFound(
            f"catalogue '{catalogue.name}' has no songs yet. Run `nearfield music add FOLDER`."
        ) from error
