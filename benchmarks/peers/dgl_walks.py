"""Walk with DGL's PinSAGESampler; run by bench_walks.py with the Python of the peer's environment.

Reads the graph from an .npz file named on the command line, then one JSON request a line, and
answers each with one JSON line.
"""

import json
import sys
import time
import warnings

import numpy as np
import torch

warnings.filterwarnings("ignore")  # DGL warns of its own use of torch

import dgl  # noqa: E402


def main() -> None:
    """Answer requests until there are no more."""
    with np.load(sys.argv[1]) as file:
        users, items = torch.as_tensor(file["users"]), torch.as_tensor(file["items"])
        asked = file["asked"]
    torch.set_num_threads(int(sys.argv[2]))
    edges = {("user", "takes", "item"): (users, items), ("item", "of", "user"): (items, users)}
    graph = dgl.heterograph(edges)
    print(json.dumps({"dgl": dgl.__version__, "torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        want = json.loads(line)
        sampler = dgl.sampling.PinSAGESampler(
            graph,
            "item",
            "user",
            want["length"],
            want["restart"],
            want["walks"],
            want["neighbours"],
        )
        rng = np.random.default_rng(want["seed"])
        batches = [rng.permutation(asked)[: want["batch"]] for _ in range(want["calls"])]
        seeds = [torch.as_tensor(batch) for batch in batches]
        visits = int(sampler(seeds[0]).edata["weights"].sum())  # warm-up, not timed
        wall, cpu = time.perf_counter(), time.process_time()
        for batch in seeds:
            sampler(batch)
        taken = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        print(json.dumps(taken | {"visits": visits}), flush=True)


if __name__ == "__main__":
    main()
