"""Methods that find songs by their sound, and those that most people chose."""

import random
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from nearfield.pipelines.make_playlist import PlaylistWish, make_playlist, usual_limits
from nearfield.pipelines.names import SOUND
from nearfield.pipelines.progress import finish
from nearfield.recommend.ask import MOST, Ask
from nearfield.recommend.retrieve import vectors_of
from nearfield.service.subsonic.browse import all_artists
from nearfield.service.subsonic.call import Call, Opened
from nearfield.service.subsonic.document import Tree
from nearfield.service.subsonic.errors import Code, SubsonicError
from nearfield.service.subsonic.shelf import ShelfArtist, ShelfSong
from nearfield.types import Recommendation

_SEEDS: Final = 50
"""Songs of an album or artist that are listened to, evenly chosen."""

_OWN: Final = 5
"""One of so many songs of an artist's radio is their own."""


_AWAY: Final = "how songs sound cannot be looked up at the moment. Ask again in some seconds."


def similar_songs(call: Call) -> Tree:
    """List songs that sound like a song, an album or an artist."""
    return {"similarSongs": {"song": _similar(call)}}


def similar_songs_2(call: Call) -> Tree:
    """List the same for players that go by artists: some of the artist's own among others."""
    return {"similarSongs2": {"song": _similar(call)}}


def sonic_similar(call: Call) -> Tree:
    """List the songs that are nearest to one, each with how near it is."""
    opened, seed = call.song(call.params.required("id"))
    found = _nearest(call, opened, seed, call.params.number("count", 10, 1, MOST), {})
    if call.degraded == "popular":  # how near they are is not known then
        raise SubsonicError(Code.ANY, _AWAY)
    return {"sonicMatch": [_match(opened, one, line.score) for one, line in found]}


def sonic_path(call: Call) -> Tree:
    """List songs on the way from one to another; how near each is to the first is told, too."""
    opened, start = call.song(call.params.required("startSongId"))
    other, end = call.song(call.params.required("endSongId"))
    if other.catalogue.name != opened.catalogue.name:
        raise SubsonicError(
            Code.NOT_FOUND, "the songs are of two music folders, and no way leads between these."
        )
    length = call.params.number("count", 25, 2, MOST)
    wish = PlaylistWish(seeds=[start.song.id], to=end.song.id, length=length)
    recommenders = call.service.recommenders
    made = finish(make_playlist(call.service.stores, recommenders, opened.catalogue.name, wish))
    if made.degraded is not None:
        raise SubsonicError(Code.ANY, _AWAY)
    found = [one for one, _ in _on_shelf(opened, made.songs)]
    index = recommenders.open(opened.catalogue.name, SOUND).view.index
    vectors = vectors_of(index, np.array([one.song.key for one in found], dtype=np.int64))
    scores = vectors @ vectors[0]
    return {
        "sonicMatch": [
            _match(opened, one, score) for one, score in zip(found, scores.tolist(), strict=True)
        ]
    }


def top_songs(call: Call) -> Tree:
    """List the songs of an artist that most people chose, then the others as on their albums."""
    count = call.params.number("count", 50, 0, MOST)
    found: list[dict[str, Any]] = []
    for opened, artist in _artists(call):
        catalogue = opened.catalogue
        keys, _ = catalogue.popular(len(opened.shelf.songs))
        rank = {key: place for place, key in enumerate(keys.tolist())}
        songs = sorted(artist.songs, key=lambda one: rank.get(one.song.key, len(rank)))
        found += [opened.entries.song(one) for one in songs]
    return {"topSongs": {"song": found[:count]}}


def artist_info(call: Call) -> Tree:
    """Tell which artists sound alike; nothing else is known of them."""
    return {"artistInfo": _info(call)}


def artist_info_2(call: Call) -> Tree:
    """Tell the same to players that go by artists."""
    return {"artistInfo2": _info(call)}


def _artists(call: Call) -> list[tuple[Opened, ShelfArtist]]:
    """Return the artist of an id or, in each folder, of a name."""
    if text := call.params.text("id"):
        opened, found = call.find(text, "ar")
        assert isinstance(found, ShelfArtist)
        return [(opened, found)]
    name = call.params.required("artist").casefold()
    return [found for found in all_artists(call) if found[1].name.casefold() == name]


def _info(call: Call) -> dict[str, Any]:
    opened, songs = call.songs(call.params.required("id"))
    count = call.params.number("count", 20, 0, 100)
    own = {one.artist for one in songs}
    others = (one.artist for one in _like(call, opened, songs, 5 * count) if count)
    alike = list(dict.fromkeys(one for one in others if one not in own))
    return {"similarArtist": [opened.entries.artist(one) for one in alike[:count]]}


def _similar(call: Call) -> list[dict[str, Any]]:
    text, count = call.params.required("id"), call.params.number("count", 50, 1, MOST)
    opened, songs = call.songs(text)
    if len(songs) == 1:
        found = _nearest(call, opened, songs[0], count, usual_limits(count))
        return [opened.entries.song(one) for one, _ in found]
    own = random.sample(songs, min(len(songs), max(1, count // _OWN)))
    mixed = [*own, *_like(call, opened, songs, count - len(own))]
    random.shuffle(mixed)
    return [opened.entries.song(one) for one in mixed]


def _nearest(
    call: Call, opened: Opened, seed: ShelfSong, count: int, at_most: dict[str, int]
) -> list[tuple[ShelfSong, Recommendation]]:
    """Return what is nearest to a song, without what the listener dislikes."""
    recommender = call.service.recommenders.get(opened.catalogue.name, SOUND)
    out = [one.song.id for one in _disliked(opened)]
    found = recommender.similar(seed.song.id, count, exclude=out, at_most=at_most)
    call.degraded = found.degraded
    return _on_shelf(opened, found)


def _like(call: Call, opened: Opened, songs: Sequence[ShelfSong], count: int) -> list[ShelfSong]:
    """Return songs that sound like some, and are none of them."""
    if count < 1:
        return []
    step = max(1, -(-len(songs) // _SEEDS))
    out = {one.song.id for one in [*songs, *_disliked(opened)]}
    ask = Ask(
        listened=[one.song.id for one in songs[::step]],
        k=min(count, MOST),
        exclude=sorted(out),
        at_most=usual_limits(count),
        explain=False,
    )
    recommender = call.service.recommenders.get(opened.catalogue.name, SOUND)
    found = recommender.recommend(ask)
    call.degraded = found.degraded
    return [one for one, _ in _on_shelf(opened, found)]


def _disliked(opened: Opened) -> list[ShelfSong]:
    found = (opened.shelf.of_key(key) for key in opened.entries.marks.disliked)
    return [one for one in found if one is not None]


def _on_shelf(
    opened: Opened, found: Sequence[Recommendation]
) -> list[tuple[ShelfSong, Recommendation]]:
    """Return the songs of an answer; one that was added or lost in this moment is left out."""
    shelf = opened.shelf
    return [(one, line) for line in found if (one := shelf.song(str(line.item))) is not None]


def _match(opened: Opened, one: ShelfSong, cosine: float) -> dict[str, Any]:
    """Return a `sonicMatch`: 1 is the same, 0 the very opposite."""
    similarity = round(min(max((1 + cosine) / 2, 0.0), 1.0), 4)
    return {"entry": opened.entries.song(one), "similarity": similarity}
