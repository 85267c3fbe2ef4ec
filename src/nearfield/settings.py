"""Where things live: read from the environment (`NEARFIELD_...`) once, by the command line."""

from pathlib import Path
from typing import Annotated

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from nearfield.vectors.options import IndexKind, MilvusOptions

_MILVUS = MilvusOptions()


class Settings(BaseSettings):
    """The folders and addresses of one Nearfield home."""

    model_config = SettingsConfigDict(env_prefix="NEARFIELD_", frozen=True, extra="ignore")

    home: Annotated[Path, Field(description="folder of all state")] = user_data_path("nearfield")
    milvus_uri: Annotated[
        str | None, Field(description="a Milvus server; not set: Milvus Lite inside the home")
    ] = None
    milvus_token: Annotated[str | None, Field(description="user:password of the server")] = None
    milvus_replicas: Annotated[
        int, Field(description="copies of each space in the memory of query nodes")
    ] = _MILVUS.replicas
    milvus_index: Annotated[IndexKind, Field(description="index of the vectors on a server")] = (
        _MILVUS.index
    )
    milvus_resource_groups: Annotated[
        str, Field(description="groups of query nodes for the copies, between commas")
    ] = ",".join(_MILVUS.resource_groups)
    milvus_ca: Annotated[
        Path | None, Field(description="certificate of who signed the server's (https://)")
    ] = _MILVUS.ca
    milvus_certificate: Annotated[
        Path | None, Field(description="certificate of this side, where the server asks for one")
    ] = _MILVUS.certificate
    milvus_key: Annotated[Path | None, Field(description="key of that certificate")] = _MILVUS.key
    milvus_server_name: Annotated[
        str | None, Field(description="name in the server's certificate, if not that in the URI")
    ] = _MILVUS.server_name
    milvus_answer_seconds: Annotated[
        float, Field(description="the longest that a search may take, all attempts together")
    ] = _MILVUS.answer_seconds
    milvus_write_seconds: Annotated[
        float, Field(description="the same of a call that writes, or moves an alias")
    ] = _MILVUS.write_seconds
    milvus_connect_seconds: Annotated[
        float, Field(description="the longest to wait for a server that is first called")
    ] = _MILVUS.connect_seconds
    database_url: Annotated[
        str | None, Field(description="SQLAlchemy URL; not set: SQLite inside the home")
    ] = None
    redis_url: Annotated[
        str | None, Field(description="queue of long work; not set: SQLite inside the home")
    ] = None
    otlp_endpoint: Annotated[
        str | None, Field(description="where the service sends traces, by OTLP over HTTP")
    ] = None

    @property
    def milvus(self) -> MilvusOptions:
        """How the Milvus server is reached and asked; InvalidInput naming what cannot be used."""
        groups = (name.strip() for name in self.milvus_resource_groups.split(","))
        return MilvusOptions(
            replicas=self.milvus_replicas,
            index=self.milvus_index,
            resource_groups=tuple(name for name in groups if name),
            ca=self.milvus_ca,
            certificate=self.milvus_certificate,
            key=self.milvus_key,
            server_name=self.milvus_server_name,
            answer_seconds=self.milvus_answer_seconds,
            write_seconds=self.milvus_write_seconds,
            connect_seconds=self.milvus_connect_seconds,
        )
