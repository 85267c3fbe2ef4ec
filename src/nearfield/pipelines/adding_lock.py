"""One run at a time changes what is known of a catalogue of songs."""

from contextlib import AbstractContextManager

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.exclusive import Held
from nearfield.pipelines.stores import Stores


def adding_lock(stores: Stores, catalogue: Catalogue) -> AbstractContextManager[Held]:
    """Hold the lock of a catalogue among all that share its database; InUse where it is held."""
    return stores.catalogues.exclusive(
        f"songs {catalogue.name}", "One run adds to a catalogue at a time. Wait for it."
    )
