"""Reads from disk: the files of a folder or of an archive (.zip, .tar.*), opened decompressed."""

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Final, Protocol, cast

from nearfield.errors import InvalidInput

_COMPRESSED: Final = (".gz", ".xz", ".bz2")
_TAR: Final = (".tar", ".tar.gz", ".tar.xz", ".tar.bz2", ".tgz")
_ENCRYPTED: Final = 1
"""Bit of a zip member's flags."""
_DAMAGE: Final = (
    EOFError,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zlib.error,
    zipfile.BadZipFile,
    tarfile.TarError,
    NotImplementedError,
)
"""What the standard library raises on archives that are cut short or damaged."""


class FileSet(Protocol):
    """Named files, wherever they are stored; names may hold "/"."""

    where: str

    def names(self) -> list[str]:
        """Return every file's name, sorted."""

    def open(self, name: str) -> IO[bytes]:
        """Open one file as it is stored."""


class FolderFiles:
    """The files of a folder and of its direct subfolders."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.where = str(folder)

    def names(self) -> list[str]:
        """Return every file's path below the folder."""
        found = [*self._folder.glob("*"), *self._folder.glob("*/*")]
        return sorted(p.relative_to(self._folder).as_posix() for p in found if p.is_file())

    def open(self, name: str) -> IO[bytes]:
        """Open the file."""
        return (self._folder / name).open("rb")


class ZipFiles:
    """The members of a zip archive."""

    def __init__(self, archive: zipfile.ZipFile, where: str) -> None:
        self._zip = archive
        self.where = where

    def names(self) -> list[str]:
        """Return the members that are files."""
        return sorted(n for n in self._zip.namelist() if not n.endswith("/"))

    def open(self, name: str) -> IO[bytes]:
        """Open the member; reading it to the end checks its CRC."""
        if self._zip.getinfo(name).flag_bits & _ENCRYPTED:
            raise InvalidInput(f"{name} in {self.where} is encrypted: unpack the archive first.")
        return self._zip.open(name)


class TarFiles:
    """The members of a tar archive, compressed or not."""

    def __init__(self, archive: tarfile.TarFile, where: str) -> None:
        self._tar = archive
        self._members = {m.name: m for m in archive.getmembers() if m.isreg()}
        self.where = where

    def names(self) -> list[str]:
        """Return the members that are regular files."""
        return sorted(self._members)

    def open(self, name: str) -> IO[bytes]:
        """Open the member."""
        return cast("IO[bytes]", self._tar.extractfile(self._members[name]))


@contextmanager
def open_files(path: Path) -> Iterator[FileSet]:
    """Give the files of a folder or an archive, and close the archive at the end.

    Raises
    ------
    InvalidInput
        If there is nothing at `path`, it is neither folder nor archive, or it is damaged.
    """
    if not path.exists():
        raise InvalidInput(f"{path} does not exist: wanted a folder or an archive. Check the path.")
    if path.is_dir():
        yield FolderFiles(path)
    elif path.name.lower().endswith(".zip"):
        with _damage(str(path)), zipfile.ZipFile(path) as archive:
            yield ZipFiles(archive, str(path))
    elif path.name.lower().endswith(_TAR):
        with _damage(str(path)), tarfile.open(path) as archive:
            yield TarFiles(archive, str(path))
    else:
        raise InvalidInput(
            f"{path} is a file: wanted a folder or an archive (.zip, {', '.join(_TAR)}). "
            "Give the folder that holds it, or name it as the events file."
        )


def plain_name(name: str) -> str:
    """Return the file's own name, without folders and without .gz, .xz or .bz2."""
    last = name.rsplit("/", 1)[-1]
    stem, dot, ending = last.rpartition(".")
    return stem if f"{dot}{ending}".lower() in _COMPRESSED else last


@contextmanager
def opened(files: FileSet, name: str) -> Iterator[BinaryIO]:
    """Open a file of a set for reading, decompressed.

    Raises
    ------
    InvalidInput
        While reading, if the file or the archive around it is cut short or damaged.
    """
    shown = name if isinstance(files, FolderFiles) else f"{name} in {files.where}"
    with _damage(shown), files.open(name) as stored, _plain(stored, name) as plain:
        yield plain


def _plain(stored: IO[bytes], name: str) -> BinaryIO:
    """Return the stream decompressed, by the ending of its name."""
    lower = name.lower()
    if lower.endswith(".gz"):
        return cast("BinaryIO", gzip.GzipFile(fileobj=stored))
    if lower.endswith(".xz"):
        return cast("BinaryIO", lzma.LZMAFile(stored))
    if lower.endswith(".bz2"):
        return cast("BinaryIO", bz2.BZ2File(stored))
    return cast("BinaryIO", stored)


@contextmanager
def _damage(name: str) -> Iterator[None]:
    """Translate what the standard library says of damaged archives."""
    try:
        yield
    except _DAMAGE as error:
        said = str(error).partition("\n")[0].rstrip(":")
        raise InvalidInput(
            f"{name} is cut short or damaged ({said}): wanted a whole file. Copy or download it "
            "again."
        ) from error
    except OSError as error:
        raise InvalidInput(
            f"{name} cannot be read ({error}): wanted a whole, readable file. Check that it may "
            "be read, and copy it again if it is damaged."
        ) from error
