"""Bring in who listened to what: events whose songs are named by id or by file."""

from typing import Final

import polars as pl

from nearfield.catalogue.catalogue import Catalogue
from nearfield.datasets.report import ReadResult, Refusal
from nearfield.datasets.tables import Columns, Tables
from nearfield.errors import InvalidInput
from nearfield.pipelines.find_song import find_song
from nearfield.pipelines.imports import Imported, import_read
from nearfield.pipelines.progress import Steps
from nearfield.pipelines.stores import Stores

_SHOWN: Final = 5


def import_listening(stores: Stores, catalogue: str | None, read: ReadResult) -> Steps[Imported]:
    """Add events of songs that are in the library; others are refused and counted.

    Parameters
    ----------
    stores : Stores
        The home.
    catalogue : str, optional
        Of songs; the only one where not given.
    read : ReadResult
        Events whose items are ids of songs or paths of their files, and perhaps users.

    Raises
    ------
    InvalidInput
        If no event names a song of the library.
    """
    found = stores.catalogue(catalogue)
    events = read.tables.events
    songs = _songs(found, events[Columns.ITEM].unique(maintain_order=True).to_list())
    known = pl.col(Columns.ITEM).is_in(list(songs))
    unknown = events.filter(~known)[Columns.ITEM].unique(maintain_order=True).to_list()
    if unknown:
        _refuse(read, events.filter(~known).height, unknown, found.name)
    named = events.filter(known)
    if not named.height:
        raise InvalidInput(
            f"none of the {events.height:,} events names a song of '{found.name}' "
            f"({', '.join(map(repr, unknown[:_SHOWN]))}). Name songs by id, or by the path of a "
            f"file that was added."
        )
    tables = Tables(
        items=read.tables.items.clear(),
        users=read.tables.users,
        events=named.with_columns(pl.col(Columns.ITEM).replace_strict(songs)),
    )
    return (yield from import_read(stores, found.name, ReadResult(tables, read.report, "events")))


def _songs(catalogue: Catalogue, names: list[str]) -> dict[str, str]:
    found = {name: find_song(catalogue, name) for name in names}
    return {name: str(song) for name, song in found.items() if song is not None}


def _refuse(read: ReadResult, rows: int, unknown: list[str], catalogue: str) -> None:
    file = next(iter(read.report.files))
    shown = [
        Refusal(
            file,
            0,
            f"song {name!r}",
            f"the id of a song of '{catalogue}' or the path of its file",
            "Add the file first: nearfield music add.",
        )
        for name in unknown
    ]
    read.report.refuse(file, rows, shown)
