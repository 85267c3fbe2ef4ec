"""Whatever a player sends, it is told what is wrong in a form that it knows."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nearfield.service.subsonic.routes import METHODS
from players import LOGIN, song_ids
from running_service import Running

NAMES = (
    *("id", "albumId", "artistId", "songId", "playlistId", "songIdToAdd", "startSongId"),
    *("endSongId", "name", "query", "genre", "artist", "type", "username", "u", "f", "v"),
    *("count", "size", "offset", "songCount", "songOffset", "fromYear", "toYear", "time"),
    *("rating", "songIndexToRemove", "musicFolderId", "ifModifiedSince", "submission"),
)


def values(known: list[str]) -> st.SearchStrategy[str]:
    """Return texts of every kind: ids that are there, numbers, words of the protocol, anything."""
    words = ["", "songs.so.x", "songs.pl.1", "songs.al.", "..", "json", "byYear", "newest", "true"]
    numbers = st.integers(-(10**20), 10**20).map(str)
    return st.one_of(st.sampled_from([*known, *words]), numbers, st.text(max_size=20))


@pytest.mark.parametrize("method", sorted(METHODS))
def test_no_call_fails_but_in_the_form_of_the_protocol(music: Running, method: str) -> None:
    known = list(song_ids(music).values())
    pairs = st.lists(st.tuples(st.sampled_from(NAMES), values(known)), max_size=6)

    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    @given(pairs=pairs)
    def sent(pairs: list[tuple[str, str]]) -> None:
        names = {name for name, _ in pairs}
        query: list[tuple[str, Any]] = [*pairs]
        query += [(name, value) for name, value in LOGIN.items() if name not in names]
        answer = music.http.get(f"/rest/{method}?{urlencode(query, errors='surrogatepass')}")
        assert answer.status_code in (200, 206), answer.text
        kind = answer.headers["content-type"].partition(";")[0]
        if kind == "application/json":
            assert answer.json()["subsonic-response"]["status"] in ("ok", "failed")
        elif kind == "text/xml":
            assert "<subsonic-response" in answer.text
        else:
            assert method in ("stream", "download", "getCoverArt")

    sent()
