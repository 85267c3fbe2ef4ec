"""The movies that benchmarks learn from: a release of MovieLens, or small made-up data."""

import sys
from pathlib import Path

from nearfield.datasets.read import read_folder
from nearfield.datasets.tables import Collection

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the made-up data is the tests'
from synthetic import make_tables


def load(data: Path | None) -> Collection:
    """Read a release of MovieLens, or make up a small one."""
    if data is None:
        return Collection.from_tables("made-up", make_tables(users=400, items=200, events=10_000))
    return Collection.from_tables(data.name, read_folder(data).tables)
