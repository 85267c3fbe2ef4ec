import pytest

from nearfield.datasets.tables import Collection
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.model import FusionModel
from nearfield.fusion.train import FusionTrainer
from synthetic import make_tables

SMALL = FusionConfig(
    dim=16, width=16, id_dim=16, heads=2, window=12, epochs=3, batch=512, dropout=0.1
)


def trained(collection: Collection, config: FusionConfig = SMALL) -> FusionTrainer:
    trainer = FusionTrainer(collection, config)
    for _ in trainer.run():
        pass
    return trainer


@pytest.fixture(scope="session")
def collection() -> Collection:
    return Collection.from_tables("movies", make_tables())


@pytest.fixture(scope="session")
def trainer(collection: Collection) -> FusionTrainer:
    return trained(collection)


@pytest.fixture(scope="session")
def model(trainer: FusionTrainer) -> FusionModel:
    return FusionModel.from_trainer(trainer, {"catalogue": "movies"})
