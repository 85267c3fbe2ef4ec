"""What clients ask of a home of movies, with the right answers by exact search."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from nearfield.home import Nearfield
from nearfield.types import Recommendation
from real_servers.asking import K, Question

MOVIES: Final = "/api/catalogues/movies"

_ALL: Final = 1000
_CONDITION: Final = "genre = 'Drama'"


def make_questions(home: Nearfield, users: int, items: int) -> list[Question]:
    """Return recommendations and similar items to ask for, in turn.

    Parameters
    ----------
    home : Nearfield
        A home with Milvus Lite, whose copy in memory searches exactly; it has published what the
        servers have, too. It holds at most 1,000 items, the longest list there is.
    users, items : int
        How many of the first of each are asked for.
    """
    found: list[Question] = []
    for user in range(1, users + 1):
        full = home.recommend(user, _ALL)
        out = sorted(int(one.item) for one in full)[:3]
        found.append(_recommend(full, user=user))
        found.append(_recommend(home.recommend(user, _ALL, exclude=out), user=user, exclude=out))
        if user % 3 == 0:
            dramas = home.recommend(user, _ALL, where=_CONDITION)
            found.append(_recommend(dramas, user=user, where=_CONDITION))
    for item in range(1, items + 1):
        path = f"{MOVIES}/items/{item}/similar?k={K}"
        found.append(Question(path, None, (_truth(home.similar_items(item, _ALL)),)))
    return found


def either(one: Sequence[Question], other: Sequence[Question]) -> list[Question]:
    """Return the same questions, to which two versions have the answers."""
    pairs = zip(one, other, strict=True)
    return [replace(first, truths=first.truths + second.truths) for first, second in pairs]


def _recommend(full: Sequence[Recommendation], **wish: Any) -> Question:
    return Question(f"{MOVIES}/recommend", {"k": K, "explain": False, **wish}, (_truth(full),))


def _truth(full: Sequence[Recommendation]) -> dict[int, float]:
    return {int(one.item): one.score for one in full}
