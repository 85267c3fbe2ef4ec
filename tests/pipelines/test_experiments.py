"""Arms of experiments, compared."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from nearfield.cli.main import app
from nearfield.errors import InvalidInput, NotFound
from nearfield.home import Nearfield
from nearfield.pipelines.experiments import Experiment, report
from nearfield.pipelines.intervals import Tally, mean_difference, share_difference

DAY = 86_400


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Nearfield]:
    with Nearfield(tmp_path / "home") as nearfield:
        catalogue = nearfield.stores.catalogues.create("m")
        catalogue.put_items([{"id": number, "title": "x"} for number in range(6)])
        for user in range(4):
            catalogue.put_user(user)
        yield nearfield


def show(home: Nearfield, arm: str, user: int, items: list[int], moment: float) -> None:
    catalogue = home.stores.catalogue("m")
    keys = catalogue.item_keys(items).tolist()
    home.stores.catalogues.arms("m").log("e", arm, catalogue.user_key(user), keys, moment)


def only(home: Nearfield, days: float = 7) -> Experiment:
    (found,) = report(home.stores, "m", days=days)
    return found


def test_an_event_counts_for_the_last_answer_that_showed_its_item(home: Nearfield) -> None:
    show(home, "a", 0, [1, 2], 1000.5)
    show(home, "a", 0, [2, 3], 2000.5)
    show(home, "a", 1, [1], 1000.0)
    show(home, "b", 2, [1, 2, 3], 1000.0)
    show(home, "b", 3, [5], 1000.0)
    home.stores.catalogue("m").post_events(
        [
            {"user": 0, "item": 1, "time": 1000},  # within the second of the answer
            {"user": 0, "item": 2, "time": 2000},
            {"user": 0, "item": 2, "time": 3000},
            {"user": 0, "item": 4, "time": 3000},  # was not shown
            {"user": 0, "item": 3, "time": 1999},  # was not shown yet
            {"user": 1, "item": 1, "time": 1000 + 8 * DAY},  # too late
            {"user": 2, "item": 1, "kind": "skipped", "time": 1001},
            {"user": 2, "item": 2, "value": 1, "time": 1001},  # below the middle of the scale
            {"user": 2, "item": 3, "value": 5, "time": 1001},
            {"user": 3, "item": 5, "kind": "disliked", "time": 1001},
        ]
    )
    found = only(home)
    a, b = found.arms
    assert (a.arm, a.answers, a.users, a.open) == ("a", 3, 2, 0)
    assert (b.arm, b.answers, b.users, b.open) == ("b", 2, 2, 0)
    assert a.share.value == pytest.approx(2 / 3)
    assert a.mean.value == pytest.approx(3 / 3)
    assert (b.share.value, b.mean.value) == (0.5, 0.5)
    (difference,) = found.differences
    assert (difference.arm, difference.than) == ("b", "a")
    assert difference.share.value == pytest.approx(0.5 - 2 / 3)
    assert difference.mean.low < 0 < difference.mean.high
    assert only(home, days=9).arms[0].share.value == pytest.approx(1)
    assert only(home, days=36_50).arms[0].open == 0


def test_what_cannot_be_told(home: Nearfield) -> None:
    assert report(home.stores, "m") == []
    show(home, "a", 0, [1], 1e9)
    show(home, "b", 1, [1], 4e9)
    found = only(home)
    assert [arm.open for arm in found.arms] == [0, 1]
    assert math.isnan(found.arms[0].mean.low)
    assert found.arms[0].share.high < 1
    with pytest.raises(NotFound, match=r"no experiment 'x' in 'm'\. Known: e\."):
        report(home.stores, "m", "x")
    for days in (0, math.nan, -1, 1e9):
        with pytest.raises(InvalidInput, match="days were asked for"):
            report(home.stores, "m", days=days)
    for label in ("", "x" * 81, "a\n"):
        with pytest.raises(InvalidInput, match="cannot be the name of an arm"):
            home.stores.catalogues.arms("m").log("e", label, 1, [])


def test_the_command_prints_figures(home: Nearfield) -> None:
    show(home, "a", 0, [1], 1e9)
    show(home, "b", 1, [1], 1e9)
    home.close()
    call = ["--home", str(home.stores.home), "experiments", "report"]
    done = CliRunner().invoke(app, [*call, "--json"])
    (found,) = json.loads(done.stdout)
    assert [arm["arm"] for arm in found["arms"]] == ["a", "b"]
    assert found["arms"][0]["mean"] == [0, None, None]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0
    assert "b - a" in done.stdout


def test_keys_are_made_listed_and_removed(home: Nearfield) -> None:
    home.close()
    call = ["--home", str(home.stores.home), "keys"]
    assert "keys add NAME" in CliRunner().invoke(app, call).stderr
    done = CliRunner().invoke(app, [*call, "add", "player", "--scope", "read", "--scope", "write"])
    key = done.stdout.strip()
    assert key.startswith("nf_")
    listed = CliRunner().invoke(app, [*call, "--json"])
    assert [one["scopes"] for one in json.loads(listed.stdout)] == [["read", "write"]]
    assert key not in listed.stdout
    assert CliRunner().invoke(app, [*call, "remove", "player"]).exit_code == 0
    assert CliRunner().invoke(app, [*call, "remove", "player"]).exit_code == 1


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Users differ, and get several answers: intervals over answers alone would be too narrow."""
    rng = np.random.default_rng(1)
    held = {"share": 0, "mean": 0, "share difference": 0, "mean difference": 0}
    rounds = 1000
    for _ in range(rounds):
        tallies = []
        for _arm in range(2):
            likes = np.repeat(rng.beta(1, 3, 80), answers := rng.integers(1, 9, 80))
            users = np.repeat(np.arange(80), answers).tolist()
            tallies.append(Tally.of(users, (rng.random(len(likes)) < likes).astype(int).tolist()))
        one, other = tallies
        share, mean = one.share(), one.mean()
        held["share"] += share.low <= 0.25 <= share.high
        held["mean"] += mean.low <= 0.25 <= mean.high
        share, mean = share_difference(one, other), mean_difference(one, other)
        held["share difference"] += share.low <= 0 <= share.high
        held["mean difference"] += mean.low <= 0 <= mean.high
    assert all(0.93 <= count / rounds <= 0.97 for count in held.values()), held


def test_wilson_is_as_published_where_each_user_has_one_answer() -> None:
    """Newcombe 1998, table I: 81 of 263 and 15 of 148, without correction for continuity."""
    for counted, of, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)):
        tally = Tally.of(list(range(of)), [1] * counted + [0] * (of - counted))
        assert tally.share() == pytest.approx((counted / of, low, high), abs=5e-4)
    nothing = Tally.of(list(range(20)), [0] * 20).share()
    assert nothing == pytest.approx((0, 0, 0.1611), abs=5e-4)
