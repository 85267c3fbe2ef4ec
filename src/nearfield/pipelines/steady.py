"""Recommend also while Milvus does not answer, and say so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from nearfield.errors import NotFound, VectorsAway
from nearfield.pipelines.outage import Outage
from nearfield.pipelines.without_vectors import check_waited_for
from nearfield.recommend.ask import Ask
from nearfield.recommend.blend import SpaceAway
from nearfield.recommend.last_good import (
    LastGood,
    Question,
    Remembered,
    fingerprint,
    question_of,
)
from nearfield.recommend.popularity import SPACE as POPULARITY
from nearfield.recommend.profile import Profile
from nearfield.recommend.recommender import Recommender
from nearfield.recommend.standby import Standby
from nearfield.recommend.view import SpaceView
from nearfield.types import PublicId, Recommendation, Recommendations, Vectors

Weights: TypeAlias = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers a question: a recommender, and what it was made of.

    Parameters
    ----------
    recommender : Recommender
        To be asked.
    views : tuple of SpaceView
        One for each space.
    name : str
        What stands in an answer as its origin: a space, or ``blend``.
    models : mapping
        Space to the version that answers.
    catalogue : str
        What tells the catalogue from any other, also from one of the same name.
    """

    recommender: Recommender
    views: tuple[SpaceView, ...]
    name: str
    models: Mapping[str, str]
    catalogue: str


@dataclass(frozen=True, slots=True)
class Sources:
    """What answers, and what does instead.

    Parameters
    ----------
    answering : callable
        Opens spaces with weights; raises as `Recommenders.answering`.
    standby : callable
        Opens what answers without them.
    memory : LastGood
        What was answered before.
    outage : Outage
        Is told of each answer.
    """

    answering: Callable[[Weights], Answering]
    standby: Callable[[], Standby]
    memory: LastGood
    outage: Outage


@dataclass(frozen=True, slots=True)
class _Answer:
    """What spaces said, and which of them."""

    found: list[Recommendation]
    profile: Profile | None
    asked: Answering
    lost: VectorsAway | None


class Steady:
    """Recommends from some spaces of a catalogue.

    Where one of several spaces does not answer, the others do; where none does, it is the last
    good answer to the same question, or what is popular. `Recommendations.degraded` tells.

    Parameters
    ----------
    sources : Sources
        What answers.
    weights : mapping
        Space to its weight.
    versions : str
        Which performances of a song are shown: questions that differ in it differ.
    """

    def __init__(self, sources: Sources, weights: Weights, versions: str) -> None:
        self._sources = sources
        self._weights = dict(weights)
        self._of = (tuple(sorted(weights.items())), versions)

    def recommend(self, ask: Ask) -> Recommendations:
        """Answer a wish; see `Recommender.recommend`, whose errors are raised.

        Raises
        ------
        Unavailable
            If the database does not answer.
        InUse
            If another process owns the vectors and serves them to nobody.
        """

        def asking(asked: Answering) -> tuple[list[Recommendation], Profile]:
            profile = asked.recommender.profile(ask)
            return asked.recommender.answer(ask, profile), profile

        def instead(standby: Standby, question: Question) -> Recommendations:
            return standby.list_for(ask, question)

        return self._answer(asking, ask, ("recommend", ""), instead)

    def similar(
        self,
        item: PublicId,
        k: int = 10,
        where: str | None = None,
        diversity: float = 0.0,
        exclude: Sequence[PublicId] = (),
        at_most: Mapping[str, int] | None = None,
    ) -> Recommendations:
        """Return what is near to an item; see `Recommender.similar`, whose errors are raised.

        Raises
        ------
        Unavailable
            If the database does not answer; or if Milvus does not, and nothing is known that has
            anything in common with the item.
        InUse
            As of `recommend`.
        """
        ask = Ask(k=k, where=where, diversity=diversity, exclude=exclude, at_most=at_most or {})

        def asking(asked: Answering) -> tuple[list[Recommendation], None]:
            return asked.recommender.similar_as(item, ask), None

        def instead(standby: Standby, question: Question) -> Recommendations:
            return standby.list_like(item, ask, question)

        return self._answer(asking, ask, ("similar", str(item)), instead)

    def similar_to(
        self,
        vector: Vectors,
        k: int = 10,
        where: str | None = None,
        diversity: float = 0.0,
        exclude: Sequence[PublicId] = (),
        at_most: Mapping[str, int] | None = None,
    ) -> Recommendations:
        """See `Recommender.similar_to`; VectorsAway where Milvus does not answer."""
        asked = self._sources.answering(self._weights)
        how = (k, where, diversity, exclude, at_most)
        found = asked.recommender.similar_to(vector, *how)
        return Recommendations(found, space=asked.name, models=asked.models)

    def _answer(
        self,
        asking: Callable[[Answering], tuple[list[Recommendation], Profile | None]],
        ask: Ask,
        about: tuple[str, str],
        instead: Callable[[Standby, Question], Recommendations],
    ) -> Recommendations:
        """Ask the spaces, and where none answers what stands by; `about` is question and item."""
        kind, item = about
        try:
            answer = self._ask(asking)
        except VectorsAway as error:
            check_waited_for()
            standby = self._sources.standby()
            question = self._question(kind, standby.catalogue, ask, item)
            return self._noted(instead(standby, question), error)
        return self._told(answer, ask, kind, item)

    def _ask(
        self, asking: Callable[[Answering], tuple[list[Recommendation], Profile | None]]
    ) -> _Answer:
        """Ask all spaces; where one does not answer, the others."""
        weights, lost = dict(self._weights), None
        while True:
            try:
                asked = self._sources.answering(weights)
                return _Answer(*asking(asked), asked, lost)
            except SpaceAway as error:
                del weights[error.space]
                lost = error
                if not weights:
                    raise
            except NotFound:
                if lost is not None:  # that space might have known it
                    raise lost from None
                raise

    def _told(self, answer: _Answer, ask: Ask, kind: str, item: str = "") -> Recommendations:
        """Return what was answered, and remember it where it is of the full quality."""
        asked, found = answer.asked, answer.found
        if answer.lost is not None:
            partial = Recommendations(
                found, space=asked.name, models=asked.models, degraded="partial"
            )
            return self._noted(partial, answer.lost)
        self._sources.outage.whole()
        memory = self._sources.memory
        if memory.keeps and found and found[0].space != POPULARITY:
            question = self._question(kind, asked.catalogue, ask, item)
            memory.keep(question, self._remembered(answer, ask, memory.clock()))
        return Recommendations(found, space=asked.name, models=asked.models)

    def _remembered(self, answer: _Answer, ask: Ask, moment: float) -> Remembered:
        found, profile, recommender = answer.found, answer.profile, answer.asked.recommender
        return Remembered(
            items=tuple(one.item for one in found),
            scores=tuple(one.score for one in found),
            k=ask.k,
            space=answer.asked.name,
            models=answer.asked.models,
            reasons=() if profile is None else tuple(one.reasons for one in found),
            profile=b"" if profile is None else fingerprint(profile),
            read=recommender.history_length(),
            moment=moment,
        )

    def _question(self, kind: str, catalogue: str, ask: Ask, item: str = "") -> Question:
        return question_of(kind, (catalogue, *self._of, item), ask)

    def _noted(self, found: Recommendations, error: VectorsAway) -> Recommendations:
        assert found.degraded is not None
        self._sources.outage.degraded(found.degraded, error)
        return found
