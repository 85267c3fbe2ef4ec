"""Playlists: make them, keep them, write them as files for players."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import quote

import numpy as np
from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field, model_validator
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.facts import Item
from nearfield.catalogue.saved_playlists import MOST as MOST_SONGS
from nearfield.catalogue.saved_playlists import SavedPlaylist
from nearfield.pipelines.make_playlist import PlaylistWish, make_playlist
from nearfield.pipelines.progress import finish
from nearfield.playlists.library import Playlist
from nearfield.playlists.save import FORMATS
from nearfield.playlists.tracks import track_of, tracks_of
from nearfield.recommend.ask import MOST
from nearfield.service.bodies import Body, Id
from nearfield.service.problems import Refusal
from nearfield.service.replies import RecommendationReply, marked, recommendation_data, reply
from nearfield.service.state import CatalogueOf, Service, ServiceOf
from nearfield.sound.scan import path_of
from nearfield.types import Degraded, PublicId, Recommendation

router = APIRouter(prefix="/api/catalogues/{catalogue}/playlists", tags=["playlists"])

Songs = Annotated[list[Id], Field(max_length=MOST_SONGS)]
Seeds = Annotated[list[Id], Field(max_length=MOST)]
ListName = Annotated[str, Field(min_length=1, max_length=255)]
Paths = Annotated[bool, Query(description="name files of the server; needs the scope `admin`")]
Number = Annotated[int, Path(ge=1, lt=2**63, description="of the list")]

_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {"m3u8": "audio/x-mpegurl", "xspf": "application/xspf+xml", "json": "application/json"}
)
"""`application/vnd.apple.mpegurl` would be taken for the parts of a stream."""


def _file_in(ending: str) -> dict[int | str, dict[str, Any]]:
    """Return what the OpenAPI document says of a file."""
    return {200: {"content": {_TYPES[ending]: {}}, "description": "the file"}}


class PlaylistSummary(BaseModel):
    """A list that is kept."""

    id: int
    name: str
    songs: int
    """How many it has."""
    created: str
    changed: str


class PlaylistsReply(BaseModel):
    """The lists that are kept, oldest first."""

    playlists: list[PlaylistSummary]


class PlaylistReply(BaseModel):
    """A list and its songs, in playing order."""

    id: int | None
    """None of a list that was made, but not kept."""
    name: str
    seconds: float
    """How long the songs play whose length is known."""
    created: str | None
    changed: str | None
    songs: list[RecommendationReply]
    """Of a list that was just made each with its score and reasons; those are not kept."""
    degraded: Degraded | None
    """Not null of a list that was made while Milvus did not answer; see `Answer`."""


class PlaylistBody(Body):
    """Either songs to keep, or the wish for a list: `seeds` and what else is said."""

    name: ListName | None = None
    songs: Songs | None = None
    seeds: Seeds = Field(default_factory=list)
    to: Id | None = None
    length: Annotated[int, Field(ge=1, le=MOST)] = 25
    minutes: Annotated[float | None, Field(gt=0, le=1440)] = None
    radio: bool = False
    keep_seeds: Literal["first", "anywhere", "out"] = "first"
    exclude: Songs = Field(default_factory=list)
    where: Annotated[str | None, Field(max_length=2000)] = None
    at_most: dict[str, Annotated[int, Field(ge=1)]] | None = None
    diversity: Annotated[float, Field(ge=0, le=1)] = 0.0
    variety: Annotated[float, Field(ge=0, le=1)] = 0.0
    draw: Annotated[int, Field(ge=0, lt=2**32)] = 0
    versions: Literal["one", "all"] = "one"
    save: bool = False

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.songs is None) == (not self.seeds):
            raise ValueError("give either `songs` to keep, or `seeds` to make a list from")
        if self.songs is not None and self.name is None:
            raise ValueError("`name` the list that shall be kept")
        return self


class ChangesBody(Body):
    """What a list shall be called, or which songs it shall have."""

    name: ListName | None = None
    songs: Songs | None = None


@router.get("", response_model=PlaylistsReply)
def list_playlists(catalogue: CatalogueOf) -> Response:
    """List the playlists that are kept."""
    return reply({"playlists": [one.as_data() for one in catalogue.playlists.list()]})


@router.post(
    "",
    response_model=PlaylistReply,
    status_code=201,
    responses={200: {"model": PlaylistReply, "description": "made, but not kept"}},
)
async def add_playlist(catalogue: CatalogueOf, service: ServiceOf, body: PlaylistBody) -> Response:
    """Keep a list of songs; or make one from seeds, and keep it where `save` says so.

    While Milvus does not answer, it is the list that was made before for the same wish, or one of
    songs of the same artists and genres; `degraded` tells. A new journey is refused then, with 503.
    """
    if body.songs is not None:
        return await run_in_threadpool(_kept, catalogue, body.name or "", body.songs)
    made = await service.gate.run(partial(_made, catalogue, service, body))
    name = body.name or made.name
    if not body.save:
        return marked(reply(_details(name, made.songs, degraded=made.degraded)), made.degraded)
    return await run_in_threadpool(_saved, catalogue, _kept_name(name), made)


@router.get("/{playlist}.m3u8", response_class=Response, responses=_file_in("m3u8"))
def get_m3u8(
    request: Request, catalogue: CatalogueOf, playlist: Number, paths: Paths = False
) -> Response:
    """Return a playlist as a file that most players read."""
    return _file(request, catalogue, playlist, "m3u8", paths)


@router.get("/{playlist}.xspf", response_class=Response, responses=_file_in("xspf"))
def get_xspf(
    request: Request, catalogue: CatalogueOf, playlist: Number, paths: Paths = False
) -> Response:
    """Return a playlist as XSPF."""
    return _file(request, catalogue, playlist, "xspf", paths)


@router.get("/{playlist}.json", response_class=Response, responses=_file_in("json"))
def get_json(
    request: Request, catalogue: CatalogueOf, playlist: Number, paths: Paths = False
) -> Response:
    """Return a playlist as JSON, as the command line writes it."""
    return _file(request, catalogue, playlist, "json", paths)


@router.api_route("/{playlist}.m3u8", methods=["PUT", "DELETE"], include_in_schema=False)
@router.api_route("/{playlist}.xspf", methods=["PUT", "DELETE"], include_in_schema=False)
@router.api_route("/{playlist}.json", methods=["PUT", "DELETE"], include_in_schema=False)
def change_file() -> Response:
    """Refuse to change a file; the addresses below would take its name for a number."""
    raise HTTPException(405)


@router.get("/{playlist}", response_model=PlaylistReply)
def get_playlist(catalogue: CatalogueOf, playlist: Number) -> Response:
    """Return a playlist and its songs."""
    saved = catalogue.playlists.get(playlist)
    return reply(_details(saved.name, _songs_of(catalogue, saved), saved))


@router.put("/{playlist}", response_model=PlaylistReply)
def put_playlist(catalogue: CatalogueOf, playlist: Number, body: ChangesBody) -> Response:
    """Call a playlist otherwise, or let it have other songs; what is left out stays."""
    saved = catalogue.playlists.get(playlist)
    keys = None if body.songs is None else catalogue.item_keys(body.songs).tolist()
    if body.name is not None:
        saved = catalogue.playlists.rename(playlist, body.name)
    if keys is not None:
        saved = catalogue.playlists.replace(playlist, keys)
    return reply(_details(saved.name, _songs_of(catalogue, saved), saved))


@router.delete("/{playlist}", status_code=204)
def delete_playlist(catalogue: CatalogueOf, playlist: Number) -> Response:
    """Delete a playlist."""
    catalogue.playlists.delete(playlist)
    return Response(status_code=204)


def _file(
    request: Request, catalogue: Catalogue, playlist: int, ending: str, paths: bool
) -> Response:
    """Return a list as a file, which names songs by where they are streamed, or lie."""
    saved = catalogue.playlists.get(playlist)
    songs = _songs_of(catalogue, saved)
    if paths:
        if "admin" not in request.state.caller.scopes:
            raise Refusal(403, "paths on the server are told to keys with the scope 'admin' only.")
        tracks = tracks_of(songs, path_of)
    else:
        base = f"{request.base_url}api/catalogues/{catalogue.name}/stream/"
        tracks = [track_of(one, base + quote(str(one.item), safe="")) for one in songs]
    text = FORMATS[f".{ending}"](tracks, None, saved.name)
    name = quote(f"{saved.name}.{ending}".replace("/", "_"), safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(text, media_type=_TYPES[ending], headers=headers)


def _made(catalogue: Catalogue, service: Service, body: PlaylistBody) -> Playlist:
    """Return the list that a wish asks for.

    Whoever asks over HTTP names songs by id alone: the pipeline would take an unknown name for a
    path, so all are looked up before.
    """
    named = [*body.seeds, *([] if body.to is None else [body.to])]
    catalogue.item_keys(named)
    told = body.model_dump(exclude={"name", "songs", "save", "seeds", "to"})
    wish = PlaylistWish(
        seeds=[str(one) for one in body.seeds],
        to=None if body.to is None else str(body.to),
        **told,
    )
    return finish(make_playlist(service.stores, service.recommenders, catalogue.name, wish))


def _kept(catalogue: Catalogue, name: str, songs: Sequence[PublicId]) -> Response:
    saved = catalogue.playlists.add(name, catalogue.item_keys(songs).tolist())
    return _created(catalogue, saved, _songs_of(catalogue, saved))


def _saved(catalogue: Catalogue, name: str, made: Playlist) -> Response:
    keys = catalogue.item_keys([one.item for one in made.songs]).tolist()
    saved = catalogue.playlists.add(name, keys)
    return _created(catalogue, saved, made.songs, made.degraded)


def _songs_of(catalogue: Catalogue, saved: SavedPlaylist) -> list[Recommendation]:
    keys = np.array(catalogue.playlists.songs(saved.id), dtype=np.int64)
    return [_line(one) for one in catalogue.items(keys)]


def _line(item: Item) -> Recommendation:
    return Recommendation(
        item=item.id,
        title=item.title,
        score=math.nan,
        space="",
        year=item.year,
        genres=item.genres,
        attributes=item.attributes,
    )


def _created(
    catalogue: Catalogue,
    saved: SavedPlaylist,
    songs: Sequence[Recommendation],
    degraded: Degraded | None = None,
) -> Response:
    found = marked(reply(_details(saved.name, songs, saved, degraded), 201), degraded)
    found.headers["Location"] = f"/api/catalogues/{catalogue.name}/playlists/{saved.id}"
    return found


def _details(
    name: str,
    songs: Sequence[Recommendation],
    saved: SavedPlaylist | None = None,
    degraded: Degraded | None = None,
) -> dict[str, Any]:
    """Return the fields of `PlaylistReply`."""
    kept = {"id": None, "created": None, "changed": None} if saved is None else saved.as_data()
    return {
        **kept,
        "name": name,
        "seconds": Playlist(name, tuple(songs)).seconds,
        "songs": [recommendation_data(one) for one in songs],
        "degraded": degraded,
    }


def _kept_name(name: str) -> str:
    """Return the name of a list that we made up, which a title may have made too long."""
    printable = "".join(sign if sign.isprintable() else " " for sign in name)
    return printable[:200].strip() or "Playlist"
