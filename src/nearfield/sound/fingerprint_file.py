"""The fingerprints of a file, without all else that an analysis finds out."""

from pathlib import Path

from nearfield.sound.band_fingerprint import BandFingerprint, BandFingerprintStream
from nearfield.sound.decode import SoundReader
from nearfield.sound.fingerprint import Fingerprint, FingerprintStream


def fingerprint_file(path: Path) -> tuple[BandFingerprint, Fingerprint, float]:
    """Return both fingerprints of a file, and how long it lasts.

    Returns
    -------
    bands : uint64, shape (words,)
    chromaprint : uint32, shape (values,)
    seconds : float

    Raises
    ------
    Unreadable
        If it is no sound that can be used.
    """
    bands = BandFingerprintStream()
    stream = FingerprintStream(bands)
    with SoundReader(path) as reader:
        for block in reader.blocks():
            stream.feed(block)
        seconds = reader.info.duration
    chromaprint = stream.finish()
    return bands.finish(), chromaprint, seconds
