"""Three kinds of user to show recommendations to: a known one, three likes, bare attributes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.where import parse_where
from nearfield.errors import NotFound
from nearfield.recommend.ask import Ask
from nearfield.recommend.explain import label_of
from nearfield.types import Ids, PublicId

KNOWN_USER: Final = "1"
"""The known user, where the catalogue has one of that id; else the first with a history."""

LIKED_GENRE: Final = "Animation"
"""The anonymous visitor likes the three best known items of it."""

STUDENT: Final[Mapping[str, str | int]] = {"age": 25, "gender": "F", "occupation": 4}
"""What the third visitor says of herself; occupation 4 is "college/grad student"."""

_FEWEST: Final = 3
"""Events that make a user worth showing."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """One who asks, as a line for people, as a command line and as an ask."""

    who: str
    command: str
    ask: Ask


def three_visitors(catalogue: Catalogue, k: int) -> list[Visitor]:
    """Return one visitor of each kind; the third says nothing where no attributes are known."""
    return [_known(catalogue, k), _anonymous(catalogue, k), _newcomer(catalogue, k)]


def _known(catalogue: Catalogue, k: int) -> Visitor:
    user = _user_with_history(catalogue)
    history = catalogue.history(catalogue.user_key(user), _FEWEST)
    return Visitor(
        f"User {user}, who last watched {_labels(catalogue, history.items[::-1])}",
        f"recommend --catalogue {catalogue.name} --user {user}",
        Ask(user=user, k=k),
    )


def _user_with_history(catalogue: Catalogue) -> PublicId:
    try:
        if len(catalogue.history(catalogue.user_key(KNOWN_USER))) >= _FEWEST:
            return KNOWN_USER
    except NotFound:
        pass
    held = catalogue.collection()
    lengths = held.interactions.indptr[1:] - held.interactions.indptr[:-1]
    return str(held.users["user"][int((lengths >= min(_FEWEST, lengths.max())).argmax())])


def _anonymous(catalogue: Catalogue, k: int) -> Visitor:
    keys, _ = catalogue.popular(3, parse_where(f"genre = '{LIKED_GENRE}'"))
    if len(keys) < 3:
        keys, _ = catalogue.popular(3)
    liked = catalogue.item_ids(keys)
    return Visitor(
        f"Someone unknown who likes {_labels(catalogue, keys)}",
        f"recommend --catalogue {catalogue.name} --liked {','.join(map(str, liked))}",
        Ask(liked=liked, k=k),
    )


def _newcomer(catalogue: Catalogue, k: int) -> Visitor:
    command = f"recommend --catalogue {catalogue.name}"
    if set(STUDENT) <= set(catalogue.attribute_names()):
        asked = Ask(attributes=STUDENT, k=k)
        return Visitor("Someone new: 25, F, student", f"{command} -a 25 -g F -j 4", asked)
    who = "Someone of whom nothing is known (these data have no ages and occupations)"
    return Visitor(who, command, Ask(k=k))


def _labels(catalogue: Catalogue, keys: Ids) -> str:
    return ", ".join(label_of(one.title, one.year) for one in catalogue.items(keys))
