"""Make playlists: songs like some others, or on the way from one to another."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield.catalogue.catalogue import Catalogue
from nearfield.errors import InvalidInput
from nearfield.playlists.ask import PlaylistAsk, PlaylistConfig
from nearfield.playlists.library import Library, Playlist, Seeds, Songs
from nearfield.playlists.order import order_songs
from nearfield.playlists.radio import Radio
from nearfield.playlists.transitions import transition_costs
from nearfield.playlists.travel import travel
from nearfield.recommend.ask import MOST
from nearfield.recommend.duplicates import Groups
from nearfield.recommend.listener import ListenerConfig, ListenerModel
from nearfield.recommend.retrieve import Ranked, best, pool_size, spread
from nearfield.recommend.view import SpaceView
from nearfield.types import Ids, Reason, Recommendation, UserQuery, no_ids

EVEN: Final = ListenerConfig(newest=10_000, half_life=1e9, plays=1)
"""Seeds are a history in which none is older than another."""

_NOISE: Final = 0.1
"""What a `variety` of 1 adds to a score at most: a step of chance in a cosine."""

_SHORTEST: Final = 1.0
"""Minutes: so many songs are looked at for each minute asked for that they fill it surely."""

_TRIES: Final = 4
"""How often a journey is made anew to come near to the minutes asked for."""


class Playlists:
    """Makes playlists from one catalogue of songs. May be used from several threads.

    Parameters
    ----------
    catalogue : Catalogue
        Facts of songs: the attributes artist, album, path, duration, tempo, key and energy, all
        of which may be missing.
    view : SpaceView
        Vectors of songs; what model it holds does not matter.
    groups : Groups, optional
        Which songs are duplicates; a list holds one of each group.
    config : PlaylistConfig, optional
        How lists are made.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        view: SpaceView,
        groups: Groups | None = None,
        config: PlaylistConfig | None = None,
    ) -> None:
        self._library = Library(catalogue, view, groups)
        self._config = config or PlaylistConfig()

    def make(self, ask: PlaylistAsk) -> Playlist:
        """Return the playlist that is asked for; the same ask gives the same one.

        Raises
        ------
        NotFound
            If a song is unknown, or a seed has no vector.
        InvalidInput
            If the seeds leave no room, or a vector is of another space.
        """
        return self._like(ask) if ask.to is None else self._journey(ask)

    def radio(self, ask: PlaylistAsk) -> Radio:
        """Return an endless list that begins after what was `played`; errors as of `make`."""
        return Radio(self._library, ask, self._config)

    def _like(self, ask: PlaylistAsk) -> Playlist:
        library = self._library
        seeds = library.seeds(ask.seeds, ask)
        kept = no_ids() if ask.keep_seeds == "out" else seeds.own
        wanted = _songs_wanted(ask, len(kept))
        out = np.concatenate([seeds.own, library.keys(ask.exclude), library.keys(ask.played)])
        found = self._near(seeds, ask, wanted, out, kept)
        songs = library.songs(np.concatenate([kept, found.ids]))
        if ask.minutes is not None:
            songs = songs.at(filling(songs.seconds, 60 * ask.minutes, len(kept)))
        scores = dict(zip(found.ids.tolist(), found.scores.tolist(), strict=True))
        ordered = songs.at(self._order(songs, len(kept), ask))
        name = f"Like {seeds.labels[0]}" + (" and others" if len(seeds.labels) > 1 else "")
        return Playlist(name, self._told(ordered, seeds, scores))

    def _near(self, seeds: Seeds, ask: PlaylistAsk, count: int, out: Ids, kept: Ids) -> Ranked:
        """Return songs near to seeds, best first, as diverse and various as asked."""
        library = self._library
        guests = dict(zip(seeds.keys.tolist(), seeds.vectors, strict=True))
        query = UserQuery(
            items=seeds.keys,
            values=np.full(len(seeds.keys), np.nan, dtype=np.float32),
            weights=np.ones(len(seeds.keys), dtype=np.float32),
            guests={key: vector for key, vector in guests.items() if key < 0},
        )
        model = ListenerModel(library.index, EVEN, library.name)
        look = SpaceView(library.name, library.index, model).look(query)
        assert look is not None  # every seed has a vector
        scope, limits = library.scope(out, ask.where), library.limits(ask, out, kept)
        size = pool_size(count, max(ask.diversity, ask.variety))
        pool = limits.fill(lambda size: look.nearest(size, scope), size)
        if ask.variety > 0:
            chance = np.random.default_rng(ask.draw).random(len(pool.ids), dtype=np.float32)
            mixed = best(pool.ids, pool.scores + np.float32(_NOISE * ask.variety) * chance, size)
            return spread(mixed, count, ask.diversity, look.vectors)
        return spread(pool, count, ask.diversity, look.vectors)

    def _order(self, songs: Songs, kept: int, ask: PlaylistAsk) -> NDArray[np.int64]:
        """Return the order in which songs fit, of which the first ones are seeds."""
        lead = max(0, kept - 1) if ask.keep_seeds == "first" else 0
        rest = np.arange(lead, len(songs.keys))
        part = songs.at(rest)
        costs = transition_costs(
            (part.vectors, part.traits), (part.vectors, part.traits), self._config.transition
        )
        first = None if ask.keep_seeds == "anywhere" or not len(rest) else 0
        return np.concatenate([np.arange(lead), rest[order_songs(costs, first)]])

    def _told(
        self, songs: Songs, seeds: Seeds, scores: dict[int, float]
    ) -> tuple[Recommendation, ...]:
        """Return lines that say which seed each song is most like."""
        cosines = songs.vectors @ seeds.vectors.T
        lines = []
        for key, item, row in zip(songs.keys.tolist(), songs.items, cosines, strict=True):
            if key in scores:
                nearest = int(row.argmax())
                like = min(1.0, max(0.0, float(row[nearest])))
                reason = Reason(f"like {seeds.labels[nearest]}", like, space=self._library.name)
            else:
                reason = Reason("a seed of this list", 1.0)
            lines.append(self._library.line(item, scores.get(key, 1.0), reason))
        return tuple(lines)

    def _journey(self, ask: PlaylistAsk) -> Playlist:
        if ask.minutes is None:
            return travel(self._library, ask, ask.length, self._config)
        target, count = 60 * ask.minutes, max(2, round(ask.minutes / 4))
        made: dict[int, Playlist] = {}
        for _ in range(_TRIES):
            if count in made:
                break
            made[count] = travel(self._library, ask, count, self._config)
            songs = made[count].songs
            mean = made[count].seconds / len(songs) if songs else 0.0
            count = min(MOST, max(2, round(target / mean))) if mean > 0 else count
        return min(made.values(), key=lambda one: abs(one.seconds - target))


def filling(seconds: NDArray[np.float64], target: float, kept: int) -> NDArray[np.int64]:
    """Return which songs to play, in order, to fill a time as nearly as going through them can.

    Parameters
    ----------
    seconds : float64, shape (songs,)
        How long each lasts, best one first.
    target : float
        Seconds to fill.
    kept : int
        The first so many are in the list in any case.
    """
    chosen, total = list(range(min(kept, len(seconds)))), float(seconds[:kept].sum())
    for place in range(kept, len(seconds)):
        nearer = abs(total + seconds[place] - target) < abs(total - target)
        if total < target and nearer:
            chosen.append(place)
            total += float(seconds[place])
    return np.array(chosen, dtype=np.int64)


def _songs_wanted(ask: PlaylistAsk, kept: int) -> int:
    """Return how many songs to look for beside the seeds that stay in the list."""
    if ask.minutes is not None:
        return min(MOST, max(1, round(ask.minutes / _SHORTEST)))
    if kept >= ask.length:
        raise InvalidInput(
            f"{kept} seeds leave no room in a list of {ask.length} songs. Ask for a longer one, or "
            f"leave the seeds out (keep_seeds='out')."
        )
    return ask.length - kept
