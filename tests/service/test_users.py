"""Users over HTTP."""

from running_service import Running

USERS = "/api/catalogues/movies/users"


def test_users_are_listed_read_put_and_erased(movies: Running) -> None:
    assert movies.http.put(f"{USERS}/new-1", json={"attributes": {"age": 30}}).json() == {
        "added": 1,
        "changed": 0,
        "unchanged": 0,
    }
    events = [
        {"user": "new-1", "item": 1, "time": 5},
        {"user": "new-1", "item": 2, "value": 4, "time": 9},
    ]
    movies.post("/api/catalogues/movies/events", {"events": events})
    (listed,) = movies.get(USERS, q="new-")["users"]
    assert listed == {"id": "new-1", "attributes": {"age": "30"}, "events": 2}
    found = movies.get(f"{USERS}/new-1")
    assert {key: found[key] for key in listed} == listed
    assert [(one["item"], one["kind"], one["value"]) for one in found["history"]] == [
        (2, "rated", 4.0),
        (1, "liked", None),
    ]
    assert found["history"][0]["title"]
    assert movies.get(f"{USERS}/new-1", limit=1)["history"] == found["history"][:1]
    assert movies.get(USERS, limit=3)["next"]

    erased = movies.http.delete(f"{USERS}/new-1").json()
    assert (erased["events"], erased["answers"]) == (2, 0)
    assert len(erased["models"]) == 2
    assert movies.http.get(f"{USERS}/new-1").status_code == 404
    answer = movies.http.post("/api/catalogues/movies/events", json={"events": events})
    assert answer.status_code == 422
    assert "events[0].user was erased" in answer.json()["detail"]
    assert movies.http.put(f"{USERS}/new-1", json={}).json()["added"] == 1
    movies.post("/api/catalogues/movies/events", {"events": events})
    assert movies.http.delete(f"{USERS}/nobody").status_code == 404
    wrong = movies.http.put(f"{USERS}/new-2", json={"attributes": {'a"': "1"}})
    assert wrong.status_code == 422
    assert "attributes name" in wrong.json()["detail"]
