"""Files that were sent to the service to be imported: they lie in the home until that is done."""

import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from nearfield.errors import InvalidInput, NearfieldError, Unavailable
from nearfield.pipelines.progress import Steps
from nearfield.pipelines.stores import Stores
from nearfield.training.card import read_json, write_json

IMPORTS: Final = "imports"
"""Folder of the home; in it one for each catalogue, and in that one for each file."""

ALL: Final = "all"

_DONE: Final = "done.json"
_SHOWN: Final = 20  # refused rows
_SECONDS: Final = 86_400


def new_folder(stores: Stores, catalogue: str) -> Path:
    """Make a folder for one file that is to be imported; those that are done with are removed."""
    for folder in imported_files(stores, catalogue):
        if time.time() - folder.stat().st_mtime > _SECONDS:  # others may just be sent
            shutil.rmtree(folder, ignore_errors=True)
    folder = stores.home / IMPORTS / catalogue / secrets.token_hex(8)
    folder.mkdir(parents=True)
    return folder


def import_uploaded(
    stores: Stores, catalogue: str, file: Path, table: str
) -> Steps[dict[str, Any]]:
    """Import a file in a folder of `new_folder`, remove it, and tell what came of it.

    Parameters
    ----------
    stores : Stores
        The home.
    catalogue : str
        Made if there is none of that name.
    file : Path
        Its ending says how it is made.
    table : str
        "items", "users" or "events"; "all" of a zip with several tables.

    Raises
    ------
    InvalidInput
        If the file lies elsewhere: whoever may ask for jobs may not read any file.
    NotFound
        If it was refused and removed already.
    """
    # Polars takes 0.1 s, which whoever only makes folders need not wait
    from nearfield.pipelines.imports import import_folder, import_table

    if file.parent.parent != stores.home / IMPORTS / catalogue or ".." in file.parts:
        raise InvalidInput(
            f"{file} was not sent to the service to be imported into {catalogue}. Send it: POST "
            f"/api/catalogues/{catalogue}/import."
        )
    if not file.is_file():
        return read_json(file.parent / _DONE)  # a kill came between the end and word of it
    steps = (
        import_folder(stores, catalogue, file)
        if table == ALL
        else import_table(stores, catalogue, table, file)
    )
    try:
        done = yield from steps
    except Unavailable:  # whoever runs this tries again
        raise
    except NearfieldError:
        shutil.rmtree(file.parent, ignore_errors=True)
        raise
    told = done.summary()
    write_json(file.parent / _DONE, {**told, "refusals": [], "notes": []})
    file.unlink()
    return {**told, "refusals": told["refusals"][:_SHOWN]}


def imported_files(stores: Stores, catalogue: str) -> Iterator[Path]:
    """Yield the folders of files that no job is going to import any more."""
    wanted = {
        Path(str(job.options["file"])).parent
        for job in stores.catalogues.jobs.unfinished()
        if job.kind == "import" and "file" in job.options
    }
    for folder in sorted((stores.home / IMPORTS / catalogue).glob("*")):
        if folder not in wanted:
            yield folder
