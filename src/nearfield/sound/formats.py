"""Which files may be sound, and what the first bytes of a file say that a decoder does not."""

import struct
from pathlib import Path
from typing import BinaryIO, Final

EXTENSIONS: Final = frozenset(
    f".{ending}"
    for ending in (
        *("wav", "wave", "w64", "aif", "aiff", "aifc", "au", "snd", "caf"),
        *("flac", "alac", "wv", "ape", "tta", "tak", "dsf", "dff"),
        *("mp3", "mp2", "ac3", "amr", "mpc", "wma", "asf"),
        *("ogg", "oga", "opus", "spx", "mka", "webm"),
        *("m4a", "m4b", "m4p", "mp4", "aac"),
    )
)
"""What a sound file's name ends with, in small letters: what is looked for in folders."""

DEMUXERS: Final = (
    "aac,ac3,aiff,amr,ape,asf,au,caf,dsf,eac3,flac,iff,mov,mp3,matroska,mpc,mpc8,ogg,tak,tta,w64,"
    "wav,wv"
)
"""FFmpeg's names of the containers that may be opened.

A list, because FFmpeg also knows containers that name other files and addresses (playlists,
`concat`): a file of music must not be able to make this program read those.
"""

PROTECTED_TAGS: Final = frozenset({"drms", "drmi", "enca", "aavd", "p608"})
"""By what letters MP4 files name encrypted sound; FFmpeg would decode it to noise."""

_GUESSED: Final = frozenset({"aac", "ac3", "eac3", "amr", "asf", "mpc"})
_ASF: Final = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_ENCRYPTION: Final = (  # identifiers of the two objects that only encrypted files have
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),
)
_PICTURES: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
)
_OTHER_FILES: Final = (  # first bytes, what they begin
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"MThd", "a MIDI file, which holds notes and no sound"),
    (b"#EXTM3U", "a playlist, which names sound files and holds none"),
    (b"[playlist]", "a playlist, which names sound files and holds none"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


def picture_type(data: bytes) -> str:
    """Return the MIME type of a picture by its first bytes, or "" if it is of no known kind."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for start, mime in _PICTURES if data.startswith(start)), "")


def looks_like(path: Path) -> str:
    """Return what a file that no decoder knows seems to be: "a PNG picture"."""
    with path.open("rb") as file:
        head = file.read(512)
    for start, name in _OTHER_FILES:
        if head.startswith(start):
            return name
    if not head.strip(b"\x00"):
        return "nothing but zeros at its beginning"
    if _is_text(head):
        return "text"
    return "bytes of no known kind"


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # otherwise a letter was cut in two
            return False
        text = head[: error.start].decode("utf-8")
    return all(letter.isprintable() or letter in "\t\r\n\f" for letter in text)


def is_encrypted_asf(path: Path) -> bool:
    """Tell whether this is a WMA file with copy protection: FFmpeg would decode it to noise."""
    with path.open("rb") as file:
        header = file.read(len(_ASF))
        if header != _ASF:
            return False
        header += file.read(64 * 1024)
    return any(identifier in header for identifier in _ASF_ENCRYPTION)


def lacks_index(path: Path) -> bool:
    """Tell whether this is an MP4 file cut off before the index at its end."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(8)[4:] != b"ftyp":
            return False
        start = 0
        while start + 8 <= size:
            file.seek(start)
            length, name = struct.unpack(">I4s", file.read(8))
            if name == b"moov":
                return bool(start + length > size)
            if length == 1:  # the real length follows, in eight bytes
                length = int.from_bytes(file.read(8), "big")
            if length < 8:
                break
            start += length
    return True


def stated_share(path: Path, container: str) -> float | None:
    """Return the part of the sound's length by its header that FFmpeg would name, or None.

    FFmpeg states a length for every file. Where it is only estimated from the size, it says
    nothing about what is missing: None. For WAV it is cut to what is there, so that the header's
    own size is asked: below 1 where the file was cut off.
    """
    if container in _GUESSED:
        return None
    with path.open("rb") as file:
        if container == "mp3":
            return 1.0 if _counts_frames(file) else None
        if container == "wav":
            return _riff_share(file, path.stat().st_size)
    return 1.0


def _counts_frames(file: BinaryIO) -> bool:
    """Tell whether the first frame of an MP3 says how many there are; FFmpeg guesses otherwise."""
    head = file.read(10)
    start = 0
    if head[:3] == b"ID3" and len(head) == 10:
        size = 0
        for byte in head[6:10]:  # seven bits each
            size = size << 7 | byte & 0x7F
        start = size + 10
    file.seek(start)
    first = file.read(4096)
    return any(mark in first for mark in (b"Xing", b"Info", b"VBRI"))


def _riff_share(file: BinaryIO, size: int) -> float:
    """Return how much of a WAV file is there, by the length at its beginning."""
    head = file.read(8)
    if head[:4] != b"RIFF" or len(head) < 8:
        return 1.0
    stated = 8 + int.from_bytes(head[4:], "little")
    streamed = stated <= 8 or stated >= 0xFFFFFFF0  # written to a pipe: nobody knew the length
    return 1.0 if streamed else min(1.0, size / stated)
