"""The whole way for music: make a small library, add it, let someone listen, and ask."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from nearfield.catalogue.catalogue import Catalogue
from nearfield.datasets.read import from_frames
from nearfield.datasets.tables import Columns
from nearfield.errors import InvalidInput
from nearfield.pipelines.ask_songs import Like, recommend_songs, similar_songs
from nearfield.pipelines.demo import DemoStep, Note, Shown
from nearfield.pipelines.find_song import find_song
from nearfield.pipelines.listening import import_listening
from nearfield.pipelines.listening_limits import AT_MOST
from nearfield.pipelines.make_playlist import PlaylistWish, make_playlist, save
from nearfield.pipelines.music import CATALOGUE, Adding, add_music
from nearfield.pipelines.names import SOUND
from nearfield.pipelines.progress import Progress
from nearfield.pipelines.recommenders import Recommenders
from nearfield.pipelines.stores import Stores
from nearfield.recommend.ask import Ask
from nearfield.sound.demo.albums import ALBUMS, LOVED, SHOWN, SKIPPED, Album
from nearfield.sound.demo.songs import get_parts, list_songs, make_songs
from nearfield.sound.scan import path_of
from nearfield.types import PublicId

LISTENER: Final = "ada"
PLAYLIST: Final = "demo.m3u8"
"""File in the home."""

_HEARD: Final = 0.6
"""Share of an album that the listener knows; the rest can be recommended."""

_ROUNDS: Final = 3
_BEGIN: Final = 1_767_600_000  # 5 January 2026, 8:00 UTC
_APART: Final = 600  # seconds
_PLAYLIST_SONGS: Final = 12
_PLAYLIST_EACH: Final = 4


@dataclass(frozen=True)
class MusicDemo:
    """What to show.

    Parameters
    ----------
    catalogue : str
        Name of the catalogue to make.
    k : int
        Length of each list.
    workers : int, optional
        Processes that listen; one for each core where not given.
    separation : str, optional
        What takes the vocals away; see `Adding`.
    albums : tuple of Album
        What is played.
    """

    catalogue: str = CATALOGUE
    k: int = 8
    workers: int | None = None
    separation: str | None = None
    albums: tuple[Album, ...] = ALBUMS


def demo_music(stores: Stores, wanted: MusicDemo) -> Generator[DemoStep, None, None]:
    """Go the whole way; what an earlier run has done is not done again.

    Parameters
    ----------
    stores : Stores
        The home, in whose cache the songs are.
    wanted : MusicDemo
        What to show.

    Raises
    ------
    InvalidInput
        If the catalogue holds other music.
    Unavailable
        If what the songs are made of cannot be had.
    """
    folder = stores.cache / "demo-music"
    _check_own(stores, wanted.catalogue, folder)
    yield from _make(stores, wanted.albums, folder)
    yield from _add(stores, wanted, folder)
    catalogue = stores.catalogue(wanted.catalogue)
    yield from _listen(stores, wanted, folder)
    recommenders = Recommenders(stores)
    yield _judged(recommenders, catalogue)
    yield from _similar(stores, recommenders, wanted, folder)
    asked = f"--catalogue {catalogue.name}"
    answers = yield from recommend_songs(
        stores, recommenders, catalogue.name, Ask(user=LISTENER, k=wanted.k, at_most=AT_MOST)
    )
    who = f"For {LISTENER}, who plays {' and '.join(LOVED)}, and skips {SKIPPED}"
    yield Shown(who, f"recommend {asked} --user {LISTENER}", answers)
    yield from _playlist(stores, recommenders, wanted, folder)


def _check_own(stores: Stores, name: str, folder: Path) -> None:
    """Let nobody find the demo's songs among their own."""
    if name not in stores.catalogues.names():
        return
    for path in stores.catalogue(name).sounds.files():
        if not path_of(path).is_relative_to(folder):
            raise InvalidInput(
                f"the catalogue '{name}' holds music of yours, such as {path}. Give the demo one "
                f"of its own: --catalogue demo-songs, or another home: --home DIR."
            )


def _make(
    stores: Stores, albums: tuple[Album, ...], folder: Path
) -> Generator[DemoStep, None, None]:
    parts = stores.cache / "demo-music-parts"
    total = sum(len(album.pieces) for album in albums)
    missing = [path for _, _, path in list_songs(folder, albums) if not path.exists()]
    if not missing:
        yield Note(f"{folder} holds all {total} songs already.")
        return
    stores.make()
    for requirement in get_parts(parts):
        yield Progress(f"Fetching {requirement} from PyPI")
    for done in make_songs(folder, parts, albums):
        yield Progress("Playing scores", done, total, "songs")
    yield Note(f"Played {len(missing)} songs in {len(albums)} albums: {folder}")


def _add(stores: Stores, wanted: MusicDemo, folder: Path) -> Generator[DemoStep, None, None]:
    adding = Adding(
        (folder,), wanted.catalogue, separation=wanted.separation, workers=wanted.workers
    )
    added = yield from add_music(stores, adding)
    new = f"Listened to {added.tally.added} new songs" if added.tally.added else "Nothing is new"
    held = f"{added.counts.songs} songs, {60 * added.counts.hours:.0f} minutes"
    yield Note(f"{new}: '{added.catalogue}' holds {held}.")


def _listen(stores: Stores, wanted: MusicDemo, folder: Path) -> Generator[DemoStep, None, None]:
    read = from_frames(events=history(folder, wanted.albums))
    done = yield from import_listening(stores, wanted.catalogue, read)
    yield Note(f"{LISTENER} listened, liked and skipped {done.counts.events:,} times.")


def history(folder: Path, albums: tuple[Album, ...] = ALBUMS) -> pl.DataFrame:
    """Return what the demo's listener does: she plays most of two albums, and skips another.

    Parameters
    ----------
    folder : Path
        Where the songs are.
    albums : tuple of Album
        Those there are.

    Returns
    -------
    polars.DataFrame
        `user`, `item` (path of the file), `kind`, `time` (seconds since 1970), in order of time.
    """
    heard = [
        (album.title, track, str(path))
        for album, track, path in list_songs(folder, albums)
        if track <= round(_HEARD * len(album.pieces))
    ]
    played = [("listened", path) for title, _, path in heard if title in LOVED]
    liked = [("liked", path) for title, track, path in heard if title in LOVED and track == 1]
    skipped = [("skipped", path) for title, _, path in heard if title == SKIPPED]
    events = [*skipped, *(_ROUNDS * played), *liked]
    return pl.DataFrame(
        {
            Columns.USER: [LISTENER] * len(events),
            Columns.ITEM: [path for _, path in events],
            Columns.KIND: [kind for kind, _ in events],
            Columns.TIME: [_BEGIN + _APART * place for place in range(len(events))],
        }
    )


def _judged(recommenders: Recommenders, catalogue: Catalogue) -> Note:
    """Count how often what sounds most like a song is of its album, on the same instruments."""
    recommender = recommenders.get(catalogue.name, SOUND)
    songs = catalogue.items(catalogue.sounds.present())
    nearest = [(song, recommender.similar(song.id, 1)) for song in songs]
    same = sum(
        bool(found) and found[0].attributes.get("album") == song.attributes.get("album")
        for song, found in nearest
    )
    return Note(f"Of {len(songs)} songs, {same} have the nearest one on their own album.")


def _similar(
    stores: Stores, recommenders: Recommenders, wanted: MusicDemo, folder: Path
) -> Generator[DemoStep, None, None]:
    for title in SHOWN:
        song = _first(stores, wanted, folder, title)
        if song is None:
            continue
        like = Like(k=wanted.k)
        answers = yield from similar_songs(stores, recommenders, wanted.catalogue, str(song), like)
        command = f"similar --catalogue {wanted.catalogue} --item {song}"
        yield Shown(f"Like the first song of {title}", command, answers)


def _playlist(
    stores: Stores, recommenders: Recommenders, wanted: MusicDemo, folder: Path
) -> Generator[DemoStep, None, None]:
    found = [_first(stores, wanted, folder, title) for title in LOVED]
    seeds = [str(song) for song in found if song is not None]
    wish = PlaylistWish(
        seeds=seeds, length=_PLAYLIST_SONGS, at_most=dict.fromkeys(AT_MOST, _PLAYLIST_EACH)
    )
    made = yield from make_playlist(stores, recommenders, wanted.catalogue, wish)
    file = stores.home / PLAYLIST
    save(made, file)
    yield Note(f"Wrote a playlist of {len(made.songs)} songs: {file}")
    command = (
        f"music playlist --catalogue {wanted.catalogue} --seed {','.join(seeds)} "
        f"--length {_PLAYLIST_SONGS} --per-artist {_PLAYLIST_EACH} --per-album {_PLAYLIST_EACH}"
    )
    yield Shown(f"Playlist: {made.name}", command, list(made.songs))


def _first(stores: Stores, wanted: MusicDemo, folder: Path, title: str) -> PublicId | None:
    """Return the id of the first song of an album, if the demo has that album."""
    for album, _, path in list_songs(folder, wanted.albums):
        if album.title == title:
            return find_song(stores.catalogue(wanted.catalogue), str(path))
    return None
