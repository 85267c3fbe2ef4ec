"""What all calls of players share: the shelf of each catalogue, and what listeners did."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from nearfield.catalogue.catalogue import Catalogue
from nearfield.service.state import Service
from nearfield.service.subsonic.errors import Code, SubsonicError
from nearfield.service.subsonic.marks import Marks, read_marks
from nearfield.service.subsonic.shelf import Shelf

_PATIENCE: Final = 20
"""A shelf is made anew at most so seldom that making them takes a twentieth of the time."""

_LISTENERS: Final = 200
"""Listeners whose marks are kept."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A shelf, and what the catalogue was when it was made."""

    uid: str
    revision: int
    state: tuple[int, int, int]
    shelf: Shelf
    since: float
    next: float


class Players:
    """Shelves and marks, made when they are first asked for. May be used from several threads.

    Parameters
    ----------
    service : Service
        The home.
    now : callable
        A clock, in seconds.
    """

    def __init__(self, service: Service, now: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._now = now
        self._made: dict[str, _Made] = {}
        self._marks: dict[str, tuple[int, dict[str, Marks]]] = {}
        self._making = threading.Lock()

    def folders(self) -> list[Catalogue]:
        """Return the catalogues of songs, by name: what players call music folders."""
        found = map(self._service.catalogue, self._service.stores.catalogues.names())
        return [one for one in found if one.sounds.any()]

    def folder(self, number: int | None) -> list[Catalogue]:
        """Return the catalogue of a number, or all where none is given."""
        found = self.folders()
        if number is None:
            return found
        if kept := [one for one in found if one.number == number]:
            return kept
        raise SubsonicError(
            Code.NOT_FOUND, f"there is no music folder {number}. getMusicFolders lists them."
        )

    def shelf(self, catalogue: Catalogue) -> Shelf:
        """Return the songs of a catalogue by artist and album."""
        made = self._made.get(catalogue.name)
        known = made is not None and made.uid == catalogue.uid
        if made is not None and known and self._is_new(made, catalogue):
            return made.shelf
        if not self._making.acquire(blocking=not known):  # somebody makes it anew
            assert made is not None
            return made.shelf
        try:
            made = self._made.get(catalogue.name)
            if made is None or made.uid != catalogue.uid or not self._is_new(made, catalogue):
                made = self._made[catalogue.name] = self._make(catalogue, made)
            return made.shelf
        finally:
            self._making.release()

    def marks(self, catalogue: Catalogue, user: str) -> Marks:
        """Return what a listener did with the songs of a catalogue."""
        revision = catalogue.revision()
        known = self._marks.get(catalogue.uid)
        if known is None or known[0] != revision or len(known[1]) >= _LISTENERS:
            known = self._marks[catalogue.uid] = (revision, {})  # nothing of who was erased stays
        if user not in known[1]:
            known[1][user] = read_marks(catalogue, user)
        return known[1][user]

    def _is_new(self, made: _Made, catalogue: Catalogue) -> bool:
        return self._now() < made.next or made.revision == catalogue.revision()

    def _make(self, catalogue: Catalogue, old: _Made | None) -> _Made:
        """Return a shelf of the catalogue as it is; the old one where only events came."""
        start = self._now()
        revision, state = catalogue.revision(), catalogue.sounds.listed.state()
        if old is not None and old.uid == catalogue.uid and old.state == state:
            shelf, since = old.shelf, old.since
        else:
            shelf, since = Shelf(catalogue.name, catalogue.sounds.listed.read()), time.time()
        end = self._now()
        wait = end + _PATIENCE * (end - start)
        return _Made(catalogue.uid, revision, state, shelf, since, wait)

    def changed(self, catalogue: Catalogue) -> int:
        """Return when a catalogue's shelf was last made anew, in milliseconds since 1970."""
        self.shelf(catalogue)
        return int(1000 * self._made[catalogue.name].since)
