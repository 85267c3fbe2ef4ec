"""`nearfield music ...`: songs that are there more than once, and what to do with them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from nearfield.cli.opening import open_stores, program, start_no_threads
from nearfield.cli.output import Follower, print_json, say, say_next
from nearfield.cli.parameters import JsonOption, SongsOption

if TYPE_CHECKING:
    from nearfield.pipelines.identify import Identified
    from nearfield.pipelines.song_report import Doubt, Member, Report


def duplicates_command(
    context: typer.Context,
    threshold: Annotated[
        float | None,
        typer.Option(help="least similarity of one recording; the measured one if not given"),
    ] = None,
    catalogue: SongsOption = "songs",
    as_json: JsonOption = False,
) -> None:
    """List recordings that are there more than once: the best copy first, then the others."""
    from nearfield.pipelines.duplicates import list_duplicates

    with open_stores(context) as stores, Follower() as follower:
        report = follower.follow(list_duplicates(stores, catalogue, threshold))
    if as_json:
        print_json(report.as_data())
        return
    _print_report(report, "Recordings that are there more than once")
    if report.groups or report.review:
        say_next(
            program(context),
            ["music same A B", "music different A B", "music clean --move-to FOLDER --dry-run"],
        )


def versions_command(
    context: typer.Context, catalogue: SongsOption = "songs", as_json: JsonOption = False
) -> None:
    """List songs that are there in several performances: covers, live takes, other keys."""
    from nearfield.pipelines.versions import list_versions

    with open_stores(context) as stores, Follower() as follower:
        report = follower.follow(list_versions(stores, catalogue))
    if as_json:
        print_json(report.as_data())
        return
    _print_report(report, "Songs that are there in several versions")


def same_command(
    context: typer.Context,
    one: Annotated[str, typer.Argument(help="song: its id, or its file")],
    other: Annotated[str, typer.Argument(help="another")],
    version: Annotated[
        bool, typer.Option("--version", help="the same song, but not the same recording")
    ] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="take back what was decided of the two")
    ] = False,
    catalogue: SongsOption = "songs",
) -> None:
    """Decide that two songs are the same recording; what is decided wins over what is heard."""
    _decide(context, (one, other), "song" if version else "recording", forget, catalogue)


def different_command(
    context: typer.Context,
    one: Annotated[str, typer.Argument(help="song: its id, or its file")],
    other: Annotated[str, typer.Argument(help="another")],
    forget: Annotated[
        bool, typer.Option("--forget", help="take back what was decided of the two")
    ] = False,
    catalogue: SongsOption = "songs",
) -> None:
    """Decide that two are different songs; what is decided wins over what is heard."""
    _decide(context, (one, other), "different", forget, catalogue)


def _decide(
    context: typer.Context, pair: tuple[str, str], verdict: str, forget: bool, catalogue: str
) -> None:
    from nearfield.pipelines.decide_songs import decide_songs

    with open_stores(context) as stores:
        decided = decide_songs(stores, catalogue, pair, None if forget else verdict)
    typer.echo(decided.sentence())


def identify_command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="a sound file, or a clip of one")],
    k: Annotated[int, typer.Option("-k", "--top", help="most songs that are listed")] = 5,
    catalogue: SongsOption = "songs",
    as_json: JsonOption = False,
) -> None:
    """Tell which recording of the library a clip is of, and where in it."""
    start_no_threads()
    from nearfield.pipelines.identify import identify

    with open_stores(context) as stores, Follower() as follower:
        found = follower.follow(identify(stores, catalogue, file, k))
    if as_json:
        print_json(found.as_data())
        return
    _print_identified(found)


def fingerprint_command(
    context: typer.Context,
    song: Annotated[str, typer.Argument(help="song: its id, or its file; or any sound file")],
    catalogue: SongsOption = "songs",
    as_json: JsonOption = False,
) -> None:
    """Print the Chromaprint of a song, as fpcalc does: what AcoustID takes."""
    start_no_threads()
    from nearfield.pipelines.acoustid import chromaprint

    with open_stores(context) as stores:
        found = chromaprint(stores, catalogue, song)
    if as_json:
        print_json(found.as_data())
    else:
        typer.echo(found.lines())


def clean_command(
    context: typer.Context,
    move_to: Annotated[
        Path | None, typer.Option(help="folder to move copies to; without it nothing is moved")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only tell what would be moved, and where to")
    ] = False,
    excerpts: Annotated[
        bool, typer.Option("--excerpts", help="clips of a recording, too, not only whole copies")
    ] = False,
    catalogue: SongsOption = "songs",
    as_json: JsonOption = False,
) -> None:
    """Move all but the best copy of each recording out of the way. Never deletes anything."""
    from nearfield.pipelines.clean_music import Cleaning, clean_music

    wanted = Cleaning(catalogue, move_to, dry_run or move_to is None, excerpts)
    with open_stores(context) as stores, Follower() as follower:
        done = follower.follow(clean_music(stores, wanted))
    if as_json:
        print_json(done.as_data())
        return
    for move in done.moves:
        typer.echo(move.line())
    for fault in done.faults:
        say(f"failed: {fault}")
    say(done.sentence())


def _print_report(report: "Report", what: str) -> None:
    console = Console(highlight=False)
    for number, group in enumerate(report.groups, start=1):
        if number > 1:
            console.print()
        for place, member in enumerate(group.members):
            _print_member(console, member, str(number) if not place else "")
    for heading, doubts in report.doubts().items():
        console.print(f"\n[bold]{escape(heading)}[/]")
        for doubt in doubts:
            _print_doubt(console, doubt)
    say(f"{what}: {len(report.groups):,}. Pairs to be reviewed: {len(report.review):,}.")
    for note in report.notes:
        say(f"note: {note}")


def _print_member(console: Console, member: "Member", number: str) -> None:
    console.print(
        f"[bold]{number:>4}[/]  {escape(member.named())}  [dim]{escape(member.facts())}[/]\n"
        f"      [dim]{escape(' | '.join(filter(None, (member.why(), member.place()))))}[/]",
        soft_wrap=True,
    )


def _print_doubt(console: Console, doubt: "Doubt") -> None:
    console.print(
        f"      {escape(doubt.one.named())}  [dim]{escape(doubt.one.place())}[/]\n"
        f"      {escape(doubt.other.named())}  [dim]{escape(doubt.other.place())}[/]\n"
        f"      [dim]{escape(doubt.why())}[/]",
        soft_wrap=True,
    )


def _print_identified(found: "Identified") -> None:
    if not found.matches:
        say(f"{found.file} is of no recording in this library. {found.remark}".rstrip())
        return
    console = Console(highlight=False)
    for place, match in enumerate(found.matches, start=1):
        _print_member(console, match, str(place))
