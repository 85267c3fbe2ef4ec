"""Nearfield recommends by nearest neighbours."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nearfield.home import Nearfield

__all__ = ["Nearfield", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load the heavy parts on first use, so that `import nearfield` stays light."""
    if name == "Nearfield":
        from nearfield.home import Nearfield

        return Nearfield
    raise AttributeError(f"module 'nearfield' has no attribute {name!r}")
