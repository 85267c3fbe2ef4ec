"""The quick way gives the answers of the usual one, whatever is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nearfield.service.quick import Quick
from running_service import Running

MOVIES = "/api/catalogues/movies"

QUERIES = [
    "",
    "?k=3&exclude=1,2&versions=all",
    "?k=3&k=4",
    "?k=3&unknown=1",
    "?space=blend&diversity=0.5",
    "?space=&where=year+%3E+1900",
    "?where=year%20%3E",
    "?k=",
    "?k=0",
    "?k=1001",
    "?k=x&diversity=2&versions=none",
    "?k",
    "?space=sound",
    "?space=none",
    "?exclude=none",
    f"?where={'x' * 2001}",
    "?exclude=%FF",
]
ITEMS = ["5", "none", "%FF", "a%2Fb", "%20", "x" * 255, "x" * 256]

BODIES = [
    b'{"user": 3, "k": 4}',
    b'{"user": 3, "liked": [{"item": 5, "weight": 2}, 6], "spaces": {"fusion": 1}}',
    b'{"attributes": {"age": 25}, "explain": false}',
    b'{"user": "3"}',
    b'{"user": 3.0}',
    b'{"user": "none"}',
    b'{"k": 0}',
    b'{"k": "4"}',
    b'{"k": NaN}',
    b'{"kk": 4}',
    b'{"liked": ["none"]}',
    b'{"repeat": -2}',
    b'{"spaces": "none"}',
    b'{"diversity": 1}',
    b'{"arms": {"experiment": "x", "split": {"a": 1, "b": 1}}, "user": 3}',
    b'{"arms": {}}',
    b"{}",
    b"[]",
    b"null",
    b"",
    b"{",
    b"\xff",
]
KINDS = ["application/json", "Application/JSON; charset=utf-8", "text/plain", ""]


@contextmanager
def only_the_usual_way(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    async def usual(self: Quick, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    with monkeypatch.context() as patched:
        patched.setattr(Quick, "__call__", usual)
        yield


def told(answer: httpx.Response) -> tuple[int, Any, dict[str, str]]:
    """Return what must be the same: all but the id of the request and the time."""
    own = ("x-request-id", "date")
    headers = {name: value for name, value in answer.headers.items() if name not in own}
    return answer.status_code, answer.json(), headers


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("item", ITEMS)
def test_what_is_similar(
    movies: Running, monkeypatch: pytest.MonkeyPatch, item: str, query: str
) -> None:
    movies.get(MOVIES)  # the catalogue is known from now on
    quick = movies.http.get(f"{MOVIES}/items/{item}/similar{query}")
    with only_the_usual_way(monkeypatch):
        usual = movies.http.get(f"{MOVIES}/items/{item}/similar{query}")
    assert told(quick) == told(usual)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", BODIES)
def test_what_is_recommended(
    movies: Running, monkeypatch: pytest.MonkeyPatch, body: bytes, kind: str
) -> None:
    movies.get(MOVIES)
    headers = {"Content-Type": kind} if kind else {}
    quick = movies.http.post(f"{MOVIES}/recommend", content=body, headers=headers)
    with only_the_usual_way(monkeypatch):
        usual = movies.http.post(f"{MOVIES}/recommend", content=body, headers=headers)
    assert told(quick) == told(usual)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from(["user", "k", "repeat", "explain", "exclude", "at_most", "versions", "x"]),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(-3, 12),
            st.floats(allow_nan=False, allow_infinity=False),
            st.sampled_from(["3", "one", "all", ""]),
            st.lists(st.integers(1, 9), max_size=2),
            st.dictionaries(st.sampled_from(["genre", "x"]), st.integers(0, 2), max_size=1),
        ),
        max_size=4,
    )
)
def test_any_wish(movies: Running, monkeypatch: pytest.MonkeyPatch, wish: dict[str, Any]) -> None:
    movies.get(MOVIES)
    quick = movies.http.post(f"{MOVIES}/recommend", json=wish)
    with only_the_usual_way(monkeypatch):
        usual = movies.http.post(f"{MOVIES}/recommend", json=wish)
    assert told(quick) == told(usual)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "POST", "GET"])
def test_other_methods(movies: Running, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    for path in (f"{MOVIES}/items/5/similar", f"{MOVIES}/recommend"):
        movies.get(MOVIES)
        quick = movies.http.request(method, path)
        with only_the_usual_way(monkeypatch):
            usual = movies.http.request(method, path)
        assert (quick.status_code, quick.text) == (usual.status_code, usual.text)
        assert quick.headers.get("allow") == usual.headers.get("allow")


def test_a_body_that_is_too_large_is_refused(serve: Any) -> None:
    found = serve()
    found.get(MOVIES)

    def parts() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * (1 << 20)

    answer = found.http.post(
        f"{MOVIES}/recommend", content=parts(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


def test_the_usual_questions_go_the_quick_way(
    movies: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unexpected(*_: Any) -> None:
        raise AssertionError("the framework was asked")

    movies.get(MOVIES)
    monkeypatch.setattr(movies.app.router, "app", unexpected)
    assert movies.http.get(f"{MOVIES}/items/5/similar").status_code == 200
    assert movies.http.post(f"{MOVIES}/recommend", json={"user": 3}).status_code == 200
