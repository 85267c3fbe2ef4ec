import pytest

from nearfield.datasets.tables import Collection
from nearfield.graph.config import GraphConfig
from nearfield.graph.model import GraphModel
from nearfield.graph.train import GraphTrainer
from synthetic import make_tables


@pytest.fixture(scope="session")
def collection() -> Collection:
    return Collection.from_tables("movies", make_tables())


@pytest.fixture(scope="session")
def trainer(collection: Collection) -> GraphTrainer:
    """Return a finished trainer of the objective `retrieval`."""
    config = GraphConfig(
        dim=16, width=16, id_dim=16, heads=2, window=12, epochs=8, batch=512, learning_rate=1e-2
    )
    trainer = GraphTrainer(collection, config)
    for _ in trainer.run():
        pass
    return trainer


@pytest.fixture(scope="session")
def model(trainer: GraphTrainer) -> GraphModel:
    return GraphModel.from_trainer(trainer, {"catalogue": "movies"})
