"""What the demos share: get data, import, train and publish, doing nothing twice."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from nearfield.catalogue.catalogue import Catalogue
from nearfield.datasets.read import read_folder
from nearfield.datasets.report import ReadResult
from nearfield.datasets.sources import find_dataset
from nearfield.datasets.tables import Columns
from nearfield.errors import InvalidInput, NotFound
from nearfield.pipelines.imports import import_read
from nearfield.pipelines.kinds import read_config
from nearfield.pipelines.models import StoredModel
from nearfield.pipelines.progress import Progress, Tell
from nearfield.pipelines.publish import publish
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.train import train
from nearfield.recommend.explain import label_of
from nearfield.training.card import read_json, write_json
from nearfield.types import Recommendation

DATASET: Final = "ml-100k"
"""What is fetched where no data are given."""

_SIGNATURE: Final = "demo.json"
"""File in the home that tells what the demo has made."""

_COMPARED: Final = 20
"""Items whose titles tell whether two data sets are the same."""


@dataclass(frozen=True)
class Demo:
    """What to show.

    Parameters
    ----------
    data : Path, optional
        A MovieLens folder or archive; `DATASET` is fetched where not given.
    catalogue : str
        Name of the catalogue to make.
    k : int
        Length of each list.
    options : mapping
        Settings of the recommender that differ from their defaults.
    """

    data: Path | None = None
    catalogue: str = "movies"
    k: int = 10
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """Something done, in one line for people."""

    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One list of items.

    Parameters
    ----------
    who : str
        Who asks, or which item, in a line for people.
    command : str
        The command line that asks the same, without the program's name.
    answers : list of Recommendation
        Best first.
    """

    who: str
    command: str
    answers: list[Recommendation]


DemoStep = Progress | Note | Shown


def prepare(
    stores: Stores, recommender: str, wanted: Demo, tell: Tell
) -> Generator[DemoStep, None, None]:
    """Import, train and publish, except for what an earlier run has done.

    Parameters
    ----------
    stores : Stores
        The home.
    recommender : str
        What is trained.
    wanted : Demo
        On which data.
    tell : callable
        Told the progress of downloads, which cannot yield.
    """
    yield from _import(stores, wanted, tell)
    model = yield from _train(stores, recommender, wanted)
    yield from _publish(stores, model)


def _import(stores: Stores, wanted: Demo, tell: Tell) -> Generator[DemoStep, None, None]:
    yield Progress(f"Looking for {wanted.data or DATASET}")
    folder = find_dataset(
        DATASET,
        wanted.data,
        stores.cache,
        lambda what, done, total: tell(Progress(what, done, total, "bytes")),
    )
    yield Progress(f"Reading {folder}")
    read = read_folder(folder)
    yield from _make_room(stores, wanted.catalogue, read)
    own = _is_own(stores, wanted.catalogue)
    done = yield from import_read(stores, wanted.catalogue, read)
    if own:
        held = stores.catalogues.get(wanted.catalogue)
        write_json(stores.home / _SIGNATURE, _signature(held))
    holds = f"{done.counts.items:,} movies, {done.counts.users:,} users, {done.counts.events:,}"
    if done.unchanged:
        yield Note(f"'{wanted.catalogue}' already holds all of {done.layout}: {holds} ratings.")
    else:
        yield Note(f"Imported {done.layout} into '{wanted.catalogue}': {holds} ratings.")
    if done.report.refused:
        yield Note("\n".join(done.report.lines()))


def _make_room(stores: Stores, name: str, read: ReadResult) -> Generator[DemoStep, None, None]:
    """Let nobody mix two data sets, in which the same id is another movie.

    What an earlier demo made, and nothing has changed since, is replaced; anything else stays.
    """
    if name not in stores.catalogues.names():
        return
    held = stores.catalogues.get(name)
    difference = _difference(held, read)
    if difference is None:
        return
    if not _is_own(stores, name):
        raise InvalidInput(
            f"the catalogue '{name}' holds another data set than {read.layout}: {difference}. "
            f"Mixed, both would be spoilt. Give this one a name of its own: --catalogue "
            f"{read.layout}, or another home: --home DIR."
        )
    stores.spaces.drop(name)
    stores.catalogues.remove(name)
    yield Note(f"Replacing what an earlier demo had put into '{name}'.")


def _difference(held: Catalogue, read: ReadResult) -> str | None:
    """Return an item that shows that a catalogue holds another data set, or None."""
    items = read.tables.items
    step = max(1, items.height // _COMPARED)
    sample = items.gather_every(step).select(Columns.ITEM, Columns.TITLE, Columns.YEAR)
    titles = {item: label_of(title, year) for item, title, year in sample.iter_rows()}
    known = _held(held, list(titles))
    other = [item for item, title in known.items() if titles[item] != title]
    if 2 * len(other) <= len(known):
        return None
    return f"item {other[0]} is {known[other[0]]!r} there and {titles[other[0]]!r} here"


def _is_own(stores: Stores, name: str) -> bool:
    """Return whether a catalogue is yet to be made, or is as the last demo left it."""
    if name not in stores.catalogues.names():
        return True
    path = stores.home / _SIGNATURE
    return path.exists() and read_json(path) == _signature(stores.catalogues.get(name))


def _signature(held: Catalogue) -> dict[str, Any]:
    return {"catalogue": held.name, "uid": held.uid, "revision": held.revision()}


def _held(catalogue: Catalogue, items: list[str]) -> dict[str, str]:
    """Return what those items that a catalogue holds are called."""
    found = {}
    for item in items:
        try:
            (one,) = catalogue.items(catalogue.item_keys([item]))
        except NotFound:
            continue
        found[item] = label_of(one.title, one.year)
    return found


def _train(
    stores: Stores, recommender: str, wanted: Demo
) -> Generator[DemoStep, None, StoredModel]:
    catalogue = stores.catalogue(wanted.catalogue)
    same = {
        "recommender": recommender,
        "config": read_config(recommender, wanted.options).model_dump(mode="json"),
        "revision": catalogue.revision(),
        "catalogue_uid": catalogue.uid,
    }
    for model in reversed(stores.models.list(wanted.catalogue)):
        if all(model.card.get(name) == value for name, value in same.items()):
            yield Note(f"Model {model.version} was trained on just these ratings: using it again.")
            return model
    model = yield from train(stores, recommender, wanted.catalogue, wanted.options)
    yield Note(f"Trained {recommender} model {model.version} in {model.card['seconds']:.0f} s.")
    return model


def _publish(stores: Stores, model: StoredModel) -> Generator[DemoStep, None, None]:
    active = stores.spaces.active(model.catalogue, model.recommender)
    if active is not None and active.version == model.version:
        yield Note(f"Its {active.rows:,} item vectors are in Milvus already.")
        return
    space = yield from publish(stores, model.catalogue, model.folder, model.recommender)
    yield Note(f"Published {space.rows:,} item vectors of {space.dim} dimensions to Milvus.")
