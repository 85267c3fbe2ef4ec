"""Run a benchmark in a network of its own, where the fixed ports of Milvus are free."""

import os
import sys
from pathlib import Path

ALONE = Path(__file__).parents[1] / "tools" / "alone.sh"
MARK = "NEARFIELD_BENCH_ALONE"


def run_alone() -> None:
    """Begin this program anew in a network that has a loopback only, unless it runs in one."""
    if os.environ.get(MARK) == "1":
        return
    os.environ[MARK] = "1"
    os.execv(ALONE, [str(ALONE), sys.executable, *sys.argv])
