"""One run at a time changes a space, whichever machine it is on."""

from contextlib import AbstractContextManager

from nearfield.catalogue.exclusive import Held
from nearfield.pipelines.stores import Stores


def space_lock(
    stores: Stores, catalogue: str, recommender: str, seconds: float = 0.0
) -> AbstractContextManager[Held]:
    """Hold the right to publish, refresh or roll back a space.

    Parameters
    ----------
    stores : Stores
        The home; all that share its database are kept out.
    catalogue, recommender : str
        Which space.
    seconds : float
        How long to wait for it.

    Raises
    ------
    InUse
        If another process holds it.
    """
    return stores.catalogues.exclusive(
        f"space {catalogue} {recommender}",
        "One run publishes, refreshes or rolls back a space at a time. Wait for it.",
        seconds,
    )
