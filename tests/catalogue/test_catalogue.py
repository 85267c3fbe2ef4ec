"""What a catalogue answers."""

import numpy as np
import pytest

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.facts import Item
from nearfield.catalogue.store import Catalogues
from nearfield.catalogue.where import parse_where
from nearfield.errors import NotFound
from small_frames import event_frame, item_frame, tables, user_frame


@pytest.fixture
def movies(store: Catalogues) -> Catalogue:
    items = item_frame(
        ("3", "Heat", 1995, ["Crime", "Action"]),
        ("1", "Alien", 1979, ["Horror"]),
        ("2", "Unknown", None, []),
    ).with_columns(director=np.array(["Mann", "Scott", "Mann"]))
    frames = tables(
        items,
        user_frame("7", "8", "9", age=["25", None, "18"], job=["1", "2", "1"]),
        event_frame(
            ("7", "1", "rated", 4.0, 20),
            ("7", "3", "rated", None, 10),
            ("7", "3", "liked", None, 30),
            ("8", "3", "rated", 1.0, 5),
            ("8", "1", "skipped", None, 6),
            ("9", "2", "disliked", None, 6),
        ),
    )
    list(store.import_tables("movies", frames))
    return store.get("movies")


def test_items_come_in_the_order_asked(movies: Catalogue) -> None:
    keys = movies.item_keys([1, "3"])
    assert movies.items(keys) == [
        Item(int(keys[0]), 1, "Alien", 1979, ("Horror",), {"director": "Scott"}),
        Item(int(keys[1]), 3, "Heat", 1995, ("Crime", "Action"), {"director": "Mann"}),
    ]
    assert movies.items(keys[[1, 0, 1]]) == [movies.items(keys)[row] for row in (1, 0, 1)]
    assert movies.item_ids(keys[[1, 0, 1]]) == [3, 1, 3]
    assert movies.items(keys[:0]) == []
    assert movies.items(movies.item_keys([2]))[0].year is None


def test_history_is_the_newest_events_oldest_first(movies: Catalogue) -> None:
    user = movies.user_key(7)
    whole = movies.history(user)
    assert movies.item_ids(whole.items) == [3, 1, 3]
    assert whole.kinds.tolist() == [0, 0, 3]
    np.testing.assert_array_equal(whole.values, np.array([np.nan, 4, np.nan], dtype=np.float32))
    assert whole.times.tolist() == [10, 20, 30]
    assert whole.kinds.dtype == np.int8
    assert whole.values.dtype == np.float32
    assert movies.history(user, limit=2).times.tolist() == [20, 30]
    assert len(movies.history(user, limit=0)) == 0


def test_unknown_names_are_listed_with_a_remedy(movies: Catalogue) -> None:
    unknown = [f"x{number}" for number in range(7)]
    with pytest.raises(
        NotFound, match=r"'movies' does not have 7 of the items: 'x0'.*'x4', \.\.\."
    ):
        movies.item_keys(["1", *unknown])
    with pytest.raises(NotFound, match=r"1 of the users: '77'\. Check the spelling"):
        movies.user_key(77)
    with pytest.raises(NotFound, match=r"1 of the item keys: 999\..*publish again"):
        movies.items(np.array([999]))
    with pytest.raises(NotFound, match="item keys: -1"):
        movies.item_ids(np.array([-1]))
    with pytest.raises(NotFound, match="user keys: 999"):
        movies.user_attributes(999)
    with pytest.raises(NotFound, match="items: "):
        movies.item_keys(["\udcff"])  # a command line that is not UTF-8


def test_user_attributes_and_their_values(movies: Catalogue) -> None:
    assert movies.user_attributes(movies.user_key(7)) == {"age": "25", "job": "1"}
    assert movies.user_attributes(movies.user_key(8)) == {"job": "2"}
    assert movies.attribute_values("age") == ["18", "25"]
    assert movies.attribute_values("') or 1=1 --") == []


def test_values_that_come_later_are_known_at_once(store: Catalogues, movies: Catalogue) -> None:
    assert movies.attribute_values("age") == ["18", "25"]
    more = tables(item_frame(), user_frame("10", age=["56"], job=["3"]), event_frame())
    list(store.import_tables("movies", more))
    assert movies.attribute_values("age") == ["18", "25", "56"]


def test_popular_counts_users_once_and_not_their_dislikes(movies: Catalogue) -> None:
    keys, users = movies.popular(10)
    assert movies.item_ids(keys) == [3, 1]
    assert users.tolist() == [2, 1]
    assert movies.item_ids(movies.popular(1)[0]) == [3]
    assert movies.item_ids(movies.popular(5, parse_where("year < 1990"))[0]) == [1]


def test_popular_sees_new_events(movies: Catalogue) -> None:
    movies.popular(1)
    movies.add_events(event_frame(*((user, "1", "liked", None, 99) for user in ("8", "9"))))
    assert movies.popular(1)[1].tolist() == [3]


def test_integer_ids_until_one_is_not(store: Catalogues) -> None:
    list(store.import_tables("c", tables(item_frame(("1", "A", None, [])), user_frame("u"))))
    catalogue = store.get("c")
    assert (catalogue.integer_ids(), catalogue.integer_user_ids()) == (True, False)
    revision = catalogue.revision()
    list(store.import_tables("c", tables(item_frame(("01", "B", None, [])))))
    assert not catalogue.integer_ids()
    assert catalogue.revision() > revision
    assert catalogue.item_ids(catalogue.item_keys(["01", 1])) == ["01", "1"]


def test_another_connection_sees_changes_at_once(movies: Catalogue, url: str) -> None:
    key = movies.item_keys([1])
    with Catalogues(url) as other:
        list(other.import_tables("movies", tables(item_frame(("1", "Alien 2", 1986, [])))))
    assert movies.items(key)[0].title == "Alien 2"


def test_catalogues_do_not_see_each_other(movies: Catalogue, store: Catalogues) -> None:
    list(store.import_tables("songs", tables(item_frame(("1", "Song", None, [])), user_frame("7"))))
    songs = store.get("songs")
    assert songs.counts() == (1, 1, 0)
    assert songs.items(songs.item_keys(["1"]))[0].title == "Song"
    assert len(songs.history(songs.user_key(7))) == 0
    with pytest.raises(NotFound, match="item keys"):
        songs.items(movies.item_keys([1]))
    with pytest.raises(NotFound, match="user keys"):
        songs.user_attributes(movies.user_key(7))
    assert len(songs.matching(parse_where("year > 0"))) == 0
    assert songs.uid != movies.uid
