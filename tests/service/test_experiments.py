"""Arms over HTTP: dealt, logged, compared."""

from running_service import Running

MOVIES = "/api/catalogues/movies"


def test_arms_are_logged_and_compared(movies: Running) -> None:
    assert movies.get(f"{MOVIES}/experiments") == {"experiments": []}
    arms = {"experiment": "mix", "a": {"name": "plain"}, "b": {"name": "mixed", "diversity": 0.5}}
    shown = {}
    for user in range(1, 13):
        answer = movies.post(f"{MOVIES}/recommend", {"user": user, "k": 5, "arms": arms})
        assert answer["arm"] in ("plain", "mixed")
        shown[user] = answer["arm"], answer["items"][0]["item"]
    liked = [{"user": user, "item": item} for user, (arm, item) in shown.items() if arm == "mixed"]
    movies.post(f"{MOVIES}/events", {"events": liked})
    (found,) = movies.get(f"{MOVIES}/experiments", days=3)["experiments"]
    assert (found["name"], found["days"]) == ("mix", 3)
    mixed, plain = found["arms"]
    assert (mixed["arm"], plain["arm"]) == ("mixed", "plain")
    assert mixed["answers"] + plain["answers"] == 12
    assert mixed["share"]["value"] == 1
    assert plain["share"]["value"] == 0
    assert mixed["share"]["low"] < 1
    assert found["differences"][0]["share"]["value"] == -1
