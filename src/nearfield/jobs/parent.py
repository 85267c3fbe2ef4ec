"""What a child process has of its parent: where things live, and that it is still there."""

import json
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol, Self

from nearfield.vectors.options import MilvusOptions


class Places(Protocol):
    """Where the state lies: whatever has these."""

    @property
    def home(self) -> Path:
        """Folder of all state."""

    @property
    def milvus_uri(self) -> str | None:
        """A Milvus server; Milvus Lite inside the home where not given."""

    @property
    def milvus_token(self) -> str | None:
        """Its ``user:password``."""

    @property
    def database_url(self) -> str | None:
        """SQL; SQLite inside the home where not given."""

    @property
    def redis_url(self) -> str | None:
        """The queue; SQLite inside the home where not given."""

    @property
    def milvus(self) -> MilvusOptions:
        """How the Milvus server is reached and asked."""


@dataclass(frozen=True, slots=True)
class TakenPlaces:
    """The places that a parent told; see `Places`."""

    home: Path
    milvus_uri: str | None = None
    milvus_token: str | None = None
    database_url: str | None = None
    redis_url: str | None = None
    milvus: MilvusOptions = field(default_factory=MilvusOptions)

    @classmethod
    def of(cls, places: Places) -> Self:
        """Copy them from whatever has them."""
        return cls(
            places.home.expanduser().absolute(),
            places.milvus_uri,
            places.milvus_token,
            places.database_url,
            places.redis_url,
            places.milvus,
        )

    def as_line(self) -> bytes:
        """Return what `read_places` reads: passwords are not for the command line, seen by all."""
        told = {**asdict(self), "home": str(self.home), "milvus": self.milvus.as_plain()}
        return json.dumps(told).encode() + b"\n"


def read_places() -> TakenPlaces:
    """Read the places from the pipe to the parent, which is standard input."""
    told = json.loads(sys.stdin.buffer.readline())
    milvus = MilvusOptions.of_plain(told["milvus"])
    return TakenPlaces(**{**told, "home": Path(told["home"]), "milvus": milvus})


def when_parent_ends(end: Callable[[], None]) -> None:
    """Call `end` as soon as the parent is gone, however it went: its end of the pipe closes."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass  # nothing more is told
        end()

    threading.Thread(target=wait, name="parent", daemon=True).start()
