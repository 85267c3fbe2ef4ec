"""What the service answers while Milvus does not: an honest list, or an honest refusal."""

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pymilvus import MilvusClient

from nearfield.home import Nearfield
from nearfield.service.config import ServiceConfig
from nearfield.vectors.names import SpaceName
from nearfield.vectors.options import MilvusOptions
from real_servers.lite import LiteServer, lite_server
from real_servers.processes import free_port
from running_service import Running, running
from service_process import wait_for

MOVIES = "/api/catalogues/movies"
SONGS = "/api/catalogues/songs"
QUICK = MilvusOptions(answer_seconds=1.0, connect_seconds=1.0)

Start = Callable[..., tuple[Running, LiteServer]]


@pytest.fixture(scope="module")
def published(
    filled: Path, filled_with_music: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Both homes, and beside each a Lite folder for a server, which holds its spaces."""
    place = tmp_path_factory.mktemp("published")
    for name, home in (("movies", filled), ("songs", filled_with_music)):
        shutil.copytree(home, place / name / "home")
        with (
            lite_server(place / name / "milvus") as server,
            Nearfield(place / name / "home", milvus_uri=server.uri) as nearfield,
        ):
            if name == "movies":
                nearfield.publish("movies", space="fusion")
                nearfield.publish("movies", space="graph")
            else:
                nearfield.publish("songs")
    return place


@pytest.fixture
def start(published: Path, tmp_path: Path) -> Iterator[Start]:
    """Start a Lite server over a copy of one home, and a service that asks it."""
    with ExitStack() as opened:

        def begin(name: str = "movies", up: bool = True) -> tuple[Running, LiteServer]:
            shutil.copytree(published / name, tmp_path / name)
            server = LiteServer(tmp_path / name / "milvus", free_port())
            opened.callback(server.kill)
            if up:
                server.start()
            config = ServiceConfig(tmp_path / name / "home", milvus_uri=server.uri, milvus=QUICK)
            return opened.enter_context(running(config)), server

        yield begin


def ids(answer: Any) -> list[int]:
    return [one["item"] for one in answer["items"]]


def ready(service: Running) -> Any:
    return service.http.get("/readyz").json()["status"]


def whole(service: Running, wish: Any) -> Any:
    """Return an answer of the full quality, as soon as there is one."""

    def ask() -> Any:
        found = service.post(f"{MOVIES}/recommend", wish)
        return found if found["degraded"] is None else None

    return wait_for(ask, 60)


def spoil(uri: str, collection: str, alias: str) -> None:
    """Let a collection be one that no search of its space can be answered from."""
    client = MilvusClient(uri)
    try:
        client.drop_alias(alias)
        client.drop_collection(collection)
        client.create_collection(collection, dimension=3, metric_type="IP")
        client.insert(collection, [{"id": 1, "vector": [1.0, 0.0, 0.0]}])
        client.create_alias(collection, alias)
    finally:
        client.close()


def figure(service: Running, name: str) -> float:
    for line in service.http.get("/metrics").text.splitlines():
        if line.startswith(f"{name} "):
            return float(line.split()[-1])
    raise AssertionError(f"no figure {name}")


def test_it_starts_without_milvus_and_finds_it_when_it_comes(start: Start) -> None:
    service, server = start(up=False)
    assert service.http.get("/healthz").status_code == 200
    answer = service.http.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "degraded", "parts": {"database": True, "milvus": False}}
    wish = {"user": 3, "k": 5, "where": "genre = 'Drama'", "diversity": 0.5}
    response = service.http.post(f"{MOVIES}/recommend", json=wish)
    assert response.status_code == 200
    assert response.headers["x-nearfield-degraded"] == "popular"
    answer = response.json()
    assert answer["degraded"] == "popular"
    assert answer["space"] == "popularity"
    assert answer["models"] == {}
    assert len(answer["items"]) == 5
    assert all("Drama" in one["genres"] for one in answer["items"])
    assert all(one["reasons"][0]["text"].startswith("chosen by") for one in answer["items"])
    assert all(one["score"] is None for one in answer["items"])
    catalogue = service.service.catalogue("movies")
    seen = set(catalogue.item_ids(catalogue.history(catalogue.user_key(3)).items))
    assert not seen & set(ids(answer))
    allowed = service.post(f"{MOVIES}/recommend", {"k": 5, "allow": [1, 2, 3], "exclude": [2]})
    assert set(ids(allowed)) == {1, 3}
    server.start()
    assert whole(service, wish)["space"] == "fusion"
    wait_for(lambda: ready(service) == "ready", 20)


def test_similar_without_milvus_is_what_has_genres_in_common(start: Start) -> None:
    service, _ = start(up=False)
    item = service.get(f"{MOVIES}/items/5")
    answer = service.get(f"{MOVIES}/items/5/similar", k=6)
    assert answer["degraded"] == "popular"
    assert 5 not in ids(answer)
    assert len(answer["items"]) == 6
    assert all(set(one["genres"]) & set(item["genres"]) for one in answer["items"])
    assert answer["items"][0]["reasons"][0]["text"].startswith("both are ")
    body = {"items": [{"id": 900, "title": "Of no kind"}]}
    assert service.http.put(f"{MOVIES}/items", json=body).status_code == 200
    refused = service.http.get(f"{MOVIES}/items/900/similar")
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["content-type"] == "application/problem+json"
    assert service.http.get(f"{MOVIES}/items/no-such/similar").status_code == 404


def test_after_a_kill_the_last_good_answer_is_given_without_what_was_seen_since(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    service, server = start()
    wish = {"user": 3, "k": 8}
    before = whole(service, wish)
    near = service.get(f"{MOVIES}/items/5/similar", k=9)
    caplog.set_level(logging.WARNING, "nearfield.pipelines.outage")
    server.kill()
    after = service.post(f"{MOVIES}/recommend", wish)
    assert after["degraded"] == "last-good"
    assert after["items"] == before["items"]
    assert after["models"] == before["models"]
    fewer = service.get(f"{MOVIES}/items/5/similar", k=4)
    assert fewer["degraded"] == "last-good"
    assert fewer["items"] == near["items"][:4]
    more = service.get(f"{MOVIES}/items/5/similar", k=20)
    assert more["degraded"] == "popular"  # so long a list was never asked for
    other = service.post(f"{MOVIES}/recommend", {**wish, "exclude": [77]})
    assert other["degraded"] == "popular"
    blend = service.post(f"{MOVIES}/recommend", {**wish, "spaces": "blend"})
    assert blend["degraded"] == "popular"  # another question

    events = [{"user": 3, "item": ids(before)[0], "kind": "liked"}]
    service.post(f"{MOVIES}/events", {"events": events})
    service.service.catalogue("movies").delete_items([ids(before)[1]])
    later = service.post(f"{MOVIES}/recommend", wish)
    assert later["degraded"] == "last-good"
    assert ids(later) == ids(before)[2:]
    told = {why["text"] for one in later["items"] for why in one["reasons"]}
    assert told == {"in your list of a minute ago"}  # what was known of the user is not so any more

    assert figure(service, 'nearfield_degraded_total{kind="last-good"}') == 3
    assert figure(service, 'nearfield_degraded_total{kind="popular"}') == 3
    assert ready(service) == "degraded"
    assert figure(service, 'nearfield_up{part="milvus"}') == 0
    assert figure(service, 'nearfield_up{part="database"}') == 1
    assert figure(service, "nearfield_remembered_bytes") > 0
    server.start()
    again = whole(service, wish)
    assert again["space"] == "fusion"
    outage = service.service.recommenders.outage
    wait_for(lambda: whole(service, wish) and not outage.lasts, 30)
    said = [one.getMessage() for one in caplog.records if one.name.endswith("outage")]
    assert [text.split(":")[0] for text in said] == [
        "lists are the last good ones, or of what is popular",
        "lists are whole again",
    ]


def test_answers_after_a_restart_are_those_before(start: Start) -> None:
    service, server = start()
    wishes = [{"user": user, "k": 10, "spaces": "blend"} for user in range(1, 6)]
    before = [whole(service, wish)["items"] for wish in wishes]
    server.kill()
    assert service.post(f"{MOVIES}/recommend", wishes[0])["degraded"] == "last-good"
    server.start()
    assert [whole(service, wish)["items"] for wish in wishes] == before


def test_while_milvus_hangs_nobody_waits_longer_than_was_said(start: Start) -> None:
    service, server = start()
    whole(service, {"user": 1})
    server.halt()
    try:
        with ThreadPoolExecutor(60) as callers:
            asked = [
                callers.submit(service.post, f"{MOVIES}/recommend", {"user": 1 + one % 50})
                for one in range(60)
            ]
            time.sleep(0.3)  # all of them wait now, more than there are threads
            waiting = sum(not one.done() for one in asked)
            alive = service.http.get("/healthz", timeout=5).status_code
            item = service.get(f"{MOVIES}/items/5")
            state = ready(service)
            kinds = {one.result()["degraded"] for one in asked}
        assert waiting > 0
        assert (alive, item["id"], state) == (200, 5, "degraded")
        assert kinds <= {"last-good", "popular"}
        assert service.get("/api/catalogues")["catalogues"][0]["spaces"][0]["space"] == "fusion"
        assert service.http.get("/metrics").status_code == 200
    finally:
        server.go_on()
    assert whole(service, {"user": 2})["space"] == "fusion"


def test_who_opens_a_space_keeps_nobody_waiting(start: Start) -> None:
    service, _ = start(up=False)
    recommenders = service.service.recommenders
    with recommenders._opening:  # as whoever opens one for the first time, and waits for Milvus
        assert service.post(f"{MOVIES}/recommend", {"user": 3})["degraded"] == "popular"
        assert service.get(f"{MOVIES}/items/5/similar")["degraded"] == "popular"


def test_a_blend_goes_on_with_the_space_that_answers(start: Start) -> None:
    service, server = start()
    wish = {"user": 4, "k": 6, "spaces": {"fusion": 0.7, "graph": 0.3}}
    assert whole(service, wish)["space"] == "blend"
    alone = service.post(f"{MOVIES}/recommend", {**wish, "spaces": "fusion"})
    graph = service.service.stores.spaces.active("movies", "graph")
    assert graph is not None
    spoil(server.uri, graph.collection, SpaceName("movies", "graph", "-").alias)
    answer = service.http.post(f"{MOVIES}/recommend", json=wish)
    assert answer.headers["x-nearfield-degraded"] == "partial"
    assert answer.json()["space"] == "fusion"
    assert list(answer.json()["models"]) == ["fusion"]
    assert answer.json()["items"] == alone["items"]


def test_without_the_database_there_is_nothing_to_answer(start: Start, tmp_path: Path) -> None:
    config = ServiceConfig(tmp_path, database_url="mysql+pymysql://nobody@127.0.0.1:9/nothing")
    with running(config) as service:
        refused = service.http.post(f"{MOVIES}/recommend", json={"user": 1})
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        state = service.http.get("/readyz")
        assert state.status_code == 503
        assert state.json()["status"] == "not ready"
        assert service.http.get("/healthz").status_code == 200


def test_playlists_and_players_go_on(start: Start) -> None:
    service, server = start("songs")
    songs = service.get(f"{SONGS}/items")["items"]
    seed, end = songs[0]["id"], songs[-1]["id"]
    wishes: list[dict[str, Any]] = [
        {"seeds": [seed], "length": 4},
        {"seeds": [seed], "length": 4, "radio": True},
        {"seeds": [seed], "to": end, "length": 4},
    ]
    before = [service.post(f"{SONGS}/playlists", wish) for wish in wishes]
    assert {one["degraded"] for one in before} == {None}
    artist = songs[0]["attributes"]["artist"]
    server.kill()
    for wish, made in zip(wishes, before, strict=True):
        again = service.post(f"{SONGS}/playlists", wish)
        assert again == {**made, "degraded": "last-good"}
    other = service.http.post(f"{SONGS}/playlists", json={"seeds": [seed], "length": 3})
    assert other.headers["x-nearfield-degraded"] == "popular"
    found = other.json()["songs"]
    assert found[0]["item"] == seed
    assert {one["attributes"]["artist"] for one in found} == {artist}
    journey = {"seeds": [end], "to": seed, "length": 4}
    assert service.http.post(f"{SONGS}/playlists", json=journey).status_code == 503
    saved = service.http.post(f"{SONGS}/playlists", json={**wishes[0], "save": True})
    assert saved.status_code == 201
    assert saved.json()["degraded"] == "last-good"
    assert len(service.get(f"{SONGS}/playlists")["playlists"]) == 1

    player = {"u": "ann", "p": "x", "v": "1.16.1", "c": "test", "f": "json"}
    listed = service.get("/rest/search3", query="", **player)["subsonic-response"]
    song = listed["searchResult3"]["song"][0]["id"]
    alike = service.http.get("/rest/getSimilarSongs", params={"id": song, "count": 2, **player})
    assert alike.headers["x-nearfield-degraded"] == "popular"
    assert alike.json()["subsonic-response"]["status"] == "ok"
    assert len(alike.json()["subsonic-response"]["similarSongs"]["song"]) > 0
    sonic = service.get("/rest/getSonicSimilarTracks", id=song, **player)["subsonic-response"]
    assert sonic["status"] == "failed"  # it wants to know how near songs are, which nobody knows
