"""However large a space is, one part of it at a time is in memory."""

import tracemalloc
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa

from nearfield.catalogue.schema import HEAD
from nearfield.pipelines.backup_file import FORM, BackupWriter, Manifest, SpaceFacts
from nearfield.pipelines.backup_read import BackupFile
from nearfield.pipelines.progress import finish
from nearfield.vectors.rows import StreamedRows

DIM, PARTS, ROWS = 64, 20, 10_000
ALL_BYTES = PARTS * ROWS * DIM * 4


def write_large(file: Path) -> Path:
    """Write a backup that holds a space of 51 MB and nothing else."""
    schema = pa.schema([("id", pa.int64()), ("vector", pa.list_(pa.float32(), DIM))])
    vectors = np.full(ROWS * DIM, DIM**-0.5, dtype=np.float32)
    with file.open("wb+") as sink, closing(BackupWriter(sink)) as writer:
        with writer.rows("spaces/1.parquet", schema) as rows:
            for part in range(PARTS):
                ids = pa.array(np.arange(part * ROWS, (part + 1) * ROWS) + 1)
                columns = [ids, pa.FixedSizeListArray.from_arrays(pa.array(vectors), DIM)]
                rows.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
        space = SpaceFacts(
            catalogue="movies",
            recommender="fusion",
            version="v1",
            active=True,
            rows=PARTS * ROWS,
            dim=DIM,
            part="spaces/1.parquet",
        )
        manifest = Manifest(
            nearfield_backup=FORM,
            nearfield="0.1.0",
            id="0" * 32,
            created="2026-01-01T00:00:00+00:00",
            home="/home",
            schema_version=HEAD,
            catalogues={"movies": "one"},
            whole=True,
            next_keys={},
            tables={},
            spaces=[space],
            parts=dict(writer.parts),
        )
        writer.finish(manifest.model_dump_json().encode())
    return file


def test_a_space_is_read_from_a_backup_in_parts(tmp_path: Path) -> None:
    backup = BackupFile(write_large(tmp_path / "a.backup"))
    finish(backup.check())
    (space,) = backup.spaces()
    rows = StreamedRows(space.dim, lambda: backup.vectors(space))
    before = pa.default_memory_pool().bytes_allocated()
    most = 0
    tracemalloc.start()  # which sees what numpy and the file hold, but not Arrow's own
    try:
        for _ in rows.read():
            most = max(most, pa.default_memory_pool().bytes_allocated() - before)
        for _ in rows.parts():
            most = max(most, pa.default_memory_pool().bytes_allocated() - before)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(rows) == PARTS * ROWS
    assert most + peak < ALL_BYTES / 2
