"""What of a song decides whether it fits beside another: tempo, key, energy, artist, album."""

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.catalogue.facts import Item
from nearfield.recommend.limits import folded

ARTIST: Final = "artist"
ALBUM: Final = "album"
PATH: Final = "path"
DURATION: Final = "duration"
TEMPO: Final = "tempo"
KEY: Final = "key"
ENERGY: Final = "energy"
"""Names of the attributes of a song, as its catalogue holds them."""

_NOTES: Final = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_SIGNS: Final = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_KEY: Final = re.compile(r"([a-g])\s*([#♯b♭]?)\s*(major|maj|minor|min|m|)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Traits:
    """Of several songs.

    Parameters
    ----------
    tempo : float32, shape (songs,)
        Base-2 logarithm of the beats a minute; NaN where not known.
    fifths : float32, shape (songs,)
        Position of the key, or of its relative major, on the circle of fifths: 0 (C) to 11; NaN
        where not known.
    minor : bool, shape (songs,)
        Whether the key is a minor one.
    energy : float32, shape (songs,)
        In [0, 1]; NaN where not known.
    artist, album : int64, shape (songs,)
        A number for each, the same in all traits; -1 where not known.
    seconds : float64, shape (songs,)
        How long a song lasts; NaN where not known.
    """

    tempo: NDArray[np.float32]
    fifths: NDArray[np.float32]
    minor: NDArray[np.bool_]
    energy: NDArray[np.float32]
    artist: NDArray[np.int64]
    album: NDArray[np.int64]
    seconds: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.tempo)

    def at(self, places: NDArray[np.int64]) -> "Traits":
        """Return those of some songs, in the order of `places`."""
        return Traits(*(getattr(self, field.name)[places] for field in fields(self)))


def read_traits(items: Sequence[Item]) -> Traits:
    """Read the attributes of songs; what is missing or cannot be read is not known."""
    keys = [read_key(item.attributes.get(KEY, "")) for item in items]
    with np.errstate(invalid="ignore", divide="ignore"):
        tempo = np.log2(_numbers(items, TEMPO))
    tempo[~np.isfinite(tempo)] = math.nan
    return Traits(
        tempo=tempo.astype(np.float32),
        fifths=np.array([math.nan if one is None else one[0] for one in keys], dtype=np.float32),
        minor=np.array([one is not None and one[1] for one in keys], dtype=bool),
        energy=_numbers(items, ENERGY).astype(np.float32),
        artist=_named(items, ARTIST),
        album=_named(items, ALBUM),
        seconds=_numbers(items, DURATION),
    )


def read_key(text: str) -> tuple[int, bool] | None:
    """Return where a key stands on the circle of fifths, and whether it is minor.

    A minor key stands where its relative major does, for they share their notes: what DJs know
    as the Camelot wheel. None where the text names no key.

    Examples
    --------
    >>> read_key("A minor"), read_key("C major"), read_key("F# min"), read_key("?")
    ((0, True), (0, False), (3, True), None)
    """
    found = _KEY.fullmatch(text.strip())
    if found is None:
        return None
    note, sign, mode = found.groups()
    minor = mode.lower().startswith("min") or mode == "m"
    semitone = _NOTES[note.lower()] + _SIGNS[sign.lower()] + (3 if minor else 0)
    return semitone * 7 % 12, minor


def _numbers(items: Sequence[Item], name: str) -> NDArray[np.float64]:
    return np.array([_number(item.attributes.get(name, "")) for item in items], dtype=np.float64)


def _number(text: str) -> float:
    """Return a finite number of 0 or more, or NaN."""
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) and number >= 0 else math.nan


def _named(items: Sequence[Item], name: str) -> NDArray[np.int64]:
    return np.array([_number_of(item.attributes.get(name, "")) for item in items], dtype=np.int64)


@lru_cache(maxsize=10_000)
def _number_of(value: str) -> int:
    """Return a number for a value, the same wherever it is read; -1 for none."""
    known = folded(value)
    digest = hashlib.blake2b(known.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) >> 1 if known else -1
