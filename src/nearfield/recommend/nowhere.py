"""The view of one who cannot see any vectors: what is popular is all there is to answer."""

import numpy as np

from nearfield.errors import Unavailable
from nearfield.recommend.popularity import SPACE
from nearfield.recommend.view import Look
from nearfield.types import Ids, UserQuery, Vectors


class Nowhere:
    """Satisfies `View` while no space can be asked: all there is to answer is what is popular."""

    name = SPACE

    def history_length(self) -> int:
        """Return 1: nothing is read of a history."""
        return 1

    def look(self, query: UserQuery) -> Look | None:
        """Return None: nothing is known that is of use."""
        return None

    def look_from(self, item: int) -> Look:
        """Raise `Unavailable`: nothing is near to an item where there are no vectors."""
        raise Unavailable("no vectors can be read at the moment. Ask again in some seconds.")

    def look_along(self, vector: Vectors) -> Look:
        """Raise `Unavailable`, as `look_from`."""
        raise Unavailable("no vectors can be read at the moment. Ask again in some seconds.")

    def vectors(self, ids: Ids) -> Vectors:
        """Return no vectors, shape (ids, 1) of zeros."""
        return np.zeros((len(ids), 1), dtype=np.float32)
