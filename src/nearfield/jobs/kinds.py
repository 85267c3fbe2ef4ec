"""The kinds of long work: the options of each, and the pipeline that does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ValidationError

from nearfield.errors import InvalidInput
from nearfield.jobs import steps
from nearfield.jobs.options import (
    AddMusicOptions,
    EvaluateOptions,
    ImportOptions,
    MapOptions,
    NoOptions,
    PublishOptions,
    RefreshOptions,
    RollbackOptions,
    TrainOptions,
)
from nearfield.pipelines.kinds import kind_of
from nearfield.pipelines.names import SOUND

if TYPE_CHECKING:
    from nearfield.pipelines.progress import Steps


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of long work.

    Parameters
    ----------
    options : type
        What may be asked.
    steps : callable
        Takes a `Work` and the options; a pipeline whose result is told. A kill at any moment is
        mended by running it again.
    """

    options: type[BaseModel]
    steps: Callable[[steps.Work, Any], "Steps[Any]"]


KINDS: Final[Mapping[str, Kind]] = {
    "train": Kind(TrainOptions, steps.train),
    "publish": Kind(PublishOptions, steps.publish),
    "rollback": Kind(RollbackOptions, steps.rollback),
    "refresh": Kind(RefreshOptions, steps.refresh),
    "map": Kind(MapOptions, steps.draw_map),
    "add-music": Kind(AddMusicOptions, steps.add_music),
    "import": Kind(ImportOptions, steps.import_sent),
    "evaluate": Kind(EvaluateOptions, steps.evaluate),
    "duplicates": Kind(NoOptions, steps.duplicates),
    "versions": Kind(NoOptions, steps.versions),
}
"""By name; a new kind is one line here."""


def checked(kind: str, catalogue: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a job as JSON has them, with what was given only.

    Raises
    ------
    InvalidInput
        If there is no such kind, or an option cannot be used; all that are wrong are named.
    """
    if kind not in KINDS:
        raise InvalidInput(f"no kind of job {kind!r}: wanted one of {', '.join(KINDS)}.")
    try:
        asked = KINDS[kind].options.model_validate(dict(options))
    except ValidationError as error:
        raise InvalidInput(f"a job '{kind}' cannot be done so: {_wrong(error)}.") from error
    if isinstance(asked, TrainOptions):
        check_training(asked)
    given: dict[str, Any] = asked.model_dump(mode="json", exclude_unset=True)
    return given


def check_training(asked: TrainOptions) -> None:
    """Refuse settings that no model can be trained with.

    Those of sound are checked when they are used: they cannot be read without torch.
    """
    if asked.recommender == SOUND:
        return
    config = kind_of(asked.recommender).config
    try:
        config(**asked.config)
    except ValidationError as error:
        raise InvalidInput(
            f"{asked.recommender} cannot be trained so: {_wrong(error)}. It knows "
            f"{', '.join(config.model_fields)}."
        ) from error


def _wrong(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'options'}={_short(one['input'])}: {one['msg']}"
        for one in error.errors()
    )


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."
