"""Ask for recommendations and for what is similar, over HTTP."""

from typing import Any

import pytest

from nearfield.recommend.ask import Ask
from running_service import Running

MOVIES = "/api/catalogues/movies"


def test_catalogues_tell_what_answers(movies: Running) -> None:
    (found,) = movies.get("/api/catalogues")["catalogues"]
    assert found["name"] == "movies"
    assert found["items"] > 0
    assert found["users"] > 0
    assert found["default_space"] == "fusion"
    assert not found["music"]
    assert {one["space"] for one in found["spaces"]} == {"fusion", "graph"}
    details = movies.get(MOVIES)
    assert details["genres"][0]["items"] >= details["genres"][-1]["items"] > 0
    assert "age" in details["attributes"]


def test_similar_is_what_python_answers(movies: Running) -> None:
    answer = movies.get(f"{MOVIES}/items/5/similar", k=7, exclude="1,2")
    recommender = movies.service.recommenders.get("movies", "fusion")
    expected = recommender.similar(5, 7, exclude=[1, 2])
    assert [one["item"] for one in answer["items"]] == [one.item for one in expected]
    assert answer["items"][0]["score"] == pytest.approx(expected[0].score)
    assert answer["space"] == "fusion"
    assert answer["models"] == {"fusion": movies.get(MOVIES)["spaces"][0]["version"]}
    assert not answer["degraded"]


@pytest.mark.parametrize("spaces", ["graph", "blend", {"fusion": 3, "graph": 1}])
def test_recommend_takes_spaces(movies: Running, spaces: Any) -> None:
    answer = movies.post(f"{MOVIES}/recommend", {"user": 3, "spaces": spaces, "k": 4})
    assert len(answer["items"]) == 4
    assert answer["space"] == ("graph" if spaces == "graph" else "blend")


def test_recommend_takes_all_parts_of_a_wish(movies: Running) -> None:
    wish = {
        "attributes": {"age": 25, "gender": "F"},
        "liked": [1, {"item": 2, "weight": 2.5}],
        "disliked": [{"item": 3, "weight": 0.5}],
        "exclude": [4],
        "where": "year >= 1900",
        "diversity": 0.4,
        "k": 5,
    }
    found = [one["item"] for one in movies.post(f"{MOVIES}/recommend", wish)["items"]]
    assert len(found) == 5
    assert not {1, 2, 3, 4} & set(found)
    allowed = movies.post(f"{MOVIES}/recommend", {"user": 3, "allow": found})["items"]
    assert {one["item"] for one in allowed} <= set(found)


def test_reasons_are_told_unless_unwanted(movies: Running) -> None:
    told = movies.post(f"{MOVIES}/recommend", {"liked": [1]})["items"][0]["reasons"]
    assert told[0]["text"].startswith("because you liked")
    assert told[0]["item"] == 1
    plain = movies.post(f"{MOVIES}/recommend", {"liked": [1], "explain": False})
    assert not any(one["reasons"] for one in plain["items"])


def test_the_next_recommendation_reflects_an_event(movies: Running) -> None:
    wish = {"user": 7, "k": 3}
    first = movies.post(f"{MOVIES}/recommend", wish)["items"][0]["item"]
    body = {"events": [{"user": 7, "item": first, "kind": "disliked"}]}
    assert movies.post(f"{MOVIES}/events", body) == {"added": 1, "changed": 0, "unchanged": 0}
    after = [one["item"] for one in movies.post(f"{MOVIES}/recommend", wish)["items"]]
    assert first not in after


def test_an_event_makes_its_user_but_not_its_item(movies: Running) -> None:
    body = {"events": [{"user": "fresh", "item": 1, "value": 5}]}
    assert movies.post(f"{MOVIES}/events", body)["added"] == 1
    assert movies.post(f"{MOVIES}/recommend", {"user": "fresh"})["space"] == "fusion"
    body["events"].append({"user": "fresher", "item": "no such thing"})
    refused = movies.http.post(f"{MOVIES}/events", json=body)
    assert refused.status_code == 404
    assert "no such thing" in refused.json()["detail"]
    unknown = movies.http.post(f"{MOVIES}/recommend", json={"user": "fresher"})
    assert unknown.status_code == 404  # nothing of the batch went in


def test_an_arm_is_stable_and_logged(movies: Running) -> None:
    arms = {
        "experiment": "spread",
        "split": 0.5,
        "a": {"name": "plain"},
        "b": {"name": "spread", "diversity": 0.9},
    }
    dealt = {}
    for user in range(1, 11):
        wish = {"user": user, "arms": arms}
        answers = [movies.post(f"{MOVIES}/recommend", wish) for _ in range(2)]
        assert answers[0]["arm"] == answers[1]["arm"]
        assert answers[0]["items"] == answers[1]["items"]
        dealt[user] = answers[0]["arm"]
    assert set(dealt.values()) == {"plain", "spread"}
    nobody = movies.http.post(f"{MOVIES}/recommend", json={"arms": arms})
    assert nobody.status_code == 422
    assert "Name the user" in nobody.json()["detail"]


def test_the_answer_is_that_of_the_library(movies: Running) -> None:
    answer = movies.post(f"{MOVIES}/recommend", {"user": 11, "k": 6})
    found = movies.service.recommenders.get("movies").recommend(Ask(user=11, k=6))
    assert [one["item"] for one in answer["items"]] == [one.item for one in found]
