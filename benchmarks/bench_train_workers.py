"""How much several workers on Ray speed training up: the same steps by one process and by two.

Learns from ML-1M (--data) or from made-up data; fusion and graph at their defaults. Each way is
measured in a process of its own, over --steps training steps after the first: seconds a step by the
clock, CPU seconds a step of every process that trains, and what it took until the first step. On a
machine that does other things as well the clock tells of those, too: `speed-up by CPU` is what the
clock would say if every thread had a core of its own, from CPU seconds alone. `whole run` trains
both ways to the end and compares vectors and losses. Run:
`python benchmarks/bench_train_workers.py --data FOLDER`; prints one JSON line; append it to
results/train_workers.jsonl. Linux only: it reads /proc.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from machine import describe
from movies import load
from nearfield.pipelines.kinds import kind_of, read_config
from nearfield.pipelines.team import TeamTrainer
from nearfield.pipelines.team_lesson import Given
from nearfield.pipelines.workers import Workers
from nearfield.training.loop import Step

WAYS: Final = {
    "1 process, 1 thread": Workers(),
    "1 process, 2 threads": Workers(threads=2),
    "2 workers, 1 thread each": Workers("ray", 2),
}
"""How it is done; of a process alone, `threads` says how many torch may use."""

TICK: Final = os.sysconf("SC_CLK_TCK")


def processes(name: str) -> dict[int, float]:
    """Return CPU seconds of the processes below this one whose command has a name."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    named = set()
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if name in (folder / "cmdline").read_text():
                named.add(pid)
        except OSError:  # ended meanwhile
            continue
        parents[pid] = int(fields[1])
        seconds[pid] = (int(fields[11]) + int(fields[12])) / TICK
    return {pid: seconds[pid] for pid in named if _is_below(pid, parents)}


def _is_below(pid: int, parents: dict[int, int]) -> bool:
    while pid in parents:
        pid = parents[pid]
        if pid == os.getpid():
            return True
    return False


def cpu(workers: Workers) -> list[float]:
    """Return CPU seconds so far of each process that trains."""
    if workers.is_team:
        return sorted(processes("RayTrainWorker").values())
    return [time.process_time()]


def timed(steps: Iterator[Step], workers: Workers, count: int) -> dict[str, Any]:
    """Measure steps, the first of which is not counted."""
    start = time.perf_counter()
    first = next(steps)
    begun, before = time.perf_counter(), cpu(workers)
    done, wall, after = 0, 0.0, before
    last = first
    for last in steps:
        seen = cpu(workers)
        if len(seen) < len(before):  # the training is over, and its processes have ended
            break
        done = last.epoch * last.total + last.done - first.done
        wall, after = time.perf_counter() - begun, seen
        if done >= count:
            break
    each = [round((b - a) / done, 4) for a, b in zip(before, after, strict=True)]
    return {
        "first step s": round(begun - start, 2),
        "steps": done,
        "s a step": round(wall / done, 4),
        "CPU s a step": each,
        "loss": round(last.loss, 4),
    }


def one(given: Given, way: str, count: int) -> dict[str, Any]:
    """Measure one way in this process."""
    import torch  # its threads were told by the environment

    workers = WAYS[way]
    torch.set_num_threads(workers.threads)
    with TemporaryDirectory() as scratch:
        trainer = TeamTrainer(given, workers, Path(scratch) / "checkpoint")
        with closing(trainer.run()) as steps:  # type: ignore[type-var]
            return timed(steps, workers, count)


def whole(given: Given, way: str, out: Path) -> dict[str, Any]:
    """Train to the end in this process; keep the vectors."""
    import numpy as np
    import torch  # its threads were told by the environment

    workers = WAYS[way]
    torch.set_num_threads(workers.threads)
    start = time.perf_counter()
    with TemporaryDirectory() as scratch:
        trainer = TeamTrainer(given, workers, Path(scratch) / "checkpoint")
        for _ in trainer.run():
            pass
        taken = time.perf_counter() - start
        model = kind_of(given.recommender).finish(trainer.here, {})
        np.save(out, model.embed_items(given.collection)[1])
    return {"s": round(taken, 1), "curve": [round(loss, 5) for loss in trainer.curve]}


def compare(found: dict[str, Path]) -> dict[str, Any]:
    """Compare unit vectors of the ways with those of the first one."""
    import numpy as np

    first, *others = found
    reference = np.load(found[first])
    figures = {}
    for way in others:
        vectors = np.load(found[way])
        cosines = (reference * vectors).sum(axis=1)
        near = np.argsort(-(reference[:200] @ reference.T), axis=1)[:, 1:11]
        also = np.argsort(-(vectors[:200] @ vectors.T), axis=1)[:, 1:11]
        shared = [len(set(a) & set(b)) / 10 for a, b in zip(near, also, strict=True)]
        figures[way] = {
            "furthest part": float(np.abs(reference - vectors).max()),
            "mean cosine": round(float(cosines.mean()), 6),
            "least cosine": round(float(cosines.min()), 6),
            "neighbours shared of 10": round(10 * float(np.mean(shared)), 2),
        }
    return figures


def child(way: str, recommender: str, options: list[str]) -> dict[str, Any]:
    """Measure one way in a process of its own."""
    command = [sys.executable, __file__, "--way", way, "--recommender", recommender, *options]
    threads = {"OMP_NUM_THREADS": str(WAYS[way].threads)}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, **threads}
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(recommender: str, given: argparse.Namespace) -> dict[str, Any]:
    """Measure all ways with one recommender."""
    shared = ["--seed", str(given.seed)] + (["--data", str(given.data)] if given.data else [])
    steps = {way: child(way, recommender, [*shared, "--steps", str(given.steps)]) for way in WAYS}
    alone, _, team = steps.values()
    found: dict[str, Any] = {
        "steps": steps,
        "speed-up by the clock": round(alone["s a step"] / team["s a step"], 2),
        "speed-up by CPU": round(alone["CPU s a step"][0] / max(team["CPU s a step"]), 2),
    }
    if given.epochs:
        with TemporaryDirectory() as scratch:
            files = {way: Path(scratch) / f"{n}.npy" for n, way in enumerate(WAYS)}
            runs = {
                way: child(
                    way, recommender, [*shared, "--epochs", str(given.epochs), "--out", str(file)]
                )
                for way, file in files.items()
            }
            found["whole run"] = {"runs": runs, "against the first": compare(files)}
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="a MovieLens folder; made up if not given")
    parser.add_argument("--recommender", default="fusion,graph")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=0, help="also train so many, and compare")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--way", choices=WAYS, help="measure this one, in this process")
    parser.add_argument("--out", type=Path, help="train to the end, and write the vectors here")
    given = parser.parse_args()
    if given.way is None:
        names = given.recommender.split(",")
        figures = {name: measure(name, given) for name in names}
        line = {"bench": "train_workers", "machine": describe() | {"ray": version("ray")}}
        line |= {"data": given.data.name if given.data else "made-up", "seed": given.seed}
        print(json.dumps(line | figures))
        return
    options = {"seed": given.seed} | ({"epochs": given.epochs} if given.epochs else {})
    lesson = Given(given.recommender, load(given.data), read_config(given.recommender, options))
    if given.out is not None:
        print(json.dumps(whole(lesson, given.way, given.out)))
    else:
        print(json.dumps(one(lesson, given.way, given.steps)))


if __name__ == "__main__":
    main()
