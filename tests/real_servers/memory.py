"""How much memory processes take."""

import re
from pathlib import Path


def resident_mb(process: int, alone: bool = False) -> float:
    """Return the resident memory of a process in MB, with what it started unless `alone`.

    Pages that several of them share are counted in each.
    """
    try:
        status = Path(f"/proc/{process}/status").read_text()
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:  # it has ended
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+)", status)
    own = int(found.group(1)) / 1024 if found else 0.0
    others = [] if alone else [resident_mb(int(child)) for child in children]
    return round(own + sum(others), 1)
