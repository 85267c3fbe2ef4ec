"""One pass over one file: decode once, and let everything that listens to it have its share."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nearfield.sound.band_fingerprint import BandFingerprintStream
from nearfield.sound.cache import FeatureKeeper
from nearfield.sound.decode import SoundInfo, SoundReader
from nearfield.sound.encoding import Encoder, Features, SongVectors
from nearfield.sound.fingerprint import FingerprintStream
from nearfield.sound.separate import Separator, separate_blocks
from nearfield.sound.tags import Tags, read_tags
from nearfield.sound.traits import Traits, TraitsStream
from nearfield.sound.versions.harmony import Harmony, HarmonyStream
from nearfield.sound.waveform import Waveform


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one pass over a file found out.

    Parameters
    ----------
    info : SoundInfo
        Of the file; its duration is what could be decoded.
    tags : Tags
        As written in the file.
    traits : Traits
        Tempo, key, energy, loudness.
    fingerprint : uint32, shape (frames,)
        Chromaprint of the whole song.
    harmony : uint8, shape (frames, 12)
        Strength of the notes of the background music, twice a second: finds versions of a song.
    bands : uint64, shape (words,)
        Band fingerprint of the whole song: finds copies at another pitch or pace as well.
    vectors : SongVectors
        What the encoder made of the background music.
    note : str
        What was not quite right with the file, "" where nothing was.
    """

    info: SoundInfo
    tags: Tags
    traits: Traits
    fingerprint: NDArray[np.uint32]
    bands: NDArray[np.uint64]
    harmony: Harmony
    vectors: SongVectors
    note: str = ""


def hear(path: Path, separator: Separator, encoder: Encoder) -> Features:
    """Return what an encoder reads of a file behind a separator, and nothing else."""
    features = encoder.stream()
    with SoundReader(path) as reader:
        for block in separate_blocks(separator, reader.blocks()):
            features.feed(block)
    return features.finish()


class Analyser:
    """Turns files into what is known of their sound. An hour takes no more memory than a minute.

    Parameters
    ----------
    separator : Separator
        Takes the vocals away before the encoder listens; fingerprint and traits hear everything.
    encoder : Encoder
        Turns the background music into vectors.
    cache : FeatureKeeper, optional
        Where the encoder's features are kept for training.
    """

    def __init__(
        self, separator: Separator, encoder: Encoder, cache: FeatureKeeper | None = None
    ) -> None:
        self._separator = separator
        self._encoder = encoder
        self._cache = cache

    def analyse(self, path: Path, content: str = "") -> Analysis:
        """Listen to a file once.

        Parameters
        ----------
        path : Path
            Of the file.
        content : str
            Hash of its bytes, under which features are kept; "" keeps none.

        Raises
        ------
        Unreadable
            With a short reason and a sentence, where the file is no sound that can be used.
        """
        tags = read_tags(path)
        bands, traits = BandFingerprintStream(), TraitsStream()
        harmony = HarmonyStream()
        fingerprint = FingerprintStream(bands)
        features = self._encoder.stream()
        with SoundReader(path) as reader:

            def heard() -> Iterator[Waveform]:
                for block in reader.blocks():
                    fingerprint.feed(block)
                    traits.feed(block)
                    yield block

            for block in separate_blocks(self._separator, heard()):
                features.feed(block)
                harmony.feed(block)
            info, note = reader.info, reader.note
        read = features.finish()
        if self._cache is not None and content:
            self._cache.save(content, read)
        return Analysis(
            info=info,
            tags=tags,
            traits=traits.finish(),
            fingerprint=fingerprint.finish(),
            bands=bands.finish(),
            harmony=harmony.finish(),
            vectors=self._encoder.embed(read),
            note=note,
        )
