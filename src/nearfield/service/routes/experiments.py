"""Experiments: which arm users liked better."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response

from nearfield.pipelines.intervals import Interval
from nearfield.service.replies import reply
from nearfield.service.state import CatalogueOf, ServiceOf

router = APIRouter(prefix="/api/catalogues/{catalogue}", tags=["experiments"])


class Figure(BaseModel):
    """A figure, and between what it lies with 95 %; null where nothing says so."""

    value: float | None
    low: float | None
    high: float | None


class ArmReply(BaseModel):
    """What became of the answers of one arm."""

    arm: str
    answers: int
    users: int
    open: int
    """Answers of which the days are not over yet."""
    share: Figure
    """Of the answers, those after which the user chose something that they showed."""
    mean: Figure
    """Positive events on what was shown, an answer."""


class DifferenceReply(BaseModel):
    """How much more one arm has than another."""

    arm: str
    than: str
    share: Figure
    mean: Figure


class ExperimentReply(BaseModel):
    """The arms of one experiment, each but the first compared with the first."""

    name: str
    days: float
    arms: list[ArmReply]
    differences: list[DifferenceReply]


class ExperimentsReply(BaseModel):
    """All experiments, by name."""

    experiments: list[ExperimentReply]


@router.get("/experiments", response_model=ExperimentsReply)
def list_experiments(
    catalogue: CatalogueOf,
    service: ServiceOf,
    days: Annotated[float, Query(gt=0, le=3650, description="what counts after an answer")] = 7.0,
) -> Response:
    """Compare the arms of each experiment by what users did with what was shown."""
    from nearfield.pipelines.experiments import report

    found = report(service.stores, catalogue.name, days=days)
    return reply({"experiments": [_with_figures(one.as_data()) for one in found]})


def _with_figures(data: dict[str, Any]) -> dict[str, Any]:
    """Return a report with its intervals as objects."""
    for row in (*data["arms"], *data["differences"]):
        for name in ("share", "mean"):
            row[name] = Interval(*row[name])._asdict()
    return data
