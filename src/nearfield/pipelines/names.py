"""What the recommenders and their spaces are called. Loads nothing, so that anyone may ask."""

from typing import Final

from nearfield.errors import InvalidInput

FUSION: Final = "fusion"
GRAPH: Final = "graph"
SOUND: Final = "sound"

RECOMMENDERS: Final = (FUSION, GRAPH, SOUND)
"""Every recommender; where several answer for a catalogue, the first is asked by default."""

PARTS: Final = "sound-parts"
"""The space of the parts of songs, beside that of whole songs, which is called as `SOUND`."""

VERSIONS: Final = "sound-versions"
"""The space in which versions of songs are near to each other."""

OF_SPACE: Final = {PARTS: SOUND}
"""The recommender of a space that is not called as it is."""


def check_recommender(name: str) -> None:
    """Refuse what is no recommender; InvalidInput names those there are."""
    if name not in RECOMMENDERS:
        raise InvalidInput(f"no recommender {name!r}: wanted one of {', '.join(RECOMMENDERS)}.")
