"""What a model must offer so that users can be answered: a vector, and where it came from."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from nearfield.types import Aversions, Ids, Interests, Shares, UserQuery, Vectors


class UserModel(Protocol):
    """A trained model that gives anyone a vector in the space of its items."""

    @property
    def recommender(self) -> str:
        """Name of the recommender that trained it, e.g. ``fusion``."""

    def embed_users(self, queries: Sequence[UserQuery]) -> Vectors:
        """Return one vector for each query, shape (queries, dim).

        Rows have unit length, except that a query of which the model knows nothing (no
        attribute that it has learned, no item that it has seen in training) gives a row of
        zeros: popularity answers it. Items that the model has not seen are ignored.
        """

    def explain(self, query: UserQuery, items: Ids) -> Shares:
        """Return how much of each item's score each event, and the attributes, account for.

        Parameters
        ----------
        query : UserQuery
            What was embedded.
        items : int64, shape (items,)
            Keys of the items to explain, all of them in the model's space.

        Returns
        -------
        Shares
            `events` of shape (items, events of the query), 0 for events that were not read.
        """

    def history_length(self) -> int:
        """Return how many of the newest events of a query are read; at least 1."""


@runtime_checkable
class ManyInterests(Protocol):
    """A model that keeps a user's interests apart."""

    def interests(self, query: UserQuery) -> Interests | None:
        """Return what a query that was embedded shows interest in; None where it does not count."""


@runtime_checkable
class PushesAway(Protocol):
    """A model that keeps answers away from what a user did not want."""

    def aversions(self, query: UserQuery) -> Aversions | None:
        """Return what a query that was embedded turns away from; None where there is nothing."""


@runtime_checkable
class ReadsGuests(Protocol):
    """A model that reads items by their vectors, and so also such as the catalogue lacks."""

    def check_guests(self, query: UserQuery) -> None:
        """Raise `InvalidInput` where a guest's vector does not belong to the model's space."""
