"""What a service is told when it starts."""

from dataclasses import dataclass, field
from pathlib import Path

from nearfield.recommend.last_good import Keeping
from nearfield.vectors.options import MilvusOptions


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one request, or one caller, may take.

    Parameters
    ----------
    body : int
        Bytes of a body of JSON.
    upload : int
        Bytes of a sound file, or of a file to import.
    events, items : int
        Rows of one batch.
    requests : int
        Of one caller in a second, sustained; 0 is no limit.
    """

    body: int = 1 << 20
    upload: int = 1 << 29
    events: int = 10_000
    items: int = 1_000
    requests: int = 0


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """Where the state lies, and how the service behaves.

    Parameters
    ----------
    home : Path
        Folder of all state.
    milvus_uri, milvus_token, database_url, redis_url : str, optional
        Servers; inside the home where not given.
    keys : bool
        Whether callers must have an API key.
    origins : tuple of str
        Other web pages that may call, e.g. ``https://example.org``; none by default.
    hosts : tuple of str
        Names by which the service may be called, without port; none is any.
    limits : Limits
        What one request may take.
    tracing : str, optional
        Where traces are sent: an address that takes OTLP over HTTP.
    milvus : MilvusOptions
        How the Milvus server is reached and asked.
    keeping : Keeping
        How many answers are remembered for the time when that server does not answer.
    """

    home: Path
    milvus_uri: str | None = None
    milvus_token: str | None = None
    database_url: str | None = None
    redis_url: str | None = None
    keys: bool = False
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    tracing: str | None = None
    milvus: MilvusOptions = field(default_factory=MilvusOptions)
    keeping: Keeping = field(default_factory=Keeping)
