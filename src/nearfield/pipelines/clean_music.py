"""Move worse copies of recordings to another folder. Nothing is deleted or written over."""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.sound_facts import GONE
from nearfield.errors import InvalidInput
from nearfield.pipelines.duplicates import list_duplicates
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.song_report import Report
from nearfield.pipelines.stores import Stores
from nearfield.sound.scan import path_of, path_text

JOURNAL: Final = "moved.jsonl"
"""In the folder that copies go to: a line for each file, with where it came from."""

_MOVED: Final = ("same", "same bytes", "decided")


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What to move, and where to.

    Parameters
    ----------
    catalogue : str
        Of songs.
    folder : Path, optional
        Where copies go.
    dry_run : bool
        Only tell; nothing is moved.
    excerpts : bool
        Clips of a recording, too.
    """

    catalogue: str
    folder: Path | None
    dry_run: bool
    excerpts: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """One file that goes, and what stays.

    Parameters
    ----------
    source : Path
        Where it is.
    target : Path, optional
        Where it goes; None where no folder is given.
    kept : str
        Path of the better copy.
    relation : str
        To that copy.
    done : bool
        Whether it was moved.
    """

    source: Path
    target: Path | None
    kept: str
    relation: str
    done: bool = False

    def as_data(self) -> dict[str, Any]:
        """Return what `--json` prints, and what the journal holds."""
        return {
            "from": str(self.source),
            "to": None if self.target is None else str(self.target),
            "kept": self.kept,
            "relation": self.relation,
            "moved": self.done,
        }

    def line(self) -> str:
        """Return what people read."""
        where = "" if self.target is None else f" -> {self.target}"
        return f"{self.source}{where}  ({self.relation} as {self.kept})"


@dataclass(frozen=True)
class Cleaned:
    """What was moved, or would be.

    Parameters
    ----------
    moves : list of Move
        By path.
    faults : list of str
        Why some files could not be moved.
    dry_run : bool
        Whether nothing was moved on purpose.
    """

    moves: list[Move]
    faults: list[str]
    dry_run: bool

    def as_data(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "dry_run": self.dry_run,
            "moves": [one.as_data() for one in self.moves],
            "faults": self.faults,
        }

    def sentence(self) -> str:
        """Return what came of it."""
        if self.dry_run:
            return f"{len(self.moves):,} files would be moved; nothing was."
        moved = sum(one.done for one in self.moves)
        return f"{moved:,} files moved, {len(self.faults):,} not. {JOURNAL} there tells from where."


def clean_music(stores: Stores, wanted: Cleaning) -> Steps[Cleaned]:
    """Move all but the best copy of each recording out of the way.

    What is only to be reviewed stays. Each file keeps its path below the folder that all songs
    lie in. Songs that were moved are gone from the answers; the same songs are found again by
    `music add` of the folder that they went to.

    Raises
    ------
    InvalidInput
        If the folder to move to is none.
    """
    report = yield from list_duplicates(stores, wanted.catalogue)
    catalogue = stores.catalogue(wanted.catalogue)
    folder = None if wanted.folder is None else wanted.folder.expanduser().absolute()
    moves = _planned(catalogue, report, wanted, folder)
    if wanted.dry_run or folder is None:
        return Cleaned(moves, [], dry_run=True)
    _make(folder)
    done, faults = [], []
    for place, move in enumerate(moves):
        yield Progress("Moving copies", place, len(moves), "files")
        try:
            done.append(_moved(catalogue, folder, move))
        except OSError as error:
            done.append(move)
            faults.append(f"{move.source}: {error.strerror or error}. It stays where it is.")
    return Cleaned(done, faults, dry_run=False)


def _planned(
    catalogue: Catalogue, report: Report, wanted: Cleaning, folder: Path | None
) -> list[Move]:
    """Return what goes; of a song that stays, one file stays."""
    relations = (*_MOVED, "excerpt") if wanted.excerpts else _MOVED
    moves = [
        Move(path_of(one.path), None, group.members[0].path, one.tie.relation)
        for group in report.groups
        for one in group.members[1:]
        if one.tie.relation in relations and one.path
    ]
    moves.sort(key=lambda one: one.source)
    if folder is None or not moves:
        return moves
    root = _common_folder(catalogue)
    taken: set[Path] = set()
    for place, move in enumerate(moves):
        target = _free(folder / _below(move.source, root), taken)
        taken.add(target)
        moves[place] = replace(move, target=target)
    return moves


def _common_folder(catalogue: Catalogue) -> Path:
    """Return the deepest folder that all songs lie in."""
    folders = [
        path_of(path).parent
        for path, file in catalogue.sounds.files().items()
        if file.state != GONE
    ]
    return Path(os.path.commonpath(folders))


def _below(source: Path, root: Path) -> Path:
    return source.relative_to(root) if source.is_relative_to(root) else Path(source.name)


def _free(target: Path, taken: set[Path]) -> Path:
    """Return the first of `x.mp3`, `x (2).mp3`, ... that is not there yet."""
    return next(one for one in _names(target) if one not in taken and not os.path.lexists(one))


def _names(target: Path) -> Iterator[Path]:
    yield target
    number = 2
    while True:
        yield target.with_name(f"{target.stem} ({number}){target.suffix}")
        number += 1


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(
            f"{folder} cannot be made or is no folder ({error.strerror}). Name another one to "
            f"move copies to."
        ) from error


def _moved(catalogue: Catalogue, folder: Path, move: Move) -> Move:
    """Move one file, and write down that it went: first the journal, so that nothing is lost."""
    assert move.target is not None
    move.target.parent.mkdir(parents=True, exist_ok=True)
    with (folder / JOURNAL).open("a", encoding="utf-8", errors="surrogateescape") as journal:
        journal.write(json.dumps(replace(move, done=True).as_data()) + "\n")
        journal.flush()
        os.fsync(journal.fileno())
    _rename(move.source, move.target)
    known = catalogue.sounds.file(path_text(move.source))
    if known is not None:
        catalogue.sounds.keep([replace(known, state=GONE)])
    return replace(move, done=True)


def _rename(source: Path, target: Path) -> None:
    """Move a file to a name that is free: never over another one, also not in a race."""
    try:
        os.link(source, target)  # fails where the name is taken by now
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP):
            raise
        _copy(source, target)
    source.unlink()


def _copy(source: Path, target: Path) -> None:
    """Copy to another disk; what cannot be finished leaves nothing there."""
    with target.open("xb") as out:
        try:
            with source.open("rb") as data:
                shutil.copyfileobj(data, out)
            out.flush()
            os.fsync(out.fileno())
            shutil.copystat(source, target)
        except BaseException:
            target.unlink()
            raise
