"""kill -9 in the middle of a publish: the old space answers, nothing is lost or doubled."""

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from nearfield.vectors.embeddings import Embeddings
from nearfield.vectors.spaces import Spaces

ROWS = 3_000
PROGRAM = """
import sys
from pathlib import Path
from nearfield.vectors.embeddings import Embeddings
from nearfield.vectors.spaces import Spaces
rows = Embeddings.load(Path(sys.argv[2]))
with Spaces(sys.argv[1]) as spaces:
    print("open", flush=True)
    for number in range(1_000):
        for at in spaces.publish("movies", "fusion", f"new-{number}", rows, 100):
            print(at.step, flush=True)
"""


def embeddings(seed: int) -> Embeddings:
    vectors = np.random.default_rng(seed).normal(size=(ROWS, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Embeddings(np.arange(1, ROWS + 1), vectors, {})


def kill_publishing(uri: str, rows: Path, line: int, pause: float) -> None:
    """Start a publish in a process of its own and kill it a moment after its `line`-th step."""
    command = [sys.executable, "-c", PROGRAM, uri, str(rows)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(line):
            assert process.stdout.readline()
        time.sleep(pause)
        process.kill()


@pytest.mark.parametrize("seed", range(4))
def test_a_kill_at_any_moment_leaves_a_whole_space(tmp_path: Path, seed: int) -> None:
    uri, chance = str(tmp_path / "milvus.db"), random.Random(seed)
    old, new = embeddings(1), embeddings(2)
    new.save(tmp_path / "new")
    with Spaces(uri) as spaces:
        list(spaces.publish("movies", "fusion", "old", old))
    # 31 steps fill, then check, swap, canary and done; the second round sweeps the old space
    kill_publishing(uri, tmp_path / "new", chance.randint(2, 75), chance.random() * 0.02)
    with Spaces(uri) as spaces:
        space, index = spaces.open("movies", "fusion")
        expected = old if space.version == "old" else new
        held = spaces.held(space)  # by Milvus itself, not the mirror
        assert held.tolist() == expected.ids.tolist()
        np.testing.assert_allclose(index.get(expected.ids), expected.vectors, atol=1e-6)
        list(spaces.publish("movies", "fusion", "new-0", new))
        space, index = spaces.open("movies", "fusion")
        assert (space.version, len(index)) == ("new-0", ROWS)
        np.testing.assert_allclose(index.get(new.ids), new.vectors, atol=1e-6)
        assert len(spaces.list()) <= 2
