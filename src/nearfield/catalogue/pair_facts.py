"""What is kept of songs that are the same: prints, pairs, and what a person decided."""

from dataclasses import dataclass
from typing import Final

from nearfield.types import Vectors

PAIR_KINDS: Final = ("duplicate", "version")
"""What a pair may be; the position is the code stored in SQL."""

DUPLICATE: Final = PAIR_KINDS.index("duplicate")
VERSION: Final = PAIR_KINDS.index("version")

RELATIONS: Final = ("same", "excerpt", "partial", "mix", "review")
"""How much of two songs is the same; the position is the code stored in SQL.

`same`: most of the longer. `excerpt`: most of the shorter. `mix`: a song inside a long mix.
`partial`: less than that. `review`: not alike enough to be sure.
"""

VERDICTS: Final = ("recording", "song", "different")
"""What a person may decide of two songs; the position is the code stored in SQL.

`recording`: the same recording. `song`: the same song, but another recording. `different`: neither.
"""


@dataclass(frozen=True, slots=True)
class SongPrint:
    """What is compared of a song; the catalogue keeps it without looking inside.

    Parameters
    ----------
    bands : bytes
        Packed band fingerprint: it tells whether two songs are the same recording.
    digest : int
        Of the fingerprint's words, in [-2**63, 2**63): songs of one fingerprint share it.
    harmony : bytes
        Packed sequence of harmonies: it tells whether two songs are versions of one.
    vector : float32, shape (dim,)
        Of the whole song, to find candidates for versions; shape (0,) where there is none.
    vector_name : str
        What made the vector; vectors of one name can be compared.
    """

    bands: bytes
    digest: int
    harmony: bytes
    vector: Vectors
    vector_name: str


@dataclass(frozen=True, slots=True)
class SongPair:
    """Two songs of which something is the same.

    A moment of one is a moment of the other: ``time_in_low = offset + speed * time_in_high``.

    Parameters
    ----------
    low, high : int
        Keys of the songs; `low` is the lower.
    relation : str
        One of `RELATIONS`.
    similarity : float
        Over what matches, at most 1.
    offset : float
        Seconds.
    overlap : float
        Seconds of `low` that match.
    speed : float
        How many times faster `high` plays; greater than 0.
    semitones : float
        How much higher `high` sounds.
    share_low, share_high : float
        How much of each song matches, in [0, 1].
    evidence : float
        Seconds of ordinary music in which as much changes as in the overlap; decides, with the
        similarity, whether the songs can be alike by chance.
    """

    low: int
    high: int
    relation: str
    similarity: float
    offset: float = 0.0
    overlap: float = 0.0
    speed: float = 1.0
    semitones: float = 0.0
    share_low: float = 1.0
    share_high: float = 1.0
    evidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person decided of two songs.

    Parameters
    ----------
    low, high : int
        Keys of the songs; `low` is the lower.
    verdict : str
        One of `VERDICTS`.
    time : int
        When, in milliseconds since 1970.
    """

    low: int
    high: int
    verdict: str
    time: int
