"""What a home answers, so that two can be compared."""

from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import text

from nearfield.catalogue.database import Database
from nearfield.home import Nearfield
from nearfield.types import Recommendation
from sound.made_sounds import song, write_sound

CLIP = "other.flac"
RATE = 22_050


def make_songs(folder: Path) -> Path:
    """Write three songs, one of them twice; return `folder`."""
    folder.mkdir(parents=True)
    one = song(16.0, seed=1)
    write_sound(folder / "one.flac", one)
    write_sound(folder / "one late.flac", one[2 * RATE :])
    write_sound(folder / "two.flac", song(16.0, seed=2))
    write_sound(folder / CLIP, song(12.0, seed=3))
    return folder


def movie_answers(home: Nearfield) -> dict[str, list[Recommendation]]:
    told: dict[str, list[Recommendation]] = {}
    for space in ("fusion", "graph", "blend"):
        told[f"user in {space}"] = home.recommend(user=1, catalogue="movies", space=space)
        told[f"guest in {space}"] = home.recommend(
            catalogue="movies", liked=[3, 7], space=space, where="year > 1900"
        )
        told[f"like in {space}"] = home.similar_items(5, catalogue="movies", space=space)
    return told


def song_answers(home: Nearfield, music: Path) -> dict[str, str]:
    """Return what a home says of songs; the place of the home itself is left out."""
    found = home.music.identify(music / "one late.flac")
    one = found.matches[0].item
    told: dict[str, Any] = {
        "identify": found.as_data(),
        "similar": home.music.similar(one),
        "recommend": home.music.recommend(liked=[one]),
        "playlist": home.music.playlist(one),
        "duplicates": home.music.duplicates().groups,
    }
    return {name: repr(answer).replace(str(home.stores.home), "") for name, answer in told.items()}


def assert_same(
    one: dict[str, list[Recommendation]],
    other: dict[str, list[Recommendation]],
    tolerance: float = 0.0,
) -> None:
    """Compare answers; scores may differ by `tolerance`, and so equal ones change places."""
    assert one.keys() == other.keys()
    for name in one:
        if tolerance == 0:
            assert other[name] == one[name], name
            continue
        first, second = ([each.score for each in answer[name]] for answer in (one, other))
        np.testing.assert_allclose(first, second, rtol=0, atol=tolerance, err_msg=name)
        items = [{each.item for each in answer[name]} for answer in (one, other)]
        assert items[0] == items[1], name


def contents(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables of an SQLite home."""
    database = Database(url)
    try:
        with database.reading(snapshot=True) as conn:
            named = "SELECT name FROM sqlite_master WHERE type = 'table'"
            names = sorted(conn.execute(text(named)).scalars())
            return {
                name: sorted(map(tuple, conn.execute(text(f"SELECT * FROM {name}"))), key=repr)
                for name in names
            }
    finally:
        database.close()


def sqlite_of(home: Path) -> str:
    return f"sqlite:///{home / 'catalogue.db'}"
