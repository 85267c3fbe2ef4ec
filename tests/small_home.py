"""A home with small made-up movies, trained and published in a second or two."""

from pathlib import Path
from typing import Any, Final

from nearfield.home import Nearfield
from synthetic import make_movielens

TINY: Final[dict[str, Any]] = {
    "dim": 8,
    "width": 8,
    "id_dim": 8,
    "layers": 1,
    "heads": 1,
    "window": 16,
    "epochs": 2,
}
"""A model that learns little, quickly."""

TINY_GRAPH: Final[dict[str, Any]] = {
    "dim": 8,
    "width": 8,
    "id_dim": 8,
    "reader_layers": 1,
    "heads": 1,
    "window": 16,
    "walks": 10,
    "neighbours": 3,
    "epochs": 2,
}
"""The same of the graph recommender."""

SETTINGS: Final = {"fusion": TINY, "graph": TINY_GRAPH}
"""Both, by recommender."""


def fill_home(folder: Path) -> Path:
    """Import, train and publish the shared synthetic data as "movies"; return `folder`."""
    data = make_movielens(folder.parent / f"{folder.name}-data")
    with Nearfield(folder) as nearfield:
        nearfield.import_folder("movies", data)
        nearfield.train("fusion", **TINY)
        nearfield.publish()
    return folder


def add_graph(folder: Path) -> Path:
    """Train and publish the graph recommender as well; return `folder`."""
    with Nearfield(folder) as nearfield:
        nearfield.train("graph", **TINY_GRAPH)
        nearfield.publish(space="graph")
    return folder
