"""The whole way for movies with the fusion recommender, ending with three kinds of user."""

from collections.abc import Generator

from nearfield.pipelines.demo import Demo, DemoStep, Shown, prepare
from nearfield.pipelines.progress import Tell
from nearfield.pipelines.recommenders import Recommenders
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.visitors import three_visitors


def demo_movies(stores: Stores, wanted: Demo, tell: Tell) -> Generator[DemoStep, None, None]:
    """Go the whole way and recommend; see `prepare`."""
    yield from prepare(stores, "fusion", wanted, tell)
    recommender = Recommenders(stores).get(wanted.catalogue, "fusion")
    for visitor in three_visitors(stores.catalogue(wanted.catalogue), wanted.k):
        yield Shown(visitor.who, visitor.command, recommender.recommend(visitor.ask))
