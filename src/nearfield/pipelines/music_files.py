"""Find out which sound files are new, changed, moved, copied, broken or gone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from nearfield.bulk.work import CRASHED, UNSEEN
from nearfield.catalogue.sound_facts import FAILED, GONE, READY, SoundFile
from nearfield.catalogue.sounds import Sounds
from nearfield.errors import NotFound
from nearfield.pipelines.listen import Job
from nearfield.sound.decode import Unreadable
from nearfield.sound.scan import Found, content_hash, find_sounds, path_of, path_text

_PASSING: Final = frozenset({"permission", "missing", "memory", CRASHED, UNSEEN})
"""Reasons that may be over although the file is as it was."""


@dataclass
class Tally:
    """What became of the files of one run.

    Parameters
    ----------
    found : int
        Files that were looked at.
    unchanged, added, changed, moved, copies, failed, gone : int
        Of them: as they were; new songs; songs analysed anew; known songs at another place;
        further files of the same content; files that could not be used; files that are no more.
    """

    found: int = 0
    unchanged: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    copies: int = 0
    failed: int = 0
    gone: int = 0


@dataclass
class Scan:
    """One look at some folders, compared with what the catalogue knows of them.

    Parameters
    ----------
    sounds : Sounds
        What is known.
    embedded : set of int
        Songs whose vectors are of the wanted version; others are analysed again.
    tally : Tally
        What became of the files so far.
    waiting : dict
        Content to the files that wait for its analysis.
    seen : set of str
        Paths that were looked at.
    """

    sounds: Sounds
    embedded: frozenset[int]
    tally: Tally = field(default_factory=Tally)
    waiting: dict[str, list[SoundFile]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    _known: dict[str, SoundFile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read what is known of all files, once."""
        self._known = self.sounds.files()

    def jobs(self, found: Iterable[Found]) -> Iterator[Job]:
        """Yield the files that must be analysed; what else is to be written down is written.

        Files of one content are one job; `waiting` tells which files it is for.
        """
        for one in found:
            self.tally.found += 1
            job = self._job(one)
            if job is not None:
                yield job

    def pending(self, found: Iterable[Found]) -> int:
        """Return how many files differ from what is known of them: what may be to do."""
        known = ((self._known.get(path_text(one.path)), one) for one in found)
        return sum(1 for old, one in known if old is None or not self._is_unchanged(old, one))

    def _job(self, found: Found) -> Job | None:
        path = path_text(found.path)
        self.seen.add(path)
        known = self._known.get(path)
        if known is not None and self._is_unchanged(known, found):
            self.tally.unchanged += 1
            return None
        if found.error is not None:
            self._fail(SoundFile(path, found.size, found.modified), found.error)
            return None
        try:
            content = content_hash(found.path)
        except Unreadable as error:
            self._fail(SoundFile(path, found.size, found.modified), error)
            return None
        return self._by_content(SoundFile(path, found.size, found.modified, content), known)

    def _is_unchanged(self, known: SoundFile, found: Found) -> bool:
        if (known.size, known.modified) != (found.size, found.modified) or known.state == GONE:
            return False
        if known.state == FAILED:
            return known.reason not in _PASSING
        return known.item in self.embedded

    def _by_content(self, file: SoundFile, known: SoundFile | None) -> Job | None:
        if file.content in self.waiting:
            self.waiting[file.content].append(file)
            return None
        item = self.sounds.with_content(file.content)
        if item is not None and item in self.embedded:
            self.sounds.keep([replace(file, item=item)])
            self._count_known(item, known)
            return None
        if item is None and known is not None and self._is_only_file(known):
            item = known.item
        self.waiting[file.content] = [replace(file, item=item)]
        return Job(path_of(file.path), file.content)

    def _count_known(self, item: int, known: SoundFile | None) -> None:
        """Count a file whose content is known: touched, moved or a copy."""
        if known is not None and known.item == item and known.state == READY:
            self.tally.unchanged += 1
            return
        others = [
            one
            for one in self._known.values()
            if one.item == item and one.state == READY and not _is_gone(path_of(one.path))
        ]
        if others:
            self.tally.copies += 1
        else:
            self.tally.moved += 1

    def _is_only_file(self, known: SoundFile) -> bool:
        """Tell whether a file that changed is all that its song has: then it is still that song."""
        return known.item is not None and not any(
            one.item == known.item and one.path != known.path and one.state == READY
            for one in self._known.values()
        )

    def added(self, key: int, first: SoundFile, copies: list[SoundFile]) -> None:
        """Write down that a content is a song by now, and which other files have it too."""
        if first.item is None:
            self.tally.added += 1
        else:
            self.tally.changed += 1
        self.tally.copies += len(copies)
        self.sounds.keep([replace(copy, item=key) for copy in copies])

    def _fail(self, file: SoundFile, error: Unreadable) -> None:
        self.failed(file, error.reason, str(error))

    def failed(self, file: SoundFile, reason: str, message: str) -> None:
        """Write down why a file could not be used."""
        self.tally.failed += 1
        known = self._known.get(file.path)
        item = None if known is None else known.item
        self.sounds.keep([replace(file, state=FAILED, item=item, reason=reason, message=message)])

    def mark_gone(self, roots: Iterable[Path]) -> None:
        """Write down which files below the folders that were looked at are there no more."""
        folders = [root for root in roots if root.is_dir()]
        missing = [
            replace(file, state=GONE)
            for path, file in self._known.items()
            if path not in self.seen
            and file.state != GONE
            and any(path_of(path).is_relative_to(folder) for folder in folders)
            and _is_gone(path_of(path))
        ]
        self.sounds.keep(missing)
        self.tally.gone += len(missing)


def _is_gone(path: Path) -> bool:
    """Tell whether a file is surely not there; one in a folder that cannot be read may be."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def look(paths: Iterable[Path]) -> list[Found]:
    """Return all sound files below some paths; NotFound where a path does not exist."""
    wanted = list(paths)
    for path in wanted:
        if not path.exists():
            raise NotFound(f"{path} does not exist. Give a folder of music, or a sound file.")
    return list(find_sounds(wanted))
