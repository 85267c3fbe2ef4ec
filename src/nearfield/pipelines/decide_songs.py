"""A person's decision about two songs: it is kept, and wins over what was heard."""

from dataclasses import dataclass
from typing import Final

from nearfield.catalogue.catalogue import Catalogue
from nearfield.errors import InvalidInput, NotFound
from nearfield.pipelines.find_song import find_song
from nearfield.pipelines.song_families import regroup
from nearfield.pipelines.stores import Stores
from nearfield.types import PublicId

_MEANING: Final = {
    "recording": "are the same recording",
    "song": "are versions of one song",
    "different": "are different songs",
}


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided.

    Parameters
    ----------
    one, other : int or str
        Ids of the songs.
    verdict : str, optional
        One of `VERDICTS`; None where a decision was taken back.
    """

    one: PublicId
    other: PublicId
    verdict: str | None

    def sentence(self) -> str:
        """Return it in words."""
        if self.verdict is None:
            return f"Nothing is decided of {self.one} and {self.other} any more."
        return f"{self.one} and {self.other} {_MEANING[self.verdict]}."


def decide_songs(
    stores: Stores, name: str | None, pair: tuple[str, str], verdict: str | None
) -> Decided:
    """Keep a decision about two songs, and group the songs anew.

    Parameters
    ----------
    stores : Stores
        The home.
    name : str, optional
        Catalogue of songs; the only one where not given.
    pair : tuple of str
        Ids of songs, or paths of their files.
    verdict : str, optional
        One of `VERDICTS`; None takes back what was decided.

    Raises
    ------
    NotFound
        If a song is not in the library.
    InvalidInput
        If both are one song.
    """
    catalogue = stores.catalogue(name)
    one, other = (_song(catalogue, song) for song in pair)
    if one == other:
        raise InvalidInput(
            f"{pair[0]!r} and {pair[1]!r} are the same song already, {one}: their files have the "
            f"same bytes. Name two songs."
        )
    low, high = catalogue.item_keys([one, other]).tolist()
    if verdict is None:
        catalogue.pairs.forget(low, high)
    else:
        catalogue.pairs.decide(low, high, verdict)
    regroup(catalogue)
    return Decided(one, other, verdict)


def _song(catalogue: Catalogue, name: str) -> PublicId:
    found = find_song(catalogue, name)
    if found is None:
        raise NotFound(
            f"{name!r} is neither the id of a song in catalogue '{catalogue.name}' nor one of its "
            f"files. Check the spelling, or add the file first: nearfield music add."
        )
    return found
