"""Write a playlist to a file: M3U8, XSPF or JSON by its ending."""

import json
import math
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from nearfield.errors import InvalidInput
from nearfield.playlists.library import Playlist
from nearfield.playlists.m3u8 import m3u8_text
from nearfield.playlists.tracks import Track, is_text, relative_to, tracks_of, uri_of
from nearfield.playlists.xspf import xspf_text

Write = Callable[[Sequence[Track], Path | None, str], str]


def json_text(tracks: Sequence[Track], folder: Path | None = None, name: str = "") -> str:
    """Return the text of a JSON file; parameters as of `m3u8_text`.

    An object of `name` and `tracks`, each with path, uri, title, artist, album and seconds; what
    is not known is null. The path, too, is null where it is no plain text, or an address: the URI
    holds it.
    """
    told = [_track(track, relative_to(track.place, folder)) for track in tracks]
    return json.dumps({"name": name, "tracks": told}, ensure_ascii=False, indent=2) + "\n"


FORMATS: Final[Mapping[str, Write]] = MappingProxyType(
    {".m3u8": m3u8_text, ".m3u": m3u8_text, ".xspf": xspf_text, ".json": json_text}
)
"""Ending of a file to what writes it."""


def check_format(file: Path) -> Write:
    """Return what writes a file of this ending, or raise `InvalidInput`."""
    write = FORMATS.get(file.suffix.lower())
    if write is None:
        raise InvalidInput(
            f"no playlist can be written to {str(file)!r}, for its ending {file.suffix!r} is none "
            f"of {', '.join(FORMATS)}. Give it one of these."
        )
    return write


def save_playlist(
    playlist: Playlist, file: Path, path_of: Callable[[str], Path], absolute: bool = False
) -> None:
    """Write a playlist, replacing the file; a file is never left half written.

    Parameters
    ----------
    playlist : Playlist
        Its songs need the attribute ``path``.
    file : Path
        Where to; the ending says in which format.
    path_of : callable
        See `tracks_of`.
    absolute : bool
        Whether songs are named by absolute paths, instead of as seen from the file's folder.

    Raises
    ------
    InvalidInput
        If the ending is not known, the file of a song is not known, or the folder is not there.
    """
    write = check_format(file)
    folder = Path(os.path.abspath(file)).parent
    if not folder.is_dir():
        raise InvalidInput(
            f"{str(folder)!r} is no folder, so no playlist can be written into it. Make it first."
        )
    tracks = tracks_of(playlist.songs, path_of)
    text = write(tracks, None if absolute else folder, playlist.name)
    _replace(file, text)


def _track(track: Track, shown: Path | str) -> dict[str, Any]:
    return {
        "path": str(shown) if isinstance(shown, Path) and is_text(shown) else None,
        "uri": uri_of(shown),
        "title": _writable(track.title),
        "artist": _writable(track.artist) or None,
        "album": _writable(track.album) or None,
        "seconds": None if math.isnan(track.seconds) else round(track.seconds, 3),
    }


def _writable(text: str) -> str:
    """Return a text without what UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _replace(file: Path, text: str) -> None:
    """Write beside the file, then put it in its place."""
    beside = file.with_name(f".{uuid.uuid4().hex}.part")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise InvalidInput(
            f"the playlist {str(file)!r} cannot be written: {error.strerror}. Give another place."
        ) from error
