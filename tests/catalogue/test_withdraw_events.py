"""What a user said is taken back as if it had never been."""

import pytest

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.store import Catalogues
from nearfield.datasets.tables import EVENT_KINDS
from nearfield.errors import NotFound


@pytest.fixture
def songs(store: Catalogues) -> Catalogue:
    made = store.create("songs")
    made.put_items([{"id": one, "title": one} for one in ("a", "b")])
    events = [("ann", "a", "liked"), ("ann", "b", "liked"), ("ann", "a", "listened")]
    events.append(("bob", "a", "liked"))
    made.post_events([{"user": user, "item": one, "kind": kind} for user, one, kind in events])
    return made


def kinds(songs: Catalogue, user: str) -> list[str]:
    history = songs.history(songs.user_key(user))
    return sorted(EVENT_KINDS[kind] for kind in history.kinds.tolist())


def test_only_what_is_named_is_taken_back(songs: Catalogue) -> None:
    before = songs.revision()
    assert songs.withdraw_events("ann", ["a"], ["liked", "rated"]) == 1
    assert songs.revision() > before
    assert kinds(songs, "ann") == ["liked", "listened"]
    assert kinds(songs, "bob") == ["liked"]


def test_who_said_nothing_takes_nothing_back(songs: Catalogue) -> None:
    before = songs.revision()
    assert songs.withdraw_events("ann", ["b"], ["disliked"]) == 0
    assert songs.withdraw_events("nobody", ["a", "b"], ["liked"]) == 0
    assert songs.revision() == before
    with pytest.raises(NotFound, match="nobody"):
        songs.user_key("nobody")


def test_an_unknown_item_stops_all(songs: Catalogue) -> None:
    with pytest.raises(NotFound, match="'songs' does not have 1 of the items: 'x'"):
        songs.withdraw_events("ann", ["a", "x"], ["liked"])
    assert kinds(songs, "ann") == ["liked", "liked", "listened"]
