"""Read one file out of a form while it comes: nothing of it is kept in memory."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from nearfield.service.problems import Refusal

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks


@dataclass
class _Form:
    """What the parser has told so far."""

    wanted: str
    name: str | None = None
    ended: bool = False
    inside: bool = False
    header: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))
    pieces: deque[bytes] = field(default_factory=deque)

    def on_part_begin(self) -> None:
        self.inside = False

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self.header[0].extend(data[start:end])

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self.header[1].extend(data[start:end])

    def on_header_end(self) -> None:
        key, value = (bytes(part) for part in self.header)
        self.header = (bytearray(), bytearray())
        if key.lower() != b"content-disposition":
            return
        _, options = parse_options_header(value)
        if options.get(b"name") == self.wanted.encode() and self.name is None:
            self.inside = True
            self.name = options.get(b"filename", b"").decode("utf-8", "replace")

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self.inside and not self.ended:
            self.pieces.append(data[start:end])

    def on_part_end(self) -> None:
        if self.inside:
            self.ended, self.inside = True, False


async def file_in(
    stream: AsyncIterator[bytes], boundary: bytes, wanted: str
) -> tuple[str, AsyncIterator[bytes]]:
    """Return the name of the file in a form, and its bytes as they come.

    Parameters
    ----------
    stream : async iterator of bytes
        The body.
    boundary : bytes
        Of the form, as its content type names it.
    wanted : str
        Name of the field.

    Raises
    ------
    Refusal
        422, if the body is no such form or lacks the field.
    """
    form = _Form(wanted)
    told: MultipartCallbacks = {
        "on_part_begin": form.on_part_begin,
        "on_part_data": form.on_part_data,
        "on_part_end": form.on_part_end,
        "on_header_field": form.on_header_field,
        "on_header_value": form.on_header_value,
        "on_header_end": form.on_header_end,
    }
    try:
        parser = MultipartParser(boundary, told)
        async for chunk in stream:
            parser.write(chunk)
            if form.name is not None:
                return form.name, _rest(form, parser, stream)
    except MultipartParseError as error:
        raise Refusal(422, f"the form cannot be read ({error}).") from error
    raise Refusal(422, f"the form has no field {wanted!r}. Send the file in one of that name.")


async def _rest(
    form: _Form, parser: MultipartParser, stream: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    try:
        while form.pieces:
            yield form.pieces.popleft()
        async for chunk in stream:
            parser.write(chunk)
            while form.pieces:
                yield form.pieces.popleft()
    except MultipartParseError as error:
        raise Refusal(422, f"the form cannot be read ({error}).") from error
    if not form.ended:
        raise Refusal(422, "the form ended in the middle of its file. Send it once more.")
