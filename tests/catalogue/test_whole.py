"""A catalogue as a whole: its rows on the way out and in, users on the way out."""

from dataclasses import replace

import pytest

from nearfield.catalogue.arms import Feedback
from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.export import SONG_TABLES, TABLES
from nearfield.catalogue.sound_facts import SoundFile
from nearfield.catalogue.store import Catalogues
from nearfield.errors import InvalidInput, NotFound
from small_frames import event_frame, item_frame, tables, user_frame


@pytest.fixture
def songs(store: Catalogues) -> Catalogue:
    made = store.create("songs")
    made.put_items(
        [
            {"id": "s1", "title": "One", "genres": ["Pop", "Rock"], "attributes": {"key": "C"}},
            {"id": "s2", "title": "Two", "year": 1999},
        ]
    )
    made.put_user("ann", {"age": 30})
    made.post_events([{"user": "ann", "item": "s2", "kind": "listened", "value": 3, "time": 7}])
    one, two = made.all_item_keys().tolist()
    made.sounds.keep([SoundFile("/m/1.ogg", 1, 2, "c", item=one), SoundFile("/m/x", 0, 0, state=1)])
    made.pairs.decide(one, two, "song", 5)
    made.playlists.add("Both", [two, one, two])
    return made


def rows(catalogue: Catalogue) -> dict[str, list[dict[str, object]]]:
    with catalogue.exporting() as export:
        return {
            table: [row for page in export.rows(table) for row in page]
            for table in (*TABLES, *SONG_TABLES)
        }


def test_rows_are_as_their_owner_wrote_them(songs: Catalogue) -> None:
    found = rows(songs)
    assert found["items"] == [
        {"item": "s1", "title": "One", "year": None, "genres": ["Pop", "Rock"], "key": "C"},
        {"item": "s2", "title": "Two", "year": 1999, "genres": [], "key": None},
    ]
    assert found["users"] == [{"user": "ann", "age": "30"}]
    assert found["events"] == [
        {"user": "ann", "item": "s2", "kind": "listened", "value": 3.0, "time": 7}
    ]
    assert [(row["item"], row["state"]) for row in found["files"]] == [
        ("s1", "ready"),
        (None, "failed"),
    ]
    assert found["verdicts"] == [{"one": "s1", "other": "s2", "verdict": "song", "time": 5}]
    assert [(row["name"], row["songs"]) for row in found["playlists"]] == [
        ("Both", ["s2", "s1", "s2"])
    ]


def test_rows_of_songs_are_restored_once(store: Catalogues, songs: Catalogue) -> None:
    found = rows(songs)
    other = store.create("other")
    other.put_items([{"id": one, "title": title} for one, title in (("s2", "Two"), ("s1", "One"))])
    for _ in range(2):
        for table in SONG_TABLES:
            if found[table]:
                other.restore(table, found[table])
    again = rows(other)
    assert again["files"] == found["files"]
    assert again["playlists"] == found["playlists"]
    assert [(one["verdict"], one["time"]) for one in again["verdicts"]] == [("song", 5)]
    with pytest.raises(InvalidInput, match="hold no song 's9'"):
        other.restore("playlists", [{**found["playlists"][0], "songs": ["s9"], "created": 1}])
    with pytest.raises(InvalidInput, match="a row of verdicts cannot be used"):
        other.restore("verdicts", [{"one": "s1", "other": "s2", "verdict": "maybe", "time": 1}])


def test_erased_users_are_left_out_of_imports(store: Catalogues, songs: Catalogue) -> None:
    key = songs.user_key("ann")
    arms = store.arms("songs")
    arms.log("e", "a", key, songs.all_item_keys().tolist(), 3.5)
    (answer,) = arms.answers("e")
    assert (answer.arm, answer.user, answer.time) == ("a", key, 3.5)
    assert list(arms.feedback([key], 0)) == [(key, [Feedback(answer.items[1], 2, 3.0, 7)])]
    gone = songs.erase_user("ann")
    assert (gone.events, gone.answers) == (1, 1)
    assert arms.answers("e") == []
    assert replace(songs.erase_user("ann"), jobs=0) == replace(gone, events=0, answers=0, jobs=0)
    with pytest.raises(NotFound, match="'bob'"):
        songs.erase_user("bob")
    frames = tables(
        item_frame(("s1", "One", None, [])),
        user_frame("ann", "bob"),
        event_frame(("ann", "s1", "liked", None, 1), ("bob", "s1", "liked", None, 1)),
    )
    last = {step.table: step for step in store.import_tables("songs", frames)}
    assert (last["users"].added, last["users"].left_out) == (1, 1)
    assert (last["events"].added, last["events"].left_out) == (1, 1)
    songs.put_user("ann")
    last = {step.table: step for step in store.import_tables("songs", frames)}
    assert (last["events"].added, last["events"].left_out) == (1, 0)
