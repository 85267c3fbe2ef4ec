"""Splits the lines of a CSV with double quotes into fields, knowing the line of every row."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_MOST_LINES: Final = 100
"""A quoted field that does not end within so many lines is taken for a stray quote."""


@dataclass(frozen=True, slots=True)
class QuotedRow:
    """One row: where it starts, as it was written, and its fields (none: wrong quotes)."""

    line: int
    text: str
    fields: list[str]


def split_quoted(lines: Sequence[str], separator: str, first: int = 1) -> list[QuotedRow]:
    """Return the rows of some lines; one row may take several lines; blank lines are passed over.

    A quote that never closes costs its own line only, not the rest of the file.

    Parameters
    ----------
    lines : sequence of str
        Without line ends.
    separator : str
        One character.
    first : int
        Number of the first line.
    """
    rows: list[QuotedRow] = []
    place = 0
    while place < len(lines):
        row = _row(lines, place, separator, first)
        if row.text.strip():
            rows.append(row)
        place += row.text.count("\n") + 1
    return rows


def _row(lines: Sequence[str], place: int, separator: str, first: int) -> QuotedRow:
    text = lines[place]
    end = place + 1
    if _opens(text, separator):
        while text.count('"') % 2 and end < min(place + _MOST_LINES, len(lines)):
            text += "\n" + lines[end]
            end += 1
        if text.count('"') % 2:
            return QuotedRow(first + place, lines[place], [])
    try:
        fields = next(csv.reader([text], delimiter=separator, strict=True), [])
    except csv.Error:  # text behind a closing quote, or an endless field
        text, fields = lines[place], []
    return QuotedRow(first + place, text, fields)


def _opens(text: str, separator: str) -> bool:
    """Tell whether a field starts with a quote that this line does not close."""
    return text.count('"') % 2 == 1 and (text.startswith('"') or f'{separator}"' in text)
