"""Fetches archives over HTTP or with pip, and takes single files out of them. Uses the network."""

import hashlib
import http.client
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

from nearfield.errors import Unavailable

TIMEOUT: Final = 5.0
"""Seconds without an answer, or without a further byte, after which a download is given up."""

_MOST_BYTES: Final = 100_000_000
"""An archive, or a file in it, that is larger is not what was asked for."""

_CHUNK: Final = 1 << 16
_PIP_SECONDS: Final = 300


def download(url: str, md5: str, target: Path, progress: Callable[[int, int], None]) -> Path:
    """Save a file and check it; return `target`.

    Parameters
    ----------
    url : str
        http or https.
    md5 : str
        Checksum that it must have.
    target : Path
        File to write; what is there after an error is of no use.
    progress : callable
        Told the bytes done and to do (0 where the server does not say).

    Raises
    ------
    Unavailable
        If the server does not answer, the file is cut short, too large, or not the one wanted.
    """
    digest = hashlib.md5(usedforsecurity=False)
    done = 0
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer, target.open("wb") as out:
            total = int(answer.headers.get("Content-Length") or 0)
            while chunk := answer.read(_CHUNK):
                done += len(chunk)
                if max(done, total) > _MOST_BYTES:
                    raise Unavailable(f"larger than {_MOST_BYTES:,} bytes, which it should not be")
                digest.update(chunk)
                out.write(chunk)
                progress(done, total)
    except (Unavailable, urllib.error.HTTPError) as error:  # both are an OSError
        raise Unavailable(str(error)) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unavailable(f"no answer ({getattr(error, 'reason', error)})") from error
    if done < total:
        raise Unavailable(f"cut short: {done:,} of {total:,} bytes came")
    if digest.hexdigest() != md5:
        raise Unavailable(f"its md5 is {digest.hexdigest()} instead of {md5}")
    return target


def pip_download(requirement: str, folder: Path) -> Path:
    """Let pip download one wheel into a folder, and return it.

    Raises
    ------
    Unavailable
        If pip is not there or fails, with the last line that it said.
    """
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    options = ["--quiet", "--disable-pip-version-check", "--retries", "1", "--dest", str(folder)]
    try:
        done = subprocess.run(
            [*command, *options, requirement],
            capture_output=True,
            text=True,
            timeout=_PIP_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"pip did not finish ({error})") from error
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        said = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
        raise Unavailable(f"pip failed and said: {said[-1]}")
    return wheels[0]


def unpack(archive: Path, wanted: Collection[str], folder: Path) -> None:
    """Write the files of a zip that have one of the wanted names into a folder.

    Only the last part of a member's path is used, and only if it is wanted, so that no archive
    can write anywhere else.

    Raises
    ------
    Unavailable
        If the archive is damaged, or a file in it is too large.
    """
    folder.mkdir(parents=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                name = member.filename.rsplit("/", 1)[-1]
                if name not in wanted:
                    continue
                if member.file_size > _MOST_BYTES:
                    raise Unavailable(f"{name} in it has {member.file_size:,} bytes")
                with opened.open(member) as source, (folder / name).open("wb") as target:
                    shutil.copyfileobj(source, target)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise Unavailable(f"the archive is damaged ({error})") from error
