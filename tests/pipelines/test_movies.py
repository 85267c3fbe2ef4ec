"""The demo: the whole way once, and nothing twice."""

from pathlib import Path

import pytest

from nearfield.errors import InvalidInput
from nearfield.pipelines.demo import Demo, Note, Shown
from nearfield.pipelines.imports import import_folder
from nearfield.pipelines.movies import demo_movies
from nearfield.pipelines.progress import Progress, finish
from nearfield.pipelines.stores import Stores
from small_home import TINY
from synthetic import make_movielens


def run(home: Path, wanted: Demo) -> tuple[list[str], list[str], list[Shown]]:
    """Return the steps, the notes and the lists of one demo."""
    with Stores(home) as stores:
        told = list(demo_movies(stores, wanted, lambda progress: None))
    steps = list(dict.fromkeys(one.what for one in told if isinstance(one, Progress)))
    notes = [one.text for one in told if isinstance(one, Note)]
    return steps, notes, [one for one in told if isinstance(one, Shown)]


def test_three_kinds_of_user_are_answered_and_nothing_is_done_twice(tmp_path: Path) -> None:
    wanted = Demo(make_movielens(tmp_path / "data"), k=5, options=TINY)
    steps, notes, shown = run(tmp_path / "home", wanted)
    assert "Training fusion" in steps
    assert [note.split()[0] for note in notes] == ["Imported", "Trained", "Published"]
    assert [one.command.split("movies ")[1].split()[0] for one in shown] == [
        "--user",
        "--liked",
        "-a",
    ]
    assert all(len(one.answers) == 5 and one.answers[0].reasons for one in shown)

    steps, notes, again = run(tmp_path / "home", wanted)
    assert not {"Training fusion", "Filling Milvus"} & set(steps)
    assert "already holds all of" in notes[0]
    assert "using it again" in notes[1]
    assert "already" in notes[2]
    assert again == shown


def test_a_demo_with_other_settings_trains_again(tmp_path: Path) -> None:
    data = make_movielens(tmp_path / "data")
    run(tmp_path / "home", Demo(data, options=TINY))
    steps, _, _ = run(tmp_path / "home", Demo(data, options={**TINY, "seed": 1}))
    assert {"Training fusion", "Filling Milvus"} <= set(steps)


def test_another_data_set_replaces_what_the_demo_itself_made(tmp_path: Path) -> None:
    run(tmp_path / "home", Demo(make_movielens(tmp_path / "one"), options=TINY))
    other = Demo(make_movielens(tmp_path / "two", items=70, seed=5), options=TINY)
    _, notes, shown = run(tmp_path / "home", other)
    assert any("Replacing what an earlier demo had put into 'movies'" in note for note in notes)
    assert len(shown) == 3
    with Stores(tmp_path / "home") as stores:
        assert stores.catalogue("movies").counts().items == 70


def test_what_somebody_imported_is_never_replaced(tmp_path: Path) -> None:
    one, two = make_movielens(tmp_path / "one"), make_movielens(tmp_path / "two", seed=5)
    with Stores(tmp_path / "home") as stores:
        finish(import_folder(stores, "movies", one))
    run(tmp_path / "home", Demo(one, options=TINY))
    with pytest.raises(InvalidInput, match=r"holds another data set.*--catalogue.*--home DIR"):
        run(tmp_path / "home", Demo(two, options=TINY))


def test_data_without_attributes_show_what_is_popular_to_a_stranger(tmp_path: Path) -> None:
    folder = tmp_path / "latest"
    folder.mkdir()
    whole = make_movielens(tmp_path / "whole")
    movies = (whole / "movies.dat").read_text().splitlines()
    ratings = (whole / "ratings.dat").read_text().splitlines()
    (folder / "movies.csv").write_text(
        "\n".join(["movieId,title,genres", *(line.replace("::", ",") for line in movies)])
    )
    (folder / "ratings.csv").write_text(
        "\n".join(
            ["userId,movieId,rating,timestamp", *(line.replace("::", ",") for line in ratings)]
        )
    )
    _, _, shown = run(tmp_path / "home", Demo(folder, options=TINY))
    assert shown[-1].answers[0].space == "popularity"
    assert "no ages" in shown[-1].who
