"""A small catalogue of songs: eight moods, each with artists, albums and a sound of its own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from mean_model import unit
from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.store import Catalogues
from nearfield.datasets.tables import Columns, Tables
from nearfield.recommend.listener import ListenerConfig, ListenerModel
from nearfield.recommend.recommender import Recommender
from nearfield.recommend.view import SpaceView
from nearfield.types import Ids, PublicId, Recommendation, Vectors
from nearfield.vectors.exact import ExactIndex

MOODS, ARTISTS, EACH, DIM = 8, 5, 5, 16
SONGS = MOODS * ARTISTS * EACH
UNHEARD = "unheard"  # a song without a vector
PLAIN = "plain"  # a song of which nothing but the sound is known


def song(mood: int, artist: int, number: int) -> str:
    return f"m{mood}a{artist}s{number}"


def song_tables() -> Tables:
    """Return 200 songs with all that may be known of them, one without a vector, one without facts.

    Listener "ann" plays moods 0 and 3, skips and dislikes mood 5.
    """
    rng = np.random.default_rng(0)
    rows = [
        {
            Columns.ITEM: song(mood, artist, number),
            Columns.TITLE: f"Song {mood}.{artist}.{number}",
            "artist": f"Artist {mood}.{artist}",
            "album": f"Album {mood}.{artist}.{number // 3}",
            "path": f"/music/{mood}/{artist}/{number}.ogg",
            "duration": f"{180 + 20 * number}.5",
            "tempo": f"{80 + 10 * mood + rng.normal():.2f}",
            "energy": f"{mood / MOODS:.3f}",
        }
        for mood in range(MOODS)
        for artist in range(ARTISTS)
        for number in range(EACH)
    ]
    rows += [{Columns.ITEM: one, Columns.TITLE: one.title()} for one in (UNHEARD, PLAIN)]
    listened = [song(0, one % 3, one % 5) for one in range(12)]
    listened += [song(3, one % 2, one % 4) for one in range(6)]
    events = [(one, "listened") for one in listened]
    events[4:4] = [(song(5, 0, 0), "skipped"), (song(5, 1, 1), "disliked"), (UNHEARD, "listened")]
    return Tables(
        items=pl.DataFrame(rows, infer_schema_length=None).with_columns(
            pl.lit(None, pl.Int64).alias(Columns.YEAR),
            pl.lit([], pl.List(pl.String)).alias(Columns.GENRES),
        ),
        users=pl.DataFrame({Columns.USER: ["ann", "bob"]}),
        events=pl.DataFrame(
            {
                Columns.USER: ["ann"] * len(events),
                Columns.ITEM: [one for one, _ in events],
                Columns.KIND: [kind for _, kind in events],
                Columns.VALUE: pl.Series([None] * len(events), dtype=pl.Float32),
                Columns.TIME: range(1, len(events) + 1),
            }
        ),
    )


def mood_vectors() -> Vectors:
    """Return unit vectors: one direction for each mood, a smaller one for each artist, noise."""
    rng = np.random.default_rng(1)
    moods = np.linalg.qr(rng.normal(size=(DIM, DIM)))[0][:MOODS]
    rows = [
        moods[mood] + 0.35 * direction + 0.12 * rng.normal(size=DIM)
        for mood in range(MOODS)
        for direction in unit(rng.normal(size=(ARTISTS, DIM)).astype(np.float32))
        for _ in range(EACH)
    ]
    rows.append(moods[1])
    return unit(np.array(rows, dtype=np.float32))


@dataclass(frozen=True)
class SongLibrary:
    """What the tests of songs ask."""

    catalogue: Catalogue
    index: ExactIndex
    view: SpaceView
    recommender: Recommender

    def keys(self, ids: Sequence[PublicId]) -> Ids:
        return self.catalogue.item_keys(list(ids))

    def vector(self, one: PublicId) -> Vectors:
        vector: Vectors = self.index.get(self.keys([one]))[0]
        return vector


@contextmanager
def open_songs(folder: Path, config: ListenerConfig | None = None) -> Iterator[SongLibrary]:
    """Import the songs into a catalogue below a folder."""
    tables = song_tables()
    with Catalogues(f"sqlite:///{folder / 'songs.db'}") as catalogues:
        for _ in catalogues.import_tables("songs", tables):
            pass
        catalogue = catalogues.get("songs")
        heard = [one for one in tables.items[Columns.ITEM].to_list() if one != UNHEARD]
        index = ExactIndex(DIM)
        index.upsert(catalogue.item_keys(heard), mood_vectors())
        view = SpaceView("sound", index, ListenerModel(index, config))
        yield SongLibrary(catalogue, index, view, Recommender(catalogue, view))


def ids(answer: Sequence[Recommendation]) -> list[str]:
    return [str(one.item) for one in answer]


def moods(answer: Sequence[Recommendation]) -> list[int]:
    """Return the mood of each song; -1 for the plain one."""
    return [int(one[1]) if one[0] == "m" else -1 for one in ids(answer)]
