"""Playlists from seeds and journeys, on a real catalogue and a real index."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from nearfield.errors import InvalidInput, NotFound
from nearfield.playlists.ask import PlaylistAsk
from nearfield.playlists.library import Playlist
from nearfield.playlists.make import Playlists, filling
from nearfield.types import Ids
from small_songs import DIM, PLAIN, SONGS, UNHEARD, SongLibrary, ids, moods, song

SEED = song(2, 1, 1)
END = song(6, 0, 0)


def artists(playlist: Playlist) -> list[str | None]:
    return [one.attributes.get("artist") for one in playlist.songs]


def test_a_list_starts_with_its_seed_and_holds_songs_like_it(playlists: Playlists) -> None:
    made = playlists.make(PlaylistAsk(seeds=[SEED], length=20))
    assert made.name == "Like Song 2.1.1"
    assert len(set(ids(made.songs))) == 20
    assert ids(made.songs)[0] == SEED
    assert set(moods(made.songs)) == {2}
    assert made.songs[0].reasons[0].text == "a seed of this list"
    for one in made.songs[1:]:
        (why,) = one.reasons
        assert why.text == "like Song 2.1.1"
        assert 0 < why.share <= 1
        assert one.attributes["path"].startswith("/music/2/")


def test_neighbours_share_no_artist_and_fit_better_than_by_rank(
    playlists: Playlists, songs: SongLibrary
) -> None:
    made = playlists.make(PlaylistAsk(seeds=[SEED], length=24, keep_seeds="out"))
    assert all(one != other for one, other in pairwise(artists(made)))
    vectors = songs.index.get(songs.keys(ids(made.songs)))
    ranked = vectors[np.argsort([-one.score for one in made.songs], kind="stable")]
    played = (vectors[:-1] * vectors[1:]).sum(axis=1).mean()
    assert played > (ranked[:-1] * ranked[1:]).sum(axis=1).mean() - 0.05


def test_seeds_go_where_they_are_told(playlists: Playlists) -> None:
    seeds = [song(1, 0, 0), song(1, 2, 3), song(4, 1, 1)]
    first = playlists.make(PlaylistAsk(seeds=seeds, length=20))
    assert ids(first.songs)[:3] == seeds
    within = playlists.make(PlaylistAsk(seeds=seeds, length=20, keep_seeds="anywhere"))
    assert set(ids(within.songs)) == set(ids(first.songs))
    without = playlists.make(PlaylistAsk(seeds=seeds, length=20, keep_seeds="out"))
    assert not set(ids(without.songs)) & set(seeds)
    assert len(without.songs) == 20
    assert first.name == "Like Song 1.0.0 and others"


def test_a_whole_playlist_as_seed_brings_songs_of_each_mood(playlists: Playlists) -> None:
    seeds = [
        song(mood, artist, number) for mood in (0, 5) for artist in (0, 1) for number in (0, 1)
    ]
    made = playlists.make(PlaylistAsk(seeds=seeds, length=16, keep_seeds="out"))
    assert set(moods(made.songs)) == {0, 5}
    named = {
        one.reasons[0].text: mood for one, mood in zip(made.songs, moods(made.songs), strict=True)
    }
    assert all(text.startswith(f"like Song {mood}.") for text, mood in named.items())


def test_limits_count_the_seeds(playlists: Playlists) -> None:
    ask = PlaylistAsk(seeds=[SEED], length=10, at_most={"artist": 2, "album": 1})
    made = playlists.make(ask)
    assert len(made.songs) == 10
    assert max(Counter(artists(made)).values()) <= 2
    assert max(Counter(one.attributes["album"] for one in made.songs).values()) == 1


def test_what_was_played_or_excluded_stays_out(playlists: Playlists) -> None:
    plain = ids(playlists.make(PlaylistAsk(seeds=[SEED], length=10)).songs)
    ask = PlaylistAsk(seeds=[SEED], length=10, played=plain[1:4], exclude=plain[4:6])
    made = ids(playlists.make(ask).songs)
    assert not set(made) & set(plain[1:6])
    assert len(made) == 10


def test_a_condition_holds(playlists: Playlists) -> None:
    ask = PlaylistAsk(seeds=[SEED], length=10, where="artist = 'Artist 2.3'", keep_seeds="out")
    assert set(artists(playlists.make(ask))) == {"Artist 2.3"}


@dataclass(frozen=True)
class OneArtistIsOneSong:
    """Satisfies `Groups`: the songs of an artist are copies of the first."""

    songs: SongLibrary

    def of(self, keys: Ids) -> Ids:
        named = [str(one) for one in self.songs.catalogue.item_ids(keys)]
        return self.songs.keys([f"{one[:4]}s0" if one[0] == "m" else one for one in named])

    def are_alone(self) -> bool:
        return False

    def best(self, keys: Ids) -> Ids:
        return keys


def test_a_list_holds_one_of_each_recording(songs: SongLibrary) -> None:
    copies = Playlists(songs.catalogue, songs.view, OneArtistIsOneSong(songs))
    for ask in (
        PlaylistAsk(seeds=[SEED], length=15),
        PlaylistAsk(seeds=[SEED], to=END, length=15),
    ):
        made = artists(copies.make(ask))
        assert len(made) == 15
        assert max(Counter(one for one in made if one).values()) == 1


def test_a_time_is_filled(playlists: Playlists) -> None:
    for minutes in (10.0, 45.0, 120.0):
        for ask in (
            PlaylistAsk(seeds=[SEED], minutes=minutes),
            PlaylistAsk(seeds=[SEED], minutes=minutes, to=END),
        ):
            made = playlists.make(ask)
            assert made.seconds == pytest.approx(60 * minutes, abs=150)  # half of the longest song


def test_filling_takes_what_brings_it_nearer() -> None:
    lasts = np.array([100.0, 7200, 100, 100, 100])
    assert filling(lasts, 250, 0).tolist() == [0, 2]
    assert filling(lasts, 260, 0).tolist() == [0, 2, 3]
    assert filling(lasts, 50, 2).tolist() == [0, 1]
    assert filling(lasts[:0], 50, 0).tolist() == []


def test_the_same_draw_gives_the_same_list_and_another_one_another(playlists: Playlists) -> None:
    def made(draw: int, variety: float) -> list[str]:
        ask = PlaylistAsk(seeds=[SEED], length=12, variety=variety, draw=draw)
        return ids(playlists.make(ask).songs)

    assert made(1, 0.8) == made(1, 0.8)
    assert set(made(1, 0.8)) != set(made(2, 0.8))
    assert made(1, 0) == made(2, 0)


def test_a_journey_leads_from_one_mood_to_the_other(
    playlists: Playlists, songs: SongLibrary
) -> None:
    made = playlists.make(PlaylistAsk(seeds=[SEED], to=END, length=16))
    assert made.name == "From Song 2.1.1 to Song 6.0.0"
    assert (ids(made.songs)[0], ids(made.songs)[-1]) == (SEED, END)
    assert len(set(ids(made.songs))) == 16
    assert moods(made.songs)[:5] == [2] * 5
    assert moods(made.songs)[-5:] == [6] * 5
    vectors = songs.index.get(songs.keys(ids(made.songs)))
    ahead = vectors @ (songs.vector(END) - songs.vector(SEED))
    assert np.corrcoef(ahead, np.arange(16))[0, 1] > 0.85
    assert all(one != other for one, other in pairwise(artists(made)))
    (why,) = made.songs[1].reasons
    assert why.text == "7% of the way from Song 2.1.1 to Song 6.0.0"


def test_a_journey_keeps_to_its_limits_and_length(playlists: Playlists) -> None:
    ask = PlaylistAsk(seeds=[SEED], to=END, length=40, at_most={"artist": 1})
    made = playlists.make(ask)
    assert len(made.songs) == 40
    assert max(Counter(one for one in artists(made) if one).values()) == 1


def test_a_journey_through_everything_ends(playlists: Playlists) -> None:
    made = playlists.make(PlaylistAsk(seeds=[SEED], to=END, length=SONGS + 50))
    assert len(set(ids(made.songs))) == len(made.songs) == SONGS + 1  # all but the unheard one
    short = playlists.make(PlaylistAsk(seeds=[SEED], to=END, length=2))
    assert ids(short.songs) == [SEED, END]
    circle = playlists.make(PlaylistAsk(seeds=[SEED], to=SEED, length=5))
    assert ids(circle.songs)[0] == SEED
    assert len(set(ids(circle.songs))) == 5


def test_files_from_elsewhere_are_seeds_and_ends(playlists: Playlists, songs: SongLibrary) -> None:
    guests = {"new.mp3": songs.vector(SEED), "end.mp3": songs.vector(END)}
    made = playlists.make(PlaylistAsk(seeds=["new.mp3"], guests=guests, length=10, exclude=[SEED]))
    same = playlists.make(PlaylistAsk(seeds=[SEED], length=10, keep_seeds="out"))
    assert set(ids(made.songs)) == set(ids(same.songs))
    assert made.songs[0].reasons[0].text == "like new.mp3"
    way = playlists.make(PlaylistAsk(seeds=["new.mp3"], to="end.mp3", guests=guests, length=10))
    assert way.name == "From new.mp3 to end.mp3"
    assert len(way.songs) == 10
    assert (moods(way.songs)[0], moods(way.songs)[-1]) == (2, 6)
    mixed = playlists.make(PlaylistAsk(seeds=["new.mp3"], to=END, guests=guests, length=10))
    assert ids(mixed.songs)[-1] == END


def test_songs_of_which_only_the_sound_is_known_fit_too(playlists: Playlists) -> None:
    made = playlists.make(PlaylistAsk(seeds=[PLAIN], length=10, at_most={"artist": 2}))
    assert ids(made.songs)[0] == PLAIN
    assert set(moods(made.songs)[1:]) == {1}
    assert 0 < made.seconds < 10 * 300


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"seeds": []}, "no seed was given"),
        ({"seeds": "abc"}, "seeds is the text 'abc'"),
        ({"length": 0}, "k is 0"),
        ({"minutes": 0}, "minutes is 0, .*such as 60"),
        ({"minutes": float("nan")}, "minutes is nan"),
        ({"variety": 2}, "variety is 2, .*from 0 .* to 1"),
        ({"keep_seeds": "last"}, "keep_seeds is 'last', but seeds go 'first'"),
        ({"seeds": [1, 2], "to": 3}, "2 seeds came with the end 3 of a journey"),
        ({"at_most": {"artist": 0}}, "at most 0 items"),
        ({"diversity": -1}, "diversity is -1"),
        ({"guests": {"a": np.ones(3, np.float32)}}, r"shape \(dim,\) and length 1"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        PlaylistAsk(**{"seeds": [1], **wrong})


def test_what_cannot_be_a_seed_is_named(playlists: Playlists) -> None:
    with pytest.raises(NotFound, match="no-such-song"):
        playlists.make(PlaylistAsk(seeds=["no-such-song"]))
    with pytest.raises(NotFound, match=r"'unheard' has no vector in the space 'sound'.*Scan"):
        playlists.make(PlaylistAsk(seeds=[UNHEARD]))
    with pytest.raises(InvalidInput, match=r"'a.mp3' has shape \(3,\).*\(16,\)"):
        playlists.make(
            PlaylistAsk(seeds=["a.mp3"], guests={"a.mp3": np.eye(1, 3, dtype=np.float32)[0]})
        )
    with pytest.raises(InvalidInput, match=r"3 seeds leave no room in a list of 3.*keep_seeds"):
        playlists.make(PlaylistAsk(seeds=[song(0, 0, 0), song(0, 0, 1), song(0, 0, 2)], length=3))
    assert DIM == 16
