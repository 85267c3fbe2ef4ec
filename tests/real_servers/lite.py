"""Milvus Lite behind an address: speaks as a server does, starts in a second or two."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pymilvus import MilvusClient

from real_servers.milvus import answers
from real_servers.processes import end, free_port, start, wait_until

_PROGRAM = Path(sys.executable).parent / "milvus-lite"


@dataclass
class LiteServer:
    """One server, which a test may kill, halt and start again on the same data and port.

    Parameters
    ----------
    folder : Path
        Its data.
    port : int
        Of 127.0.0.1.
    """

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def uri(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers and has in memory what was there before."""
        log = self.folder / "log"
        command: list[str | Path] = [_PROGRAM, "server", "--data-dir", self.folder / "data"]
        command += ["--host", "127.0.0.1", "--port", str(self.port)]
        self.process = start(command, log)
        wait_until(lambda: answers(self.uri), self.process, log)
        client = MilvusClient(self.uri, timeout=10)
        for name in client.list_collections():  # which a Milvus server does by itself
            client.load_collection(name)
        client.close()

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self.process is not None:
            end(self.process)
        self.process = None

    def halt(self) -> None:
        """Let it accept connections and answer nothing."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGCONT)


@contextmanager
def lite_server(folder: Path) -> Iterator[LiteServer]:
    """Run one for the time of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    found = LiteServer(folder, free_port())
    try:
        found.start()
        yield found
    finally:
        found.kill()
