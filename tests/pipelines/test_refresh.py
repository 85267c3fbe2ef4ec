"""Items that came after training get a vector, at once and without a new version."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from nearfield.datasets.tables import Columns
from nearfield.errors import InUse, InvalidInput, NotFound
from nearfield.home import Nearfield
from nearfield.pipelines.publish import publish
from nearfield.types import Ids, Vectors

LATE = pd.DataFrame({"item": ["900"], "title": ["Late"], "genres": ["Drama"], "year": [1999]})


@pytest.fixture
def home(both: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(both, tmp_path / "home"))


def touch(nearfield: Nearfield, users: list[str]) -> None:
    """Let some users rate the late item."""
    columns = {
        Columns.USER: users,
        Columns.ITEM: ["900"] * len(users),
        Columns.KIND: ["rated"] * len(users),
        Columns.VALUE: pl.Series([5.0] * len(users), dtype=pl.Float32),
        Columns.TIME: [10**9 + row for row in range(len(users))],
    }
    nearfield.stores.catalogue("movies").add_events(pl.DataFrame(columns))


def rows(nearfield: Nearfield, space: str) -> tuple[Ids, Vectors]:
    _, index = nearfield.stores.spaces.open("movies", space)
    ids, vectors = zip(*index.scan(), strict=True)
    return np.concatenate(ids), np.concatenate(vectors)


def test_a_new_item_is_found_in_every_space_without_a_new_version(home: Path) -> None:
    with Nearfield(home) as nearfield:
        versions = [one.version for one in nearfield.spaces()]
        nearfield.import_tables("movies", items=LATE)
        with pytest.raises(NotFound, match="Run `nearfield refresh --catalogue movies`"):
            nearfield.similar_items(900)
        found = nearfield.refresh()
        assert {(one.space, one.later, one.changed) for one in found} == {
            ("fusion", 1, 1),
            ("graph", 1, 1),
        }
        assert [one.version for one in nearfield.spaces()] == versions
        for space in ("fusion", "graph", "blend"):
            assert len(nearfield.similar_items(900, space=space)) == 10
            answers = nearfield.recommend(user=1, space=space, allow=[900])
            assert [one.item for one in answers] == [900]
        assert [one.changed for one in nearfield.refresh()] == [0, 0]
    with Nearfield(home) as again:  # it is in Milvus, not in the mirror alone
        assert len(again.similar_items(900, space="graph")) == 10
        assert len(rows(again, "graph")[0]) == 81


def test_first_events_move_the_vector_of_the_graph_and_nothing_else(home: Path) -> None:
    with Nearfield(home) as nearfield:
        nearfield.import_tables("movies", items=LATE)
        nearfield.refresh()
        ids, before = rows(nearfield, "graph")
        touch(nearfield, ["1", "2", "3"])
        found = {one.space: one.changed for one in nearfield.refresh()}
        assert found == {"fusion": 0, "graph": 1}  # fusion knows a new item by what it is
        after_ids, after = rows(nearfield, "graph")
        np.testing.assert_array_equal(after_ids, ids)
        moved = np.abs(after - before).max(axis=1) > 1e-6
        assert moved.tolist() == [False] * 80 + [True]
        one = nearfield.stores.models.newest("movies", "graph")
        nearfield.publish(model=one)
        np.testing.assert_allclose(rows(nearfield, "graph")[1], after, atol=1e-5)


def test_only_what_is_new_is_read(home: Path) -> None:
    with Nearfield(home) as nearfield:
        nearfield.import_tables("movies", items=LATE)
        touch(nearfield, ["1", "2"])
        catalogue = nearfield.stores.catalogue()
        part = catalogue.collection_of(catalogue.item_keys([900]))
        assert (part.items.height, part.users.height, len(part.interactions)) == (1, 2, 2)
        assert part.users["user"].to_list() == ["1", "2"]
        assert part.user_keys[part.interactions.user].tolist() == part.user_keys.tolist()
        nothing = catalogue.collection_of(catalogue.all_item_keys()[:0])
        assert (nothing.items.height, nothing.users.height, len(nothing.interactions)) == (0, 0, 0)
        whole = catalogue.collection_of(catalogue.all_item_keys())
        expected = catalogue.collection()
        assert whole.items.equals(expected.items)
        for name in ("user", "item", "kind", "value", "time"):
            np.testing.assert_array_equal(
                getattr(whole.interactions, name), getattr(expected.interactions, name)
            )


def test_one_space_can_be_named(home: Path) -> None:
    with Nearfield(home) as nearfield:
        nearfield.import_tables("movies", items=LATE)
        assert [one.space for one in nearfield.refresh(space="graph")] == ["graph"]
        with pytest.raises(NotFound, match="item 900 has no vector in the space 'fusion'"):
            nearfield.similar_items(900)
        assert len(nearfield.similar_items(900, space="blend")) == 10  # the graph has it
        with pytest.raises(InvalidInput, match="no recommender 'blend'"):
            nearfield.refresh(space="blend")
        nearfield.import_tables("songs", items=LATE)
        with pytest.raises(NotFound, match=r"'songs' has no published space.*publish --catalogue"):
            nearfield.refresh("songs")
        with pytest.raises(NotFound, match="no published graph space"):
            nearfield.refresh("songs", space="graph")


def test_a_running_publish_is_waited_for(home: Path) -> None:
    with Nearfield(home) as nearfield:
        nearfield.import_tables("movies", items=LATE)
        steps = publish(nearfield.stores, "movies", recommender="fusion")
        while next(steps).what != "Checking what Milvus holds":
            pass
        with pytest.raises(InUse, match="rolls back a space at a time"):
            nearfield.refresh()
        steps.close()
        assert [one.changed for one in nearfield.refresh(space="graph")] == [1]
