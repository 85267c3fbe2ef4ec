"""Names that people give: of keys, experiments, arms, playlists."""

from nearfield.catalogue.schema import LABEL_LENGTH
from nearfield.errors import InvalidInput


def check_label(name: str, what: str, longest: int = LABEL_LENGTH) -> str:
    """Return a name that can be kept; InvalidInput says what is wrong with any other.

    Parameters
    ----------
    name : str
        As it was given.
    what : str
        Whose name, for the message.
    longest : int
        Characters.
    """
    fits = isinstance(name, str) and 0 < len(name) <= longest and name.strip() == name
    if not fits or not name.isprintable():
        raise InvalidInput(
            f"{ascii(name)[:80]} cannot be {what}: wanted 1 to {longest} printable characters, "
            f"none of them white space at its ends."
        )
    return name
