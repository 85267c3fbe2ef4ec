"""Methods about the service itself and about who calls."""

from typing import Final

from nearfield.service.subsonic.call import Call
from nearfield.service.subsonic.document import Tree
from nearfield.service.subsonic.errors import Code, SubsonicError

EXTENSIONS: Final = ("apiKeyAuthentication", "formPost", "sonicSimilarity", "topSongsByArtistId")


def ping(_: Call) -> Tree:
    """Answer that the service is there."""
    return {}


def license(_: Call) -> Tree:
    """Answer that nothing has to be bought."""
    return {"license": {"valid": True}}


def extensions() -> Tree:
    """Tell what is understood beyond the old protocol; also to those who have no key."""
    return {"openSubsonicExtensions": [{"name": name, "versions": [1]} for name in EXTENSIONS]}


def token_info(call: Call) -> Tree:
    """Tell whose key was sent."""
    return {"tokenInfo": {"username": call.listener.user}}


def user(call: Call) -> Tree:
    """Tell what the caller may do; only an admin may ask about others, who may do the same."""
    name = call.params.text("username") or call.listener.user
    if name != call.listener.user and not call.listener.may("admin"):
        raise SubsonicError(Code.NOT_ALLOWED, "only a key with the scope admin may ask of others.")
    write, admin = call.listener.may("write"), call.listener.may("admin")
    return {
        "user": {
            "username": name,
            "scrobblingEnabled": write,
            "adminRole": admin,
            "settingsRole": False,
            "downloadRole": True,
            "uploadRole": False,
            "playlistRole": write,
            "coverArtRole": False,
            "commentRole": write,
            "podcastRole": False,
            "streamRole": True,
            "jukeboxRole": False,
            "shareRole": False,
            "videoConversionRole": False,
            "folder": [one.number for one in call.players.folders()],
        }
    }


def scan_status(call: Call) -> Tree:
    """Tell how many songs there are; new ones are brought in by jobs, not by players."""
    count = sum(len(one.shelf.songs) for one in call.folders)
    return {"scanStatus": {"scanning": False, "count": count}}


def now_playing(_: Call) -> Tree:
    """Answer nothing: what is played at this moment is not kept."""
    return {"nowPlaying": {"entry": []}}
