"""Whether a model is of the catalogue that it is to answer for."""

from nearfield.catalogue.catalogue import Catalogue
from nearfield.errors import InvalidInput
from nearfield.pipelines.models import StoredModel


def check_owner(model: StoredModel, catalogue: Catalogue) -> None:
    """Refuse a model whose keys are those of another catalogue."""
    if model.card.get("catalogue_uid") != catalogue.uid:
        raise InvalidInput(
            f"the model in {model.folder} was trained on another catalogue (named "
            f"'{model.catalogue}', identity {model.card.get('catalogue_uid')}), not on the present "
            f"'{catalogue.name}' ({catalogue.uid}): its items are not the same. Run `nearfield "
            f"train {model.recommender} --catalogue {catalogue.name}`."
        )
