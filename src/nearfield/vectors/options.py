"""How a Milvus server is reached and asked; light, for settings and constructors pass it on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeAlias, get_args

from nearfield.errors import InvalidInput

IndexKind: TypeAlias = Literal["auto", "flat", "hnsw", "ivf_flat"]
"""Index of the vectors; "auto" is HNSW on a server."""

_KINDS: Final = get_args(IndexKind)
_FILES: Final = ("ca", "certificate", "key")


@dataclass(frozen=True, slots=True)
class MilvusOptions:
    """What a home says of its Milvus server; none of it matters to Milvus Lite.

    Parameters
    ----------
    replicas : int
        Copies of each space in the memory of query nodes, each of which answers alone; at least as
        many nodes are wanted.
    index : {"auto", "flat", "hnsw", "ivf_flat"}
        How the vectors of spaces published from now on are indexed.
    resource_groups : tuple of str
        Groups of query nodes to spread the replicas over; any nodes where none is named.
    ca : Path, optional
        Certificate (PEM) of who signed the server's, where that is not known to the system. Of
        ``https://`` addresses only, as the following.
    certificate, key : Path, optional
        Certificate and key (PEM) with which this side proves itself, where the server asks.
    server_name : str, optional
        Name in the server's certificate, where it is not the one in the address.
    answer_seconds : float
        The longest that a search, or another reading call, may take with all its attempts.
    write_seconds : float
        The same of a call that writes, or moves an alias.
    connect_seconds : float
        The longest to wait for a server that is called for the first time.

    Raises
    ------
    InvalidInput
        Naming the option that cannot be used.
    """

    replicas: int = 1
    index: IndexKind = "auto"
    resource_groups: tuple[str, ...] = ()
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    server_name: str | None = None
    answer_seconds: float = 5.0
    write_seconds: float = 30.0
    connect_seconds: float = 5.0

    def __post_init__(self) -> None:
        if self.replicas < 1:
            raise InvalidInput(
                f"milvus replicas are {self.replicas}, but a space is in memory at least once. "
                f"Give 1 or more, and no more than there are query nodes."
            )
        if self.index not in _KINDS:
            raise InvalidInput(
                f"milvus index '{self.index}' is not known. Give one of {', '.join(_KINDS)}."
            )
        for name in ("answer_seconds", "write_seconds", "connect_seconds"):
            seconds = getattr(self, name)
            if not 0 < seconds < float("inf"):
                raise InvalidInput(f"milvus {name} is {seconds}. Give a number of seconds above 0.")
        if (self.certificate is None) != (self.key is None):
            given, wanted = ("certificate", "key") if self.key is None else ("key", "certificate")
            raise InvalidInput(
                f"a milvus {given} was given without its {wanted}. Give both, or none."
            )
        if self.certificate is not None and self.ca is None:
            raise InvalidInput(
                "a milvus certificate was given without the CA of the server, which pymilvus wants "
                "then. Give it: NEARFIELD_MILVUS_CA."
            )

    def as_plain(self) -> dict[str, Any]:
        """Return what `of_plain` reads, fit for JSON."""
        files = {name: str(file) for name in _FILES if (file := getattr(self, name)) is not None}
        return {**asdict(self), **files}

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Read what `as_plain` returned."""
        files = {name: Path(plain[name]) for name in _FILES if plain[name] is not None}
        groups = tuple(plain["resource_groups"])
        return cls(**{**plain, **files, "resource_groups": groups})
