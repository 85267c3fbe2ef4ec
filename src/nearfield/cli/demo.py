"""`nearfield demo ...`: the whole way, from getting data to reading recommendations."""

from typing import Annotated, Any

import typer

from nearfield.cli.answers import as_data, print_answers
from nearfield.cli.opening import open_stores, program
from nearfield.cli.output import Follower, print_json, say_next
from nearfield.cli.parameters import DataOption, JsonOption, SizeOption

app = typer.Typer(help="Show everything on real data.", no_args_is_help=True)


@app.callback()
def demo() -> None:
    """Show everything on real data."""


@app.command("movies")
def movies_command(
    context: typer.Context,
    data: DataOption = None,
    catalogue: Annotated[str, typer.Option(help="name of the catalogue to make")] = "movies",
    epochs: Annotated[int | None, typer.Option(help="passes over all ratings")] = None,
    k: SizeOption = 10,
    as_json: JsonOption = False,
) -> None:
    """Get data, import, train fusion, publish, and recommend to three kinds of user."""
    from nearfield.pipelines.movies import Demo, Note, Shown, demo
    from nearfield.pipelines.progress import Progress

    wanted = Demo(data, catalogue, k, {} if epochs is None else {"epochs": epochs})
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
        return
    for one in shown:
        typer.echo()
        print_answers(one.answers, one.who)
    typer.echo()
    say_next(
        program(context),
        [
            *(one.command for one in shown),
            f"similar --catalogue {catalogue} --item {shown[0].answers[0].item}",
            f"evaluate --catalogue {catalogue}",
        ],
    )


def _data(shown: Any) -> dict[str, Any]:
    return {"who": shown.who, "command": shown.command, "answers": as_data(shown.answers)}
