"""`nearfield serve` as people start it."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nearfield.home import Nearfield
from service_process import served, wait_for

MOVIES = "/api/catalogues/movies"


@pytest.fixture(scope="module")
def home(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("process") / "home"
    shutil.copytree(filled, found)
    return found


@pytest.mark.slow
def test_it_answers_shares_its_home_and_ends_in_order(home: Path) -> None:
    with served(home) as one:
        ready = wait_for(lambda: one.http.get("/readyz").json()["status"] == "ready", 30)
        assert ready
        assert one.http.get("/readyz").json()["parts"] == {
            "database": True,
            "milvus": True,
            "worker": True,
        }
        page = one.http.get("/c/movies")
        assert page.headers["content-type"].startswith("text/html")
        answer = one.http.get(f"{MOVIES}/items/5/similar").json()
        with Nearfield(home) as beside:  # which asks the same vectors, through the service's
            found = [item.item for item in beside.similar_items(5, catalogue="movies")]
        assert [item["item"] for item in answer["items"]] == found
        children = _children(one.process.pid)
        assert len(children) == 2
        maps = Path(f"/proc/{one.process.pid}/maps").read_text()
        assert "torch" not in maps
        one.process.send_signal(signal.SIGTERM)
        assert one.process.wait(15) == 0
        wait_for(lambda: not any(map(_lives, children)), 10)


@pytest.mark.slow
def test_a_job_changes_what_answers(home: Path) -> None:
    with served(home) as one:
        before = one.http.get(f"{MOVIES}").json()["spaces"]
        version = next(space["version"] for space in before if space["space"] == "fusion")
        options = {"recommender": "fusion", "epochs": 1, "dim": 8, "width": 8, "id_dim": 8}
        body = {"kind": "train", "options": {**options, "layers": 1, "heads": 1, "window": 16}}
        trained = one.http.post(f"{MOVIES}/jobs", json=body)
        assert trained.status_code == 202, trained.text
        done = one.job(trained.json()["id"])
        assert done["state"] == "done", done
        new = done["result"]["version"]
        published = one.http.post(f"{MOVIES}/models/fusion/{new}/publish")
        assert one.job(published.json()["id"])["state"] == "done"

        def answers() -> bool:
            found = one.http.get(f"{MOVIES}/items/5/similar").json()
            return bool(found["models"]["fusion"] == new)

        wait_for(answers, 20)
        back = one.http.post(f"{MOVIES}/spaces/fusion/rollback")
        assert one.job(back.json()["id"])["state"] == "done"
        similar = f"{MOVIES}/items/5/similar"
        wait_for(lambda: one.http.get(similar).json()["models"]["fusion"] == version, 20)


def test_a_port_that_is_taken_is_told(home: Path) -> None:
    with served(home, "--no-worker") as one:
        port = one.address.rsplit(":", 1)[1]
        program = str(Path(sys.executable).parent / "nearfield")
        second = subprocess.run(
            [program, "--home", str(home), "serve", "--port", port],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert second.returncode == 1
    assert f"cannot listen at http://127.0.0.1:{port}" in second.stderr
    assert "--port 0" in second.stderr


def _children(process: int) -> list[int]:
    threads = Path(f"/proc/{process}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
