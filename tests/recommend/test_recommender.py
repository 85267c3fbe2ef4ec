"""The one path that answers, on a real catalogue and a real index."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield.datasets.tables import Columns
from nearfield.errors import InvalidInput, NotFound
from nearfield.recommend.ask import Ask
from nearfield.recommend.explain import LEAST_SHARE, MOST_EVENTS
from nearfield.recommend.profile import gather
from nearfield.recommend.recommender import Recommender
from nearfield.recommend.view import SpaceView
from nearfield.types import Recommendation
from small_movies import NEW_ITEM, NEW_USER, Movies

ITEMS = 80


def ids(answer: list[Recommendation]) -> list[str]:
    return [str(one.item) for one in answer]


def test_a_known_user_gets_the_nearest_unseen_items(movies: Movies) -> None:
    answer = movies.recommender.recommend(Ask(user=7, k=20))
    key = movies.catalogue.user_key(7)
    history = movies.catalogue.history(key)
    seen = set(history.items.tolist())
    assert not movies.seen(7) & set(ids(answer))
    assert len(answer) == 20
    unseen = [row for row, item in enumerate(movies.model.keys) if int(item) not in seen]
    scores = sorted((one.score for one in answer), reverse=True)
    assert [one.score for one in answer] == scores
    profile = gather(movies.catalogue, Ask(user=7), movies.model.history_length())
    (vector,) = movies.model.embed_users([profile.query])
    best = np.sort(movies.model.vectors[unseen] @ vector)[::-1][:20]
    assert scores == pytest.approx(best.tolist(), abs=1e-5)


def test_the_same_ask_gives_the_same_answer(movies: Movies) -> None:
    ask = Ask(user=3, liked=[1, 2], attributes={"age": 25}, diversity=0.4, exclude=[5])
    assert movies.recommender.recommend(ask) == movies.recommender.recommend(ask)


def test_an_answer_carries_the_items_facts(movies: Movies) -> None:
    (first, *_) = movies.recommender.recommend(Ask(liked=["1"]))
    row = movies.tables.items.filter(pl.col(Columns.ITEM) == str(first.item)).row(0, named=True)
    assert (first.title, first.year) == (row[Columns.TITLE], row[Columns.YEAR])
    assert list(first.genres) == row[Columns.GENRES]
    assert isinstance(first.item, int)
    assert first.space == "mean"
    assert -1 <= first.score <= 1


listed = st.lists(st.integers(1, ITEMS), max_size=30, unique=True)


@settings(max_examples=60, deadline=None)
@given(
    user=st.none() | st.integers(1, 60),
    liked=st.lists(st.integers(1, ITEMS), max_size=5, unique=True),
    exclude=listed,
    allow=st.none() | listed,
    drama=st.booleans(),
    diversity=st.sampled_from([0.0, 0.3, 1.0]),
    k=st.integers(1, 100),
)
def test_an_answer_holds_all_that_is_allowed_and_nothing_else(
    movies: Movies,
    user: int | None,
    liked: list[int],
    exclude: list[int],
    allow: list[int] | None,
    drama: bool,
    diversity: float,
    k: int,
) -> None:
    ask = Ask(
        user=user,
        liked=liked,
        exclude=exclude,
        allow=allow,
        where="genre = 'Drama'" if drama else None,
        diversity=diversity,
        k=k,
        attributes={"gender": "F"},
    )
    answer = movies.recommender.recommend(ask)
    wanted = set(movies.tables.items[Columns.ITEM]) - {NEW_ITEM}
    wanted -= {str(item) for item in [*liked, *exclude]}
    wanted -= set() if user is None else movies.seen(user)
    if allow is not None:
        wanted &= {str(item) for item in allow}
    if drama:
        has = pl.col(Columns.GENRES).list.contains("Drama")
        wanted &= set(movies.tables.items.filter(has)[Columns.ITEM])
    assert set(ids(answer)) <= wanted
    assert len(set(ids(answer))) == len(answer) == min(k, len(wanted))
    for one in answer:
        assert sum(reason.share for reason in one.reasons) <= 1 + 1e-5
        assert len(one.reasons) <= MOST_EVENTS + 1
        assert all(reason.share >= LEAST_SHARE for reason in one.reasons)
        shares = [reason.share for reason in one.reasons]
        assert shares == sorted(shares, reverse=True)


def test_nothing_known_gives_what_is_popular(movies: Movies) -> None:
    answer = movies.recommender.recommend(Ask(k=5))
    users = (
        movies.tables.events.group_by(Columns.ITEM)
        .agg(pl.col(Columns.USER).n_unique())
        .sort(Columns.USER, descending=True)
    )
    best = users[Columns.USER].to_list()[:5]
    assert [one.reasons[0].text for one in answer] == [f"chosen by {count} users" for count in best]
    assert all(one.reasons[0].share == 1 for one in answer)
    assert all(one.space == "popularity" and math.isnan(one.score) for one in answer)


def test_a_user_without_events_and_attributes_gets_what_is_popular(movies: Movies) -> None:
    known = movies.recommender.recommend(Ask(user=NEW_USER, k=5))
    assert ids(known) == ids(movies.recommender.recommend(Ask(k=5)))


def test_items_that_the_model_does_not_know_give_what_is_popular(movies: Movies) -> None:
    answer = movies.recommender.recommend(Ask(liked=[NEW_ITEM]))
    assert {one.space for one in answer} == {"popularity"}


def test_what_is_popular_is_filtered_exactly_too(movies: Movies) -> None:
    top = ids(movies.recommender.recommend(Ask(k=10)))
    rest = movies.recommender.recommend(Ask(k=5, exclude=top[:5]))
    assert ids(rest) == top[5:]
    within = movies.recommender.recommend(Ask(allow=[*top[8:], NEW_ITEM], where="year < 3000"))
    assert ids(within) == top[8:]
    assert movies.recommender.recommend(Ask(allow=[])) == []


def test_a_diverse_popular_list_starts_with_the_most_popular(movies: Movies) -> None:
    plain = movies.recommender.recommend(Ask(k=10))
    diverse = movies.recommender.recommend(Ask(k=10, diversity=0.8))
    assert ids(diverse)[0] == ids(plain)[0]
    assert ids(diverse) != ids(plain)
    assert len(set(ids(diverse))) == 10


def test_diversity_spreads_the_list(movies: Movies) -> None:
    def nearness(diversity: float) -> float:
        answer = movies.recommender.recommend(Ask(liked=[1, 7], diversity=diversity))
        vectors = movies.index.get(movies.catalogue.item_keys([one.item for one in answer]))
        return float((vectors @ vectors.T).mean())

    assert nearness(0.7) < nearness(0.0) - 0.1


def test_arrays_of_ids_are_lists_of_ids(movies: Movies) -> None:
    lists = Ask(liked=[1, 2], disliked=[3], exclude=[4, 5], allow=[*range(20, 60)])
    arrays: dict[str, Any] = {
        "liked": np.array([1, 2]),
        "disliked": np.array([3]),
        "exclude": np.array([4, 5]),
        "allow": np.arange(20, 60),
    }
    assert movies.recommender.recommend(Ask(**arrays)) == movies.recommender.recommend(lists)


def test_a_vector_without_meaning_gives_what_is_popular(movies: Movies) -> None:
    ignorant = replace(movies.model, known=frozenset())
    recommender = Recommender(movies.catalogue, SpaceView("mean", movies.index, ignorant))
    answer = recommender.recommend(Ask(attributes={"gender": "F"}))
    assert {one.space for one in answer} == {"popularity"}


def test_the_last_liked_item_is_the_newest_event(movies: Movies) -> None:
    one_way = movies.recommender.recommend(Ask(user=3, liked=[1, 2], k=3))
    other_way = movies.recommender.recommend(Ask(user=3, liked=[2, 1], k=3))
    assert [one.score for one in one_way] != [one.score for one in other_way]


def test_given_attributes_win_over_stored_ones(movies: Movies) -> None:
    stored = movies.catalogue.user_attributes(movies.catalogue.user_key(3))
    other = {"F": "M", "M": "F"}[stored["gender"]]
    plain = movies.recommender.recommend(Ask(user=3))
    assert movies.recommender.recommend(Ask(user=3, attributes=stored)) == plain
    assert movies.recommender.recommend(Ask(user=3, attributes={"gender": other})) != plain


def test_a_disliked_item_lowers_what_is_like_it(movies: Movies) -> None:
    (nearest,) = movies.recommender.similar(1, k=1)
    (before,) = movies.recommender.recommend(Ask(liked=[2], allow=[nearest.item]))
    (after,) = movies.recommender.recommend(Ask(liked=[2], disliked=[1], allow=[nearest.item]))
    assert after.score < before.score - 0.1
    assert "1" not in ids(movies.recommender.recommend(Ask(liked=[2], disliked=[1], k=80)))
    wish: dict[str, Any] = {"liked": [2], "allow": [nearest.item]}
    (little,) = movies.recommender.recommend(Ask(disliked={1: 0.3}, **wish))
    assert after.score < little.score < before.score


def test_reasons_name_the_events_that_count(movies: Movies) -> None:
    stars = {
        row[Columns.ITEM]: row[Columns.VALUE]
        for row in movies.tables.events.filter(pl.col(Columns.USER) == "5").iter_rows(named=True)
    }
    titles = dict(
        zip(
            movies.tables.items[Columns.ITEM],
            movies.tables.items[Columns.TITLE]
            + " ("
            + movies.tables.items[Columns.YEAR].cast(pl.String)
            + ")",
            strict=True,
        )
    )
    answer = movies.recommender.recommend(Ask(user=5, liked=[1], k=20))
    reasons = [reason for one in answer for reason in one.reasons if reason.item is not None]
    assert reasons
    for reason in reasons:
        item = str(reason.item)
        if item == "1":
            assert reason.text == f"because you liked {titles[item]}"
        else:
            assert stars[item] >= 3
            assert reason.text == f"because you rated {titles[item]} {stars[item]:g}"


def test_attributes_alone_are_the_whole_reason(movies: Movies) -> None:
    wish = Ask(attributes={"age": "25", "gender": "f", "occupation": 4})
    for one in movies.recommender.recommend(wish):
        (reason,) = one.reasons
        assert reason.text == "because of your age, gender and occupation"
        assert reason.share == pytest.approx(1)
        assert reason.item is None


def test_reasons_can_be_left_out(movies: Movies) -> None:
    with_reasons = movies.recommender.recommend(Ask(user=5))
    without = movies.recommender.recommend(Ask(user=5, explain=False))
    assert ids(without) == ids(with_reasons)
    assert all(one.reasons == () for one in without)
    assert all(one.reasons == () for one in movies.recommender.recommend(Ask(explain=False)))


@pytest.mark.parametrize("name", ["liked", "disliked", "exclude", "allow"])
def test_an_unknown_item_is_named(movies: Movies, name: str) -> None:
    wish: dict[str, Any] = {name: [1, "no-such-item"]}
    with pytest.raises(NotFound, match="no-such-item"):
        movies.recommender.recommend(Ask(**wish))


def test_an_unknown_user_is_named(movies: Movies) -> None:
    with pytest.raises(NotFound, match="no-such-user"):
        movies.recommender.recommend(Ask(user="no-such-user"))


def test_an_item_cannot_be_liked_and_disliked(movies: Movies) -> None:
    with pytest.raises(InvalidInput, match=r"'?2'? is both liked and disliked.*one of the two"):
        movies.recommender.recommend(Ask(liked=[1, 2], disliked=["2"]))


def test_an_unknown_attribute_is_answered_with_the_known_ones(movies: Movies) -> None:
    with pytest.raises(InvalidInput, match=r"'shoe'.*age, gender, occupation"):
        movies.recommender.recommend(Ask(attributes={"shoe": 43}))


def test_a_condition_that_cannot_be_read_is_refused(movies: Movies) -> None:
    with pytest.raises(InvalidInput):
        movies.recommender.recommend(Ask(where="genre = "))
