"""Max-margin: the pairs, the negatives, the hinge."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch.nn import functional as F

from nearfield.datasets.tables import Collection
from nearfield.graph.batches import Pairs
from nearfield.graph.config import GraphConfig
from nearfield.graph.margin import MaxMargin, draw_hard
from nearfield.graph.train import GraphTrainer

SMALL = GraphConfig(
    objective="margin", dim=16, width=16, id_dim=16, batch=700, hard_negatives=3, neighbours=4
)


def batches(trainer: GraphTrainer, epoch: int) -> list[Pairs]:
    return list(MaxMargin(trainer.material).batches(np.random.default_rng(epoch), epoch))


def rows(batch: Pairs, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the items at some places of a batch; -1 stays."""
    return np.where(places < 0, -1, batch.block.rows[np.maximum(places, 0)])


def test_pairs_follow_each_other_closely(collection: Collection) -> None:
    trainer = GraphTrainer(collection, SMALL)
    histories = trainer.material.histories
    near = set()
    for start, stop in zip(histories.indptr[:-1], histories.indptr[1:], strict=True):
        items = histories.items[start:stop].tolist()
        near |= {(items[a], b) for a in range(len(items)) for b in items[a + 1 : a + 4]}
    found = batches(trainer, 0)
    drawn = [
        pair
        for batch in found
        for pair in zip(
            rows(batch, batch.queries).tolist(), rows(batch, batch.positives).tolist(), strict=True
        )
    ]
    assert set(drawn) <= near
    assert len(drawn) == len(histories.items) - len(histories.indptr) + 1
    other = list(MaxMargin(trainer.material).batches(np.random.default_rng(7), 0))
    assert not np.array_equal(other[0].positives, found[0].positives)


def test_hard_negatives_come_from_beyond_the_pooled_ranks_one_more_an_epoch(
    collection: Collection,
) -> None:
    trainer = GraphTrainer(collection, SMALL)
    for epoch, count in enumerate((0, 1, 2, 3, 3)):
        pooled = trainer.material.neighbours(epoch).rows
        further = trainer.material.further(epoch)
        assert further.shape == (80, 5 * SMALL.neighbours)
        for batch in batches(trainer, epoch):
            assert batch.hard.shape == (len(batch.queries), count)
            queries, positives = rows(batch, batch.queries), rows(batch, batch.positives)
            for query, positive, hard in zip(
                queries, positives, rows(batch, batch.hard), strict=True
            ):
                drawn = set(hard.tolist()) - {-1}
                assert drawn <= set(further[query].tolist())
                assert not drawn & set(pooled[query].tolist())
                assert query not in drawn
                assert positive not in drawn


@given(
    lengths=st.lists(st.integers(0, 5), min_size=1, max_size=8),
    count=st.integers(1, 4),
    seed=st.integers(0, 999),
)
def test_hard_negatives_are_drawn_wherever_there_are_some(
    lengths: list[int], count: int, seed: int
) -> None:
    further = np.full((len(lengths), 5), -1, np.int32)
    for row, length in enumerate(lengths):
        further[row, :length] = 10 * row + np.arange(length)
    positives = 10 * np.arange(len(lengths))  # the first of each row
    drawn = draw_hard(further, positives, count, np.random.default_rng(seed))
    assert drawn.shape == (len(lengths), count)
    for row, length in enumerate(lengths):
        wanted = set(range(10 * row + 1, 10 * row + length))
        assert set(drawn[row].tolist()) <= wanted | {-1}
        assert length != 0 or (drawn[row] == -1).all()


def test_loss_equals_the_hinge_by_hand(collection: Collection) -> None:
    trainer = GraphTrainer(collection, SMALL)
    trainer.network.eval()
    material = trainer.material
    batch = batches(trainer, 2)[0]
    found = MaxMargin(material).loss(batch, np.random.default_rng(0), 0)
    with torch.no_grad():
        units = F.normalize(material.network.item_vectors(material.features, batch.block), dim=1)
    cosine = (units @ units.T).numpy().astype(np.float64)
    shared, hard = [], []
    for query, positive, own in zip(batch.queries, batch.positives, batch.hard, strict=True):
        good = cosine[query, positive]
        shared += [max(0, cosine[query, other] - good + 0.1) for other in batch.negatives]
        hard += [max(0, cosine[query, other] - good + 0.1) for other in own if other >= 0]
    assert np.isclose(found.item(), np.mean(shared) + np.mean(hard), atol=1e-5)
