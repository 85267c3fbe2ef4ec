"""The band fingerprint of a file, without all else that an analysis finds out."""

from pathlib import Path

from nearfield.sound.band_fingerprint import BandFingerprint, BandFingerprintStream
from nearfield.sound.decode import SoundReader
from nearfield.sound.fingerprint import FingerprintStream


def fingerprint_file(path: Path) -> tuple[BandFingerprint, float]:
    """Return the fingerprint of a file, shape (words,), and how long it lasts, in seconds.

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
    stream.finish()
    return bands.finish(), seconds
