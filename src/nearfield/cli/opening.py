"""Open the home that the options and the environment name."""

import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer
from platformdirs import user_data_path

from nearfield.errors import InvalidInput
from nearfield.vectors.options import MilvusOptions

if TYPE_CHECKING:
    from nearfield.pipelines.stores import Stores


PREFIX: Final = "NEARFIELD_"
"""Begins the names of all settings in the environment."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was given before the command.

    Parameters
    ----------
    home : Path, optional
        Of `--home` or NEARFIELD_HOME.
    """

    home: Path | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """Where things live: what was given before the command, else what the environment says.

    Parameters
    ----------
    home : Path
        Folder of all state.
    milvus_uri, milvus_token, database_url, redis_url, otlp_endpoint : str, optional
        See `Settings`.
    milvus : MilvusOptions
        How the Milvus server is reached and asked.
    """

    home: Path
    milvus_uri: str | None = None
    milvus_token: str | None = None
    database_url: str | None = None
    redis_url: str | None = None
    otlp_endpoint: str | None = None
    milvus: MilvusOptions = field(default_factory=MilvusOptions)


def open_stores(context: typer.Context) -> "Stores":
    """Return the home's stores, nothing of which is open yet; close it at the end."""
    from nearfield.pipelines.stores import Stores

    found = read_places(context)
    return Stores(
        found.home, found.milvus_uri, found.milvus_token, found.database_url, milvus=found.milvus
    )


def read_places(context: typer.Context) -> Places:
    """Return where things live; InvalidInput naming what of the environment cannot be used."""
    # pydantic takes 0.1 s, which those who set nothing need not wait
    if not any(name.upper().startswith(PREFIX) for name in os.environ):
        return Places(chosen(context).home or user_data_path("nearfield"))
    from pydantic import ValidationError

    from nearfield.settings import Settings

    try:
        settings = Settings()
    except ValidationError as error:
        wrong = "; ".join(f"NEARFIELD_{one['loc'][0]}: {one['msg']}" for one in error.errors())
        raise InvalidInput(f"the environment cannot be used: {wrong.upper()}") from error
    return Places(
        home=chosen(context).home or settings.home,
        milvus_uri=settings.milvus_uri,
        milvus_token=settings.milvus_token,
        database_url=settings.database_url,
        redis_url=settings.redis_url,
        otlp_endpoint=settings.otlp_endpoint,
        milvus=settings.milvus,
    )


def start_no_threads() -> None:
    """Have numpy calculate in one thread: others take 0.1 s of a core to start, and to end.

    For commands that calculate little; to be called before numpy is loaded.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def chosen(context: typer.Context) -> Chosen:
    """Return what was given before the command."""
    found = context.find_object(Chosen)
    return found or Chosen()


def program(context: typer.Context) -> str:
    """Return how to call the program on the same home again."""
    given = context.find_root().get_parameter_source("home")
    if given is None or given.name != "COMMANDLINE":
        return "nearfield"
    return f"nearfield --home {shlex.quote(str(chosen(context).home))}"
