"""Lists of items, users and genres."""

import base64
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield.catalogue import listing
from nearfield.catalogue.browse import ItemsPage, Sort
from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.item_index import SORTS, IndexedItem, ItemIndex
from nearfield.catalogue.popularity import SMALL, Popularity
from nearfield.catalogue.store import Catalogues
from nearfield.catalogue.where import parse_where
from nearfield.errors import InvalidInput, NotFound

TITLES = {
    1: "Alien",
    2: "Aliens",
    3: "The Alien Within",
    4: "Amélie",
    5: "100% Wolf",
    6: "Don't Look Now",
    7: "東京物語",
    8: "Smørrebrød",
    9: "Heat",
    10: "Alien",
}


@pytest.fixture
def movies(store: Catalogues) -> Catalogue:
    made = store.create("movies")
    rows = [
        {"id": number, "title": title, "genres": ["Drama"] if number % 2 else ["Drama", "Crime"]}
        for number, title in TITLES.items()
    ]
    made.put_items(rows)
    told = {"artist": "Alienated", "mood": "alien"}
    made.put_items([{**rows[8], "attributes": told}])
    chosen = {10: 3, 3: 2, 9: 1, 2: 1}
    made.post_events(
        [{"user": user, "item": item} for item, users in chosen.items() for user in range(users)]
    )
    return made


def ids(page: ItemsPage) -> list[object]:
    return [item.id for item in page.items]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("alien", [10, 1, 2, 3, 9]),  # whole title (popular first), its beginning, in it, elsewhere
        ("ALIEN w", [3]),
        ("wi alien", [3]),
        ("amelie", [4]),
        ("AMÉLIE", [4]),
        ("dont look", [6]),
        ("don\u2019t", [6]),
        ("smorr", [8]),
        ("物語", [7]),
        ("100", [5]),
        ("mood", []),
        ("liens", []),
        ("%", []),
        ("_", []),
        ("'; drop table items; --", []),
        ("100%", [5]),
    ],
)
def test_words_find_by_their_beginnings(movies: Catalogue, q: str, found: list[int]) -> None:
    assert ids(movies.browse(q)) == found
    assert movies.counts().items == len(TITLES)


def test_orders(movies: Catalogue) -> None:
    assert ids(movies.browse(sort="popular"))[:5] == [10, 3, 2, 9, 1]
    assert ids(movies.browse(sort="new")) == list(range(10, 0, -1))
    assert ids(movies.browse(sort="id")) == list(range(1, 11))
    by_title = [5, 1, 10, 2, 4, 6, 9, 8, 3, 7]
    assert ids(movies.browse()) == ids(movies.browse(sort="title")) == by_title
    assert ids(movies.browse("alien", sort="new")) == [10, 9, 3, 2, 1]
    movies.put_items([{"id": "b", "title": "x"}, {"id": "-3", "title": "y"}])
    assert ids(movies.browse(sort="id")) == ["-3", *map(str, range(1, 11)), "b"]


def test_conditions_narrow(movies: Catalogue) -> None:
    assert ids(movies.browse("alien", "genre = 'Crime'")) == [10, 2]
    condition = parse_where("genre = 'Crime' and item != 2")
    assert ids(movies.browse("alien", condition)) == [10]
    assert ids(movies.browse("alien", "  ")) == [10, 1, 2, 3, 9]
    with pytest.raises(InvalidInput, match="cannot read the condition"):
        movies.browse(where="genre = ")
    with pytest.raises(InvalidInput, match="no field 'size'"):
        movies.browse(where="size = 3")


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("q", ["", "alien"])
def test_pages_join_and_stay_in_place(movies: Catalogue, sort: Sort, q: str) -> None:
    whole = ids(movies.browse(q, sort=sort))
    page = movies.browse(q, sort=sort, limit=2)
    found = ids(page)
    movies.delete_items([found[0]])  # type: ignore[list-item]
    movies.put_items([{"id": 11, "title": "Alien 0"}])
    while page.next is not None:
        page = movies.browse(q, sort=sort, limit=2, cursor=page.next)
        found += ids(page)
    assert [one for one in found if one != 11] == whole
    assert found.count(11) <= 1


def test_cursors_of_other_questions_are_refused(movies: Catalogue) -> None:
    cursor = movies.browse(limit=1).next
    assert cursor is not None
    longer = base64.urlsafe_b64decode(cursor + "==").replace(b"]", b",1]")
    forged = base64.urlsafe_b64encode(longer).decode()
    for wrong in (forged, "", "x", "é", cursor[:-4], "W10", "[" * 40_000):
        with pytest.raises(InvalidInput, match="not of this question"):
            movies.browse(limit=1, cursor=wrong)
    for q, where in (("alien", None), ("", "year > 1")):
        with pytest.raises(InvalidInput, match="not of this question"):
            movies.browse(q, where, "title", cursor=cursor)
    with pytest.raises(InvalidInput, match="not of this question"):
        movies.browse(sort="new", cursor=cursor)
    with pytest.raises(InvalidInput, match="limit is 0"):
        movies.browse(limit=0)
    with pytest.raises(InvalidInput, match="cannot be sorted by 'size'"):
        movies.browse(sort="size")  # type: ignore[arg-type]


def test_changes_are_seen_also_those_of_others(
    store: Catalogues, movies: Catalogue, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.get("movies") is movies
    movies.browse()
    with Catalogues(url) as other:
        there = other.get("movies")
        there.put_items([{"id": 1, "title": "Renamed"}, {"id": 12, "title": "Brazil"}])
        there.delete_items([2])
    assert ids(movies.browse("alien")) == [10, 3, 9]
    assert ids(movies.browse("renamed")) == [1]
    movies.post_events([{"user": user, "item": 12} for user in range(9)])
    assert ids(movies.browse(sort="popular"))[0] == 12
    monkeypatch.setattr(listing, "FEW", 0)
    movies.put_items([{"id": number, "title": f"Brazil {number}"} for number in range(12, 16)])
    assert ids(movies.browse("braz")) == [12, 13, 14, 15]
    movies.delete_items([13, 12])
    movies.delete_items([1])
    assert ids(movies.browse("braz")) == [14, 15]
    store.remove("movies")
    with pytest.raises(NotFound, match="was removed"):
        movies.browse()
    assert store.create("movies").browse().items == []


def test_users_are_listed(movies: Catalogue) -> None:
    movies.put_user(10, {"age": 3})
    movies.put_user(100)
    page = movies.users_page("1")
    assert [(one.id, one.events) for one in page.users] == [(1, 2), (10, 0), (100, 0)]
    assert page.users[1].attributes == {"age": "3"}
    assert [one.id for one in movies.users_page().users] == [0, 1, 2, 10, 100]
    for q in ("", "1"):
        page = movies.users_page(q, limit=2)
        found = [one.id for one in page.users]
        movies.put_user("1000")
        while page.next:
            page = movies.users_page(q, limit=2, cursor=page.next)
            found += [one.id for one in page.users]
        assert found == [one.id for one in movies.users_page(q).users]
    assert movies.users_page("%").users == []
    assert movies.users_page("1' or 1=1 --").users == []
    movies.put_user("é%_")
    assert [one.id for one in movies.users_page("é").users] == ["é%_"]


def test_genres_are_counted(movies: Catalogue) -> None:
    assert movies.genres() == [("Drama", 10), ("Crime", 5)]
    movies.put_items([{"id": 2, "title": "Aliens", "genres": ["Action"]}])
    assert movies.genres() == [("Drama", 9), ("Crime", 4), ("Action", 1)]


def test_a_large_count_is_made_again_in_the_background() -> None:
    counted, made = threading.Event(), 0

    def count() -> tuple[np.ndarray, np.ndarray]:
        nonlocal made
        made += 1
        if made > 1:
            counted.set()
        return np.array([made]), np.array([SMALL + 1])

    popularity = Popularity(count, seconds=0)
    assert popularity.get(1)[0].tolist() == [1]
    assert popularity.get(1)[0].tolist() == [1]
    assert not counted.is_set()
    assert popularity.get(2)[0].tolist() in ([1], [2])
    assert counted.wait(30)


@given(
    titles=st.lists(st.text("ab ", max_size=6), max_size=12),
    words=st.lists(st.text("ab", min_size=1, max_size=3), max_size=3),
    counts=st.lists(st.integers(0, 2), min_size=12, max_size=12),
    sort=st.sampled_from(SORTS),
    limit=st.integers(1, 4),
)
def test_the_index_is_as_plain_loops(
    titles: list[str], words: list[str], counts: list[int], sort: str, limit: int
) -> None:
    made = ItemIndex([IndexedItem(n + 1, str(n), title) for n, title in enumerate(titles)])
    keys = made.keys
    made.set_users(keys, np.array(counts[: len(keys)], dtype=np.int64))
    found, rank = made.find(words)

    def fits(title: str) -> bool:
        return all(any(w.startswith(word) for w in title.split()) for word in words)

    def order(row: int) -> tuple[object, ...]:
        title, wanted = " ".join(titles[row].split()), " ".join(words)
        kind = 0 if title == wanted else 1 if title.startswith(wanted) else 2
        return {
            "best": (kind, -counts[row], row),
            "title": (title, row),
            "popular": (-counts[row], row),
            "new": (-row,),
            "id": (row,),
        }[sort]

    expected = sorted((row for row in range(len(titles)) if fits(titles[row])), key=order)
    rows: list[int] = []
    place = None
    while page := made.page(sort, found, place, limit, rank):
        place = page[-1]
        rows += [abs(one[-1]) - 1 for one in page]
    assert rows == expected
