"""One user at a time, in fewer steps: the same vector and the same attention."""

import pytest
import torch

from nearfield.datasets.tables import Collection
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.predict import item_vectors
from nearfield.fusion.single import SingleTower
from nearfield.fusion.train import FusionTrainer
from nearfield.fusion.users import UserBatch, UserTower
from nearfield.networks.histories import History
from nearfield.networks.single import one_thread

WINDOW = 12


def draw(trainer: FusionTrainer, events: int) -> UserBatch:
    """Return one user with random attributes, events, ratings and weights."""
    known = trainer.vocabulary
    return UserBatch(
        ids=torch.randint(trainer.towers.users.unknown + 1, (1,)),
        attributes=torch.randint(2, (1, len(known.attributes))),
        history=History(
            items=torch.randint(80, (1, events)),
            ratings=torch.randint(len(known.ratings) + 1, (1, events)),
            weights=torch.rand(1, events) + 0.5,
        ),
    )


@pytest.mark.parametrize("layers", [0, 1, 3])
@torch.inference_mode()
def test_it_reads_what_the_tower_reads(collection: Collection, layers: int) -> None:
    config = FusionConfig(dim=16, width=16, id_dim=16, heads=2, window=WINDOW, layers=layers)
    trainer = FusionTrainer(collection, config)
    tower = trainer.towers.eval().users
    assert isinstance(tower, UserTower)
    torch.manual_seed(layers)
    for weights in tower.parameters():  # nothing stays a zero or a one
        weights.add_(torch.randn_like(weights), alpha=0.3)
    items = item_vectors(trainer.towers, trainer.features)
    single = SingleTower(tower, items)
    for events in (0, 1, 2, 7, WINDOW):
        user = draw(trainer, events)
        wanted, attention = tower.newest(user, items)
        found, read = single.newest(user)
        assert torch.allclose(found, wanted, rtol=1e-5, atol=1e-5)
        assert torch.allclose(read, attention, atol=1e-5)


def test_one_thread_is_for_its_own_lines_only() -> None:
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
