"""Answer over HTTP, in this process."""

import gc
import socket
import sys
import threading
from collections.abc import Callable
from typing import Final

import uvicorn

from nearfield.service.app import create_app
from nearfield.service.config import ServiceConfig
from nearfield.service.logs import set_up_logs
from nearfield.service.state import Service

_TURN: Final = 0.0005
"""Seconds for which a thread that computes lets others wait; Python's own 5 ms are as long as an
answer takes, and each answer waits for several turns while another thread lists all items."""


def answer(
    config: ServiceConfig,
    processes: Callable[[], dict[str, bool]],
    bound: socket.socket,
    answering: Callable[[], None],
) -> None:
    """Answer until stopped.

    Parameters
    ----------
    config : ServiceConfig
        Where the state lies.
    processes : callable
        Tells which of the processes beside this one are alive, by name.
    bound : socket
        Where to listen.
    answering : callable
        Is called as soon as the service answers.
    """
    set_up_logs()
    sys.setswitchinterval(_TURN)
    app = create_app(config, processes)

    def begun() -> None:
        answering()
        threading.Thread(
            target=_warm_up, args=(app.state.service,), name="warm up", daemon=True
        ).start()

    server = _Server(
        uvicorn.Config(
            app,
            http="httptools",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=5,
        ),
        begun,
    )
    server.run(sockets=[bound])


def _warm_up(service: Service) -> None:
    """Open what answers; then keep garbage collection short, for everybody waits for it."""
    service.warm_up()
    gc.collect()
    gc.freeze()  # libraries and spaces stay: nobody need look through them again
    gc.set_threshold(5_000, 20, 50)
    service.keep_warm()


class _Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, begun: Callable[[], None]) -> None:
        super().__init__(config)
        self._begun = begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._begun()
