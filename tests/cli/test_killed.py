"""kill -9 in the middle of a command, then the same command again: nothing lost or doubled."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from nearfield.home import Nearfield
from nearfield.types import Recommendation
from small_frames import contents
from synthetic import make_movielens

PROGRAM = [sys.executable, "-c", "from nearfield.cli.main import main; main()"]
pytestmark = pytest.mark.slow  # each process loads everything anew


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "NEARFIELD_HOME": str(home), "OMP_NUM_THREADS": "1"}


def start(home: Path, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*PROGRAM, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(home),
    )


def kill(home: Path, words: tuple[str, ...], line: str, pause: float) -> None:
    """Start a command and kill it a moment after it says `line`."""
    with start(home, *words) as process:
        assert process.stderr is not None
        assert any(said.startswith(line) for said in process.stderr)
        time.sleep(pause)
        process.kill()


def complete(home: Path, *words: str) -> None:
    with start(home, *words) as process:
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == 0, said


def answers(home: Path) -> list[Recommendation]:
    with Nearfield(home) as nearfield:
        return nearfield.recommend(user=1)


def weights(home: Path) -> dict[str, np.ndarray[Any, Any]]:
    newest = max(home.glob("models/*/*/*/weights.safetensors"), key=lambda one: one.parent.name)
    return load_file(newest)


@pytest.mark.parametrize("line", ["Importing items", "Importing events"])
def test_a_killed_import_is_finished_by_the_same_command(tmp_path: Path, line: str) -> None:
    data = make_movielens(tmp_path / "data", users=400, items=300, events=40_000)
    words = ("import", "movies", str(data))
    kill(tmp_path / "killed", words, line, random.Random(line).random() / 5)
    complete(tmp_path / "killed", *words)
    with Nearfield(tmp_path / "whole") as whole, Nearfield(tmp_path / "killed") as killed:
        whole.import_folder("movies", data)
        assert contents(killed.stores.catalogue()) == contents(whole.stores.catalogue())


@pytest.mark.parametrize("recommender", ["fusion", "graph"])
def test_a_killed_training_ends_with_equal_results(
    home: Path, tmp_path: Path, recommender: str
) -> None:
    words = ("train", recommender, "--dim", "8", "--epochs", "6")
    whole = Path(shutil.copytree(home, tmp_path / "whole"))
    old = answers(home)
    with Nearfield(whole) as nearfield:
        nearfield.train(recommender, dim=8, epochs=6)
    for number, line in enumerate(["Preparing the training", f"Training {recommender}"]):
        kill(home, words, line, random.Random(number).random() / 3)
    assert answers(home) == old
    complete(home, *words)
    assert len(list(home.glob("models/*/*/*/card.json"))) == 2
    assert not list(home.glob("models/*/*/*.partial"))
    expected, found = weights(whole), weights(home)
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        np.testing.assert_array_equal(found[name], tensor, err_msg=name)


@pytest.mark.parametrize("line", ["Filling Milvus", "Letting it answer"])
def test_a_killed_publish_leaves_one_whole_space(home: Path, tmp_path: Path, line: str) -> None:
    old = answers(home)
    with Nearfield(home) as nearfield:
        nearfield.train("fusion", dim=8, epochs=1, seed=5)
    whole = Path(shutil.copytree(home, tmp_path / "whole"))
    with Nearfield(whole) as nearfield:
        nearfield.publish()
    new = answers(whole)
    kill(home, ("publish",), line, random.Random(line).random() / 20)
    assert answers(home) in (old, new)
    complete(home, "publish")
    assert answers(home) == new
    with Nearfield(home) as nearfield:
        assert [space.rows for space in nearfield.spaces()] == [80, 80]
