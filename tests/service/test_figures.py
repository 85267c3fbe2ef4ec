"""What those who watch a service are told."""

import io
import json
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest
import structlog
from sqlalchemy import update

from nearfield.catalogue.schema import jobs
from nearfield.service.logs import set_up_logs
from nearfield.service.vitals import FRESH
from running_service import Running

MOVIES = "/api/catalogues/movies"


def figures(running: Running) -> dict[str, float]:
    lines = running.http.get("/metrics").text.splitlines()
    told = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in told}


def test_requests_and_stages_are_counted(movies: Running) -> None:
    route = "/api/catalogues/{catalogue}/items/{item}/similar"
    name = f'nearfield_requests_total{{method="GET",route="{route}",status="200"}}'
    before = figures(movies).get(name, 0.0)
    for _ in range(3):
        movies.get(f"{MOVIES}/items/2/similar")
    after = figures(movies)
    assert after[name] == before + 3
    assert after[f'nearfield_request_seconds_count{{route="{route}"}}'] >= 3
    for stage in ("filter", "embed", "search", "rerank", "explain"):
        assert after[f'nearfield_stage_seconds_count{{stage="{stage}"}}'] >= 3


def test_spaces_and_mirrors_are_told(movies: Running) -> None:
    movies.get(f"{MOVIES}/items/2/similar")
    told = figures(movies)
    (rows,) = [
        value
        for name, value in told.items()
        if name.startswith("nearfield_space_rows") and 'space="fusion"' in name
    ]
    assert rows == movies.get(MOVIES)["items"]
    version = movies.get(MOVIES)["spaces"][0]["version"]
    assert any(f'version="{version}"' in name for name in told)
    assert any(
        name.startswith("nearfield_mirror_bytes") and value > 0 for name, value in told.items()
    )
    assert 'nearfield_jobs{state="queued"}' in told


def test_connections_and_jobs_that_wait_are_told(serve: Callable[..., Running]) -> None:
    service = serve()
    catalogues = service.service.stores.catalogues
    before = figures(service)
    assert before["nearfield_oldest_job_seconds"] == 0
    job = catalogues.jobs.add("train", "movies", {}).id
    long_ago = update(jobs).where(jobs.c.id == job).values(created=1)
    catalogues._database.write(lambda conn: conn.execute(long_ago))
    with catalogues._database.reading(), catalogues._database.reading():
        told = figures(service)
    assert told["nearfield_oldest_job_seconds"] > 1e9
    assert told['nearfield_jobs{state="queued"}'] == 1
    most = before["nearfield_sql_connections_most"]
    assert 2 <= told["nearfield_sql_connections"] <= most


def test_figures_are_told_while_no_connection_to_sql_is_free(
    serve: Callable[..., Running],
) -> None:
    service = serve()
    catalogues = service.service.stores.catalogues
    _, most = catalogues.connections()
    with ExitStack() as held:
        while catalogues.connections()[0] < most:
            held.enter_context(catalogues._database.reading())
        time.sleep(FRESH)  # an answer of before is not believed any more
        told = figures(service)
    assert told["nearfield_sql_connections"] == told["nearfield_sql_connections_most"] == most
    assert told['nearfield_up{part="database"}'] == 0
    assert "nearfield_oldest_job_seconds" not in told


def test_ids_of_requests_are_taken_over_unless_they_could_break_a_line(movies: Running) -> None:
    answer = movies.http.get("/healthz", headers={"X-Request-Id": "abc-1.2"})
    assert answer.headers["x-request-id"] == "abc-1.2"
    answer = movies.http.get("/healthz", headers={"X-Request-Id": 'x" injected="1'})
    assert answer.headers["x-request-id"] != 'x" injected="1'


def test_strange_methods_make_no_figures_of_their_own(movies: Running) -> None:
    movies.http.request("BREW", "/api/catalogues")
    assert "BREW" not in movies.http.get("/metrics").text


def test_logs_are_json_with_the_id_of_the_request(
    serve: Callable[..., Running], capsys: pytest.CaptureFixture[str]
) -> None:
    import logging

    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    try:
        set_up_logs(stream, people=False)
        found = serve()
        found.http.get("/api/catalogues", headers={"X-Request-Id": "told"})
        found.http.get("/healthz")  # it is told of a request once its answer has left
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    (line,) = [one for one in lines if one.get("request") == "told"]
    assert line["path"] == "/api/catalogues"
    assert line["status"] == 200
    assert line["ms"] > 0


def test_ready_tells_what_is_there(movies: Running) -> None:
    assert movies.get("/readyz") == {"status": "ready", "parts": {"database": True, "milvus": True}}
