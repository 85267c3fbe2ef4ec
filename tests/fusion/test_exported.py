"""User towers that read sets, as ONNX graphs: what the networks compute, whatever their sizes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from nearfield.fusion.closed_form import MOST_ITEMS
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.exported import export_user_tower
from nearfield.fusion.rating_users import RatingTower
from nearfield.fusion.sets import SetTower
from nearfield.fusion.users import UserBatch
from nearfield.networks import tower_file as names
from nearfield.networks.features import Vocabulary
from nearfield.networks.histories import History
from nearfield.networks.history_model import Events
from nearfield.networks.reader_graph import plain
from nearfield.serving.tower import UserTower

USERS = 5


def vocabulary(ratings: tuple[float, ...], attributes: dict[str, tuple[str, ...]]) -> Vocabulary:
    return Vocabulary(
        genres=(), words=(), first_year=1900, last_year=1900, ratings=ratings, attributes=attributes
    )


FULL = vocabulary((1, 2, 3, 4, 5), {"age": ("18", "25"), "gender": ("f", "m")})
BARE = vocabulary((), {})


@pytest.mark.parametrize("known", [FULL, BARE], ids=["full", "bare"])
@pytest.mark.parametrize("items", [60, MOST_ITEMS + 1], ids=["few", "many"])
@pytest.mark.parametrize("kind", [SetTower, RatingTower])
@torch.inference_mode()
def test_the_graph_computes_what_the_network_does(
    tmp_path: Path, kind: type[SetTower] | type[RatingTower], items: int, known: Vocabulary
) -> None:
    torch.manual_seed(0)
    config = FusionConfig(ordered=False, dim=16, id_dim=8)
    tower = kind(config, known, USERS, items).eval()
    for weights in (*tower.parameters(), *tower.buffers()):  # nothing stays a zero or a one
        weights.add_(torch.randn_like(weights), alpha=0.1)
    export_user_tower(tmp_path / names.TOWER, tower, config)
    served = UserTower(tmp_path / names.TOWER)
    assert served.settings == {names.REACH: str(config.reach)}
    rng = np.random.default_rng(0)
    for count in (0, 1, 7, 40):
        events = Events(
            rng.integers(items, size=count),
            rng.integers(len(known.ratings) + 1, size=count),
            rng.uniform(0.5, 1.5, count).astype(np.float32),
        )
        user, codes = int(rng.integers(USERS + 1)), rng.integers(3, size=len(known.attributes))
        batch = UserBatch(
            torch.tensor([user]), torch.from_numpy(codes[None]), History.of_one(events)
        )
        wanted, attention = tower.newest(batch, torch.empty(0))
        given = inputs(served.inputs, tower, events, user, codes)
        vector, read, recency = served(given)
        assert np.allclose(vector, wanted[0], rtol=1e-5, atol=1e-5)
        assert np.allclose(read, attention[0], atol=1e-6)
        assert recency.tolist() == [1] * count


def inputs(
    wanted: list[str],
    tower: SetTower | RatingTower,
    events: Events,
    user: int,
    codes: NDArray[np.int64],
) -> dict[str, NDArray[np.generic]]:
    """Return what a graph asks for, as `tower_file` says."""
    given: dict[str, NDArray[np.generic]] = {
        names.RATINGS: events.ratings,
        names.WEIGHTS: events.weights,
        names.ATTRIBUTES: codes,
    }
    tables = {f"users.{name}": plain(table) for name, table in tower.state_dict().items()}
    for name in wanted:
        head, colon, table = name.partition(":")
        if colon:
            rows = events.items if head + colon == names.ITEMS else [user]
            given[name] = tables[table][rows]
    return {name: given[name] for name in wanted}
