"""Items that are deleted are nowhere any more."""

import shutil
from pathlib import Path

import pytest

from nearfield.errors import NotFound
from nearfield.home import Nearfield
from nearfield.pipelines.forget_items import forget_items


def test_deleted_items_are_neither_known_nor_answered(both: Path, tmp_path: Path) -> None:
    with Nearfield(Path(shutil.copytree(both, tmp_path / "home"))) as home:
        before = home.stores.catalogue("movies").counts()
        nearest = home.similar_items(1, 3)
        gone = [one.item for one in nearest[:2]]
        with pytest.raises(NotFound, match="'nobody'"):
            forget_items(home.stores, "movies", [*gone, "nobody"])
        assert home.similar_items(1, 3) == nearest
        done = forget_items(home.stores, "movies", gone)
        assert done.spaces == ("fusion", "graph")
        counts = home.stores.catalogue("movies").counts()
        assert counts.items == before.items - 2
        assert counts.events == before.events - done.rows["events"]
        for space in done.spaces:
            found = [one.item for one in home.similar_items(1, 100, space=space)]
            assert found
            assert not set(found) & set(gone)
    with Nearfield(tmp_path / "home") as home:
        assert not {one.item for one in home.recommend(1, 100)} & set(gone)
        with pytest.raises(NotFound):
            home.similar_items(gone[0])
