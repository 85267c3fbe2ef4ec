"""Every command, in this process: what it prints, where, and its exit code."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nearfield.cli.main import app
from synthetic import make_movielens, make_tables

Call = Callable[..., Any]


@pytest.fixture
def on(filled: Path) -> Call:
    """Run a command on the filled home."""
    return lambda *words: CliRunner().invoke(app, ["--home", str(filled), *words])


def run(home: Path, *words: str) -> Any:
    return CliRunner().invoke(app, ["--home", str(home), *words])


def data(result: Any) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_recommend_by_attributes_prints_the_promised_json(on: Call) -> None:
    words = ["recommend", "--catalogue", "movies", "-a", "25", "-g", "F", "-j", "4", "--json"]
    answers = data(on(*words))
    assert len(answers) == 10
    promised = {"item", "title", "score", "space", "reasons", "year", "genres", "degraded"}
    assert promised == set(answers[0])
    assert answers[0]["degraded"] is None
    assert {"text", "share", "item", "space"} == set(answers[0]["reasons"][0])
    assert data(on(*words)) == answers


def test_recommend_never_names_what_a_user_has_seen(on: Call) -> None:
    events = make_tables().events
    seen = {int(item) for user, item in events.select("user", "item").rows() if user == "1"}
    answers = data(on("recommend", "--user", "1", "-k", "80", "--json"))
    assert len(answers) == 80 - len(seen)
    assert not seen & {one["item"] for one in answers}


def test_all_options_of_recommend_reach_the_answer(on: Call) -> None:
    words = ["--liked", "1:2,7", "--disliked", "3", "--exclude", "4,5", "--diversity", "0.3"]
    where = ["--where", "genre = 'Drama' or year >= 1980", "-k", "80"]
    answers = data(on("recommend", *words, *where, "--json"))
    assert answers
    assert not {1, 3, 4, 5, 7} & {one["item"] for one in answers}
    assert all("Drama" in one["genres"] or one["year"] >= 1980 for one in answers)
    allowed = data(on("recommend", "--liked", "1", "--allow", "8,9", "--json"))
    assert {one["item"] for one in allowed} == {8, 9}


def test_nan_is_printed_as_null(on: Call) -> None:
    answers = data(on("recommend", "--json"))
    assert {one["score"] for one in answers} == {None}
    assert {one["space"] for one in answers} == {"popularity"}


def test_people_read_a_table(on: Call) -> None:
    result = on("recommend", "--user", "1", "-k", "3")
    lines = result.stdout.splitlines()
    assert lines[0].split()[:4] == ["Top", "Ids", "Title", "Score"]
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3"]
    assert "what most people chose" in on("recommend").stderr


def test_import_option_publishes_before_it_answers(home: Path) -> None:
    trained = data(run(home, "train", "fusion", "--dim", "8", "--epochs", "1", "--json"))
    assert data(run(home, "spaces", "--json"))[0]["version"] != trained["version"]
    assert run(home, "recommend", "--user", "1", "-i", "--json").exit_code == 0
    active = [one["version"] for one in data(run(home, "spaces", "--json")) if one["active"]]
    assert active == [trained["version"]]
    back = data(run(home, "rollback", "--json"))
    assert back["version"] != trained["version"]


def test_graph_is_trained_published_and_asked(home: Path) -> None:
    sizes = ["--dim", "8", "--layers", "1", "--neighbours", "3", "--walks", "10"]
    rest = ["--restart", "0.4", "--epochs", "1", "--seed", "1", "--objective", "retrieval"]
    trained = data(run(home, "train", "graph", "--catalogue", "movies", *sizes, *rest, "--json"))
    assert (trained["recommender"], trained["config"]["restart"]) == ("graph", 0.4)
    published = data(run(home, "publish", "--catalogue", "movies", "--json"))
    assert (published["recommender"], published["dim"]) == ("graph", 8)
    like = data(run(home, "similar", "--item", "1", "--space", "graph", "--json"))
    assert {one["space"] for one in like} == {"graph"}
    answers = data(run(home, "recommend", "--user", "1", "--space", "graph", "--json"))
    assert {one["space"] for one in answers} == {"graph"}
    assert [one["recommender"] for one in data(run(home, "models", "--json"))] == [
        "fusion",
        "graph",
    ]
    assert "space movies/graph" in run(home, "doctor").stdout
    back = run(home, "rollback", "--space", "graph")
    assert back.exit_code == 1
    assert "no graph version before" in back.stderr


def test_a_blend_answers_and_its_reasons_name_their_space(both: Path) -> None:
    ask = ["recommend", "--catalogue", "movies", "--user", "1", "--json"]
    answers = data(run(both, *ask, "--space", "blend"))
    assert {one["space"] for one in answers} == {"blend"}
    reasons = [why for one in answers for why in one["reasons"]]
    assert {why["space"] for why in reasons} == {"fusion", "graph"}
    assert all(0 < why["share"] <= 1 for why in reasons)
    assert data(run(both, *ask, "--space", "fusion:0.5, graph:0.5")) == answers
    assert data(run(both, *ask, "--space", "fusion:3,graph:1")) != answers
    assert data(run(both, *ask, "--space", "graph:2,fusion:0"))[0]["space"] == "graph"
    like = data(run(both, "similar", "--item", "5", "--space", "blend", "--json"))
    assert {one["space"] for one in like} == {"blend"}
    lines = run(both, "recommend", "--user", "1", "--space", "blend").stdout.splitlines()
    assert max(map(len, lines)) <= 80


def test_refresh_tells_what_is_new(both: Path) -> None:
    assert data(run(both, "refresh", "--catalogue", "movies", "--space", "graph", "--json")) == [
        {
            "catalogue": "movies",
            "space": "graph",
            "version": data(run(both, "models", "--json"))[1]["version"],
            "later": 0,
            "changed": 0,
        }
    ]
    told = run(both, "refresh").stderr
    assert "graph" in told
    assert "0 vectors are new, of 0 items" in told


def test_import_option_publishes_every_space_that_is_asked(home: Path) -> None:
    sizes = ["--dim", "8", "--epochs", "1", "--walks", "10"]
    assert run(home, "train", "graph", *sizes).exit_code == 0
    answers = data(run(home, "recommend", "--user", "1", "-i", "--space", "blend", "--json"))
    assert {one["space"] for one in answers} == {"blend"}
    active = {one["recommender"] for one in data(run(home, "spaces", "--json")) if one["active"]}
    assert active == {"fusion", "graph"}


def test_similar_lists_neighbours(on: Call) -> None:
    answers = data(on("similar", "--catalogue", "movies", "--item", "5", "-k", "7", "--json"))
    assert len(answers) == 7
    assert 5 not in {one["item"] for one in answers}


def test_lists_of_what_there_is(on: Call) -> None:
    (catalogue,) = data(on("catalogues", "--json"))
    assert (catalogue["name"], catalogue["events"]) == ("movies", 2000)
    (model,) = data(on("models", "--json"))
    (space,) = data(on("spaces", "--json"))
    assert model["version"] == space["version"]
    for command in ("catalogues", "models", "spaces"):
        result = on(command)
        assert len(result.stdout.splitlines()) == 2
        assert max(map(len, result.stdout.splitlines())) <= 80


def test_evaluate_prints_every_row(on: Call, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    words = ["--epochs", "1", "--models", "popularity,ease,fusion", "--report", str(report)]
    rows = data(on("evaluate", "--protocol", "last-out", *words, "--json"))
    assert [row["model"] for row in rows] == ["popularity", "EASE", "fusion"]
    assert all({"hr@10", "ndcg@10", "recall@20", "mrr"} <= set(row) for row in rows)
    assert "<html" in report.read_text()
    missing = on("evaluate", "--report", str(tmp_path / "no" / "report.html"))
    assert missing.exit_code == 1
    assert "is not a folder" in missing.stderr


@pytest.mark.parametrize(
    ("protocol", "models"),
    [
        ("random", "popularity,fusion"),
        ("cold", "popularity by attributes,fusion"),
        ("rating", "user and item bias,fusion rating"),
        ("item-to-item", "LightGCN,popularity,next item,fusion"),
        ("item-to-item-dgl", "popularity,ItemKNN,fusion"),
    ],
)
def test_the_other_protocols_run(on: Call, protocol: str, models: str) -> None:
    result = on("evaluate", "--protocol", protocol, "--models", models, "--epochs", "1")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    for model, line in zip(models.split(","), lines[1:], strict=True):
        assert line.startswith(model)


def test_import_of_named_columns(tmp_path: Path) -> None:
    for name, rows in {
        "items.csv": [["iid", "name"], ["a", "One"], ["b", "Two"]],
        "events.csv": [["uid", "iid", "stars", "ts"], ["u", "a", "5", "10"], ["u", "b", "4", "9"]],
    }.items():
        with (tmp_path / name).open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    words = ["--items", str(tmp_path / "items.csv"), "--events", str(tmp_path / "events.csv")]
    columns = ["--columns", "user=uid,item=iid,value=stars,time=ts"]
    told = data(run(tmp_path / "home", "import", "shop", *words, *columns, "--json"))
    assert (told["items"], told["users"], told["events"]) == (2, 1, 2)
    assert told["added"]["events"] == 2
    again = run(tmp_path / "home", "import", "shop", *words, *columns)
    assert "Nothing new: catalogue 'shop' holds 2 items" in again.stderr
    assert "nearfield --home" in again.stderr
    assert "train fusion --catalogue shop" in again.stderr


def test_broken_ratings_are_counted_by_line_and_the_rest_goes_in(tmp_path: Path) -> None:
    folder = make_movielens(tmp_path / "data")
    lines = (folder / "ratings.dat").read_text().splitlines()
    lines[4], lines[9], lines[19] = "1;2;3;4", "1::2::99::5", "nonsense"
    lines[-1] = lines[-1][:5]  # cut in the middle
    (folder / "ratings.dat").write_text("\n".join(lines))
    result = run(tmp_path / "home", "import", "movies", str(folder), "--json")
    told = data(result)
    assert told["refused"] == 4
    assert told["events"] == 2000 - 4
    for line in (5, 10, 20, 2000):
        assert f"ratings.dat:{line}:" in result.stderr
    assert "4 refused" in result.stderr
    strict = run(tmp_path / "other", "import", "movies", str(folder), "--strict")
    assert strict.exit_code == 1
    assert "4 rows were refused" in strict.stderr
    assert data(run(tmp_path / "other", "catalogues", "--json")) == []


def test_doctor_tells_and_exits_by_what_it_finds(home: Path) -> None:
    checks = data(run(home, "doctor", "--json"))
    assert all(check["ok"] for check in checks)
    (weights,) = home.glob("models/*/*/*/*.safetensors")
    weights.unlink()
    result = run(home, "doctor")
    assert result.exit_code == 1
    assert "problem  models" in result.stdout


MISTAKES = [
    (["recommend", "--catalogue", "films"], "there is no catalogue 'films'"),
    (["recommend", "--user", "nobody"], "users: 'nobody'"),
    (["recommend", "--liked", "1", "--where", "genre ="], "cannot read the condition"),
    (["recommend", "--liked", "1:-2"], "weights are finite numbers"),
    (["recommend", "-j", "wizard"], "occupation 'wizard'"),
    (["recommend", "-k", "0"], "k is 0"),
    (
        ["recommend", "--space", "magic"],
        "no space 'magic': there are fusion, graph, sound, and blend",
    ),
    (["recommend", "--space", "fusion:much"], "'much' is not the weight of a space"),
    (["recommend", "--space", "fusion:-1"], "has weight -1.0"),
    (["recommend", "--space", "blend"], "nearfield publish --catalogue movies --space graph"),
    (["similar", "--item", "1", "--space", "graph"], "Published is: fusion"),
    (["similar", "--item", "x"], "'x'"),
    (["train", "fusion", "--dim", "3"], "dim=3"),
    (["train", "graph", "--walks", "0"], "walks=0"),
    (["publish", "--model", "/nowhere"], "/nowhere"),
    (["publish", "--space", "graph"], "nearfield train graph --catalogue movies"),
    (["publish", "--space", "magic"], "no recommender 'magic': wanted one of fusion, graph"),
    (["rollback"], "no fusion version before"),
    (["import", "movies", "/nowhere"], "/nowhere"),
    (["import", "Bad Name", "{data}"], "cannot be the name"),
    (["demo", "movies", "--data", "/nowhere"], "/nowhere"),
    (["demo", "graph", "--data", "/nowhere"], "/nowhere"),
    (["refresh", "--space", "magic"], "no recommender 'magic'"),
    (["evaluate", "--models", "magic"], "no model 'magic'"),
]


@pytest.mark.parametrize(("words", "said"), MISTAKES, ids=lambda value: "-".join(value[:2])[:30])
def test_a_mistake_is_one_clear_line_and_exit_code_1(
    home: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    folder = make_movielens(tmp_path / "data")
    result = run(home, *(word.format(data=folder) for word in words))
    assert result.exit_code == 1
    assert result.stdout == ""
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert said in errors[0]
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["recommend", "--magic"],
        ["recommend", "-a", "old"],
        ["similar"],
        ["import", "movies"],
        ["evaluate", "--protocol", "guess"],
        ["nothing"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2(home: Path, words: list[str]) -> None:
    result = run(home, *words)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr


@pytest.mark.parametrize(
    ("words", "following"),
    [
        (["recommend"], "nearfield demo movies"),
        (["publish", "--catalogue", "movies"], "nearfield import movies"),
    ],
)
def test_an_empty_home_names_the_next_command(
    tmp_path: Path, words: list[str], following: str
) -> None:
    result = run(tmp_path / "new", *words)
    assert result.exit_code == 1
    assert following in result.stderr
