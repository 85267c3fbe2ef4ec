"""At most so many songs of an artist, one of each recording, none that was just played."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield.errors import InvalidInput
from nearfield.recommend.ask import Ask
from nearfield.recommend.blend import BlendView
from nearfield.recommend.duplicates import Alone, one_of_each
from nearfield.recommend.limits import Limits, folded
from nearfield.recommend.profile import gather
from nearfield.recommend.recommender import Recommender
from nearfield.recommend.retrieve import Ranked
from nearfield.types import Ids
from small_movies import Movies
from small_songs import PLAIN, SONGS, UNHEARD, SongLibrary, ids, open_songs, song


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SongLibrary]:
    with open_songs(tmp_path_factory.mktemp("limits")) as library:
        yield library


@dataclass(frozen=True)
class Pairs:
    """Satisfies `Groups`: some songs are the same as others, and some worse copies of others."""

    same: dict[int, int]
    worse: dict[int, int] = field(default_factory=dict)

    def of(self, keys: Ids) -> Ids:
        return np.array([self.same.get(key, key) for key in keys.tolist()], dtype=np.int64)

    def are_alone(self) -> bool:
        return False

    def best(self, keys: Ids) -> Ids:
        return np.array([self.worse.get(key, key) for key in keys.tolist()], dtype=np.int64)


def greedy(ranked: list[str], facts: dict[str, dict[str, str]], most: dict[str, int]) -> list[str]:
    """Return what going through all songs gives, written as a plain loop."""
    seen: Counter[tuple[str, str]] = Counter()
    kept = []
    for one in ranked:
        values = [(name, facts[one][name]) for name in most if name in facts[one]]
        if all(seen[value] < most[value[0]] for value in values):
            kept.append(one)
            seen.update(values)
    return kept


@settings(max_examples=25, deadline=None)
@given(
    k=st.integers(1, SONGS),
    artist=st.none() | st.integers(1, 4),
    album=st.none() | st.integers(1, 2),
)
def test_limits_are_exact_however_many_must_be_passed_over(
    songs: SongLibrary, k: int, artist: int | None, album: int | None
) -> None:
    most = {
        name: limit for name, limit in (("artist", artist), ("album", album)) if limit is not None
    }
    every = songs.recommender.similar(song(2, 0, 0), k=SONGS)
    facts = {str(one.item): dict(one.attributes) for one in every}
    found = songs.recommender.similar(song(2, 0, 0), k=k, at_most=most)
    assert ids(found) == greedy(ids(every), facts, most)[:k]


def test_limits_hold_for_listeners_diverse_lists_and_popular_ones(songs: SongLibrary) -> None:
    most = {"artist": 1, "album": 1}
    for ask in (
        Ask(user="ann", k=20, at_most=most),
        Ask(user="ann", k=20, at_most=most, diversity=0.5),
        Ask(k=5, at_most=most),
    ):
        answer = songs.recommender.recommend(ask)
        artists = Counter(one.attributes["artist"] for one in answer if one.attributes)
        assert answer
        assert max(artists.values()) == 1
    assert len(songs.recommender.recommend(Ask(user="ann", k=20, at_most=most))) == 20


def test_movies_are_limited_by_any_attribute_and_the_rest_is_left_alone(movies: Movies) -> None:
    plain = movies.recommender.recommend(Ask(user=7, k=20))
    assert movies.recommender.recommend(Ask(user=7, k=20, at_most={"director": 1})) == plain


@pytest.mark.parametrize(
    ("one", "other"), [("Björk", " björk"), ("The  Beatles", "the\tbeatles"), ("STRASSE", "straße")]
)
def test_values_are_compared_without_case_and_spaces(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_seeds_in_a_list_count_for_its_limits(songs: SongLibrary) -> None:
    held = songs.keys([song(0, 0, 0)])
    limits = Limits(songs.catalogue, {"artist": 2}, Alone(), held, held)
    pool = songs.keys([song(0, 0, 1), song(0, 0, 2), song(0, 1, 0), PLAIN])
    kept = limits.keep(Ranked(pool, np.linspace(1, 0.5, 4, dtype=np.float32)))
    assert kept.ids.tolist() == pool[[0, 2, 3]].tolist()


def test_one_of_each_group_is_kept_and_none_of_those_taken() -> None:
    pool = Ranked(np.array([9, 4, 7, 2, 5]), np.linspace(1, 0.5, 5, dtype=np.float32))
    groups = Pairs({9: 4, 7: 2})
    assert one_of_each(pool, groups).ids.tolist() == [9, 7, 5]
    assert one_of_each(pool, groups, np.array([2])).ids.tolist() == [9, 5]
    assert one_of_each(pool, Alone()).ids.tolist() == pool.ids.tolist()


def test_the_better_copy_is_shown_where_a_list_may_hold_it() -> None:
    pool = Ranked(np.array([9, 4, 7, 2, 5]), np.linspace(1, 0.5, 5, dtype=np.float32))
    same = {9: 4, 7: 1, 2: 1}  # 4 is the better copy of 9; 1, of which 7 and 2 are, may not come
    groups = Pairs(same, same)
    assert one_of_each(pool, groups).ids.tolist() == [4, 7, 5]
    performances = Pairs(same)
    assert one_of_each(pool, performances).ids.tolist() == [9, 7, 5]


def test_copies_of_a_song_stay_out_of_each_others_lists(songs: SongLibrary) -> None:
    first, copy, third = songs.keys([song(1, 0, 0), song(1, 0, 1), song(1, 0, 2)]).tolist()
    seed, twin = songs.keys([song(1, 1, 0), song(1, 1, 1)]).tolist()
    groups = Pairs({copy: first, third: first, twin: seed})
    recommender = Recommender(songs.catalogue, songs.view, groups)
    found = ids(recommender.similar(song(1, 1, 0), k=60))
    assert song(1, 1, 1) not in found
    assert len({song(1, 0, 0), song(1, 0, 1), song(1, 0, 2)} & set(found)) == 1
    assert len(found) == 60
    listened = ids(recommender.recommend(Ask(listened=[song(1, 0, 1)], k=60)))
    assert not {song(1, 0, 0), song(1, 0, 2)} & set(listened)


def test_a_song_from_elsewhere_finds_what_is_like_it(songs: SongLibrary) -> None:
    vector = songs.vector(song(3, 1, 1))
    inside = songs.recommender.similar(song(3, 1, 1), k=10)
    outside = songs.recommender.similar_to(vector, k=10, exclude=[song(3, 1, 1)])
    assert [(one.item, one.attributes) for one in outside] == [
        (one.item, one.attributes) for one in inside
    ]
    assert [one.score for one in outside] == pytest.approx([one.score for one in inside])
    assert ids(songs.recommender.similar_to(vector, k=1)) == [song(3, 1, 1)]
    with pytest.raises(InvalidInput, match=r"shape \(3,\).*'sound' have shape \(16,\)"):
        songs.recommender.similar_to(np.eye(1, 3, dtype=np.float32)[0])
    blend = Recommender(songs.catalogue, BlendView([songs.view, songs.view], [0.5, 0.5]))
    with pytest.raises(InvalidInput, match="cannot be looked for in several spaces"):
        blend.similar_to(vector)


def test_answers_carry_artist_album_and_path(songs: SongLibrary) -> None:
    (one,) = songs.recommender.similar(song(3, 1, 1), k=1)
    mood, artist, number = (int(one.item[place]) for place in (1, 3, 5))  # type: ignore[index]
    assert one.attributes["path"] == f"/music/{mood}/{artist}/{number}.ogg"
    assert one.attributes["artist"] == f"Artist {mood}.{artist}"
    assert hash(one) == hash(one)


def test_what_was_heard_long_ago_may_come_again(songs: SongLibrary) -> None:
    history = songs.catalogue.history(songs.catalogue.user_key("ann")).items
    played = songs.catalogue.item_ids(history)
    bad = {song(5, 0, 0), song(5, 1, 1)}
    for repeat in (0, 1, 5, len(history), 10**6):
        ask = Ask(user="ann", repeat=repeat, k=SONGS)
        found = set(ids(songs.recommender.recommend(ask)))
        newest = set(map(str, played[max(0, len(played) - repeat) :]))
        assert found == {*every(songs)} - newest - bad
    assert not set(ids(songs.recommender.recommend(Ask(user="ann", k=SONGS)))) & set(played)


def every(songs: SongLibrary) -> list[str]:
    ((keys, _),) = songs.index.scan()
    return [str(one) for one in songs.catalogue.item_ids(keys)]


def test_what_the_wish_names_never_comes_again(songs: SongLibrary) -> None:
    ask = Ask(user="ann", listened=[song(0, 0, 0)], liked=[song(0, 0, 1)], repeat=0, k=SONGS)
    assert not {song(0, 0, 0), song(0, 0, 1)} & set(ids(songs.recommender.recommend(ask)))
    assert UNHEARD in songs.catalogue.item_ids(gather(songs.catalogue, Ask(user="ann"), 99).seen)


def test_a_song_played_after_it_was_skipped_may_come_again(songs: SongLibrary) -> None:
    ask = Ask(user="ann", disliked=[song(3, 0, 0)], repeat=0)
    seen = songs.catalogue.item_ids(gather(songs.catalogue, ask, 99).seen)
    assert set(seen) == {song(5, 0, 0), song(5, 1, 1), song(3, 0, 0)}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"repeat": -1}, r"repeat is -1.*0 or more"),
        ({"repeat": 1.5}, r"repeat is 1.5.*0 or more"),
        ({"repeat": True}, r"repeat is True"),
        ({"at_most": {"artist": 0}}, r"at most 0 items with the same artist.*from 1"),
        ({"at_most": {"album": "2"}}, r"at most '2' items with the same album"),
        ({"listened": "abc"}, r"listened is the text 'abc'"),
        ({"listened": {"a": -1}}, r"listened item 'a' has weight -1.*`disliked`"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Ask(**wrong)


def test_an_item_cannot_be_listened_to_and_disliked(songs: SongLibrary) -> None:
    ask = Ask(listened=[song(0, 0, 0)], disliked=[song(0, 0, 0)])
    with pytest.raises(InvalidInput, match="'m0a0s0' is both listened to and disliked"):
        songs.recommender.recommend(ask)
