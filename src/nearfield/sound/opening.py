"""Opens a sound file with FFmpeg (PyAV), or else libsndfile, or says why neither can."""

from pathlib import Path

import av
import soundfile

from nearfield.sound.ffmpeg import FfmpegSource
from nearfield.sound.formats import is_encrypted_asf, lacks_index, looks_like
from nearfield.sound.sndfile import SndfileSource
from nearfield.sound.source import Source
from nearfield.sound.unreadable import Unreadable, protected


def open_source(path: Path) -> Source:
    """Open a file by its content; its name does not matter.

    Raises
    ------
    Unreadable
        If it is not there, has no sound, or the sound cannot be decoded.
    """
    check_file(path)
    if is_encrypted_asf(path):
        raise protected(path)
    try:
        return FfmpegSource(path)
    except av.error.FFmpegError:
        pass
    try:
        return SndfileSource(path)
    except soundfile.SoundFileError:
        raise _unknown(path) from None


def check_file(path: Path) -> None:
    """Raise `Unreadable` unless there is a file with at least one byte that may be read."""
    try:
        if not path.is_file():  # a pipe would never end
            raise Unreadable("missing", path, "there is no such file. Scan the folder again.")
        with path.open("rb") as file:
            first = file.read(1)
    except PermissionError:
        raise Unreadable(
            "permission", path, "this user may not read it. Change its owner or mode."
        ) from None
    except OSError as error:
        sentence = f"the system cannot read it ({error.strerror}). Check the disk."
        raise Unreadable("missing", path, sentence) from error
    if not first:
        raise Unreadable("empty", path, "it has no bytes. Copy or download it again.")


def _unknown(path: Path) -> Unreadable:
    if lacks_index(path):
        sentence = "it was cut off before the index at its end. Copy or download it again."
        return Unreadable("truncated", path, sentence)
    return Unreadable(
        "not audio", path, f"wanted a sound file, but it looks like {looks_like(path)}. Remove it."
    )
