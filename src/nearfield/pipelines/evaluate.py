"""Measure the fusion model beside the baselines on one catalogue."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar, get_args

from nearfield.datasets.tables import Collection
from nearfield.errors import InvalidInput
from nearfield.evaluate import protocol
from nearfield.evaluate.candidates import Candidate, RatingCandidate
from nearfield.evaluate.fusion_model import FusionCandidate, FusionRatingCandidate
from nearfield.evaluate.lineup import cold_baselines, ranking_baselines, rating_baselines
from nearfield.evaluate.protocol import Row
from nearfield.pipelines.progress import Progress, Tell
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.train import fusion_config

Protocol = Literal["last-out", "random", "rating", "cold"]

SECTIONS: Final[Mapping[Protocol, str]] = {
    "last-out": "last-out",
    "random": "random",
    "rating": "rating",
    "cold": "attributes-only",
}
"""Name of each protocol in the report."""

C = TypeVar("C", Candidate, RatingCandidate)


@dataclass(frozen=True)
class Evaluation:
    """What to measure.

    Parameters
    ----------
    protocol : {"last-out", "random", "rating", "cold"}
        See `docs/evaluation.md`; "cold" asks for users known by attributes only.
    models : sequence of str
        Names of rows, in any case; all where empty.
    options : mapping
        Fields of `FusionConfig` that differ from their defaults; `seed` is also the split's.

    Raises
    ------
    InvalidInput
        If there is no such protocol.
    """

    protocol: Protocol = "last-out"
    models: Sequence[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the protocol."""
        if self.protocol not in get_args(Protocol):
            raise InvalidInput(
                f"no protocol {self.protocol!r}: wanted one of {', '.join(get_args(Protocol))}."
            )

    @property
    def seed(self) -> int:
        """Of the split."""
        return int(self.options.get("seed", 0))


def evaluate(
    collection: Collection, wanted: Evaluation, tell: Tell = lambda progress: None
) -> Iterator[Row]:
    """Yield one row a model, the baselines first, each as soon as it is measured.

    Raises
    ------
    InvalidInput
        If a model is not in the line-up, or the collection has too few events.
    """

    def progress(what: str, done: int, total: int) -> None:
        tell(Progress(what, done, total))

    if wanted.protocol == "rating":
        fusion = FusionRatingCandidate(fusion_config({**wanted.options, "objective": "rating"}))
        ratings = _chosen([*rating_baselines(), fusion], wanted.models)
        return protocol.evaluate_rating(collection, ratings, wanted.seed, progress)
    rankings = _chosen(_rankings(collection, wanted), wanted.models)
    if wanted.protocol == "last-out":
        return protocol.evaluate_last_out(collection, rankings, progress)
    if wanted.protocol == "random":
        return protocol.evaluate_random(collection, rankings, wanted.seed, progress)
    return protocol.evaluate_attributes_only(
        collection, rankings, seed=wanted.seed, progress=progress
    )


def read_collection(stores: Stores, catalogue: str | None = None) -> Collection:
    """Return everything in a catalogue, or in the only one."""
    return stores.catalogue(catalogue).collection()


def _rankings(collection: Collection, wanted: Evaluation) -> list[Candidate]:
    ordered = wanted.protocol != "random"  # where test events are hidden anywhere, none is newest
    settings = {"ordered": ordered, **wanted.options, "objective": "retrieval"}
    fusion = FusionCandidate(fusion_config(settings))
    if wanted.protocol == "cold":
        return [*cold_baselines(), fusion]
    recency = wanted.protocol == "last-out"
    return [*ranking_baselines(collection.interactions.items, recency), fusion]


def _chosen(lineup: Sequence[C], names: Sequence[str]) -> list[C]:
    """Return the models of those names, in the order of the line-up."""
    known = {one.name.casefold() for one in lineup}
    strange = [name for name in names if name.casefold() not in known]
    if strange:
        raise InvalidInput(
            f"no model {', '.join(map(repr, strange))} under this protocol. There are "
            f"{', '.join(one.name for one in lineup)}."
        )
    folded = {name.casefold() for name in names}
    return [one for one in lineup if not folded or one.name.casefold() in folded]
