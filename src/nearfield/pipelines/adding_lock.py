"""One run at a time changes what is known of a catalogue of songs."""

from collections.abc import Iterator
from contextlib import contextmanager

from nearfield.catalogue.catalogue import Catalogue
from nearfield.locks import OwnerLock
from nearfield.pipelines.names import SOUND
from nearfield.pipelines.stores import Stores


@contextmanager
def adding_lock(stores: Stores, catalogue: Catalogue) -> Iterator[None]:
    """Hold the lock of a catalogue.

    Raises
    ------
    InUse
        If another process holds it.
    """
    folder = stores.models.of(catalogue.name, SOUND)
    folder.mkdir(parents=True, exist_ok=True)
    lock = OwnerLock(folder / "adding", "One run adds to a catalogue at a time. Wait for it.")
    try:
        yield
    finally:
        lock.release()
