"""An installation that only answers: what it can do without the packages of training."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.test_process import environment, run
from nearfield.networks.tower_file import TOWER

SPACES = ("fusion", "graph")


def run_without(packages: str, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program where importing some packages, named with spaces between, fails."""
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({packages.split()!r})); "
        "from nearfield.cli.main import main; main()"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True,
        text=True,
        env=environment(home),
        check=False,
    )


@pytest.fixture
def old(both: Path, tmp_path: Path) -> Path:
    """A home whose models were saved before user towers were written apart."""
    home = Path(shutil.copytree(both, tmp_path / "home"))
    for tower in towers(home):
        tower.unlink()
    return home


def towers(home: Path) -> list[Path]:
    return sorted((home / "models").glob(f"*/*/*/{TOWER}"))


@pytest.mark.parametrize("space", [*SPACES, "blend"])
def test_answers_are_the_same(both: Path, space: str) -> None:
    words = ("recommend", "--user", "1", "--liked", "3,9", "--space", space, "--json")
    alone = run_without("torch onnx", both, *words)
    assert (alone.returncode, alone.stderr) == (0, "")
    assert json.loads(alone.stdout) == json.loads(run(both, *words).stdout)


@pytest.mark.parametrize("missing", ["torch", "onnx"])
@pytest.mark.parametrize("recommender", SPACES)
def test_training_says_what_to_install(home: Path, missing: str, recommender: str) -> None:
    done = run_without(missing, home, "train", recommender)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"training and publishing models needs the package '{missing}'" in done.stderr
    assert "pip install 'nearfield[train]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_measuring_says_it_too(home: Path) -> None:
    done = run_without("torch", home, "evaluate", "--models", "popular")
    assert done.returncode == 1
    assert "pip install 'nearfield[train]'" in done.stderr


def test_answering_says_what_to_install(both: Path) -> None:
    done = run_without("onnxruntime", both, "recommend", "--user", "1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "pip install 'nearfield[serve]'" in done.stderr


def test_rolling_back_needs_no_training(home: Path) -> None:
    assert run(home, "publish").returncode == 0  # the same version again: nothing to go back to
    done = run_without("torch onnx onnxruntime", home, "rollback")
    assert "nearfield[" not in done.stderr


@pytest.mark.parametrize("space", SPACES)
def test_an_older_model_answers_where_torch_is_installed(old: Path, space: str) -> None:
    words = ("recommend", "--user", "1", "--space", space, "--json")
    first = run(old, *words)
    assert first.returncode == 0
    assert [tower.parts[-3] for tower in towers(old)] == [space]
    assert run_without("torch onnx", old, *words).stdout == first.stdout


@pytest.mark.parametrize("space", SPACES)
def test_where_it_is_not_the_remedy_is_named(old: Path, space: str) -> None:
    asked = ("recommend", "--user", "1", "--space", space)
    done = run_without("torch", old, *asked)
    assert (done.returncode, done.stdout) == (1, "")
    remedy = f"Run `nearfield publish --catalogue movies --space {space}` where torch is installed"
    assert remedy in " ".join(done.stderr.split())
    assert run(old, "publish", "--space", space).returncode == 0
    assert run_without("torch onnx", old, *asked).returncode == 0
