"""The whole way for movies with the graph recommender: what is like a movie, and who gets what."""

from collections.abc import Generator
from dataclasses import replace
from typing import Final

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.facts import Item
from nearfield.pipelines.demo import Demo, DemoStep, Shown, prepare
from nearfield.pipelines.progress import Tell
from nearfield.pipelines.recommenders import Recommenders
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.visitors import three_visitors
from nearfield.recommend.explain import label_of

EPOCHS: Final = 10
"""Passes over the data that are fetched: they are few, and want more than the default."""

RARE: Final = 5
"""Users of a movie that few know."""

_WELL_KNOWN: Final = 2
_SPACE: Final = "graph"


def demo_graph(stores: Stores, wanted: Demo, tell: Tell) -> Generator[DemoStep, None, None]:
    """Go the whole way; show what is like some movies, and recommend; see `prepare`."""
    if wanted.data is None:
        wanted = replace(wanted, options={"epochs": EPOCHS, **wanted.options})
    yield from prepare(stores, _SPACE, wanted, tell)
    recommender = Recommenders(stores).get(wanted.catalogue, _SPACE)
    catalogue = stores.catalogue(wanted.catalogue)
    asked = f"--catalogue {wanted.catalogue} --space {_SPACE}"
    for item, users in _movies(catalogue):
        who = f"Like {label_of(item.title, item.year)}, which {users:,} users chose"
        answers = recommender.similar(item.id, wanted.k)
        yield Shown(who, f"similar {asked} --item {item.id}", answers)
    known, anonymous, _ = three_visitors(catalogue, wanted.k)  # the third has no history
    for visitor in (known, anonymous):
        answers = recommender.recommend(visitor.ask)
        yield Shown(visitor.who, f"{visitor.command} --space {_SPACE}", answers)


def _movies(catalogue: Catalogue) -> list[tuple[Item, int]]:
    """Return the best known movies that differ in genre, a rare one, and the users of each."""
    keys, users = catalogue.popular(catalogue.counts().items)
    rare = int((users > RARE).sum())
    rows = [min(rare, len(keys) - 1)]
    chosen: list[tuple[Item, int]] = []
    for item, count in zip(catalogue.items(keys[:100]), users.tolist(), strict=False):
        if all(set(item.genres).isdisjoint(one.genres) for one, _ in chosen):
            chosen.append((item, count))
        if len(chosen) == _WELL_KNOWN:
            break
    return [*chosen, *zip(catalogue.items(keys[rows]), users[rows].tolist(), strict=True)]
