"""`nearfield music ...`: songs in, their state, their stems."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from nearfield.cli.answers import as_data, print_answers, say_degraded
from nearfield.cli.music_care import (
    clean_command,
    different_command,
    duplicates_command,
    fingerprint_command,
    identify_command,
    same_command,
    versions_command,
)
from nearfield.cli.opening import open_stores, program
from nearfield.cli.output import Follower, plain_table, print_json, print_table, say, say_next
from nearfield.cli.parameters import (
    DiversityOption,
    ExcludeOption,
    JsonOption,
    OnOption,
    PerAlbumOption,
    PerArtistOption,
    Performances,
    SongsOption,
    VersionsOption,
    WhereOption,
    WorkersOption,
    at_most,
    read_ids,
    read_names,
)

if TYPE_CHECKING:
    from nearfield.catalogue.sound_facts import SoundFile
    from nearfield.pipelines.music import Added

_CARE: dict[str, Callable[..., None]] = {
    "duplicates": duplicates_command,
    "versions": versions_command,
    "same": same_command,
    "different": different_command,
    "identify": identify_command,
    "fingerprint": fingerprint_command,
    "clean": clean_command,
}

app = typer.Typer(help="Songs: add them, look after them, make playlists.", no_args_is_help=True)

for _name, _command in _CARE.items():
    app.command(_name)(_command)

_SHOWN: int = 20
"""Failed files that `add` lists; `failed` lists all."""


class Separation(StrEnum):
    """What takes the vocals away."""

    own = "own"
    none = "none"
    spleeter = "spleeter"
    demucs = "demucs"


class EncoderName(StrEnum):
    """What turns sound into vectors."""

    own = "own"
    musicnn = "musicnn"


class SeedsPlace(StrEnum):
    """Where the songs that a playlist starts from stand in it."""

    first = "first"
    anywhere = "anywhere"
    out = "out"


SeparationOption: TypeAlias = Annotated[
    Separation | None,
    typer.Option(help="what takes the vocals away; as before, at first own, if not given"),
]


@app.callback()
def music() -> None:
    """Songs: add them, look after them, make playlists."""


@app.command("add")
def add_command(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="folders of music, or sound files")],
    catalogue: SongsOption = "songs",
    separation: SeparationOption = None,
    encoder: Annotated[
        EncoderName | None,
        typer.Option(help="what turns sound into vectors; as before, at first own, if not given"),
    ] = None,
    workers: WorkersOption = None,
    again: Annotated[bool, typer.Option("--again", help="analyse all of it anew")] = False,
    on: OnOption = "processes",
    as_json: JsonOption = False,
) -> None:
    """Add the songs of folders and files; what is in already and unchanged costs nothing."""
    from nearfield.pipelines.music import Adding, add_music

    wanted = Adding(
        paths=tuple(paths),
        catalogue=catalogue,
        separation=None if separation is None else separation.value,
        encoder=None if encoder is None else encoder.value,
        workers=workers,
        again=again,
        on=on,
    )
    with open_stores(context) as stores, Follower() as follower:
        added = follower.follow(add_music(stores, wanted))
    if as_json:
        print_json(added.summary())
        return
    _tell(added)
    if added.counts.songs:
        named = f"--catalogue {catalogue}"
        say_next(
            program(context),
            [
                f"similar {named} --item FILE",
                f"recommend {named} --listened FILE,FILE",
                f"music playlist {named} --seed FILE --out mix.m3u8",
            ],
        )


def _tell(added: "Added") -> None:
    """Print what became of the files, and why some could not be used."""
    tally, counts = added.tally, added.counts
    parts = {
        "new": tally.added,
        "changed": tally.changed,
        "unchanged": tally.unchanged,
        "moved": tally.moved,
        "copies": tally.copies,
        "failed": tally.failed,
        "gone": tally.gone,
    }
    told = ", ".join(f"{number:,} {name}" for name, number in parts.items() if number)
    typer.echo(f"{tally.found:,} files: {told or 'nothing to do'}")
    typer.echo(f"'{added.catalogue}' holds {counts.songs:,} songs, {counts.hours:.1f} hours.")
    if added.copies:
        typer.echo(
            f"{added.copies:,} of them are copies of others, and not in lists: "
            "nearfield music duplicates"
        )
    for note in added.notes[:_SHOWN]:
        say(f"note: {note}")
    for file in added.failures[:_SHOWN]:
        say(f"failed ({file.reason}): {file.message}")
    if len(added.failures) > _SHOWN:
        say(f"... and {len(added.failures) - _SHOWN:,} more: nearfield music failed")


@app.command("status")
def status_command(
    context: typer.Context, catalogue: SongsOption = "songs", as_json: JsonOption = False
) -> None:
    """Tell how many songs and files there are, and what answers."""
    from nearfield.pipelines.music_status import music_status

    with open_stores(context) as stores:
        status = music_status(stores, catalogue)
    if as_json:
        print_json(status.as_data())
        return
    rows = [(name, value) for name, value in status.lines()]
    print_table(plain_table(("What", "Is"), rows, 0))


@app.command("failed")
def failed_command(
    context: typer.Context, catalogue: SongsOption = "songs", as_json: JsonOption = False
) -> None:
    """List the files that could not be used, and why."""
    from nearfield.pipelines.music_status import failed_files, failure_data

    with open_stores(context) as stores:
        found = failed_files(stores, catalogue)
    if as_json:
        print_json([failure_data(one) for one in found])
        return
    _print_failed(found)


def _print_failed(found: "list[SoundFile]") -> None:
    for file in found:
        typer.echo(f"{file.reason}\t{file.message}")
    say(f"{len(found):,} files could not be used.")


@app.command("listened")
def listened_command(
    context: typer.Context,
    events: Annotated[
        Path, typer.Argument(help="who listened to what: .csv, .tsv, .parquet; songs by id or file")
    ],
    catalogue: SongsOption = "songs",
    columns: Annotated[
        str, typer.Option(help="which column is which: user=who,item=file,kind=what,time=when")
    ] = "",
    kind: Annotated[
        str, typer.Option(help="of events without one: listened, liked, skipped, disliked")
    ] = "listened",
    as_json: JsonOption = False,
) -> None:
    """Add what listeners did with songs; doing it twice changes nothing."""
    from nearfield.cli.imports import tell_import
    from nearfield.datasets.columns import Reading, parse_columns
    from nearfield.datasets.read import TableFiles, read_files
    from nearfield.pipelines.listening import import_listening

    reading = Reading(columns=parse_columns(columns), kind=kind)
    read = read_files(TableFiles(events=events), reading)
    with open_stores(context) as stores, Follower() as follower:
        done = follower.follow(import_listening(stores, catalogue, read))
    tell_import(done)
    if as_json:
        print_json(done.summary())
    else:
        say_next(program(context), [f"recommend --catalogue {catalogue} --user ID"])


@app.command("separate")
def separate_command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="a sound file")],
    out: Annotated[Path, typer.Option(help="folder for vocals.wav and bgm.wav")],
    separation: Annotated[Separation, typer.Option(help="what separates")] = Separation.own,
    as_json: JsonOption = False,
) -> None:
    """Write the vocals and the background music of a song; their sum is the song."""
    from nearfield.pipelines.stems import separate_file

    with open_stores(context) as stores, Follower() as follower:
        stems = follower.follow(separate_file(file, out, separation.value, stores.cache))
    if as_json:
        print_json(stems.as_data())
        return
    typer.echo(stems.vocals)
    typer.echo(stems.bgm)


@app.command("playlist")
def playlist_command(
    context: typer.Context,
    seed: Annotated[
        list[str], typer.Option(help="song or sound file to start from; several: once for each")
    ],
    to: Annotated[
        str | None, typer.Option(help="song or sound file that the list leads to")
    ] = None,
    length: Annotated[int, typer.Option(help="number of songs")] = 25,
    minutes: Annotated[float | None, typer.Option(help="play so long, instead of --length")] = None,
    out: Annotated[Path | None, typer.Option(help="file to write: .m3u8, .xspf or .json")] = None,
    absolute: Annotated[
        bool, typer.Option("--absolute", help="name files by absolute paths in it")
    ] = False,
    catalogue: SongsOption = "songs",
    where: WhereOption = None,
    diversity: DiversityOption = 0.0,
    per_artist: PerArtistOption = None,
    per_album: PerAlbumOption = None,
    versions: VersionsOption = Performances.one,
    exclude: ExcludeOption = "",
    seeds: Annotated[
        SeedsPlace, typer.Option(help="where the seeds stand in the list")
    ] = SeedsPlace.first,
    variety: Annotated[
        float, typer.Option(help="0: what fits best; up to 1: another list for each --draw")
    ] = 0.0,
    draw: Annotated[int, typer.Option(help="seed of chance")] = 0,
    radio: Annotated[bool, typer.Option("--radio", help="drift as an endless radio does")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a playlist of songs that fit one after the other."""
    from nearfield.pipelines.make_playlist import PlaylistWish, make_playlist, save, usual_limits
    from nearfield.pipelines.recommenders import Recommenders
    from nearfield.playlists.save import check_format

    wish = PlaylistWish(
        seeds=read_names(seed),
        to=to,
        radio=radio,
        length=length,
        minutes=minutes,
        keep_seeds=seeds.value,
        exclude=read_ids(exclude),
        where=where,
        at_most=at_most(per_artist, per_album, usual_limits(length)),
        diversity=diversity,
        variety=variety,
        draw=draw,
        versions=versions.value,
    )
    if out is not None:
        check_format(out)  # before anything is listened to
    with open_stores(context) as stores, Follower() as follower:
        made = follower.follow(make_playlist(stores, Recommenders(stores), catalogue, wish))
    if out is not None:
        save(made, out, absolute)
        say(f"Wrote {len(made.songs)} songs to {out}.")
    say_degraded(made.degraded)
    if as_json:
        songs = as_data(made.songs, made.degraded)
        told = {"name": made.name, "seconds": made.seconds, "songs": songs}
        print_json({**told, "degraded": made.degraded})
    elif out is None:
        print_answers(made.songs, made.name)
