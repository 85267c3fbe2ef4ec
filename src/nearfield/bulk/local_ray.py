"""A Ray on this machine, in a process of its own that lives as long as who started it.

Run as a program. Ray forks when it starts, and a process in which gRPC has threads, as one that
has Milvus open, now and then hangs in that: so a fresh one does it. It prints the address, and
ends with its standard input, however the other end of that came to be closed.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nearfield.errors import Unavailable


@contextmanager
def local_ray(options: dict[str, Any]) -> Iterator[str]:
    """Run a Ray for the time of the block, and yield its address.

    Parameters
    ----------
    options : dict
        Of `ray.init`; what JSON can hold.

    Raises
    ------
    Unavailable
        If it does not start.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "nearfield.bulk.local_ray", json.dumps(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for us, and we end it in our time
    )
    assert process.stdin is not None  # all three are pipes
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        address = process.stdout.readline().strip()
        if not address:
            told = process.stderr.read().strip().splitlines() or ["it said nothing"]
            raise Unavailable(f"no Ray can be started on this machine: {told[-1]}")
        yield address
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def main() -> None:
    """Start Ray, tell its address, and end when nobody is there any more."""
    import ray  # here: who starts this program has it loaded already

    ray.init("local", **json.loads(sys.argv[1]))
    sys.stdout.write(f"{ray.get_runtime_context().gcs_address}\n")
    sys.stdout.flush()
    sys.stdin.read()
    ray.shutdown()


if __name__ == "__main__":
    main()
