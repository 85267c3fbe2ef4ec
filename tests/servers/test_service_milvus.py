"""A whole home on a Milvus server and MariaDB answers as an embedded one does."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from music.library import make_library, make_song
from nearfield.home import Nearfield
from nearfield.types import Recommendation
from real_servers.databases import empty_database
from real_servers.mariadb import mariadb_server
from real_servers.milvus import MilvusServer, restartable_milvus
from small_home import TINY, TINY_GRAPH
from sound.made_sounds import write_sound
from synthetic import make_movielens

pytestmark = [pytest.mark.servers, pytest.mark.milvus]


@dataclass(frozen=True)
class Place:
    """A home, and how programs find its servers."""

    home: Path
    env: dict[str, str]

    def open(self) -> Nearfield:
        uri, url = (self.env.get(f"NEARFIELD_{name}") for name in ("MILVUS_URI", "DATABASE_URL"))
        return Nearfield(self.home, milvus_uri=uri, database_url=url)

    def run(self, *command: str) -> Any:
        """Return the JSON that a command prints."""
        program = [Path(sys.executable).parent / "nearfield", "--home", self.home, *command]
        done = subprocess.run(
            [*map(str, program), "--json"],
            env={**os.environ, **self.env, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def milvus() -> Iterator[MilvusServer]:
    with restartable_milvus() as server:
        yield server


@pytest.fixture
def places(milvus: MilvusServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Place]]:
    """The same home twice: embedded, and on servers; movies with two models, and songs."""
    folder = tmp_path_factory.mktemp("whole")
    data, library = make_movielens(folder / "data"), make_library(folder / "library")
    again = library / "Chords" / "again.ogg"
    write_sound(again, make_song("Chords", 0))
    with mariadb_server() as server, empty_database(server) as url:
        address = url.render_as_string(hide_password=False)
        env = {"NEARFIELD_MILVUS_URI": milvus.uri, "NEARFIELD_DATABASE_URL": address}
        found = [Place(folder / "embedded", {}), Place(folder / "on-servers", env)]
        for place in found:
            with place.open() as nearfield:
                nearfield.import_folder("movies", data)
                for space, config in (("fusion", TINY), ("graph", TINY_GRAPH)):
                    nearfield.train(space, catalogue="movies", **config)
                    nearfield.publish("movies", space=space)
                nearfield.music.add(library, workers=1)
        yield found


def told(found: Sequence[Recommendation]) -> list[tuple[object, float]]:
    """Return items and scores, as far as they are to be the same."""
    return [(one.item, math.nan if math.isnan(one.score) else round(one.score, 4)) for one in found]


def of_movies(nearfield: Nearfield) -> list[Any]:
    return [
        told(nearfield.recommend(3, catalogue="movies")),
        told(nearfield.recommend(4, 20, catalogue="movies", space="blend", diversity=0.3)),
        told(nearfield.recommend(5, catalogue="movies", where="genre = 'Drama' and year > 1970")),
        told(nearfield.recommend(catalogue="movies", attributes={"age": 25, "gender": "F"})),
        told(nearfield.similar_items(5, catalogue="movies", space="graph")),
    ]


def of_songs(nearfield: Nearfield) -> list[Any]:
    catalogue, music = nearfield.stores.catalogue("songs"), nearfield.music
    ids = sorted(str(one.id) for one in catalogue.items(catalogue.all_item_keys()))
    return [
        ids,
        told(music.similar(ids[0])),
        told(music.similar(ids[1], at=3.0)),
        told(music.recommend(liked=ids[:2], disliked=ids[-1:])),
        told(music.playlist(ids[0], length=5).songs),
        told(music.playlist(ids[0], length=5, radio=True).songs),
        told(music.playlist(ids[0], to=ids[-1], length=5).songs),
        [[one.item for one in group.members] for group in music.duplicates().groups],
        len(music.versions().groups),
    ]


def test_answers_on_servers_are_those_of_an_embedded_home(places: list[Place]) -> None:
    answers = []
    for place in places:
        with place.open() as nearfield:
            movies, songs = of_movies(nearfield), of_songs(nearfield)
            nearfield.refresh("movies")
            nearfield.refresh("songs")
            assert (of_movies(nearfield), of_songs(nearfield)) == (movies, songs)
            nearfield.train("fusion", catalogue="movies", **{**TINY, "seed": 1})
            nearfield.publish("movies", space="fusion")
            assert of_movies(nearfield) != movies
            nearfield.rollback("movies")
            assert of_movies(nearfield) == movies
            erased = nearfield.erase(7, catalogue="movies").events
            after = of_movies(nearfield)
            spaces = [(one.catalogue, one.recommender, one.rows) for one in nearfield.spaces()]
        wished = ("--catalogue", "movies", "--user", "3", "-k", "4")
        answers.append([movies, songs, erased, after, spaces, place.run("recommend", *wished)])
    embedded, on_servers = answers
    lines, same = embedded.pop(), on_servers.pop()
    assert embedded == on_servers
    assert [one["item"] for one in lines] == [one["item"] for one in same]
    assert {one["degraded"] for one in (*lines, *same)} == {None}
