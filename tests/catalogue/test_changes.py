"""Items, users and events that come one by one."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.facts import Counts
from nearfield.catalogue.live_rows import read_events, read_items
from nearfield.catalogue.store import Catalogues
from nearfield.catalogue.writing import Outcome
from nearfield.errors import InvalidInput, NotFound
from small_frames import contents, event_frame, item_frame, tables
from synthetic import make_tables


@pytest.fixture
def movies(store: Catalogues) -> Catalogue:
    made = store.create("movies")
    made.put_items(
        [
            {"id": 1, "title": "Alien", "year": 1979, "genres": ["Horror"]},
            {"id": 2, "title": "Heat", "attributes": {"director": "Mann", "cut": "long"}},
        ]
    )
    return made


def test_items_are_added_and_changed(movies: Catalogue) -> None:
    first, second = movies.items(movies.item_keys([1, 2]))
    assert (first.title, first.year, first.genres) == ("Alien", 1979, ("Horror",))
    assert second.attributes == {"director": "Mann", "cut": "long"}
    rows: list[dict[str, Any]] = [
        {"id": "1", "title": "Alien", "year": 1979, "genres": ["Horror"]},
        {"id": 2, "title": " Heat ", "genres": ["Crime", "Crime "], "attributes": {"cut": None}},
        {"id": "3", "title": "Ran", "attributes": {"minutes": 162.0, "colour": True, "x": " "}},
    ]
    assert movies.put_items(rows) == Outcome(1, 1, 1)
    revision = movies.revision()
    assert movies.put_items(rows) == Outcome(0, 0, 3)
    assert movies.revision() == revision
    _, heat, ran = movies.items(movies.item_keys([1, 2, 3]))
    assert (heat.genres, heat.attributes) == (("Crime",), {"director": "Mann"})
    assert ran.attributes == {"minutes": "162", "colour": "true"}
    assert movies.put_items([]) == Outcome(0, 0, 0)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"title": "x"}, r"items\[1\]\.id is missing: an id is a whole number, or text"),
        ({"id": 3}, r"items\[1\]\.title is missing: a text of 1 to 16,000"),
        ({"id": True, "title": "x"}, r"items\[1\]\.id is True"),
        ({"id": " 3", "title": "x"}, r"items\[1\]\.id is ' 3'.*without white space"),
        ({"id": "1", "title": "x"}, r"items\[1\]\.id is '1': each item is wanted once"),
        ({"id": 10**5000, "title": "x"}, r"items\[1\]\.id is 'a number beyond 64 bits'"),
        ({"id": 3, "title": " "}, r"items\[1\]\.title is ' '"),
        ({"id": 3, "title": "\ud800"}, r"items\[1\]\.title is '\\ud800': half of a surrogate"),
        ({"id": 3, "title": "x", "year": 0}, r"items\[1\]\.year is 0: a whole number from 1 to"),
        ({"id": 3, "title": "x", "genres": "Crime"}, r"items\[1\]\.genres is 'Crime': a list of"),
        ({"id": 3, "title": "x", "genres": [1]}, r"items\[1\]\.genres\[0\] is 1: a text"),
        ({"id": 3, "title": "x", "attributes": {'a"': 1}}, r"items\[1\]\.attributes name is"),
        ({"id": 3, "title": "x", "attributes": {"item": 1}}, "none of item, user, title"),
        ({"id": 3, "title": "x", "attributes": {"a": [1]}}, r"items\[1\]\.attributes\.a is \[1\]"),
        ({"id": 3, "title": "x", "attributes": {"a": np.nan}}, "a finite number is wanted"),
        ({"id": 3, "title": "x", "color": "red"}, r"items\[1\] is 'color': the fields are id, ti"),
        ("3", r"items\[1\] is '3': an object"),
    ],
)
def test_wrong_items_are_named_and_nothing_is_written(
    movies: Catalogue, row: Any, message: str
) -> None:
    before = contents(movies)
    with pytest.raises(InvalidInput, match=message):
        movies.put_items([{"id": 1, "title": "Aliens"}, row])
    assert contents(movies) == before


def test_events_make_users_and_are_added_once(movies: Catalogue) -> None:
    rows = [
        {"user": "ann", "item": 1, "value": 4.1, "time": 10},
        {"user": "ann", "item": "2", "time": 20},
        {"user": 7, "item": 2, "kind": "skipped", "time": 5},
    ]
    assert movies.post_events(rows) == Outcome(3, 0, 0)
    revision = movies.revision()
    assert movies.post_events(rows) == Outcome(0, 0, 3)
    assert movies.revision() == revision
    assert movies.post_events([{**rows[0], "value": 2}]) == Outcome(0, 1, 0)
    history = movies.history(movies.user_key("ann"))
    assert movies.item_ids(history.items) == [1, 2]
    assert (history.kinds.tolist(), history.times.tolist()) == ([0, 3], [10, 20])
    assert history.values.tolist() == [2.0, pytest.approx(np.nan, nan_ok=True)]
    assert movies.counts() == Counts(2, 2, 3)
    assert not movies.integer_user_ids()
    assert movies.post_events([]) == Outcome(0, 0, 0)


def test_the_same_event_from_a_file_is_the_same(store: Catalogues, movies: Catalogue) -> None:
    movies.post_events([{"user": "ann", "item": 1, "value": 4.1, "time": 10}])
    frames = tables(
        item_frame(("1", "Alien", 1979, ["Horror"])),
        events=event_frame(("ann", "1", "rated", 4.1, 10)),
    )
    assert [(one.added, one.changed) for one in store.import_tables("movies", frames)] == [
        (0, 0),
        (0, 0),
        (0, 0),
    ]


def test_a_like_without_time_is_not_said_twice(movies: Catalogue) -> None:
    liked = {"user": "ann", "item": 1}
    assert movies.post_events([liked, liked]) == Outcome(1, 0, 1)
    assert movies.post_events([liked]) == Outcome(0, 0, 1)
    disliked = {"user": "ann", "item": 1, "kind": "disliked"}
    assert movies.post_events([disliked]) == Outcome(1, 0, 0)
    assert movies.post_events([liked]).added <= 1  # in the same second it is there already
    later = [{"user": "ann", "item": 1, "value": 3, "time": 1}, {"user": "ann", "item": 1}]
    assert movies.post_events(later)[0] >= 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"item": 1}, r"events\[1\]\.user is missing"),
        ({"user": 1, "item": 99}, r"events\[1\]\.item is '99', which catalogue 'movies' does not"),
        ({"user": 1, "item": 1, "kind": "loved"}, r"events\[1\]\.kind is 'loved': it is one of"),
        ({"user": 1, "item": 1, "kind": "rated"}, r"events\[1\]\.value is missing: what is rated"),
        ({"user": 1, "item": 1, "value": float("inf")}, r"events\[1\]\.value is inf: a number"),
        ({"user": 1, "item": 1, "value": "4"}, r"events\[1\]\.value is '4'"),
        ({"user": 1, "item": 1, "time": 1.5}, r"events\[1\]\.time is 1\.5: whole seconds since"),
        ({"user": 1, "item": 1, "time": 1700000000000}, r"not milliseconds"),
        ({"user": 1, "item": 1, "rating": 4}, r"events\[1\] is 'rating': the fields are user, it"),
    ],
)
def test_one_wrong_event_refuses_the_batch(movies: Catalogue, row: Any, message: str) -> None:
    before = contents(movies)
    kind = NotFound if "99" in message else InvalidInput
    with pytest.raises(kind, match=message):
        movies.post_events([{"user": "new", "item": 1}, row])
    assert contents(movies) == before


def test_ratings_beyond_the_scale_are_refused_where_it_is_known(store: Catalogues) -> None:
    frames = make_tables(users=40, items=60, events=1500)
    list(store.import_tables("rated", frames))
    found = store.get("rated")
    low, high = found.rating_range()
    item, user = frames.items["item"][0], frames.users["user"][0]
    with pytest.raises(InvalidInput, match=r"events\[0\]\.value is 100: the ratings of catalogue"):
        found.post_events([{"user": user, "item": item, "value": 100}])
    good = [{"user": user, "item": item, "value": value} for value in (low, high)]
    assert sum(found.post_events(good)[:2]) >= 1
    young = store.create("young")
    young.put_items([{"id": 1, "title": "x"}])
    young.post_events([{"user": 1, "item": 1, "value": 3}])
    assert young.post_events([{"user": 2, "item": 1, "value": 5}]).added == 1


def test_users_are_put(movies: Catalogue) -> None:
    assert movies.put_user("ann", {"age": 25, "job": "smith"}) == Outcome(1, 0, 0)
    assert movies.put_user("ann", {"age": 25}) == Outcome(0, 0, 1)
    assert movies.put_user("ann", {"age": None, "city": "Rome"}) == Outcome(0, 1, 0)
    assert movies.user("ann")[1] == {"job": "smith", "city": "Rome"}
    assert movies.put_user(3) == Outcome(1, 0, 0)
    with pytest.raises(InvalidInput, match=r"user is '': an id"):
        movies.put_user("")
    with pytest.raises(InvalidInput, match=r"attributes\.age is \[\]"):
        movies.put_user("ann", {"age": []})


def test_deleted_items_take_their_events_along(movies: Catalogue) -> None:
    movies.post_events([{"user": "ann", "item": 1}, {"user": "ann", "item": 2}])
    with pytest.raises(NotFound, match="'99'"):
        movies.delete_items([1, 99])
    assert movies.counts() == Counts(2, 1, 2)
    gone = movies.delete_items([1, "1"])
    assert (gone["items"], gone["events"], gone["item_genres"]) == (1, 1, 1)
    assert movies.counts() == Counts(1, 1, 1)
    movies.put_items([{"id": 1, "title": "Alien"}])
    assert len(movies.history(movies.user_key("ann"))) == 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(row=st.dictionaries(st.sampled_from(["id", "title", "year", "genres", "attributes"]), _JSON))
def test_any_item_is_taken_or_refused(row: dict[str, Any]) -> None:
    try:
        found = read_items([row])
    except InvalidInput:
        return
    json.dumps(found[0].attributes).encode()
    assert found[0].title.encode()


@given(row=st.dictionaries(st.sampled_from(["user", "item", "kind", "value", "time"]), _JSON))
def test_any_event_is_taken_or_refused(row: dict[str, Any]) -> None:
    try:
        found = read_events([row])
    except InvalidInput:
        return
    assert found[0].user.encode()
