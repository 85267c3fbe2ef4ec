"""The program starts quickly: what is heavy is loaded by the commands that need it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "torch",
    "numba",
    "pymilvus",
    "polars",
    "sqlalchemy",
    "numpy",
    "pydantic",
    "faiss",
    "pandas",
)

OF_TRAINING = ("torch", "onnx", "numba", "scipy", "safetensors.torch")
"""Of no use to who answers, and not installed where only answers are given."""


@pytest.mark.parametrize("module", ["nearfield", "nearfield.cli.main"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    program = f"import sys, {module}; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0)


@pytest.mark.parametrize("module", ["nearfield.home", "nearfield.service.app"])
def test_importing_what_answers_loads_no_trainer(module: str) -> None:
    program = (
        f"import sys, {module}; print(sorted({{'torch', 'onnx', 'numba'}} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0)


@pytest.mark.parametrize("space", ["fusion", "graph"])
@pytest.mark.parametrize("words", [("recommend", "--user", "1"), ("similar", "--item", "3")])
def test_answering_loads_nothing_of_training(
    both: Path, words: tuple[str, ...], space: str
) -> None:
    program = (
        f"import atexit, sys; from nearfield.cli.main import main; "
        f"atexit.register(lambda: print(sorted(set({OF_TRAINING!r}) & set(sys.modules))));"
        f"main()"
    )
    command = [sys.executable, "-c", program, *words, "--space", space, "--json"]
    settings = {**os.environ, "NEARFIELD_HOME": str(both), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=settings, check=False)
    assert (done.stdout.splitlines()[-1], done.returncode) == ("[]", 0)
    assert '"item"' in done.stdout
