"""Jobs that are asked for while a cluster is upgraded wait for the workers of the new release."""

from pathlib import Path

import pytest

from jobs.conftest import working
from nearfield.catalogue.database import Database
from nearfield.catalogue.schema import HEAD, VERSION_TABLE
from nearfield.jobs.queue import Carrier
from service_process import wait_for


def put(home: Path, version: str) -> None:
    database = Database(f"sqlite:///{home / 'catalogue.db'}")
    change = f"UPDATE {VERSION_TABLE} SET version_num = '{version}'"
    database.write(lambda conn: conn.exec_driver_sql(change))
    database.close()


def test_a_job_waits_where_the_schema_is_newer_than_the_worker(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with working(home) as found:
        found.ended(
            found.queue.submit("refresh", "movies")
        )  # it is at work with the schema it knows
        put(home, "9999")
        job = found.queue.submit("refresh", "movies")
        wait_for(lambda: "another schema" in caplog.text, 30)
        waiting = found.queue.get(job.id)
        assert (waiting.state, waiting.attempts) == ("queued", 0)
        put(home, HEAD)
        Carrier(found.stores).send(job.id)
        assert found.ended(job).state == "done"
