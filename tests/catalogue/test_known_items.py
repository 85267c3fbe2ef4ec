"""Items that are kept in memory are those of the database, whoever changes them."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.database import Database
from nearfield.catalogue.known_items import Known
from nearfield.catalogue.quick_reads import FileReads, ServerReads
from nearfield.catalogue.store import Catalogues
from nearfield.errors import NotFound

ALIEN = {"id": 1, "title": "Alien", "attributes": {"cut": "long"}}
HEAT = {"id": 2, "title": "Heat"}


@pytest.fixture
def movies(store: Catalogues) -> Catalogue:
    made = store.create("movies")
    made.put_items([ALIEN, HEAT])
    return made


def titles(catalogue: Catalogue, *ids: int) -> list[str]:
    return [one.title for one in catalogue.items(catalogue.item_keys(ids))]


def test_what_another_process_changes_is_seen_at_once(movies: Catalogue, url: str) -> None:
    assert titles(movies, 1, 2) == ["Alien", "Heat"]
    with Catalogues(url) as elsewhere:
        elsewhere.get("movies").put_items([{**HEAT, "title": "Ran"}])
        assert titles(movies, 1, 2) == ["Alien", "Ran"]
        elsewhere.get("movies").delete_items([1])
    with pytest.raises(NotFound, match="does not have 1 of the items: '1'"):
        movies.item_keys([1, 2])
    assert movies.keys_there([1, 2]).tolist() == [-1, movies.item_keys([2])[0]]


def test_a_less_strict_one_sees_its_own_changes_at_once(store: Catalogues, url: str) -> None:
    store.create("movies").put_items([ALIEN, HEAT])
    with Catalogues(url, fresh=3600) as lax:
        movies = lax.get("movies")
        assert titles(movies, 1) == ["Alien"]
        movies.put_items([{**ALIEN, "title": "Aliens"}])
        assert titles(movies, 1) == ["Aliens"]
        store.get("movies").put_items([{"id": 3, "title": "Ran"}])
        assert titles(movies, 3) == ["Ran"]  # what is new is not known, so it is asked for
        movies.delete_items([1])
        with pytest.raises(NotFound):
            movies.item_keys([1])


def test_events_leave_items_as_they_are(movies: Catalogue) -> None:
    keys = movies.item_keys([1, 2])
    before = movies.items(keys)
    movies.post_events([{"user": "u", "item": 1, "kind": "liked"}])
    assert all(a is b for a, b in zip(before, movies.items(keys), strict=True))


def test_ids_are_texts_from_the_first_text_on(movies: Catalogue) -> None:
    keys = movies.item_keys([1])
    assert movies.items(keys)[0].id == 1
    movies.put_items([{"id": "a", "title": "M"}])
    assert movies.items(keys)[0].id == "1"


def test_a_removed_catalogue_is_told_as_such(movies: Catalogue, store: Catalogues) -> None:
    assert titles(movies, 1) == ["Alien"]
    store.remove("movies")
    with pytest.raises(NotFound, match="was removed"):
        movies.item_keys([1])


def test_a_pulse_is_steady_until_somebody_commits(movies: Catalogue, url: str) -> None:
    database = Database(url, fresh=3600)
    try:
        first = database.quick.beat()
        assert first == database.quick.beat()
        database.write(lambda conn: None)
        if not database.sqlite:
            assert database.quick.beat() != first
            return
        assert database.quick.beat() == first  # nothing was written
        movies.put_items([{**HEAT, "title": "Ran"}])
        second = database.quick.beat()
        assert second != first
        database.close()
        assert database.quick.beat() not in (first, second)  # it has looked anew
    finally:
        database.close()


def test_a_server_is_asked_again_after_some_time() -> None:
    now = 10.0
    pulse = ServerReads(2.0, lambda: now)
    first = pulse.beat()
    now = 11.9
    assert pulse.beat() == first
    pulse.committed()
    second = pulse.beat()
    assert second != first
    now = 12.1
    assert pulse.beat() not in (first, second)
    assert ServerReads(0.0).beat() is None


@given(
    st.lists(
        st.one_of(
            st.lists(st.integers(0, 12), max_size=6).map(lambda names: ("find", names)),
            st.tuples(st.just("change"), st.lists(st.integers(0, 12), min_size=1, max_size=1)),
        ),
        max_size=60,
    )
)
def test_what_is_found_is_what_holds(steps: list[tuple[str, list[int]]]) -> None:
    truth = {name: 0 for name in range(0, 12, 2)}
    asked = 0
    revision = 0

    def read(names: list[int]) -> Mapping[int, int]:
        nonlocal asked
        asked += len(names)
        return {name: truth[name] for name in names if name in truth}

    known: Known[int, int] = Known(most=3)
    for kind, names in steps:
        if kind == "change":
            revision += 1
            truth[names[0]] = revision
            continue
        expected = {name: truth[name] for name in names if name in truth}
        assert known.find(names, revision, read) == expected
    before = asked
    known.find([0], revision, read)
    known.find([0], revision, read)
    assert asked <= before + 1


def test_what_is_asked_for_stays_and_the_rest_is_forgotten() -> None:
    asked: list[int] = []

    def read(names: list[int]) -> Mapping[int, int]:
        asked.extend(names)
        return {name: name for name in names}

    known: Known[int, int] = Known(most=10)
    for name in range(100):
        known.find([name, 1000], 0, read)
    assert asked.count(1000) == 1
    known.find([0], 0, read)
    assert asked.count(0) == 2


def test_an_older_reading_is_not_kept() -> None:
    known: Known[int, str] = Known()
    assert known.find([1], 5, lambda names: {1: "new"}) == {1: "new"}
    assert known.find([1], 4, lambda names: {1: "old"}) == {1: "old"}
    assert known.find([1], 5, lambda names: {}) == {1: "new"}


def test_a_file_that_cannot_be_read_quickly_is_asked_in_the_usual_way(tmp_path: Path) -> None:
    with Catalogues(f"sqlite:///{tmp_path}/nearfield.db") as store:
        movies = store.create("movies")
        movies.put_items([{**ALIEN, "genres": ["Horror", "Crime"], "year": 1979}, HEAT])
        quick = movies.items(movies.item_keys([2, 1]))
        reads = movies._database.quick
        assert isinstance(reads, FileReads)
        reads._connection.dbapi_connection.close()  # as if the disk had failed
        assert reads.beat() is None
        assert reads.beat() is not None  # over another connection
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(FileReads, "_run", lambda *_: None)
            assert movies.items(movies.item_keys([2, 1])) == quick
            movies.put_items([{**HEAT, "title": "Ran"}])
            assert titles(movies, 2) == ["Ran"]
        assert titles(movies, 2, 1) == ["Ran", "Alien"]


@pytest.mark.parametrize("count", [1, 2, 100, 101, 250])
def test_any_number_of_items_is_found(store: Catalogues, count: int) -> None:
    movies = store.create("movies")
    movies.put_items(
        [{"id": n, "title": f"T{n}", "genres": ["x", "y"][: n % 3]} for n in range(250)]
    )
    found = movies.items(movies.item_keys(list(range(count))))
    assert [(one.id, one.title, len(one.genres)) for one in found] == [
        (n, f"T{n}", min(n % 3, 2)) for n in range(count)
    ]
