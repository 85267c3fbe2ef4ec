"""Where a home is moved to."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nearfield.errors import InvalidInput
from nearfield.pipelines.fill_home import Scope
from nearfield.pipelines.stores import Stores
from nearfield.vectors.options import MilvusOptions

_SQL: Final = ("sqlite:", "mysql:", "mysql+", "mariadb:", "mariadb+")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a home goes; what is not given stays where it is.

    Parameters
    ----------
    home : Path, optional
        A folder: everything goes there, but for what goes to a server.
    milvus_uri : str, optional
        A Milvus server.
    database_url : str, optional
        A database.
    """

    home: Path | None = None
    milvus_uri: str | None = None
    database_url: str | None = None

    @classmethod
    def read(cls, places: Sequence[str]) -> "Destination":
        """Read what `--to` was given.

        Raises
        ------
        InvalidInput
            If a place cannot be read, or two are of one kind.
        """
        found: dict[str, Any] = {}
        for place in places:
            kind, value = _kind(place)
            if kind in found:
                raise InvalidInput(f"{place!r} is the second place of its kind. Give one of each.")
            found[kind] = value
        if not found:
            raise InvalidInput(
                "say where to: --to http://host:19530, --to mysql+pymysql://user:password@host/"
                "database, or --to FOLDER; in Python, move(...) with one of each."
            )
        return cls(**found)

    def of(
        self, stores: Stores, token: str | None = None, options: MilvusOptions | None = None
    ) -> Stores:
        """Return the home as it will be there, nothing of which is open yet.

        Parameters
        ----------
        stores : Stores
            The home as it is.
        token : str, optional
            Of the Milvus that it goes to.
        options : MilvusOptions, optional
            How that one is reached and asked.
        """
        if self.home is not None:
            return Stores(self.home, self.milvus_uri, token, self.database_url, milvus=options)
        url = self.database_url or stores.database_url
        uri = self.milvus_uri or stores.milvus_uri
        return Stores(stores.home, uri, token, url, milvus=options)

    @property
    def scope(self) -> Scope:
        """Which parts go."""
        whole = self.home is not None
        return Scope(
            tables=whole or self.database_url is not None,
            spaces=whole or self.milvus_uri is not None,
            files=whole,
        )


def _kind(place: str) -> tuple[str, Any]:
    if place.startswith(("http://", "https://")):
        return "milvus_uri", place
    if place.startswith(_SQL):
        return "database_url", place
    if "://" in place or not place:
        raise InvalidInput(
            f"{place!r} is no place to move to. Write http://host:19530 for Milvus, "
            f"mysql+pymysql://user:password@host/database for SQL, or a folder."
        )
    return "home", Path(place).expanduser().absolute()
