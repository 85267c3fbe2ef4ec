"""`nearfield serve`: answer over HTTP, with pages for people."""

from typing import Annotated, Final
from urllib.parse import urlsplit

import typer

from nearfield.cli.opening import read_places
from nearfield.cli.output import say
from nearfield.errors import InvalidInput

_RATE: Final = 100
"""Requests that each caller may make in a second where callers are known by their keys."""


def serve_command(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="address to listen at")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one")] = 8000,
    open_page: Annotated[bool, typer.Option("--open", help="show the page in a browser")] = False,
    worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="run long work beside the service")
    ] = True,
    keys: Annotated[
        bool | None,
        typer.Option(
            "--api-keys/--no-api-keys",
            help="whether callers need an API key; if not said, unless only this machine can call",
        ),
    ] = None,
    origin: Annotated[
        list[str] | None, typer.Option(help="another web page that may call, e.g. https://a.org")
    ] = None,
    rate: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="most requests of one caller in a second; if not said, 100 where keys are needed, "
            "else any number; 0: any number",
        ),
    ] = None,
) -> None:
    """Answer for every catalogue of the home: JSON for programs, pages for people."""
    try:
        from nearfield.service.config import Limits, ServiceConfig
        from nearfield.service.run import LOOPBACK, Listening, is_loopback, serve
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"the service needs the package {error.name!r}. Run `pip install 'nearfield[serve]'`."
        ) from error
    places = read_places(context)
    origins = tuple(one.rstrip("/") for one in origin or ())
    called = tuple(urlsplit(one).hostname or "" for one in origins)
    guarded = not is_loopback(host) if keys is None else keys
    config = ServiceConfig(
        home=places.home,
        milvus_uri=places.milvus_uri,
        milvus_token=places.milvus_token,
        database_url=places.database_url,
        redis_url=places.redis_url,
        keys=guarded,
        limits=Limits(requests=(_RATE if guarded else 0) if rate is None else rate),
        origins=origins,
        hosts=(*LOOPBACK, *called) if is_loopback(host) else (),
        tracing=places.otlp_endpoint,
        milvus=places.milvus,
    )
    if config.keys:
        say("Callers need an API key: `nearfield keys add NAME --scope read` makes one.")
    serve(config, Listening(host, port, worker), lambda at: say(f"Nearfield is at {at}"), open_page)
