"""One catalogue in SQLite, its items in an exact index, and a model that needs no training."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mean_model import MeanModel
from nearfield.catalogue.store import Catalogues
from nearfield.datasets.tables import Columns
from nearfield.recommend.recommender import Recommender
from nearfield.recommend.view import SpaceView
from nearfield.vectors.exact import ExactIndex
from small_movies import DIM, NEW_ITEM, Movies, genre_vectors, movies_tables


@pytest.fixture(scope="session")
def movies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Movies]:
    """Import once; the tests only read."""
    tables = movies_tables()
    file: Path = tmp_path_factory.mktemp("catalogue") / "catalogue.db"
    with Catalogues(f"sqlite:///{file}") as catalogues:
        for _ in catalogues.import_tables("movies", tables):
            pass
        catalogue = catalogues.get("movies")
        known = tables.items[Columns.ITEM].to_list()
        keys = catalogue.item_keys(known)
        vectors = genre_vectors(tables)
        trained = np.array([item != NEW_ITEM for item in known])
        order = np.argsort(keys[trained])
        model = MeanModel(keys[trained][order], vectors[trained][order])
        index = ExactIndex(DIM)
        index.upsert(model.keys, model.vectors)
        recommender = Recommender(catalogue, SpaceView("mean", index, model))
        yield Movies(catalogue, index, model, recommender, tables)
