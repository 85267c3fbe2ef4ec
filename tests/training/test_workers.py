"""Training on a real Ray: what two workers learn is what one learns, also when they are killed."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nearfield.errors import InvalidInput
from nearfield.home import Nearfield
from nearfield.pipelines.models import StoredModel
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.workers import Workers
from nearfield.training.checkpoint import Checkpoint
from nearfield.training.weights import load_tensors
from real_servers.processes import running, wait_until
from real_servers.ray import kill, ray_cluster
from small_home import SETTINGS
from synthetic import make_movielens

_EPOCHS = 4
_MANY = 16
"""Epochs of a training in which there is time to end a machine."""

_NEAR = 0.05
"""How far parts of unit vectors may be apart where a processor computes in bfloat16."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workers")


@pytest.fixture(scope="module")
def home(folder: Path) -> Iterator[Nearfield]:
    with Nearfield(folder / "home") as nearfield:
        nearfield.import_folder("movies", make_movielens(folder / "data"))
        yield nearfield


def settings(recommender: str) -> dict[str, Any]:
    return {**SETTINGS[recommender], "epochs": _EPOCHS, "batch": 256}


def units(model: StoredModel) -> NDArray[np.float32]:
    """Return the unit vectors of a model's items."""
    vectors = load_tensors(model.folder / "weights.safetensors")["item_vectors"].numpy()
    found: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found


def check_alike(one: StoredModel, other: StoredModel) -> None:
    assert one.card.keys() == other.card.keys()
    assert one.card["curve"] == pytest.approx(other.card["curve"], abs=_NEAR)
    assert np.abs(units(one) - units(other)).max() < _NEAR


def members() -> list[int]:
    """Return the processes of the teams that this process started."""
    parents = {}
    names = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            names[int(folder.name)] = (folder / "cmdline").read_text()
            stat = (folder / "stat").read_text()
        except OSError:  # ended meanwhile
            continue
        parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])

    def is_ours(process: int) -> bool:
        while process in parents:
            process = parents[process]
            if process == os.getpid():
                return True
        return False

    return [one for one, name in names.items() if "RayTrainWorker" in name and is_ours(one)]


def run_and_kill(
    steps: Steps[StoredModel], kill: Callable[[], None]
) -> tuple[StoredModel, list[int]]:
    """Train; kill something in the second epoch; return which epochs were told of after that."""
    told: list[int] = []
    killed = False
    while True:
        try:
            progress: Progress = next(steps)
        except StopIteration as end:
            assert killed
            return end.value, told
        if not progress.note.startswith("epoch"):
            continue
        epoch = int(progress.note.split()[1])
        if killed:
            told.append(epoch)
        elif epoch == 2:
            kill()
            killed = True


@pytest.mark.servers
def test_a_team_that_loses_a_worker_goes_on_and_learns_what_one_process_does(
    home: Nearfield,
) -> None:
    alone = home.train("fusion", **settings("fusion"))
    steps = home.iter_train("fusion", workers=Workers("ray", 2), **settings("fusion"))
    team, told = run_and_kill(steps, lambda: os.kill(members()[0], signal.SIGKILL))
    assert told[-1] == _EPOCHS
    assert 1 not in told  # that epoch was kept
    check_alike(alone, team)
    assert not members()


_PROGRAM = """
import json, sys
from nearfield.errors import Unavailable
from nearfield.home import Nearfield
from nearfield.pipelines.workers import Workers
with Nearfield(sys.argv[1]) as home:
    try:
        home.train("graph", workers=Workers(sys.argv[2], restarts=0), **json.loads(sys.argv[3]))
    except Unavailable as error:
        sys.exit(str(error))
"""


@pytest.mark.servers
def test_when_a_machine_is_lost_the_training_goes_on_here(
    home: Nearfield, folder: Path, tmp_path: Path
) -> None:
    wanted = settings("graph") | {"epochs": _MANY}
    alone = home.train("graph", **wanted)
    checkpoint = Checkpoint(alone.folder.parent / "training.partial" / "checkpoint")
    with ray_cluster(tmp_path) as cluster:
        # Ray knows one token in the life of a process
        command = [
            sys.executable,
            "-c",
            _PROGRAM,
            folder / "home",
            cluster.address,
            json.dumps(wanted),
        ]
        log = tmp_path / "train.log"
        with running([str(part) for part in command], log, cluster.env) as process:
            wait_until(lambda: checkpoint.epochs() > 0, process, log, seconds=300)
            kill(cluster.nodes[0])
            assert process.wait(timeout=300) == 1
    assert f" of {_MANY} epochs are kept: run the same command again." in log.read_text()
    steps = home.iter_train("graph", **wanted)
    notes: list[str] = []
    while True:
        try:
            notes.append(next(steps).note)
        except StopIteration as end:
            check_alike(alone, end.value)
            break
    assert not any(note.startswith("epoch 1 ") for note in notes)
    assert any(note.startswith(f"epoch {_MANY} ") for note in notes)


def test_workers_without_a_place_are_refused() -> None:
    with pytest.raises(InvalidInput, match="--on ray"):
        Workers(count=2)


@pytest.mark.parametrize("given", [{"on": "cloud"}, {"threads": 0}, {"restarts": -1}])
def test_what_cannot_be_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Workers(**{"on": "ray", **given})
