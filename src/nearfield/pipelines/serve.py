"""Open a stored model so that it answers, without torch."""

from pathlib import Path

from nearfield.errors import NotInstalled, Unavailable
from nearfield.networks.history_model import HistoryModel
from nearfield.networks.tower_file import TOWER
from nearfield.pipelines.extras import needs_extras
from nearfield.pipelines.kinds import Model, kind_of
from nearfield.pipelines.models import StoredModel


def open_served(stored: StoredModel) -> HistoryModel:
    """Return a model that answers users.

    One that was saved before user towers were written apart is written again, where torch is
    installed.

    Raises
    ------
    InvalidInput
        If a file is broken, or there is no such recommender.
    Unavailable
        If a package is missing, or the model cannot be written again.
    """
    kind_of(stored.recommender)
    with needs_extras():
        # ONNX Runtime is of no use where nobody is answered
        from nearfield.serving.model import ServedModel
    if not is_served(stored.folder):
        try:
            export(kind_of(stored.recommender).load(stored.folder), stored.folder)
        except NotInstalled as error:
            raise NotInstalled(
                f"the model in {stored.folder} was saved by an older Nearfield, without what "
                f"answers users. Run `nearfield publish --catalogue {stored.catalogue} --space "
                f"{stored.recommender}` where torch is installed ({error})"
            ) from error
    return ServedModel(stored.folder)


def is_served(folder: Path) -> bool:
    """Tell whether a saved model's user tower was written apart."""
    return (folder / TOWER).is_file()


def export(model: Model, folder: Path) -> None:
    """Write what serving needs of a model into its folder; what was there says the same.

    Raises
    ------
    Unavailable
        If a package is missing, or the folder cannot be written to.
    """
    try:
        with needs_extras():
            model.export(folder)
    except OSError as error:
        raise Unavailable(f"{folder} cannot be written to: {error.strerror or error}.") from error
