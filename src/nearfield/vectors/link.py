"""A way to one Milvus address: calls of the wire, and what pymilvus offers beside them."""

import base64
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import grpc
from pymilvus import MilvusClient
from pymilvus.exceptions import MilvusException
from pymilvus.grpc_gen.milvus_pb2 import GetVersionRequest
from pymilvus.grpc_gen.milvus_pb2_grpc import MilvusServiceStub

from nearfield.errors import InvalidInput
from nearfield.vectors.options import MilvusOptions

FAULTS: Final = (MilvusException, grpc.RpcError, grpc.FutureTimeoutError)
"""What a call may raise."""

_PORT: Final = 19530
_TLS_PORT: Final = 443
_CHANNEL: Final = {
    "grpc.max_send_message_length": -1,
    "grpc.max_receive_message_length": -1,
    # a server that was started anew is found within a second, one that vanished is given up
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
    "grpc.min_reconnect_backoff_ms": 2000,
}
_PINGS: Final = {
    "grpc.keepalive_time_ms": 10_000,
    "grpc.keepalive_timeout_ms": 3_000,
    "grpc.keepalive_permit_without_calls": 1,
}
_NO_PINGS: Final = {"grpc.keepalive_time_ms": 2**31 - 1}
"""Milvus Lite takes the pings of half a minute without a call for an attack, and hangs up."""


class Link:
    """Channels to one address; nothing is sent before the first call.

    Parameters
    ----------
    address : str
        ``http(s)://host:port``, or ``unix:PATH``.
    token : str
        ``user:password`` or API key; empty where none is wanted.
    options : MilvusOptions
        TLS, and patience with the first call.
    pings : bool
        Whether to ask now and then if it still lives. Inside of this process it does.

    Raises
    ------
    InvalidInput
        If a certificate or key cannot be read.
    """

    def __init__(
        self, address: str, token: str, options: MilvusOptions, pings: bool = True
    ) -> None:
        self._address, self._token, self._options = address, token, options
        self._making = threading.Lock()
        self._client: Any = None
        self._pings = _PINGS if pings else _NO_PINGS
        self._channel = _channel(address, options, self._pings)
        self._stub: Any = MilvusServiceStub(self._channel)
        self._metadata = (("authorization", base64.b64encode(token.encode())),) if token else ()

    def rpc(self, name: str, request: Any, seconds: float | None) -> Any:
        """Make one call of the wire, in the time given, and return its answer."""
        answer = getattr(self._stub, name)(request, timeout=seconds, metadata=self._metadata)
        status = getattr(answer, "status", answer)  # of some calls it is all of the answer
        if status.code or status.error_code:
            raise MilvusException(status.code or status.error_code, status.reason)
        return answer

    def call(self, method: str, *args: Any, seconds: float | None, **options: Any) -> Any:
        """Call a method of `pymilvus.MilvusClient`; without seconds it takes what it takes."""
        client = self._ready(seconds)
        patience = {"retry_times": 3} if seconds is None else {"timeout": seconds}
        return getattr(client, method)(*args, **{**patience, **options})

    def close(self) -> None:
        """Close the channels."""
        if self._client is not None:
            self._client.close()
        self._channel.close()

    def _ready(self, seconds: float | None) -> Any:
        """Make the client at the first call: that asks the server who it is."""
        if self._client is None:
            patience = self._options.connect_seconds
            patience = patience if seconds is None else min(patience, seconds)
            if not self._making.acquire(timeout=patience):
                raise grpc.FutureTimeoutError
            try:
                if self._client is None:
                    # pymilvus tells of any trouble that it cannot connect, and no more
                    self.rpc("GetVersion", GetVersionRequest(), patience)
                    self._client = MilvusClient(
                        self._address,
                        token=self._token,
                        timeout=patience,
                        dedicated=True,  # others to the same address may trust other certificates
                        grpc_options=self._pings,
                        **_tls(self._options, self._address),
                    )
            finally:
                self._making.release()
        return self._client


def _channel(address: str, options: MilvusOptions, pings: Mapping[str, int]) -> grpc.Channel:
    parts = urlsplit(address)
    told: list[tuple[str, Any]] = [*_CHANNEL.items(), *pings.items()]
    if parts.scheme not in ("http", "https", "tcp"):
        return grpc.insecure_channel(address, told)
    secure = parts.scheme == "https"
    target = f"{parts.hostname}:{parts.port or (_TLS_PORT if secure else _PORT)}"
    if not secure:
        return grpc.insecure_channel(target, told)
    if options.server_name is not None:
        told.append(("grpc.ssl_target_name_override", options.server_name))
    trusted = grpc.ssl_channel_credentials(
        _read(options.ca, "CA"),
        _read(options.key, "KEY"),
        _read(options.certificate, "CERTIFICATE"),
    )
    return grpc.secure_channel(target, trusted, told)


def _read(file: Path | None, name: str) -> bytes | None:
    if file is None:
        return None
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"{file} cannot be read ({error.strerror}). Mend NEARFIELD_MILVUS_{name}."
        ) from error


def _tls(options: MilvusOptions, address: str) -> dict[str, Any]:
    """Return how pymilvus calls the same; it takes a file of its own for a CA alone."""
    if not address.startswith("https"):
        return {}
    told: dict[str, Any] = {"secure": True}
    if options.server_name is not None:
        told["server_name"] = options.server_name
    if options.certificate is not None:
        told["client_pem_path"] = str(options.certificate)
        told["client_key_path"] = str(options.key)
        told["ca_pem_path"] = str(options.ca)
    elif options.ca is not None:
        told["server_pem_path"] = str(options.ca)
    return told
