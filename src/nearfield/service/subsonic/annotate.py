"""Methods by which a listener says something of songs: each becomes an event."""

from collections.abc import Callable

from nearfield.service.subsonic.call import Call, Opened
from nearfield.service.subsonic.document import Tree
from nearfield.service.subsonic.errors import Code, SubsonicError
from nearfield.service.subsonic.marks import AGAINST, HIGHEST
from nearfield.service.subsonic.shelf import ShelfSong

_RATINGS = ("rated", "disliked")


def star(call: Call) -> Tree:
    """Like songs; of an album or artist all of them."""
    return _each(call, lambda opened, songs: _say(call, opened, songs, {"kind": "liked"}))


def unstar(call: Call) -> Tree:
    """Take likes back."""
    return _each(call, lambda opened, songs: _take_back(call, opened, songs, ("liked",)))


def rate(call: Call) -> Tree:
    """Rate a song from 1 to 5; 1 and 2 say that it is not liked, 0 takes the rating back."""
    opened, songs = call.songs(call.params.required("id"))
    call.params.required("rating")
    rating = call.params.optional_number("rating")
    if rating is None or not 0 <= rating <= HIGHEST:
        raise SubsonicError(Code.ANY, f"a rating is a whole number from 0 to {HIGHEST}.")
    _take_back(call, opened, songs, _RATINGS)
    if rating:
        kind = "disliked" if rating <= AGAINST else "rated"
        _say(call, opened, songs, {"kind": kind, "value": rating})
    return {}


def scrobble(call: Call) -> Tree:
    """Write down that songs were listened to; that one begins to play is no event."""
    ids, times = call.params.all("id"), call.params.numbers("time")
    if not ids:
        call.params.required("id")
    found = [call.song(one) for one in ids]
    if not call.params.flag("submission", True):
        return {}
    by_folder: dict[str, tuple[Opened, list[dict[str, object]]]] = {}
    for place, (opened, one) in enumerate(found):
        row: dict[str, object] = _event(call, one, {"kind": "listened"})
        if place < len(times):
            row["time"] = times[place] // 1000
        by_folder.setdefault(opened.catalogue.name, (opened, []))[1].append(row)
    for opened, rows in by_folder.values():
        opened.catalogue.post_events(rows)
    return {}


def _each(call: Call, act: Callable[[Opened, list[ShelfSong]], None]) -> Tree:
    """Do something with everything that a call names."""
    ids = [one for name in ("id", "albumId", "artistId") for one in call.params.all(name)]
    if not ids:
        raise SubsonicError(
            Code.MISSING, "none of the parameters 'id', 'albumId' and 'artistId' came. Send one."
        )
    for opened, songs in [call.songs(one) for one in ids]:  # all are looked up before any is done
        act(opened, songs)
    return {}


def _say(call: Call, opened: Opened, songs: list[ShelfSong], what: dict[str, object]) -> None:
    opened.catalogue.post_events([_event(call, one, what) for one in songs])


def _take_back(call: Call, opened: Opened, songs: list[ShelfSong], kinds: tuple[str, ...]) -> None:
    opened.catalogue.withdraw_events(call.listener.user, [one.song.id for one in songs], kinds)


def _event(call: Call, one: ShelfSong, what: dict[str, object]) -> dict[str, object]:
    return {"user": call.listener.user, "item": one.song.id, **what}
