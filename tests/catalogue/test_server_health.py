"""What is known of a server of SQL that does not answer, and who is refused for it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from pymysql.err import OperationalError, ProgrammingError

from nearfield.catalogue.database import Database
from nearfield.catalogue.failures import is_silence
from nearfield.catalogue.server_health import ServerHealth
from nearfield.errors import Unavailable
from service_process import wait_for


def late() -> OperationalError:
    """Return what PyMySQL raises where nothing came in time."""
    return raised(TimeoutError("timed out"))


def raised(cause: Exception) -> OperationalError:
    try:
        try:
            raise cause
        except OSError as error:
            raise OperationalError(2013, f"Lost connection ({error})")  # noqa: B904
    except OperationalError as error:
        return error


class Server:
    """Answers probes, or does not."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.error: Exception | None = late()

    def __call__(self) -> None:
        self.asked.set()
        if self.error is not None:
            raise self.error


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def health(server: Server) -> Iterator[ServerHealth]:
    found = ServerHealth("mysql://db.example.org/facts", server, lambda: 100.0)
    yield found
    found.close()


def refuses(health: ServerHealth) -> bool:
    with suppress(Unavailable):
        health.check()
        return False
    return True


def test_others_are_refused_until_the_server_answers(health: ServerHealth, server: Server) -> None:
    health.check()
    health.failed(late(), began=96.0)
    assert server.asked.wait(10)
    with pytest.raises(Unavailable, match=r"db\.example\.org/facts has not answered since .* UTC"):
        health.check()
    assert not health.is_silent  # so soon nobody knows yet
    wait_for(lambda: health.is_silent, 10)
    server.error = None
    wait_for(lambda: not refuses(health), 10)
    assert not health.is_silent
    assert health.health.state == "ok"


def test_an_error_is_an_answer(health: ServerHealth, server: Server) -> None:
    health.failed(late(), began=96.0)
    assert server.asked.wait(10)
    server.error = ProgrammingError(1045, "Access denied")  # which all are to be told
    wait_for(lambda: not refuses(health), 10)


def test_who_waits_is_no_sign_where_others_are_answered(
    health: ServerHealth, server: Server
) -> None:
    health.answered()
    health.failed(late(), began=96.0)
    health.doubt("nothing came for 4 s", began=96.0)
    assert not refuses(health)
    assert not server.asked.is_set()


def test_a_doubt_that_is_answered_keeps_nobody_out(health: ServerHealth, server: Server) -> None:
    server.error = None
    health.doubt("nothing came for 4 s", began=96.0)
    assert server.asked.wait(10)
    wait_for(lambda: not refuses(health), 10)
    server.asked.clear()
    health.doubt("nothing came for 8 s", began=96.0)  # of the same question
    assert not server.asked.is_set()


@pytest.mark.parametrize(
    ("error", "seconds", "silence"),
    [
        (late, 0.0, True),
        (lambda: raised(ConnectionRefusedError("refused")), 0.01, False),
        (lambda: raised(OSError("no route to host")), 3.0, True),
        (lambda: OperationalError(1205, "Lock wait timeout exceeded"), 10.0, False),
    ],
)
def test_silence_is_told_from_answers(
    error: Callable[[], Exception], seconds: float, silence: bool
) -> None:
    assert is_silence(error(), seconds) is silence


def test_a_network_that_swallows_all_is_given_up_soon() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # connections are made by the system, and nobody speaks
        address = f"mysql+pymysql://me@127.0.0.1:{listener.getsockname()[1]}/facts"
        database = Database(f"{address}?connect_timeout=1", hurried=True)
        with pytest.raises(Unavailable, match=r"did not answer in time\. See whether it hangs"):
            database.version()
        with pytest.raises(Unavailable, match="has not answered since"):
            database.version()
        with pytest.raises(Unavailable, match="has not answered since"):
            database.write(lambda conn: None)
    wait_for(lambda: refuses_to_connect(database), 15)
    database.close()


def refuses_to_connect(database: Database) -> bool:
    """Tell whether the error is by now the one of whoever asks a port where nobody listens."""
    with pytest.raises(Unavailable) as caught:
        database.version()
    return "cannot be reached" in str(caught.value)
