"""The one path that answers: who asks, what is near, what may be shown, and why."""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.facts import Item
from nearfield.catalogue.where import parse_where
from nearfield.errors import NotFound
from nearfield.recommend.ask import Ask, check_unit
from nearfield.recommend.duplicates import Alone, Groups
from nearfield.recommend.explain import accepted, cite, common_genres, common_traits, merge, tell
from nearfield.recommend.filters import Scope, combine
from nearfield.recommend.limits import Limits
from nearfield.recommend.popularity import SPACE, most_popular, popularity_reason
from nearfield.recommend.profile import Profile, gather
from nearfield.recommend.retrieve import Ranked, pool_size, spread
from nearfield.recommend.stages import stage
from nearfield.recommend.view import Look, View
from nearfield.rising import rising
from nearfield.types import Ids, PublicId, Reason, Recommendation, Vectors, no_ids


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
    groups : Groups, optional
        Which items are duplicates; an answer holds one of each group, and none of the groups of
        what is kept out. Where not given, no item is.
    """

    def __init__(self, catalogue: Catalogue, view: View, groups: Groups | None = None) -> None:
        self._catalogue = catalogue
        self._view = view
        self._groups = groups or Alone()

    def recommend(self, ask: Ask) -> list[Recommendation]:
        """Answer a wish, best first; where nothing is known of who asks, with what is popular.

        Never holds an item that the wish names as listened to, liked or disliked, or that it
        excludes, nor one that the user has touched, unless the wish lets it `repeat`.

        Raises
        ------
        NotFound
            If the user or an item is unknown.
        InvalidInput
            If the wish contradicts itself, or an attribute or condition cannot be read.
        """
        return self.answer(ask, self.profile(ask))

    def history_length(self) -> int:
        """Return how many of the newest events of who asks are read."""
        return self._view.history_length()

    def profile(self, ask: Ask) -> Profile:
        """Return what is known of who asks; no vector is looked at. Errors as of `recommend`."""
        with stage("filter"):
            return gather(self._catalogue, ask, self.history_length())

    def answer(self, ask: Ask, profile: Profile) -> list[Recommendation]:
        """As `recommend`, for one of whom `profile` is known."""
        with stage("filter"):
            scope, limits = self._allowed(ask, profile.seen)
        with stage("embed"):
            look = None if profile.is_blank else self._view.look(profile.query)
        if look is None:
            return self._popular(ask, scope, limits)
        found = _retrieve(look, ask.k, scope, ask.diversity, limits)
        with stage("explain"):
            return self._explained(found, profile, look) if ask.explain else self._plain(found)

    def similar(
        self,
        item: PublicId,
        k: int = 10,
        where: str | None = None,
        diversity: float = 0.0,
        exclude: Sequence[PublicId] = (),
        at_most: Mapping[str, int] | None = None,
    ) -> list[Recommendation]:
        """Return the items nearest to one, best first, without itself and its duplicates.

        Parameters
        ----------
        item : int or str
            An item of the catalogue that has a vector.
        k, where, diversity, exclude, at_most
            As in `Ask`.

        Raises
        ------
        NotFound
            If the item is unknown, or came after the space was published.
        InvalidInput
            If a parameter is out of its range.
        """
        ask = Ask(k=k, where=where, diversity=diversity, exclude=exclude, at_most=at_most or {})
        return self.similar_as(item, ask)

    def similar_as(self, item: PublicId, ask: Ask) -> list[Recommendation]:
        """As `similar`, of a wish; who asks counts for nothing."""
        with stage("embed"):
            key = self._keys([item])
            look = self._look_from(item, int(key[0]))
        found = self._alike(look, ask, key)
        with stage("explain"):
            return self._compared(int(key[0]), found)

    def _compared(self, item: int, found: Ranked) -> list[Recommendation]:
        """Return what was found near to an item, with what both have in common."""
        facts = self._facts(np.append(found.ids, item))
        own, others = facts[item], [facts[other] for other in found.ids.tolist()]
        return self._answers(found, facts, [in_common(own, other) for other in others])

    def similar_to(
        self,
        vector: Vectors,
        k: int = 10,
        where: str | None = None,
        diversity: float = 0.0,
        exclude: Sequence[PublicId] = (),
        at_most: Mapping[str, int] | None = None,
    ) -> list[Recommendation]:
        """Return the items nearest to something that the catalogue does not hold, best first.

        Parameters
        ----------
        vector : float32, shape (dim,)
            Its unit vector, made by what made those of the space; no blend can be asked so.
        k, where, diversity, exclude, at_most
            As in `Ask`.

        Raises
        ------
        InvalidInput
            If a parameter is out of its range, or the vector is of another space.
        """
        ask = Ask(k=k, where=where, diversity=diversity, exclude=exclude, at_most=at_most or {})
        check_unit(vector)
        return self._plain(self._alike(self._view.look_along(vector), ask, no_ids()))

    def _alike(self, look: Look, ask: Ask, own: Ids) -> Ranked:
        """Return what is near to an item, without the keys of its own."""
        with stage("filter"):
            scope, limits = self._allowed(ask, own)
        return _retrieve(look, ask.k, scope, ask.diversity, limits)

    def _allowed(self, ask: Ask, out: Ids, held: Ids | None = None) -> tuple[Scope, Limits]:
        """Return what an answer may hold, without the keys of `out` and what the wish excludes."""
        out = np.concatenate([out, self._keys(ask.exclude)])
        allowed = None if ask.allow is None else self._keys(ask.allow)
        matching = None if ask.where is None else self._catalogue.matching(parse_where(ask.where))
        scope = combine([out], [allowed, matching])
        return scope, Limits(self._catalogue, ask.at_most, self._groups, out, held)

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

    def _popular(self, ask: Ask, scope: Scope, limits: Limits) -> list[Recommendation]:
        users: dict[int, int] = {}

        def fetch(size: int) -> Ranked:
            pool, counted = most_popular(self._catalogue, scope, size)
            users.update(counted)
            return pool

        pool = limits.fill(fetch, pool_size(ask.k, ask.diversity))
        if ask.diversity > 0:  # nothing says how items without a vector differ
            pool = pool.only(np.asarray(self._view.vectors(pool.ids).any(axis=1)))
        found = spread(pool, ask.k, ask.diversity, self._view.vectors)
        facts = self._facts(found.ids)
        return [
            answer_line(
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
        told = np.concatenate([found.ids, *(items[one.told] for one in cited)])
        facts = self._facts(told[told > 0]) | dict(profile.guests)
        reasons = [
            tell(profile, part.shares, one, facts, part.space)
            for part, one in zip(parts, cited, strict=True)
        ]
        return self._answers(found, facts, merge(reasons))

    def _plain(self, found: Ranked) -> list[Recommendation]:
        return self._answers(found, self._facts(found.ids), [()] * len(found.ids))

    def _answers(
        self, found: Ranked, facts: Mapping[int, Item], reasons: Iterable[tuple[Reason, ...]]
    ) -> list[Recommendation]:
        return [
            answer_line(facts[key], score, self._view.name, why)
            for key, score, why in zip(
                found.ids.tolist(), found.scores.tolist(), reasons, strict=True
            )
        ]

    def _facts(self, keys: Ids) -> dict[int, Item]:
        """Look up items by key, all in one query."""
        return self._catalogue.items_by_key(rising(keys))

    @cached_property
    def _middle(self) -> float:
        """The middle of the catalogue's rating scale; NaN where nothing is rated."""
        least, most = self._catalogue.rating_range()
        return (least + most) / 2


def in_common(one: Item, other: Item) -> tuple[Reason, ...]:
    """Say what two items share: genres, and of songs also artist, album, key and tempo."""
    genres = common_genres(one.genres, other.genres)
    return genres + common_traits(one.attributes, other.attributes)


def _retrieve(look: Look, k: int, scope: Scope, diversity: float, limits: Limits) -> Ranked:
    """Return the `k` best items of a scope, as different from each other as asked."""
    with stage("search"):
        pool = limits.fill(lambda size: look.nearest(size, scope), pool_size(k, diversity))
    with stage("rerank"):
        return spread(pool, k, diversity, look.vectors)


def answer_line(
    item: Item, score: float, space: str, reasons: tuple[Reason, ...] = ()
) -> Recommendation:
    """Return one line of an answer."""
    return Recommendation(
        item=item.id,
        title=item.title,
        score=score,
        space=space,
        reasons=reasons,
        year=item.year,
        genres=item.genres,
        attributes=dict(item.attributes),  # theirs: the item is kept for others
    )
