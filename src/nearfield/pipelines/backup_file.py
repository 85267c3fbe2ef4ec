"""The file of a backup: a zip without compression, written from its beginning to its end.

At its end, where a zip has room for a remark, stands a checksum of the whole file, taken with
zeros in the place of the checksum itself. Tables and vectors are Parquet; the rest lies in it as
it lies in the home. Nothing in it is a pickle.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Annotated, Any, BinaryIO, Final, cast

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import pyarrow as pa

FORM: Final = 1
"""Raised when older programs could not read what is written."""

MANIFEST: Final = "manifest.json"
HOME: Final = "home/"
"""Begins the name of a part that is a file of the home."""

REMARK: Final = b"nearfield-backup sha256 "
DIGITS: Final = 64
ZEROS: Final = b"0" * DIGITS


class PartFacts(BaseModel):
    """One part: how long it is, and its checksum."""

    model_config = ConfigDict(frozen=True)

    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class TableFacts(BaseModel):
    """One table of SQL."""

    model_config = ConfigDict(frozen=True)

    part: str
    rows: Annotated[int, Field(ge=0)]


class SpaceFacts(BaseModel):
    """One version of a space."""

    model_config = ConfigDict(frozen=True)

    catalogue: str
    recommender: Annotated[str, Field(pattern=r"^[a-z-]{1,40}$")]
    version: Annotated[str, Field(min_length=1, max_length=64)]
    active: bool
    rows: Annotated[int, Field(ge=1)]
    dim: Annotated[int, Field(ge=1, le=65_536)]
    part: str


class Manifest(BaseModel):
    """What a backup holds; the last part of its file, as JSON."""

    model_config = ConfigDict(frozen=True)

    nearfield_backup: int
    nearfield: str
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    created: str
    home: str
    schema_version: Annotated[str, Field(pattern=r"^[0-9]{4}$")]
    catalogues: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")], str]
    whole: bool
    next_keys: dict[str, int]
    tables: dict[Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")], TableFacts]
    spaces: list[SpaceFacts]
    parts: dict[str, PartFacts]


class BackupWriter:
    """Writes parts, one after the other, then the manifest.

    Parameters
    ----------
    file : file
        Empty; written from its beginning to its end but for the checksum.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._sink = _Sink(file)
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_STORED)
        self.parts: dict[str, PartFacts] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[IO[bytes]]:
        """Lend a file that becomes a part."""
        with self._zip.open(name, "w", force_zip64=True) as member:
            sink = _Sink(member)
            try:
                yield cast("IO[bytes]", sink)
            finally:  # also of what is given up in its middle: it lies in the file
                self.parts[name] = PartFacts(bytes=sink.tell(), sha256=sink.digest())

    @contextmanager
    def rows(self, name: str, schema: "pa.Schema") -> Iterator[Any]:
        """Lend a writer of Parquet that becomes a part."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        # the numbers of vectors do not become fewer, and take long to try
        numbers = any(pa.types.is_fixed_size_list(kind) for kind in schema.types)
        options = {"compression": "none" if numbers else "zstd", "use_dictionary": not numbers}
        with (
            self.part(name) as sink,
            pa.PythonFile(sink, mode="w") as file,
            pq.ParquetWriter(file, schema, **options) as writer,
        ):
            yield writer

    def finish(self, manifest: bytes) -> None:
        """Write the manifest, which is JSON, and the checksum."""
        with self.part(MANIFEST) as sink:
            sink.write(manifest)
        self._zip.comment = REMARK + ZEROS
        self._zip.close()
        self._file.seek(-DIGITS, io.SEEK_END)
        self._file.write(self._sink.digest().encode())

    def close(self) -> None:
        """Write no more; without `finish`, what is there is no backup."""
        self._zip.close()


class _Sink(io.RawIOBase):
    """Hands on what is written and adds it up; nobody can go back in it."""

    def __init__(self, file: Any) -> None:
        self._target = file
        self._hash = hashlib.sha256()
        self._at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        block = bytes(data) if not isinstance(data, bytes) else data
        self._target.write(block)
        self._hash.update(block)
        self._at += len(block)
        return len(block)

    def digest(self) -> str:
        """Return the checksum of all that was written."""
        return self._hash.hexdigest()


class Window(io.RawIOBase):
    """A part of a file as a file."""

    def __init__(self, file: io.FileIO, start: int, size: int) -> None:
        self._file = file
        self._start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the place in the part."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the part, and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = min(max(0, base + offset), self._size)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as the part goes."""
        view = memoryview(buffer)[: self._size - self._at]
        self._file.seek(self._start + self._at)
        done = self._file.readinto(view)
        self._at += done
        return done
