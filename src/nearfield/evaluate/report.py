"""The report: one HTML file that needs no network, with the table, the protocol and plots."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

import numpy as np

from nearfield.datasets.tables import Collection
from nearfield.errors import InvalidInput
from nearfield.evaluate import plots
from nearfield.evaluate.rows import Row
from nearfield.rising import rising

PROTOCOLS: Final = {
    "last-out": (
        "The next event",
        "Each user's last event is hidden for the test, and the one before it for validation; "
        "events at the same second keep the order of the file. Settings are chosen on validation; "
        "baselines are then fitted again on all but the test events. For each user, every item "
        "with at least one event is ranked, except those that the user had before; there is no "
        "sampling. Users with fewer than three events are not asked. Each test event is used once.",
    ),
    "random": (
        "A random fifth",
        "A random fifth of all events is hidden for the test, and a tenth of the rest for "
        "validation. Settings are chosen on validation; baselines are then fitted again on all but "
        "the test events. For each user, every item with at least one event is ranked, except "
        "those that the user had in what is not hidden.",
    ),
    "attributes-only": (
        "New users, known by attributes only",
        "Some users are hidden whole. The models learn from the others, and then rank every item "
        "for each hidden user, given nothing but the attributes; all that the user had is right.",
    ),
    "item-to-item": (
        "What follows an item",
        "As for the next event, but a model is told nothing of the user except the last item "
        "before the hidden event. Every item with at least one event is ranked, except the one "
        "asked about; the user's other items compete.",
    ),
    "item-to-item-dgl": (
        "What follows an item, as DGL's PinSAGE example asks",
        "Each user's last event is left aside, and the one before it is asked for, given the "
        "newest item of the rest; items that the user had are not listed. Models are given no "
        "validation events. HR@10 is what DGL calls HIT@10; on ML-1M its example states 0.0124.",
    ),
    "rating": (
        "Ratings",
        "A random tenth of all ratings is hidden for the test, and a tenth of the rest for "
        "validation. Each hidden rating is predicted.",
    ),
}
"""Title and text of each protocol."""

FIGURES: Final = {
    "hr@10": ("HR@10", "share of users with a right item among the first ten"),
    "ndcg@10": ("NDCG@10", "as HR@10, but a right item is worth less further down the list"),
    "recall@20": ("Recall@20", "share of a user's right items among the first twenty"),
    "ndcg@20": ("NDCG@20", "as NDCG@10, for the first twenty"),
    "mrr": ("MRR", "mean of 1 / position of the first right item in the whole ranking"),
    "coverage@10": ("Coverage@10", "share of all items that are in anyone's first ten"),
    "gini@10": ("Gini@10", "0: all items are listed alike; near 1: a few take every list"),
    "log_popularity@10": ("Popularity@10", "mean of log10(1 + events) over what is listed"),
    "rmse": ("RMSE", "root of the mean squared error of predicted ratings"),
    "fit_seconds": ("Seconds", "wall time to choose the settings and to fit"),
    "fit_cpu_seconds": ("CPU s", "the same in seconds of one processor core"),
}
"""Heading and meaning of each figure, in the order of the columns."""

_LOW_IS_GOOD: Final = ("rmse",)
_NEITHER: Final = ("gini@10", "log_popularity@10", "fit_seconds", "fit_cpu_seconds")


def write_report(path: Path, collection: Collection, sections: Mapping[str, Sequence[Row]]) -> None:
    """Write the report, or leave an older one as it was.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.
    collection : Collection
        What was evaluated on.
    sections : mapping
        Name of a protocol (see `PROTOCOLS`) to its rows.

    Raises
    ------
    InvalidInput
        If a protocol is not known, or the folder does not exist.
    """
    if not path.parent.is_dir():
        raise InvalidInput(f"{path.parent} is not a folder; make it first, or name another file.")
    text = render(collection, sections)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def render(collection: Collection, sections: Mapping[str, Sequence[Row]]) -> str:
    """Return the report as HTML; see `write_report`."""
    for name in sections:
        if name not in PROTOCOLS:
            raise InvalidInput(f"no protocol {name!r}; there are {', '.join(PROTOCOLS)}.")
    rows = [row for found in sections.values() for row in found]
    used = [key for key in FIGURES if any(key in row.metrics for row in rows)]
    words = (f"<dt>{FIGURES[key][0]}</dt><dd>{escape(FIGURES[key][1])}</dd>" for key in used)
    page = files("nearfield.evaluate").joinpath("report.html").read_text(encoding="utf-8")
    return Template(page).substitute(
        title=f"Evaluation of {escape(collection.name)}",
        subtitle="Every figure is measured on events that the models had not seen.",
        facts="".join(
            f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
            for name, value in _facts(collection).items()
        ),
        sections="\n".join(_section(name, found) for name, found in sections.items()),
        words="".join(words),
    )


def _facts(collection: Collection) -> dict[str, str]:
    """Describe the collection in a few numbers."""
    events = collection.interactions
    lengths = np.diff(events.indptr)
    facts = {
        "users": f"{np.count_nonzero(lengths):,}",
        "items with events": f"{len(rising(events.item)):,}",
        "items": f"{events.items:,}",
        "events": f"{len(events):,}",
    }
    if len(events) > 0:
        facts["events a user (median)"] = f"{np.median(lengths[lengths > 0]):,.0f}"
    if len(events) > 0 and events.time.max() > 0:
        known = events.time[events.time > 0]
        first, last = (datetime.fromtimestamp(int(t), UTC) for t in (known.min(), known.max()))
        facts["period"] = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
    return facts


def _section(protocol: str, rows: Sequence[Row]) -> str:
    """Return the table and the plots of one protocol."""
    title, text = PROTOCOLS[protocol]
    parts = [f"<h2>{escape(title)}</h2><p>{escape(text)}</p>", _table(rows)]
    if plots.available():
        pictures = (
            ("Learning", plots.learning_curves(rows), "Measured while training."),
            (
                "Short and long histories",
                plots.gains_by_history(rows),
                "NDCG@10 of users with as many events before the question; lengths that fewer than "
                f"{plots.FEWEST_USERS} users have are left out.",
            ),
            (
                "Popularity of what is recommended",
                plots.shares_by_popularity(rows),
                "The first ten of every list. Items are cut into ten groups that hold equally "
                "many events; a model whose bar looks like that of the data lists popular and "
                "rare items as often as users choose them.",
            ),
        )
        parts += [_figure(*picture) for picture in pictures if picture[1]]
    else:
        parts.append("<p class='soft'>Plots need matplotlib: pip install 'nearfield[evaluate]'</p>")
    parts.append(_settings(rows))
    return "\n".join(parts)


def _table(rows: Sequence[Row]) -> str:
    """Return the figures, the best of each column marked."""
    keys = [key for key in FIGURES if any(key in row.metrics for row in rows)]
    head = "".join(f"<th title='{escape(FIGURES[k][1])}'>{FIGURES[k][0]}</th>" for k in keys)
    best = {key: _best(key, rows) for key in keys}
    body = []
    for row in rows:
        cells = []
        for key in keys:
            value = row.metrics.get(key)
            marked = " class='best'" if value is not None and value == best[key] else ""
            cells.append(f"<td{marked}>{_number(key, value)}</td>")
        body.append(f"<tr><td>{escape(row.model)}</td>{''.join(cells)}</tr>")
    return (
        f"<div class='scroll'><table><thead><tr><th>model</th>{head}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _best(key: str, rows: Sequence[Row]) -> float | None:
    values = [row.metrics[key] for row in rows if key in row.metrics]
    if key in _NEITHER or len(values) < 2:
        return None
    return min(values) if key in _LOW_IS_GOOD else max(values)


def _number(key: str, value: float | None) -> str:
    if value is None:
        return ""
    if key.endswith("seconds"):
        return f"{value:,.1f}"
    return f"{value:.2f}" if key == "log_popularity@10" else f"{value:.4f}"


def _figure(title: str, svg: str, caption: str) -> str:
    return (
        f"<h3>{escape(title)}</h3><p class='soft'>{escape(caption)}</p>"
        f"<figure role='img' aria-label='{escape(title)}'>{svg}</figure>"
    )


def _settings(rows: Sequence[Row]) -> str:
    """Return what each model chose, or nothing where no model tells."""
    told = [row for row in rows if row.chosen]
    if not told:
        return ""
    body = "".join(
        f"<tr><td>{escape(row.model)}</td><td class='text'>"
        + escape(", ".join(f"{key} {value}" for key, value in row.chosen.items()))
        + "</td></tr>"
        for row in told
    )
    return (
        "<h3>Settings</h3><div class='scroll'><table><thead><tr><th>model</th>"
        f"<th style='text-align:left'>chosen</th></tr></thead><tbody>{body}</tbody></table></div>"
    )
