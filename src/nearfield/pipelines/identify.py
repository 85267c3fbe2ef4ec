"""Tell which recording of a library a sound file is of, and where in it. Needs no Milvus."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nearfield.catalogue.catalogue import Catalogue
from nearfield.errors import InvalidInput, NotFound
from nearfield.pipelines.compare_songs import Comparer, Found
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.song_families import copies_of
from nearfield.pipelines.song_prints import Fingerprints, Shelf, update_indexes
from nearfield.pipelines.song_report import Member, Tie
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.tell_groups import Teller
from nearfield.sound.band_fingerprint import FRAMES_A_SECOND
from nearfield.sound.fingerprint_file import fingerprint_file
from nearfield.sound.matching.decide import Relation, relation

MOST: Final = 100
"""The longest list that is answered."""


@dataclass(frozen=True)
class Identified:
    """What a file is of.

    Parameters
    ----------
    file : str
        As it was named.
    seconds : float
        How long it is.
    matches : list of Member
        Recordings, the best first; each tie says where the file lies in it.
    remark : str
        What else a person should know.
    """

    file: str
    seconds: float
    matches: list[Member]
    remark: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "file": self.file,
            "seconds": round(self.seconds, 2),
            "matches": [one.as_data() for one in self.matches],
            "remark": self.remark,
        }


def identify(stores: Stores, name: str | None, file: Path, k: int = 5) -> Steps[Identified]:
    """Return the recordings that a file is of, whole or a clip, the best first.

    Of copies of one recording the best one comes before the others.

    Parameters
    ----------
    stores : Stores
        The home.
    name : str, optional
        Catalogue of songs; the only one where not given.
    file : Path
        A sound file.
    k : int
        Most recordings that are told, 1 to `MOST`.

    Raises
    ------
    NotFound
        If there is no such file or catalogue.
    Unreadable
        If it is no sound that can be read.
    """
    if not 1 <= k <= MOST:
        raise InvalidInput(f"{k} recordings were asked for. Ask for 1 to {MOST}.")
    catalogue = stores.catalogue(name)
    path = file.expanduser().absolute()
    if not path.is_file():
        raise NotFound(f"{file} is no file. Give a sound file, or a clip of one.")
    yield Progress(f"Listening to {path.name}")
    bands, chromaprint, seconds = fingerprint_file(path)
    indexes = yield from update_indexes(stores, catalogue)
    found = Comparer(indexes, Shelf(catalogue)).compare(Fingerprints(bands, chromaprint))
    ranked = _ranked(found, len(bands), copies_of(catalogue))[:k]
    teller = Teller(catalogue, [one.key for one, _ in ranked])
    matches = [teller.files(one.key, _tie(one, told))[0] for one, told in ranked]
    return Identified(str(file), seconds, matches, _remark(catalogue, matches))


def _ranked(found: list[Found], words: int, copies: dict[int, int]) -> list[tuple[Found, str]]:
    """Return what is sure, the best first, and behind it what is not.

    The best copy of a recording stands where the most similar one of its copies would.
    """
    told = [
        (one, relation(one.match, one.words / FRAMES_A_SECOND, words / FRAMES_A_SECOND))
        for one in found
    ]
    alike = [(one, str(how)) for one, how in told if how is not Relation.DIFFERENT]
    most: dict[int, float] = {}
    for one, how in alike:
        group = copies.get(one.key, one.key)
        most[group] = max(most.get(group, -1.0), _strength(one, how))

    def place(pair: tuple[Found, str]) -> tuple[float, int, bool, float]:
        one, how = pair
        group = copies.get(one.key, one.key)
        return -most[group], group, one.key != group, -_strength(one, how)

    return sorted(alike, key=place)


def _strength(one: Found, how: str) -> float:
    return one.match.similarity - (how == Relation.REVIEW)


def _tie(one: Found, told: str) -> Tie:
    match = one.match
    return Tie(told, match.similarity, match.offset, match.overlap, match.speed, match.semitones)


def _remark(catalogue: Catalogue, matches: list[Member]) -> str:
    missing = len(catalogue.prints.missing())
    if matches or not missing:
        return ""
    return (
        f"{missing:,} songs were added by an older Nearfield and cannot be recognized. Add their "
        f"folders again: `nearfield music add`."
    )
