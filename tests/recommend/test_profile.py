"""What is gathered of one who asks, from a catalogue with events of every kind."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.store import Catalogues
from nearfield.datasets.tables import EVENT_KINDS, Columns, Tables
from nearfield.recommend.ask import Ask
from nearfield.recommend.explain import accepted, cite, tell
from nearfield.recommend.profile import Profile, gather
from nearfield.types import Shares

ALL = 100
EVENTS = [
    ("a", "rated", 5.0),
    ("b", "rated", 1.0),
    ("c", "skipped", None),
    ("d", "disliked", None),
    ("e", "listened", 30.0),
    ("f", "liked", None),
    ("g", "watched", None),
    ("e", "listened", 200.0),
    ("h", "rated", 3.0),
]


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    names = [*"abcdefghij"]
    tables = Tables(
        items=pl.DataFrame(
            {
                Columns.ITEM: names,
                Columns.TITLE: [f"Song {name.upper()}" for name in names],
                Columns.YEAR: [None] * len(names),
                Columns.GENRES: [[]] * len(names),
            },
            schema_overrides={Columns.YEAR: pl.Int64, Columns.GENRES: pl.List(pl.String)},
        ),
        users=pl.DataFrame({Columns.USER: ["ann", "bob"], "country": ["FR", "IT"]}),
        events=pl.DataFrame(
            {
                Columns.USER: ["ann"] * len(EVENTS),
                Columns.ITEM: [item for item, _, _ in EVENTS],
                Columns.KIND: [kind for _, kind, _ in EVENTS],
                Columns.VALUE: [value for _, _, value in EVENTS],
                Columns.TIME: range(1, len(EVENTS) + 1),
            }
        ),
    )
    file: Path = tmp_path_factory.mktemp("songs") / "catalogue.db"
    with Catalogues(f"sqlite:///{file}") as catalogues:
        for _ in catalogues.import_tables("songs", tables):
            pass
        yield catalogues.get("songs")


def names(catalogue: Catalogue, profile: Profile) -> str:
    return "".join(str(item) for item in catalogue.item_ids(profile.query.items))


def test_stored_events_come_oldest_first_and_count_by_kind(songs: Catalogue) -> None:
    profile = gather(songs, Ask(user="ann"), ALL)
    assert names(songs, profile) == "abcdefgeh"
    assert profile.query.weights.tolist() == [1, 1, -0.5, -1, 1, 1, 1, 1, 1]
    assert [EVENT_KINDS[kind] for kind in profile.kinds] == [kind for _, kind, _ in EVENTS]
    assert profile.query.values[0] == 5
    assert np.isnan(profile.query.values[2])
    assert profile.query.user == songs.user_key("ann")
    assert dict(profile.query.attributes) == {"country": "FR"}


def test_only_the_newest_events_are_read_but_all_are_seen(songs: Catalogue) -> None:
    profile = gather(songs, Ask(user="ann", liked=["j"]), 3)
    assert names(songs, profile) == "ehj"
    assert len(profile.kinds) == len(profile.query.values) == len(profile.query.weights) == 3
    assert set(profile.seen.tolist()) == set(songs.item_keys([*"abcdefgh", "j"]).tolist())


def test_the_wish_is_newest_and_replaces_what_was_stored(songs: Catalogue) -> None:
    profile = gather(songs, Ask(user="ann", liked={"b": 2.0, "i": 0.5}, disliked=["a"]), ALL)
    assert names(songs, profile) == "cdefgehabi"
    assert profile.query.weights[-3:].tolist() == [-1.0, 2.0, 0.5]
    assert np.isnan(profile.query.values[-3:]).all()
    assert [EVENT_KINDS[kind] for kind in profile.kinds[-3:]] == ["disliked", "liked", "liked"]


def test_dislikes_count_as_their_weights_say(songs: Catalogue) -> None:
    profile = gather(songs, Ask(liked=["b"], disliked={"a": 2.5, "c": 0.25}), ALL)
    assert profile.query.weights.tolist() == [-2.5, -0.25, 1.0]


def test_someone_new_is_only_the_wish(songs: Catalogue) -> None:
    profile = gather(songs, Ask(liked=["a"], attributes={"country": "it"}), ALL)
    assert profile.query.user is None
    assert names(songs, profile) == "a"
    assert dict(profile.query.attributes) == {"country": "IT"}
    assert not profile.is_blank
    assert gather(songs, Ask(exclude=["a"]), ALL).is_blank


def test_reasons_name_no_dislike_and_no_low_rating(songs: Catalogue) -> None:
    """Five things that count for an item explain it; the two plays of one song are one."""
    profile = gather(songs, Ask(user="ann"), ALL)
    kept = accepted(profile, middle=3.0)
    assert [name for name, kind in zip("abcdefgeh", kept, strict=True) if kind] == [*"aefgeh"]
    shares = Shares(
        np.array([[0.2, 0.3, 0, 0, 0.15, 0.02, 0, 0.15, 0.1]], dtype=np.float32),
        np.array([0.05], dtype=np.float32),
    )
    cited = cite(shares, profile.query.items, kept)
    facts = {item.key: item for item in songs.items(np.unique(profile.query.items))}
    (reasons,) = tell(profile, shares, cited, facts)
    assert [(reason.text, reason.item) for reason in reasons] == [
        ("because you listened to Song E", "e"),
        ("because you rated Song A 5", "a"),
        ("because you rated Song H 3", "h"),
        ("because of your country", None),
    ]
    assert [reason.share for reason in reasons] == pytest.approx([0.3, 0.2, 0.1, 0.05])


def test_the_scale_is_that_of_the_ratings(songs: Catalogue) -> None:
    assert songs.rating_range() == (1.0, 5.0)
    assert songs.attribute_names() == ["country"]


def test_without_a_scale_every_rating_counts(songs: Catalogue) -> None:
    profile = gather(songs, Ask(user="ann"), ALL)
    assert accepted(profile, middle=float("nan"))[1]
