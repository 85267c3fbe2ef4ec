"""Who may ask what."""

from collections.abc import Callable

import pytest

from nearfield.service.access import scope_needed
from nearfield.service.config import Limits
from running_service import Running

MOVIES = "/api/catalogues/movies"


def test_without_keys_this_machine_may_do_everything(movies: Running) -> None:
    assert movies.http.get("/api/keys").status_code == 200
    assert movies.http.get("/metrics").status_code == 200


def test_keys_open_what_their_scopes_say(serve: Callable[..., Running]) -> None:
    guarded = serve(keys=True)
    keys = guarded.service.stores.catalogues.keys
    reader, writer, admin = (keys.add(name, [name]) for name in ("read", "write", "admin"))

    def ask(method: str, path: str, key: str | None, body: object = None) -> int:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return guarded.http.request(method, path, json=body, headers=headers).status_code

    events = {"events": [{"user": 1, "item": 1, "kind": "liked"}]}
    wish: dict[str, object] = {"user": 1}
    assert ask("GET", "/healthz", None) == 200
    assert ask("GET", "/api/catalogues", None) == 401
    assert ask("GET", "/api/catalogues", "nf_wrong") == 401
    assert ask("GET", "/metrics", None) == 401
    assert ask("GET", "/api/catalogues", reader) == 200
    assert ask("POST", f"{MOVIES}/recommend", reader, wish) == 200
    assert ask("POST", f"{MOVIES}/events", reader, events) == 403
    assert ask("POST", f"{MOVIES}/events", writer, events) == 200
    assert ask("GET", "/api/keys", writer) == 403
    assert ask("GET", f"{MOVIES}/export", writer) == 403
    assert ask("GET", "/api/keys", admin) == 200
    assert ask("POST", f"{MOVIES}/events", admin, events) == 200


def test_a_key_for_figures_opens_nothing_else(serve: Callable[..., Running]) -> None:
    guarded = serve(keys=True)
    http = guarded.http
    boss = {"X-API-Key": guarded.service.stores.catalogues.keys.add("boss", ["admin"])}
    wish = {"name": "prometheus", "scopes": ["metrics"]}
    made = http.post("/api/keys", json=wish, headers=boss).json()
    assert made["scopes"] == ["metrics"]
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert http.get("/metrics", headers=headers).text.startswith("# HELP")
    assert http.get("/metrics", headers=boss).status_code == 200
    # every address that is documented, with no valid values: the key is looked at before them
    paths = http.get("/openapi.json").json()["paths"]
    calls = [
        (method, path)
        for path, methods in paths.items()
        for method in methods
        if path.startswith("/api/") and path not in ("/api/login", "/api/logout")
    ]
    assert len(calls) > 30
    for method, path in calls:
        refused = http.request(method, path, headers=headers)
        assert refused.status_code == 403, (method, path)
        assert "lacks the scope" in refused.json()["detail"]


def test_keys_that_ask_and_write_do_not_read_figures(serve: Callable[..., Running]) -> None:
    guarded = serve(keys=True)
    key = guarded.service.stores.catalogues.keys.add("app", ["read", "write"])
    refused = guarded.http.get("/metrics", headers={"X-API-Key": key})
    assert refused.status_code == 403
    assert "lacks the scope 'metrics'" in refused.json()["detail"]


def test_a_key_is_told_once_and_can_be_removed(serve: Callable[..., Running]) -> None:
    guarded = serve(keys=True)
    admin = guarded.service.stores.catalogues.keys.add("boss", ["admin"])
    headers = {"X-API-Key": admin}
    made = guarded.http.post("/api/keys", json={"name": "app", "scopes": ["read"]}, headers=headers)
    assert made.status_code == 201
    key = made.json()["key"]
    listed = guarded.http.get("/api/keys", headers=headers)
    assert key not in listed.text
    assert {one["name"] for one in listed.json()["keys"]} == {"app", "boss"}
    assert guarded.http.delete("/api/keys/app", headers=headers).status_code == 204
    refused = guarded.http.get("/api/catalogues", headers={"Authorization": f"Bearer {key}"})
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert "nearfield keys add" in refused.json()["detail"]
    stored = (guarded.service.stores.home / "catalogue.db").read_bytes()
    assert admin.encode() not in stored


def test_a_browser_keeps_the_key_where_no_script_can_read_it(serve: Callable[..., Running]) -> None:
    guarded = serve(keys=True)
    key = guarded.service.stores.catalogues.keys.add("page", ["read"])
    assert guarded.http.post("/api/login", json={"key": "nf_wrong"}).status_code == 401
    answer = guarded.http.post("/api/login", json={"key": key})
    assert answer.json()["scopes"] == ["read"]
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert guarded.http.get("/api/catalogues").status_code == 200  # the client sends it now
    guarded.http.post("/api/logout")
    assert guarded.http.get("/api/catalogues").status_code == 401


def test_pages_from_elsewhere_may_not_write(movies: Running) -> None:
    body = {"events": [{"user": 1, "item": 1}]}
    evil = movies.http.post(
        f"{MOVIES}/events", json=body, headers={"Origin": "https://evil.example"}
    )
    assert evil.status_code == 403
    own = movies.http.post(f"{MOVIES}/events", json=body, headers={"Origin": movies.address})
    assert own.status_code == 200


def test_a_page_that_is_let_in_may(serve: Callable[..., Running]) -> None:
    shop = {"Origin": "https://shop.example"}
    open_to = serve(origins=("https://shop.example",))
    answer = open_to.http.post(f"{MOVIES}/recommend", json={"user": 1}, headers=shop)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


def test_cors_is_off_by_default(movies: Running) -> None:
    answer = movies.http.get("/api/catalogues", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_under_another_name_nothing_is_answered(serve: Callable[..., Running]) -> None:
    local = serve(hosts=("127.0.0.1", "localhost"))
    assert local.http.get("/api/catalogues").status_code == 200
    rebound = local.http.get("/api/catalogues", headers={"Host": "evil.example"})
    assert rebound.status_code == 421


def test_who_asks_too_often_is_told_to_wait(serve: Callable[..., Running]) -> None:
    busy = serve(limits=Limits(requests=3))
    answers = [busy.http.get("/api/catalogues") for _ in range(12)]
    refused = [one for one in answers if one.status_code == 429]
    assert refused
    assert refused[0].headers["retry-after"] == "1"
    assert sum(one.status_code == 200 for one in answers) >= 3


def test_every_answer_is_safe_for_browsers(movies: Running) -> None:
    for path in ("/", "/api/catalogues", "/api/nothing", "/healthz"):
        headers = movies.http.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/", None),
        ("GET", "/api/catalogues/m/items", "read"),
        ("PUT", "/api/catalogues/m/items/1", "write"),
        ("DELETE", "/api/catalogues/m/users/1", "write"),
        ("POST", "/api/catalogues/m/uploads", "write"),
        ("POST", "/api/catalogues/m/verdicts", "write"),
        ("POST", "/api/catalogues/m/jobs", "admin"),
        ("DELETE", "/api/jobs/1", "admin"),
        ("GET", "/api/jobs", "read"),
        ("POST", "/api/catalogues/m/import", "admin"),
        ("POST", "/api/catalogues/m/models/fusion/1/publish", "admin"),
        ("POST", "/api/catalogues/m/spaces/fusion/rollback", "admin"),
        ("GET", "/api/catalogues/m/export", "admin"),
        ("GET", "/metrics", "metrics"),
    ],
)
def test_scopes(method: str, path: str, scope: str | None) -> None:
    assert scope_needed(method, path) == scope
