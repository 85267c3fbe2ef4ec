"""Lists of songs that people keep."""

import pytest

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.saved_playlists import MOST
from nearfield.catalogue.store import Catalogues
from nearfield.errors import InvalidInput, NotFound


@pytest.fixture
def songs(store: Catalogues) -> Catalogue:
    made = store.create("songs")
    made.put_items([{"id": f"s{number}", "title": "x"} for number in range(4)])
    return made


def test_lists_are_kept_changed_and_deleted(songs: Catalogue) -> None:
    keys = songs.all_item_keys().tolist()
    lists = songs.playlists
    one = lists.add("Morning", [keys[2], keys[0], keys[2]])
    two = lists.add("Morning", [])
    assert (one.name, one.songs, two.songs) == ("Morning", 3, 0)
    assert lists.songs(one.id) == (keys[2], keys[0], keys[2])
    assert [each.id for each in lists.list()] == [one.id, two.id]
    changed = lists.rename(one.id, "Evening")
    assert (changed.name, changed.songs) == ("Evening", 3)
    assert changed.changed >= one.changed
    assert lists.replace(one.id, keys).songs == 4
    assert lists.songs(one.id) == tuple(keys)
    assert lists.get(one.id).as_data()["songs"] == 4
    lists.delete(two.id)
    assert [each.id for each in lists.list()] == [one.id]
    for missing in (two.id, -1, 10**30):
        for work in (lists.get, lists.songs, lists.delete):
            with pytest.raises(NotFound, match="no list"):
                work(missing)


def test_wrong_lists_are_refused_and_nothing_is_kept(store: Catalogues, songs: Catalogue) -> None:
    key = int(songs.all_item_keys()[0])
    other = store.create("other")
    with pytest.raises(NotFound, match="no item of key"):
        other.playlists.add("x", [key])
    with pytest.raises(InvalidInput, match="cannot be the name of a list"):
        songs.playlists.add("", [key])
    with pytest.raises(InvalidInput, match="at most 10,000"):
        songs.playlists.add("x", [key] * (MOST + 1))
    assert songs.playlists.list() == other.playlists.list() == []
    kept = songs.playlists.add("x", [key])
    with pytest.raises(NotFound):
        other.playlists.get(kept.id)
    with pytest.raises(NotFound):
        songs.playlists.replace(kept.id, [key, 10**9])
    assert songs.playlists.songs(kept.id) == (key,)


def test_deleted_songs_leave_lists(store: Catalogues, songs: Catalogue) -> None:
    first, second = songs.all_item_keys()[:2].tolist()
    kept = songs.playlists.add("x", [first, second, first])
    songs.delete_items(["s0"])
    assert songs.playlists.songs(kept.id) == (second,)
    store.remove("songs")
    assert store.create("songs").playlists.list() == []
