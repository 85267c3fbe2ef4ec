"""Read a backup: nothing of it is believed before its checksum agrees."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final, cast

import numpy as np
from pydantic import ValidationError

from nearfield.catalogue.schema import HEAD
from nearfield.errors import InvalidInput, NotFound
from nearfield.pipelines.backup_file import (
    DIGITS,
    FORM,
    HOME,
    MANIFEST,
    REMARK,
    ZEROS,
    Manifest,
    PartFacts,
    Window,
)
from nearfield.pipelines.moment import FOLDERS, REPORTS, SpaceCopy
from nearfield.pipelines.progress import Progress, Steps
from nearfield.types import Ids, Vectors

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK: Final = 1 << 20
_ROWS: Final = 20_000
_MOST_MANIFEST: Final = 1 << 28
_MOST_GROUP: Final = 1 << 31
"""Bytes that one group of rows may take in memory."""

_LOCAL: Final = 30  # bytes of a zip's header before the name of a part


class BackupFile:
    """One backup, to be used after `check`.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    NotFound
        If there is none.
    """

    is_lasting = True
    """The file is read again at little cost."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise NotFound(f"{path} is no file. Give a file that `nearfield backup` wrote.")
        self.path = path
        self._at: dict[str, tuple[int, int]] = {}
        self._manifest: Manifest | None = None

    def check(self) -> Steps[Manifest]:
        """Compare every byte with the checksums, and return what the backup holds.

        Raises
        ------
        InvalidInput
            If the file is no backup, is damaged or cut off, or was written by a newer program.
        """
        with self.path.open("rb") as file:
            yield from self._check_sum(file)
            try:
                manifest = self._read_manifest(file)
            except (zipfile.BadZipFile, ValidationError, ValueError, OSError) as error:
                if isinstance(error, InvalidInput):
                    raise
                raise self._wrong(f"{type(error).__name__}: {error}") from error
            done, total = 0, sum(one.bytes for one in manifest.parts.values())
            for name, facts in manifest.parts.items():
                for read in self._check_part(name, facts):
                    yield Progress("Checking its parts", (done + read) >> 20, total >> 20, "MB")
                done += facts.bytes
                yield Progress("Checking its parts", done >> 20, total >> 20, "MB")
        self._manifest = manifest
        return manifest

    @property
    def manifest(self) -> Manifest:
        """What the backup holds."""
        if self._manifest is None:
            raise RuntimeError("check() comes first")
        return self._manifest

    @property
    def id(self) -> str:
        """As of `Moment`, and so all that follow."""
        return self.manifest.id

    @property
    def schema(self) -> str:
        """Version of the tables."""
        return self.manifest.schema_version

    @property
    def home(self) -> str:
        """Where the files lay."""
        return self.manifest.home

    @property
    def catalogues(self) -> Mapping[str, str]:
        """Name to identity."""
        return self.manifest.catalogues

    def tables(self) -> Mapping[str, int]:
        """Return how many rows each table has."""
        return {name: facts.rows for name, facts in self.manifest.tables.items()}

    def next_keys(self) -> Mapping[str, int]:
        """Return the key that each table gives out next."""
        return self.manifest.next_keys

    def schema_of(self, table: str) -> "pa.Schema":
        """Return the columns of a table."""
        with self._parquet(self.manifest.tables[table].part) as file:
            schema: pa.Schema = file.schema_arrow
        return schema

    def rows(self, table: str) -> Iterator["pa.RecordBatch"]:
        """Yield the rows of a table."""
        facts = self.manifest.tables[table]
        with self._parquet(facts.part) as file:
            if file.metadata.num_rows != facts.rows:
                raise self._wrong(f"{table} has not {facts.rows} rows")
            yield from file.iter_batches(_ROWS)

    def spaces(self) -> Sequence[SpaceCopy]:
        """Return the versions of spaces."""
        return [SpaceCopy(**one.model_dump(exclude={"part"})) for one in self.manifest.spaces]

    def vectors(self, space: SpaceCopy) -> Iterator[tuple[Ids, Vectors]]:
        """Yield the rows of a version."""
        told = asdict(space)
        facts = next(
            one for one in self.manifest.spaces if one.model_dump(exclude={"part"}) == told
        )
        with self._parquet(facts.part) as file:
            if file.metadata.num_rows != space.rows:
                raise self._wrong(f"{facts.part} has not {space.rows} rows")
            for batch in file.iter_batches(_ROWS):
                ids = batch.column(0).to_numpy()
                vectors = batch.column(1).flatten().to_numpy()
                yield ids, vectors.reshape(len(ids), space.dim).astype(np.float32, copy=False)

    def files(self) -> Mapping[str, int]:
        """Return the bytes of each file of the home."""
        parts = self.manifest.parts
        return {
            name.removeprefix(HOME): facts.bytes
            for name, facts in parts.items()
            if name.startswith(HOME)
        }

    @contextmanager
    def open_file(self, place: str) -> Iterator[IO[bytes]]:
        """Open a file of the home."""
        with self._window(HOME + place) as window:
            yield cast("IO[bytes]", window)

    def _check_sum(self, file: BinaryIO) -> Steps[None]:
        size = file.seek(0, io.SEEK_END)
        tail = len(REMARK) + DIGITS
        file.seek(max(0, size - tail))
        end = file.read(tail)
        if not end.startswith(REMARK):
            raise InvalidInput(
                f"{self.path} is no backup, or its end is missing. Give a whole file that "
                f"`nearfield backup` wrote; nothing was changed."
            )
        found = hashlib.sha256()
        file.seek(0)
        for done in range(0, size - DIGITS, _BLOCK):
            found.update(file.read(min(_BLOCK, size - DIGITS - done)))
            if done % (64 * _BLOCK) == 0:
                yield Progress("Checking the backup", done >> 20, size >> 20, "MB")
        found.update(ZEROS)
        if found.hexdigest().encode() != end[len(REMARK) :]:
            raise self._wrong("its checksum does not agree with what it holds")

    def _read_manifest(self, file: BinaryIO) -> Manifest:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            told = next((one for one in members if one.filename == MANIFEST), None)
            if told is None or told.file_size > _MOST_MANIFEST or told.compress_type:
                raise self._wrong("it has no manifest")
            read = json.loads(archive.read(told))
        self._check_form(read)
        manifest = Manifest.model_validate(read)
        for member in members:
            self._place(file, member)
        there = set(self._at) - {MANIFEST}
        if len(members) != len(self._at) or there != set(manifest.parts):
            raise self._wrong("its parts are not those that its manifest names")
        self._check_names(manifest)
        return manifest

    def _check_form(self, told: Any) -> None:
        form = told.get("nearfield_backup") if isinstance(told, dict) else None
        if not isinstance(form, int):
            raise self._wrong("its manifest does not say what it is")
        schema = str(told.get("schema_version"))
        if form > FORM or schema > HEAD:
            raise InvalidInput(
                f"{self.path} was written by a newer Nearfield ({told.get('nearfield')}: form "
                f"{form}, tables {schema}; form {FORM} and tables {HEAD} are known here). Upgrade "
                f"Nearfield; nothing was changed."
            )

    def _place(self, file: BinaryIO, member: zipfile.ZipInfo) -> None:
        """Find where a part lies in the file; nothing is compressed."""
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            raise self._wrong(f"{member.filename!r} is compressed, which no backup is")
        file.seek(member.header_offset)
        header = file.read(_LOCAL)
        start = member.header_offset + _LOCAL
        start += int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        self._at[member.filename] = (start, member.file_size)

    def _check_names(self, manifest: Manifest) -> None:
        """Refuse parts that would be written outside of the home, or that are missing."""
        for name in manifest.parts:
            if name.startswith(HOME) and not _is_safe(name.removeprefix(HOME), manifest):
                raise self._wrong(f"{name!r} is no place in a home")
        wanted = [one.part for one in manifest.tables.values()]
        wanted += [one.part for one in manifest.spaces]
        if missing := [name for name in wanted if name not in manifest.parts]:
            raise self._wrong(f"{missing[0]!r} is missing")
        for space in manifest.spaces:
            if space.catalogue not in manifest.catalogues:
                raise self._wrong(f"a space is of {space.catalogue!r}, which it does not hold")
            if space.rows * space.dim * 4 > manifest.parts[space.part].bytes:
                raise self._wrong(f"{space.part!r} is too short for its rows")

    def _check_part(self, name: str, facts: PartFacts) -> Iterator[int]:
        found, done = hashlib.sha256(), 0
        with self._window(name) as window:
            while block := window.read(_BLOCK):
                found.update(block)
                done += len(block)
                if done % (64 * _BLOCK) == 0:
                    yield done
        if (done, found.hexdigest()) != (facts.bytes, facts.sha256):
            raise self._wrong(f"the checksum of {name!r} does not agree with what it holds")

    @contextmanager
    def _parquet(self, part: str) -> Iterator[Any]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            # what is buffered beforehand is the whole part, and kept until its end
            with self._window(part) as window, pq.ParquetFile(window, pre_buffer=False) as file:
                groups = (
                    file.metadata.row_group(n).total_byte_size
                    for n in range(file.metadata.num_row_groups)
                )
                if max(groups, default=0) > _MOST_GROUP:
                    raise self._wrong(f"{part!r} would take more memory than a backup does")
                yield file
        except pa.ArrowException as error:
            raise self._wrong(f"{part!r}: {error}") from error

    @contextmanager
    def _window(self, part: str) -> Iterator["Window"]:
        with self.path.open("rb", buffering=0) as file:
            yield Window(file, *self._at[part])

    def _wrong(self, why: str) -> InvalidInput:
        return InvalidInput(
            f"the backup {self.path} cannot be used: {why}. Take another one; nothing was changed."
        )


def _is_safe(place: str, manifest: Manifest) -> bool:
    """Tell whether a place is one that a backup of these catalogues may have."""
    names = place.split("/")
    if not all(re.fullmatch(r"[^\x00-\x1f/\\:]{1,255}", name) for name in names):
        return False
    if any(name in (".", "..") for name in names):
        return False
    if names[0] == REPORTS:
        return len(names) == 2 and names[1].removesuffix(".json") in manifest.catalogues
    return names[0] in FOLDERS and len(names) > 2 and names[1] in manifest.catalogues
