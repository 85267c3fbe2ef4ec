"""What a catalogue keeps of songs and of the files they lie in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from nearfield.catalogue.pair_facts import SongPrint
from nearfield.types import Scores, Vectors

FILE_STATES: Final = ("ready", "failed", "gone")
"""What became of a sound file; the position is the code stored in SQL."""

READY: Final = FILE_STATES.index("ready")
FAILED: Final = FILE_STATES.index("failed")
GONE: Final = FILE_STATES.index("gone")


@dataclass(frozen=True, slots=True)
class SoundFile:
    """One file as it was when it was last looked at.

    Parameters
    ----------
    path : str
        Absolute, as `sound.scan.path_text` writes it.
    size, modified : int
        Bytes, and nanoseconds since 1970.
    content : str
        Hash of its bytes; "" where it could not be read.
    state : int
        Position in `FILE_STATES`.
    item : int, optional
        Key of the song; None where the file could not be used.
    reason, message : str
        Why not: a short code, and a sentence.
    """

    path: str
    size: int
    modified: int
    content: str = ""
    state: int = READY
    item: int | None = None
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class SongVectors:
    """What one version of a model makes of a song.

    Parameters
    ----------
    version : str
        Of the model.
    song : float32, shape (dim,)
        Unit vector of the whole song.
    parts : float32, shape (parts, dim)
        Unit vectors of its parts; kept with 11 bits of each number.
    starts : float32, shape (parts,)
        Where each part begins, in seconds.
    """

    version: str
    song: Vectors
    parts: Vectors
    starts: Scores


@dataclass(frozen=True)
class Song:
    """All that one analysis found out about a song.

    Parameters
    ----------
    title : str
        From the tags, else from the name of the file.
    year : int, optional
        From the tags.
    genres : tuple of str
        From the tags.
    attributes : mapping
        Everything else that can be shown and asked for: artist, album, tempo, key, ...
    duration : float
        Seconds.
    codec : str
        As FFmpeg names it, e.g. ``vorbis``.
    rate, channels, bitrate : int
        Of the file.
    lossless : bool
        Whether the codec keeps every sample.
    fingerprint : bytes
        Chromaprint, compressed.
    vectors : SongVectors
        What the model made of it.
    print : SongPrint, optional
        What is compared of it; None where it was not made.
    """

    title: str
    year: int | None
    genres: tuple[str, ...]
    duration: float
    codec: str
    rate: int
    channels: int
    bitrate: int
    lossless: bool
    fingerprint: bytes
    vectors: SongVectors
    attributes: Mapping[str, str] = field(default_factory=dict)
    print: SongPrint | None = None


@dataclass(frozen=True, slots=True)
class SongQuality:
    """What tells the best of several files of a song.

    Parameters
    ----------
    duration : float
        Seconds.
    codec : str
        As FFmpeg names it, e.g. ``vorbis``.
    bitrate : int
        Bits a second.
    lossless : bool
        Whether the codec keeps every sample.
    """

    duration: float
    codec: str
    bitrate: int
    lossless: bool


@dataclass(frozen=True, slots=True)
class FileCounts:
    """How many sound files there are of each kind, and what they make.

    Parameters
    ----------
    ready, failed, gone : int
        Files by state.
    songs : int
        Songs that at least one file is there of.
    hours : float
        How long these are together.
    """

    ready: int
    failed: int
    gone: int
    songs: int
    hours: float
