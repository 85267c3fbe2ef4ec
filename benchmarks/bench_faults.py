"""What those who ask notice when servers fail: a Milvus cluster, MariaDB, the service itself.

Run: `python benchmarks/bench_faults.py [--faults "proxy,query node"] [--seconds 12]`.

It starts a Milvus cluster of ten processes, MariaDB and the service in a network of its own; three
clients ask without a pause, and every answer is compared with exact search. One part after the
other is killed (`kill -9`) or stopped for some seconds, and started again. Of each fault it tells
how many requests were sent, answered in full and rightly, by less and marked so (degraded), not
at all (failed), and wrongly; the longest that one took; and the seconds from the fault to the last
answer that was not full. Prints one JSON line; append it to results/faults.jsonl.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from alone import run_alone
from fault_stage import REPLICAS, Sizes, Stage, open_stage
from faults import FAULTS
from machine import describe
from real_servers.cluster import LEASE, milvus_cluster

SETTLE: Final = 15.0
"""Seconds for which it is watched at least after a fault was mended: some effects come late."""


def measure(stage: Stage, name: str, seconds: float) -> dict[str, Any]:
    """Make one fault, mend it, wait for full answers, and tell what came meanwhile."""
    stage.replicated()
    start = time.monotonic()
    told = FAULTS[name](stage, seconds)
    until = time.monotonic() + SETTLE
    ending = ""
    try:
        stage.full()
        time.sleep(max(0.0, until - time.monotonic()))
        stage.full()
    except AssertionError as error:
        ending = str(error)
    found = {"fault": name, "seconds": seconds, **stage.asked.tally(start).as_plain(), **told}
    if ending:
        found["not_full"] = ending
    print(json.dumps(found), file=sys.stderr)
    return found


def main() -> None:
    """Print one JSON line."""
    run_alone()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--database", choices=["mariadb", "sqlite"], default="mariadb")
    options = parser.parse_args()
    names = [name.strip() for name in options.faults.split(",")]
    sizes = Sizes()
    with tempfile.TemporaryDirectory() as folder, milvus_cluster() as cluster:
        with open_stage(cluster, Path(folder), options.database, sizes) as stage:
            found = [measure(stage, name, options.seconds) for name in names]
        line = {
            "benchmark": "faults",
            "machine": describe(),
            "milvus": "2.3.5",
            "replicas": REPLICAS,
            "lease_s": LEASE,
            "database": options.database,
            **vars(sizes),
            "cluster_mb": round(cluster.memory_mb()),
            "faults": found,
        }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
