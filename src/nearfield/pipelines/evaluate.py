"""Measure our recommenders beside the baselines on one catalogue."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar, get_args

from nearfield.datasets.tables import Collection
from nearfield.errors import InvalidInput
from nearfield.evaluate import item_to_item, protocol
from nearfield.evaluate.blend import BlendCandidate, Once
from nearfield.evaluate.candidates import Candidate, ItemCandidate, RatingCandidate
from nearfield.evaluate.fusion_model import FusionCandidate, FusionRatingCandidate
from nearfield.evaluate.graph_model import GraphCandidate
from nearfield.evaluate.lineup import (
    cold_baselines,
    item_baselines,
    ranking_baselines,
    rating_baselines,
    slow_baselines,
    slow_item_baselines,
)
from nearfield.evaluate.rows import Row
from nearfield.pipelines.kinds import KINDS, read_config
from nearfield.pipelines.progress import Progress, Tell
from nearfield.pipelines.stores import Stores

Protocol = Literal["last-out", "random", "rating", "cold", "item-to-item", "item-to-item-dgl"]

SECTIONS: Final[Mapping[Protocol, str]] = {
    "last-out": "last-out",
    "random": "random",
    "rating": "rating",
    "cold": "attributes-only",
    "item-to-item": "item-to-item",
    "item-to-item-dgl": "item-to-item-dgl",
}
"""Name of each protocol in the report."""

C = TypeVar("C", Candidate, RatingCandidate, ItemCandidate)


@dataclass(frozen=True)
class Evaluation:
    """What to measure.

    Parameters
    ----------
    protocol : {"last-out", "random", "rating", "cold", "item-to-item", "item-to-item-dgl"}
        See `docs/evaluation.md`; "cold" asks for users known by attributes only.
    models : sequence of str
        Names of rows, in any case; all but the slow ones where empty.
    options : mapping
        Settings of our recommenders that differ from their defaults, for each that knows them;
        `seed` is also the split's.

    Raises
    ------
    InvalidInput
        If there is no such protocol, or no recommender knows an option.
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
        known = {name for kind in KINDS.values() for name in kind.settings}
        strange = {name: value for name, value in self.options.items() if name not in known}
        if strange:
            read_config("fusion", strange)  # names them

    @property
    def seed(self) -> int:
        """Of the split."""
        return int(self.options.get("seed", 0))

    def config(self, recommender: str, **fixed: Any) -> Any:
        """Return the settings of a recommender: the options that it knows, and `fixed` ones."""
        known = KINDS[recommender].settings
        own = {key: value for key, value in self.options.items() if key in known}
        return read_config(recommender, {**own, **fixed})


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
        fusion = FusionRatingCandidate(wanted.config("fusion", objective="rating"))
        ratings = _chosen([*rating_baselines(), fusion], wanted.models)
        return protocol.evaluate_rating(collection, ratings, wanted.seed, progress)
    if wanted.protocol in ("item-to-item", "item-to-item-dgl"):
        ours = wanted.protocol == "item-to-item"
        ask = item_to_item.evaluate_item_to_item if ours else item_to_item.evaluate_like_dgl
        return ask(collection, _item_rankings(collection, wanted), progress)
    rankings = _rankings(collection, wanted)
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
    fusion = _fusion(wanted)
    if wanted.protocol == "cold":
        return _chosen([*cold_baselines(), fusion], wanted.models)
    recency = wanted.protocol == "last-out"
    fast = [*ranking_baselines(collection.interactions.items, recency), fusion]
    return _chosen(fast, wanted.models, slow_baselines(recency), _with_graph(wanted, fusion))


def _item_rankings(collection: Collection, wanted: Evaluation) -> list[ItemCandidate]:
    fusion = _fusion(wanted)
    fast = [*item_baselines(collection.interactions.items), fusion]
    return _chosen(fast, wanted.models, slow_item_baselines(), _with_graph(wanted, fusion))


def _fusion(wanted: Evaluation) -> Once:
    # where test events are hidden anywhere, none is newest
    ordered = bool(wanted.options.get("ordered", wanted.protocol != "random"))
    return Once(FusionCandidate(wanted.config("fusion", ordered=ordered, objective="retrieval")))


def _with_graph(wanted: Evaluation, fusion: Once) -> list[Any]:
    """Return the graph model, and the blend of both; in one evaluation each is trained once."""
    graph = Once(GraphCandidate(wanted.config("graph", objective="retrieval")))
    return [graph, BlendCandidate({"fusion": fusion, "graph": graph})]


def _chosen(
    fast: Sequence[C],
    names: Sequence[str],
    slow: Sequence[C] = (),
    last: Sequence[C] = (),
) -> list[C]:
    """Return the models of those names, in the order of the line-up; without names, the fast.

    The line-up are the `slow`, the `fast` and the `last`.
    """
    if not names:
        return list(fast)
    lineup = list(slow) + list(fast) + list(last)
    known = {one.name.casefold() for one in lineup}
    strange = [name for name in names if name.casefold() not in known]
    if strange:
        raise InvalidInput(
            f"no model {', '.join(map(repr, strange))} under this protocol. There are "
            f"{', '.join(one.name for one in lineup)}."
        )
    folded = {name.casefold() for name in names}
    return [one for one in lineup if one.name.casefold() in folded]
