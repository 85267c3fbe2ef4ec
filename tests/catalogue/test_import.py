"""Importing: once, twice, in parts, after changes."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield.catalogue.facts import ImportProgress
from nearfield.catalogue.store import Catalogues
from nearfield.catalogue.write_events import cut
from nearfield.datasets.entities import items_of_events, users_of_events
from nearfield.datasets.tables import Collection, Tables
from nearfield.errors import InvalidInput, NotFound
from small_frames import contents, event_frame, item_frame, tables, user_frame
from synthetic import make_tables

TABLES = make_tables(users=20, items=30, events=300)


def last(store: Catalogues, frames: Tables, batch: int = 50_000) -> dict[str, ImportProgress]:
    """Import into `movies`; return the last progress of each table."""
    return {one.table: one for one in store.import_tables("movies", frames, batch)}


def test_import_holds_what_the_tables_say(store: Catalogues) -> None:
    last(store, TABLES, batch=70)
    held = store.get("movies").collection()
    wanted = Collection.from_tables("movies", TABLES)
    assert held.items.drop("key").equals(wanted.items.drop("key"))
    assert held.users.drop("key").equals(wanted.users.drop("key"))
    for name in ("user", "item", "kind", "value", "time"):
        np.testing.assert_array_equal(
            getattr(held.interactions, name), getattr(wanted.interactions, name)
        )


def test_progress_rises_to_the_total_and_sums_up(store: Catalogues) -> None:
    seen = list(store.import_tables("movies", TABLES, batch=70))
    events = [one.done for one in seen if one.table == "events"]
    assert len(events) > 3
    assert events == sorted(events)
    assert [one.table for one in seen] == sorted(
        (one.table for one in seen), key=["items", "users", "events"].index
    )
    assert all(one.added + one.changed + one.unchanged == one.done for one in seen)
    assert {one.table: one.total for one in seen} == {"items": 30, "users": 20, "events": 300}


def test_a_second_import_changes_nothing(store: Catalogues) -> None:
    last(store, TABLES)
    catalogue = store.get("movies")
    revision, before = catalogue.revision(), contents(catalogue)
    again = last(store, TABLES, batch=33)
    assert {(one.added, one.changed) for one in again.values()} == {(0, 0)}
    assert again["events"].unchanged == 300
    assert catalogue.revision() == revision
    assert contents(catalogue) == before


def test_changed_rows_keep_their_keys(store: Catalogues) -> None:
    first = tables(
        item_frame(("a", "Heat", 1995, ["Crime"]), ("b", "Alien", None, [])),
        user_frame("u", age=["25"]),
        event_frame(("u", "a", "rated", 3.0, 5)),
    )
    last(store, first)
    catalogue = store.get("movies")
    keys, user, revision = catalogue.item_keys(["a", "b"]), catalogue.user_key("u"), 0
    revision = catalogue.revision()
    changed = last(
        store,
        tables(
            item_frame(("b", "Alien", 1979, ["Horror", "Sci-Fi"]), ("a", "Heat", 1995, ["Crime"])),
            user_frame("u", age=["26"]),
            event_frame(("u", "a", "rated", 4.5, 5)),
        ),
    )
    assert [changed[name].changed for name in ("items", "users", "events")] == [1, 1, 1]
    assert [changed[name].added for name in ("items", "users", "events")] == [0, 0, 0]
    np.testing.assert_array_equal(catalogue.item_keys(["a", "b"]), keys)
    assert catalogue.items(keys)[1].year == 1979
    assert catalogue.items(keys)[1].genres == ("Horror", "Sci-Fi")
    assert catalogue.user_attributes(user) == {"age": "26"}
    assert catalogue.history(user).values.tolist() == [4.5]
    assert catalogue.revision() > revision


def test_attributes_without_a_column_stay_and_empty_ones_go(store: Catalogues) -> None:
    last(store, tables(users=user_frame("u", age=["25"], gender=["F"])))
    last(store, tables(users=user_frame("u", "v", age=[None, "18"])))
    catalogue = store.get("movies")
    assert catalogue.user_attributes(catalogue.user_key("u")) == {"gender": "F"}
    assert catalogue.collection().users.drop("key").to_dicts() == [
        {"user": "u", "age": None, "gender": "F"},
        {"user": "v", "age": "18", "gender": None},
    ]


def test_events_alone_leave_what_is_known_of_their_items(store: Catalogues) -> None:
    last(store, TABLES)
    before = store.get("movies").collection().items
    known, late = TABLES.items["item"][0], "9999"
    rated = [("new", one, "rated", 4.0, 1) for one in (known, late)]
    later = event_frame(*rated)
    last(store, Tables(items_of_events(later), users_of_events(later), later))
    after = store.get("movies").collection().items
    assert after.head(before.height).equals(before)
    assert after.row(-1, named=True)["title"] == late


def test_tied_events_keep_the_order_of_the_file(store: Catalogues) -> None:
    names = [f"i{number}" for number in range(40)]
    order = np.random.default_rng(0).permutation(names).tolist()
    rows = [(user, item, "rated", 1.0, 7) for item in order for user in ("u", "v")]
    frames = tables(
        item_frame(*((name, name, None, []) for name in names)),
        user_frame("v", "u"),
        event_frame(*rows),
    )
    last(store, frames, batch=9)  # cuts every user in the middle
    catalogue = store.get("movies")
    for user in ("u", "v"):
        assert catalogue.item_ids(catalogue.history(catalogue.user_key(user)).items) == order


def test_of_equal_events_the_last_value_counts_once(store: Catalogues) -> None:
    rows = [("u", "a", "rated", 1.0, 5), ("u", "a", "liked", None, 5), ("u", "a", "rated", 2.0, 5)]
    frames = tables(item_frame(("a", "A", None, [])), user_frame("u"), event_frame(*rows))
    assert last(store, frames)["events"] == ImportProgress("events", 3, 3, 2, 0, 1)
    assert last(store, frames)["events"] == ImportProgress("events", 3, 3, 0, 0, 3)
    catalogue = store.get("movies")
    history = catalogue.history(catalogue.user_key("u"))
    assert history.values[history.kinds == 0].tolist() == [2.0]


def test_empty_tables_make_an_empty_catalogue(store: Catalogues) -> None:
    done = last(store, tables())
    assert {one.total for one in done.values()} == {0}
    catalogue = store.get("movies")
    assert catalogue.counts() == (0, 0, 0)
    assert len(catalogue.collection().interactions) == 0
    assert len(catalogue.popular(3)[0]) == 0


def test_events_of_unknown_items_write_nothing(store: Catalogues) -> None:
    frames = tables(item_frame(("a", "A", None, [])), user_frame("u"))
    last(store, frames)
    bad = event_frame(("u", "a", "rated", 1.0, 1), ("u", "gone", "rated", 1.0, 2))
    with pytest.raises(NotFound, match=r"1 unknown items \('gone'\).*Import the items first"):
        store.get("movies").add_events(bad)
    assert store.get("movies").counts().events == 0


def test_add_events_appends_once(store: Catalogues) -> None:
    last(store, TABLES)
    catalogue = store.get("movies")
    user = TABLES.events["user"][0]
    news = event_frame((user, "1", "liked", None, 2_000_000_000))
    revision = catalogue.revision()
    assert catalogue.add_events(news) == 1
    assert catalogue.add_events(news) == 0
    assert catalogue.revision() == revision + 1
    history = catalogue.history(catalogue.user_key(user))
    assert (history.kinds[-1], np.isnan(history.values[-1])) == (3, True)
    assert catalogue.item_ids(history.items[-1:]) == [1]


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (tables(item_frame(("a ", "A", None, []))), r"1 rows of items.*'a '.*without white space"),
        (tables(item_frame(("", "A", None, []))), "ids of 1 to 255 characters"),
        (tables(item_frame(("x" * 256, "A", None, []))), "ids of 1 to 255 characters"),
        (tables(item_frame((None, "A", None, []))), "ids of 1 to 255 characters"),
        (tables(item_frame(*[("a", "A", None, [])] * 2)), r"2 rows of items.*each item once"),
        (tables(item_frame(("a", None, None, []))), "wanted a title"),
        (tables(item_frame(("a", "A" * 20_000, None, []))), "at most 16000 characters"),
        (tables(item_frame(("a", "A", 10**9, []))), "a year"),
        (tables(item_frame(("a", "A", None, ["g" * 300]))), "genres of at most 255"),
        (tables(users=user_frame("u", **{'a"b': ["1"]})), r"name 'a\"b' cannot be stored.*Rename"),
        (tables(users=user_frame("u", key=["1"])), "name 'key' cannot be stored"),
        (tables(events=event_frame(("u", "a", "sold", 1.0, 1))), "kind rated, watched"),
        (tables(events=event_frame(("u", "a", None, 1.0, 1))), "an event with a kind"),
        (tables(events=event_frame(("u", "a", "rated", 1.0, None))), "a time for each event"),
        (tables(events=event_frame(("u", "a", "rated", np.inf, 1))), "finite values"),
    ],
)
def test_what_cannot_be_stored_is_refused_before_writing(
    store: Catalogues, frames: Tables, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        last(store, frames)
    assert store.names() == []


def test_a_batch_of_nothing_is_refused(store: Catalogues) -> None:
    with pytest.raises(InvalidInput, match="batch of 0 rows"):
        last(store, tables(), batch=0)


@settings(deadline=None)  # other work on the machine is no failure
@given(st.lists(st.integers(0, 6), max_size=60), st.integers(1, 12))
def test_batches_end_where_users_end(users: list[int], batch: int) -> None:
    rising = np.sort(np.array(users, dtype=np.int64))
    parts = cut(rising, batch)
    assert [number for part in parts for number in range(*part)] == list(range(len(rising)))
    for start, end in parts:
        assert 0 < end - start <= batch
        whole = end == len(rising) or rising[end] != rising[end - 1]
        assert whole or (rising[start] == rising[end - 1] and end - start == batch)


def test_ids_differ_in_case_accents_and_form(store: Catalogues) -> None:
    ids = ["a", "A", "ä", "á", "\u0061\u0308", "ß", "ss", "日本", "🎬"]
    last(
        store,
        tables(
            item_frame(*((one, one, None, [one]) for one in ids)),
            user_frame(*ids),
            event_frame(*((one, one, "rated", 1.0, 1) for one in ids)),
        ),
    )
    catalogue = store.get("movies")
    assert catalogue.item_ids(catalogue.item_keys(ids)) == ids
    for one in ids:
        history = catalogue.history(catalogue.user_key(one))
        assert catalogue.item_ids(history.items) == [one]
        assert catalogue.items(history.items)[0].genres == (one,)


def test_a_million_is_not_needed_to_cross_an_in_list(store: Catalogues) -> None:
    count = 12_000  # more than one list of 10,000 holds
    ids = [str(number) for number in range(count)]
    last(store, tables(items=item_frame(*((one, "T", None, ["G"]) for one in ids))))
    catalogue = store.get("movies")
    keys = catalogue.item_keys(ids)
    assert catalogue.item_ids(keys[::-1]) == list(range(count))[::-1]
    assert len(catalogue.items(keys)) == count
    assert pl.Series(keys).is_sorted()
