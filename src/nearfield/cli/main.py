"""The program `nearfield`: its commands, and what becomes of errors."""

import atexit
import errno
import gc
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

import nearfield
from nearfield.cli import (
    backup,
    demo,
    doctor,
    erase,
    evaluate,
    experiments,
    export,
    imports,
    jobs,
    keys,
    lists,
    migrate,
    move,
    music,
    publish,
    recommend,
    serve,
    train,
)
from nearfield.cli.opening import Chosen
from nearfield.cli.output import say, say_error
from nearfield.errors import NearfieldError
from nearfield.pipelines.extras import missing

INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as shells have it."""

BROKEN_PIPE: Final = 141
"""Exit code when nobody reads the output any more, as shells have it."""

ORDER: Final = (
    "demo",
    "import",
    "export",
    "music",
    "train",
    "publish",
    "refresh",
    "map",
    "recommend",
    "similar",
    "serve",
    "worker",
    "jobs",
    "evaluate",
    "experiments",
    "catalogues",
    "models",
    "spaces",
    "rollback",
    "keys",
    "erase",
    "backup",
    "restore",
    "move",
    "migrate",
    "doctor",
)
"""The commands, as `--help` lists them."""

RESUME: Final = {
    "demo": "What is done stays done; the same command goes on from there.",
    "import": "What went in stays; the same command brings in the rest.",
    "music": "Songs that were counted stay; the same command goes on with the rest.",
    "train": "Finished epochs are kept; the same command goes on after them.",
    "publish": "What answers is whole, old or new; the same command publishes again.",
    "backup": "No file was written, and none was replaced.",
    "restore": "The home cannot be opened before it is whole; the same command goes on.",
    "move": "The source is as it was; the same command goes on.",
    "map": "The map that was there still is; the same command draws anew.",
}
"""What to tell whoever presses Ctrl-C, by command."""


class Program(TyperGroup):
    """Turns what commands raise into one clear line and an exit code.

    `ctx` is Click's context, whose class newer versions of Typer carry inside themselves.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the commands in the order in which one comes to need them."""
        return sorted(super().list_commands(ctx), key=ORDER.index)

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except NearfieldError as error:
            say_error(str(error))
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            say(f"Interrupted. {RESUME.get(ctx.invoked_subcommand or '', '')}".strip())
            raise typer.Exit(INTERRUPTED) from None
        except ModuleNotFoundError as error:
            told = missing(error, "sound" if ctx.invoked_subcommand == "music" else None)
            if told is None:
                raise
            say_error(told)
            raise typer.Exit(1) from None
        except OSError as error:
            if error.errno == errno.EPIPE:
                # nothing more can be written there, also not when Python ends
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise typer.Exit(BROKEN_PIPE) from None
            say_error(f"{error.strerror or error}: {error.filename or 'no file named'}.")
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=Program,
    name="nearfield",
    help="Recommend by nearest neighbours: learned vectors in Milvus, facts in SQL.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(nearfield.__version__)
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="folder of all state", envvar="NEARFIELD_HOME")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="print it")
    ] = False,
) -> None:
    """Recommend by nearest neighbours: learned vectors in Milvus, facts in SQL."""
    context.obj = Chosen(home)


app.add_typer(demo.app, name="demo")
app.command("import")(imports.import_command)
app.command("export")(export.export_command)
app.add_typer(music.app, name="music")
app.add_typer(train.app, name="train")
app.command("publish")(publish.publish_command)
app.command("refresh")(publish.refresh_command)
app.command("map")(publish.map_command)
app.command("recommend")(recommend.recommend_command)
app.command("similar")(recommend.similar_command)
app.command("serve")(serve.serve_command)
app.command("worker")(jobs.worker_command)
app.add_typer(jobs.app, name="jobs")
app.command("evaluate")(evaluate.evaluate_command)
app.add_typer(experiments.app, name="experiments")
app.command("catalogues")(lists.catalogues_command)
app.command("models")(lists.models_command)
app.command("spaces")(lists.spaces_command)
app.command("rollback")(publish.rollback_command)
app.command("erase")(erase.erase_command)
app.command("backup")(backup.backup_command)
app.command("restore")(backup.restore_command)
app.command("move")(move.move_command)
app.add_typer(keys.app, name="keys")
app.command("migrate")(migrate.migrate_command)
app.command("doctor")(doctor.doctor_command)


def main() -> None:
    """Run the program; the entry point of `nearfield`."""
    # Threads of torch that wait by spinning take the cores from those that work as soon as the
    # machine is shared: 3.2 s a training batch instead of 0.8 s. Read when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # gRPC tells the terminal that Milvus Lite, idle while songs are listened to, was pinged often
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # Python looks for garbage ever again while it loads libraries, and through all of them at the
    # end: a third of the time that recognizing a clip takes
    gc.set_threshold(200_000, 20, 100)
    atexit.register(gc.freeze)
    app(prog_name="nearfield")
