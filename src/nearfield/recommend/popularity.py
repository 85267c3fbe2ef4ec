"""What most people took: the answer where nothing is known of the one who asks."""

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.recommend.filters import Scope
from nearfield.recommend.retrieve import Ranked
from nearfield.types import Reason, no_ids, no_scores

SPACE = "popularity"
"""Stands in a recommendation where else the name of a space does."""


def most_popular(catalogue: Catalogue, scope: Scope, k: int) -> tuple[Ranked, dict[int, int]]:
    """Return the `k` items of `scope` that most users took.

    Returns
    -------
    ranked : Ranked
        Most users first; scores are shares of the first one's users, in (0, 1].
    users : dict
        Key of each to how many users took it.
    """
    if scope.is_empty:
        return Ranked(no_ids(), no_scores()), {}
    if scope.only is not None:
        enough = catalogue.counts().items
    else:
        enough = k + (0 if scope.exclude is None else len(scope.exclude))
    keys, users = catalogue.popular(enough)
    kept = np.flatnonzero(scope.admits(keys))[:k]
    keys, users = keys[kept], users[kept]
    scores = (users / max(1, users.max(initial=1))).astype(np.float32)
    return Ranked(keys, scores), dict(zip(keys.tolist(), users.tolist(), strict=True))


def popularity_reason(users: int) -> Reason:
    """Say how many took it; not "liked": a low rating counts here too."""
    return Reason(f"chosen by {users:,} user{'' if users == 1 else 's'}", 1.0)
