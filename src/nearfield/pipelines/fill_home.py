"""Put a moment of a home into an empty one, part by part, and compare what lies there then."""

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, cast

from nearfield.catalogue.columns import Digest
from nearfield.catalogue.fill import Filling
from nearfield.errors import InvalidInput
from nearfield.pipelines.moment import FOLDERS, REPORTS, Moment, SpaceCopy
from nearfield.pipelines.moved_paths import moved_paths
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.uploaded import IMPORTS
from nearfield.vectors.rows import StreamedRows
from nearfield.vectors.spaces import Space

_BLOCK: Final = 1 << 20

_WORDS: Final = {
    "fill": "Writing",
    "index": "Indexing",
    "load": "Bringing into memory",
    "check": "Checking",
    "swap": "Letting answer",
    "canary": "Letting answer",
    "done": "Letting answer",
}
"""What a step of a publish is called."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which parts are put: the tables, the vectors, the files of the home."""

    tables: bool = True
    spaces: bool = True
    files: bool = True


@dataclass(frozen=True, slots=True)
class Filled:
    """What was put.

    Parameters
    ----------
    rows : dict
        Rows of SQL, by table.
    spaces : tuple of Space
        What answers there now.
    vectors : int
        Of all versions together.
    files, bytes : int
        Files of the home, and their length together.
    forgotten : int
        Users who were left out: they were erased after the moment.
    """

    rows: dict[str, int] = field(default_factory=dict)
    spaces: tuple[Space, ...] = ()
    vectors: int = 0
    files: int = 0
    bytes: int = 0
    forgotten: int = 0


class Fill:
    """Fills one home. `check`, then `run`, then `open`: before that nobody can open the home.

    Parameters
    ----------
    moment : Moment
        What is put.
    target : Stores
        Where.
    scope : Scope
        Which parts of it.
    resumed : bool
        Whether what was begun before may lie there, although no tables say so.
    """

    def __init__(self, moment: Moment, target: Stores, scope: Scope, resumed: bool = False) -> None:
        self._moment = moment
        self._target = target
        self._scope = scope
        self._resumed = resumed

    def check(self) -> None:
        """Refuse a home that is not empty; what was left of the same filling does not count.

        Raises
        ------
        InvalidInput, InUse
            Saying what is there.
        """
        if self._scope.tables:
            with self._filling() as filling:
                self._resumed = filling.check_empty() or self._resumed
        if self._resumed:
            self._check_spaces(self._moment.spaces() if self._scope.spaces else [])
            return
        if self._scope.files and (found := self._first_file()):
            raise InvalidInput(
                f"the home {self._target.home} is not empty: {found} is there. Nothing is ever "
                f"merged. Give another home: --home DIR."
            )
        self._check_spaces([])

    def _check_spaces(self, ours: Sequence[SpaceCopy]) -> None:
        """Refuse a Milvus that holds other versions of the same catalogues than `ours`."""
        if not self._scope.spaces:
            return
        known = {(one.catalogue, one.recommender, one.version) for one in ours}
        there = self._spaces_there()
        held = [one for one in there if (one.catalogue, one.recommender, one.version) not in known]
        if held:
            named = ", ".join(sorted({f"{one.catalogue}/{one.recommender}" for one in held}))
            raise InvalidInput(
                f"Milvus at {self._target.milvus_uri} is not empty: it holds {named}. Nothing is "
                f"ever merged. Give another Milvus, or another home."
            )

    def run(self, erased: Mapping[str, Collection[str]] | None = None) -> Steps[Filled]:
        """Put everything, and compare; where it is cut off, a second call goes on.

        Parameters
        ----------
        erased : mapping, optional
            Identity of a catalogue to marks of users who shall not come back.
        """
        rows: dict[str, int] = {}
        files, size, vectors, forgotten = 0, 0, 0, 0
        spaces: tuple[Space, ...] = ()
        if self._scope.tables:
            self._target.make()
            with self._filling() as filling:
                filling.begin(self._moment.schema)
                for name, total in self._moment.tables().items():
                    rows[name] = yield from self._put_table(filling, name, total)
                yield Progress("Bringing the tables up to date")
                filling.bring_up(self._moment.schema, self._moment.next_keys())
                forgotten = filling.forget(erased or {})
        if self._scope.files:
            files, size = yield from self._put_files(skipped=(IMPORTS,) if forgotten else ())
        if self._scope.spaces:
            for space in sorted(self._moment.spaces(), key=lambda one: one.active):
                vectors += yield from self._put_space(space)
            spaces = tuple(one for one in self._spaces_there() if one.active)
        return Filled(rows, spaces, vectors, files, size, forgotten)

    def open(self) -> None:
        """Let all open the tables."""
        if self._scope.tables:
            with self._filling() as filling:
                filling.open()

    def _filling(self) -> "closing[Filling]":
        return closing(Filling(self._target.database_url, self._moment.id))

    def _put_table(self, filling: Filling, name: str, total: int) -> Steps[int]:
        schema, sent = self._moment.schema_of(name), Digest()
        filling.check_columns(name, schema)
        for batch in self._moment.rows(name):
            told = moved_paths(name, batch, self._moment.home, str(self._target.home))
            filling.add(name, told)
            sent.add(told)
            yield Progress(f"Writing {name}", sent.rows, total, "rows")
        for compared in filling.check(name, schema, sent):
            yield Progress(f"Comparing {name}", compared, sent.rows, "rows")
        return sent.rows

    def _put_files(self, skipped: Collection[str]) -> Steps[tuple[int, int]]:
        """Copy files; files that wait to be imported may name users who were forgotten."""
        for folder in FOLDERS:  # empty, or of a filling that was cut off
            shutil.rmtree(self._target.home / folder, ignore_errors=True)
        found = self._moment.files()
        files = {name: size for name, size in found.items() if name.split("/")[0] not in skipped}
        done, total = 0, sum(files.values()) >> 20
        for place in files:
            path = self._target.home / Path(place)
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._moment.open_file(place) as source, path.open("wb") as file:
                while block := source.read(_BLOCK):
                    file.write(block)
                    done += len(block)
                    yield Progress("Copying models and files", done >> 20, total, "MB")
                file.flush()
                os.fsync(file.fileno())
        return len(files), done

    def _put_space(self, space: SpaceCopy) -> Steps[int]:
        """Publish a version from its rows, which compares and searches it, and lets it answer.

        They are read in parts, each time that they are wanted: no space need fit into memory.
        """
        what = f"{space.recommender} of {space.catalogue}"
        with self._room() as kept:
            rows = StreamedRows(space.dim, lambda: self._moment.vectors(space), kept)
            for done in rows.read():
                yield Progress(f"Reading the space {what}", done, space.rows, "vectors")
            if not len(rows):  # all its items are gone
                return 0
            named = (space.catalogue, space.recommender, space.version)
            for step in self._target.spaces.publish(*named, rows):
                told = f"{_WORDS[step.step]} the space {what}"
                yield Progress(told, step.done, step.total, "vectors")
        return len(rows)

    @contextmanager
    def _room(self) -> Iterator[BinaryIO | None]:
        """Lend a file for one space, of which a kill leaves nothing; None where none is needed."""
        if self._moment.is_lasting:
            yield None
            return
        self._target.make()
        with tempfile.TemporaryFile(dir=self._target.home) as file:
            yield cast("BinaryIO", file)

    def _spaces_there(self) -> Sequence[Space]:
        """Return the versions of these catalogues that the target holds; asking makes nothing."""
        uri = self._target.milvus_uri
        if "://" not in uri and not Path(uri).exists():
            return []
        known = self._moment.catalogues
        return [one for one in self._target.spaces.list() if one.catalogue in known]

    def _first_file(self) -> str | None:
        for folder in (*FOLDERS, REPORTS):
            for file in (self._target.home / folder).rglob("*"):
                if file.is_file() and not file.name.endswith(".lock"):
                    return str(file)
        return None
