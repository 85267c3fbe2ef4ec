import numpy as np
from scipy import sparse

from nearfield.datasets.tables import Collection
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.rating_start import main_directions
from nearfield.fusion.train import FusionTrainer


def test_items_that_divide_the_users_alike_get_like_numbers() -> None:
    camps = np.where(np.arange(12) % 2 == 0, 1.0, -1.0)
    kinds = np.where(np.arange(9) < 5, 1.0, -1.0)
    found = main_directions(sparse.csr_matrix(np.outer(camps, kinds)), 1, seed=0)
    assert found.shape == (9, 1)
    assert len(set(np.sign(found[:5, 0]))) == 1
    assert (np.sign(found[5:, 0]) == -np.sign(found[0, 0])).all()
    assert np.isclose((found**2).sum(axis=1).mean(), 1, atol=1e-5)


def test_nothing_to_tell_items_apart_gives_no_numbers() -> None:
    assert main_directions(sparse.csr_matrix((4, 5)), 3, seed=0).shape == (5, 0)
    assert main_directions(sparse.csr_matrix(np.ones((1, 5))), 3, seed=0).shape == (5, 0)


def test_a_loss_begins_near_the_spread_of_the_ratings(collection: Collection) -> None:
    """The average vectors meet at the mean rating; nothing else dilutes their cosine much."""
    config = FusionConfig(objective="rating", dim=16, id_dim=16, epochs=1, learning_rate=1e-9)
    trainer = FusionTrainer(collection, config)
    list(trainer.run())
    spread = float(np.var(collection.interactions.value))
    assert trainer.curve[0] < 1.3 * spread
