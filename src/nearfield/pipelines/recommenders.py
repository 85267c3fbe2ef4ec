"""Keep one recommender for each space that answers, and make it anew when the space moves."""

import threading
from dataclasses import dataclass

from nearfield.pipelines.kinds import DEFAULT, kind_of
from nearfield.pipelines.publish import check_owner
from nearfield.pipelines.stores import Stores
from nearfield.recommend.recommender import Recommender
from nearfield.vectors.index import VectorIndex


@dataclass(frozen=True, slots=True)
class _Opened:
    version: str
    index: VectorIndex
    recommender: Recommender


class Recommenders:
    """Opens the model of the version that answers, once. May be used from several threads.

    Parameters
    ----------
    stores : Stores
        The home.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._opened: dict[tuple[str, str], _Opened] = {}
        self._opening = threading.Lock()

    def get(self, catalogue: str | None = None, space: str = DEFAULT) -> Recommender:
        """Return the recommender of a catalogue, or of the only one.

        Raises
        ------
        NotFound
            If there is no such catalogue, no space was published, or its model is gone.
        InvalidInput
            If the space is of a catalogue that was removed and made anew.
        """
        name = catalogue or self._stores.only_catalogue()
        opened = self._opened.get((name, space))
        if opened is None or not self._answers(opened, name, space):
            with self._opening:
                opened = self._opened.get((name, space))
                if opened is None or not self._answers(opened, name, space):
                    opened = self._opened[name, space] = self._open(name, space)
        return opened.recommender

    def _answers(self, opened: _Opened, catalogue: str, name: str) -> bool:
        space, index = self._stores.spaces.open(catalogue, name)
        return space.version == opened.version and index is opened.index

    def _open(self, name: str, recommender: str) -> _Opened:
        catalogue = self._stores.catalogue(name)
        space, index = self._stores.spaces.open(name, recommender)
        stored = self._stores.models.get(name, recommender, space.version)
        check_owner(stored, catalogue)
        model = kind_of(recommender).load(stored.folder)
        return _Opened(space.version, index, Recommender(catalogue, recommender, index, model))
