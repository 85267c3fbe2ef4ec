"""How well listeners are served whose tastes are known, because they are made up.

Each simulated listener likes one to four groups of songs (albums), in moods of some ten songs, and
skips and dislikes another one; half of each group is never heard and should be found. Measured
are the share of these among the first 10, of songs of the unwanted group, and of the listener's
groups that are there, for the mean of all plays and as each part of `ListenerModel` is added.
Run: `python benchmarks/bench_tastes.py --vectors songs.npz` with arrays `vectors`, float32 of shape
(songs, dim) and unit length, and `groups`, the name of each song's group; or `--home DIR` with a
catalogue of songs that have albums. Prints one JSON line; append it to results/tastes.jsonl.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from machine import describe
from nearfield import Nearfield
from nearfield.recommend.filters import combine
from nearfield.recommend.listener import ListenerConfig, ListenerModel
from nearfield.recommend.view import SpaceView
from nearfield.types import UserQuery, Vectors
from nearfield.vectors.exact import ExactIndex

LEAST, K = 10, 10
NOTHING = {"interest_share": 0.0, "balance": 0.0, "push": 0.0}
STEPS: dict[str, dict[str, float]] = {
    "mean": {**NOTHING, "plays": 1.0, "half_life": 1e9},
    "plays": NOTHING,
    "interests": {"balance": 0.0, "push": 0.0},
    "push": {"balance": 0.0},
    "defaults": {},
}


@dataclass(frozen=True)
class Listener:
    """What one did, and what they should get: rows of songs."""

    query: UserQuery
    wanted: set[int]
    unwanted: set[int]
    tastes: list[set[int]]


def make_listener(groups: NDArray[Any], rng: np.random.Generator) -> Listener:
    """Return a listener of one to four groups that hold at least ten songs."""
    names, sizes = np.unique(groups, return_counts=True)
    tastes = int(rng.integers(1, 5))
    *likes, bad = rng.choice(names[sizes >= LEAST], tastes + 1, replace=False).tolist()
    share = rng.dirichlet(np.full(tastes, 2.0))
    shuffled = {one: rng.permutation(np.flatnonzero(groups == one)) for one in (*likes, bad)}
    heard = {one: rows[: len(rows) // 2] for one, rows in shuffled.items()}
    events: list[tuple[int, float]] = []
    mood = 0
    for _ in range(int(rng.integers(20, 150))):
        mood = int(rng.integers(tastes)) if rng.random() < 0.1 else mood
        taste = likes[mood] if rng.random() < 0.6 else likes[int(rng.choice(tastes, p=share))]
        often = 1 / np.arange(1, len(heard[taste]) + 1)
        events.append((int(rng.choice(heard[taste], p=often / often.sum())), 1.0))
        if rng.random() < 0.08:
            weight = -1.0 if rng.random() < 0.2 else -0.5
            events.append((int(rng.choice(heard[bad])), weight))
        if rng.random() < 0.04:  # a skip of what is liked, by mood
            events.append((int(rng.choice(heard[taste])), -0.5))
    rows, weights = zip(*events, strict=True)
    rest = {one: set(shuffled[one][len(heard[one]) :].tolist()) for one in shuffled}
    return Listener(
        query=UserQuery(
            items=np.array(rows) + 1,
            values=np.full(len(rows), np.nan, dtype=np.float32),
            weights=np.array(weights, dtype=np.float32),
        ),
        wanted=set().union(*(rest[one] for one in likes)),
        unwanted=rest[bad],
        tastes=[set(shuffled[one].tolist()) for one in likes],
    )


def serve(view: SpaceView, listeners: list[Listener]) -> dict[str, float]:
    """Return the shares of what is wanted, of what is not, and of the tastes that are covered."""
    wanted, unwanted, covered = [], [], []
    for one in listeners:
        look = view.look(one.query)
        assert look is not None  # everyone played something
        found = set((look.nearest(K, combine([one.query.items], [])).ids - 1).tolist())
        wanted.append(len(found & one.wanted) / min(K, len(one.wanted)))
        unwanted.append(len(found & one.unwanted) / K)
        covered.append(np.mean([bool(found & taste) for taste in one.tastes]))
    names = ("wanted", "unwanted", "covered")
    means = [round(float(np.mean(one)), 4) for one in (wanted, unwanted, covered)]
    return dict(zip(names, means, strict=True))


def read_home(home: Path) -> tuple[Vectors, NDArray[Any]]:
    """Return vectors and albums of the songs of a home's only catalogue."""
    with Nearfield(home) as opened:
        catalogue = opened.stores.catalogue()
        _, index = opened.stores.spaces.open(catalogue.name, "sound")
        keys = np.concatenate([keys for keys, _ in index.scan()])
        albums = [item.attributes.get("album", "") for item in catalogue.items(keys)]
        known = np.array([album != "" for album in albums])
        return index.get(keys[known]), np.array(albums)[known]


def main() -> None:
    """Make listeners, serve them, print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--vectors", type=Path, help="an .npz with `vectors` and `groups`")
    source.add_argument("--home", type=Path, help="a home with one catalogue of songs")
    parser.add_argument("--name", default="", help="what made the vectors")
    parser.add_argument("--listeners", type=int, default=600)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    if options.home:
        vectors, groups = read_home(options.home)
    else:
        with np.load(options.vectors) as held:
            vectors, groups = held["vectors"], held["groups"]
    index = ExactIndex(vectors.shape[1])
    index.upsert(np.arange(1, len(vectors) + 1), vectors)
    rng = np.random.default_rng(options.seed)
    listeners = [make_listener(groups, rng) for _ in range(options.listeners)]
    figures = {
        name: serve(
            SpaceView("sound", index, ListenerModel(index, ListenerConfig(**config))),  # type: ignore[arg-type]
            listeners,
        )
        for name, config in STEPS.items()
    }
    sizes = {
        "vectors": options.name,
        "songs": len(vectors),
        "dim": vectors.shape[1],
        "groups": len(np.unique(groups)),
        "listeners": options.listeners,
        "seed": options.seed,
    }
    print(json.dumps({"bench": "tastes", **describe(), **sizes, **figures}))


if __name__ == "__main__":
    main()
