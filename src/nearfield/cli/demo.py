"""`nearfield demo ...`: the whole way, from getting data to reading recommendations."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from nearfield.cli.answers import as_data, print_answers
from nearfield.cli.music import SeparationOption
from nearfield.cli.opening import open_stores, program
from nearfield.cli.output import Follower, print_json, say_next
from nearfield.cli.parameters import DataOption, JsonOption, SizeOption

if TYPE_CHECKING:
    from nearfield.pipelines.demo import Demo, Shown
    from nearfield.pipelines.music_demo import MusicDemo

NameOption: TypeAlias = Annotated[str, typer.Option(help="name of the catalogue to make")]
EpochsOption: TypeAlias = Annotated[int | None, typer.Option(help="passes over all ratings")]

app = typer.Typer(help="Show everything on real data.", no_args_is_help=True)


@app.callback()
def demo() -> None:
    """Show everything on real data."""


@app.command("movies")
def movies_command(
    context: typer.Context,
    data: DataOption = None,
    catalogue: NameOption = "movies",
    epochs: EpochsOption = None,
    k: SizeOption = 10,
    as_json: JsonOption = False,
) -> None:
    """Get data, import, train fusion, publish, and recommend to three kinds of user."""
    from nearfield.pipelines.demo import Demo
    from nearfield.pipelines.movies import demo_movies

    wanted = Demo(data, catalogue, k, {} if epochs is None else {"epochs": epochs})
    shown = _run(context, demo_movies, wanted, as_json)
    if not as_json:
        first = shown[0].answers[0].item
        more = [f"similar --catalogue {catalogue} --item {first}"]
        more += [f"evaluate --catalogue {catalogue}", "serve --open"]
        say_next(program(context), [*(one.command for one in shown), *more])


@app.command("graph")
def graph_command(
    context: typer.Context,
    data: DataOption = None,
    catalogue: NameOption = "movies",
    epochs: EpochsOption = None,
    k: SizeOption = 5,
    as_json: JsonOption = False,
) -> None:
    """Get data, import, train graph, publish, show what is like some movies, and recommend."""
    from nearfield.pipelines.demo import Demo
    from nearfield.pipelines.graph_demo import demo_graph

    wanted = Demo(data, catalogue, k, {} if epochs is None else {"epochs": epochs})
    shown = _run(context, demo_graph, wanted, as_json)
    if not as_json:
        more = [f"evaluate --catalogue {catalogue} --models fusion,graph,blend", "serve --open"]
        say_next(program(context), [*(one.command for one in shown), *more])


@app.command("music")
def music_command(
    context: typer.Context,
    catalogue: NameOption = "songs",
    separation: SeparationOption = None,
    k: SizeOption = 8,
    as_json: JsonOption = False,
) -> None:
    """Play free scores into a library, add it, show what sounds alike, and make a playlist."""
    from nearfield.pipelines.music_demo import MusicDemo, demo_music

    wanted = MusicDemo(catalogue, k, separation=None if separation is None else separation.value)
    shown = _run(context, lambda stores, wanted, tell: demo_music(stores, wanted), wanted, as_json)
    if not as_json:
        more = [f"music status --catalogue {catalogue}", "music add FOLDER --catalogue mine"]
        more.append("serve --open")
        say_next(program(context), [*(one.command for one in shown), *more])


def _run(
    context: typer.Context, demo: Callable[..., Any], wanted: "Demo | MusicDemo", as_json: bool
) -> "list[Shown]":
    """Run a demo, print its lists, and return them."""
    from nearfield.pipelines.demo import Note, Shown
    from nearfield.pipelines.progress import Progress

    shown: list[Shown] = []
    with open_stores(context) as stores, Follower() as follower:
        for step in demo(stores, wanted, follower.tell):
            match step:
                case Progress():
                    follower.tell(step)
                case Note():
                    follower.remark(step.text)
                case Shown():
                    shown.append(step)
    if as_json:
        print_json([_data(one) for one in shown])
        return shown
    for one in shown:
        typer.echo()
        print_answers(one.answers, one.who)
    typer.echo()
    return shown


def _data(shown: "Shown") -> dict[str, Any]:
    return {"who": shown.who, "command": shown.command, "answers": as_data(shown.answers)}
