"""Keys of programs that call the service; only their digests are kept."""

import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args

from sqlalchemy import Connection, delete, insert, select

from nearfield.catalogue.database import Database
from nearfield.catalogue.labels import check_label
from nearfield.catalogue.schema import api_keys
from nearfield.catalogue.unknown import stored_text
from nearfield.errors import InvalidInput, NotFound

KeyScope: TypeAlias = Literal["read", "write", "admin", "metrics"]
"""What a key may do: ask and read; bring events, items and songs; everything; read figures."""

SCOPES: Final[tuple[str, ...]] = get_args(KeyScope)
"""Names of all scopes; only `admin` includes others."""

PREFIX: Final = "nf_"
"""Begins every key, so that one that lies about can be recognized."""

_BYTES: Final = 32
"""Random bytes of a key: guessing is hopeless, so a plain digest keeps it well enough."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key.

    Parameters
    ----------
    name : str
        Who has it.
    scopes : frozenset of str
        Of `SCOPES`.
    created : datetime
        In UTC.
    """

    name: str
    scopes: frozenset[str]
    created: datetime

    def as_data(self) -> dict[str, Any]:
        """Return what JSON tells of it."""
        return {
            "name": self.name,
            "scopes": [one for one in SCOPES if one in self.scopes],
            "created": self.created.isoformat(timespec="seconds"),
        }


class FoundKey(NamedTuple):
    """Whose key it is, and what it may do."""

    name: str
    scopes: frozenset[str]


class ApiKeys:
    """The keys of one home; made by `Catalogues.keys`.

    Parameters
    ----------
    database : Database
        Where their digests are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, scopes: Sequence[str]) -> str:
        """Make a key and return it; nobody can read it again.

        Raises
        ------
        InvalidInput
            If the name is taken or cannot be one, or there is no such scope.
        """
        check_label(name, "the name of a key")
        wrong = [one for one in scopes if one not in SCOPES]
        if isinstance(scopes, str) or wrong or not scopes:
            raise InvalidInput(
                f"{wrong or scopes!r} came as scopes of a key: wanted one or more of "
                f"{', '.join(SCOPES)}."
            )
        key = PREFIX + secrets.token_urlsafe(_BYTES)
        row = {
            "name": name,
            "digest": _digest(key),
            "scopes": [one for one in SCOPES if one in scopes],
            "created": time.time_ns() // 1_000_000,
        }

        def work(conn: Connection) -> None:
            query = select(api_keys.c.digest).where(api_keys.c.name == name)
            taken = conn.execute(query).scalar()
            if taken == row["digest"]:
                return  # the server went away before it could say that it has it
            if taken is not None:
                raise InvalidInput(
                    f"there is a key named {name!r} already. Remove it first, or name this one "
                    f"otherwise."
                )
            conn.execute(insert(api_keys), [row])

        self._database.write(work, repeatable=True)
        return key

    def find(self, key: str) -> FoundKey | None:
        """Return whose key it is; None where it is nobody's.

        It is looked up by its digest, so how long that takes tells nothing of other keys.
        """
        query = select(api_keys.c.name, api_keys.c.scopes)
        with self._database.reading() as conn:
            row = conn.execute(query.where(api_keys.c.digest == _digest(key))).first()
        return None if row is None else FoundKey(row.name, frozenset(row.scopes))

    def list(self) -> list[ApiKey]:
        """Return what is known of every key, oldest first."""
        query = select(api_keys.c.name, api_keys.c.scopes, api_keys.c.created)
        with self._database.reading() as conn:
            rows = conn.execute(query.order_by(api_keys.c.id)).all()
        return [
            ApiKey(row.name, frozenset(row.scopes), datetime.fromtimestamp(row.created / 1000, UTC))
            for row in rows
        ]

    def remove(self, name: str) -> None:
        """Remove a key by its name: it opens nothing from now on; NotFound where unknown."""
        text = stored_text(name)
        gone = self._database.write(
            lambda conn: conn.execute(delete(api_keys).where(api_keys.c.name == text)).rowcount
        )
        if not gone:
            known = ", ".join(one.name for one in self.list()) or "none yet"
            raise NotFound(f"there is no key {name!r}. Known: {known}.")


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
