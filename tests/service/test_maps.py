"""Maps over HTTP: what they show, where items lie, and which items they are."""

from collections.abc import Callable

import numpy as np

from nearfield.pipelines.maps import read_map
from running_service import Running

MAP = "/api/catalogues/movies/map"


def points(service: Running, count: int, **query: str) -> tuple[np.ndarray, np.ndarray]:
    """The places and colours that a service tells."""
    answer = service.http.get(f"{MAP}/points", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/octet-stream"
    assert len(answer.content) == count * 10
    places = np.frombuffer(answer.content, dtype="<f4", count=2 * count).reshape(count, 2)
    return places, np.frombuffer(answer.content, dtype="<u2", offset=8 * count)


def test_a_map_is_what_was_drawn_coloured_by_first_genre(movies: Running) -> None:
    told = movies.get(MAP)
    drawn = read_map(movies.service.stores, "movies", "fusion")
    assert (told["space"], told["version"], told["by"]) == ("fusion", drawn.version, "genre")
    assert told["spaces"] == ["fusion", "graph"]
    assert told["choices"] == ["genre"]
    assert told["count"] == told["shown"] == len(drawn.keys)
    assert told["counts"] == sorted(told["counts"], reverse=True)
    places, colours = points(movies, told["count"])
    np.testing.assert_array_equal(places, drawn.points)
    assert told["bounds"] == [*places.min(axis=0).tolist(), *places.max(axis=0).tolist()]
    items = movies.get(f"{MAP}/items", rows="5,0,7")["items"]
    assert [one["row"] for one in items] == [5, 0, 7]
    for one in items:
        known = movies.get(f"/api/catalogues/movies/items/{one['id']}")
        assert one["title"] == known["title"]
        assert told["colours"][colours[one["row"]]] == known["genres"][0]
    found = movies.get(f"{MAP}/items", ids=f"{items[1]['id']},{items[0]['id']}")["items"]
    assert [one["row"] for one in found] == [0, 5]
    other = movies.get(MAP, space="graph")
    assert other["version"] != told["version"]


def test_points_are_sent_once(movies: Running) -> None:
    first = movies.http.get(f"{MAP}/points")
    tag = {"If-None-Match": first.headers["etag"]}
    assert movies.http.get(f"{MAP}/points", headers=tag).status_code == 304
    other = movies.http.get(f"{MAP}/points", params={"space": "graph"}, headers=tag)
    assert other.status_code == 200


def test_colours_follow_the_catalogue(serve: Callable[..., Running]) -> None:
    service = serve()
    told = service.get(MAP)
    first = service.get(f"{MAP}/items", rows="0")["items"][0]
    body: dict[str, object] = {"title": "Changed", "genres": ["Unheard of"]}
    changed = service.http.put(f"/api/catalogues/movies/items/{first['id']}", json=body)
    assert changed.is_success, changed.text
    after = service.get(MAP)
    assert "Unheard of" in after["colours"] or after["colours"][-1] == "Other"
    body["attributes"] = {"album": "An album"}
    assert service.http.put(f"/api/catalogues/movies/items/{first['id']}", json=body).is_success
    albums = service.get(MAP, by="album")
    assert albums["choices"] == ["genre", "album"]
    assert (albums["colours"], albums["counts"]) == (["An album"], [1])
    _, colours = points(service, told["count"], by="album")
    assert colours.tolist() == [0] + [65535] * (told["count"] - 1)
    assert service.http.delete(f"/api/catalogues/movies/items/{first['id']}").is_success
    gone = service.get(MAP)
    assert gone["shown"] == told["shown"] - 1
    places, colours = points(service, told["count"])
    assert np.isnan(places[0]).all()
    assert colours[0] == 65535
    assert not np.isnan(places[1:]).any()
    assert [one["row"] for one in service.get(f"{MAP}/items", rows="0,1")["items"]] == [1]


def test_what_cannot_be_shown_is_said(serve: Callable[..., Running]) -> None:
    service = serve()

    def refused(path: str, **query: str) -> tuple[int, str]:
        answer = service.http.get(MAP + path, params=query)
        return answer.status_code, str(answer.json()["detail"])

    status, detail = refused("", by="colour")
    assert status == 422
    assert "wanted one of genre" in detail
    assert refused("", space="blend")[0] == 422
    status, detail = refused("/points", version="older")
    assert status == 409
    assert "Load it anew" in detail
    assert refused("/items")[0] == 422
    assert refused("/items", rows="1", ids="1")[0] == 422
    assert refused("/items", rows="1,x")[0] == 422
    assert refused("/items", rows=",".join(["1"] * 501))[0] == 422
    assert refused("/items", ids="nobody")[0] == 404
    assert service.get(f"{MAP}/items", rows="999999")["items"] == []
    status, detail = refused("", space="sound")
    assert status == 404
    assert "nearfield map --catalogue movies --space sound" in detail
