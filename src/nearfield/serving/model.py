"""A saved model as it answers: the same vectors and reasons as of the one that was trained."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nearfield.errors import InvalidInput
from nearfield.networks import tower_file as names
from nearfield.networks.features import Vocabulary
from nearfield.networks.history_model import Events, HistoryModel, Read, shares_of
from nearfield.serving.tensors import map_tensors
from nearfield.serving.tower import UserTower
from nearfield.training.card import CARD, WEIGHTS, read_json
from nearfield.types import Interests, UserQuery

_NO_CODES: Final = np.empty(0, dtype=np.int64)


class ServedModel(HistoryModel):
    """Gives users vectors, and says where they came from. May be used from several threads.

    It serves every recommender that reads histories: what differs between them stands in the file
    of the user tower. Weights stay on disk, shared by all processes that serve the model.

    Parameters
    ----------
    folder : Path
        Of a saved model.

    Raises
    ------
    NotFound
        If the folder holds no model, or none whose user tower was written apart.
    InvalidInput
        If a file is broken, or they do not belong together.
    """

    def __init__(self, folder: Path) -> None:
        self.card = read_json(folder / CARD)
        self._tensors = map_tensors(folder / WEIGHTS)
        self._tower = UserTower(folder / names.TOWER)
        self._check(folder)
        settings = self._tower.settings
        self._interests = int(settings.get(names.INTERESTS, 0))
        self._interest_share = float(settings.get(names.INTEREST_SHARE, 0))
        super().__init__(
            self._tensors[names.ITEM_KEYS],
            self._tensors[names.ITEM_VECTORS],
            Vocabulary.model_validate(self.card["vocabulary"]),
            int(settings[names.REACH]),
        )
        self._user_keys = self._tensors.get(names.USER_KEYS)

    @property
    def recommender(self) -> str:
        """Name of the recommender that trained it."""
        return str(self.card["recommender"])

    def interests(self, query: UserQuery) -> Interests | None:
        """Return the interests that a query's history shows; None where they do not count."""
        if not self._interest_share:
            return None
        # clustering takes a part of scipy that no other answer needs
        from nearfield.serving.interests import interests_of

        reading = self._read(query)
        return interests_of(
            self._units(reading.rows[reading.places]),
            query.weights[reading.places],
            self._interests,
            self._interest_share,
        )

    def _newest(self, query: UserQuery, events: Events) -> Read:
        user, codes = self._user_row(query.user), self._codes(query)
        given = {name: self._input(name, user, codes, events) for name in self._tower.inputs}
        vector, attention, recency = self._tower(given)
        known = user is not None or bool(codes.any())
        return Read(vector, attention, shares_of(recency), known)

    def _input(
        self, name: str, user: int | None, codes: NDArray[np.int64], events: Events
    ) -> NDArray[Any]:
        """Return what the tower calls so; see `tower_file`."""
        if name.startswith(names.ITEMS):
            return self._tensors[name.removeprefix(names.ITEMS)][events.items]
        if name.startswith(names.USER):
            row = -1 if user is None else user  # the last is everyone else's
            return self._tensors[name.removeprefix(names.USER)][[row]]
        told: dict[str, NDArray[Any]] = {
            names.RATINGS: events.ratings,
            names.WEIGHTS: events.weights,
            names.ATTRIBUTES: codes,
        }
        return told[name]

    def _codes(self, query: UserQuery) -> NDArray[np.int64]:
        """Return the codes of what is known of who asks; none where the tower reads none."""
        if names.ATTRIBUTES not in self._tower.inputs:
            return _NO_CODES
        codes: NDArray[np.int64] = self.vocabulary.attribute_codes([query.attributes])[0]
        return codes

    def _user_row(self, user: int | None) -> int | None:
        """Return the row of a user whom training saw."""
        keys = self._user_keys
        if user is None or keys is None:
            return None
        row = int(np.searchsorted(keys, user))
        return row if row < len(keys) and int(keys[row]) == user else None

    def _check(self, folder: Path) -> None:
        """Refuse files that were not written together."""
        tables = [names.ITEM_KEYS, names.ITEM_VECTORS]
        for name in self._tower.inputs:
            head, colon, table = name.partition(":")
            tables += [table] if colon and head + colon in (names.ITEMS, names.USER) else []
        missing = [table for table in tables if table not in self._tensors]
        if missing:
            raise InvalidInput(
                f"{folder / names.TOWER} reads the tensors {', '.join(missing)}, which are not in "
                f"{folder / WEIGHTS}: the two were not written together. Copy the model anew, or "
                f"remove the former and run `nearfield publish`."
            )
