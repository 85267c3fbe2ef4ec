"""Embedding songs with a new version as bulk work. Workers load this: nothing here knows SQL."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nearfield.bulk.work import At, Fault
from nearfield.networks.single import one_thread
from nearfield.pipelines.ears import ByEar, Ears, catcher
from nearfield.sound.analyse import hear
from nearfield.sound.cache import Catcher, Kept, read_features
from nearfield.sound.decode import Unreadable
from nearfield.sound.encoding import Encoder, SongVectors
from nearfield.sound.separate import Separator


@dataclass(frozen=True, slots=True)
class Hearing:
    """One song to embed.

    Parameters
    ----------
    key : int
        Of the song.
    features : Path, optional
        Where lies what an encoder of this kind read of it before.
    sounds : tuple of (str, Path)
        Content and path of its files: the first that can be read is listened to, where there
        are no features.
    """

    key: int
    features: Path | None
    sounds: tuple[tuple[str, Path], ...] = ()


@dataclass(frozen=True, slots=True)
class HeardSong:
    """What came of a song.

    Parameters
    ----------
    vectors : SongVectors, optional
        None where none of its files can be read any more.
    kept : Kept, optional
        What the encoder read of it, where it was listened to.
    """

    vectors: SongVectors | None = None
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class HearSongs(ByEar):
    """Embed each song from its features, else from the sound."""

    def files(self, job: Hearing) -> tuple[Path, ...]:
        """See `Work`; of the files of one content the first is enough."""
        if job.features is not None:
            return (job.features,)
        return tuple({content: path for content, path in reversed(job.sounds)}.values())

    def open(self, at: At) -> Callable[[Hearing, At], HeardSong]:
        """Load the networks; see `Work`."""
        separator, encoder = Ears(at(self.ears.model), at(self.ears.cache)).load()
        caught = catcher(separator, encoder)

        def do(job: Hearing, at: At) -> HeardSong:
            with one_thread():
                return _embedded(job, at, (separator, encoder, caught))

        return do

    def failed(self, job: Hearing, fault: Fault) -> HeardSong:
        """Pass over a song that cannot be heard; the next `music add` tells of it."""
        return HeardSong()


def _embedded(job: Hearing, at: At, how: tuple[Separator, Encoder, Catcher]) -> HeardSong:
    separator, encoder, caught = how
    if job.features is not None:
        read = read_features(at(job.features))
        return HeardSong() if read is None else HeardSong(encoder.embed(read))
    for content, path in job.sounds:
        try:
            read = hear(at(path), separator, encoder)
        except Unreadable:
            continue
        if encoder.trainable:
            caught.save(content, read)
        return HeardSong(encoder.embed(read), caught.take())
    return HeardSong()
