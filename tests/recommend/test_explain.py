"""Reasons tell the largest shares, as sentences."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.datasets.tables import EVENT_KINDS
from nearfield.recommend.explain import (
    LEAST_SHARE,
    MOST_EVENTS,
    attributes_sentence,
    cite,
    common_genres,
    common_traits,
    event_sentence,
    label_of,
)
from nearfield.types import Shares


def random_shares(items: int, events: int, seed: int) -> Shares:
    """Return shares whose rows sum to 1 with the attributes' own."""
    rng = np.random.default_rng(seed)
    parts = rng.dirichlet(np.full(events + 1, 0.3), size=items).astype(np.float32)
    return Shares(parts[:, :events], parts[:, events])


@given(
    recommended=st.integers(0, 6),
    history=st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=15),
    seed=st.integers(0, 1000),
)
def test_cited_events_are_the_largest_joined_by_item(
    recommended: int, history: list[tuple[int, bool]], seed: int
) -> None:
    items = np.array([item for item, _ in history], dtype=np.int64)
    counts_for = np.array([counts for _, counts in history], dtype=bool)
    shares = random_shares(recommended, len(history), seed)
    cited = cite(shares, items, counts_for)
    newest = {item: row for row, (item, counts) in enumerate(history) if counts}
    for row in range(recommended):
        joined = {
            newest[item]: sum(
                float(shares.events[row, event])
                for event in np.flatnonzero((items == item) & counts_for)
            )
            for item in newest
        }
        largest = sorted(joined.values(), reverse=True)[:MOST_EVENTS]
        assert cited.shares[row].tolist() == pytest.approx(largest, abs=1e-5)
        named = [joined[event] for event in cited.rows[row].tolist()]
        assert named == pytest.approx(largest, abs=1e-5)
        assert len(set(cited.rows[row].tolist())) == len(cited.rows[row])


def test_only_shares_worth_a_sentence_are_told() -> None:
    shares = Shares(
        np.array([[0.5, LEAST_SHARE / 2, 0.4]], dtype=np.float32), np.zeros(1, dtype=np.float32)
    )
    cited = cite(shares, np.array([7, 8, 9]), np.ones(3, dtype=bool))
    assert cited.told.tolist() == [0, 2]


def test_each_kind_has_its_verb() -> None:
    sentences = {
        kind: event_sentence(EVENT_KINDS.index(kind), "Heat (1995)", math.nan)
        for kind in ("rated", "watched", "listened", "liked")
    }
    assert sentences == {
        "rated": "because you rated Heat (1995)",
        "watched": "because you watched Heat (1995)",
        "listened": "because you listened to Heat (1995)",
        "liked": "because you liked Heat (1995)",
    }


@pytest.mark.parametrize(("value", "ending"), [(5.0, " 5"), (3.5, " 3.5"), (math.nan, ")")])
def test_a_rating_is_told_with_its_stars(value: float, ending: str) -> None:
    assert event_sentence(0, "Heat (1995)", value).endswith(ending)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], "because of your profile"),
        (["age"], "because of your age"),
        (["age", "gender"], "because of your age and gender"),
        (["age", "gender", "occupation"], "because of your age, gender and occupation"),
    ],
)
def test_attributes_are_listed(names: list[str], text: str) -> None:
    assert attributes_sentence(names) == text


def test_a_label_has_the_year_once() -> None:
    assert label_of("Heat", 1995) == "Heat (1995)"
    assert label_of("Heat (1995)", 1995) == "Heat (1995)"
    assert label_of("Heat", None) == "Heat"


def test_common_genres_are_told_with_their_jaccard_share() -> None:
    (reason,) = common_genres(("Animation", "Comedy", "Drama"), ("Comedy", "Animation"))
    assert reason.text == "both are Animation, Comedy"
    assert reason.share == pytest.approx(2 / 3)
    assert common_genres(("Drama",), ("Comedy",)) == ()
    assert common_genres((), ()) == ()


def test_songs_have_their_artist_album_key_and_tempo_in_common() -> None:
    one = {"artist": "Ann", "album": "One", "key": "A minor", "tempo": "120.3", "energy": "0.5"}
    (reason,) = common_traits(one, {**one, "artist": "ANN ", "album": "Two", "tempo": "118"})
    assert reason.text == "both are by ANN, in A minor, at about 118 BPM"
    assert reason.share == pytest.approx(3 / 4)
    (reason,) = common_traits(one, {"key": "A minor", "tempo": "60"})
    assert (reason.text, reason.share) == ("both are in A minor", 0.5)
    assert common_traits(one, {"tempo": "fast", "album": " "}) == ()
    assert common_traits({}, {}) == ()
    assert common_traits({"tempo": "0"}, {"tempo": "0.0"}) == ()
