"""Make a playlist from songs named by id or by file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from nearfield.catalogue.catalogue import Catalogue
from nearfield.errors import VectorsAway
from nearfield.pipelines.listening_limits import AT_MOST
from nearfield.pipelines.named_songs import guest_labels, name_songs
from nearfield.pipelines.names import SOUND
from nearfield.pipelines.progress import Steps
from nearfield.pipelines.recommenders import Recommenders
from nearfield.pipelines.song_groups import SongGroups, Versions
from nearfield.pipelines.steady_playlist import WithoutVectors
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.without_vectors import check_waited_for
from nearfield.playlists.ask import PlaylistAsk
from nearfield.playlists.library import Playlist
from nearfield.playlists.make import Playlists
from nearfield.playlists.save import save_playlist
from nearfield.sound.scan import path_of
from nearfield.types import PublicId


@dataclass(frozen=True, kw_only=True)
class PlaylistWish:
    """A playlist by names of songs; see `PlaylistAsk` for what is not told here.

    Parameters
    ----------
    seeds : sequence of str
        Ids or files.
    to : str, optional
        Id or file that a journey leads to.
    radio : bool
        Whether the list drifts as an endless radio does, of which it is the beginning.
    at_most : mapping, optional
        Most songs of one artist, of one album; where not given a fifth of the list, at least two.
    versions : {"one", "all"}
        Whether the list holds one performance of each song, or may hold all.
    """

    seeds: Sequence[str]
    to: str | None = None
    radio: bool = False
    length: int = 25
    minutes: float | None = None
    keep_seeds: Literal["first", "anywhere", "out"] = "first"
    exclude: Sequence[PublicId] = ()
    where: str | None = None
    at_most: Mapping[str, int] | None = None
    diversity: float = 0.0
    variety: float = 0.0
    draw: int = 0
    versions: Versions = "one"


def make_playlist(
    stores: Stores, recommenders: Recommenders, catalogue: str | None, wish: PlaylistWish
) -> Steps[Playlist]:
    """Make a playlist; seeds that are not in the library are listened to.

    Parameters
    ----------
    stores, recommenders
        The home.
    catalogue : str, optional
        Of songs; the only one where not given.
    wish : PlaylistWish
        What is wanted.
    """
    found = stores.catalogue(catalogue)
    names = [*wish.seeds, *([] if wish.to is None else [wish.to])]
    named = yield from name_songs(stores, found, names)
    labels = guest_labels(named)
    ids: dict[str, PublicId] = {**named.ids, **labels}
    ask = PlaylistAsk(
        seeds=[ids[name] for name in wish.seeds],
        to=None if wish.to is None else ids[wish.to],
        guests={labels[name]: vectors.song for name, vectors in named.guests.items()},
        length=wish.length,
        minutes=wish.minutes,
        keep_seeds=wish.keep_seeds,
        exclude=wish.exclude,
        where=wish.where,
        at_most=usual_limits(wish.length) if wish.at_most is None else wish.at_most,
        diversity=wish.diversity,
        variety=wish.variety,
        draw=wish.draw,
    )
    instead = WithoutVectors(recommenders, found, wish.versions, repr(wish))
    try:
        made = _made(recommenders, found, wish, ask)
    except VectorsAway as error:
        check_waited_for()
        return instead.make(ask, radio_name(ask) if wish.radio else None, error)
    instead.keep(made)
    return made


def _made(
    recommenders: Recommenders, catalogue: Catalogue, wish: PlaylistWish, ask: PlaylistAsk
) -> Playlist:
    groups = SongGroups(catalogue.pairs, wish.versions)
    playlists = Playlists(catalogue, recommenders.open(catalogue.name, SOUND).view, groups)
    if not wish.radio:
        return playlists.make(ask)
    return Playlist(radio_name(ask), tuple(islice(playlists.radio(ask), wish.length)))


def radio_name(ask: PlaylistAsk) -> str:
    """Return what the beginning of a radio is called."""
    return f"Radio from {ask.seeds[0]}"


def usual_limits(length: int) -> dict[str, int]:
    """Return how many songs of one artist, and of one album, a playlist holds at most.

    >>> usual_limits(25)
    {'artist': 5, 'album': 5}
    """
    return dict.fromkeys(AT_MOST, max(2, length // 5))


def save(playlist: Playlist, file: Path, absolute: bool = False) -> None:
    """Write a playlist as M3U8, XSPF or JSON, by the ending of the file."""
    save_playlist(playlist, file, path_of, absolute)
