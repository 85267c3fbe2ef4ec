"""Names inside Milvus, which knows letters, digits and underscores only. Pure and reversible."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from nearfield.errors import InvalidInput

_PREFIX: Final = "nf"
_BEFORE: Final = "nfbefore"
_LONGEST: Final = 255  # of Milvus
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXY0123456789")


@dataclass(frozen=True, slots=True)
class SpaceName:
    """What a collection is of; its physical name says so.

    Parameters
    ----------
    catalogue, recommender, version : str
        Any text, not empty.
    """

    catalogue: str
    recommender: str
    version: str

    @property
    def collection(self) -> str:
        """The collection's name in Milvus: ``nf_<catalogue>_<recommender>_<version>``."""
        return _join(_PREFIX, self.catalogue, self.recommender, self.version)

    @property
    def alias(self) -> str:
        """The alias of the version that answers."""
        return _join(_PREFIX, self.catalogue, self.recommender)

    @property
    def before(self) -> str:
        """The alias of the version that answered before, kept for a rollback."""
        return _join(_BEFORE, self.catalogue, self.recommender)

    @classmethod
    def parse(cls, collection: str) -> "SpaceName | None":
        """Read a physical name; None if it is not one of ours.

        >>> SpaceName("my-films", "fusion", "20261121-231500-ab12cd").collection
        'nf_my__films_fusion_20261121__231500__ab12cd'
        >>> SpaceName.parse("nf_my__films_fusion_20261121__231500__ab12cd").catalogue
        'my-films'
        """
        match re.split(r"(?<!_)_(?!_)", collection):
            case [prefix, catalogue, recommender, version] if prefix == _PREFIX:
                return cls(_decode(catalogue), _decode(recommender), _decode(version))
            case _:
                return None


@lru_cache(maxsize=1000)
def _join(prefix: str, *parts: str) -> str:
    if not all(parts):
        raise InvalidInput(f"names {parts} hold an empty one. Name catalogue, model and version.")
    name = "_".join([prefix, *map(_encode, parts)])
    if len(name) > _LONGEST:
        raise InvalidInput(
            f"the names {parts} make {len(name)} characters in Milvus, which takes {_LONGEST}. "
            f"Give the catalogue a shorter name."
        )
    return name


def _encode(part: str) -> str:
    """Write '-' inside a name as two underscores, any other stranger as Z and its bytes in hex."""
    last = len(part) - 1
    return "".join(
        "__" if mark == "-" and 0 < place < last else _letters(mark)
        for place, mark in enumerate(part)
    )


def _letters(mark: str) -> str:
    return mark if mark in _PLAIN else "".join(f"Z{byte:02x}" for byte in mark.encode())


def _decode(part: str) -> str:
    return re.sub(
        r"(?:Z[0-9a-f]{2})+",
        lambda found: bytes.fromhex(found.group().replace("Z", "")).decode(errors="replace"),
        part.replace("__", "-"),
    )
