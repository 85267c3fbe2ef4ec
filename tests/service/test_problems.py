"""What a caller is told when something cannot be done."""

import pytest

from running_service import Running

MOVIES = "/api/catalogues/movies"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/api/catalogues/none", "there is no catalogue 'none'"),
        (f"{MOVIES}/items/none", "does not have 1 of the items: 'none'"),
        (f"{MOVIES}/items/none/similar", "does not have 1 of the items: 'none'"),
        (f"{MOVIES}/items/1/similar?space=sound", "has no published sound space"),
        ("/api/jobs/none", "there is no job 'none'"),
        ("/api/nothing", "there is nothing at /api/nothing"),
    ],
)
def test_what_does_not_exist_is_404(movies: Running, path: str, told: str) -> None:
    answer = movies.http.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert told in problem["detail"]
    assert problem["status"] == 404
    assert problem["title"] == "Not Found"
    assert problem["instance"] == path.split("?")[0]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("k=0", "k"),
        ("k=1001", "k"),
        ("k=x", "k"),
        ("diversity=2", "diversity"),
        ("versions=x", "v"),
    ],
)
def test_bad_parameters_are_422_and_named(movies: Running, query: str, field: str) -> None:
    answer = movies.http.get(f"{MOVIES}/items/1/similar?{query}")
    assert answer.status_code == 422
    assert any(field in one["field"] for one in answer.json()["errors"])


@pytest.mark.parametrize(
    "body",
    [
        {"user": 3, "k": "many"},
        {"user": 3, "surprise": 1},
        {"liked": [{"item": 1, "weight": -1}]},
        {"liked": [{"item": 1, "weight": float("inf")}]},
        {"liked": "1,2"},
        {"where": "year >>> 3"},
        {"where": "year = 1; DROP TABLE items"},
        {"spaces": "nonsense"},
        {"spaces": {"fusion": -1}},
        {"attributes": {"age": "very old"}},
        [],
        None,
    ],
)
def test_wishes_that_cannot_be_used_are_422(movies: Running, body: object) -> None:
    import json

    answer = movies.http.post(
        f"{MOVIES}/recommend",
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"]


def test_texts_are_those_of_the_command_line(movies: Running) -> None:
    answer = movies.http.post(f"{MOVIES}/recommend", json={"user": "nobody"})
    assert answer.status_code == 404
    assert "Check the spelling, or recommend by liked items" in answer.json()["detail"]


def test_broken_json_is_422(movies: Running) -> None:
    answer = movies.http.post(
        f"{MOVIES}/recommend", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422


def test_a_body_that_is_too_large_is_413(movies: Running) -> None:
    answer = movies.http.post(f"{MOVIES}/events", content=b" " * (1 << 21))
    assert answer.status_code == 413
    assert "1,048,576 bytes" in answer.json()["detail"]

    def endless() -> object:
        while True:
            yield b" " * 65_536

    answer = movies.http.post(f"{MOVIES}/events", content=endless())  # type: ignore[arg-type]
    assert answer.status_code == 413


def test_a_batch_that_is_too_long_is_413(movies: Running) -> None:
    events = [{"user": 1, "item": 1}] * 10_001
    answer = movies.http.post(f"{MOVIES}/events", json={"events": events})
    assert answer.status_code == 413


@pytest.mark.parametrize("text", ["'", '"', "%", "\\", "'; DROP TABLE items; --", "\x00", "🎵"])
def test_nothing_is_injected(movies: Running, text: str) -> None:
    before = movies.get(MOVIES)["items"]
    for answer in (
        movies.http.get(f"{MOVIES}/items", params={"q": text}),
        movies.http.get(f"{MOVIES}/items", params={"where": f"title = '{text}'"}),
        movies.http.get(f"{MOVIES}/items/1/similar", params={"exclude": text}),
        movies.http.post(f"{MOVIES}/recommend", json={"user": text, "where": text}),
        movies.http.post(f"{MOVIES}/recommend", json={"attributes": {text: text}}),
    ):
        assert answer.status_code in (200, 404, 422), answer.text
    assert movies.get(MOVIES)["items"] == before


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"]
)
def test_no_file_is_read_but_those_of_the_page(movies: Running, path: str) -> None:
    answer = movies.http.get(path)
    assert "create_app" not in answer.text
