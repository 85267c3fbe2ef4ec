"""The program starts quickly: what is heavy is loaded by the commands that need it."""

import subprocess
import sys

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


@pytest.mark.parametrize("module", ["nearfield", "nearfield.cli.main"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    program = f"import sys, {module}; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0)
