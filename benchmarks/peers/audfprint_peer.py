"""Look for tracks with audfprint; run by bench_duplicates.py.

audfprint (D. Ellis, MIT licence, https://github.com/dpwe/audfprint) is not an installable package:
`--audfprint` names a folder with its source. It is used with the settings that its program has
where none are given: 20 hashes a second, each query hashed at four shifts, at least 5 aligned
hashes. A request a line comes in on standard input: a JSON list of the words "reference" or
"query", and a file of mono 16-bit samples, 11,025 a second. A reference is kept under the next
number from 0 on, and answered with its hashes; a query with the references found, best first:
`[[number, aligned hashes, offset in seconds], ...]`, and the seconds of processor time of hashing
and of the search.
"""

import argparse
import json
import random
import sys
import time
import types
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

SEED = 5
MOST_FOUND = 5
"""References told of each query, the best ones."""


class Peer:
    """audfprint's analysis, table and search, as its program sets them up."""

    def __init__(self, folder: Path) -> None:
        sys.path.insert(0, str(folder))
        # it wants psutil for nothing but a log that is not written here
        sys.modules.setdefault("psutil", types.ModuleType("psutil"))
        audfprint_analyze = import_module("audfprint_analyze")
        random.seed(SEED)  # full buckets replace entries at random
        self._reading = audfprint_analyze.audio_read
        self._analyzer = audfprint_analyze.Analyzer(density=20.0)
        self._table = import_module("hash_table").HashTable(hashbits=20, depth=100, maxtime=16384)
        self._matcher = import_module("audfprint_match").Matcher()
        self._matcher.window = 2
        self._matcher.threshcount = 5
        self._matcher.search_depth = 100

    def add(self, path: Path) -> int:
        """Keep a reference; return how many hashes it has."""
        hashes = self._hashes(path, shifts=1)
        self._table.store(str(len(self._table.names)), hashes)
        return len(hashes)

    def find(self, path: Path) -> tuple[list[list[float]], float, float]:
        """Return what is found, and the seconds of hashing and of the search."""
        began = time.process_time()
        hashes = self._hashes(path, shifts=4)
        hashed = time.process_time()
        rows = self._matcher.match_hashes(self._table, hashes) if len(hashes) else []
        taken = time.process_time() - hashed
        step = self._analyzer.n_hop / self._analyzer.target_sr
        best: dict[int, list[float]] = {}
        for number, aligned, offset, *_ in rows:
            if int(aligned) >= self._matcher.threshcount and int(number) not in best:
                best[int(number)] = [int(number), int(aligned), round(float(offset * step), 3)]
        return list(best.values())[:MOST_FOUND], hashed - began, taken

    def _hashes(self, path: Path, shifts: int) -> Any:
        samples = np.fromfile(path, dtype="<i2").astype(np.float32) / 32_768
        self._reading.audio_read = lambda *_, **__: (samples, self._analyzer.target_sr)
        self._analyzer.shifts = shifts
        return self._analyzer.wavfile2hashes(path.name)


def main() -> None:
    """Answer requests until there are no more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audfprint", type=Path, required=True)
    peer = Peer(parser.parse_args().audfprint)
    for line in sys.stdin:
        what, path = json.loads(line)
        if what == "reference":
            print(json.dumps(peer.add(Path(path))), flush=True)
        else:
            print(json.dumps(peer.find(Path(path))), flush=True)


if __name__ == "__main__":
    main()
