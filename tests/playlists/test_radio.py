"""A radio never ends: it drifts, comes back, repeats nothing soon and heeds skips."""

from itertools import islice, pairwise

import numpy as np

from nearfield.playlists.ask import PlaylistAsk, PlaylistConfig
from nearfield.playlists.make import Playlists
from nearfield.types import Recommendation
from small_songs import SONGS, SongLibrary, ids, moods, song

SEED = song(3, 2, 2)


def play(playlists: Playlists, count: int, **wish: object) -> list[Recommendation]:
    return list(islice(playlists.radio(PlaylistAsk(seeds=[SEED], **wish)), count))  # type: ignore[arg-type]


def test_a_radio_plays_on_and_repeats_nothing_within_its_memory(playlists: Playlists) -> None:
    played = [SEED, *ids(play(playlists, 260, variety=0.5))]
    assert len(played) == 261
    for place, one in enumerate(played):
        assert one not in played[max(0, place - 100) : place]
    assert len(set(played)) < len(played)  # a library of 201 songs cannot do without


def test_a_small_library_repeats_what_was_played_longest_ago(playlists: Playlists) -> None:
    played = ids(play(playlists, 20, where="artist = 'Artist 3.1'"))
    assert len(played) == 20
    assert len(set(played[:5])) == 5
    assert all(one != other for one, other in pairwise(played))
    assert play(playlists, 5, where="artist = 'Nobody'") == []


def test_a_radio_stays_near_to_its_seed(songs: SongLibrary) -> None:
    def nearness(home: float) -> float:
        radio = Playlists(songs.catalogue, songs.view, config=PlaylistConfig(home=home))
        played = ids(play(radio, 60, variety=0.3))
        return float((songs.index.get(songs.keys(played)) @ songs.vector(SEED)).mean())

    assert nearness(0.9) > nearness(0.0)


def test_the_same_draw_plays_the_same_songs(playlists: Playlists) -> None:
    assert play(playlists, 15, variety=0.5, draw=3) == play(playlists, 15, variety=0.5, draw=3)
    assert play(playlists, 15, variety=0.5, draw=3) != play(playlists, 15, variety=0.5, draw=4)
    assert play(playlists, 15, draw=3) == play(playlists, 15, draw=4)


def test_a_radio_goes_on_from_what_was_played(playlists: Playlists) -> None:
    whole = ids(play(playlists, 30))
    assert ids(play(playlists, 10, played=whole[:20])) == whole[20:]


def test_neighbours_share_no_artist_and_limits_hold(playlists: Playlists) -> None:
    played = play(playlists, 40, at_most={"artist": 2}, variety=0.3)
    artists = [one.attributes.get("artist") for one in played]
    assert all(one != other for one, other in pairwise(artists))
    for place in range(len(artists) - 25):
        window = [one for one in artists[place : place + 25] if one]
        assert max(map(window.count, window)) <= 2


def test_skips_turn_it_elsewhere(playlists: Playlists) -> None:
    patient = playlists.radio(PlaylistAsk(seeds=[SEED, song(6, 1, 1)]))
    untold = [next(patient) for _ in range(20)]
    radio = playlists.radio(PlaylistAsk(seeds=[SEED, song(6, 1, 1)]))
    radio.skipped()  # nothing was played yet: nothing happens
    heard, skipped = [], []
    for _ in range(20):
        one = next(radio)
        if moods([one]) == [3]:
            skipped.append(str(one.item))
            radio.skipped()
        heard.append(one)
    assert moods(heard).count(3) < moods(untold).count(3)
    assert len(skipped) == len(set(skipped))
    later = ids([next(radio) for _ in range(SONGS)])
    assert not set(later) & set(skipped)


def test_lines_say_which_seed_they_are_like(playlists: Playlists) -> None:
    (one,) = play(playlists, 1)
    (why,) = one.reasons
    assert why.text == "like Song 3.2.2"
    assert np.isfinite(one.score)
