"""Where the state of one home lies: SQL, Milvus, models and cache, each opened on first use."""

import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from nearfield.errors import InvalidInput, NotFound, Unavailable
from nearfield.pipelines.models import Models
from nearfield.pipelines.without_vectors import check_vectors_wanted
from nearfield.vectors.options import MilvusOptions

if TYPE_CHECKING:
    from nearfield.catalogue.catalogue import Catalogue
    from nearfield.catalogue.store import Catalogues
    from nearfield.health import Health
    from nearfield.vectors.spaces import Spaces


class Stores:
    """One home. All methods may be called from several threads.

    Parameters
    ----------
    home : Path
        Folder of all state; made when something is first written.
    milvus_uri, milvus_token : str, optional
        A Milvus server; Milvus Lite inside the home where not given.
    database_url : str, optional
        SQLAlchemy's form of an address; SQLite inside the home where not given.
    served : bool
        Whether a process beside this one serves the Milvus Lite of the home, or is about to: then
        this one never opens it itself.
    milvus : MilvusOptions, optional
        How a Milvus server is reached and asked.
    fresh : float
        See `Catalogues`.
    hurried : bool
        Whether people wait for what is read, so that a database that hangs is soon given up.
    """

    def __init__(
        self,
        home: Path,
        milvus_uri: str | None = None,
        milvus_token: str | None = None,
        database_url: str | None = None,
        served: bool = False,
        milvus: MilvusOptions | None = None,
        fresh: float = 0.0,
        hurried: bool = False,
    ) -> None:
        self.home = home.expanduser().absolute()
        self.milvus_uri = milvus_uri or str(self.home / "milvus.db")
        self.database_url = database_url or f"sqlite:///{self.home / 'catalogue.db'}"
        self.models = Models(self.home / "models")
        self.cache = self.home / "cache"
        self._milvus_token = milvus_token
        self._milvus_options = milvus or MilvusOptions()
        self._served = served
        self._fresh = fresh
        self._hurried = hurried
        self._opening = threading.Lock()
        self._catalogues: Catalogues | None = None
        self._spaces: Spaces | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened; the next use opens it again."""
        with self._opening:
            catalogues, self._catalogues = self._catalogues, None
            spaces, self._spaces = self._spaces, None
        if spaces is not None:
            spaces.close()
        if catalogues is not None:
            catalogues.close()

    @property
    def catalogues(self) -> "Catalogues":
        """All catalogues, in SQL."""
        found = self._catalogues
        if found is None:
            # SQLAlchemy takes 0.1 s, which a command without SQL need not wait
            from nearfield.catalogue.store import Catalogues

            with self._opening:
                if self._catalogues is None:
                    self.make()
                    self._catalogues = Catalogues(self.database_url, self._fresh, self._hurried)
                found = self._catalogues
        return found

    @property
    def spaces(self) -> "Spaces":
        """All spaces, in Milvus; VectorsAway where nobody waits for vectors."""
        check_vectors_wanted()
        found = self._spaces
        if found is None:
            # pymilvus takes more than a second
            from nearfield.vectors.spaces import Spaces

            with self._opening:
                if self._spaces is None:
                    self.make()
                    self._spaces = Spaces(
                        self.milvus_uri, self._milvus_token, self._served, self._milvus_options
                    )
                found = self._spaces
        return found

    def milvus_health(self) -> "Health | None":
        """Return whether Milvus answered lately; None where it was never reached. Never waits."""
        found = self._spaces
        return None if found is None else found.health()

    def sql_connections(self) -> tuple[int, int] | None:
        """Return as `Catalogues.connections`; None where SQL was never reached. Never waits."""
        found = self._catalogues
        return None if found is None else found.connections()

    def catalogue(self, name: str | None = None) -> "Catalogue":
        """Return a catalogue, or the only one where no name is given.

        Raises
        ------
        NotFound
            If there is none of that name, or none at all.
        InvalidInput
            If no name is given and there are several.
        """
        return self.catalogues.get(self.only_catalogue() if name is None else name)

    def only_catalogue(self) -> str:
        """Return the name of the only catalogue; errors as of `catalogue`."""
        known = self.catalogues.names()
        if not known:
            raise NotFound(
                f"{self.home} has no catalogue yet. Run `nearfield demo movies`, or "
                f"`nearfield import NAME DIR` with data of your own."
            )
        if len(known) > 1:
            raise InvalidInput(
                f"there are {len(known)} catalogues ({', '.join(known)}). Say which: "
                f"--catalogue {known[0]}, or catalogue={known[0]!r} in Python."
            )
        return known[0]

    def make(self) -> None:
        """Make the folder of the home."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(
                f"the home {self.home} cannot be made ({error.strerror}). Name a folder that you "
                f"may write to: --home DIR, or NEARFIELD_HOME."
            ) from error
