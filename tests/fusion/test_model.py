import numpy as np
import pytest

from nearfield.datasets.tables import Collection
from nearfield.errors import InvalidInput
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.model import FusionModel
from nearfield.fusion.train import FusionTrainer
from nearfield.types import Ids, UserQuery


def query(items: Ids, **given: object) -> UserQuery:
    weights = given.pop("weights", np.ones(len(items), dtype=np.float32))
    values = np.full(len(items), np.nan, dtype=np.float32)
    return UserQuery(items=items, values=values, weights=weights, **given)  # type: ignore[arg-type]


def test_order_matters(model: FusionModel) -> None:
    there, back = query(np.array([3, 9, 4])), query(np.array([4, 9, 3]))
    vectors = model.embed_users([there, back])
    assert not np.allclose(vectors[0], vectors[1], atol=1e-3)


def test_a_catalogue_without_two_events_of_anyone_is_refused(collection: Collection) -> None:
    few = collection.interactions.take(np.array([0]))
    with pytest.raises(InvalidInput, match=r"has 1 events and no user with two or more"):
        FusionTrainer(collection, FusionConfig(), few)
