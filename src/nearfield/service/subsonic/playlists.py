"""Methods on the lists of songs that people keep; all who have a key share them."""

import math
from typing import Any

from nearfield.catalogue.saved_playlists import SavedPlaylist
from nearfield.service.subsonic.call import Call, Opened
from nearfield.service.subsonic.document import Tree
from nearfield.service.subsonic.entries import moment
from nearfield.service.subsonic.errors import Code, SubsonicError
from nearfield.service.subsonic.names import Name, read_name
from nearfield.service.subsonic.shelf import ShelfSong


def playlists(call: Call) -> Tree:
    """List all lists, oldest first."""
    found = [
        _summary(call, opened, one)
        for opened in call.folders
        for one in opened.catalogue.playlists.list()
    ]
    return {"playlists": {"playlist": found}}


def playlist(call: Call) -> Tree:
    """Tell of a list and its songs."""
    opened, number = _find(call, call.params.required("id"))
    return _details(call, opened, opened.catalogue.playlists.get(number))


def create(call: Call) -> Tree:
    """Keep a new list or, where one is named, let it have other songs."""
    songs = [call.song(one) for one in call.params.all("songId")]
    if text := call.params.text("playlistId"):
        opened, number = _find(call, text)
        changed = opened.catalogue.playlists.replace(number, _keys(opened, songs))
        if name := call.params.text("name"):
            changed = opened.catalogue.playlists.rename(number, name)
        return _details(call, opened, changed)
    name = call.params.required("name")
    opened = songs[0][0] if songs else _first(call)
    return _details(call, opened, opened.catalogue.playlists.add(name, _keys(opened, songs)))


def update(call: Call) -> Tree:
    """Call a list otherwise, take songs out by their places, add songs at its end."""
    opened, number = _find(call, call.params.required("playlistId"))
    saved = opened.catalogue.playlists
    added = _keys(opened, [call.song(one) for one in call.params.all("songIdToAdd")])
    out = set(call.params.numbers("songIndexToRemove"))
    if added or out:
        saved.replace(number, [*_without(opened, number, out), *added])
    if name := call.params.text("name"):
        saved.rename(number, name)
    return {}


def delete(call: Call) -> Tree:
    """Delete a list."""
    opened, number = _find(call, call.params.required("id"))
    opened.catalogue.playlists.delete(number)
    return {}


def _find(call: Call, text: str) -> tuple[Opened, int]:
    """Return the catalogue and the number of a list that is there."""
    name = read_name(text, "pl")
    opened = call.open(name)
    number = int(name.id) if name.id.isdecimal() and len(name.id) < 19 else -1
    return opened, opened.catalogue.playlists.get(number).id


def _first(call: Call) -> Opened:
    if not call.folders:
        raise SubsonicError(
            Code.NOT_FOUND, "there are no songs yet. `nearfield music add FOLDER` brings them in."
        )
    return call.folders[0]


def _keys(opened: Opened, songs: list[tuple[Opened, ShelfSong]]) -> list[int]:
    for other, one in songs:
        if other.catalogue.name != opened.catalogue.name:
            raise SubsonicError(
                Code.ANY, f"a list is of one music folder, but {one.id!r} is of another one."
            )
    return [one.song.key for _, one in songs]


def _shown(opened: Opened, number: int) -> list[ShelfSong]:
    """Return the songs of a list that players are told of; those without a file are not."""
    found = [opened.shelf.of_key(key) for key in opened.catalogue.playlists.songs(number)]
    return [one for one in found if one is not None]


def _without(opened: Opened, number: int, out: set[int]) -> list[int]:
    """Return the keys of all songs of a list but some, by place among those that are shown."""
    kept, place = [], 0
    for key in opened.catalogue.playlists.songs(number):
        shown = opened.shelf.of_key(key) is not None
        if not (shown and place in out):
            kept.append(key)
        place += shown
    return kept


def _details(call: Call, opened: Opened, one: SavedPlaylist) -> dict[str, Any]:
    entries = [opened.entries.song(song) for song in _shown(opened, one.id)]
    return {"playlist": {**_summary(call, opened, one), "entry": entries}}


def _summary(call: Call, opened: Opened, one: SavedPlaylist) -> dict[str, Any]:
    songs = _shown(opened, one.id)
    return {
        "id": str(Name(opened.catalogue.name, "pl", str(one.id))),
        "name": one.name,
        "owner": call.listener.user,
        "public": True,
        "songCount": len(songs),
        "duration": math.floor(math.fsum(song.song.duration for song in songs) + 0.5),
        "created": moment(int(one.created.timestamp())),
        "changed": moment(int(one.changed.timestamp())),
        "coverArt": songs[0].id if songs else None,
    }
