"""Write back what an export holds of songs, inside transactions that the caller ends."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from nearfield.catalogue.export import Record
from nearfield.catalogue.labels import check_label
from nearfield.catalogue.lookups import find_item_keys, find_items
from nearfield.catalogue.pair_facts import VERDICTS, Verdict
from nearfield.catalogue.pair_rows import put_verdict
from nearfield.catalogue.schema import ID_LENGTH, items, playlist_songs, playlists, sounds
from nearfield.catalogue.sound_facts import FILE_STATES, SoundFile
from nearfield.catalogue.sound_rows import keep_files
from nearfield.catalogue.writing import lock, touch, with_new
from nearfield.datasets.tables import Columns
from nearfield.errors import InvalidInput

KEYS: Final = "keys"
"""The attribute `key` of songs: in tables that name is taken by the catalogue's own keys."""

_SOUND: Final[dict[str, type]] = {
    "duration": float,
    "codec": str,
    "rate": int,
    "channels": int,
    "bitrate": int,
}


def restore(conn: Connection, catalogue: int, table: str, rows: Sequence[Record]) -> None:
    """Bring some rows of one of `SONG_TABLES` back; a second time changes nothing.

    Parameters
    ----------
    conn : Connection
        In a transaction.
    catalogue : int
        Primary key of the catalogue; its items are there.
    table : str
        Which.
    rows : sequence of dict
        As `Export.rows` tells them; of `KEYS` those of items.

    Raises
    ------
    InvalidInput
        If a row cannot be used; nothing is written then.
    """
    write = {
        KEYS: _musical_keys,
        "files": _files,
        "sounds": _sounds,
        "verdicts": _verdicts,
        "playlists": _playlists,
    }[table]
    try:
        write(conn, catalogue, rows)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(
            f"a row of {table} cannot be used ({type(error).__name__}: {error}). Export the "
            f"catalogue again; nothing of these rows was written."
        ) from error


def _keys(conn: Connection, catalogue: int, names: Sequence[str | None]) -> Mapping[str, int]:
    wanted = list(dict.fromkeys(name for name in names if name is not None))
    found = find_item_keys(conn, catalogue, wanted)
    if missing := [name for name in wanted if name not in found]:
        raise InvalidInput(f"the items hold no song {missing[0]!r}. Import them with the rest.")
    return found


def _musical_keys(conn: Connection, catalogue: int, rows: Sequence[Record]) -> None:
    row = lock(conn, catalogue)
    keys = _keys(conn, catalogue, [one["item"] for one in rows])
    known = find_items(conn, catalogue, list(keys.values()))
    told = {keys[one["item"]]: one[Columns.KEY] for one in rows}
    revision = row.revision + 1  # as `touch` makes it
    changed = [
        {
            "number": key,
            "attributes": {**known[key].attributes, Columns.KEY: str(value)},
            "changed": revision,
        }
        for key, value in told.items()
        if value is not None and known[key].attributes.get(Columns.KEY) != value
    ]
    if changed:
        conn.execute(update(items).where(items.c.id == bindparam("number")), changed)
        names = with_new(row.item_attributes, [Columns.KEY])
        touch(conn, catalogue, item_attributes=names, items_revision=revision)


def _files(conn: Connection, catalogue: int, rows: Sequence[Record]) -> None:
    keys = _keys(conn, catalogue, [row["item"] for row in rows])
    keep_files(
        conn,
        catalogue,
        [
            SoundFile(
                path=str(row["path"]),
                size=int(row["size"]),
                modified=int(row["modified"]),
                content=str(row["content"]),
                state=FILE_STATES.index(row["state"]),
                item=None if row["item"] is None else keys[row["item"]],
                reason=str(row["reason"]),
                message=str(row["message"]),
            )
            for row in rows
        ],
    )


def _sounds(conn: Connection, catalogue: int, rows: Sequence[Record]) -> None:
    keys = _keys(conn, catalogue, [row["item"] for row in rows])
    wanted = [
        {
            "item_id": keys[row["item"]],
            **{name: kind(row[name]) for name, kind in _SOUND.items()},
            "lossless": row["lossless"] in (True, "true"),
            "fingerprint": base64.b64decode(row["fingerprint"], validate=True),
        }
        for row in rows
    ]
    conn.execute(delete(sounds).where(sounds.c.item_id.in_(list(keys.values()))))
    conn.execute(insert(sounds), wanted)


def _verdicts(conn: Connection, catalogue: int, rows: Sequence[Record]) -> None:
    keys = _keys(conn, catalogue, [row[name] for row in rows for name in ("one", "other")])
    for row in rows:
        low, high = sorted((keys[row["one"]], keys[row["other"]]))
        VERDICTS.index(row["verdict"])
        put_verdict(conn, catalogue, Verdict(low, high, row["verdict"], int(row["time"])))


def _playlists(conn: Connection, catalogue: int, rows: Sequence[Record]) -> None:
    """Add the lists that are not there; one is known by its name and when it was made."""
    keys = _keys(conn, catalogue, [song for row in rows for song in row["songs"]])
    for row in rows:
        name = check_label(row["name"], "the name of a list", ID_LENGTH)
        told: dict[str, Any] = {
            "catalogue_id": catalogue,
            "name": name,
            "created": int(row["created"]),
        }
        same = [playlists.c[column] == value for column, value in told.items()]
        if conn.execute(select(playlists.c.id).where(*same)).first() is not None:
            continue
        made = conn.execute(insert(playlists).values(**told, changed=int(row["changed"])))
        number = made.inserted_primary_key
        assert number is not None
        songs = [
            {"playlist_id": number[0], "place": place, "item_id": keys[song]}
            for place, song in enumerate(row["songs"])
        ]
        if songs:
            conn.execute(insert(playlist_songs), songs)
