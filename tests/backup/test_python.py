"""Backup, restore and move as methods of `Nearfield`."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from backup.answers import assert_same, movie_answers
from nearfield.errors import InUse, InvalidInput, NotFound
from nearfield.home import Nearfield
from nearfield.pipelines.progress import Progress


def steps_of(work: Generator[Progress, None, Any]) -> list[str]:
    return [step.what for step in work]


def test_a_home_goes_into_a_file_and_out_of_it(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.backup"
    with Nearfield(home) as first:
        wanted = movie_answers(first)
        done = first.backup(file)
        assert (done.bytes, done.catalogues) == (file.stat().st_size, ("movies",))
        with pytest.raises(InvalidInput, match=r"is there already.*force=True in Python"):
            first.backup(str(file))
        first.backup(str(file), ["movies"], force=True)
        with pytest.raises(NotFound, match="no catalogue 'nobody'"):
            first.backup(tmp_path / "b.backup", ["nobody"])
    assert Nearfield.check_backup(str(file)).catalogues.keys() == {"movies"}
    with Nearfield(tmp_path / "other") as other:
        assert other.catalogues() == []  # which opens the home that is empty
        assert other.spaces() == []
        back = other.restore(str(file))
        assert back.answering == ("movies/fusion", "movies/graph")
        assert_same(wanted, movie_answers(other))
        with pytest.raises(InvalidInput, match="is not empty: it holds"):
            other.restore(file)
        assert_same(wanted, movie_answers(other))


def test_who_was_erased_later_does_not_come_back(home: Path, tmp_path: Path) -> None:
    with Nearfield(home) as first:
        first.backup(tmp_path / "old.backup")
        first.erase(1)
        first.backup(tmp_path / "new.backup")
    with Nearfield(tmp_path / "other") as other:
        done = other.restore(tmp_path / "old.backup", erased=str(tmp_path / "new.backup"))
        assert done.forgotten == 1
        with pytest.raises(NotFound):
            other.recommend(user=1)


def test_files_that_are_no_backup(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.backup").write_bytes(b"something else")
    with Nearfield(tmp_path / "other") as other:
        with pytest.raises(NotFound, match="is no file"):
            other.restore(tmp_path / "nowhere")
        with pytest.raises(InvalidInput, match="is no backup"):
            other.restore(tmp_path / "a.backup")
    with pytest.raises(InvalidInput, match="is no backup"):
        Nearfield.check_backup(tmp_path / "a.backup")


def test_a_home_moves_and_back_again(home: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    with Nearfield(home) as first:
        wanted = movie_answers(first)
        with pytest.raises(NotFound, match="is not being moved"):
            first.cancel_move()
        with pytest.raises(InvalidInput, match="say where to"):
            first.move()
        done = first.move(new)
        assert done.settings["NEARFIELD_HOME"] == str(new)
        with pytest.raises(InUse, match="moved to another place"):
            first.stores.catalogue("movies").put_user("late")
        assert_same(wanted, movie_answers(first))  # it still answers
        with Nearfield(new) as second:
            assert_same(wanted, movie_answers(second))
        first.cancel_move()
        first.stores.catalogue("movies").put_user("in again")


def test_all_three_tell_how_far_they_are(home: Path, tmp_path: Path) -> None:
    with Nearfield(home) as first, Nearfield(tmp_path / "other") as other:
        written = steps_of(first.iter_backup(tmp_path / "a.backup"))
        assert "Reading the space fusion of movies" in written
        restored = steps_of(other.iter_restore(tmp_path / "a.backup"))
        moved = steps_of(first.iter_move(tmp_path / "new"))
        for steps in (restored, moved):
            assert "Writing the space graph of movies" in steps
            assert "Checking the space fusion of movies" in steps
