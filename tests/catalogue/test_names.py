"""Whatever people call things comes back as they wrote it, and what differs stays different."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.dialects.mysql.reserved_words import RESERVED_WORDS_MARIADB, RESERVED_WORDS_MYSQL

from nearfield.catalogue.schema import metadata
from nearfield.catalogue.store import Catalogues
from nearfield.errors import NotFound
from real_servers.databases import empty_database
from small_frames import item_frame, tables, user_frame

ALIKE = [
    "a",
    "A",
    "á",
    "a\u0301",  # á in two signs
    "\uff41",  # of full width
    "ß",
    "ss",
    "SS",
    "İ",
    "i",
    "\u0131",  # an i without its dot
    "😀",
    "😁",
    "👩‍👩‍👧",
    "\U0001d49c",  # a letter of mathematics
    "مرحبا",
    "\u202eabc",
    "%",
    "_",
    "\\",
    "\\\\",
    "'",
    '"',
    "`",
    "--",
    "%s",
    "%(a)s",
    ":a",
    "\x00",
    "a\x00",
    "\x1a",
    "NULL",
    "\U0010ffff",
    "\ufeffa",
]


def test_ids_that_look_alike_are_different(store: Catalogues) -> None:
    items = item_frame(*((one, f"title of {one}", None, [one]) for one in ALIKE))
    list(store.import_tables("movies", tables(items, user_frame(*ALIKE))))
    movies = store.get("movies")
    keys = movies.item_keys(ALIKE)
    assert len(set(keys.tolist())) == len(ALIKE)
    assert [item.id for item in movies.items(keys)] == ALIKE
    assert [item.title for item in movies.items(keys)] == [f"title of {one}" for one in ALIKE]
    assert len({movies.user_key(one) for one in ALIKE}) == len(ALIKE)
    assert next(store.import_tables("movies", tables(items, user_frame(*ALIKE)))).added == 0


@pytest.mark.parametrize("other", ["a ", "a  ", " a", "A", "á", "a\t", "a\u00a0"])
def test_an_id_is_found_by_its_very_text_alone(store: Catalogues, other: str) -> None:
    items = item_frame(("a", "A", None, ["Drama"]))
    list(store.import_tables("movies", tables(items, user_frame("a"))))
    movies = store.get("movies")
    with pytest.raises(NotFound):
        movies.user_key(other)
    with pytest.raises(NotFound):
        movies.item_keys([other])
    assert movies.browse(where="genre = 'Drama '").items == []


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
    lambda name: name == name.strip()
)


@settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.lists(st.tuples(names, names), min_size=1, max_size=20, unique_by=lambda pair: pair[0]))
def test_any_text_comes_back(store: Catalogues, pairs: list[tuple[str, str]]) -> None:
    rows = item_frame(*((one, title, None, []) for one, title in pairs))
    list(store.import_tables("names", tables(rows)))
    catalogue = store.get("names")
    found = catalogue.items(catalogue.item_keys([one for one, _ in pairs]))
    assert [(str(item.id), item.title) for item in found] == pairs
    assert catalogue.counts().items == len(pairs)
    store.remove("names")


def test_a_database_of_another_charset_holds_every_title(server: str) -> None:
    with empty_database(server, "CHARACTER SET latin1") as url:
        address = url.render_as_string(hide_password=False)
        with Catalogues(address) as store:
            items = item_frame(("ß", "Amélie 😀", 2001, ["комедия"]))
            list(store.import_tables("movies", tables(items)))
            movies = store.get("movies")
            (found,) = movies.items(movies.item_keys(["ß"]))
            assert (found.id, found.title, found.genres) == ("ß", "Amélie 😀", ("комедия",))


@pytest.mark.parametrize("table", ["items", "users", "item_genres"])
def test_names_are_compared_by_their_bytes(server_url: str, table: str) -> None:
    with Catalogues(server_url) as store, store._database.reading() as conn:
        query = text(
            "SELECT collation_name FROM information_schema.tables JOIN "
            "information_schema.collations ON collation_name = table_collation "
            "WHERE table_schema = DATABASE() AND table_name = :table"
        )
        assert conn.execute(query, {"table": table}).scalar() in (
            "utf8mb4_nopad_bin",
            "utf8mb4_0900_bin",
        )


def test_no_table_or_column_is_called_like_a_word_of_sql() -> None:
    tables_of = metadata.tables
    names = {*tables_of, *(column.name for one in tables_of.values() for column in one.columns)}
    assert names & (RESERVED_WORDS_MYSQL | RESERVED_WORDS_MARIADB) <= {"offset"}
    assert "groups" in RESERVED_WORDS_MYSQL  # of MySQL 8 alone
