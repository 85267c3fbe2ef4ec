"""What an error of a Milvus server means: nobody was reached, or it was refused, and why."""

from dataclasses import dataclass
from typing import Final, Literal

import grpc
from pymilvus.client.types import Status
from pymilvus.exceptions import MilvusException

Kind = Literal["away", "asleep", "refused", "token", "certificate"]

GONE: Final = (grpc.StatusCode.UNAVAILABLE, Status.CONNECT_FAILED)
"""Codes of a call that reached nobody."""

_AWAY: Final = frozenset(
    {
        *GONE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
        *(1, 2, 4, 8, 12),  # the service is not ready, not available, asked too much
        *(305, 401, 500, 501, 503, 601, 602),  # a group, replica, channel or segment has no node
        *(901, 902, 903, 904, 905, 906),  # a node is lost
        *(1001, 1302),  # its storage, its queue
        *(10_000, 10_001),  # it gave up waiting for another part of itself
    }
)
"""Codes of what another attempt may find otherwise: of gRPC, and Milvus' own [1]_.

.. [1] https://github.com/milvus-io/milvus/blob/master/pkg/util/merr/errors.go
"""

ASLEEP: Final = frozenset({101, 103, 106, 201, 202})
"""Codes of a collection that is not in memory (yet): Milvus, or a node, was started anew."""

_TOKEN: Final = frozenset({grpc.StatusCode.UNAUTHENTICATED, 1400, 1800})

_PARTS_LOST: Final = (
    "connection refused",
    "context deadline exceeded",
    "node not match",
    "no available",
    "not available",
    "server unavailable",
    "unavailable desc",
    "code = unavailable",
    "not healthy",
    "is not ready",
)
"""Words by which Milvus 2.3 tells, under one code for everything, that a part of it is lost."""

_CERTIFICATE: Final = ("handshake", "certificate", "verification check", "ssl_error", "tsi_")
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Fault:
    """An error, understood.

    Parameters
    ----------
    kind : {"away", "asleep", "refused", "token", "certificate"}
        "away": nobody was reached, or a part that is needed was not; "asleep": the collection is
        not in memory; "token" and "certificate": this side, or the other, is not trusted.
    text : str
        What was said, in one line.
    """

    kind: Kind
    text: str


def fault_of(error: Exception) -> Fault:
    """Understand what a call raised."""
    text = " ".join(_text(error).split())[:_LONGEST]
    low = text.lower()
    if isinstance(error, grpc.FutureTimeoutError):
        return Fault("away", "no connection in time")
    if code_of(error) in _TOKEN or "auth check failure" in low:
        return Fault("token", text)
    if code_of(error) in GONE and any(word in low for word in _CERTIFICATE):
        return Fault("certificate", text)
    if code_of(error) in ASLEEP:
        return Fault("asleep", text)
    if code_of(error) in _AWAY or any(word in low for word in _PARTS_LOST):
        return Fault("away", text)
    return Fault("refused", text)


def code_of(error: Exception) -> object:
    """Return the code of gRPC or of Milvus that an error bears."""
    if isinstance(error, grpc.RpcError):
        return error.code()
    return error.code if isinstance(error, MilvusException) else None


def _text(error: Exception) -> str:
    if isinstance(error, grpc.RpcError):
        return str(error.details() or error.code())
    return str(getattr(error, "message", "") or error)
