"""kill -9 in the middle of a backup, a restore or a move; then the same command."""

import signal
from pathlib import Path

import pytest

from backup.answers import assert_same, contents, movie_answers, sqlite_of
from backup.killed import finish_command, kill_command
from nearfield.cli.main import INTERRUPTED
from nearfield.errors import InUse
from nearfield.home import Nearfield
from nearfield.pipelines.backup import backup
from nearfield.pipelines.progress import finish
from nearfield.pipelines.restore_home import restore_home
from nearfield.pipelines.stores import Stores


def test_a_killed_backup_leaves_no_file_and_is_done_again(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.backup"
    kill_command(home, ("backup", str(file)), "Reading the space")
    assert not file.exists()
    assert [one.name for one in tmp_path.glob(".a.backup*")] == [".a.backup.partial"]
    finish_command(home, "backup", str(file))
    assert list(tmp_path.glob(".a.backup*")) == []
    finish_command(home, "restore", "--check", str(file))


def test_ctrl_c_leaves_nothing_and_lets_writers_in_again(home: Path, tmp_path: Path) -> None:
    words = ("backup", str(tmp_path / "a.backup"))
    assert kill_command(home, words, "Reading items", signal.SIGINT) == INTERRUPTED
    assert list(tmp_path.glob("*.backup*")) + list(tmp_path.glob(".a*")) == []
    moving = ("move", "--to", str(tmp_path / "new"))
    assert kill_command(home, moving, "Writing items", signal.SIGINT) == INTERRUPTED
    with Stores(home) as stores:
        stores.catalogue("movies").put_user("in again")


@pytest.mark.parametrize(
    "line", ["Writing events", "Writing the space graph", "Checking the space fusion"]
)
def test_a_killed_restore_leaves_no_home_that_opens(home: Path, tmp_path: Path, line: str) -> None:
    file, other = tmp_path / "a.backup", tmp_path / "other"
    with Nearfield(home) as nearfield:
        wanted = movie_answers(nearfield)
        finish(backup(nearfield.stores, file))
        finish(backup(nearfield.stores, tmp_path / "b.backup"))
    kill_command(other, ("restore", str(file)), line)
    with pytest.raises(InUse, match=r"is not whole: .*run the same command again"):
        Stores(other).catalogues  # noqa: B018
    with (
        Stores(other) as stores,
        pytest.raises(InUse, match=r"something else, which was cut off"),
    ):
        finish(restore_home(stores, tmp_path / "b.backup"))
    finish_command(other, "restore", str(file))
    with Nearfield(other) as nearfield:
        assert_same(wanted, movie_answers(nearfield))
    assert contents(sqlite_of(other)) == contents(sqlite_of(home))


def test_a_killed_move_can_be_finished_or_cancelled(home: Path, tmp_path: Path) -> None:
    with Nearfield(home) as nearfield:
        wanted = movie_answers(nearfield)
    words = ("move", "--to", str(tmp_path / "new"))
    kill_command(home, words, "Writing the space graph")
    with Stores(home) as stores, pytest.raises(InUse, match="is being moved"):
        stores.catalogue("movies").put_user("late")
    finish_command(home, "move", "--cancel")
    with Stores(home) as stores:
        stores.catalogue("movies").put_user("in time")
    kill_command(home, words, "Writing items")
    finish_command(home, *words)
    with Nearfield(tmp_path / "new") as nearfield:
        assert_same(wanted, movie_answers(nearfield))
        assert nearfield.stores.catalogue("movies").counts()[1] == 61
