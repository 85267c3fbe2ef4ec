"""Draw a map with one library, alone in its process; run by bench_map.py.

Usage: draw_map.py LIBRARY VECTORS.npy POINTS.npy. LIBRARY is ours, umap or pacmap; the two peers
may lie in an environment of their own: `pip install umap-learn==0.5.12 pacmap==0.9.1`. Both run
with their defaults, and with a seed. Prints one JSON line: seconds of processor time of loading and
of drawing, wall seconds, and peak memory.
"""

import json
import os
import resource
import sys
import time
import warnings
from typing import Any

import numpy as np

warnings.filterwarnings("ignore")  # UMAP tells that a seed keeps it to one thread

SEED = 0


def draw(library: str, vectors: Any) -> tuple[Any, float]:
    """Return the points, and the processor time at which the library was loaded."""
    if library == "umap":
        import umap

        loaded = _cpu()
        return umap.UMAP(metric="cosine", random_state=SEED, n_jobs=1).fit_transform(
            vectors
        ), loaded
    if library == "pacmap":
        import pacmap

        loaded = _cpu()
        found = pacmap.PaCMAP(distance="angular", random_state=SEED)
        return found.fit_transform(vectors, init="pca"), loaded
    from nearfield.pipelines.progress import finish
    from nearfield.pipelines.projection import project

    loaded = _cpu()
    return finish(project(vectors, SEED)), loaded


def main() -> None:
    """Draw, and print one line."""
    library, source, target = sys.argv[1:]
    vectors = np.load(source)
    start = time.perf_counter()
    points, loaded = draw(library, vectors)
    np.save(target, np.asarray(points, dtype=np.float32))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = {"load": loaded, "cpu": _cpu() - loaded, "wall": time.perf_counter() - start}
    print(json.dumps({**{name: round(x, 1) for name, x in told.items()}, "peak_mb": peak // 1024}))


def _cpu() -> float:
    used = os.times()
    return used.user + used.system


if __name__ == "__main__":
    main()
