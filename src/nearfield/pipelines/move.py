"""Move a home, or a part of it, to servers or back into a folder, losing nothing acknowledged."""

import hashlib
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from nearfield.catalogue.database import Database
from nearfield.catalogue.dump import dumping
from nearfield.catalogue.schema import HEAD
from nearfield.catalogue.standing import MARK_LENGTH, MOVED, MOVING, put_mark
from nearfield.errors import InUse, InvalidInput, NotFound
from nearfield.pipelines.destination import Destination
from nearfield.pipelines.fill_home import Fill, Filled
from nearfield.pipelines.moment_of_home import MomentOfHome
from nearfield.pipelines.progress import Steps
from nearfield.pipelines.stores import Stores
from nearfield.training.card import read_json, write_json

_NOTE: Final = "moving.json"
"""In the home while it is moved: where to. What lies there is of this move."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved.

    Parameters
    ----------
    rows : dict
        Rows of SQL, by table.
    answering : tuple of str
        The spaces that answer there, as ``catalogue/recommender``.
    vectors : int
        Of all versions of spaces together.
    files, bytes : int
        Models, sounds that were sent in, maps and reports, and their length together.
    settings : dict
        What to set, by name; passwords are left out. None is to be unset.
    before : bool
        Whether an earlier run, which was cut off just then, had moved all: then nothing is counted.
    """

    rows: dict[str, int] = field(default_factory=dict)
    answering: tuple[str, ...] = ()
    vectors: int = 0
    files: int = 0
    bytes: int = 0
    settings: dict[str, str | None] = field(default_factory=dict)
    before: bool = False

    def summary(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return asdict(self)


def move(stores: Stores, to: Destination, target: Stores) -> Steps[Moved]:
    """Copy a home, or a part of it, elsewhere, compare it, and leave the source as it is.

    Where tables go, nothing is written to the source from the beginning on: writers are refused,
    readers are answered. It stays so when the move is done; `cancel_move` lets them in again.
    Where it fails, they are let in at once. After a kill the same call goes on.

    Parameters
    ----------
    stores : Stores
        The home.
    to : Destination
        Where.
    target : Stores
        The same, as `Destination.of` returns it.

    Raises
    ------
    InvalidInput
        If the destination is not empty, or is where the home lies already.
    InUse
        If spaces are published meanwhile.
    CheckFailed
        If the destination does not hold what was sent.
    """
    _check_other(stores, to, target)
    run = _Move(stores, to, target)
    run.check()
    if not to.scope.tables:
        return (yield from run.copy())
    with closing(Database(stores.database_url)) as database:
        version = database.version()
        if version == run.moved and run.is_over():
            return Moved(settings=_settings(to, target), before=True)
        if version not in (run.moving, run.moved):
            database.write(lambda conn: _change_mark(conn, HEAD, run.moving))
        try:
            return (yield from run.copy(database))
        except BaseException:  # writers are let in again, unless all is there already
            database.write(lambda conn: put_mark(conn, run.moving, HEAD))
            raise


def cancel_move(stores: Stores) -> None:
    """Let writers in again where a move was cut off, or was done but shall not count.

    What was written to the destination since then stays there alone.

    Raises
    ------
    NotFound
        If nothing is being moved, nor was.
    """
    note = stores.home / _NOTE
    with closing(Database(stores.database_url)) as database:
        version = str(database.version())
        closed = version.startswith((MOVING, MOVED))
        if not closed and not note.is_file():
            raise NotFound(f"{stores.home} is not being moved. There is nothing to cancel.")
        if closed:
            database.write(lambda conn: _change_mark(conn, version, HEAD))
    note.unlink(missing_ok=True)


class _Move:
    """One move."""

    def __init__(self, stores: Stores, to: Destination, target: Stores) -> None:
        self._stores = stores
        self._to = to
        self._target = target
        self._note = stores.home / _NOTE
        mark = hashlib.sha256(target.database_url.encode()).hexdigest()[:MARK_LENGTH]
        self.moving, self.moved = MOVING + mark, MOVED + mark

    def is_over(self) -> bool:
        """Tell whether the destination can be opened already."""
        with closing(Database(self._target.database_url)) as database:
            place = Path(str(database.url.database))
            return (not database.sqlite or place.exists()) and database.version() == HEAD

    def check(self) -> None:
        """Refuse a destination that is not empty, before anybody is refused here."""
        told = {"milvus_uri": self._target.milvus_uri, "home": str(self._target.home)}
        begun = self._note.is_file() and read_json(self._note) == told
        with closing(Database(self._stores.database_url)) as database:
            version = database.version()
        if version == self.moved and self.is_over():
            return
        if version not in (self.moving, self.moved):
            self._stores.catalogues  # noqa: B018  # refuses other marks, brings tables up to date
        with dumping(self._stores.database_url) as dump:
            fill = Fill(MomentOfHome(self._stores, dump), self._target, self._to.scope, begun)
            fill.check()
        write_json(self._note, told)

    def copy(self, database: Database | None = None) -> Steps[Moved]:
        """Copy, compare, and let the destination count."""
        with ExitStack() as stack:
            dump = stack.enter_context(dumping(self._stores.database_url))
            moment = MomentOfHome(self._stores, dump)
            moment.read_items()
            if database is None:
                stack.close()  # events come in: nothing of them need be kept for us
            before = moment.spaces() if self._to.scope.spaces else []
            fill = Fill(moment, self._target, self._to.scope, resumed=True)
            filled = yield from fill.run()
            if self._to.scope.spaces and moment.spaces() != before:
                raise InUse("spaces were published or changed meanwhile. Run the same again.")
        if database is not None:
            database.write(lambda conn: self._let_count(conn))
        fill.open()
        self._note.unlink(missing_ok=True)
        return _moved(filled, _settings(self._to, self._target))

    def _let_count(self, conn: Connection) -> None:
        if not put_mark(conn, self.moved, self.moved):  # of a run that was killed just then
            _change_mark(conn, self.moving, self.moved)


def _change_mark(conn: Connection, before: str, after: str) -> None:
    if not put_mark(conn, before, after):
        raise InUse(
            "another process moves, cancels or migrates the same database. Wait for it, and look "
            "with `nearfield doctor`."
        )


def _moved(filled: Filled, settings: dict[str, str | None]) -> Moved:
    answering = tuple(f"{one.catalogue}/{one.recommender}" for one in filled.spaces)
    counts = (filled.vectors, filled.files, filled.bytes)
    return Moved(filled.rows, answering, *counts, settings=settings)


def _settings(to: Destination, target: Stores) -> dict[str, str | None]:
    """Return what to set, so that the destination is used."""
    told: dict[str, str | None] = {}
    if to.home is not None:
        told |= {"HOME": str(target.home), "MILVUS_URI": None, "DATABASE_URL": None}
    if to.milvus_uri is not None:
        told["MILVUS_URI"] = to.milvus_uri
    if to.database_url is not None:
        told["DATABASE_URL"] = Database(to.database_url).url.render_as_string(hide_password=True)
    return {f"NEARFIELD_{name}": value for name, value in told.items()}


def _check_other(stores: Stores, to: Destination, target: Stores) -> None:
    """Refuse a destination that is the source."""
    same = {
        "home": to.home is not None and target.home == stores.home,
        "milvus_uri": to.milvus_uri is not None and target.milvus_uri == stores.milvus_uri,
        "database_url": to.scope.tables and target.database_url == stores.database_url,
    }
    if wrong := [name for name, is_same in same.items() if is_same]:
        place = Path(str(target.home)) if wrong[0] == "home" else wrong[0].replace("_", " ")
        raise InvalidInput(f"the home lies there already ({place}). Give another place.")
    if to.home is not None and to.home.is_relative_to(stores.home):
        raise InvalidInput(f"{to.home} lies inside the home {stores.home}. Give another folder.")
