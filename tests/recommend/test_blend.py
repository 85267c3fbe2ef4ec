"""Two spaces answer together, on a real catalogue and real indexes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mean_model import MeanModel, unit
from nearfield.errors import InvalidInput, NotFound
from nearfield.recommend.ask import Ask
from nearfield.recommend.blend import DEFAULT_WEIGHTS, BlendView, check_weights
from nearfield.recommend.filters import Scope
from nearfield.recommend.recommender import Recommender
from nearfield.recommend.view import SpaceView, newest
from nearfield.types import Ids, UserQuery, Vectors
from nearfield.vectors.exact import ExactIndex
from small_movies import DIM, NEW_ITEM, Movies

WEIGHTS = (0.7, 0.3)


@pytest.fixture(scope="module")
def first(movies: Movies) -> SpaceView:
    return SpaceView("first", movies.index, movies.model)


@pytest.fixture(scope="module")
def second(movies: Movies) -> SpaceView:
    """Other vectors, of another length; two items are not there, and it reads three events."""
    rng = np.random.default_rng(5)
    keys = movies.model.keys[2:]
    vectors = unit(rng.normal(size=(len(keys), 7)).astype(np.float32))
    index = ExactIndex(7)
    index.upsert(keys, vectors)
    return SpaceView("second", index, MeanModel(keys, vectors, newest=3, known=frozenset()))


@pytest.fixture(scope="module")
def blend(first: SpaceView, second: SpaceView) -> BlendView:
    return BlendView((first, second), WEIGHTS)


@pytest.fixture(scope="module")
def recommender(movies: Movies, blend: BlendView) -> Recommender:
    return Recommender(movies.catalogue, blend)


def query(items: Ids) -> UserQuery:
    return UserQuery(
        items=items,
        values=np.full(len(items), np.nan, np.float32),
        weights=np.ones(len(items), np.float32),
    )


def cosines(view: SpaceView, vector: Vectors, ids: Ids) -> Vectors:
    """Return the cosines of items that may not be there."""
    ((keys, rows),) = view.index.scan()
    held = dict(zip(keys.tolist(), rows, strict=True))
    return np.array([held[key] @ vector if key in held else 0.0 for key in ids.tolist()])


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.integers(0, 78), min_size=1, max_size=6, unique=True), k=st.integers(1, 90))
def test_a_score_is_the_weighted_mean_of_the_cosines(
    movies: Movies, first: SpaceView, second: SpaceView, rows: list[int], k: int
) -> None:
    keys = movies.model.keys
    asked = query(keys[np.array(rows)])
    views = (first, second)
    look = BlendView(views, WEIGHTS).look(asked)
    assert look is not None
    read = [newest(asked, view.history_length()) for view in views]
    vectors = [view.model.embed_users([one])[0] for view, one in zip(views, read, strict=True)]
    known = np.array([float(vector.any()) for vector in vectors]) * WEIGHTS
    known /= known.sum()
    expected = sum(
        weight * cosines(view, vector, keys)
        for weight, view, vector in zip(known, views, vectors, strict=True)
    )
    found = look.nearest(k, Scope(exclude=asked.items))
    assert len(found.ids) == min(k, len(keys) - len(rows))
    by_key = dict(zip(keys.tolist(), np.asarray(expected).tolist(), strict=True))
    assert found.scores.tolist() == pytest.approx(
        [by_key[key] for key in found.ids.tolist()], abs=1e-5
    )
    left = sorted((by_key[key] for key in set(by_key) - set(asked.items.tolist())), reverse=True)
    assert found.scores.tolist() == pytest.approx(left[:k], abs=1e-5)
    assert (np.abs(found.scores) <= 1 + 1e-6).all()


def test_vectors_side_by_side_have_the_blended_similarity(
    movies: Movies, first: SpaceView, second: SpaceView, blend: BlendView
) -> None:
    ids = movies.model.keys[:20]
    together = blend.vectors(ids)
    expected = sum(
        weight * view.vectors(ids) @ view.vectors(ids).T
        for weight, view in zip(WEIGHTS, (first, second), strict=True)
    )
    assert together.shape == (20, DIM + 7)
    np.testing.assert_allclose(together @ together.T, expected, atol=1e-5)
    assert np.allclose(np.diag(together @ together.T)[2:], 1, atol=1e-5)


def test_reasons_name_their_space_and_their_share_of_the_whole(
    recommender: Recommender, blend: BlendView, movies: Movies
) -> None:
    ask = Ask(liked=[10, 20, 30], attributes={"gender": "F"}, k=20)
    answers = recommender.recommend(ask)
    assert {one.space for one in answers} == {"blend"}
    told = {why.space for one in answers for why in one.reasons}
    assert told == {"first", "second"}
    for one in answers:
        assert sum(why.share for why in one.reasons) <= 1 + 1e-5
        shares = [why.share for why in one.reasons]
        assert shares == sorted(shares, reverse=True)
        assert {why.space for why in one.reasons if why.item is None} <= {"first"}


def test_the_shares_of_a_space_are_what_it_gives_to_the_score(
    movies: Movies, blend: BlendView, first: SpaceView, second: SpaceView
) -> None:
    asked = query(movies.model.keys[[10, 20, 30]])
    look = blend.look(asked)
    assert look is not None
    ids = look.nearest(20, Scope(exclude=asked.items)).ids
    parts = {part.space: part.shares for part in look.parts(ids)}
    given = []
    for view, weight in zip((first, second), WEIGHTS, strict=True):
        alone = view.look(asked)
        assert alone is not None
        given.append(weight * np.maximum(alone.scores(ids), 0))
        (whole,) = alone.parts(ids)
        space = parts[view.name]
        total = whole.shares.events.sum(axis=1) + whole.shares.attributes
        scale = (space.events.sum(axis=1) + space.attributes) / np.maximum(total, 1e-9)
        given[-1] = np.stack([given[-1], np.where(total > 0, scale, 0)])
    scores, scales = np.stack(given, axis=1)
    np.testing.assert_allclose(scales, scores / scores.sum(axis=0), atol=1e-4)


def test_events_that_one_space_does_not_read_have_no_share_in_it(
    movies: Movies, blend: BlendView
) -> None:
    asked = query(movies.model.keys[[10, 20, 30, 40, 50]])
    look = blend.look(asked)
    assert look is not None
    parts = {part.space: part.shares for part in look.parts(movies.model.keys[60:])}
    assert parts["first"].events.shape == parts["second"].events.shape == (20, 5)
    assert not parts["second"].events[:, :2].any()
    assert parts["first"].events[:, :2].any()


def test_a_space_that_knows_nothing_of_who_asks_has_no_say(
    movies: Movies, recommender: Recommender
) -> None:
    ask = Ask(attributes={"gender": "F"})  # the second model reads no attributes
    alone = movies.recommender.recommend(ask)
    together = recommender.recommend(ask)
    assert [one.item for one in together] == [one.item for one in alone]
    assert [one.score for one in together] == pytest.approx([one.score for one in alone])
    assert {why.space for one in together for why in one.reasons} == {"first"}
    nobody = recommender.recommend(Ask(k=5, diversity=0.4))
    assert {one.space for one in nobody} == {"popularity"}


def test_similar_items_of_one_that_a_space_lacks_come_from_the_others(
    movies: Movies, recommender: Recommender
) -> None:
    (lacking,) = movies.catalogue.item_ids(movies.model.keys[:1])
    alone = movies.recommender.similar(lacking)
    assert [one.item for one in recommender.similar(lacking)] == [one.item for one in alone]
    other = recommender.similar(40, k=79)
    assert len(other) == 79
    assert all(why.space is None for one in other for why in one.reasons)
    with pytest.raises(NotFound, match=r"'900' has no vector in the space 'blend'"):
        recommender.similar(NEW_ITEM)


def test_diversity_holds_for_a_blend(movies: Movies, recommender: Recommender) -> None:
    plain = recommender.recommend(Ask(user=3, k=10))
    diverse = recommender.recommend(Ask(user=3, k=10, diversity=0.6))
    assert plain[0].item == diverse[0].item
    assert [one.item for one in plain] != [one.item for one in diverse]
    assert len({one.item for one in diverse}) == 10


def test_weights_are_scaled_to_one_and_checked() -> None:
    assert check_weights({"a": 3, "b": 1, "c": 0}) == {"a": 0.75, "b": 0.25}
    assert math.isclose(sum(check_weights(DEFAULT_WEIGHTS).values()), 1)
    for wrong in (-1, math.nan, math.inf, "much"):
        with pytest.raises(InvalidInput, match=r"'a' has weight .*fusion:0.6,graph:0.4"):
            check_weights({"a": wrong, "b": 1})  # type: ignore[dict-item]
    with pytest.raises(InvalidInput, match="no space has a weight above 0"):
        check_weights({"a": 0})
    with pytest.raises(InvalidInput, match="no space has a weight above 0"):
        check_weights({})
