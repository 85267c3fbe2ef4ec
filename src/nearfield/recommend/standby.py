"""Answer without vectors: with what was answered before, else with what is popular."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.condition import GENRE, AnyOf, Condition, OneOf
from nearfield.catalogue.facts import Item
from nearfield.errors import Unavailable
from nearfield.recommend.ask import Ask
from nearfield.recommend.duplicates import Groups
from nearfield.recommend.last_good import LastGood, Question, Reasons, Remembered, fingerprint
from nearfield.recommend.nowhere import Nowhere
from nearfield.recommend.popularity import SPACE, popularity_reason
from nearfield.recommend.profile import gather
from nearfield.recommend.recommender import Recommender, answer_line, in_common
from nearfield.recommend.retrieve import Ranked
from nearfield.rising import find, rising, without
from nearfield.types import (
    Ids,
    PublicId,
    Reason,
    Recommendation,
    Recommendations,
    no_ids,
)

_ARTIST: Final = "artist"

_LOOKED_AT: Final = 1000
"""The most popular items with a genre or artist in common, of which the most alike are shown."""


class Standby(Recommender):
    """Answers for one catalogue while its vectors cannot be asked.

    Nothing is shown that was deleted since it was remembered, that the one who asks touched
    since, or that does not satisfy the wish any more.

    Parameters
    ----------
    catalogue : Catalogue
        Facts of items and users.
    groups : Groups
        Which items are duplicates.
    memory : LastGood
        What was answered before.
    """

    def __init__(self, catalogue: Catalogue, groups: Groups, memory: LastGood) -> None:
        super().__init__(catalogue, Nowhere(), groups)
        self._memory = memory
        self.catalogue = catalogue.uid

    def list_for(self, ask: Ask, question: Question) -> Recommendations:
        """Answer a wish; errors as of `recommend`."""
        before = self._memory.find(question, ask.k)
        if before is not None:
            profile = gather(self._catalogue, ask, before.read)
            still = self._still(before, ask, profile.seen)
            if still:
                same = fingerprint(profile) == before.profile
                reasons = before.reasons if same else _reasons(before, self._age(before))
                return self._again(before, still, reasons)
        popular = self.recommend(replace(ask, diversity=0.0))  # nothing says how items differ
        return Recommendations(popular, space=SPACE, degraded="popular")

    def list_like(self, item: PublicId, ask: Ask, question: Question) -> Recommendations:
        """Answer what is similar to an item.

        Raises
        ------
        NotFound
            If the item is unknown.
        Unavailable
            If neither an earlier answer nor anything in common with the item is known.
        """
        key = self._keys([item])
        before = self._memory.find(question, ask.k)
        if before is not None:
            still = self._still(before, ask, key)
            if still:
                facts = self._facts(np.array([int(key[0]), *still.values()]))
                own = facts[int(key[0])]
                common = {place: in_common(own, facts[one]) for place, one in still.items()}
                return self._again(before, still, common)
        alike = self.alike(key, ask)
        if not alike:
            raise Unavailable(
                f"what is similar to item {item!r} cannot be told: Milvus does not answer, and no "
                f"other item has a genre in common with it. Ask again in some seconds."
            )
        return Recommendations(alike, space=SPACE, degraded="popular")

    def again(self, question: Question, ask: Ask) -> Recommendations | None:
        """Return what of an answer to a question may still be shown; None where there is none."""
        before = self._memory.find(question, ask.k)
        still = {} if before is None else self._still(before, ask, no_ids())
        if before is None or not still:
            return None
        return self._again(before, still, before.reasons)

    def alike(self, seeds: Ids, ask: Ask, held: Ids | None = None) -> list[Recommendation]:
        """Return what has genres or the artist in common with some items, without these.

        Those that have most in common come first, then those that more users chose.

        Parameters
        ----------
        seeds : int64, shape (any,)
            Keys of these items.
        ask : Ask
            How many, and which may come.
        held : int64, shape (any,), optional
            Items that `ask.at_most` counts, too.
        """
        own = list(self._facts(seeds).values())
        condition = _in_kind(own)
        scope, limits = self._allowed(ask, seeds, held)
        if condition is None or scope.is_empty:
            return []
        keys, users = self._by_users(self._catalogue.matching(condition))
        keys = keys[scope.admits(keys)][:_LOOKED_AT]
        facts = self._facts(keys)
        reasons = {key: _most_in_common(own, facts[key]) for key in keys.tolist()}
        share = np.array([_share(reasons[key]) for key in keys.tolist()], dtype=np.float32)
        order = np.argsort(-share, kind="stable")
        found = limits.keep(Ranked(keys[order], share[order])).ids[: ask.k]
        return [
            answer_line(facts[key], math.nan, SPACE, reasons[key] + _chosen(users.get(key, 0)))
            for key in found.tolist()
        ]

    def lines(self, keys: Ids, reason: Reason) -> list[Recommendation]:
        """Return lines of items that were not looked for, with the same reason for all."""
        facts = self._facts(keys)
        return [answer_line(facts[key], math.nan, SPACE, (reason,)) for key in keys.tolist()]

    def _by_users(self, keys: Ids) -> tuple[Ids, Mapping[int, int]]:
        """Return the same keys, those first that most users chose, and how many users each has."""
        popular, users = self._catalogue.popular(self._catalogue.counts().items)
        chosen = find(rising(keys), popular) >= 0
        popular, users = popular[chosen], users[chosen]
        rest = without(rising(keys), rising(popular))
        known = dict(zip(popular.tolist(), users.tolist(), strict=True))
        return np.concatenate([popular, rest]), known

    def _still(self, before: Remembered, ask: Ask, out: Ids) -> dict[int, int]:
        """Return the places of a remembered answer that may be shown now, with their keys."""
        keys = self._catalogue.keys_there(before.items)
        scope, limits = self._allowed(ask, out)
        pool = Ranked(keys, np.array(before.scores, dtype=np.float32))
        kept = limits.keep(pool.only((keys > 0) & scope.admits(keys))).ids
        places = np.flatnonzero(np.isin(keys, kept))[: ask.k]
        return dict(zip(places.tolist(), keys[places].tolist(), strict=True))

    def _again(
        self,
        before: Remembered,
        still: Mapping[int, int],
        reasons: Mapping[int, Reasons] | Sequence[Reasons],
    ) -> Recommendations:
        """Return some lines of a remembered answer, as their items are described now."""
        facts = self._facts(np.array(list(still.values()), dtype=np.int64))
        return Recommendations(
            (
                answer_line(facts[key], before.scores[place], before.space, reasons[place])
                for place, key in still.items()
            ),
            space=before.space,
            models=before.models,
            degraded="last-good",
        )

    def _age(self, before: Remembered) -> Reason:
        minutes = math.ceil((self._memory.clock() - before.moment) / 60)
        when = "a minute" if minutes <= 1 else f"{minutes} minutes"
        return Reason(f"in your list of {when} ago", 1.0)


def _reasons(before: Remembered, instead: Reason) -> dict[int, Reasons]:
    """Return one reason for all items that had any: theirs are of a history that is over."""
    return {place: (instead,) if why else () for place, why in enumerate(before.reasons)}


def _in_kind(items: list[Item]) -> Condition | None:
    """Return the condition of having a genre or the artist of some items; None without any."""
    genres = {genre for one in items for genre in one.genres}
    artists = {name for one in items if (name := one.attributes.get(_ARTIST, "").strip())}
    parts = [
        OneOf(field, tuple(sorted(values)))
        for field, values in ((GENRE, genres), (_ARTIST, artists))
        if values
    ]
    return AnyOf(tuple(parts)) if parts else None


def _most_in_common(own: list[Item], other: Item) -> Reasons:
    return max((in_common(one, other) for one in own), key=_share)


def _share(reasons: Reasons) -> float:
    return sum(why.share for why in reasons)


def _chosen(users: int) -> Reasons:
    """Say how many chose an item: it decides among those that have as much in common."""
    return (replace(popularity_reason(users), share=0.0),) if users else ()
