"""How lists of songs are limited where nobody says otherwise. Loads nothing."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

AT_MOST: Final[Mapping[str, int]] = MappingProxyType({"artist": 2, "album": 2})
"""Most songs of one artist, and of one album, that are recommended together."""

JUST_PLAYED: Final = 50
"""So many of the newest events of a listener do not come again."""
