"""`nearfield keys`: who may call the service."""

from typing import Annotated

import typer

from nearfield.cli.opening import open_stores
from nearfield.cli.output import plain_table, print_json, print_table, say, say_next
from nearfield.cli.parameters import JsonOption

app = typer.Typer(help="Make, list and remove API keys.", no_args_is_help=False)

NameArgument = Annotated[str, typer.Argument(help="who has it")]


@app.callback(invoke_without_command=True)
def keys_command(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the API keys, without themselves; `add` makes one, `remove` takes one away."""
    if context.invoked_subcommand is not None:
        return
    with open_stores(context) as stores:
        found = stores.catalogues.keys.list()
    if as_json:
        print_json([one.as_data() for one in found])
        return
    told = [one.as_data() for one in found]
    rows = [(one["name"], " ".join(one["scopes"]), one["created"][:16]) for one in told]
    print_table(plain_table(("Name", "Scopes", "Created"), rows, 0))
    if not found:
        say_next("nearfield", ["keys add NAME --scope read --scope write"])


@app.command("add")
def add_command(
    context: typer.Context,
    name: NameArgument,
    scope: Annotated[
        list[str], typer.Option(help="read, write, admin or metrics; may be repeated")
    ],
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it, this once."""
    with open_stores(context) as stores:
        key = stores.catalogues.keys.add(name, scope)
    if as_json:
        print_json({"name": name, "scopes": scope, "key": key})
        return
    say(f"The key of {name!r}; it is told this once, keep it:")
    typer.echo(key)


@app.command("remove")
def remove_command(context: typer.Context, name: NameArgument) -> None:
    """Remove a key: it opens nothing any more."""
    with open_stores(context) as stores:
        stores.catalogues.keys.remove(name)
    say(f"Removed the key of {name!r}.")
