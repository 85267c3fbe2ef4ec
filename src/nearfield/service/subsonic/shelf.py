"""The songs of a catalogue by artist and album, kept in memory: players ask for all of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from nearfield.catalogue.fold import folded_words
from nearfield.catalogue.song_list import ListedSong
from nearfield.recommend.limits import folded
from nearfield.service.subsonic.names import Name, hashed

UNKNOWN_ARTIST: Final = "[unknown artist]"
UNKNOWN_ALBUM: Final = "[unknown album]"

ARTICLES: Final = ("the", "a", "an", "der", "die", "das", "les", "le", "la")
"""Words at the beginning of a name that its order does not go by."""


@dataclass(slots=True, eq=False)
class ShelfSong:
    """A song, with the album it lies on and the artist who plays it."""

    song: ListedSong
    id: str
    album: "ShelfAlbum"
    artist: "ShelfArtist"
    words: str


@dataclass(slots=True, eq=False)
class ShelfAlbum:
    """An album: songs of one album's artist with the same album's name.

    `newest` is the key of the song that was added last.
    """

    id: str
    name: str
    artist: "ShelfArtist"
    words: str
    newest: int = 0
    songs: list[ShelfSong] = field(default_factory=list)

    @property
    def year(self) -> int | None:
        """The first year that a song of it names."""
        return min((one.song.year for one in self.songs if one.song.year), default=None)

    @property
    def genres(self) -> list[str]:
        """Those of its songs, each once."""
        return list(dict.fromkeys(genre for one in self.songs for genre in one.song.genres))


@dataclass(slots=True, eq=False)
class ShelfArtist:
    """An artist: whoever plays a song, or stands on an album."""

    id: str
    name: str
    words: str
    albums: list[ShelfAlbum] = field(default_factory=list)
    songs: list[ShelfSong] = field(default_factory=list)


class Shelf:
    """The songs of one catalogue, in order; nothing of it changes.

    Parameters
    ----------
    catalogue : str
        Its name.
    songs : iterable of ListedSong
        By rising key.
    """

    def __init__(self, catalogue: str, songs: Iterable[ListedSong]) -> None:
        self.catalogue = catalogue
        self._albums: dict[str, ShelfAlbum] = {}
        self._artists: dict[str, ShelfArtist] = {}
        self.songs = [self._put(song) for song in songs]
        self._by_id = {one.song.id: one for one in self.songs}
        self._by_key = {one.song.key: one for one in self.songs}
        self.albums = sorted(self._albums.values(), key=lambda one: (one.words, one.id))
        self.artists = sorted(self._artists.values(), key=lambda one: (one.words, one.id))
        for album in self.albums:
            album.songs.sort(key=_on_album)
            self._stand(album)

    def song(self, public: str) -> ShelfSong | None:
        """Return a song by the owner's id."""
        return self._by_id.get(public)

    def of_key(self, key: int) -> ShelfSong | None:
        """Return a song by the catalogue's key."""
        return self._by_key.get(key)

    def album(self, own: str) -> ShelfAlbum | None:
        """Return an album by its hash."""
        return self._albums.get(own)

    def artist(self, own: str) -> ShelfArtist | None:
        """Return an artist by its hash."""
        return self._artists.get(own)

    def _put(self, song: ListedSong) -> ShelfSong:
        player = self._artist(song.artist or song.album_artist or UNKNOWN_ARTIST)
        owner = self._artist(song.album_artist or song.artist or UNKNOWN_ARTIST)
        title = song.album or UNKNOWN_ALBUM
        own = hashed(owner.name, title)
        album = self._albums.get(own)
        if album is None:
            name = str(Name(self.catalogue, "al", own))
            album = self._albums[own] = ShelfAlbum(name, title, owner, sorting(title))
        name = str(Name(self.catalogue, "so", song.id))
        put = ShelfSong(song, name, album, player, sorting(song.title))
        album.songs.append(put)
        album.newest = song.key
        player.songs.append(put)
        return put

    def _artist(self, name: str) -> ShelfArtist:
        own = hashed(name)
        found = self._artists.get(own)
        if found is None:
            told = str(Name(self.catalogue, "ar", own))
            found = self._artists[own] = ShelfArtist(told, name, sorting(name))
        return found

    def _stand(self, album: ShelfAlbum) -> None:
        """Name an album to its own artist and to all who play on it."""
        for artist in dict.fromkeys([album.artist, *(one.artist for one in album.songs)]):
            artist.albums.append(album)


def sorting(name: str) -> str:
    """Return a name as it is found and put in order.

    >>> sorting("The Köln Concert")
    'koln concert'
    """
    words = folded_words(name)
    if len(words) > 1 and words[0] in ARTICLES:
        words = words[1:]
    return " ".join(words) or folded(name)


def wanted_words(text: str) -> list[str]:
    """Return the words that names must hold; none where everything is wanted.

    >>> wanted_words("The Köln"), wanted_words("The"), wanted_words('""')
    (['koln'], ['the'], [])
    """
    words = folded_words(text)
    telling = [word for word in words if word not in ARTICLES]
    return telling or words or [sign for sign in [folded(text).strip('"')] if sign]


def _on_album(one: ShelfSong) -> tuple[int, str, int]:
    return (one.song.track or 10**9, one.words, one.song.key)
