"""Listeners are where their songs are: several interests, and away from what they skip."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mean_model import unit
from nearfield.errors import InvalidInput
from nearfield.recommend.ask import Ask, Guest
from nearfield.recommend.filters import Scope
from nearfield.recommend.listener import ListenerConfig, ListenerModel
from nearfield.recommend.recommender import Recommender
from nearfield.recommend.tastes import find_tastes
from nearfield.recommend.view import SpaceView
from nearfield.types import Aversions, UserQuery, Vectors
from nearfield.vectors.exact import ExactIndex
from small_movies import Movies
from small_songs import DIM, PLAIN, UNHEARD, SongLibrary, ids, moods, open_songs, song


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SongLibrary]:
    with open_songs(tmp_path_factory.mktemp("listener")) as library:
        yield library


def asked(songs: SongLibrary, **config: float) -> Recommender:
    """Return a recommender whose listener is set otherwise."""
    model = ListenerModel(songs.index, ListenerConfig(**config))  # type: ignore[arg-type]
    return Recommender(songs.catalogue, SpaceView("sound", songs.index, model))


def query(songs: SongLibrary, *events: tuple[str, float]) -> UserQuery:
    return UserQuery(
        items=songs.keys([one for one, _ in events]),
        values=np.full(len(events), np.nan, np.float32),
        weights=np.array([weight for _, weight in events], np.float32),
    )


def test_a_listener_gets_songs_of_each_of_their_moods(songs: SongLibrary) -> None:
    for diversity in (0.0, 0.1):
        answer = songs.recommender.recommend(Ask(user="ann", k=12, diversity=diversity))
        assert set(moods(answer)) == {0, 3}
    assert all(one.space == "sound" and -1 <= one.score <= 1 for one in answer)


def test_interests_have_their_part_of_the_list(songs: SongLibrary) -> None:
    listened = [song(6, one, 0) for one in range(4)]
    listened += [song(2, one % 5, one // 5) for one in range(12)]
    ask = Ask(listened=listened, k=12)
    alone = asked(songs, interest_share=0, balance=0).recommend(ask)
    assert [one.score for one in alone] == sorted((one.score for one in alone), reverse=True)
    for k in (10, 12):
        apart = asked(songs, balance=0.1).recommend(Ask(listened=listened, k=k))
        assert set(moods(apart)) == {2, 6}
        by_mood = {mood: [one.score for one in apart if moods([one]) == [mood]] for mood in (2, 6)}
        assert all(scores == sorted(scores, reverse=True) for scores in by_mood.values())


def test_what_is_near_to_a_disliked_song_loses(songs: SongLibrary) -> None:
    wish = {"liked": [song(1, 0, 0), song(4, 0, 0)], "k": 40}
    before = songs.recommender.recommend(Ask(**wish))  # type: ignore[arg-type]
    after = songs.recommender.recommend(Ask(disliked=[song(4, 1, 0)], **wish))  # type: ignore[arg-type]
    assert moods(after)[:20].count(4) < moods(before)[:20].count(4)
    lost = {one.item: one.score for one in before}
    for one in after:
        if one.item in lost:
            assert one.score <= lost[one.item] + 1e-5
    assert song(4, 1, 0) not in ids(after)
    more = songs.recommender.recommend(Ask(disliked={song(4, 1, 0): 2.0}, **wish))  # type: ignore[arg-type]
    less = songs.recommender.recommend(Ask(disliked={song(4, 1, 0): 0.3}, **wish))  # type: ignore[arg-type]
    near = [sum(one.score for one in answer if moods([one]) == [4]) for answer in (less, after)]
    assert near[0] > near[1]
    assert moods(more).count(4) <= moods(after).count(4) <= moods(less).count(4)


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_what_pushes_away_leaves_the_very_best(songs: SongLibrary, share: float) -> None:
    """The search looks so far that comparing every song would find nothing better."""
    model = ListenerModel(
        songs.index, ListenerConfig(interest_share=share, push=2, reach=0, balance=0)
    )
    view = SpaceView("sound", songs.index, model)
    events = [(song(1, one % 5, one // 5), 1.0) for one in range(6)]
    events += [(song(1, 4, number), -1.0) for number in range(1, 5)]
    look = view.look(query(songs, *events))
    assert look is not None
    ((every, _),) = songs.index.scan()
    best = np.sort(look.scores(every))[::-1]
    assert look.nearest(30, Scope()).scores.tolist() == pytest.approx(best[:30].tolist(), abs=1e-5)


@given(
    scores=arrays.arrays(np.float32, 5, elements=st.floats(-1, 1, width=32)),
    near=arrays.arrays(np.float32, (3, 5), elements=st.floats(-1, 1, width=32)),
    weights=arrays.arrays(np.float32, 3, elements=st.floats(0.125, 1, width=32)),
    push=st.floats(0, 2),
    reach=st.floats(0, 0.9),
)
def test_a_lowered_score_is_the_formula_and_stays_a_score(
    scores: Vectors, near: Vectors, weights: Vectors, push: float, reach: float
) -> None:
    lowered = Aversions(np.eye(3, dtype=np.float32), weights, push, reach).lowered(scores, near)
    for place, score in enumerate(scores.tolist()):
        loss = max(
            weight * max(0, (cosine - reach) / (1 - reach))
            for weight, cosine in zip(weights.tolist(), near[:, place].tolist(), strict=True)
        )
        assert lowered[place] == pytest.approx(max(-1, score - push * loss), abs=1e-5)
        assert -1 <= lowered[place] <= score


def test_reasons_name_the_songs_of_the_same_mood(songs: SongLibrary) -> None:
    for one in songs.recommender.recommend(Ask(user="ann", k=12)):
        assert one.reasons
        assert all(why.text.startswith("because you listened to Song ") for why in one.reasons)
        assert {str(why.item)[:2] for why in one.reasons} == {str(one.item)[:2]}
        assert sum(why.share for why in one.reasons) <= 1 + 1e-5


def test_shares_sum_to_one_over_what_counts(songs: SongLibrary) -> None:
    events = [(song(0, 0, 0), 1.0), (song(0, 0, 1), 1.0), (song(0, 0, 0), 1.0)]
    events += [(song(5, 0, 0), -1.0), (UNHEARD, 1.0), (song(0, 0, 2), 1.0), (song(0, 0, 2), -0.5)]
    shares = songs.view.model.explain(query(songs, *events), songs.keys([song(0, 1, 0), PLAIN]))
    assert shares.events.shape == (2, 7)
    assert shares.events.sum(axis=1).tolist() == pytest.approx([1, 1], abs=1e-5)
    assert not shares.events[:, [3, 4, 6]].any()
    assert (shares.events[:, 0] > 0).all()
    assert not shares.attributes.any()


def test_who_liked_nothing_gets_what_is_popular(songs: SongLibrary) -> None:
    answer = songs.recommender.recommend(Ask(disliked=[song(0, 0, 0)]))
    assert {one.space for one in answer} == {"popularity"}
    answer = songs.recommender.recommend(Ask(listened=[UNHEARD]))
    assert {one.space for one in answer} == {"popularity"}
    assert not songs.view.model.embed_users([]).size


def test_a_file_from_elsewhere_counts_like_the_song_that_it_is(songs: SongLibrary) -> None:
    vector = songs.vector(song(6, 2, 2))
    known = songs.recommender.recommend(Ask(listened=[song(6, 2, 2)], k=8))
    guest = songs.recommender.recommend(
        Ask(guests={"new.mp3": Guest(vector)}, exclude=[song(6, 2, 2)], k=8)
    )
    assert [one.item for one in guest] == [one.item for one in known]
    assert [one.score for one in guest] == pytest.approx([one.score for one in known], abs=1e-6)
    for one in guest:
        (why,) = one.reasons
        assert (why.text, why.item) == ("because you listened to new.mp3", "new.mp3")


def test_a_file_from_elsewhere_may_count_against(songs: SongLibrary) -> None:
    wish = Ask(liked=[song(1, 0, 0), song(4, 0, 0)], k=20)
    away = Ask(liked=wish.liked, k=20, guests={"bad.mp3": Guest(songs.vector(song(4, 1, 0)), -1.0)})
    before, after = songs.recommender.recommend(wish), songs.recommender.recommend(away)
    assert moods(after).count(4) < moods(before).count(4)
    assert not any(why.item == "bad.mp3" for one in after for why in one.reasons)


def test_a_guest_is_refused_where_its_vector_cannot_be_read(
    songs: SongLibrary, movies: Movies
) -> None:
    short = np.eye(1, DIM // 2, dtype=np.float32)[0]
    with pytest.raises(InvalidInput, match=r"guest's vector has shape \(8,\).*\(16,\).*encoder"):
        songs.recommender.recommend(Ask(guests={"a.mp3": Guest(short)}))
    with pytest.raises(InvalidInput, match=r"'mean' cannot be asked by what is not in the cata"):
        movies.recommender.recommend(Ask(guests={"a.mp3": Guest(songs.vector(PLAIN))}))


@pytest.mark.parametrize("wrong", [np.ones(4, np.float32), np.eye(2, dtype=np.float32), [1], None])
def test_a_guest_is_a_unit_vector(wrong: Vectors) -> None:
    with pytest.raises(InvalidInput, match=r"one of shape \(dim,\) and length 1 is wanted"):
        Guest(wrong)
    with pytest.raises(InvalidInput, match=r"guest has weight 0.0.*above 0 .*below 0"):
        Guest(np.eye(1, 4, dtype=np.float32)[0], 0.0)


def test_tastes_part_what_is_apart_and_put_the_heaviest_first() -> None:
    rng = np.random.default_rng(0)
    axes = np.eye(3, 8, dtype=np.float32)
    of = np.array([0, 1, 1, 2, 1, 0, 2, 2, 2])
    vectors = unit(axes[of] + 0.1 * rng.normal(size=(9, 8)).astype(np.float32))
    weights = np.where(of == 1, 3, 1).astype(np.float32)
    found = find_tastes(vectors, weights, most=2, apart=1.2)
    assert found.members.tolist() == np.array([-1, 0, 1])[of].tolist()
    assert found.importance.tolist() == pytest.approx([1, (4 / 9) ** 0.25])
    assert np.linalg.norm(found.centres, axis=1) == pytest.approx(1, abs=1e-6)
    assert (found.centres @ axes[[1, 2]].T).argmax(axis=1).tolist() == [0, 1]


def test_equal_histories_give_equal_answers(songs: SongLibrary) -> None:
    ask = Ask(user="ann", k=20, diversity=0.2, at_most={"artist": 2})
    assert songs.recommender.recommend(ask) == songs.recommender.recommend(ask)


def test_an_index_without_songs_is_asked_in_vain() -> None:
    model = ListenerModel(ExactIndex(4))
    empty = UserQuery(items=np.array([3]), values=np.ones(1, np.float32), weights=np.ones(1, "f4"))
    assert not model.embed_users([empty]).any()
    assert model.interests(empty) is None
    assert model.aversions(empty) is None
    assert not model.explain(empty, np.array([3])).events.any()
