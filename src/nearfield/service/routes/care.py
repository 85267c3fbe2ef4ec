"""The care of a library: copies, versions, decisions, files that could not be used."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from nearfield.service.bodies import Body, Id
from nearfield.service.replies import reply
from nearfield.service.state import CatalogueOf, ServiceOf

router = APIRouter(prefix="/api/catalogues/{catalogue}", tags=["songs"])

_VERDICTS = {"same": "recording", "same-song": "song", "different": "different", None: None}


class MemberReply(BaseModel):
    """A file of a song, and how it relates to the first of its group."""

    item: int | str
    title: str
    artist: str
    album: str
    path: str
    relation: str
    similarity: float | None
    offset: float
    """Seconds: where in the first one this one begins."""
    overlap: float
    speed: float
    semitones: float
    duration: float
    codec: str
    bitrate: int
    lossless: bool


class GroupReply(BaseModel):
    """Songs that are the same, the best first."""

    canonical: MemberReply
    members: list[MemberReply]


class ReportReply(BaseModel):
    """The groups, and the pairs that somebody should look at."""

    model_config = ConfigDict(extra="allow")

    groups: list[GroupReply]
    review: list[dict[str, Any]]


class VerdictBody(Body):
    """What a person says of two songs; `null` takes back what was said."""

    one: Id
    other: Id
    verdict: Literal["same", "same-song", "different"] | None


class VerdictReply(BaseModel):
    """What is decided now."""

    one: int | str
    other: int | str
    verdict: str | None
    sentence: str


class FailedReply(BaseModel):
    """Files that could not be used, and why."""

    files: list[dict[str, str]]


@router.get("/duplicates", response_model=ReportReply)
def duplicates(catalogue: CatalogueOf, service: ServiceOf) -> Response:
    """List the recordings that are there more than once."""
    from nearfield.pipelines.duplicates import list_duplicates
    from nearfield.pipelines.progress import finish

    return reply(finish(list_duplicates(service.stores, catalogue.name)).as_data())


@router.get("/versions", response_model=ReportReply)
def versions(catalogue: CatalogueOf, service: ServiceOf) -> Response:
    """List the songs that are there in several performances."""
    from nearfield.pipelines.progress import finish
    from nearfield.pipelines.versions import list_versions

    return reply(finish(list_versions(service.stores, catalogue.name)).as_data())


@router.post("/verdicts", response_model=VerdictReply)
def decide(catalogue: CatalogueOf, service: ServiceOf, body: VerdictBody) -> Response:
    """Decide that two songs are the same recording, the same song, or different ones."""
    from nearfield.pipelines.decide_songs import decide_songs

    pair = (str(body.one), str(body.other))
    catalogue.item_keys(pair)  # ids only: a path must not be looked at for whoever asks
    done = decide_songs(service.stores, catalogue.name, pair, _VERDICTS[body.verdict])
    verdict = next(key for key, value in _VERDICTS.items() if value == done.verdict)
    told = {"one": done.one, "other": done.other, "verdict": verdict}
    return reply({**told, "sentence": done.sentence()})


@router.get("/failed", response_model=FailedReply)
def failed(catalogue: CatalogueOf, service: ServiceOf) -> Response:
    """List the files that could not be used."""
    from nearfield.pipelines.music_status import failed_files, failure_data

    found = failed_files(service.stores, catalogue.name)
    return reply({"files": [failure_data(one) for one in found]})
