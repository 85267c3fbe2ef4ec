"""One space as a user sees it, with one vector or with several interests."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mean_model import MeanModel
from nearfield.recommend.ask import Ask
from nearfield.recommend.filters import Scope
from nearfield.recommend.recommender import Recommender
from nearfield.recommend.view import SpaceView, newest
from nearfield.types import Ids, Interests, UserQuery
from small_movies import Movies


@dataclass(frozen=True)
class TwoTastes(MeanModel):
    """Keeps the oldest event and the newest apart."""

    share: float = 0.5

    def interests(self, query: UserQuery) -> Interests | None:
        if len(query.items) < 2:
            return None
        places = np.searchsorted(self.keys, query.items[[-1, 0]])
        return Interests(self.vectors[places], np.array([1, 0.8], np.float32), self.share)


def query(items: Ids) -> UserQuery:
    return UserQuery(
        items=items,
        values=np.full(len(items), np.nan, np.float32),
        weights=np.ones(len(items), np.float32),
    )


def tastes(movies: Movies, share: float) -> SpaceView:
    model = TwoTastes(movies.model.keys, movies.model.vectors, share=share)
    return SpaceView("tastes", movies.index, model)


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(st.integers(0, 79), min_size=2, max_size=6, unique=True),
    share=st.sampled_from([0.0, 0.1, 0.6, 1.0]),
    k=st.integers(1, 90),
)
def test_a_score_is_mixed_of_the_user_and_the_nearest_interest(
    movies: Movies, rows: list[int], share: float, k: int
) -> None:
    asked = query(movies.model.keys[np.array(rows)])
    look = tastes(movies, share).look(asked)
    assert look is not None
    user = movies.model.vectors @ movies.model.embed_users([asked])[0]
    old, new = movies.model.vectors[[rows[0], rows[-1]]] @ movies.model.vectors.T
    expected = (1 - share) * user + share * np.maximum(new, 0.8 * old)
    found = look.nearest(k, Scope(exclude=asked.items))
    left = np.isin(movies.model.keys, asked.items, invert=True)
    order = np.argsort(-expected[left], kind="stable")[:k]
    assert found.scores.tolist() == pytest.approx(expected[left][order].tolist(), abs=1e-5)
    assert len(found.ids) == min(k, 80 - len(rows))


def test_an_old_interest_is_heard_beside_the_newest(movies: Movies) -> None:
    ask = Ask(liked=[1, 2, 8, 14, 20], k=75)
    alone = movies.recommender.recommend(ask)
    apart = Recommender(movies.catalogue, tastes(movies, 0.9)).recommend(ask)
    (like,) = movies.recommender.similar(1, k=1)
    place = [one.item for one in alone].index(like.item)
    assert [one.item for one in apart].index(like.item) < place
    assert all(-1 <= one.score <= 1 for one in apart)


def test_interests_keep_to_the_scope(movies: Movies) -> None:
    recommender = Recommender(movies.catalogue, tastes(movies, 0.5))
    allowed = recommender.recommend(Ask(liked=[1, 2], allow=[3, 4, 5], k=10))
    assert sorted(int(one.item) for one in allowed) == [3, 4, 5]
    assert recommender.recommend(Ask(liked=[1, 2], allow=[])) == []


def test_a_model_reads_no_more_events_than_it_may() -> None:
    asked = query(np.arange(1, 6))
    assert newest(asked, 5) is asked
    assert newest(asked, 2).items.tolist() == [4, 5]
    assert len(newest(asked, 2).values) == len(newest(asked, 2).weights) == 2
