"""Songs, albums and artists as players are told of them."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from nearfield.service.sound_files import media_type
from nearfield.service.subsonic.marks import Marks
from nearfield.service.subsonic.shelf import ShelfAlbum, ShelfArtist, ShelfSong


class Entries:
    """Tells of songs, albums and artists with what one listener did with them.

    Parameters
    ----------
    marks : Marks
        Of the listener.
    """

    def __init__(self, marks: Marks) -> None:
        self.marks = marks

    def song(self, one: ShelfSong) -> dict[str, Any]:
        """Return a `Child` that is a song."""
        song, key, artist, owner = one.song, one.song.key, one.artist, one.album.artist
        return {
            "id": one.id,
            "parent": one.album.id,
            "isDir": False,
            "title": song.title,
            "album": one.album.name,
            "artist": artist.name,
            "track": song.track,
            "year": song.year,
            "genre": song.genres[0] if song.genres else None,
            "coverArt": one.id,
            "size": song.size,
            "contentType": media_type(song.ending),
            "suffix": song.ending.removeprefix("."),
            "duration": math.floor(song.duration + 0.5),
            "bitRate": round(song.bitrate / 1000),
            "samplingRate": song.rate,
            "channelCount": song.channels,
            "path": _path(one),
            "isVideo": False,
            "created": moment(song.modified),
            "albumId": one.album.id,
            "artistId": artist.id,
            "type": "music",
            "mediaType": "song",
            "bpm": song.tempo,
            "genres": [{"name": genre} for genre in song.genres],
            "artists": [_named(artist)],
            "displayArtist": artist.name,
            "albumArtists": [_named(owner)],
            "displayAlbumArtist": owner.name,
            "starred": moment(self.marks.starred.get(key)),
            "userRating": self.marks.ratings.get(key),
            "playCount": self.marks.plays.get(key, 0),
            "played": moment(self.marks.played.get(key)),
        }

    def album(self, one: ShelfAlbum) -> dict[str, Any]:
        """Return an `AlbumID3`."""
        keys = [song.song.key for song in one.songs]
        genres = one.genres
        return {
            "id": one.id,
            "name": one.name,
            "artist": one.artist.name,
            "artistId": one.artist.id,
            "coverArt": one.id,
            "songCount": len(keys),
            "duration": math.floor(math.fsum(song.song.duration for song in one.songs) + 0.5),
            "playCount": sum(self.marks.plays.get(key, 0) for key in keys),
            "created": moment(max(song.song.modified for song in one.songs)),
            "year": one.year,
            "genre": genres[0] if genres else None,
            "genres": [{"name": genre} for genre in genres],
            "artists": [_named(one.artist)],
            "displayArtist": one.artist.name,
            "starred": moment(self.starred(one.songs)),
            "played": moment(self.last_played(one)),
        }

    def folder(self, one: ShelfAlbum) -> dict[str, Any]:
        """Return a `Child` that is an album, for players that go by folders."""
        return {
            **self.album(one),
            "parent": one.artist.id,
            "isDir": True,
            "title": one.name,
            "album": one.name,
            "mediaType": "album",
        }

    def artist(self, one: ShelfArtist) -> dict[str, Any]:
        """Return an `ArtistID3`."""
        return {
            **_named(one),
            "coverArt": one.albums[0].id,
            "albumCount": len(one.albums),
            "starred": moment(self.starred(one.songs)),
        }

    def starred(self, songs: Iterable[ShelfSong]) -> int | None:
        """Return when the last of some songs was starred; None unless all of them are."""
        times = [self.marks.starred.get(one.song.key) for one in songs]
        told = [time for time in times if time is not None]
        return max(told) if told and len(told) == len(times) else None

    def last_played(self, one: ShelfAlbum) -> int | None:
        """Return when a song of an album was last played."""
        times = (self.marks.played.get(song.song.key) for song in one.songs)
        return max((time for time in times if time is not None), default=None)


def moment(seconds: int | None) -> str | None:
    """Return a time as players read it.

    >>> moment(0), moment(None)
    ('1970-01-01T00:00:00Z', None)
    """
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _named(one: ShelfArtist) -> dict[str, Any]:
    return {"id": one.id, "name": one.name}


def _path(one: ShelfSong) -> str:
    """Return where players may keep the song; where it lies here is nobody's business."""
    title = one.song.title if one.song.track is None else f"{one.song.track:02} {one.song.title}"
    parts = (one.album.artist.name, one.album.name, title)
    return "/".join(part.replace("/", "_") for part in parts) + one.song.ending
