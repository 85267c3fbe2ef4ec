"""What a figure was measured on; every benchmark prints it beside its figures."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = (
    "nearfield",
    "numpy",
    "torch",
    "onnxruntime",
    "faiss-cpu",
    "SQLAlchemy",
    "pymilvus",
    "milvus-lite",
)


def describe() -> dict[str, str | int]:
    """Return the processor, the cores this process may use, and the versions that matter."""
    found: dict[str, str | int] = {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1,
        "python": platform.python_version(),
    }
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
