"""Workers of two machines, each with a home of its own, on one MariaDB."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from nearfield.jobs.parent import TakenPlaces
from nearfield.jobs.queue import JobQueue
from nearfield.pipelines.stores import Stores
from real_servers.databases import empty_database
from real_servers.mariadb import mariadb_server
from service_process import wait_for

pytestmark = pytest.mark.servers

JOBS = 16


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with mariadb_server() as server, empty_database(server) as found:
        yield found.render_as_string(hide_password=False)


@contextmanager
def machine(home: Path, url: str) -> Iterator[Path]:
    """Run a worker as a service starts it; yield the file of what it logs."""
    home.mkdir()
    log = home / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "nearfield.jobs.worker"], stdin=subprocess.PIPE, stderr=out
        )
        assert process.stdin is not None
        try:
            places = TakenPlaces(home, milvus_uri=str(home / "milvus.db"), database_url=url)
            process.stdin.write(places.as_line())
            process.stdin.flush()
            yield log
        finally:
            process.kill()
            process.wait()
            process.stdin.close()


def test_no_job_is_done_twice(url: str, tmp_path: Path) -> None:
    homes = [tmp_path / name for name in ("a", "b")]
    with ExitStack() as stack:
        logs = [stack.enter_context(machine(home, url)) for home in homes]
        wait_for(lambda: all(list(home.glob("workers/*.lock")) for home in homes), 120)
        stores = [stack.enter_context(Stores(home, database_url=url)) for home in homes]
        queues = [stack.enter_context(closing(JobQueue(one))) for one in stores]
        # of a catalogue that there is not: they end as soon as they have begun
        asked = [
            queues[number % 2].submit("rollback", "nothing", {"space": "fusion"})
            for number in range(JOBS)
        ]
        jobs = stores[0].catalogues.jobs
        wait_for(lambda: not jobs.unfinished(), 120)
        ended = [jobs.get(job.id) for job in asked]
        begun = Counter(re.findall(r"job (\w+) begins", "".join(log.read_text() for log in logs)))
    assert {job.state for job in ended} == {"failed"}
    assert {job.attempts for job in ended} == {1}
    assert begun == {job.id: 1 for job in asked}
    assert len({job.worker for job in ended}) == 2  # neither took them all
