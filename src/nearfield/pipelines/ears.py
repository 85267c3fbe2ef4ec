"""How a version of a model listens. Workers load this: nothing here knows SQL or Milvus."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nearfield.errors import InvalidInput
from nearfield.sound.analyse import Analyser
from nearfield.sound.cache import Catcher, FeatureCache
from nearfield.sound.encoders import load_encoder
from nearfield.sound.encoding import Encoder
from nearfield.sound.separate import Separator, load_separator
from nearfield.training.card import CARD, read_json

WEIGHTS: Final = ("spleeter", "demucs", "sound/musicnn")
"""Folders of a home's cache that hold weights which were fetched."""


MEMORY: Final = 800_000_000
"""Bytes that a process needs to listen, measured: 660 to 740 MB, whatever the length."""

PACKAGES: Final = ("av", "librosa", "mutagen", "soundfile", "soxr", "torch")
"""What listening needs, as it is imported."""


@dataclass(frozen=True, slots=True)
class Ears:
    """All that a process needs to analyse files as a version does.

    Parameters
    ----------
    model : Path
        Folder of the version.
    cache : Path
        The home's cache.
    """

    model: Path
    cache: Path

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that `load` reads: the version's, and those of weights that were fetched."""
        return (
            self.model,
            *(self.cache / name for name in WEIGHTS if (self.cache / name).is_dir()),
        )

    def load(self) -> tuple[Separator, Encoder]:
        """Load the networks.

        Raises
        ------
        InvalidInput
            If the separation is another one by now than the version was made with.
        """
        card = read_json(self.model / CARD)
        separator = load_separator(str(card["separation"]), self.cache)
        check_separator(card, separator)
        return separator, load_encoder(self.model, self.cache)

    def open(self) -> Analyser:
        """Load the networks, for an analyser that keeps nothing; errors as of `load`."""
        return Analyser(*self.load())


@dataclass(frozen=True, slots=True)
class ByEar:
    """What every `Work` that listens tells whoever gives it to machines.

    Parameters
    ----------
    ears : Ears
        How it listens.
    """

    ears: Ears

    @property
    def folders(self) -> tuple[Path, ...]:
        """See `Work`."""
        return self.ears.folders

    @property
    def packages(self) -> tuple[str, ...]:
        """See `Work`."""
        return PACKAGES

    @property
    def memory(self) -> int:
        """See `Work`."""
        return MEMORY


def catcher(separator: Separator, encoder: Encoder) -> Catcher:
    """Return what takes the features of an encoder that listens behind a separator."""
    return Catcher(feature_cache(Path(), separator, encoder).folder)


def feature_cache(cache: Path, separator: Separator, encoder: Encoder) -> FeatureCache:
    """Return where the features of an encoder are kept that listens behind a separator."""
    heard = f"{separator.name}-{separator.version}"
    return FeatureCache(cache / "sound" / heard / encoder.features_version)


def check_separator(card: Mapping[str, Any], separator: Separator) -> None:
    """Refuse to compare vectors made behind different separations."""
    if card.get("separation_version") != separator.version:
        raise InvalidInput(
            f"the songs were separated by {separator.name!r} version "
            f"{card.get('separation_version')}, but this Nearfield has version "
            f"{separator.version}. Analyse them anew: `nearfield music add --again`."
        )
