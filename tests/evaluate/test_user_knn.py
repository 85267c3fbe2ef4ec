"""Neighbours of users equal their definition, in blocks of any size."""

import numpy as np
import pytest
from scipy import sparse

from nearfield.datasets.tables import Collection, Interactions
from nearfield.evaluate import user_knn
from nearfield.evaluate.baselines import Popularity
from nearfield.evaluate.tuned import choose
from nearfield.evaluate.user_knn import UserKNN
from synthetic import make_tables

HISTORIES = ([0, 1, 2], [0, 1], [2, 3], [4])
"""Items that four users had."""


@pytest.fixture(scope="module")
def collection() -> Collection:
    return Collection.from_tables("small", make_tables(users=200, items=120, events=4000))


def events(histories: tuple[list[int], ...]) -> Interactions:
    lengths = [len(one) for one in histories]
    zeros = np.zeros(sum(lengths))
    return Interactions(
        user=np.repeat(np.arange(len(histories)), lengths).astype(np.int32),
        item=np.concatenate([np.array(one, dtype=np.int32) for one in histories]),
        kind=zeros.astype(np.int8),
        value=zeros.astype(np.float32),
        time=np.arange(sum(lengths), dtype=np.int64),
        users=len(histories),
        items=5,
    )


def test_items_of_the_nearest_users_score_their_cosines() -> None:
    train = events(HISTORIES)
    asked = sparse.csr_matrix(np.array([[1, 1, 0, 0, 0]], dtype=np.float32))
    scores = UserKNN(neighbours=2, shrink=0.0).fit(train).scores(asked)
    near, nearest = 2 / np.sqrt(2 * 3), 2 / np.sqrt(2 * 2)
    np.testing.assert_allclose(scores, [[near + nearest, near + nearest, near, 0, 0]], rtol=1e-6)


def test_shrinking_says_less_of_few_common_items() -> None:
    asked = sparse.csr_matrix(np.array([[0, 0, 0, 0, 1]], dtype=np.float32))
    scores = UserKNN(neighbours=2, shrink=3.0).fit(events(HISTORIES)).scores(asked)
    np.testing.assert_allclose(scores, [[0, 0, 0, 0, 1 / (1 + 3)]], rtol=1e-6)


def test_scores_equal_brute_force_with_weights(collection: Collection) -> None:
    train = collection.interactions
    weights = np.random.default_rng(0).uniform(0.1, 1, len(train)).astype(np.float32)
    history = train.matrix(weights)
    had, asked = train.matrix().toarray(), history.toarray()
    scale = np.outer(np.linalg.norm(asked, axis=1), np.linalg.norm(had, axis=1)) + 5.0
    cosine = asked @ had.T / scale
    edge = np.sort(cosine, axis=1)[:, -7, None]
    wanted = np.where(cosine >= edge, cosine, 0) @ had
    scores = UserKNN(neighbours=7, shrink=5.0).fit(train).scores(history)
    np.testing.assert_allclose(scores, wanted, rtol=1e-4)


def test_the_size_of_a_block_changes_nothing(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = collection.interactions
    whole = UserKNN().fit(train).scores(train.matrix())
    monkeypatch.setattr(user_knn, "_CELLS", 7 * train.users)
    np.testing.assert_array_equal(UserKNN().fit(train).scores(train.matrix()), whole)


def test_more_neighbours_than_users_and_empty_histories_are_answered() -> None:
    nobody = sparse.csr_matrix((1, 5), dtype=np.float32)
    model = UserKNN(neighbours=50).fit(events(HISTORIES))
    assert model.scores(nobody).tolist() == [[0] * 5]
    assert model.scores(nobody[:0]).shape == (0, 5)


def test_recent_events_find_better_neighbours(collection: Collection) -> None:
    ends = collection.interactions.indptr[1:] - 1
    last = np.zeros(len(collection.interactions), dtype=bool)
    last[ends] = True
    train, validation = (collection.interactions.take(part) for part in (~last, last))
    plain, recent = (choose([UserKNN(20)], [age], train, validation).ndcg for age in (None, 2.0))
    assert recent > plain > choose([Popularity()], [None], train, validation).ndcg
