"""The demo of the graph recommender, beside that of fusion in one home."""

from pathlib import Path

from nearfield.pipelines.demo import Demo, Note, Shown
from nearfield.pipelines.graph_demo import RARE, demo_graph
from nearfield.pipelines.movies import demo_movies
from nearfield.pipelines.stores import Stores
from small_home import TINY, TINY_GRAPH
from synthetic import make_movielens


def test_well_known_and_rare_movies_and_users_are_shown_and_nothing_is_done_twice(
    tmp_path: Path,
) -> None:
    data = make_movielens(tmp_path / "data", users=30, items=150, events=600)
    wanted = Demo(data, k=4, options=TINY_GRAPH)
    with Stores(tmp_path / "home") as stores:
        list(demo_movies(stores, Demo(data, options=TINY), lambda progress: None))
        told = list(demo_graph(stores, wanted, lambda progress: None))
        notes = [one.text for one in told if isinstance(one, Note)]
        assert "already holds all of" in notes[0]
        assert [note.split()[0] for note in notes[1:]] == ["Trained", "Published"]
        assert {one.recommender for one in stores.spaces.list()} == {"fusion", "graph"}

        shown = [one for one in told if isinstance(one, Shown)]
        assert [one.command.split()[0] for one in shown] == ["similar"] * 3 + ["recommend"] * 2
        assert all("--space graph" in one.command for one in shown)
        assert all(len(one.answers) == 4 for one in shown)
        assert {line.space for one in shown for line in one.answers} == {"graph"}
        users = [int(one.who.split("which ")[1].split()[0]) for one in shown[:3]]
        assert users[2] <= RARE < users[1] <= users[0]

        again = list(demo_graph(stores, wanted, lambda progress: None))
        assert "using it again" in [one.text for one in again if isinstance(one, Note)][1]
        assert [one for one in again if isinstance(one, Shown)] == shown
