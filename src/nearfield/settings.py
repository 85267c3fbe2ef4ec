"""Where things live: read from the environment (`NEARFIELD_...`) once, by the command line."""

from pathlib import Path
from typing import Annotated

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The folders and addresses of one Nearfield home."""

    model_config = SettingsConfigDict(env_prefix="NEARFIELD_", frozen=True, extra="ignore")

    home: Annotated[Path, Field(description="folder of all state")] = user_data_path("nearfield")
    milvus_uri: Annotated[
        str | None, Field(description="a Milvus server; not set: Milvus Lite inside the home")
    ] = None
    milvus_token: Annotated[str | None, Field(description="user:password of the server")] = None
    database_url: Annotated[
        str | None, Field(description="SQLAlchemy URL; not set: SQLite inside the home")
    ] = None
    redis_url: Annotated[
        str | None, Field(description="queue of long work; not set: SQLite inside the home")
    ] = None
    otlp_endpoint: Annotated[
        str | None, Field(description="where the service sends traces, by OTLP over HTTP")
    ] = None
