"""A catalogue out of the service, and into it."""

import io
import json
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from nearfield.jobs.run import run
from running_service import Running
from small_frames import contents

MOVIES = "/api/catalogues/movies"


def work(service: Running, job: Any) -> Any:
    """Do a job as a worker would, and return what is told of it then."""
    stores = service.service.stores
    claimed = stores.catalogues.jobs.claim(job["id"], "w")
    assert claimed is not None
    run(stores, stores.catalogues.jobs, claimed, threading.Event())
    return service.get(f"/api/jobs/{job['id']}")


def sent(service: Running, path: str, body: bytes, **query: str) -> Any:
    answer = service.http.post(path, params=query, content=body)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/api/jobs/{answer.json()['id']}"
    return answer.json()


def test_everything_goes_out_and_comes_back(serve: Callable[..., Running]) -> None:
    service = serve()
    whole = service.http.get(f"{MOVIES}/export")
    assert whole.headers["content-type"] == "application/zip"
    assert 'filename="movies.zip"' in whole.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(whole.content)) as archive:
        assert json.loads(archive.read("manifest.json"))["catalogue"] == "movies"
    job = sent(service, "/api/catalogues/back/import", whole.content)
    done = work(service, job)
    assert done["state"] == "done", done
    assert done["result"]["layout"] == "export"
    stores = service.service.stores
    assert contents(stores.catalogue("back")) == contents(stores.catalogue("movies"))
    assert not Path(job["options"]["file"]).exists()


def test_tables_go_out_and_in_alone(serve: Callable[..., Running]) -> None:
    service = serve()
    query = {"table": "events", "format": "parquet"}
    events = service.http.get(f"{MOVIES}/export", params=query)
    assert pl.read_parquet(io.BytesIO(events.content)).height == service.get(MOVIES)["events"]
    lines = service.http.get(f"{MOVIES}/export", params={"table": "items"})
    assert lines.headers["content-type"].startswith("application/x-ndjson")
    items = [json.loads(line) for line in lines.text.splitlines()]
    assert len(items) == service.get(MOVIES)["items"]
    new = json.dumps({"item": "new", "title": "New"}).encode()
    done = work(service, sent(service, f"{MOVIES}/import", new, table="items"))
    assert done["result"]["added"]["items"] == 1
    assert service.get(f"{MOVIES}/items/new")["title"] == "New"


def test_what_cannot_be_imported_says_so_and_is_removed(serve: Callable[..., Running]) -> None:
    service = serve()
    job = sent(service, f"{MOVIES}/import", b"no zip")
    done = work(service, job)
    assert done["state"] == "failed"
    assert "damaged" in done["message"]
    assert not Path(job["options"]["file"]).parent.exists()
    answer = service.http.post("/api/catalogues/No/import", content=b"x")
    assert answer.status_code == 422
    assert "cannot be the name of a catalogue" in answer.json()["detail"]
    outside = {"kind": "import", "options": {"file": "/etc/passwd", "table": "items"}}
    done = work(service, service.post(f"{MOVIES}/jobs", outside))
    assert "was not sent to the service" in done["message"]
    assert service.http.get("/api/catalogues/nothing/export").status_code == 404
    assert service.http.get(f"{MOVIES}/export", params={"table": "x"}).status_code == 422
