"""Pairs of songs, people's decisions and groups."""

import numpy as np
import pytest

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.pair_facts import DUPLICATE, RELATIONS, VERSION, SongPair, SongPrint
from nearfield.catalogue.sound_facts import Song, SongVectors, SoundFile
from nearfield.catalogue.store import Catalogues
from nearfield.errors import InvalidInput, NotFound

_UNIT = np.eye(4, dtype=np.float32)


def add(songs: Catalogue, count: int) -> list[int]:
    vectors = SongVectors("v1", _UNIT[0], _UNIT[1:], np.arange(3, dtype=np.float32))
    made = [SongPrint(b"b%d" % n, n, b"h", _UNIT[0], "r") for n in range(count)]
    facts = (60.0, "flac", 44_100, 2, 900_000, True, b"c", vectors)
    return [
        songs.sounds.put(
            SoundFile(f"/{n}", 1, 5, f"{n:064x}"), Song("A", None, (), *facts, print=given)
        )
        for n, given in enumerate(made)
    ]


def pair(low: int, high: int, similarity: float = 0.5, relation: str = "same") -> SongPair:
    return SongPair(low, high, relation, similarity, -2.5, 61.5, 1.03, -1.0, 0.25, 1.0)


@pytest.fixture
def songs(store: Catalogues) -> Catalogue:
    return store.create("songs")


def test_pairs_come_back_as_they_were_found(songs: Catalogue) -> None:
    keys = add(songs, 6)
    found = [pair(keys[0], high, 0.1, name) for high, name in zip(keys[1:], RELATIONS, strict=True)]
    songs.pairs.replace_for(DUPLICATE, "m1", {keys[0]: found[::-1]})
    assert songs.pairs.all(DUPLICATE) == found
    assert songs.pairs.all(VERSION) == []
    assert songs.prints.unchecked(DUPLICATE, "m1").tolist() == keys[1:]
    assert songs.prints.unchecked(VERSION, "m1").tolist() == keys


def test_a_song_checked_again_has_only_its_new_pairs(songs: Catalogue) -> None:
    a, b, c, d = add(songs, 4)
    songs.pairs.replace_for(DUPLICATE, "m1", {b: [pair(a, b), pair(b, c)], d: [pair(c, d)]})
    songs.pairs.replace_for(VERSION, "m1", {b: [pair(a, b)]})
    songs.pairs.replace_for(DUPLICATE, "m2", {b: [pair(b, d, 0.75)]})
    assert songs.pairs.all(DUPLICATE) == [pair(b, d, 0.75), pair(c, d)]
    assert songs.pairs.all(VERSION) == [pair(a, b)]
    songs.pairs.replace_for(DUPLICATE, "m2", {d: []})
    assert songs.pairs.all(DUPLICATE) == []


def test_two_songs_checked_in_one_go_may_both_find_their_pair(songs: Catalogue) -> None:
    a, b = add(songs, 2)
    songs.pairs.replace_for(DUPLICATE, "m1", {a: [pair(a, b)], b: [pair(a, b)]})
    assert songs.pairs.all(DUPLICATE) == [pair(a, b)]


def test_pairs_of_some_songs_are_read_alone(songs: Catalogue) -> None:
    a, b, c, d = add(songs, 4)
    songs.pairs.replace_for(DUPLICATE, "m1", {a: [pair(a, b)], b: [pair(b, c)], c: [pair(c, d)]})
    songs.pairs.replace_for(DUPLICATE, "m1", {a: [pair(a, b)], c: [pair(b, c), pair(c, d)]})
    assert songs.pairs.of(DUPLICATE, np.array([b])) == [pair(a, b), pair(b, c)]
    assert songs.pairs.of(DUPLICATE, np.array([d, a, b])) == songs.pairs.all(DUPLICATE)
    assert songs.pairs.of(VERSION, np.array([a])) == []


def test_songs_around_are_reached_over_pairs_decisions_and_groups(songs: Catalogue) -> None:
    a, b, c, d, e, f, lone = add(songs, 7)
    songs.pairs.replace_for(DUPLICATE, "m1", {b: [pair(a, b)]})
    songs.pairs.decide(c, b, "different")
    songs.pairs.set_groups(DUPLICATE, {c: d, d: d, e: d})
    songs.pairs.replace_for(VERSION, "m1", {e: [pair(e, f)]})
    for start in (a, b, c, d, e):
        assert songs.pairs.around(DUPLICATE, np.array([start])).tolist() == [a, b, c, d, e]
    assert songs.pairs.around(DUPLICATE, np.array([lone])).tolist() == [lone]
    assert songs.pairs.around(VERSION, np.array([lone])).tolist() == [lone]
    with_copies = songs.pairs.around(VERSION, np.array([f]))
    assert with_copies.tolist() == [b, c, d, e, f]  # a is a duplicate alone


def test_the_last_decision_stands(songs: Catalogue) -> None:
    a, b, c = add(songs, 3)
    songs.pairs.decide(b, a, "recording", 10)
    last = songs.pairs.decide(a, b, "different", 11)
    other = songs.pairs.decide(c, b, "song")
    assert (last.low, last.high, last.verdict, last.time) == (a, b, "different", 11)
    assert other.time > 1_700_000_000_000
    assert songs.pairs.verdicts() == [last, other]
    assert songs.pairs.verdicts(np.array([a])) == [last]
    assert songs.pairs.forget(c, b)
    assert not songs.pairs.forget(b, c)
    assert songs.pairs.verdicts() == [last]


def test_decisions_on_what_is_not_there_are_refused(store: Catalogues, songs: Catalogue) -> None:
    a, b = add(songs, 2)
    (foreign,) = add(store.create("others"), 1)
    with pytest.raises(InvalidInput, match=r"'equal' is no verdict.*recording, song, different"):
        songs.pairs.decide(a, b, "equal")
    with pytest.raises(InvalidInput, match=f"both songs have the key {a}"):
        songs.pairs.decide(a, a, "song")
    with pytest.raises(NotFound, match=f"no song of the key {foreign}"):
        songs.pairs.decide(a, foreign, "song")
    assert songs.pairs.verdicts() == []


def test_groups_of_two_or_more_are_kept(songs: Catalogue) -> None:
    a, b, c, d, e = add(songs, 5)
    assert songs.pairs.set_groups(DUPLICATE, {a: b, b: b, c: c, d: d, e: d}) == 4
    keys, groups = songs.pairs.groups(DUPLICATE)
    assert (keys.tolist(), groups.tolist()) == ([a, b, d, e], [b, b, d, d])
    assert songs.pairs.groups(VERSION)[0].tolist() == []
    assert songs.pairs.set_groups(DUPLICATE, {a: b, b: b, c: b}) == 3
    keys, groups = songs.pairs.groups(DUPLICATE)
    assert (keys.tolist(), groups.tolist()) == ([a, b, c], [b, b, b])


def test_groups_elsewhere_stay_as_they_are(songs: Catalogue) -> None:
    a, b, c, d, e = add(songs, 5)
    songs.pairs.set_groups(DUPLICATE, {a: a, b: a, c: c, d: c})
    assert songs.pairs.set_groups(DUPLICATE, {c: e, e: e}, among=np.array([c, d, e])) == 3
    keys, groups = songs.pairs.groups(DUPLICATE)
    assert (keys.tolist(), groups.tolist()) == ([a, b, c, e], [a, a, e, e])
    with pytest.raises(InvalidInput, match=rf"groups were given of songs \[{a}\]"):
        songs.pairs.set_groups(DUPLICATE, {a: a, b: a}, among=np.array([b]))


def test_the_revision_rises_only_when_a_group_changes(songs: Catalogue) -> None:
    a, b, c = add(songs, 3)
    first = songs.pairs.revision()
    songs.pairs.replace_for(DUPLICATE, "m1", {a: [pair(a, b)]})
    songs.pairs.decide(b, c, "song")
    assert songs.pairs.revision() == first
    songs.pairs.set_groups(DUPLICATE, {a: a, b: a})
    second = songs.pairs.revision()
    assert second > first
    assert songs.pairs.set_groups(DUPLICATE, {a: a, b: a, c: c}) == 0
    assert songs.pairs.revision() == second
    songs.pairs.set_groups(DUPLICATE, {})
    assert songs.pairs.revision() > second


def test_pairs_that_make_no_sense_are_refused(songs: Catalogue) -> None:
    a, b, c = add(songs, 3)
    with pytest.raises(InvalidInput, match=rf"\({b}, {a}\) stands with song {a}.*lower key first"):
        songs.pairs.replace_for(DUPLICATE, "m1", {a: [pair(b, a)]})
    with pytest.raises(InvalidInput, match=rf"\({a}, {b}\) stands with song {c}"):
        songs.pairs.replace_for(DUPLICATE, "m1", {c: [pair(a, b)]})
    with pytest.raises(InvalidInput, match=r"'twin' is no relation.*same, excerpt, partial"):
        songs.pairs.replace_for(DUPLICATE, "m1", {a: [pair(a, b, 0.5, "twin")]})
    assert songs.pairs.all(DUPLICATE) == []


def test_a_removed_catalogue_takes_its_pairs_along(store: Catalogues, songs: Catalogue) -> None:
    other = store.create("others")
    for catalogue in (songs, other):
        a, b = add(catalogue, 2)
        catalogue.pairs.replace_for(DUPLICATE, "m1", {a: [pair(a, b)]})
        catalogue.pairs.decide(a, b, "recording", 5)
        catalogue.pairs.set_groups(DUPLICATE, {a: a, b: a})
    store.remove("songs")
    assert other.pairs.all(DUPLICATE) == [pair(a, b)]
    assert [verdict.low for verdict in other.pairs.verdicts()] == [a]
    assert other.pairs.groups(DUPLICATE)[0].tolist() == [a, b]
    anew = store.create("songs")
    assert (anew.pairs.all(DUPLICATE), anew.pairs.verdicts()) == ([], [])
    with pytest.raises(NotFound, match="was removed"):
        songs.pairs.revision()
