"""The one address of all methods: /rest/METHOD, with or without .view, by GET or by a form."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from nearfield.errors import NearfieldError
from nearfield.service.replies import marked
from nearfield.service.state import Service
from nearfield.service.subsonic import annotate, browse, lists, media, playlists, similar, system
from nearfield.service.subsonic.call import Call, Handle
from nearfield.service.subsonic.document import answered, failed
from nearfield.service.subsonic.errors import Code, SubsonicError, of_ours
from nearfield.service.subsonic.login import check_sender, log_in
from nearfield.service.subsonic.params import Params, read_params
from nearfield.service.subsonic.players import Players

router = APIRouter(include_in_schema=False)

_READ: Final[Mapping[str, Handle]] = MappingProxyType(
    {
        "ping": system.ping,
        "getLicense": system.license,
        "tokenInfo": system.token_info,
        "getUser": system.user,
        "getScanStatus": system.scan_status,
        "getNowPlaying": system.now_playing,
        "getMusicFolders": browse.music_folders,
        "getArtists": browse.artists,
        "getIndexes": browse.indexes,
        "getMusicDirectory": browse.directory,
        "getArtist": browse.artist,
        "getAlbum": browse.album,
        "getSong": browse.song,
        "getGenres": browse.genres,
        "getAlbumList": lists.folder_list,
        "getAlbumList2": lists.album_list,
        "getRandomSongs": lists.random_songs,
        "getSongsByGenre": lists.songs_by_genre,
        "getStarred": lists.starred_folders,
        "getStarred2": lists.starred,
        "search2": lists.search_folders,
        "search3": lists.search,
        "getSimilarSongs": similar.similar_songs,
        "getSimilarSongs2": similar.similar_songs_2,
        "getSonicSimilarTracks": similar.sonic_similar,
        "findSonicPath": similar.sonic_path,
        "getTopSongs": similar.top_songs,
        "getArtistInfo": similar.artist_info,
        "getArtistInfo2": similar.artist_info_2,
        "stream": media.stream,
        "download": media.download,
        "getCoverArt": media.cover,
        "getPlaylists": playlists.playlists,
        "getPlaylist": playlists.playlist,
    }
)
"""Methods that need the scope `read`."""

_WRITE: Final[Mapping[str, Handle]] = MappingProxyType(
    {
        "createPlaylist": playlists.create,
        "updatePlaylist": playlists.update,
        "deletePlaylist": playlists.delete,
        "scrobble": annotate.scrobble,
        "star": annotate.star,
        "unstar": annotate.unstar,
        "setRating": annotate.rate,
    }
)
"""Methods that need the scope `write`."""

_BY_SOUND: Final = frozenset(
    {
        "getSimilarSongs",
        "getSimilarSongs2",
        "getSonicSimilarTracks",
        "findSonicPath",
        "getArtistInfo",
        "getArtistInfo2",
    }
)
"""Methods of `_READ` that ask Milvus."""

METHODS: Final = frozenset({*_READ, *_WRITE})

_OPEN: Final = "getOpenSubsonicExtensions"
"""What everybody may ask, so that a player learns how it may log in."""


@dataclass(frozen=True, slots=True)
class _Method:
    handle: Handle
    scope: str


@router.api_route("/rest/{method}", methods=["GET", "POST", "HEAD"])
async def answer(request: Request, method: str) -> Response:
    """Answer a method; in Subsonic's own form, also where it fails."""
    form = "xml"
    try:
        params = await read_params(request)
        form = _form(params)
        if method.removesuffix(".view") in _BY_SOUND:
            service: Service = request.app.state.service
            return await service.gate.run(partial(_answer, request, method, params, form))
        return await run_in_threadpool(_answer, request, method, params, form)
    except SubsonicError as error:
        return failed(error, form)
    except NearfieldError as error:
        return failed(of_ours(error), form)


def _answer(request: Request, name: str, params: Params, form: str) -> Response:
    name = name.removesuffix(".view")
    if name == _OPEN:
        return answered(system.extensions(), form)
    service: Service = request.app.state.service
    listener = log_in(service, params)
    method = _method(name)
    if not listener.may(method.scope):
        raise SubsonicError(Code.NOT_ALLOWED, f"the key lacks the scope {method.scope!r}.")
    if method.scope == "write":
        check_sender(service, request)
    players: Players = request.app.state.players
    call = Call(service, players, params, listener)
    found = method.handle(call)
    response = found if isinstance(found, Response) else answered(found, form)
    return marked(response, call.degraded)


def _method(name: str) -> _Method:
    if name in _READ:
        return _Method(_READ[name], "read")
    if name in _WRITE:
        return _Method(_WRITE[name], "write")
    known = ", ".join(sorted([_OPEN, *METHODS]))
    raise SubsonicError(Code.ANY, f"there is no method {name[:40]!r} here. Known: {known}.")


def _form(params: Params) -> str:
    form = params.text("f", "xml")
    if form not in ("xml", "json"):
        raise SubsonicError(
            Code.ANY, f"the format {form[:20]!r} is not written here. Ask for xml or json."
        )
    return form
