"""The Python API of songs: `Nearfield.music`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nearfield.bulk.places import PROCESSES
from nearfield.catalogue.sound_facts import SoundFile
from nearfield.pipelines.ask_songs import Like, recommend_songs, similar_songs
from nearfield.pipelines.clean_music import Cleaned, Cleaning, clean_music
from nearfield.pipelines.decide_songs import Decided, decide_songs
from nearfield.pipelines.duplicates import list_duplicates
from nearfield.pipelines.identify import Identified, identify
from nearfield.pipelines.listening_limits import AT_MOST, JUST_PLAYED
from nearfield.pipelines.make_playlist import PlaylistWish, make_playlist, save
from nearfield.pipelines.models import StoredModel
from nearfield.pipelines.music import CATALOGUE, Added, Adding, add_music
from nearfield.pipelines.music_status import MusicStatus, failed_files, music_status
from nearfield.pipelines.progress import Steps, finish
from nearfield.pipelines.recommenders import Recommenders
from nearfield.pipelines.song_groups import Versions
from nearfield.pipelines.song_report import Report
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.train_sound import train_sound
from nearfield.pipelines.versions import list_versions
from nearfield.playlists.library import Playlist
from nearfield.recommend.ask import Ask
from nearfield.types import PublicId, Recommendations


class Music:
    """One catalogue of songs of a home.

    Songs may be named by id, by the path of their file, or by the path of any other sound file.

    Parameters
    ----------
    stores, recommenders
        Of the home.
    catalogue : str
        Its name.
    """

    def __init__(
        self, stores: Stores, recommenders: Recommenders, catalogue: str = CATALOGUE
    ) -> None:
        self._stores = stores
        self._recommenders = recommenders
        self._catalogue = catalogue

    def add(
        self,
        *paths: Path | str,
        separation: str | None = None,
        encoder: str | None = None,
        workers: int | None = None,
        again: bool = False,
        on: str = PROCESSES,
    ) -> Added:
        """Add the songs of folders and files; see `Adding`."""
        return finish(
            self.iter_add(
                *paths,
                separation=separation,
                encoder=encoder,
                workers=workers,
                again=again,
                on=on,
            )
        )

    def iter_add(
        self,
        *paths: Path | str,
        separation: str | None = None,
        encoder: str | None = None,
        workers: int | None = None,
        again: bool = False,
        on: str = PROCESSES,
    ) -> Steps[Added]:
        """As `add`, yielding progress."""
        found = tuple(Path(path) for path in paths)
        wanted = Adding(found, self._catalogue, separation, encoder, workers, again, on)
        return add_music(self._stores, wanted)

    def status(self) -> MusicStatus:
        """Count songs and files, and say what answers."""
        return music_status(self._stores, self._catalogue)

    def failed(self) -> list[SoundFile]:
        """Return the files that could not be used, with reason and message."""
        return failed_files(self._stores, self._catalogue)

    def similar(
        self,
        song: PublicId | Path,
        n: int = 10,
        *,
        at: float | None = None,
        where: str | None = None,
        diversity: float = 0.0,
        exclude: Sequence[PublicId] = (),
        at_most: Mapping[str, int] | None = None,
        versions: Versions = "one",
    ) -> Recommendations:
        """Return at most `n` songs that sound most like one, without itself; see `Like`."""
        like = Like(
            k=n,
            where=where,
            diversity=diversity,
            exclude=exclude,
            at_most=at_most or {},
            at=at,
            versions=versions,
        )
        steps = similar_songs(self._stores, self._recommenders, self._catalogue, str(song), like)
        return finish(steps)

    def recommend(
        self,
        user: PublicId | None = None,
        n: int = 10,
        *,
        listened: Sequence[PublicId | Path] | Mapping[PublicId, float] = (),
        liked: Sequence[PublicId | Path] | Mapping[PublicId, float] = (),
        disliked: Sequence[PublicId | Path] = (),
        exclude: Sequence[PublicId] = (),
        where: str | None = None,
        diversity: float = 0.0,
        repeat: int | None = JUST_PLAYED,
        at_most: Mapping[str, int] = AT_MOST,
        versions: Versions = "one",
    ) -> Recommendations:
        """Recommend at most `n` songs to a listener, best first; parts may be missing, see `Ask`.

        What is among the listener's `repeat` newest events does not come again, older songs may;
        with None nothing does that was ever listened to.
        """
        ask = Ask(
            user=user,
            listened=_texts(listened),
            liked=_texts(liked),
            disliked=[str(one) for one in disliked],
            k=n,
            exclude=exclude,
            repeat=repeat,
            at_most=at_most,
            where=where,
            diversity=diversity,
        )
        return finish(
            recommend_songs(self._stores, self._recommenders, self._catalogue, ask, versions)
        )

    def playlist(self, *seeds: PublicId | Path, **wish: Any) -> Playlist:
        """Make a playlist from one or several songs.

        Parameters
        ----------
        seeds
            Songs to start from.
        wish
            Fields of `PlaylistWish`: ``to=``, ``length=25``, ``minutes=``, ``radio=True``, ...
        """
        asked = PlaylistWish(seeds=[str(one) for one in seeds], **wish)
        steps = make_playlist(self._stores, self._recommenders, self._catalogue, asked)
        return finish(steps)

    def save_playlist(
        self, playlist: Playlist, file: Path | str, *, absolute: bool = False
    ) -> None:
        """Write a playlist as M3U8, XSPF or JSON, by the ending of the file."""
        save(playlist, Path(file), absolute)

    def duplicates(self, threshold: float | None = None) -> Report:
        """Return the recordings that are there more than once; see `list_duplicates`."""
        return finish(list_duplicates(self._stores, self._catalogue, threshold))

    def versions(self) -> Report:
        """Return the songs that are there in several performances."""
        return finish(list_versions(self._stores, self._catalogue))

    def same(
        self, one: PublicId | Path, other: PublicId | Path, *, version: bool = False
    ) -> Decided:
        """Decide that two songs are one recording, or with `version` two of the same song."""
        return self._decide(one, other, "song" if version else "recording")

    def different(self, one: PublicId | Path, other: PublicId | Path) -> Decided:
        """Decide that two songs are different ones."""
        return self._decide(one, other, "different")

    def forget(self, one: PublicId | Path, other: PublicId | Path) -> Decided:
        """Take back what was decided of two songs."""
        return self._decide(one, other, None)

    def _decide(self, one: PublicId | Path, other: PublicId | Path, verdict: str | None) -> Decided:
        return decide_songs(self._stores, self._catalogue, (str(one), str(other)), verdict)

    def identify(self, file: Path | str, k: int = 5) -> Identified:
        """Tell which recordings a sound file is of, whole or a clip, and where it lies in them."""
        return finish(identify(self._stores, self._catalogue, Path(file), k))

    def clean(
        self,
        move_to: Path | str | None = None,
        *,
        dry_run: bool = False,
        excerpts: bool = False,
    ) -> Cleaned:
        """Move all but the best copy of each recording to a folder; without one, only tell."""
        folder = None if move_to is None else Path(move_to)
        wanted = Cleaning(self._catalogue, folder, dry_run or folder is None, excerpts)
        return finish(clean_music(self._stores, wanted))

    def train(self, *, labels: str | None = None, **options: Any) -> StoredModel:
        """Train the encoder on this library.

        Parameters
        ----------
        labels : {"album", "artist"}, optional
            Songs that share this tag belong together.
        options
            Fields of `SoundTrainingConfig`.
        """
        return finish(train_sound(self._stores, self._catalogue, options, labels))


def _texts(
    songs: Sequence[PublicId | Path] | Mapping[PublicId, float],
) -> Sequence[PublicId] | Mapping[PublicId, float]:
    if isinstance(songs, Mapping):
        return songs
    return [str(one) for one in songs]
