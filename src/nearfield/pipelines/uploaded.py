"""Files that were sent to the service to be imported: where they lie until that is done."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nearfield.pipelines.stores import Stores

IMPORTS: Final = "imports"
"""Folder of the home; in it one for each catalogue, and in that one for each file."""


def new_folder(stores: Stores, catalogue: str) -> Path:
    """Make a folder for one file that is to be imported."""
    folder = stores.home / IMPORTS / catalogue / secrets.token_hex(8)
    folder.mkdir(parents=True)
    return folder


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
