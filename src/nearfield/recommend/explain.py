"""Say why: turn shares of a score into sentences."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.catalogue.facts import Item
from nearfield.datasets.tables import EVENT_KINDS
from nearfield.recommend.limits import folded
from nearfield.recommend.profile import RATED, Profile
from nearfield.types import Ids, Reason, Shares

MOST_EVENTS: Final = 3
"""How many events of the history an item's reasons name."""

LEAST_SHARE: Final = 0.03
"""Parts of a score below this are not worth a sentence."""

_VERBS: Final = {
    "rated": "rated",
    "watched": "watched",
    "listened": "listened to",
    "liked": "liked",
}
_TRAITS: Final = {
    "artist": "by {}",
    "album": "on {}",
    "key": "in {}",
    "tempo": "at about {} BPM",
}
"""Attributes of songs that two of them may share, and how that is said."""

_SAME_TEMPO: Final = 1.04

_VERB_OF: Final = tuple(_VERBS.get(kind, kind) for kind in EVENT_KINDS)


@dataclass(frozen=True, slots=True)
class Cited:
    """The events that explain each item best, largest share first.

    Parameters
    ----------
    rows : int64, shape (items, MOST_EVENTS or fewer)
        Position of the event in the query.
    shares : float32, shape of `rows`
        Its part of the item's score; below `LEAST_SHARE` means that it is not to be told.
    """

    rows: NDArray[np.int64]
    shares: NDArray[np.float32]

    @property
    def told(self) -> NDArray[np.int64]:
        """Positions of the events that some item tells, each once."""
        return np.unique(self.rows[self.shares >= LEAST_SHARE])


def cite(shares: Shares, items: Ids, counts_for: NDArray[np.bool_]) -> Cited:
    """Choose the events to name.

    Parameters
    ----------
    shares : Shares
        For each recommended item, the share of each event.
    items : int64, shape (events,)
        The item of each event, oldest first. Events of one item are told as one, the newest.
    counts_for : bool, shape (events,)
        False for events that nobody would accept as a reason: a dislike, one star.
    """
    rows = np.flatnonzero(counts_for)
    if not len(rows):
        return Cited(
            np.empty((len(shares.events), 0), dtype=np.int64),
            np.empty((len(shares.events), 0), dtype=np.float32),
        )
    rows = rows[np.argsort(items[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(items[rows], prepend=-1))  # keys are positive
    newest = rows[np.append(starts[1:], len(rows)) - 1]
    joined = np.add.reduceat(shares.events[:, rows], starts, axis=1)
    best = np.argsort(-joined, axis=1, kind="stable")[:, :MOST_EVENTS]
    return Cited(newest[best], np.take_along_axis(joined, best, axis=1))


def event_sentence(kind: int, label: str, value: float) -> str:
    """Say what someone did, e.g. "because you rated Heat (1995) 5".

    Parameters
    ----------
    kind : int
        Position in `EVENT_KINDS`.
    label : str
        The item's name for people.
    value : float
        The rating; NaN where there is none. Values of other kinds are not told.
    """
    rating = f" {value:g}" if kind == RATED and not math.isnan(value) else ""
    return f"because you {_VERB_OF[kind]} {label}{rating}"


def attributes_sentence(names: Sequence[str]) -> str:
    """Say whose attributes spoke, e.g. "because of your age, gender and occupation"."""
    if not names:
        return "because of your profile"  # a known user whose id alone was learned
    *first, last = names
    return f"because of your {', '.join(first)}{' and ' if first else ''}{last}"


def label_of(title: str, year: int | None) -> str:
    """Name an item for people: "Heat (1995)"."""
    return title if year is None or title.endswith(f"({year})") else f"{title} ({year})"


def common_genres(one: Sequence[str], other: Sequence[str]) -> tuple[Reason, ...]:
    """Say which genres two items share; the share is that of the genres of either (Jaccard)."""
    both = [genre for genre in one if genre in other]
    if not both:
        return ()
    share = len(both) / len({*one, *other})
    return (Reason(f"both are {', '.join(both)}", share),)


def common_traits(one: Mapping[str, str], other: Mapping[str, str]) -> tuple[Reason, ...]:
    """Say what two songs have in common: artist, album, key, tempo, by their attributes.

    The share is that of the traits known of both. Tempi within 4 % are the same.
    """
    if not (one and other):  # of films and books nothing of this is known
        return ()
    known = [name for name in _TRAITS if one.get(name, "").strip() and other.get(name, "").strip()]
    same = [
        name
        for name in known
        if folded(one[name]) == folded(other[name])
        or (name == "tempo" and _is_near(one[name], other[name]))
    ]
    if not same:
        return ()
    text = ", ".join(_TRAITS[name].format(_shown(name, other[name])) for name in same)
    return (Reason(f"both are {text}", len(same) / len(known)),)


def _shown(name: str, value: str) -> str:
    """Return a value for people: tempi without decimals."""
    return f"{float(value):.0f}" if name == "tempo" and _is_near(value, value) else value.strip()


def _is_near(one: str, other: str) -> bool:
    """Tell whether two tempi are the same for the ear; what is no number is not."""
    try:
        slow, fast = sorted((float(one), float(other)))
    except ValueError:
        return False
    return slow > 0 and fast <= slow * _SAME_TEMPO


def accepted(profile: Profile, middle: float) -> NDArray[np.bool_]:
    """Return which events of a query people would accept as a reason, shape (events,).

    Those that count against an item are none, nor are ratings below the `middle` of the scale:
    nobody wants to read "because you rated Heat (1995) 1".
    """
    kept: NDArray[np.bool_] = profile.query.weights > 0
    kept &= (profile.kinds != RATED) | ~(profile.query.values < middle)  # NaN is not below
    return kept


def tell(
    profile: Profile,
    shares: Shares,
    cited: Cited,
    facts: Mapping[int, Item],
    space: str | None = None,
) -> list[tuple[Reason, ...]]:
    """Return the reasons of each item, largest share first.

    Parameters
    ----------
    profile : Profile
        Whose events and attributes they are.
    shares, cited : Shares, Cited
        One row for each item.
    facts : mapping
        Catalogue key to item, for all events that are told.
    space : str, optional
        Whose shares they are.
    """
    query, sentences = profile.query, {}
    for row in cited.told.tolist():
        item = facts[int(query.items[row])]
        label = label_of(item.title, item.year)
        text = event_sentence(int(profile.kinds[row]), label, float(query.values[row]))
        sentences[row] = (text, item.id)
    profile_text = attributes_sentence(list(query.attributes))
    answers = []
    for rows, parts, rest in zip(
        cited.rows.tolist(), cited.shares.tolist(), shares.attributes.tolist(), strict=True
    ):
        reasons = [
            Reason(sentences[row][0], share, sentences[row][1], space)
            for row, share in zip(rows, parts, strict=True)
            if row in sentences and share >= LEAST_SHARE
        ]
        if rest >= LEAST_SHARE and (query.attributes or query.user is not None):
            reasons.append(Reason(profile_text, rest, space=space))
        answers.append(_sorted(reasons))
    return answers


def merge(told: Sequence[list[tuple[Reason, ...]]]) -> list[tuple[Reason, ...]]:
    """Join what each space tells of the same items, largest share first."""
    if len(told) == 1:
        return told[0]
    return [_sorted(chain.from_iterable(of_item)) for of_item in zip(*told, strict=True)]


def _sorted(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(sorted(reasons, key=lambda reason: -reason.share))
