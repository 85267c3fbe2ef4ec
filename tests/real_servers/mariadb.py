"""MariaDB on a socket of its own, in a folder that is thrown away."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from real_servers.processes import end, start, wait_until

_MEMORY: Final = Path("/dev/shm")
_ROOM: Final = 4 * 2**30

_QUICK: Final = (
    "--innodb-flush-log-at-trx-commit=0",
    "--skip-innodb-doublewrite",
    "--innodb-stats-persistent=0",  # else each CREATE TABLE writes four tables of the server's own
)
"""What a server that is thrown away need not be careful about."""


class MariaDB:
    """A server that tests may stop, kill and start again.

    Parameters
    ----------
    folder : Path
        For its data, socket and log; the data are made here.
    options : sequence of str
        Of ``mariadbd``.
    port : int, optional
        Of 127.0.0.1; on the socket alone where not given.
    """

    def __init__(
        self, folder: Path, options: Sequence[str] = _QUICK, port: int | None = None
    ) -> None:
        self.folder = folder
        common = ["--no-defaults", f"--datadir={folder}/data", "--user=root"]
        install = ["mariadb-install-db", *common, "--auth-root-authentication-method=normal"]
        subprocess.run([*install, "--skip-test-db"], check=True, capture_output=True)
        self.url = f"mysql+pymysql://root@localhost/?unix_socket={folder}/socket"
        network = ["--skip-networking"]
        if port is not None:
            network = ["--bind-address=127.0.0.1", f"--port={port}"]
            self.url = f"mysql+pymysql://root@127.0.0.1:{port}/"
        self._command = [
            shutil.which("mariadbd") or "/usr/sbin/mariadbd",
            *common,
            f"--socket={folder}/socket",
            f"--log-error={folder}/log",
            *network,
            *options,
        ]
        self.start()

    def start(self) -> None:
        """Start it, and wait until it can be asked."""
        log = self.folder / "log"
        socket = self.folder / "socket"
        socket.unlink(missing_ok=True)  # a kill leaves it
        self._process = start(self._command, log)
        try:
            wait_until(socket.exists, self._process, log)
        except BaseException:
            self.end()
            raise

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it hang for the time of the block: connections stay open, nothing is answered."""
        tasks = Path(f"/proc/{self.pid}/task")
        self._process.send_signal(signal.SIGSTOP)
        try:
            while any(_state(task) != "T" for task in tasks.iterdir()):
                time.sleep(0.01)
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Kill it."""
        end(self._process)


def _state(task: Path) -> str:
    return (task / "stat").read_text().rpartition(")")[2].split()[0]


@contextmanager
def running_mariadb(options: Sequence[str] = _QUICK, port: int | None = None) -> Iterator[MariaDB]:
    """Run a server for the time of the block; see `MariaDB`."""
    # not pytest's own folder: its path is longer than a socket's name may be
    memory = _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM else None
    folder = Path(tempfile.mkdtemp(prefix="nf-maria-", dir=memory))
    try:
        server = MariaDB(folder, options, port)
        try:
            yield server
        finally:
            server.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def mariadb_server() -> Iterator[str]:
    """Run a server for the time of the block; yield the URL of it, to which a name is added."""
    with running_mariadb() as server:
        yield server.url
