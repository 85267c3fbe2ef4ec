"""Small folders in the format of each release."""

from pathlib import Path

import pytest

from synthetic import make_movielens


@pytest.fixture
def ml_1m(tmp_path: Path) -> Path:
    """A folder as ml-1m, with 10 users, 20 movies and 100 ratings."""
    return make_movielens(tmp_path / "ml-1m", users=10, items=20, events=100)
