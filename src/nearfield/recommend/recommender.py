"""The one path that answers: who asks, what is near, what may be shown, and why."""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.facts import Item
from nearfield.catalogue.where import parse_where
from nearfield.errors import NotFound
from nearfield.recommend.ask import Ask, check_diversity, check_ids, check_size
from nearfield.recommend.explain import accepted, cite, common_genres, merge, tell
from nearfield.recommend.filters import Scope, combine
from nearfield.recommend.popularity import SPACE, most_popular, popularity_reason
from nearfield.recommend.profile import Profile, gather
from nearfield.recommend.retrieve import Ranked, pool_size, spread
from nearfield.recommend.view import Look, View
from nearfield.types import Ids, PublicId, Reason, Recommendation, no_ids


class Recommender:
    """Answers `recommend` and `similar` for one catalogue, from one space or several.

    It keeps nothing between two asks: the same ask gives the same answer until the catalogue
    or a space changes, and it may be used from several threads.

    Parameters
    ----------
    catalogue : Catalogue
        Facts of items and users.
    view : View
        How the items look to who asks: the vectors of one space, or of several.
    """

    def __init__(self, catalogue: Catalogue, view: View) -> None:
        self._catalogue = catalogue
        self._view = view

    def recommend(self, ask: Ask) -> list[Recommendation]:
        """Answer a wish, best first; where nothing is known of who asks, with what is popular.

        Never holds an item that the user has touched, that the wish names as liked or
        disliked, or that it excludes.

        Raises
        ------
        NotFound
            If the user or an item is unknown.
        InvalidInput
            If the wish contradicts itself, or an attribute or condition cannot be read.
        """
        profile = gather(self._catalogue, ask, self._view.history_length())
        scope = self._scope([profile.seen, self._keys(ask.exclude)], ask.allow, ask.where)
        look = None if profile.is_blank else self._view.look(profile.query)
        if look is None:
            return self._popular(ask, scope)
        found = _retrieve(look, ask.k, scope, ask.diversity)
        return self._explained(found, profile, look) if ask.explain else self._plain(found)

    def similar(
        self,
        item: PublicId,
        k: int = 10,
        where: str | None = None,
        diversity: float = 0.0,
        exclude: Sequence[PublicId] = (),
    ) -> list[Recommendation]:
        """Return the items nearest to one, best first, without itself.

        Parameters
        ----------
        item : int or str
            An item of the catalogue that has a vector.
        k, where, diversity, exclude
            As in `Ask`.

        Raises
        ------
        NotFound
            If the item is unknown, or came after the space was published.
        InvalidInput
            If a parameter is out of its range.
        """
        check_size(k)
        check_diversity(diversity)
        check_ids("exclude", exclude)
        key = self._keys([item])
        look = self._look_from(item, int(key[0]))
        scope = self._scope([key, self._keys(exclude)], None, where)
        found = _retrieve(look, k, scope, diversity)
        facts = self._facts(np.concatenate([key, found.ids]))
        own = facts[int(key[0])].genres
        reasons = [common_genres(own, facts[other].genres) for other in found.ids.tolist()]
        return self._answers(found, facts, reasons)

    def _scope(self, out: list[Ids], allow: Sequence[PublicId] | None, where: str | None) -> Scope:
        allowed = None if allow is None else self._keys(allow)
        matching = None if where is None else self._catalogue.matching(parse_where(where))
        return combine(out, [allowed, matching])

    def _keys(self, ids: Sequence[PublicId]) -> Ids:
        return self._catalogue.item_keys(ids) if len(ids) else no_ids()

    def _look_from(self, item: PublicId, key: int) -> Look:
        try:
            return self._view.look_from(key)
        except NotFound as error:
            raise NotFound(
                f"item {item!r} has no vector in the space {self._view.name!r} of catalogue "
                f"{self._catalogue.name!r}: it was imported later. Run `nearfield refresh "
                f"--catalogue {self._catalogue.name}`, or train and publish again."
            ) from error

    def _popular(self, ask: Ask, scope: Scope) -> list[Recommendation]:
        pool, users = most_popular(self._catalogue, scope, pool_size(ask.k, ask.diversity))
        if ask.diversity > 0:  # nothing says how items without a vector differ
            pool = pool.only(np.asarray(self._view.vectors(pool.ids).any(axis=1)))
        found = spread(pool, ask.k, ask.diversity, self._view.vectors)
        facts = self._facts(found.ids)
        return [
            _answer(
                facts[key],
                math.nan,
                SPACE,
                (popularity_reason(users[key]),) if ask.explain else (),
            )
            for key in found.ids.tolist()
        ]

    def _explained(self, found: Ranked, profile: Profile, look: Look) -> list[Recommendation]:
        if not len(found.ids):
            return []
        parts, items = look.parts(found.ids), profile.query.items
        middle = self._middle if profile.has_ratings else math.nan
        counts_for = accepted(profile, middle)
        cited = [cite(part.shares, items, counts_for) for part in parts]
        facts = self._facts(np.concatenate([found.ids, *(items[one.told] for one in cited)]))
        told = [
            tell(profile, part.shares, one, facts, part.space)
            for part, one in zip(parts, cited, strict=True)
        ]
        return self._answers(found, facts, merge(told))

    def _plain(self, found: Ranked) -> list[Recommendation]:
        return self._answers(found, self._facts(found.ids), [()] * len(found.ids))

    def _answers(
        self, found: Ranked, facts: Mapping[int, Item], reasons: Iterable[tuple[Reason, ...]]
    ) -> list[Recommendation]:
        return [
            _answer(facts[key], score, self._view.name, why)
            for key, score, why in zip(
                found.ids.tolist(), found.scores.tolist(), reasons, strict=True
            )
        ]

    def _facts(self, keys: Ids) -> dict[int, Item]:
        """Look up items by key, all in one query."""
        return {item.key: item for item in self._catalogue.items(np.unique(keys))}

    @cached_property
    def _middle(self) -> float:
        """The middle of the catalogue's rating scale; NaN where nothing is rated."""
        least, most = self._catalogue.rating_range()
        return (least + most) / 2


def _retrieve(look: Look, k: int, scope: Scope, diversity: float) -> Ranked:
    """Return the `k` best items of a scope, as different from each other as asked."""
    return spread(look.nearest(pool_size(k, diversity), scope), k, diversity, look.vectors)


def _answer(item: Item, score: float, space: str, reasons: tuple[Reason, ...]) -> Recommendation:
    return Recommendation(
        item=item.id,
        title=item.title,
        score=score,
        space=space,
        reasons=reasons,
        year=item.year,
        genres=item.genres,
    )
