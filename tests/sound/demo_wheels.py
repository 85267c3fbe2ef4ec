"""Stands in for PyPI: small packages of the kind that the demo's music is made of."""

import zipfile
from pathlib import Path

import pytest

from nearfield.errors import Unavailable
from nearfield.sound.demo import songs
from nearfield.sound.demo.albums import INSTRUMENTS, Album, Piece
from nearfield.sound.demo.play import CORPUS, SOUND_FONT
from sound.small_sound_font import Instrument, Layer, overtones, sound_font

FONT = sound_font(
    [
        Instrument(0, INSTRUMENTS["church organ"], [Layer(overtones(1.0, 0.0, 1.0), [(54, 1)])]),
        Instrument(0, INSTRUMENTS["flute"], [Layer(overtones(1.0, 0.1), [(54, 1)])]),
        Instrument(0, INSTRUMENTS["piano"], [Layer(overtones(1.0, 0.5, 0.3), [(54, 1)])]),
        Instrument(128, 0, [Layer(overtones(*[0.1] * 20))]),
    ]
)

SCORE = """<score-partwise><part id="P1"><measure>
<attributes><divisions>1</divisions></attributes>
<note><pitch><step>C</step><octave>5</octave></pitch><duration>2</duration></note>
<note><pitch><step>{step}</step><octave>5</octave></pitch><duration>2</duration></note>
</measure></part></score-partwise>"""

TUNES = "X:1\nT:First\nL:1/4\nK:G\nGABc\n\nX:2\nT:Second\nL:1/4\nK:G\ndBGD\n"

ALBUMS = (
    Album(
        "Kitchen Reels",
        "Ann",
        "Dance",
        1850,
        120.0,
        ("church organ",),
        (Piece("waltz/a.xml", "A"), Piece("waltz/b.xml", "B"), Piece("waltz/c.xml", "C")),
    ),
    Album(
        "Airs of Ireland",
        "",
        "Folk",
        1900,
        90.0,
        ("flute",),
        (Piece("airs/book.abc#1", "First", "Bob"), Piece("airs/book.abc#2", "Second", "Cy")),
        (("chords", "piano"), ("drums", "drums")),
    ),
)
"""What can be made of the wheels below: five songs."""


WHEELS = {
    "pretty_midi==1.0": (SOUND_FONT,),
    "music21==1.0": (
        f"{CORPUS}/airs/book.abc",
        *(f"{CORPUS}/waltz/{one}.xml" for one in "abc"),
    ),
}
"""What is taken out of which wheel, in the place of `songs.WHEELS`."""


class Index:
    """Gives wheels as `pip_download` does, and notes what was asked for."""

    def __init__(self, broken: str = "") -> None:
        self.asked: list[str] = []
        self._broken = broken

    def __call__(self, requirement: str, folder: Path) -> Path:
        self.asked.append(requirement)
        name = requirement.split("=")[0]
        if name == self._broken:
            raise Unavailable("pip failed and said: no network")
        wheel = folder / f"{name}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, text in _CONTENT[name].items():
                archive.writestr(path, text)
            archive.writestr("../outside.txt", "not wanted")
        return wheel


_CONTENT: dict[str, dict[str, str | bytes]] = {
    "pretty_midi": {SOUND_FONT: FONT, "pretty_midi/__init__.py": "not wanted"},
    "music21": {
        **{f"{CORPUS}/waltz/{one}.xml": SCORE.format(step=one.upper()) for one in "abc"},
        f"{CORPUS}/airs/book.abc": TUNES,
        f"{CORPUS}/other.abc": "not wanted",
    },
}


def use_wheels(monkeypatch: pytest.MonkeyPatch) -> Index:
    """Let the demo be made of these wheels."""
    index = Index()
    monkeypatch.setattr(songs, "pip_download", index)
    monkeypatch.setattr(songs, "WHEELS", WHEELS)
    return index
