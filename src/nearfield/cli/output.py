"""Print: data on stdout; progress, remarks and errors on stderr."""

import json
import math
import sys
import time
from collections.abc import Generator, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rich.progress import Task

    from nearfield.pipelines.progress import Progress

T = TypeVar("T")

PLAIN_SECONDS: Final = 30.0
"""Where stderr is no terminal, a line tells how far a step is this often, in seconds."""


def say(text: str) -> None:
    """Print a remark on stderr."""
    Console(stderr=True, highlight=False).print(escape(text), soft_wrap=True)


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return a number with what it counts, `many` being `one` with an s where not given.

    >>> counted(1, "row"), counted(1200, "row"), counted(0, "copy", "copies")
    ('1 row', '1,200 rows', '0 copies')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def say_error(text: str) -> None:
    """Print an error on stderr."""
    Console(stderr=True, highlight=False).print(f"[red]error:[/] {escape(text)}", soft_wrap=True)


def say_next(program: str, commands: Iterable[str]) -> None:
    """Print which commands to try next on stderr."""
    say("Try next:")
    for command in commands:
        say(f"  {program} {command}")


def print_json(data: object) -> None:
    """Print JSON on stdout; NaN becomes null."""
    readable = (sys.stdout.encoding or "ascii").lower().startswith("utf")
    text = json.dumps(without_nan(data), ensure_ascii=not readable, indent=2, allow_nan=False)
    typer.echo(text)


def without_nan(data: Any) -> Any:
    """Return the same data with None for what JSON cannot hold: NaN and infinity."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {key: without_nan(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [without_nan(value) for value in data]
    return data


def print_table(table: Table) -> None:
    """Print a table on stdout."""
    Console(highlight=False).print(table)


def plain_table(columns: Sequence[str], rows: Iterable[Sequence[object]], numbers: int) -> Table:
    """Return a table; the last `numbers` columns stand to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(columns):
        right = place >= len(columns) - numbers
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    return table


class Follower:
    """Shows progress on stderr: a bar on a terminal, else a line when a step begins."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._what = ""
        self._said = 0.0
        self._bars: Any = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars = _bars(self._console)
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def tell(self, progress: "Progress") -> None:
        """Show how far a step is."""
        if self._bars is None:
            self._tell_plainly(progress)
            return
        if progress.what != self._what:
            for task in self._bars.task_ids:
                self._bars.remove_task(task)
            self._bars.add_task(escape(progress.what), unit="", note="")
            self._what = progress.what
        self._bars.update(
            self._bars.task_ids[-1],
            completed=progress.done,
            total=progress.total or None,
            unit=progress.unit,
            note=escape(progress.note),
        )

    def remark(self, text: str) -> None:
        """Print a line that stays, above the bar."""
        self._console.print(escape(text), soft_wrap=True)

    def follow(self, steps: "Generator[Progress, None, T]") -> T:
        """Run a pipeline to its end, showing its progress, and return its result."""
        from nearfield.pipelines.progress import finish

        return finish(steps, self.tell)

    def _tell_plainly(self, progress: "Progress") -> None:
        now = time.monotonic()
        if progress.what == self._what and now - self._said < PLAIN_SECONDS:
            return
        share = f" {progress.done / progress.total:.0%}" if progress.total else ""
        again = f"{share} {progress.note}".rstrip() if progress.what == self._what else ""
        self.remark(f"{progress.what} ...{again}")
        self._what, self._said = progress.what, now


def follow(steps: "Generator[Progress, None, T]") -> T:
    """Run a pipeline to its end, showing its progress, and return its result."""
    with Follower() as follower:
        return follower.follow(steps)


def _bars(console: Console) -> Any:
    # no other command needs them
    from rich.progress import BarColumn, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars
    from rich.text import Text

    class Rate(ProgressColumn):
        """The share done and how many a second; nothing where the total is unknown."""

        def render(self, task: "Task") -> Text:
            """Return e.g. "45% 1,200 items/s"."""
            if task.total is None:
                return Text("")
            share = f"{task.percentage:3.0f}%"
            unit = task.fields["unit"]
            if not unit or not task.speed:
                return Text(share)
            rate = f"{task.speed:,.0f}" if task.speed >= 10 else f"{task.speed:.1f}"
            return Text(f"{share} {rate} {unit}/s")

    class Left(TimeRemainingColumn):
        """The time left; nothing where the total is unknown."""

        def render(self, task: "Task") -> Text:
            """Return e.g. "0:01:30"."""
            return Text("") if task.total is None else super().render(task)

    return Bars(
        TextColumn("{task.description}"),
        BarColumn(bar_width=12),
        Rate(),
        Left(),
        TextColumn("[dim]{task.fields[note]}"),
        console=console,
        transient=True,
    )
