"""A service to compare the chart with."""

import time
from collections.abc import Iterator

import pytest

from nearfield.service.config import ServiceConfig
from running_service import Running, running


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service over an empty home, once it is ready."""
    with running(ServiceConfig(tmp_path_factory.mktemp("served") / "home")) as found:
        until = time.monotonic() + 30
        while (answer := found.http.get("/readyz")).status_code != 200:
            assert time.monotonic() < until, answer.text
            time.sleep(0.1)
        yield found
