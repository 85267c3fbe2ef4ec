"""Compare the arms of experiments by what users did with what was shown to them."""

import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from nearfield.catalogue.arms import ArmAnswer, Arms, Feedback
from nearfield.catalogue.catalogue import Catalogue
from nearfield.datasets.tables import AGAINST, EVENT_KINDS
from nearfield.errors import InvalidInput, NotFound
from nearfield.pipelines.intervals import Interval, Tally, mean_difference, share_difference
from nearfield.pipelines.stores import Stores

DAYS: Final = 7.0
"""How long after an answer what a user does counts for it."""

_DAY: Final = 86_400.0
_RATED: Final = EVENT_KINDS.index("rated")
_AGAINST: Final = frozenset(EVENT_KINDS.index(kind) for kind in AGAINST)


@dataclass(frozen=True, slots=True)
class ArmReport:
    """What became of the answers of one arm.

    Parameters
    ----------
    arm : str
        Its name.
    answers, users : int
        How many answers it gave, and to how many users.
    open : int
        Answers of which the days are not over yet.
    share : Interval
        Of the answers, those after which the user chose something that they showed.
    mean : Interval
        Positive events on what was shown, an answer.
    """

    arm: str
    answers: int
    users: int
    open: int
    share: Interval
    mean: Interval


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more one arm has than another; where an interval holds 0 it may be chance."""

    arm: str
    than: str
    share: Interval
    mean: Interval


@dataclass(frozen=True, slots=True)
class Experiment:
    """The arms of one experiment, by name, and each but the first compared with the first."""

    name: str
    days: float
    arms: tuple[ArmReport, ...]
    differences: tuple[Difference, ...]

    def as_data(self) -> dict[str, Any]:
        """Return what JSON tells of it; NaN where too few users say how sure a figure is."""
        return asdict(self)


def report(
    stores: Stores, catalogue: str | None = None, name: str | None = None, days: float = DAYS
) -> list[Experiment]:
    """Compare the arms of an experiment, or of all.

    An event counts for the last answer before it that showed its item, and only if that is not
    older than `days`. It is positive if it is no skip and no dislike, and, if it is a rating, not
    below the middle of the catalogue's scale. Intervals are of 95 %, and take into account that
    the answers to one user are alike.

    Parameters
    ----------
    stores : Stores
        The home.
    catalogue : str, optional
        Whose experiments; the only one where not given.
    name : str, optional
        Of the experiment; all where not given.
    days : float
        Above 0.

    Raises
    ------
    NotFound
        If there is no such experiment.
    InvalidInput
        If the number of days cannot be used.
    """
    if not 0 < days <= 3650:
        raise InvalidInput(f"{days!r} days were asked for. Give a number above 0, at most 3650.")
    found = stores.catalogue(catalogue)
    arms = stores.catalogues.arms(found.name)
    known = arms.experiments()
    if name is not None and name not in known:
        told = ", ".join(known) or "none yet"
        raise NotFound(f"there is no experiment {name!r} in {found.name!r}. Known: {told}.")
    return [_compare(found, arms, one, days) for one in ([name] if name else known)]


def _compare(catalogue: Catalogue, arms: Arms, name: str, days: float) -> Experiment:
    answers = arms.answers(name)
    chosen = _chosen(arms, answers, days, _least(catalogue))
    now = time.time()
    reports, tallies = [], {}
    for arm in sorted({one.arm for one in answers}):
        places = [place for place, one in enumerate(answers) if one.arm == arm]
        users = [answers[place].user for place in places]
        share = Tally.of(users, [min(1, chosen[place]) for place in places])
        mean = Tally.of(users, [chosen[place] for place in places])
        tallies[arm] = share, mean
        still = sum(answers[place].time + days * _DAY > now for place in places)
        figures = (share.share(), mean.mean())
        reports.append(ArmReport(arm, len(places), len(set(users)), still, *figures))
    first, *others = tallies
    differences = [
        Difference(
            arm,
            first,
            share_difference(tallies[arm][0], tallies[first][0]),
            mean_difference(tallies[arm][1], tallies[first][1]),
        )
        for arm in others
    ]
    return Experiment(name, days, tuple(reports), tuple(differences))


def _least(catalogue: Catalogue) -> float:
    """Return the lowest rating that is positive; where all are the same, each is."""
    low, high = catalogue.rating_range()
    return (low + high) / 2 if low < high else float("-inf")


def _chosen(arms: Arms, answers: Sequence[ArmAnswer], days: float, least: float) -> list[int]:
    """Return how many positive events each answer led to."""
    count = [0] * len(answers)
    of_user: dict[int, list[int]] = {}
    for place, one in enumerate(answers):
        of_user.setdefault(one.user, []).append(place)
    since = answers[0].time if answers else 0.0
    for user, told in arms.feedback(list(of_user), since):
        shown: dict[int, list[int]] = {}
        for place in of_user[user]:
            for item in set(answers[place].items):
                shown.setdefault(item, []).append(place)
        for event in _positive(told, least):
            places = shown.get(event.item, [])
            # events have whole seconds: one in the second of the answer came after it
            end = float(event.time + 1)
            before = bisect_left(places, end, key=lambda place: answers[place].time)
            if before and event.time - answers[places[before - 1]].time <= days * _DAY:
                count[places[before - 1]] += 1
    return count


def _positive(told: Iterable[Feedback], least: float) -> Iterable[Feedback]:
    for event in told:
        low = event.kind == _RATED and event.value is not None and event.value < least
        if event.kind not in _AGAINST and not low:
            yield event
