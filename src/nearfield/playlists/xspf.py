"""Write playlists as XSPF, the XML Shareable Playlist Format (https://xspf.org/spec)."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from nearfield.playlists.tracks import Track, one_line, relative_to, uri_of

NAMESPACE: Final = "http://xspf.org/ns/0/"


def xspf_text(tracks: Iterable[Track], folder: Path | None = None, name: str = "") -> str:
    """Return the text of an XSPF file; parameters as of `m3u8_text`."""
    root = ElementTree.Element("playlist", {"version": "1", "xmlns": NAMESPACE})
    _add(root, "title", name)
    listed = ElementTree.SubElement(root, "trackList")
    for track in tracks:
        one = ElementTree.SubElement(listed, "track")
        _add(one, "location", uri_of(relative_to(track.place, folder)))
        _add(one, "title", track.title)
        _add(one, "creator", track.artist)
        _add(one, "album", track.album)
        if not math.isnan(track.seconds):
            _add(one, "duration", str(round(1000 * track.seconds)))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    if text := one_line(text):
        ElementTree.SubElement(parent, name).text = text
