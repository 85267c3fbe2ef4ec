"""A real service on 127.0.0.1, in this process, asked by a real HTTP client."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import structlog
import uvicorn
from fastapi import FastAPI

from nearfield.service.app import create_app
from nearfield.service.config import ServiceConfig
from nearfield.service.state import Service


@dataclass(frozen=True)
class Running:
    """A service that answers, and a client that asks it."""

    app: FastAPI
    address: str
    http: httpx.Client

    @property
    def service(self) -> Service:
        """What the routes share."""
        found: Service = self.app.state.service
        return found

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of an answer that must be 200."""
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        """Return the JSON of what a post answers; it must not fail."""
        answer = self.http.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()


@contextmanager
def running(config: ServiceConfig) -> Iterator[Running]:
    """Run a service in a thread, on a port of its own."""
    if not structlog.is_configured():  # lines of requests would stand among the names of tests
        quiet = structlog.make_filtering_bound_logger(logging.ERROR)
        structlog.configure(wrapper_class=quiet)
    app = create_app(config)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="on")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + 20
        while not server.started:
            assert thread.is_alive()
            assert time.monotonic() < until, "the service did not start"
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        address = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as http:
            yield Running(app, address, http)
    finally:
        server.should_exit = True
        thread.join(20)
