"""Where Ray Data gets jobs from: one at a time, as they are needed, from the desk."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pyarrow as pa
import ray
from ray.data import Datasource, ReadTask
from ray.data.block import BlockMetadata

from nearfield.bulk.mapper import NUMBER, ORDER


class JobSource(Datasource):
    """Jobs that nobody can count before the last of them was asked for.

    Parameters
    ----------
    desk : actor
        Has them.
    """

    def __init__(self, desk: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._desk = desk

    def get_name(self) -> str:
        """Return what Ray's reports call it."""
        return "Jobs"

    def estimate_inmemory_data_size(self) -> int | None:
        """Nobody knows."""
        return None

    def get_read_tasks(
        self, parallelism: int, per_task_row_limit: int | None = None, data_context: Any = None
    ) -> list[ReadTask]:
        """Return the one that asks the desk."""
        unknown = BlockMetadata(num_rows=None, size_bytes=None, exec_stats=None, input_files=None)
        return [ReadTask(partial(_jobs, self._desk), unknown)]


def _jobs(desk: Any) -> Iterator[pa.Table]:
    while True:
        taken = ray.get(desk.take.remote())
        if taken is None:
            return
        number, order = taken
        yield pa.table({NUMBER: [number], ORDER: pa.array([order], pa.large_binary())})
