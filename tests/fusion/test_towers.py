import numpy as np
import pytest
import torch

from nearfield.fusion.predict import item_vectors
from nearfield.fusion.train import FusionTrainer
from nearfield.fusion.users import UserBatch
from nearfield.networks.histories import History


@pytest.fixture(scope="module")
def items(trainer: FusionTrainer) -> torch.Tensor:
    return item_vectors(trainer.towers, trainer.features)


def newest(trainer: FusionTrainer, rows: int) -> UserBatch:
    users = np.arange(rows)
    stop = trainer.histories.indptr[users + 1]
    start = np.maximum(trainer.histories.indptr[users], stop - np.arange(3, 3 + rows))
    history = trainer.histories.newest(np.stack([users, start, stop], axis=1))
    return UserBatch.of(users, trainer.attributes[users], history)


@torch.inference_mode()
def test_a_position_does_not_see_what_comes_later(
    trainer: FusionTrainer, items: torch.Tensor
) -> None:
    users = newest(trainer, 4)
    before = trainer.towers.users(users, items)
    changed = users.history.items.clone()
    changed[:, 2:] = torch.where(changed[:, 2:] >= 0, (changed[:, 2:] + 7) % 80, -1)
    after = trainer.towers.users(
        UserBatch(users.ids, users.attributes, users.history.with_items(changed)), items
    )
    assert torch.allclose(before[:, :3], after[:, :3], atol=1e-5)
    assert not torch.allclose(before[:, 3:], after[:, 3:], atol=1e-2)


@torch.inference_mode()
def test_the_newest_vector_is_that_of_the_last_position(
    trainer: FusionTrainer, items: torch.Tensor
) -> None:
    users = newest(trainer, 5)
    whole = trainer.towers.users(users, items)
    vectors, attention = trainer.towers.users.newest(users, items)
    assert torch.allclose(vectors, whole[torch.arange(5), users.history.lengths], atol=1e-4)
    assert torch.allclose(attention.sum(dim=1), torch.ones(5), atol=1e-5)


@torch.inference_mode()
def test_fillers_change_nothing(trainer: FusionTrainer, items: torch.Tensor) -> None:
    users = newest(trainer, 3)
    alone = UserBatch(
        users.ids[:1],
        users.attributes[:1],
        History(
            users.history.items[:1, :3],
            users.history.ratings[:1, :3],
            users.history.weights[:1, :3],
        ),
    )
    together, _ = trainer.towers.users.newest(users, items)
    single, _ = trainer.towers.users.newest(alone, items)
    assert torch.allclose(together[0], single[0], atol=1e-5)


def test_training_lowers_the_loss(trainer: FusionTrainer) -> None:
    assert trainer.curve[-1] < trainer.curve[0]
