"""Recommendations as a table for people and as data for programs."""

import math
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

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

_GAP: Final = 2
_TITLES: Final = 0.62
"""Share of the room that titles may take from reasons."""

_LEAST: Final = 12
"""The narrowest that titles and reasons become."""


def as_data(answers: Iterable["Recommendation"]) -> list[dict[str, Any]]:
    """Return what `--json` prints; scores are cosines."""
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
            "attributes": dict(one.attributes),
        }
        for one in answers
    ]


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
    """Return the table of songs: Top, Ids, Score (cosine), Song, Album, and why or where.

    Parameters
    ----------
    answers : sequence of Recommendation
        Best first.
    width : int
        Of the terminal, in characters.
    """
    told = any(one.reasons for one in answers)
    scored = any(not math.isnan(one.score) for one in answers)
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    table.add_column("Top", justify="right", no_wrap=True)
    table.add_column("Ids", no_wrap=True)
    if scored:
        table.add_column("Score", justify="right", no_wrap=True)
    room = max(4 * _LEAST, width - (3 + 12 + 6 * scored + (3 + told) * _GAP + 2 * _GAP))
    shares = {"Song": 0.34, "Album": 0.22, "Because of": 0.22, "File": 0.22}
    if not told:
        del shares["Because of"]
    for name, share in shares.items():
        most = round(room * share / sum(shares.values()))
        dim = "dim" if name in ("Because of", "File") else None
        table.add_column(name, no_wrap=True, overflow="ellipsis", max_width=most, style=dim)
    for top, one in enumerate(answers, start=1):
        cells = [str(top), str(one.item)]
        if scored:
            cells.append("" if math.isnan(one.score) else f"{one.score:.3f}")
        cells += [song_label(one), one.attributes.get("album", "")]
        if told:
            cells.append(fitting(one.reasons, round(room * 0.22)))
        cells.append(PurePath(one.attributes.get("path", "")).name)
        table.add_row(*map(escape, cells))
    return table


def song_label(one: "Recommendation") -> str:
    """Return "Artist - Title", or the title alone."""
    artist = one.attributes.get("artist", "")
    return f"{artist} - {one.title}" if artist else one.title


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
