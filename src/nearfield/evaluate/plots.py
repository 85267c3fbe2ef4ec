"""Plots as SVG text to be put into a page: the page's own fonts and colours, light or dark."""

import io
import re
from collections.abc import Sequence
from typing import Any, Final

from nearfield.evaluate.breakdowns import POPULARITY_GROUPS
from nearfield.evaluate.rows import Row

try:
    from matplotlib import rc_context
    from matplotlib.figure import Figure
except ImportError:
    _INSTALLED = False
else:
    _INSTALLED = True

FEWEST_USERS: Final = 10
"""A bucket of fewer users is not drawn: its mean says nothing."""

_INK: Final = "#010203"
_FAINT: Final = "#010204"
_LINES: Final = tuple(f"#0102{16 + row:02x}" for row in range(8))
_VARIABLES: Final = {_INK: "var(--ink)", _FAINT: "var(--faint)"} | {
    colour: f"var(--line{row})" for row, colour in enumerate(_LINES)
}
"""Colours that stand for the page's variables, so that one picture fits both themes."""

_STEPS: Final = tuple(f"#0103{16 + row:02x}" for row in range(POPULARITY_GROUPS))
_VARIABLES.update({colour: f"var(--step{row})" for row, colour in enumerate(_STEPS)})

_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",  # text stays text: searchable, and in the page's font
    "svg.hashsalt": "nearfield",  # the same rows give the same file
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": _FAINT,
    "grid.linewidth": 0.5,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


def available() -> bool:
    """Say whether matplotlib is installed."""
    return _INSTALLED


def learning_curves(rows: Sequence[Row]) -> str:
    """Draw every figure of the learning curves over the epochs; "" where no model has one."""
    curves = [row for row in rows if row.curve]
    names = list(dict.fromkeys(key for row in curves for key in row.curve[0] if key != "epoch"))
    if not names:
        return ""
    colours = _colours(rows)
    with rc_context(_STYLE):
        figure = Figure(figsize=(7.6, 2.6), layout="constrained")
        for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
            for row in curves:
                points = [point for point in row.curve if name in point]
                epochs = [point["epoch"] for point in points]
                axes.plot(
                    epochs, [p[name] for p in points], color=colours[row.model], label=row.model
                )
            axes.set(xlabel="epoch", title=name)
            axes.title.set_fontsize(10)
        if len(curves) > 1:
            handles, labels = axes.get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside right upper", frameon=False)
        return _svg(figure)


def gains_by_history(rows: Sequence[Row]) -> str:
    """Draw NDCG@10 over the length of the history, a line a model; "" where nothing is known."""
    shown = sorted((r for r in rows if r.by_history), key=lambda r: -r.metrics["ndcg@10"])
    kept = [b for b in shown[0].by_history if b.users >= FEWEST_USERS] if shown else []
    if not kept:
        return ""
    labels = [f"{bucket.label}\n({bucket.users:,})" for bucket in kept]
    colours = _colours(rows)
    with rc_context(_STYLE):
        figure = Figure(figsize=(7.6, 3.2), layout="constrained")
        axes = figure.subplots()
        for row in shown:
            colour = colours[row.model]
            heights = [bucket.ndcg for bucket in row.by_history if bucket.users >= FEWEST_USERS]
            axes.plot(labels, heights, color=colour, marker="o", markersize=4, label=row.model)
        axes.set(xlabel="events before the question (users)", ylabel="NDCG@10")
        axes.set_ylim(bottom=0)
        axes.grid(visible=False, axis="x")
        handles, names = axes.get_legend_handles_labels()
        figure.legend(handles, names, loc="outside right upper", frameon=False)
        return _svg(figure)


def shares_by_popularity(rows: Sequence[Row]) -> str:
    """Draw what is listed by popularity group, a bar a model; "" where nothing is known."""
    even = (1 / POPULARITY_GROUPS,) * POPULARITY_GROUPS
    bars = [("the data", even)] + [(row.model, row.popularity) for row in rows if row.popularity]
    if len(bars) == 1:
        return ""
    with rc_context(_STYLE):
        figure = Figure(figsize=(7.6, 0.7 + 0.3 * len(bars)), layout="constrained")
        axes = figure.subplots()
        names = [name for name, _ in bars][::-1]
        left = [0.0] * len(bars)
        for group, colour in enumerate(_STEPS):
            widths = [shares[group] * 100 for _, shares in bars][::-1]
            axes.barh(names, widths, left=left, color=colour, height=0.72)
            left = [a + b for a, b in zip(left, widths, strict=True)]
        axes.set(xlabel="share of the lists, % (left: most popular items, right: rarest)")
        axes.set_xlim(0, 100)
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[["left", "bottom"]].set_visible(False)
        return _svg(figure)


def _colours(rows: Sequence[Row]) -> dict[str, str]:
    """Give each model a colour, the same in every plot; after eight they come again."""
    return {row.model: _LINES[place % len(_LINES)] for place, row in enumerate(rows)}


def _svg(figure: Any) -> str:
    """Return the picture as an `svg` element that scales with the page."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"font: ([^;\"]*?)'[^;\"]*", r"font: \1var(--font)", text)
    return re.sub(r'<svg ([^>]*?)width="[^"]*" height="[^"]*"', r"<svg \1", text, count=1)
