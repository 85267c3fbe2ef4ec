"""The map of a space: drawn after publishing, whole or not at all, gone with its version."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield.errors import InvalidInput, NotFound, Unavailable
from nearfield.home import Nearfield
from nearfield.pipelines.maps import Map, make_map, read_map
from nearfield.pipelines.progress import Progress, finish
from nearfield.pipelines.projection import nearest, project
from nearfield.pipelines.publish import publish
from nearfield.pipelines.refresh import refresh
from nearfield.types import Vectors
from small_home import TINY


def files(home: Path) -> list[str]:
    """What lies in the folder of maps."""
    return sorted(str(one.relative_to(home / "maps")) for one in (home / "maps").rglob("*.*"))


def units(rows: int, dim: int = 8, kinds: int = 0, seed: int = 0) -> Vectors:
    """Unit vectors; of a few kinds that are the same, where asked for."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(rows, dim)).astype(np.float32)
    if kinds:
        vectors = vectors[rng.integers(0, kinds, rows)]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def test_publishing_draws_the_map_of_what_answers(home: Path) -> None:
    with Nearfield(home) as nearfield:
        first = read_map(nearfield.stores, "movies")
        _, index = nearfield.stores.spaces.open("movies", "fusion")
        ids = np.sort(np.concatenate([some for some, _ in index.scan()]))
        np.testing.assert_array_equal(first.keys, ids)
        assert first.points.shape == (80, 2)
        assert np.isfinite(first.points).all()
        assert np.ptp(first.points, axis=0).min() > 1
        told: list[Progress] = []
        finish(publish(nearfield.stores, "movies"), told.append)  # the same version: drawn already
        assert not [one for one in told if one.what == "Drawing the map"]
        again = finish(make_map(nearfield.stores))
        np.testing.assert_array_equal(again.points, first.points)
        assert finish(make_map(nearfield.stores, seed=1)).points.tolist() != first.points.tolist()


def test_maps_go_with_their_versions(home: Path) -> None:
    with Nearfield(home) as nearfield:
        versions = [nearfield.spaces()[0].version]
        for _ in range(2):
            nearfield.train("fusion", **TINY)
            versions.append(nearfield.publish().version)
        (home / "maps" / "movies" / "fusion" / "x.parquet.1.draft").touch()
        os.utime(home / "maps" / "movies" / "fusion" / "x.parquet.1.draft", (0, 0))
        finish(make_map(nearfield.stores))
        assert files(home) == [f"movies/fusion/{one}.parquet" for one in versions[1:]]
        assert read_map(nearfield.stores, "movies").version == versions[2]
        nearfield.rollback("movies")
        assert read_map(nearfield.stores, "movies").version == versions[1]
        (home / "maps" / "movies" / "fusion" / f"{versions[1]}.parquet").unlink()
        assert read_map(nearfield.stores, "movies", "fusion").version == versions[2]
        nearfield.stores.spaces.drop("movies", "fusion")
        with pytest.raises(NotFound, match="no map of 'movies' yet"):
            read_map(nearfield.stores, "movies")


def test_what_is_published_answers_before_its_map_is_drawn(home: Path) -> None:
    with Nearfield(home) as nearfield:
        old = read_map(nearfield.stores, "movies")
        version = nearfield.train("fusion", **TINY).version
        steps = publish(nearfield.stores, "movies")
        while next(steps).what != "Drawing the map":
            pass
        assert [one.version for one in nearfield.spaces() if one.active] == [version]
        assert len(nearfield.similar_items(1)) == 10
        steps.close()  # as an interrupt does
        assert read_map(nearfield.stores, "movies").version == old.version
        nearfield.publish()
        assert read_map(nearfield.stores, "movies").version == version


def test_a_map_that_cannot_be_drawn_costs_nothing_else(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Nearfield(home) as nearfield:
        version = nearfield.train("fusion", **TINY).version
        monkeypatch.setattr("nearfield.pipelines.maps.PACKAGE", "not_installed")
        assert warned(nearfield) == [
            "Drawing no map: it wants not_installed, pip install 'nearfield[map]'"
        ]
        assert nearfield.spaces()[-1].version == version
        with pytest.raises(Unavailable, match=r"not installed.*pip install 'nearfield\[map\]'"):
            finish(make_map(nearfield.stores))
        monkeypatch.undo()
        place = home / "maps" / "movies" / "fusion" / f"{version}.parquet"
        place.mkdir()  # nothing can be written there
        with pytest.raises(Unavailable, match=rf"cannot be written to .*{version}"):
            finish(make_map(nearfield.stores))
        (told,) = warned(nearfield)
        assert "cannot be written" in told
        place.rmdir()
        place.write_bytes(b"no map")
        with pytest.raises(Unavailable, match=r"is no map .*nearfield map --catalogue movies"):
            read_map(nearfield.stores, "movies")
        finish(make_map(nearfield.stores))
        assert read_map(nearfield.stores, "movies").version == version


def warned(nearfield: Nearfield) -> list[str]:
    """What publishing says of a map that is not drawn."""
    told: list[Progress] = []
    finish(publish(nearfield.stores, "movies"), told.append)
    return [one.what for one in told if one.what.startswith("Drawing no map")]


def test_what_cannot_have_a_map_is_said(home: Path) -> None:
    few = pd.DataFrame({"user": [1, 2, 3] * 3, "item": [1, 2, 3, 4, 5, 6, 7, 8, 1]})
    with Nearfield(home) as nearfield:
        with pytest.raises(InvalidInput, match="no recommender 'blend'"):
            finish(make_map(nearfield.stores, "movies", "blend"))
        with pytest.raises(NotFound, match="no published graph space"):
            finish(make_map(nearfield.stores, "movies", "graph"))
        with pytest.raises(NotFound, match=r"nearfield map --catalogue movies --space graph"):
            read_map(nearfield.stores, "movies", "graph")
        nearfield.import_tables("few", events=few)
        nearfield.train("fusion", catalogue="few", **TINY)
        nearfield.publish("few")
        with pytest.raises(InvalidInput, match=r"has 8 items\. A map wants 10 or more"):
            finish(make_map(nearfield.stores, "few"))
        with pytest.raises(NotFound, match="no map of 'few' yet"):
            read_map(nearfield.stores, "few")


def test_many_new_items_are_drawn_without_being_asked_for(home: Path) -> None:
    def late(rows: Sequence[int]) -> pd.DataFrame:
        return pd.DataFrame({"item": rows, "title": [f"Late {row}" for row in rows]})

    with Nearfield(home) as nearfield:
        stores, recommenders = nearfield.stores, nearfield._recommenders
        nearfield.import_tables("movies", items=late(range(900, 905)))
        finish(refresh(stores, recommenders, "movies"))
        assert len(read_map(stores, "movies").keys) == 80
        nearfield.import_tables("movies", items=late(range(905, 912)))
        finish(refresh(stores, recommenders, "movies"))
        assert len(read_map(stores, "movies").keys) == 92


def test_a_kill_leaves_the_old_map_and_what_answers(home: Path) -> None:
    with Nearfield(home) as nearfield:
        version = nearfield.train("fusion", **TINY).version
        old = read_map(nearfield.stores, "movies")
    command = [sys.executable, "-c", _PUBLISH, str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "drawing\n"
        process.send_signal(signal.SIGKILL)
    with Nearfield(home) as nearfield:
        assert read_map(nearfield.stores, "movies").version == old.version
        assert len(nearfield.similar_items(1)) == 10
        assert [one.version for one in nearfield.spaces() if one.active] == [version]
        finish(make_map(nearfield.stores))
        assert read_map(nearfield.stores, "movies").version == version


_PUBLISH = """
import sys, time
from pathlib import Path
from nearfield.pipelines.publish import publish
from nearfield.pipelines.stores import Stores
with Stores(Path(sys.argv[1])) as stores:
    for step in publish(stores, "movies"):
        if step.what == "Drawing the map":
            print("drawing", flush=True)
            time.sleep(60)
"""


def test_near_stays_near() -> None:
    centres = units(4, seed=1)
    kinds = np.repeat(np.arange(4), 50)
    vectors = centres[kinds] + 0.1 * units(200, seed=2)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    points = finish(project(vectors))
    rows = np.argsort(((points[:, None] - points[None]) ** 2).sum(axis=2), axis=1)[:, 1:11]
    assert (kinds[rows] == kinds[:, None]).mean() > 0.95


def test_neighbours_among_many_rows_are_nearly_all_true() -> None:
    vectors = units(21_000, dim=6)
    rows, distances = finish(nearest(vectors, 5))
    asked = np.arange(0, 21_000, 97)
    cosines = vectors[asked] @ vectors.T
    cosines[np.arange(len(asked)), asked] = -2
    best = np.argsort(-cosines, axis=1)[:, :5]
    found = [len(np.intersect1d(a, b)) for a, b in zip(rows[asked], best, strict=True)]
    assert np.mean(found) > 4.7
    assert (np.diff(distances, axis=1) >= 0).all()
    assert (rows != np.arange(21_000)[:, None]).all()


@settings(max_examples=15, deadline=None)
@given(rows=st.integers(10, 120), kinds=st.integers(0, 12), seed=st.integers(0, 9))
def test_any_vectors_can_be_drawn(rows: int, kinds: int, seed: int) -> None:
    points = finish(project(units(rows, kinds=kinds, seed=seed)))
    assert points.shape == (rows, 2)
    assert points.dtype == np.float32
    assert np.isfinite(points).all()
    assert np.abs(points).max() < 1e4


def test_a_map_tells_what_it_is_of() -> None:
    drawn = Map("movies", "fusion", "v", np.array([3, 5]), np.zeros((2, 2), dtype=np.float32))
    assert drawn.summary() == {
        "catalogue": "movies",
        "space": "fusion",
        "version": "v",
        "items": 2,
    }
