"""Write playlists as extended M3U in UTF-8."""

import math
from collections.abc import Iterable
from pathlib import Path

from nearfield.playlists.tracks import Track, is_text, one_line, relative_to, uri_of


def m3u8_text(tracks: Iterable[Track], folder: Path | None = None, name: str = "") -> str:
    """Return the text of an M3U8 file.

    A file whose name is no plain text (not UTF-8, a line break) is named by its URI, which
    players read too; all others by their path, and what is streamed by its address.

    Parameters
    ----------
    tracks : iterable of Track
        In playing order.
    folder : Path, optional
        Paths are written as seen from here, where the file will be; absolute where not given.
    name : str
        Of the list; not written where empty.
    """
    lines = ["#EXTM3U"]
    if name:
        lines.append(f"#PLAYLIST:{one_line(name)}")
    for track in tracks:
        seconds = -1 if math.isnan(track.seconds) else round(track.seconds)
        label = " - ".join(filter(None, [one_line(track.artist), one_line(track.title)]))
        lines += [f"#EXTINF:{seconds},{label}", _entry(track.place, folder)]
    return "\n".join(lines) + "\n"


def _entry(place: Path | str, folder: Path | None) -> str:
    shown = relative_to(place, folder)
    if not is_text(shown):
        return uri_of(place)
    text = str(shown)
    return f"./{text}" if text.startswith("#") else text  # it would be a comment
