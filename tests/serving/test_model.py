"""What the contract of models does not say of the one that serves: interests, files, threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from nearfield.datasets.tables import Collection
from nearfield.errors import InvalidInput, NotFound
from nearfield.graph.config import GraphConfig
from nearfield.graph.model import GraphModel
from nearfield.graph.train import GraphTrainer
from nearfield.networks.tower_file import TOWER
from nearfield.serving.model import ServedModel
from nearfield.training.card import WEIGHTS
from nearfield.types import UserQuery
from synthetic import make_tables


@pytest.fixture(scope="module")
def model() -> GraphModel:
    collection = Collection.from_tables("movies", make_tables())
    config = GraphConfig(
        dim=16, width=16, id_dim=16, heads=2, window=12, epochs=1, walks=10, interest_share=0.4
    )
    trainer = GraphTrainer(collection, config)
    for _ in trainer.run():
        pass
    return GraphModel.from_trainer(trainer, {"catalogue": "movies"})


@pytest.fixture
def folder(model: GraphModel, tmp_path: Path) -> Path:
    model.save(tmp_path)
    return tmp_path


def likes(*items: int) -> UserQuery:
    ones = np.ones(len(items), dtype=np.float32)
    return UserQuery(items=np.array(items, dtype=np.int64), values=5 * ones, weights=ones)


def test_interests_are_those_of_the_trained_model(model: GraphModel, folder: Path) -> None:
    served = ServedModel(folder)
    for asked in (likes(3, 9, 4, 40, 41, 9999), likes(7)):
        found, wanted = served.interests(asked), model.interests(asked)
        assert found is not None
        assert wanted is not None
        assert np.allclose(found.vectors, wanted.vectors, atol=1e-6)
        assert np.allclose(found.importance, wanted.importance, atol=1e-6)
        assert found.share == wanted.share == 0.4
    assert served.interests(likes()) is None


def test_threads_get_the_answers_that_one_gets(folder: Path) -> None:
    served = ServedModel(folder)
    asked = [likes(*range(1 + first, 6 + first)) for first in range(60)]
    items = np.arange(1, 11)

    def answer(query: UserQuery) -> tuple[bytes, bytes]:
        return served.embed_users([query]).tobytes(), served.explain(query, items).events.tobytes()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(answer, asked)) == [answer(query) for query in asked]


def other_tower(folder: Path) -> None:
    tower = folder / TOWER
    tower.write_bytes(tower.read_bytes().replace(b"items:item_vectors", b"items:item_vectorz"))


def no_tower(folder: Path) -> None:
    (folder / TOWER).unlink()


def cut_tower(folder: Path) -> None:
    (folder / TOWER).write_bytes((folder / TOWER).read_bytes()[:-50])


def no_weights(folder: Path) -> None:
    (folder / WEIGHTS).unlink()


@pytest.mark.parametrize(
    ("harm", "error", "said"),
    [
        (other_tower, InvalidInput, r"reads the tensors item_vectorz, which are not in"),
        (cut_tower, InvalidInput, r"user\.onnx cannot be used by ONNX Runtime"),
        (no_tower, NotFound, r"user\.onnx does not exist"),
        (no_weights, NotFound, r"weights\.safetensors does not exist"),
    ],
)
def test_files_that_are_harmed_are_named(
    folder: Path, harm: Callable[[Path], None], error: type[Exception], said: str
) -> None:
    harm(folder)
    with pytest.raises(error, match=said):
        ServedModel(folder)
