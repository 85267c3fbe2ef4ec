"""Methods that hand out bytes: songs as they are, and the pictures in them."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from starlette.responses import FileResponse, Response

from nearfield.service.sound_files import file_of, media_type
from nearfield.service.subsonic.call import Call
from nearfield.service.subsonic.errors import Code, SubsonicError
from nearfield.service.subsonic.shelf import ShelfAlbum, ShelfArtist, ShelfSong
from nearfield.sound.scan import path_of

_TRIED: Final = 4
"""Songs of an album whose files are opened to find a picture."""


def stream(call: Call) -> Response:
    """Return the file of a song as it is, or a part of it; nothing is recoded."""
    return _file(call, attached=False)


def download(call: Call) -> Response:
    """Return the file of a song, to be kept."""
    return _file(call, attached=True)


def cover(call: Call) -> Response:
    """Return the picture in the file of a song, in its own size."""
    from nearfield.sound.tags import read_cover  # it loads FFmpeg, which who only asks need not

    opened, found = call.find(call.params.required("id"), "so", "al", "ar")
    for one in islice(_songs(found), _TRIED):
        picture = read_cover(path_of(file_of(opened.catalogue, one.song.id).path))
        if picture is not None:
            headers = _headers(call, "private, max-age=86400")
            return Response(picture.data, media_type=picture.mime, headers=headers)
    raise SubsonicError(Code.NOT_FOUND, "there is no picture in the files of this id.")


def _file(call: Call, attached: bool) -> Response:
    opened, found = call.song(call.params.required("id"))
    path = path_of(file_of(opened.catalogue, found.song.id).path)
    name = f"{found.artist.name} - {found.song.title}{path.suffix}" if attached else None
    return FileResponse(
        path,
        filename=name,
        media_type=media_type(path.suffix),
        headers=_headers(call, "private"),
    )


def _headers(call: Call, kept: str) -> dict[str, str]:
    """Return headers by which a page that is let in may show and play what it gets."""
    shared = {"Cross-Origin-Resource-Policy": "cross-origin"} if call.service.config.origins else {}
    return {"Cache-Control": kept, **shared}


def _songs(found: ShelfSong | ShelfAlbum | ShelfArtist) -> Iterable[ShelfSong]:
    if isinstance(found, ShelfSong):
        return [found]
    if isinstance(found, ShelfAlbum):
        return found.songs
    return found.songs or found.albums[0].songs
