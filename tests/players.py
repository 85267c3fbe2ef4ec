"""Ask a service as music players do."""

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import libsonic  # type: ignore[import-untyped]

from running_service import Running

LOGIN = {"u": "ann", "p": "any", "v": "1.16.1", "c": "tests"}


def player(running: Running, user: str = "ann", password: str = "any", **settings: Any) -> Any:
    """Return a client of py-sonic."""
    host, _, port = running.address.rpartition(":")
    return libsonic.Connection(host, user, password, port=int(port), **settings)


def ask(running: Running, method: str, **query: Any) -> dict[str, Any]:
    """Return the JSON of a call, which HTTP must have answered, whatever became of it."""
    answer = running.http.get(f"/rest/{method}", params={**LOGIN, "f": "json", **query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["subsonic-response"]
    return found


def failure(running: Running, method: str, **query: Any) -> tuple[int, str]:
    """Return the code and the message of a call that must fail."""
    found = ask(running, method, **query)
    assert found["status"] == "failed", found
    return found["error"]["code"], found["error"]["message"]


def ask_xml(running: Running, method: str, **query: Any) -> ElementTree.Element:
    """Return the root of the XML of a call."""
    answer = running.http.get(f"/rest/{method}", params={**LOGIN, **query})
    assert answer.headers["content-type"].startswith("text/xml")
    return ElementTree.fromstring(answer.text)


def titles(songs: Sequence[dict[str, Any]]) -> list[str]:
    """Return the titles of songs."""
    return [one["title"] for one in songs]


def song_ids(running: Running) -> dict[str, str]:
    """Return the id of each song, as players have it, by title."""
    found = ask(running, "search3", query="", songCount=500)["searchResult3"]["song"]
    return {one["title"]: one["id"] for one in found}
