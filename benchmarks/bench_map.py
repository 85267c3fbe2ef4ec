"""How true a map is, and what drawing it costs; beside other libraries where they are given.

`kept` is the share of the ten nearest items in the space that are among the ten nearest on the
map. Each library draws twice in processes of its own: `same` tells whether both maps are equal.
Run: `python benchmarks/bench_map.py --home HOME --space fusion graph`, or without a home for
made-up vectors, `--rows 4000 100000`. `--peers umap=PYTHON pacmap=PYTHON` names the Pythons that
have them. Prints one JSON line; append it to results/map.jsonl. Compare lines from one machine
only.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np

from machine import describe
from nearfield.pipelines.stores import Stores
from nearfield.types import Vectors

K: Final = 10
ASKED: Final = 2_000
SEED: Final = 1234
SCRIPT: Final = Path(__file__).parent / "peers" / "draw_map.py"


def made_up(rows: int, dim: int) -> Vectors:
    """Return unit vectors on bent sheets of six dimensions, 200 of them around 20 centres."""
    rng = np.random.default_rng(SEED)
    centres = np.repeat(rng.normal(size=(20, dim)), 10, axis=0)
    centres += 0.7 * rng.normal(size=centres.shape)
    sheets = rng.normal(size=(200, 6, dim)) / np.sqrt(6)
    which = rng.choice(200, rows, p=rng.dirichlet(np.full(200, 0.7)))
    vectors = centres[which] + 0.15 * rng.normal(size=(rows, dim))
    for sheet in range(200):
        own = which == sheet
        vectors[own] += 0.6 * rng.normal(size=(int(own.sum()), 6)) @ sheets[sheet]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


def kept(vectors: Vectors, points: Vectors) -> float:
    """Return the share of true neighbours that are neighbours on the map."""
    asked = np.random.default_rng(SEED).permutation(len(vectors))[:ASKED]
    space, flat = faiss.IndexFlatIP(vectors.shape[1]), faiss.IndexFlatL2(2)
    space.add(vectors)
    flat.add(points)
    true, seen = space.search(vectors[asked], K + 1)[1], flat.search(points[asked], K + 1)[1]
    shares = [
        len((set(one) & set(other)) - {row}) / K
        for row, one, other in zip(asked.tolist(), true.tolist(), seen.tolist(), strict=True)
    ]
    return float(np.mean(shares))


def measure(library: str, python: str, vectors: Vectors) -> dict[str, Any]:
    """Draw twice; return the figures of the second, when files are in memory."""
    with tempfile.TemporaryDirectory() as folder:
        source, drawn = Path(folder, "vectors.npy"), []
        np.save(source, vectors)
        for turn in range(2):
            target = Path(folder, f"{turn}.npy")
            command = [python, str(SCRIPT), library, str(source), str(target)]
            told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            drawn.append(np.load(target))
    same = bool(np.array_equal(*drawn))
    return {"kept": round(kept(vectors, drawn[1]), 3), "same": same, **told}


def spaces(given: argparse.Namespace) -> Iterator[tuple[str, Vectors]]:
    """Yield what is to be drawn, with its name."""
    if given.home is None:
        for rows in given.rows:
            yield f"made-up {rows}x{given.dim}", made_up(rows, given.dim)
        return
    with Stores(given.home) as stores:
        for name in given.space:
            _, index = stores.spaces.open(given.catalogue, name)
            yield name, np.concatenate([vectors for _, vectors in index.scan()])


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a home with a published model")
    parser.add_argument("--data", type=Path, help="not read: the data is in the home")
    parser.add_argument("--catalogue", default="movies")
    parser.add_argument("--space", nargs="+", default=["fusion"])
    parser.add_argument("--rows", type=int, nargs="+", default=[4_000])
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--peers", nargs="*", default=[], metavar="LIBRARY=PYTHON")
    given = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    pythons = {"ours": sys.executable, **dict(one.split("=", 1) for one in given.peers)}
    figures = {
        name: {"rows": len(vectors), "dim": int(vectors.shape[1])}
        | {library: measure(library, python, vectors) for library, python in pythons.items()}
        for name, vectors in spaces(given)
    }
    line = {"bench": "map", **describe(), "load": round(os.getloadavg()[0], 1)}
    print(json.dumps(line | figures))


if __name__ == "__main__":
    main()
