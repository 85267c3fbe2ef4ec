"""Maps as they are looked at: places from the file, colours from what SQL says now."""

import hashlib
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.catalogue.catalogue import Catalogue
from nearfield.errors import InUse, InvalidInput, NotFound
from nearfield.pipelines.maps import Map, drawn_spaces, read_map
from nearfield.pipelines.stores import Stores
from nearfield.types import Ids

COLOURS: Final = 12
"""The most frequent labels, which have a colour of their own; more nobody can tell apart."""

OTHER: Final = "Other"
NO_COLOUR: Final = 65535
"""Of items without a label."""

_MOST: Final = 8
"""Pictures kept: 1 MB each at 100,000 items."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One map, coloured.

    Parameters
    ----------
    map : Map
        Where items lie.
    by : str
        What colours mean: genre, album, artist; "" where nothing is known of any item.
    names : tuple of str
        What each colour means, the most frequent first; `OTHER` last where there are more.
    counts : tuple of int
        How many items have each.
    colours : uint16, shape (items,)
        Of each item, a position in `names`; `NO_COLOUR` where it has no label.
    there : bool, shape (items,)
        Whether the item is still in the catalogue.
    """

    map: Map
    by: str
    names: tuple[str, ...]
    counts: tuple[int, ...]
    colours: NDArray[np.uint16]
    there: NDArray[np.bool_]

    def body(self) -> bytes:
        """Return x and y of each item as float32, then its colour as uint16, little-endian.

        What is no longer in the catalogue lies at NaN: rows stay what they are.
        """
        points = np.where(self.there[:, None], self.map.points, np.nan)
        return points.astype("<f4").tobytes() + self.colours.astype("<u2").tobytes()

    def tag(self) -> str:
        """Return a text that changes when `body` does."""
        return hashlib.blake2b(self.body(), digest_size=12).hexdigest()

    def bounds(self) -> list[float]:
        """Return the smallest x and y, and the largest."""
        seen = self.map.points[self.there]
        if not len(seen):
            return [0.0, 0.0, 1.0, 1.0]
        return [*seen.min(axis=0).tolist(), *seen.max(axis=0).tolist()]

    def rows_of(self, keys: Ids) -> NDArray[np.int64]:
        """Return the rows of those items that are on the map, in the order of `keys`."""
        rows = np.minimum(np.searchsorted(self.map.keys, keys), len(self.map.keys) - 1)
        found: NDArray[np.int64] = rows[(self.map.keys[rows] == keys) & self.there[rows]]
        return found

    def keys_of(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], Ids]:
        """Return those rows that are there, and the keys of their items."""
        rows = rows[(rows >= 0) & (rows < len(self.map.keys))]
        rows = rows[self.there[rows]]
        return rows, self.map.keys[rows]


class Pictures:
    """Keeps what was looked at last. May be used from several threads.

    Parameters
    ----------
    stores : Stores
        The home.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._kept: dict[tuple[str, ...], tuple[int, Picture]] = {}
        self._keeping = threading.Lock()

    def get(
        self,
        catalogue: Catalogue,
        space: str | None = None,
        by: str | None = None,
        version: str | None = None,
    ) -> Picture:
        """Return the picture of a map.

        Parameters
        ----------
        catalogue : Catalogue
            Whose.
        space : str, optional
            Of which space; the first that has a map where not given.
        by : str, optional
            What colours mean; the first of `label_kinds` where not given.
        version : str, optional
            The one that is wanted, where it must be that.

        Raises
        ------
        NotFound
            If there is no map.
        InvalidInput
            If there is no such space, or items have nothing of that name.
        InUse
            If the map is of another version by now.
        """
        found = read_map(self._stores, catalogue.name, space)
        if version is not None and version != found.version:
            raise InUse(
                f"the map shows version '{found.version}' by now, not '{version}'. Load it anew."
            )
        kinds = catalogue.label_kinds()
        if by is not None and by not in kinds:
            raise InvalidInput(
                f"items of '{catalogue.name}' cannot be coloured by {by!r}: wanted one of "
                f"{', '.join(kinds) or 'nothing: they have no genres, albums or artists'}."
            )
        chosen = by or (kinds[0] if kinds else "")
        key = catalogue.uid, found.space, found.version, chosen
        revision = catalogue.revision()
        kept = self._kept.get(key)
        if kept is not None and kept[0] == revision and _same(kept[1].map, found):
            return kept[1]
        picture = coloured(catalogue, found, chosen)
        with self._keeping:
            self._kept.pop(key, None)
            while len(self._kept) >= _MOST:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = (revision, picture)
        return picture

    def spaces(self, catalogue: Catalogue) -> list[str]:
        """Return the spaces that have a map."""
        return drawn_spaces(self._stores, catalogue.name)


def coloured(catalogue: Catalogue, drawn: Map, by: str) -> Picture:
    """Return a map with a colour for each item."""
    keys, labels = catalogue.labels(by or "album")
    if not len(keys):
        raise NotFound(f"catalogue '{catalogue.name}' has no items any more. Import some.")
    rows = np.minimum(np.searchsorted(keys, drawn.keys), len(keys) - 1)
    there = keys[rows] == drawn.keys
    own = labels[rows]
    own[~there] = None
    names, counts, colours = frequent(own)
    return Picture(drawn, by, names, counts, colours, there)


def frequent(
    labels: NDArray[np.object_], most: int = COLOURS
) -> tuple[tuple[str, ...], tuple[int, ...], NDArray[np.uint16]]:
    """Return the most frequent labels, how often each comes, and which of them each item has.

    >>> names, counts, colours = frequent(np.array(["b", "a", None, "b", "c"], dtype=object), 1)
    >>> names, counts, colours.tolist()
    (('b', 'Other'), (2, 2), [0, 1, 65535, 0, 1])
    """
    found = Counter(label for label in labels if label is not None)
    ranked = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    places = {name: min(place, most) for place, (name, _) in enumerate(ranked)}
    colours = np.fromiter(
        (places.get(label, NO_COLOUR) for label in labels), dtype=np.uint16, count=len(labels)
    )
    if len(ranked) > most:
        ranked = [*ranked[:most], (OTHER, sum(count for _, count in ranked[most:]))]
    return tuple(name for name, _ in ranked), tuple(count for _, count in ranked), colours


def _same(one: Map, other: Map) -> bool:
    """Tell whether a map was not drawn anew meanwhile."""
    return bool(np.array_equal(one.keys, other.keys) and np.array_equal(one.points, other.points))
