"""Which encoders of sound there are, and how to get one."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from nearfield.errors import InvalidInput
from nearfield.sound import encoder, musicnn
from nearfield.sound.encoding import Encoder
from nearfield.training.card import CARD, read_json

ENCODERS: Final[Mapping[str, Callable[[Path], Encoder]]] = {
    encoder.NAME: lambda _: encoder.SoundEncoder.pretrained(),
    musicnn.NAME: musicnn.MusicnnEncoder.obtain,
}
"""Makes each trained encoder, given the folder where fetched weights are kept."""


def load_encoder(which: str | Path, cache: Path) -> Encoder:
    """Return an encoder.

    Parameters
    ----------
    which : str or Path
        A name in `ENCODERS`, or the folder (a Path) that an encoder was saved to.
    cache : Path
        Where fetched weights are kept.

    Raises
    ------
    NotFound
        If the folder holds no encoder.
    InvalidInput
        If there is no encoder of that name, or the folder's is broken.
    Unavailable
        If its weights have to be fetched and cannot be.
    """
    if isinstance(which, str):
        return ENCODERS[_known(which)](cache)
    if _known(str(read_json(which / CARD).get("encoder"))) == musicnn.NAME:
        return musicnn.MusicnnEncoder.obtain(cache, which)
    return encoder.SoundEncoder.load(which)


def _known(name: str) -> str:
    if name not in ENCODERS:
        raise InvalidInput(f"no encoder {name!r}: wanted one of {', '.join(ENCODERS)}.")
    return name
