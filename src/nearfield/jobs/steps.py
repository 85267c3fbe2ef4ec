"""What each kind of long work does: it calls the pipeline that the command line calls."""

from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

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
from nearfield.jobs.plain import plain
from nearfield.pipelines.names import SOUND
from nearfield.pipelines.progress import Progress, Steps, Tell
from nearfield.pipelines.stores import Stores

if TYPE_CHECKING:
    from nearfield.evaluate.rows import Row
    from nearfield.pipelines.song_report import Report
    from nearfield.vectors.spaces import Space

REPORTS: Final = "reports"
"""Folder of the home with the figures that were measured last, a file for each catalogue."""

_MOST: Final = 100
"""Failures that a result lists; all of them are in the catalogue."""

Told: TypeAlias = Generator[Progress, None, dict[str, Any]]
"""A pipeline whose result JSON can hold."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a job works with. Pipelines are imported when one is run: they load networks.

    Parameters
    ----------
    stores : Stores
        The home.
    catalogue : str, optional
        With which one; the only one where not given.
    tell : callable
        Takes progress from within a step; raises what ends the job where it was cancelled.
    """

    stores: Stores
    catalogue: str | None
    tell: Tell


def train(work: Work, options: TrainOptions) -> Told:
    """Train a model."""
    steps: Steps[Any]
    if options.recommender == SOUND:
        from nearfield.pipelines.train_sound import train_sound

        steps = train_sound(work.stores, work.catalogue, options.config, options.labels)
    else:
        from nearfield.pipelines.train import train as learn

        steps = learn(work.stores, options.recommender, work.catalogue, options.config)
    model = yield from steps
    card = model.card
    return {
        "catalogue": model.catalogue,
        "recommender": model.recommender,
        "version": model.version,
        "seconds": card["seconds"],
        "curve": card["curve"],
    }


def publish(work: Work, options: PublishOptions) -> Told:
    """Let a model answer."""
    from nearfield.pipelines.publish import publish as let_answer

    name = work.catalogue or work.stores.only_catalogue()
    folder = None
    if options.version is not None and options.space is not None:
        folder = work.stores.models.of(name, options.space) / options.version
    return _space((yield from let_answer(work.stores, name, folder, options.space)))


def rollback(work: Work, options: RollbackOptions) -> Told:
    """Let the version before answer again."""
    from nearfield.pipelines.publish import rollback as back

    yield Progress(f"Rolling {options.space} back")
    return _space(back(work.stores, work.catalogue, options.space))


def refresh(work: Work, options: RefreshOptions) -> Told:
    """Give items that came after training a vector."""
    from nearfield.pipelines.recommenders import Recommenders
    from nearfield.pipelines.refresh import refresh as embed

    open_models = Recommenders(work.stores)
    done = yield from embed(work.stores, open_models, work.catalogue, options.space)
    return {"spaces": [asdict(one) for one in done]}


def draw_map(work: Work, options: MapOptions) -> Told:
    """Draw the map of a space."""
    from nearfield.pipelines.maps import make_map

    drawn = yield from make_map(work.stores, work.catalogue, options.space)
    return drawn.summary()


def add_music(work: Work, options: AddMusicOptions) -> Told:
    """Add songs; their files stay where they are."""
    from nearfield.pipelines.music import CATALOGUE, Adding
    from nearfield.pipelines.music import add_music as add

    wanted = Adding(
        paths=tuple(map(Path, options.paths)),
        catalogue=work.catalogue or CATALOGUE,
        separation=options.separation,
        encoder=options.encoder,
        workers=options.workers,
        again=options.again,
    )
    told = (yield from add(work.stores, wanted)).summary()
    return {**told, **{name: told[name][:_MOST] for name in ("failures", "notes")}}


def duplicates(work: Work, options: NoOptions) -> Told:
    """Look for recordings that are there more than once."""
    from nearfield.pipelines.duplicates import list_duplicates

    return _report((yield from list_duplicates(work.stores, work.catalogue)))


def versions(work: Work, options: NoOptions) -> Told:
    """Look for songs that are there in several performances."""
    from nearfield.pipelines.versions import list_versions

    return _report((yield from list_versions(work.stores, work.catalogue)))


def import_sent(work: Work, options: ImportOptions) -> Told:
    """Import a file that was sent to the service, and remove it: it may name users."""
    from nearfield.pipelines.uploaded import import_uploaded

    name = work.catalogue or work.stores.only_catalogue()
    return (yield from import_uploaded(work.stores, name, Path(options.file), options.table))


def evaluate(work: Work, options: EvaluateOptions) -> Told:
    """Measure the models, and keep the figures where a page finds them."""
    from nearfield.training.card import write_json

    name = work.catalogue or work.stores.only_catalogue()
    yield Progress("Reading the catalogue")
    rows: list[dict[str, Any]] = []
    for row in _measured(work, name, options):
        rows.append(row.as_dict())
        yield Progress("Measuring", len(rows), 0, "models", row.model)
    created = datetime.now(UTC).isoformat(timespec="seconds")
    report = {"created": created, "protocol": options.protocol, "rows": rows}
    file = report_file(work.stores, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, plain(report))
    return {"created": created, "protocol": options.protocol, "models": len(rows)}


def report_file(stores: Stores, catalogue: str) -> Path:
    """Return where the figures of a catalogue lie: created, protocol and rows, as JSON."""
    return stores.home / REPORTS / f"{catalogue}.json"


def _measured(work: Work, name: str, options: EvaluateOptions) -> "Iterator[Row]":
    if options.protocol == "sound":
        from nearfield.pipelines.evaluate_songs import evaluate_songs

        return evaluate_songs(work.stores, name, options.seed, work.tell)
    from nearfield.pipelines.evaluate import Evaluation, read_collection
    from nearfield.pipelines.evaluate import evaluate as measure

    given = {"seed": options.seed, "epochs": options.epochs}
    settings = {key: value for key, value in given.items() if value is not None}
    wanted = Evaluation(options.protocol, options.models, settings)
    return measure(read_collection(work.stores, name), wanted, work.tell)


def _space(space: "Space") -> dict[str, Any]:
    return {
        "catalogue": space.catalogue,
        "space": space.recommender,
        "version": space.version,
        "rows": space.rows,
    }


def _report(report: "Report") -> dict[str, Any]:
    return {
        "catalogue": report.catalogue,
        "songs": report.songs,
        "groups": len(report.groups),
        "review": len(report.review),
        "notes": report.notes,
    }
