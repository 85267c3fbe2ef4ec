"""Methods that go from artists to albums to songs."""

import heapq
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from nearfield.service.subsonic.call import Call, Opened
from nearfield.service.subsonic.document import Tree
from nearfield.service.subsonic.shelf import (
    ARTICLES,
    ShelfAlbum,
    ShelfArtist,
    ShelfSong,
)


def music_folders(call: Call) -> Tree:
    """List the catalogues of songs."""
    found = [{"id": one.number, "name": one.name} for one in call.players.folders()]
    return {"musicFolders": {"musicFolder": found}}


def artists(call: Call) -> Tree:
    """List all artists by first letter."""
    return {"artists": {"ignoredArticles": _articles(), "index": _index(call)}}


def indexes(call: Call) -> Tree:
    """List the same for players that go by folders."""
    changed = max((call.players.changed(one.catalogue) for one in call.folders), default=0)
    since = call.params.optional_number("ifModifiedSince") or 0
    index = _index(call) if changed > since else []
    told = {"lastModified": changed, "ignoredArticles": _articles(), "index": index}
    return {"indexes": told}


def artist(call: Call) -> Tree:
    """Tell of an artist and their albums."""
    opened, found = call.find(call.params.required("id"), "ar")
    assert isinstance(found, ShelfArtist)
    albums = [opened.entries.album(one) for one in _by_year(found.albums)]
    return {"artist": {**opened.entries.artist(found), "album": albums}}


def album(call: Call) -> Tree:
    """Tell of an album and its songs."""
    opened, found = call.find(call.params.required("id"), "al")
    assert isinstance(found, ShelfAlbum)
    songs = [opened.entries.song(one) for one in found.songs]
    return {"album": {**opened.entries.album(found), "song": songs}}


def song(call: Call) -> Tree:
    """Tell of a song."""
    opened, found = call.song(call.params.required("id"))
    return {"song": opened.entries.song(found)}


def directory(call: Call) -> Tree:
    """Tell what is in a folder: the albums of an artist, or the songs of an album."""
    opened, found = call.find(call.params.required("id"), "ar", "al")
    if isinstance(found, ShelfAlbum):
        children = [opened.entries.song(one) for one in found.songs]
        told = {"id": found.id, "parent": found.artist.id, "name": found.name}
    else:
        assert isinstance(found, ShelfArtist)
        children = [opened.entries.folder(one) for one in _by_year(found.albums)]
        told = {"id": found.id, "name": found.name}
    return {"directory": {**told, "child": children}}


def genres(call: Call) -> Tree:
    """List the genres, each with how many songs and albums have it."""
    songs: dict[str, int] = {}
    albums: dict[str, int] = {}
    for opened in call.folders:
        for one in opened.shelf.songs:
            for genre in one.song.genres:
                songs[genre] = songs.get(genre, 0) + 1
        for record in opened.shelf.albums:
            for genre in record.genres:
                albums[genre] = albums.get(genre, 0) + 1
    found = [
        {"value": genre, "songCount": count, "albumCount": albums.get(genre, 0)}
        for genre, count in sorted(songs.items())
    ]
    return {"genres": {"genre": found}}


def all_artists(call: Call) -> Iterator[tuple[Opened, ShelfArtist]]:
    """Yield the artists of all folders that are asked, in order."""
    shelves = [[(one, artist) for artist in one.shelf.artists] for one in call.folders]
    return heapq.merge(*shelves, key=lambda found: found[1].words)


def all_albums(call: Call) -> Iterator[tuple[Opened, ShelfAlbum]]:
    """Yield the albums of all folders that are asked, in order of their names."""
    shelves = [[(one, album) for album in one.shelf.albums] for one in call.folders]
    return heapq.merge(*shelves, key=lambda found: found[1].words)


def all_songs(call: Call) -> Iterator[tuple[Opened, ShelfSong]]:
    """Yield the songs of all folders that are asked, as they were added."""
    for opened in call.folders:
        for one in opened.shelf.songs:
            yield opened, one


def _index(call: Call) -> list[dict[str, Any]]:
    grouped = groupby(all_artists(call), key=lambda found: _letter(found[1].words))
    index: dict[str, list[dict[str, Any]]] = {}
    for letter, found in grouped:
        index.setdefault(letter, []).extend(opened.entries.artist(one) for opened, one in found)
    return [{"name": letter, "artist": found} for letter, found in index.items()]


def _letter(words: str) -> str:
    first = words[:1].upper()
    return first if first.isalpha() else "#"


def _articles() -> str:
    return " ".join(word.capitalize() for word in ARTICLES)


def _by_year(albums: list[ShelfAlbum]) -> list[ShelfAlbum]:
    return sorted(albums, key=lambda one: (one.year or 9999, one.words))
