"""Keep one recommender for each space that answers, and make it anew when the space moves."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from nearfield.errors import InvalidInput, NotFound, VectorsAway
from nearfield.pipelines.model_owner import check_owner
from nearfield.pipelines.names import RECOMMENDERS, SOUND
from nearfield.pipelines.outage import Outage
from nearfield.pipelines.serve import open_served
from nearfield.pipelines.song_groups import SongGroups, Versions
from nearfield.pipelines.steady import Answering, Sources, Steady
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.without_vectors import check_vectors_wanted
from nearfield.recommend.blend import BLEND, DEFAULT_WEIGHTS, BlendView, asking, check_weights
from nearfield.recommend.last_good import Keeping, LastGood
from nearfield.recommend.model import UserModel
from nearfield.recommend.recommender import Recommender
from nearfield.recommend.standby import Standby
from nearfield.recommend.view import SpaceView, View
from nearfield.vectors.index import VectorIndex

if TYPE_CHECKING:
    from nearfield.vectors.spaces import Space

Weights: TypeAlias = Mapping[str, float]

_MOST: Final = 100
"""Recommenders kept: whoever asks with ever new weights shall not fill the memory."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A version that answers, with its model.

    Parameters
    ----------
    space : Space
        Which version.
    model : UserModel
        That made it, or that reads it.
    view : SpaceView
        Of both.
    """

    space: "Space"
    model: UserModel
    view: SpaceView


class Recommenders:
    """Opens the model of each version that answers, once. May be used from several threads.

    Parameters
    ----------
    stores : Stores
        The home.
    keeping : Keeping, optional
        How many answers are remembered for the time when a Milvus server does not answer; none
        of Milvus Lite, whose spaces are copied into memory.
    """

    def __init__(self, stores: Stores, keeping: Keeping | None = None) -> None:
        self._stores = stores
        self.memory = LastGood(keeping if "://" in stores.milvus_uri else Keeping(seconds=0))
        self.outage = Outage()
        self._opened: dict[tuple[str, str], Opened] = {}
        self._defaults: dict[str, tuple[str, tuple[int, ...]]] = {}
        self._made: dict[tuple[str, tuple[tuple[str, float], ...], Versions], Answering] = {}
        self._opening = threading.Lock()

    def get(
        self,
        catalogue: str | None = None,
        space: str | Weights | None = None,
        versions: Versions = "one",
    ) -> Steady:
        """Return what recommends for a catalogue, or for the only one; asked, it opens the spaces.

        Parameters
        ----------
        catalogue : str, optional
            Its name.
        space : str or mapping, optional
            See `read_space`; the default of the catalogue where not given.
        versions : {"one", "all"}
            Whether its lists show one performance of each song, or all.

        Raises
        ------
        NotFound
            If there is no catalogue; asked, if there is none of that name, a space was not
            published, or its model is gone.
        InvalidInput
            If there is no such space, or there are several catalogues; asked, if a space is of a
            catalogue that was removed and made anew.
        """
        name = catalogue or self._stores.only_catalogue()
        weights = read_space(self.default_space(name) if space is None else space)
        return Steady(
            Sources(
                lambda some: self.answering(name, some, versions),
                lambda: self.standby(name, versions),
                self.memory,
                self.outage,
            ),
            weights,
            versions,
        )

    def standby(self, catalogue: str, versions: Versions = "one") -> Standby:
        """Return what answers for a catalogue while its vectors cannot be asked."""
        found = self._stores.catalogue(catalogue)
        return Standby(found, SongGroups(found.pairs, versions), self.memory)

    def answering(
        self,
        catalogue: str | None = None,
        space: str | Weights | None = None,
        versions: Versions = "one",
    ) -> Answering:
        """Return a recommender, and which versions it answers from; errors as of `get`.

        Raises
        ------
        SpaceAway
            If one of several spaces cannot be opened.
        VectorsAway
            If the only one cannot.
        """
        name = catalogue or self._stores.only_catalogue()
        weights = tuple(read_space(self.default_space(name) if space is None else space).items())
        opened = tuple(self._open_one(name, one) for one, _ in weights)
        made = self._made.get((name, weights, versions))
        if made is None or any(a.view is not b for a, b in zip(opened, made.views, strict=True)):
            made = self._make(name, weights, versions, opened)
            with self._opening:
                if len(self._made) >= _MOST:
                    self._made.clear()
                self._made[name, weights, versions] = made
        return made

    def _make(
        self,
        catalogue: str,
        weights: tuple[tuple[str, float], ...],
        versions: Versions,
        opened: tuple[Opened, ...],
    ) -> Answering:
        views = tuple(one.view for one in opened)
        view: View = views[0]
        if len(views) > 1:
            view = BlendView(views, [weight for _, weight in weights])
        found = self._stores.catalogue(catalogue)
        recommender = Recommender(found, view, SongGroups(found.pairs, versions))
        models = {one.space.recommender: one.space.version for one in opened}
        return Answering(recommender, views, view.name, models, found.uid)

    def default_space(self, catalogue: str) -> str:
        """Return which space of a catalogue answers where none is named.

        It is the first in the order of `RECOMMENDERS` that is published. Where Milvus cannot tell,
        it is what it was, or the first of which there is a model.
        """
        try:
            return self._published(catalogue)
        except VectorsAway:
            known = self._defaults.get(catalogue)
            models = self._stores.models
            trained = (one for one in RECOMMENDERS if models.of(catalogue, one).is_dir())
            return known[0] if known is not None else next(trained, RECOMMENDERS[0])

    def _published(self, catalogue: str) -> str:
        spaces = self._stores.spaces
        found, moves = self._defaults.get(catalogue), spaces.moves(catalogue, RECOMMENDERS)
        if found is not None and found[1] == moves and (catalogue, found[0]) in self._opened:
            return found[0]
        there = [one for one in RECOMMENDERS if spaces.active(catalogue, one) is not None]
        if not there and self._stores.models.of(catalogue, SOUND).is_dir():
            return SOUND  # songs that are not in Milvus yet
        first = there[0] if there else RECOMMENDERS[0]
        self._defaults[catalogue] = first, moves
        return first

    def known_spaces(self, catalogue: str) -> list["Space"]:
        """Return the versions of a catalogue that were opened; nothing is asked for it."""
        found = {
            space: one.space
            for (name, space), one in list(self._opened.items())
            if name == catalogue
        }
        return [found[space] for space in RECOMMENDERS if space in found]

    def open(self, catalogue: str, space: str) -> Opened:
        """Return the version of a space that answers; errors as of `answering`.

        While one caller opens a version that is new, others are given the one before it.
        """
        opened = self._opened.get((catalogue, space))
        if opened is not None and self._answers(opened, catalogue, space):
            return opened
        check_vectors_wanted()  # whoever opens may wait long for Milvus
        if not self._opening.acquire(blocking=opened is None):
            assert opened is not None  # else it was waited for
            return opened
        try:
            opened = self._opened.get((catalogue, space))
            if opened is None or not self._answers(opened, catalogue, space):
                opened = self._opened[catalogue, space] = self._open(catalogue, space, opened)
        finally:
            self._opening.release()
        return opened

    def _open_one(self, catalogue: str, space: str) -> Opened:
        with asking(space):
            return self.open(catalogue, space)

    def _answers(self, opened: Opened, catalogue: str, name: str) -> bool:
        try:
            space, index = self._stores.spaces.open(catalogue, name)
        except NotFound:  # removed: its memory goes
            self._opened.pop((catalogue, name), None)
            raise
        return space.version == opened.space.version and index is opened.view.index

    def _open(self, name: str, recommender: str, before: Opened | None) -> Opened:
        """Open what answers now, and forget what was made of what answered before."""
        catalogue = self._stores.catalogue(name)
        space, index = self._stores.spaces.open(name, recommender)
        if before is not None:
            self._forget(before)
        stored = self._stores.models.get(name, recommender, space.version)
        check_owner(stored, catalogue)
        if recommender == SOUND:
            model = _listener(index)
        elif before is not None and before.space.version == space.version:
            model = before.model  # other vectors were written, or more
        else:
            model = open_served(stored)
        return Opened(space, model, SpaceView(recommender, index, model))

    def _forget(self, old: Opened) -> None:
        """Let go of recommenders that would keep an old mirror in memory."""
        views = {id(one.view) for one in self._opened.values() if one is not old}
        self._made = {
            key: made
            for key, made in self._made.items()
            if all(id(view) in views for view in made.views)
        }


def _listener(index: VectorIndex) -> UserModel:
    # clustering takes a part of scipy that those without songs need not wait for
    from nearfield.recommend.listener import ListenerModel

    return ListenerModel(index)


def read_space(space: str | Weights) -> dict[str, float]:
    """Return the spaces that are meant and their weights, which sum to 1.

    Parameters
    ----------
    space : str or mapping
        The name of one, ``blend`` for all with their default weights, or weights by name, which
        may be written ``fusion:0.6,graph:0.4``.

    Raises
    ------
    InvalidInput
        If there is no such space, or the weights cannot be used.

    Examples
    --------
    >>> read_space("graph")
    {'graph': 1.0}
    >>> read_space("fusion:3,graph:1")
    {'fusion': 0.75, 'graph': 0.25}
    """
    return dict(_read_text(space)) if isinstance(space, str) else _checked(dict(space))


@lru_cache(maxsize=100)
def _read_text(space: str) -> tuple[tuple[str, float], ...]:
    if space == BLEND:
        weights = dict(DEFAULT_WEIGHTS)
    else:
        weights = dict(_weighted(part.strip()) for part in space.split(","))
    return tuple(_checked(weights).items())


def _checked(weights: dict[str, float]) -> dict[str, float]:
    for name in weights:
        if name not in RECOMMENDERS:
            raise InvalidInput(
                f"no space {name!r}: there are {', '.join(RECOMMENDERS)}, and {BLEND}, which is "
                f"{' and '.join(DEFAULT_WEIGHTS)}."
            )
    return check_weights(weights)


def _weighted(text: str) -> tuple[str, float]:
    name, colon, weight = text.partition(":")
    if not colon:
        return name, 1.0
    try:
        return name, float(weight)
    except ValueError as error:
        raise InvalidInput(
            f"{weight!r} is not the weight of a space. Write e.g. fusion:0.6,graph:0.4."
        ) from error
