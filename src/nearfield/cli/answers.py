"""Recommendations as a table for people and as data for programs."""

import logging
import math
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from nearfield.cli.output import say

if TYPE_CHECKING:
    from nearfield.types import Reason, Recommendation

STARS: Final = 5
"""The classical scale of this model: scores are shown as 5 x cosine."""

_STARTS: Final = (
    "because you rated ",
    "because you watched ",
    "because you listened to ",
    "because you liked ",
    "both are ",
)
"""How reasons begin; a cell of a table does without."""

_DEGRADED: Final = {
    "popular": "Milvus does not answer: what is popular instead.",
    "last-good": "Milvus does not answer: what it answered before instead.",
    "partial": "One of the spaces does not answer: what the others say instead.",
}

_GAP: Final = 2
_TITLES: Final = 0.62
"""Share of the room that titles may take from reasons."""

_LEAST: Final = 12
"""The narrowest that titles and reasons become."""


def as_data(
    answers: Iterable["Recommendation"], degraded: str | None = None
) -> list[dict[str, Any]]:
    """Return what `--json` prints; scores are cosines, `degraded` as of `Recommendations`."""
    return [
        {
            "item": one.item,
            "title": one.title,
            "score": one.score,
            "space": one.space,
            "reasons": [
                {
                    "text": why.text,
                    "share": round(why.share, 4),
                    "item": why.item,
                    "space": why.space,
                }
                for why in one.reasons
            ],
            "year": one.year,
            "genres": list(one.genres),
            **({"attributes": dict(one.attributes)} if one.attributes else {}),
            "degraded": degraded,
        }
        for one in answers
    ]


# what it logs of an outage is said here, for people, and once
logging.getLogger("nearfield.pipelines.outage").addHandler(logging.NullHandler())


def say_degraded(degraded: str | None) -> None:
    """Say on stderr why an answer is less than it could be, where it is."""
    if degraded is not None:
        say(_DEGRADED[degraded])


def as_table(answers: Sequence["Recommendation"], width: int) -> Table:
    """Return the table that people read: Top, Ids, Title, Score (5 x cosine), and why.

    Parameters
    ----------
    answers : sequence of Recommendation
        Best first.
    width : int
        Of the terminal, in characters.
    """
    titles = [_title(one.title, one.year) for one in answers]
    ids = [str(one.item) for one in answers]
    fixed = 3 + max(map(len, ids), default=3) + 5 + 4 * _GAP
    room = max(2 * _LEAST, width - fixed)
    title_room = max(_LEAST, min(max(map(len, titles), default=_LEAST), round(_TITLES * room)))
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    table.add_column("Top", justify="right", no_wrap=True)
    table.add_column("Ids", justify="right", no_wrap=True)
    table.add_column("Title", no_wrap=True, overflow="ellipsis", max_width=title_room)
    table.add_column("Score", justify="right", no_wrap=True)
    why_room = room - title_room
    table.add_column(
        "Because of", no_wrap=True, overflow="ellipsis", max_width=why_room, style="dim"
    )
    for top, (one, item, title) in enumerate(zip(answers, ids, titles, strict=True), start=1):
        score = "" if math.isnan(one.score) else f"{STARS * one.score:.2f}"
        why = fitting(one.reasons, why_room)
        table.add_row(str(top), escape(item), escape(title), score, escape(why))
    return table


def print_answers(answers: Sequence["Recommendation"], caption: str = "") -> None:
    """Print the table on stdout."""
    console = Console(highlight=False)
    if caption:
        console.print(escape(caption), style="bold")
    songs = any("path" in one.attributes for one in answers)
    console.print((as_song_table if songs else as_table)(answers, console.width))


def as_song_table(answers: Sequence["Recommendation"], width: int) -> Table:
    """Return the table of songs: Top, Ids, Score (cosine), and two lines of each song.

    The first line is title, artist and album; the second says why, and where the file is.

    Parameters
    ----------
    answers : sequence of Recommendation
        Best first.
    width : int
        Of the terminal, in characters.
    """
    ids = [str(one.item) for one in answers]
    scores = ["" if math.isnan(one.score) else f"{one.score:.3f}" for one in answers]
    cells = {"Top": [str(top + 1) for top in range(len(answers))], "Ids": ids, "Score": scores}
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for name, column in cells.items():
        table.add_column(name, no_wrap=True, justify="left" if name == "Ids" else "right")
        width -= max(len(name), max(map(len, column), default=0)) + _GAP
    table.add_column("Song", no_wrap=True, overflow="ellipsis", max_width=max(_LEAST, width))
    for row, one in zip(zip(*cells.values(), strict=True), answers, strict=True):
        table.add_row(*map(escape, row), _song(one, width))
    return table


def _song(one: "Recommendation", width: int) -> Text:
    """Return what a song is, and in a second, dim line why and where."""
    whose = [one.attributes.get(name, "") for name in ("artist", "album")]
    first = " - ".join(part for part in (one.title, *whose) if part)
    file = "/".join(PurePath(one.attributes.get("path", "")).parts[-2:])
    why = fitting(one.reasons, max(_LEAST, width - len(file) - 3))
    second = " | ".join(part for part in (why, file) if part)
    return Text.assemble(first, ("\n" + second, "dim"))


def fitting(reasons: Sequence["Reason"], room: int) -> str:
    """Return in few words the reasons that fit into `room` letters: items first, then the rest."""
    told = ""
    ordered = sorted(reasons, key=lambda one: one.item is None)
    for text in dict.fromkeys(_short(why.text) for why in ordered):  # spaces may tell the same
        more = f"{told}, {text}" if told else text
        if told and len(more) > room:
            break
        told = more
    return told


def _short(text: str) -> str:
    """Shorten "because you rated Heat (1995) 5" to "Heat (1995) 5"."""
    whose = text.removeprefix("because of your ")
    if whose != text:
        return whose.replace(" and ", ", ")
    for start in _STARTS:
        if text.startswith(start):
            return text[len(start) :]
    return text


def _title(title: str, year: int | None) -> str:
    return title if year is None or title.endswith(f"({year})") else f"{title} ({year})"
