"""The map of a space: its items as points of a picture, drawn after publishing, kept as a file."""

import importlib.util
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from nearfield.errors import InvalidInput, NotFound, Unavailable
from nearfield.pipelines.names import RECOMMENDERS, check_recommender
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.projection import Points, project
from nearfield.pipelines.stores import Stores
from nearfield.types import Ids
from nearfield.vectors.spaces import Space

FEWEST: Final = 10
"""Items below which there is nothing to see on a map."""

PACKAGE: Final = "openTSNE"
EXTRA: Final = "pip install 'nearfield[map]'"

_FOLDER: Final = "maps"
_ENDING: Final = ".parquet"
_DRAFT: Final = ".draft"
_LONG_AGO: Final = 3600.0  # seconds: whoever wrote a draft for so long is gone
_STALE: Final = 0.1
"""Share of items more or fewer than are drawn, above which a map is drawn anew unasked."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Map:
    """Where the items of one version lie.

    Parameters
    ----------
    catalogue, space, version : str
        Of which version.
    keys : int64, shape (items,)
        Catalogue keys, rising.
    points : float32, shape (items, 2)
        Around the origin; near is similar, the axes mean nothing.
    """

    catalogue: str
    space: str
    version: str
    keys: Ids
    points: Points

    def summary(self) -> dict[str, str | int]:
        """Return what `nearfield map --json` prints."""
        named = {"catalogue": self.catalogue, "space": self.space, "version": self.version}
        return {**named, "items": len(self.keys)}


def make_map(
    stores: Stores, catalogue: str | None = None, space: str | None = None, seed: int = 0
) -> Steps[Map]:
    """Draw the map of the version that answers, and keep it.

    Until the new one is whole, the old one is there; a kill leaves it. The maps of versions that
    are gone are removed.

    Parameters
    ----------
    stores : Stores
        The home.
    catalogue : str, optional
        Whose items; the only one where not given.
    space : str, optional
        Which space; the first of `RECOMMENDERS` that answers where not given.
    seed : int
        Same seed, same machine, same map.

    Raises
    ------
    NotFound
        If there is no such catalogue, or nothing is published.
    InvalidInput
        If there is no such space, or it has fewer than `FEWEST` items.
    Unavailable
        If the library that draws is not installed.
    """
    found = stores.catalogue(catalogue)
    name = space or _first(stores, found.name)
    check_recommender(name)
    if not can_draw():
        raise Unavailable(
            f"maps are drawn by {PACKAGE}, which is not installed. Install it: {EXTRA}."
        )
    opened, index = stores.spaces.open(found.name, name)
    if len(index) < FEWEST:
        raise InvalidInput(
            f"the space {name} of '{found.name}' has {len(index)} items. A map wants {FEWEST} or "
            f"more: add some, then publish."
        )
    keys, vectors = zip(*index.scan(), strict=True)
    ids, rows = np.concatenate(keys), np.concatenate(vectors)
    order = np.argsort(ids)
    points = yield from project(np.ascontiguousarray(rows[order], dtype=np.float32), seed)
    drawn = Map(found.name, name, opened.version, ids[order], points)
    _write(_file(stores, found.name, name, opened.version), drawn)
    _sweep(stores, found.name)
    return drawn


def keep_map(stores: Stores, space: Space) -> Steps[None]:
    """Draw the map of a space that was just brought up to date, where that is worth while.

    What is published answers already: whatever goes wrong here is told and costs the map alone.
    """
    if not can_draw():
        yield Progress(f"Drawing no map: it wants {PACKAGE}, {EXTRA}")
        return
    try:
        if _is_due(stores, space):
            yield from make_map(stores, space.catalogue, space.recommender)
    except Exception as error:
        _log.debug("the map of %s was not drawn", space.collection, exc_info=True)
        yield Progress(f"Drawing no map: {str(error) or type(error).__name__}")


def read_map(stores: Stores, catalogue: str, space: str | None = None) -> Map:
    """Return the map of the version that answers; that of another while this one is drawn.

    Parameters
    ----------
    stores : Stores
        The home.
    catalogue : str
        Its name.
    space : str, optional
        Which space; the first of `RECOMMENDERS` that has a map where not given.

    Raises
    ------
    NotFound
        If there is none, with the command that draws it.
    InvalidInput
        If there is no such space.
    """
    if space is not None:
        check_recommender(space)
    for name in RECOMMENDERS if space is None else (space,):
        version = _version(stores, catalogue, name)
        if version is not None:
            return _read(stores, catalogue, name, version)
    which = f" --space {space}" if space else ""
    raise NotFound(
        f"there is no map of '{catalogue}' yet. It is drawn after publishing; run `nearfield map "
        f"--catalogue {catalogue}{which}`, or begin a job of the kind 'map'."
    )


def drawn_spaces(stores: Stores, catalogue: str) -> list[str]:
    """Return the spaces of a catalogue that have a map."""
    return [name for name in RECOMMENDERS if _version(stores, catalogue, name) is not None]


def can_draw() -> bool:
    """Tell whether the library that draws is installed; it is not loaded."""
    return importlib.util.find_spec(PACKAGE) is not None


def _first(stores: Stores, catalogue: str) -> str:
    """Return the first space that answers; the first of all where none does."""
    there = (one for one in RECOMMENDERS if stores.spaces.active(catalogue, one) is not None)
    return next(there, RECOMMENDERS[0])


def _version(stores: Stores, catalogue: str, space: str) -> str | None:
    """Return of which version there is a map to show."""
    drawn = {file.stem for file in _files(stores, catalogue, space)}
    if not drawn:
        return None
    try:
        active = stores.spaces.active(catalogue, space)
    except Unavailable:
        return max(drawn)  # pictures need no Milvus
    if active is None:
        return None
    return active.version if active.version in drawn else max(drawn)


def _is_due(stores: Stores, space: Space) -> bool:
    """Tell whether there is no map of a version yet, or many of its items are not on it."""
    held = stores.spaces.count(space)
    if held < FEWEST or not _file(stores, *_named(space)).is_file():
        return held >= FEWEST
    return abs(held - len(_read(stores, *_named(space)).keys)) > _STALE * held


def _named(space: Space) -> tuple[str, str, str]:
    return space.catalogue, space.recommender, space.version


def _file(stores: Stores, catalogue: str, space: str, version: str) -> Path:
    return stores.home / _FOLDER / catalogue / space / f"{version}{_ENDING}"


def _files(stores: Stores, catalogue: str, space: str) -> Iterator[Path]:
    return (stores.home / _FOLDER / catalogue / space).glob(f"*{_ENDING}")


def _write(file: Path, drawn: Map) -> None:
    """Write a map so that a reader sees all of it or nothing."""
    frame = pl.DataFrame({"key": drawn.keys, "x": drawn.points[:, 0], "y": drawn.points[:, 1]})
    draft = file.with_name(f"{file.name}.{os.getpid()}{_DRAFT}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(draft)
        os.replace(draft, file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise Unavailable(
            f"the map cannot be written to {file} ({error}). Make room, or let us write there, "
            f"then run `nearfield map`."
        ) from error


def _read(stores: Stores, catalogue: str, space: str, version: str) -> Map:
    file = _file(stores, catalogue, space, version)
    try:
        frame = pl.read_parquet(file, columns=["key", "x", "y"], memory_map=False)
        keys = frame["key"].cast(pl.Int64).to_numpy()
        points = frame.select(pl.col("x", "y").cast(pl.Float32)).to_numpy()
    except FileNotFoundError:
        raise NotFound(f"the map {file} was removed just now. Ask again.") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise Unavailable(
            f"{file} is no map ({error}). Draw it anew: nearfield map --catalogue {catalogue} "
            f"--space {space}."
        ) from error
    return Map(catalogue, space, version, keys, np.ascontiguousarray(points))


def _sweep(stores: Stores, catalogue: str) -> None:
    """Remove the maps of versions that Milvus does not hold any more, and what kills left."""
    spaces = [one for one in stores.spaces.list() if one.catalogue == catalogue]
    held = {_file(stores, *_named(one)) for one in spaces}
    for file in (stores.home / _FOLDER / catalogue).glob("*/*"):
        being_written = file.suffix == _DRAFT and time.time() - file.stat().st_mtime < _LONG_AGO
        if file not in held and not being_written:
            file.unlink(missing_ok=True)
