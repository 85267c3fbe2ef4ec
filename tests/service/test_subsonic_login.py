"""Who may call as a music player, and how."""

from collections.abc import Callable
from typing import Any

import libsonic.errors  # type: ignore[import-untyped]
import pytest

from nearfield.service.config import Limits
from players import LOGIN, player
from running_service import Running


@pytest.fixture
def guarded(serve_music: Callable[..., Running]) -> Running:
    return serve_music(keys=True, origins=("https://player.example",))


def key(running: Running, *scopes: str) -> str:
    made: str = running.service.stores.catalogues.keys.add("-".join(scopes), list(scopes))
    return made


def call(running: Running, method: str, **query: Any) -> dict[str, Any]:
    known = {"v": "1.16.1", "c": "tests", "f": "json"}
    answer = running.http.get(f"/rest/{method}", params={**known, **query})
    found: dict[str, Any] = answer.json()["subsonic-response"]
    return found


def code(running: Running, method: str = "ping", **query: Any) -> int:
    return int(call(running, method, **query)["error"]["code"])


def test_a_password_is_a_key(guarded: Running) -> None:
    reader = key(guarded, "read")
    client = player(guarded, password=reader, legacyAuth=True)
    assert client.ping()
    assert len(client.search3("")["searchResult3"]["song"]) == 9
    assert call(guarded, "ping", u="ann", p=reader)["status"] == "ok"
    with pytest.raises(libsonic.errors.CredentialError, match="not known"):
        player(guarded, password="wrong", legacyAuth=True).getLicense()
    for wrong in ("", "enc:zz", "enc:", "enc:ff"):
        assert code(guarded, u="ann", p=wrong) in (10, 40)


def test_a_key_may_come_by_itself(guarded: Running) -> None:
    writer = key(guarded, "read", "write")
    assert call(guarded, "tokenInfo", apiKey=writer)["tokenInfo"] == {"username": "read-write"}
    song = call(guarded, "search3", apiKey=writer, query="")["searchResult3"]["song"][0]
    assert call(guarded, "star", apiKey=writer, id=song["id"])["status"] == "ok"
    catalogue = guarded.service.catalogue("songs")
    assert len(catalogue.history(catalogue.user_key("read-write")).items) == 1
    assert code(guarded, apiKey="nf_wrong") == 44
    for extra in ({"u": "ann"}, {"p": writer}, {"t": "0", "s": "0"}):
        assert code(guarded, apiKey=writer, **extra) == 43


def test_a_token_cannot_be_checked(guarded: Running) -> None:
    with pytest.raises(libsonic.errors.SonicError, match="legacy or plain login"):
        player(guarded, password=key(guarded, "read")).getLicense()
    assert code(guarded, u="ann", t="00", s="salt") == 41
    assert code(guarded, u="ann", t="00", s="salt", p="x") == 43


def test_what_is_missing_is_named(guarded: Running) -> None:
    assert code(guarded) == 10
    assert code(guarded, u="ann") == 10
    assert code(guarded, v="") == code(guarded, c="") == code(guarded, v="new") == 10
    assert code(guarded, v="1.17.0") == 30
    assert code(guarded, v="0.9") == 20
    other = guarded.http.get("/rest/ping", params={"u": "ann", "f": "jsonp", "callback": "x"})
    assert "Ask for xml or json" in other.text


def test_everybody_may_ask_how_to_log_in(guarded: Running) -> None:
    found = call(guarded, "getOpenSubsonicExtensions")["openSubsonicExtensions"]
    assert {"name": "apiKeyAuthentication", "versions": [1]} in found
    assert {"name": "sonicSimilarity", "versions": [1]} in found


def test_scopes_are_kept(guarded: Running) -> None:
    reader, writer, admin = (key(guarded, scope) for scope in ("read", "write", "admin"))
    song = call(guarded, "search3", apiKey=reader, query="")["searchResult3"]["song"][0]["id"]
    for method in ("star", "unstar", "scrobble", "setRating", "createPlaylist", "deletePlaylist"):
        assert code(guarded, method, apiKey=reader, id=song, rating=3, name="x") == 50
    assert code(guarded, "getSong", apiKey=writer, id=song) == 50
    assert code(guarded, apiKey=key(guarded, "metrics")) == 50
    assert call(guarded, "getSong", apiKey=admin, id=song)["status"] == "ok"
    assert call(guarded, "star", apiKey=admin, id=song)["status"] == "ok"
    assert not call(guarded, "getUser", apiKey=reader)["user"]["playlistRole"]
    assert code(guarded, "getUser", apiKey=reader, username="bob") == 50
    assert call(guarded, "getUser", apiKey=admin, username="bob")["user"]["adminRole"]


def test_without_keys_all_that_is_said_passes(music: Running) -> None:
    assert player(music).ping()  # by token
    assert player(music, legacyAuth=True).ping()
    assert call(music, "ping", apiKey="any")["status"] == "ok"
    assert call(music, "tokenInfo", apiKey="any")["tokenInfo"] == {"username": "listener"}


def test_a_page_from_elsewhere_may_not_write(guarded: Running) -> None:
    writer = key(guarded, "read", "write")
    query = {"v": "1.16.1", "c": "tests", "f": "json", "apiKey": writer, "name": "x"}

    def made(**headers: str) -> str:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = guarded.http.get("/rest/createPlaylist", params=query, headers=names)
        return str(answer.json()["subsonic-response"]["status"])

    assert made() == "ok"
    assert made(Sec_Fetch_Site="same-origin") == "ok"
    assert made(Sec_Fetch_Site="cross-site") == "failed"
    assert made(Sec_Fetch_Site="same-site", Origin="https://evil.example") == "failed"
    assert made(Sec_Fetch_Site="cross-site", Origin="https://player.example") == "ok"


def test_a_page_that_is_let_in_may_play(guarded: Running, music: Running) -> None:
    reader = key(guarded, "read")
    song = call(guarded, "search3", apiKey=reader, query="")["searchResult3"]["song"][0]["id"]
    query = {"v": "1.16.1", "c": "tests", "id": song}
    policy = "cross-origin-resource-policy"
    shared = guarded.http.get("/rest/stream", params={**query, "apiKey": reader})
    assert shared.headers[policy] == "cross-origin"
    own = music.http.get("/rest/stream", params={**query, "u": "ann"})
    assert own.headers["content-type"] == shared.headers["content-type"]
    assert own.headers[policy] == "same-origin"


def test_players_too_are_told_to_wait(serve_music: Callable[..., Running]) -> None:
    busy = serve_music(limits=Limits(requests=3))
    answers = [busy.http.get("/rest/ping", params=LOGIN).status_code for _ in range(12)]
    assert 429 in answers
    assert answers.count(200) >= 3
