"""The files of a model that reads histories: weights, and a card that names its code books."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from torch import Tensor

from nearfield.errors import InvalidInput
from nearfield.networks.features import Vocabulary
from nearfield.training.card import CARD, WEIGHTS, read_json, write_json
from nearfield.training.weights import load_tensors, save_tensors

_APART: Final = ("config", "vocabulary")


@dataclass(frozen=True)
class Saved:
    """What was read of a folder.

    Parameters
    ----------
    config : mapping
        The model's settings, to be validated.
    vocabulary : Vocabulary
        Its code books.
    tensors : dict
        Its weights by name.
    card : mapping
        All else that is known of it.
    """

    config: Mapping[str, Any]
    vocabulary: Vocabulary
    tensors: dict[str, Tensor]
    card: Mapping[str, Any]


def read_saved(folder: Path, recommender: str) -> Saved:
    """Read what `write_saved` wrote.

    Raises
    ------
    NotFound
        If the folder holds no model.
    InvalidInput
        If a file is broken or was made by another recommender.
    """
    card = read_json(folder / CARD)
    if card.get("recommender") != recommender:
        raise InvalidInput(
            f"{folder} holds a model of {card.get('recommender')!r}, not of {recommender!r}; "
            f"give the folder of a {recommender} model."
        )
    return Saved(
        config=card["config"],
        vocabulary=Vocabulary.model_validate(card["vocabulary"]),
        tensors=load_tensors(folder / WEIGHTS),
        card={name: value for name, value in card.items() if name not in _APART},
    )


def write_saved(
    folder: Path,
    config: BaseModel,
    vocabulary: Vocabulary,
    tensors: dict[str, Tensor],
    card: Mapping[str, Any],
) -> None:
    """Write weights and card; the card last, so that it marks a whole model.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    config, vocabulary, tensors, card
        As in `Saved`; the card holds at least `recommender` and `dim`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_tensors(folder / WEIGHTS, tensors)
    apart = {
        "config": config.model_dump(mode="json"),
        "vocabulary": vocabulary.model_dump(mode="json"),
    }
    write_json(folder / CARD, {**card, **apart})
