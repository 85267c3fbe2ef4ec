"""Refuse the rows that break a rule; the rules are vectorised, lines are looked up afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from nearfield.datasets.report import KEPT_REFUSALS, ReadReport, Refusal

LINE: Final = "_line"
"""Column with the line (or row) number, from 1, carried beside the data until all checks passed."""

LONGEST_ID: Final = 255
"""Characters that the catalogue has for an id or a genre."""

LONGEST_TITLE: Final = 16_000
"""Characters that the catalogue has for a title."""

_BROKEN: Final = "_broken"
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must not be so.

    Parameters
    ----------
    broken : polars.Expr
        True for the rows to refuse; null counts as false.
    came : polars.Expr
        Text saying what was there.
    wanted, remedy : str
        As in `Refusal`.
    """

    broken: pl.Expr
    came: pl.Expr
    wanted: str
    remedy: str


def refuse_broken(
    frame: pl.DataFrame, rules: Sequence[Rule], file: str, report: ReadReport
) -> pl.DataFrame:
    """Return the rows that break no rule; report the others under the first rule they break.

    Parameters
    ----------
    frame : polars.DataFrame
        With the column `LINE`.
    """
    first = pl.coalesce(
        *(
            pl.when(rule.broken).then(pl.lit(number, dtype=pl.Int8))
            for number, rule in enumerate(rules)
        ),
        pl.lit(-1, dtype=pl.Int8),
    )
    broken = frame.select(first.alias(_BROKEN)).to_series()
    if (broken == -1).all():
        return frame
    bad = frame.with_columns(broken).filter(pl.col(_BROKEN) != -1)
    shown = bad.head(KEPT_REFUSALS)
    refusals: list[Refusal] = []
    for number, rule in enumerate(rules):
        rows = shown.filter(pl.col(_BROKEN) == number).select(LINE, came=rule.came)
        refusals.extend(
            Refusal(file, line, shorten(came or ""), rule.wanted, rule.remedy)
            for line, came in rows.iter_rows()
        )
    report.refuse(file, bad.height, sorted(refusals, key=lambda refusal: refusal.line))
    return frame.filter(broken == -1)


def id_rules(column: str) -> list[Rule]:
    """Return what must not be so for the ids of users or items."""
    remedy = "Correct or delete the line."
    value = pl.col(column)
    return [
        Rule(value.is_null(), pl.lit(f"no {column}"), "an id", remedy),
        Rule(
            (value.str.len_chars() > LONGEST_ID) | value.str.contains("\0", literal=True),
            pl.format(f"{column} '{{}}'", value),
            f"an id of at most {LONGEST_ID} characters without NUL",
            remedy,
        ),
    ]


def shorten(text: str) -> str:
    """Return the text on one line of at most 80 characters, control characters made visible."""
    visible = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: _SHOWN + 1])
    return visible if len(visible) <= _SHOWN else visible[: _SHOWN - 3] + "..."
