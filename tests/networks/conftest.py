import pytest

from nearfield.datasets.tables import Collection
from synthetic import make_tables


@pytest.fixture(scope="package")
def collection() -> Collection:
    return Collection.from_tables("movies", make_tables(users=120, items=80))
