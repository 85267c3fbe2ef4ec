"""Run the service: this process answers, two beside it keep the vectors and do the long work."""

import ipaddress
import signal
import socket
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from nearfield.errors import Unavailable
from nearfield.jobs.children import Children
from nearfield.service.config import ServiceConfig


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the service listens, and what runs beside it.

    Parameters
    ----------
    host : str
        Address of this machine; 127.0.0.1 is seen by nobody else.
    port : int
        0 takes any that is free.
    worker : bool
        Whether a worker is started for long work.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    worker: bool = True


LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
"""Names by which a service is called that only this machine reaches."""


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from this machine alone.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("::")
    (True, True, True, False)
    """
    if host in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def serve(
    config: ServiceConfig,
    listening: Listening,
    tell: Callable[[str], None] = lambda _: None,
    open_page: bool = False,
) -> None:
    """Answer until stopped (Ctrl-C, or SIGTERM).

    Parameters
    ----------
    config : ServiceConfig
        Where the state lies.
    listening : Listening
        Where to listen.
    tell : callable
        Is told the address as soon as the service answers there.
    open_page : bool
        Whether to show the page in a browser then.

    Raises
    ------
    Unavailable
        If something else listens there.
    """
    bound = _bind(listening)
    address = _address(listening.host, bound.getsockname()[1])
    signal.signal(signal.SIGTERM, _end)
    children = Children(config, worker=listening.worker)
    children.start()
    try:
        # libraries take a second, in which the processes beside this one start
        from nearfield.service.answer import answer

        answer(config, children.alive, bound, lambda: _answering(address, tell, open_page))
    finally:
        children.stop()
        bound.close()


def _end(*_: object) -> NoReturn:
    """End as after the last line, so that the processes beside this one are ended, too."""
    raise SystemExit(0)


def _answering(address: str, tell: Callable[[str], None], open_page: bool) -> None:
    tell(address)
    if open_page:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def _bind(listening: Listening) -> socket.socket:
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((listening.host, listening.port))
    except (OSError, OverflowError) as error:
        bound.close()
        raise Unavailable(
            f"the service cannot listen at {_address(listening.host, listening.port)} ({error}). "
            f"Name another port (--port 0 takes any that is free), or stop what listens there."
        ) from error
    return bound


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
