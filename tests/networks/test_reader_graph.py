"""The reader of histories as an ONNX graph: the same vector, attention and recency."""

from pathlib import Path

import numpy as np
import pytest
import torch

from nearfield.networks import tower_file as names
from nearfield.networks.histories import History
from nearfield.networks.history_model import Events
from nearfield.networks.reader import HistoryReader, ReaderSizes
from nearfield.networks.reader_graph import add_reader, plain
from nearfield.networks.single import SingleReader
from nearfield.networks.tower_graph import TowerGraph
from nearfield.serving.tower import UserTower

DIM, WIDTH, WINDOW, RATINGS = 8, 16, 12, 5


@pytest.mark.parametrize("layers", [0, 1, 3])
@torch.inference_mode()
def test_the_graph_reads_what_the_network_reads(tmp_path: Path, layers: int) -> None:
    torch.manual_seed(layers)
    reader = HistoryReader(ReaderSizes(DIM, WIDTH, layers, 2, WINDOW, 0.1), RATINGS).eval()
    for weights in reader.parameters():  # nothing stays a zero or a one
        weights.add_(torch.randn_like(weights), alpha=0.3)
    items, first = torch.randn(80, DIM), torch.randn(1, WIDTH)
    graph = TowerGraph()
    graph.returns(*add_reader(graph, reader, graph.constant(plain(first))), DIM)
    graph.save(tmp_path / "user.onnx", {"reach": WINDOW})
    tower, single = UserTower(tmp_path / "user.onnx"), SingleReader(reader, items)
    assert tower.settings == {"reach": str(WINDOW)}
    rng = np.random.default_rng(layers)
    for count in (0, 1, 2, 7, WINDOW):
        events = Events(
            rng.integers(80, size=count),
            rng.integers(RATINGS + 1, size=count),
            rng.uniform(0.5, 1.5, count).astype(np.float32),
        )
        wanted, read = single.newest(first, History.of_one(events))
        vector, attention, recency = tower(
            {
                names.ITEMS + names.ITEM_VECTORS: plain(items)[events.items],
                names.RATINGS: events.ratings,
                names.WEIGHTS: events.weights,
            }
        )
        assert np.allclose(vector, wanted[0], rtol=1e-5, atol=1e-5)
        assert np.allclose(attention, read[0], atol=1e-5)
        assert np.allclose(recency, single.recency_weights(count), atol=1e-6)
