"""LightGCN equals its formula, and learns."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from nearfield.datasets.splits import leave_last_out
from nearfield.datasets.tables import Collection, Interactions
from nearfield.evaluate import lightgcn
from nearfield.evaluate.baselines import Popularity
from nearfield.evaluate.candidates import Candidate, silent
from nearfield.evaluate.lightgcn import LightGCNConfig, Smoothing, learn
from nearfield.evaluate.lightgcn_model import RECENT, Choice, LightGCN, LightGCNScorer, Reading
from nearfield.evaluate.protocol import evaluate_last_out
from nearfield.evaluate.tuned import Tuned
from synthetic import make_tables

SMALL = LightGCNConfig(dim=16, epochs=20, batch=64)


@pytest.fixture(scope="module")
def collection() -> Collection:
    return Collection.from_tables("small", make_tables(users=150, items=80, events=3000))


@pytest.fixture(scope="module")
def train(collection: Collection) -> Interactions:
    events = collection.interactions
    return events.take(leave_last_out(events).train)


def test_smoothing_is_the_mean_over_powers_of_the_normalised_matrix(train: Interactions) -> None:
    had = train.matrix()
    users, items = had.shape
    joined = np.zeros((users + items, users + items))
    joined[:users, users:] = had.toarray()
    joined += joined.T
    scale = 1 / np.sqrt(np.maximum(joined.sum(axis=1), 1))
    normal = scale[:, None] * joined * scale
    nodes = np.random.default_rng(0).normal(size=(users + items, 4)).astype(np.float32)
    wanted = (nodes + normal @ nodes + normal @ normal @ nodes) / 3
    np.testing.assert_allclose(Smoothing(had, 2)(nodes), wanted, atol=1e-5)
    np.testing.assert_array_equal(Smoothing(had, 0)(nodes), nodes)


def test_smoothing_passes_gradients_back_as_it_passes_vectors_on(train: Interactions) -> None:
    smooth = Smoothing(train.matrix(), 3)
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, train.users + train.items, 4)).astype(np.float32)
    assert (smooth(one) * other).sum() == pytest.approx((one * smooth(other)).sum(), rel=1e-3)


def test_the_loss_is_the_mean_over_events_of_a_softmax(train: Interactions) -> None:
    had = train.matrix()
    rng = np.random.default_rng(2)
    nodes = torch.from_numpy(rng.normal(size=(sum(had.shape), 4)).astype(np.float32))
    users = np.array([5, 0, 9])
    loss = lightgcn._cross_entropy(nodes, users, had)
    losses = [
        float(F.cross_entropy(nodes[had.shape[0] :] @ nodes[user], torch.tensor(int(item))))
        for user in users
        for item in had[user].indices
    ]
    assert float(loss) == pytest.approx(np.mean(losses), rel=1e-5)


def test_a_step_goes_down_the_gradient_of_the_whole(train: Interactions) -> None:
    config = LightGCNConfig(dim=8, epochs=3, batch=10_000, l2=0.0)
    losses = [epoch.loss for epoch in learn(train, config)]
    assert losses == sorted(losses, reverse=True)


def test_the_same_seed_gives_the_same_vectors(train: Interactions) -> None:
    config = LightGCNConfig(dim=8, epochs=2, batch=50)
    once, again = (list(learn(train, config))[-1] for _ in range(2))
    np.testing.assert_array_equal(once.items, again.items)
    np.testing.assert_array_equal(once.users, again.users)


def test_it_learns_more_than_popularity_and_more_with_recency(collection: Collection) -> None:
    models: list[Candidate] = [
        Tuned("popularity", (Popularity(),)),
        LightGCN(grid=(SMALL,)),
        LightGCN("LightGCN + recency", RECENT, (SMALL,)),
    ]
    popular, plain, recent = evaluate_last_out(collection, models)
    assert recent.metrics["ndcg@10"] > plain.metrics["ndcg@10"] > popular.metrics["ndcg@10"]
    assert set(recent.chosen) - set(plain.chosen) == {"recent", "half_life"}
    assert [point["epoch"] for point in plain.curve][:2] == [5, 10]


def test_the_better_settings_are_chosen_on_validation(collection: Collection) -> None:
    hopeless = replace(SMALL, learning_rate=1e-6)
    (row,) = evaluate_last_out(collection, [LightGCN(grid=(hopeless, SMALL))])
    assert row.chosen["learning_rate"] == SMALL.learning_rate
    assert row.chosen["epochs"] <= SMALL.epochs


def test_without_validation_all_epochs_are_run(collection: Collection, train: Interactions) -> None:
    config = LightGCNConfig(dim=8, epochs=3)
    told: list[tuple[str, int, int]] = []
    scorer = LightGCN(grid=(config,)).fit(collection, train, None, lambda *step: told.append(step))
    assert told == [("training", number, 3) for number in (1, 2, 3)]
    assert scorer.chosen["epochs"] == 3


def test_users_are_read_from_their_last_items(collection: Collection, train: Interactions) -> None:
    (epoch,) = learn(train, LightGCNConfig(dim=8, epochs=1))
    scorer = LightGCNScorer(epoch, train, Choice(LightGCNConfig(), Reading(1.0, 0.01)))
    newest = train.item[train.indptr[1:] - 1]
    users = np.arange(5, dtype=np.int32)
    vectors = epoch.items[newest[:5]]
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(scorer.scores(users), vectors @ epoch.items.T, atol=1e-5)


def test_items_are_compared_by_cosine(collection: Collection, train: Interactions) -> None:
    scorer = LightGCN(grid=(LightGCNConfig(dim=8, epochs=1),)).fit(collection, train, None, silent)
    scores = scorer.item_scores(np.array([3, 4], np.int32))
    assert scores.shape == (2, 80)
    assert scores[0, 3] == pytest.approx(1)
