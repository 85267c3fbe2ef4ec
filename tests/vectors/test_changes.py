"""The counts by which processes tell each other that a space changed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nearfield.errors import InUse
from nearfield.vectors.changes import Changes

PROGRAM = """
import sys
from pathlib import Path
from nearfield.vectors.changes import Changes
with Changes(Path(sys.argv[1])).changing("nf_movies_fusion") as change, change.marked():
    print("in the middle", flush=True)
    sys.stdin.read()
"""
ALIAS = "nf_movies_fusion"


@contextmanager
def changer(folder: Path) -> "Iterator[subprocess.Popen[str]]":
    """A process in the middle of a change."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield process


def test_a_change_counts_twice_also_where_it_fails(tmp_path: Path) -> None:
    changes = Changes(tmp_path / "changes")
    assert changes.count(ALIAS) == 0
    with changes.changing(ALIAS) as change:
        with change.marked() as (before, after):
            assert (before, after, changes.count(ALIAS)) == (0, 2, 1)
        with pytest.raises(RuntimeError), change.marked():
            raise RuntimeError
    assert changes.count(ALIAS) == 4
    assert changes.count("nf_movies_graph") == 0


def test_one_at_a_time_changes_a_space(tmp_path: Path) -> None:
    changes = Changes(tmp_path)
    with changer(tmp_path) as process:
        with pytest.raises(InUse, match=f"process {process.pid} .*One process at a time"):
            changes.changing(ALIAS).__enter__()
        with changes.changing("nf_movies_graph"):
            pass
        assert not changes.settled(ALIAS)
        process.communicate("")
    assert changes.settled(ALIAS)
    with changes.changing(ALIAS):
        pass


def test_a_change_that_a_kill_cut_off_is_over_and_counted(tmp_path: Path) -> None:
    changes = Changes(tmp_path)
    with changer(tmp_path) as process:
        process.kill()
        process.wait()
        assert changes.count(ALIAS) == 1
        assert changes.settled(ALIAS)
        assert changes.count(ALIAS) == 2


def test_the_next_change_closes_one_that_was_cut_off(tmp_path: Path) -> None:
    changes = Changes(tmp_path)
    with changer(tmp_path) as process:
        process.kill()
        process.wait()
        with changes.changing(ALIAS) as change, change.marked() as (before, after):
            assert (before, after) == (2, 4)


def test_names_of_any_length_are_counted(tmp_path: Path) -> None:
    changes, name = Changes(tmp_path), "nf_" + 250 * "x"
    with changes.changing(name) as change, change.marked():
        pass
    assert changes.count(name) == 2
