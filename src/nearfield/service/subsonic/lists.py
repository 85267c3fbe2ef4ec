"""Methods that list albums and songs, by order, by genre, by text."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, TypeVar

from nearfield.service.subsonic.browse import all_albums, all_artists, all_songs
from nearfield.service.subsonic.call import Call, Opened
from nearfield.service.subsonic.document import Tree
from nearfield.service.subsonic.errors import Code, SubsonicError
from nearfield.service.subsonic.shelf import ShelfAlbum, ShelfSong, wanted_words

T = TypeVar("T")

_Album = tuple[Opened, ShelfAlbum]

_MOST: Final = 500
"""Of one list, as the protocol has it."""

_PAGE: Final = 20_000
"""Most of one page of a search: players that copy a library ask for hundreds at a time."""


def album_list(call: Call) -> Tree:
    """List albums for players that go by artists."""
    return {"albumList2": {"album": [one.entries.album(album) for one, album in _listed(call)]}}


def folder_list(call: Call) -> Tree:
    """List albums for players that go by folders."""
    return {"albumList": {"album": [one.entries.folder(album) for one, album in _listed(call)]}}


def random_songs(call: Call) -> Tree:
    """List songs by chance, of a genre and of some years where these are asked for."""
    genre = call.params.text("genre")
    first, last = (call.params.optional_number(name) for name in ("fromYear", "toYear"))
    found = [
        (opened, one)
        for opened, one in all_songs(call)
        if (not genre or genre in one.song.genres)
        and (first is None or (one.song.year or -1) >= first)
        and (last is None or (one.song.year or 9999) <= last)
    ]
    size = min(call.params.number("size", 10, 0, _MOST), len(found))
    return {"randomSongs": {"song": _told(random.sample(found, size))}}


def songs_by_genre(call: Call) -> Tree:
    """List the songs of a genre."""
    genre = call.params.required("genre")
    found = (found for found in all_songs(call) if genre in found[1].song.genres)
    return {"songsByGenre": {"song": _told(_page(call, found, "count", "offset", 10, _MOST))}}


def starred(call: Call) -> Tree:
    """List what the listener starred, newest first."""
    return {"starred2": _starred(call)}


def starred_folders(call: Call) -> Tree:
    """List the same for players that go by folders."""
    found = [one.entries.folder(album) for one, album in _of_type("starred", call)]
    return {"starred": {**_starred(call), "album": found}}


def search(call: Call) -> Tree:
    """List artists, albums and songs that hold every word; all of them where there is none."""
    return {"searchResult3": _searched(call, lambda one, album: one.entries.album(album))}


def search_folders(call: Call) -> Tree:
    """Search for players that go by folders."""
    return {"searchResult2": _searched(call, lambda one, album: one.entries.folder(album))}


def _searched(call: Call, tell: Callable[[Opened, ShelfAlbum], dict[str, Any]]) -> dict[str, Any]:
    words = wanted_words(call.params.text("query"))
    artists = (found for found in all_artists(call) if _holds(words, found[1].words))
    albums = (
        found
        for found in all_albums(call)
        if _holds(words, f"{found[1].words} {found[1].artist.words}")
    )
    return {
        "artist": [one.entries.artist(found) for one, found in _paged(call, artists, "artist")],
        "album": [tell(*found) for found in _paged(call, albums, "album")],
        "song": _told(_paged(call, _songs_with(call, words), "song")),
    }


def _songs_with(call: Call, words: list[str]) -> Iterator[tuple[Opened, ShelfSong]]:
    """Yield the songs that hold every word: in the title first, then with artist and album."""
    if not words:
        yield from all_songs(call)
        return
    others = []
    for opened, one in all_songs(call):
        if _holds(words, one.words):
            yield opened, one
        elif _holds(words, f"{one.words} {one.artist.words} {one.album.words}"):
            others.append((opened, one))
    yield from others


def _holds(words: list[str], text: str) -> bool:
    return all(word in text for word in words)


def _starred(call: Call) -> dict[str, Any]:
    songs = [
        (opened, one)
        for opened in call.folders
        for key in opened.entries.marks.starred
        if (one := opened.shelf.of_key(key)) is not None
    ]
    songs.sort(key=lambda found: -found[0].entries.marks.starred[found[1].song.key])
    stars = [
        (one, artist) for one, artist in all_artists(call) if one.entries.starred(artist.songs)
    ]
    return {
        "artist": [opened.entries.artist(one) for opened, one in stars],
        "album": [opened.entries.album(one) for opened, one in _of_type("starred", call)],
        "song": _told(songs),
    }


def _listed(call: Call) -> list[_Album]:
    """Return the albums of the type of list that is asked for."""
    kind = call.params.required("type")
    found = _of_type(kind, call)
    if kind == "random":
        return found[: call.params.number("size", 10, 0, _MOST)]
    return _page(call, found, "size", "offset", 10, _MOST)


def _of_type(kind: str, call: Call) -> list[_Album]:
    albums = list(all_albums(call))
    if kind == "random":
        random.shuffle(albums)
        return albums
    if kind == "byYear":
        return _by_year(call, albums)
    if kind == "byGenre":
        genre = call.params.required("genre")
        return [found for found in albums if genre in found[1].genres]
    if kind == "alphabeticalByArtist":
        return sorted(albums, key=lambda found: (found[1].artist.words, found[1].words))
    if kind == "alphabeticalByName":
        return albums
    worth = _WORTH.get(kind)
    if worth is None:
        known = "random, byYear, byGenre, alphabeticalByName, alphabeticalByArtist"
        raise SubsonicError(
            Code.ANY, f"there is no list {kind[:40]!r}: wanted one of {', '.join(_WORTH)}, {known}."
        )
    rated = [(worth(*found), found) for found in albums]
    kept = sorted((one for one in rated if one[0]), key=lambda one: -one[0])
    return [found for _, found in kept]


def _rating(opened: Opened, album: ShelfAlbum) -> float:
    ratings = opened.entries.marks.ratings
    found = [ratings[one.song.key] for one in album.songs if one.song.key in ratings]
    return sum(found) / len(found) if found else 0.0


_WORTH: Final[Mapping[str, Callable[[Opened, ShelfAlbum], float]]] = MappingProxyType(
    {
        "newest": lambda _, album: album.newest,
        "highest": _rating,
        "frequent": lambda one, album: sum(
            one.entries.marks.plays.get(song.song.key, 0) for song in album.songs
        ),
        "recent": lambda one, album: one.entries.last_played(album) or 0,
        "starred": lambda one, album: one.entries.starred(album.songs) or 0,
    }
)
"""What a list goes by, largest first; what is worth nothing is not in it."""


def _by_year(call: Call, albums: list[_Album]) -> list[_Album]:
    for name in ("fromYear", "toYear"):
        call.params.required(name)
    first, last = call.params.number("fromYear", 0), call.params.number("toYear", 0)
    low, high = sorted((first, last))
    found = [one for one in albums if one[1].year is not None and low <= one[1].year <= high]
    found.sort(key=lambda one: one[1].year or 0, reverse=first > last)
    return found


def _paged(call: Call, found: Iterable[T], what: str) -> list[T]:
    return _page(call, found, f"{what}Count", f"{what}Offset", 20, _PAGE)


def _page(call: Call, found: Iterable[T], size: str, offset: str, usual: int, most: int) -> list[T]:
    """Return a page, by the names of the parameters that say which."""
    start, count = call.params.number(offset, 0), call.params.number(size, usual, 0, most)
    return list(islice(found, start, start + count))


def _told(found: Iterable[tuple[Opened, ShelfSong]]) -> list[dict[str, Any]]:
    return [opened.entries.song(one) for opened, one in found]
