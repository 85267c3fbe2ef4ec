"""Ask for songs by id or by file: what sounds like one, what a listener may like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from nearfield.catalogue.catalogue import Catalogue
from nearfield.errors import InvalidInput, NotFound
from nearfield.pipelines.named_songs import NamedSongs, guest_labels, name_songs
from nearfield.pipelines.names import PARTS, SOUND
from nearfield.pipelines.progress import Steps
from nearfield.pipelines.recommenders import Recommenders
from nearfield.pipelines.song_groups import SongGroups, Versions
from nearfield.pipelines.song_space import songs_of_parts
from nearfield.pipelines.stores import Stores
from nearfield.recommend.ask import Ask, Guest
from nearfield.recommend.duplicates import one_of_each
from nearfield.recommend.retrieve import Ranked
from nearfield.types import Ids, PublicId, Reason, Recommendation, Recommendations, Vectors

_PARTS_EACH: Final = 20
"""Parts fetched for each song of an answer: several of one song may be near."""


@dataclass(frozen=True, kw_only=True)
class Like:
    """What to find like a song.

    Parameters
    ----------
    k : int
        Length of the list.
    where : str, optional
        A condition on songs.
    diversity : float
        0 for the nearest songs, 1 for songs that differ most.
    exclude : sequence of ids
        Songs that shall not come.
    at_most : mapping
        Attribute to the most songs that may share its value.
    at : float, optional
        Seconds: only the part of the song that is heard then is asked for, and only parts of
        songs are found.
    versions : {"one", "all"}
        Whether one performance of each song is listed, or all.
    """

    k: int = 10
    where: str | None = None
    diversity: float = 0.0
    exclude: Sequence[PublicId] = ()
    at_most: Mapping[str, int] = field(default_factory=dict)
    at: float | None = None
    versions: Versions = "one"


def similar_songs(
    stores: Stores, recommenders: Recommenders, catalogue: str | None, name: str, like: Like
) -> Steps[Recommendations]:
    """Return the songs that sound most like one, without itself.

    Parameters
    ----------
    stores, recommenders
        The home.
    catalogue : str, optional
        Of songs; the only one where not given.
    name : str
        Id of a song, path of its file, or path of any other sound file.
    like : Like
        How.
    """
    found = stores.catalogue(catalogue)
    named = yield from name_songs(stores, found, [name])
    if like.at is not None:
        return Recommendations(_similar_parts(stores, found, named, name, like), space=PARTS)
    recommender = recommenders.get(found.name, SOUND, like.versions)
    how = (like.k, like.where, like.diversity, like.exclude, like.at_most)
    if name in named.ids:
        return recommender.similar(named.ids[name], *how)
    return recommender.similar_to(named.guests[name].song, *how)


def recommend_songs(
    stores: Stores,
    recommenders: Recommenders,
    catalogue: str | None,
    ask: Ask,
    versions: Versions = "one",
) -> Steps[Recommendations]:
    """Recommend songs to a listener; what was listened to may be given by files.

    Parameters
    ----------
    stores, recommenders
        The home.
    catalogue : str, optional
        Of songs; the only one where not given.
    ask : Ask
        The wish; `listened`, `liked` and `disliked` may name files.
    versions : {"one", "all"}
        Whether one performance of each song is listed, or all.
    """
    found = stores.catalogue(catalogue)
    against = {str(name): weight for name, weight in ask.dislikes.items()}
    names = [*map(str, ask.listens), *map(str, ask.likes), *against]
    named = yield from name_songs(stores, found, dict.fromkeys(names))
    guests = {
        called: Guest(named.guests[name].song, -against[name] if name in against else 1.0)
        for name, called in guest_labels(named).items()
    }
    asked = replace(
        ask,
        listened=_known(named, ask.listens),
        liked=_known(named, ask.likes),
        disliked=_known(named, ask.dislikes),
        guests={**ask.guests, **guests},
    )
    return recommenders.get(found.name, SOUND, versions).recommend(asked)


def _known(named: NamedSongs, weights: Mapping[PublicId, float]) -> dict[PublicId, float]:
    return {
        named.ids[str(name)]: weight for name, weight in weights.items() if str(name) in named.ids
    }


def _similar_parts(
    stores: Stores, catalogue: Catalogue, named: NamedSongs, name: str, like: Like
) -> list[Recommendation]:
    """Return the songs of which a part sounds most like a part of one, and where it begins."""
    assert like.at is not None
    space, index = stores.spaces.open(catalogue.name, PARTS)
    own = named.ids.get(name)
    out = catalogue.item_keys([*([own] if own is not None else []), *like.exclude])
    if own is not None:
        vector = _part_of(catalogue, space.version, int(out[0]), like.at)
    else:
        guest = named.guests[name]
        vector = _part_at(guest.windows, guest.starts, like.at)
    hits = index.search(vector[None], _PARTS_EACH * (like.k + len(out)))
    songs, parts = songs_of_parts(hits.ids[0][hits.ids[0] >= 0])
    _, first = np.unique(songs, return_index=True)  # of each song its nearest part
    order = np.sort(first)
    order = order[~np.isin(songs[order], out)]
    groups = SongGroups(catalogue.pairs, like.versions)
    nearest = Ranked(songs[order], hits.scores[0][order])
    shown = one_of_each(nearest, groups, groups.of(out)).ids[: like.k]
    order = order[np.isin(songs[order], shown)]
    return _told(catalogue, space.version, songs[order], parts[order], hits.scores[0][order])


def _told(
    catalogue: Catalogue, version: str, keys: Ids, parts: Ids, scores: np.ndarray
) -> list[Recommendation]:
    starts = {key: found.starts for key, found in catalogue.sounds.parts(version, keys)}
    answers = []
    for item, part, score in zip(catalogue.items(keys), parts, scores, strict=True):
        start = float(starts[item.key][part])
        answers.append(
            Recommendation(
                item=item.id,
                title=item.title,
                score=float(score),
                space=PARTS,
                reasons=(Reason(f"its part from {clock(start)} on", 1.0),),
                year=item.year,
                genres=item.genres,
                attributes={**item.attributes, "start": f"{start:.2f}"},
            )
        )
    return answers


def _part_of(catalogue: Catalogue, version: str, key: int, at: float) -> Vectors:
    for _, found in catalogue.sounds.parts(version, np.array([key])):
        return _part_at(found.parts, found.starts, at)
    raise NotFound("the song has no parts in Milvus yet. Run `nearfield music add` again.")


def _part_at(parts: Vectors, starts: np.ndarray, at: float) -> Vectors:
    """Return the vector of the part that begins nearest before a moment."""
    if at < 0:
        raise InvalidInput(f"the part at {at:g} s was asked for. Give 0 or more seconds.")
    part: Vectors = parts[max(0, int(np.searchsorted(starts, at, side="right")) - 1)]
    return part


def clock(seconds: float) -> str:
    """Return a time as people read it.

    >>> clock(83.4)
    '1:23'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
