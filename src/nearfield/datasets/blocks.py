"""Takes a stream of bytes in blocks of whole lines, decoded, so that memory stays bounded."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from nearfield.datasets.report import ReadReport
from nearfield.errors import InvalidInput

BLOCK: Final = 1 << 25
"""Bytes read at once; a line must be shorter."""

_START: Final = 4096
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class TextBlocks:
    r"""The text of one file, cut at line ends.

    Parameters
    ----------
    file : str
        Name for messages.
    report : ReadReport
        Takes a note where the encoding had to be guessed.
    encoding : str, optional
        What the file may be in where it is not UTF-8; None: guess, and say so.
    quoted : bool
        Line ends may stand between double quotes.
    """

    file: str
    report: ReadReport
    encoding: str | None = None
    quoted: bool = False

    def read(self, stream: BinaryIO) -> Iterator[str]:
        r"""Yield blocks in which every line, but for the last of the file, ends with "\n".

        Raises
        ------
        InvalidInput
            If the file is empty, in UTF-16 without a byte-order mark, or a line is too long.
        """
        rest = self._start(stream)
        while chunk := stream.read(BLOCK):
            rest += chunk
            if self.quoted and b'"' in rest:  # a quoted field may hold line ends: cut nowhere
                rest += stream.read()
            elif cut := rest.rfind(b"\n") + 1:
                yield self._decode(_line_ends(rest[:cut]))
                rest = rest[cut:]
            elif len(rest) > BLOCK:
                raise InvalidInput(
                    f"{self.file} has no line end in {len(rest):,} bytes: wanted a text table. "
                    "Check that it is the right file."
                )
        if rest:
            yield self._decode(_line_ends(rest))

    def _start(self, stream: BinaryIO) -> bytes:
        """Return the first bytes, without a byte-order mark; all of them if in UTF-16."""
        start = stream.read(_START)
        if start[:2] in _UTF16:
            self.report.note(f"{self.file} is in UTF-16: read as such.")
            return (start + stream.read()).decode("utf-16", errors="replace").encode()
        if start.count(0) > len(start) // 3:
            raise InvalidInput(
                f"{self.file} looks like UTF-16 ({start.count(0):,} of its first {len(start):,} "
                "bytes are NUL): wanted UTF-8. Save it as UTF-8."
            )
        start = start.removeprefix(codecs.BOM_UTF8)
        if not start:
            raise InvalidInput(
                f"{self.file} is empty: wanted at least one row. Copy or export it again."
            )
        return start

    def _decode(self, block: bytes) -> str:
        """Read UTF-8, or else one of the older encodings of western files."""
        try:
            return block.decode()
        except UnicodeDecodeError:
            pass
        encoding = self.encoding or "cp1252"
        try:
            text = block.decode(encoding)
        except UnicodeDecodeError:  # five bytes have no meaning there; each has one in Latin-1
            encoding = "latin-1"
            text = block.decode(encoding)
        if encoding != self.encoding:
            self.report.note(
                f"{self.file} is not UTF-8: read as {encoding}. If names look wrong, save it as "
                "UTF-8."
            )
        return text


def _line_ends(block: bytes) -> bytes:
    r"""Return the block with "\n" for every kind of line end."""
    if b"\r" not in block:
        return block
    block = block.replace(b"\r\n", b"\n")
    return block if b"\n" in block else block.replace(b"\r", b"\n")
