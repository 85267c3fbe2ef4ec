"""`nearfield jobs`: what there is to do, and how far it is."""

import json
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from jobs.conftest import opened
from nearfield.cli.main import app

PROGRAM = [sys.executable, "-c", "from nearfield.cli.main import main; main()"]


def run(home: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["--home", str(home), *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_jobs_are_listed_shown_and_cancelled(home: Path) -> None:
    with opened(home) as found:
        job = found.queue.submit("refresh", "movies")
    assert "queued" in run(home, "jobs")
    (listed,) = json.loads(run(home, "jobs", "--json"))
    assert listed == json.loads(run(home, "jobs", "show", job.id))
    assert (listed["id"], listed["kind"], listed["state"]) == (job.id, "refresh", "queued")
    run(home, "jobs", "cancel", job.id)
    assert json.loads(run(home, "jobs", "show", job.id))["state"] == "cancelled"


def test_a_home_without_jobs_lists_none(tmp_path: Path) -> None:
    assert json.loads(run(tmp_path / "new", "jobs", "--json")) == []


def test_a_worker_works_until_it_is_stopped(home: Path) -> None:
    with (
        opened(home) as found,
        subprocess.Popen([*PROGRAM, "--home", str(home), "worker"], stderr=subprocess.PIPE) as one,
    ):
        done = found.ended(found.queue.submit("versions", "movies"))
        one.terminate()
        _, said = one.communicate()
    assert one.returncode == 0
    assert done.state == "done", done.message
    assert f"job {done.id} is done" in said.decode()
