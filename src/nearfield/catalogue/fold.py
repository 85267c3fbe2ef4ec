"""Fold text so that what is typed finds what is meant: case, accents and signs do not count."""

import re
import unicodedata
from typing import Final

_APOSTROPHES: Final = re.compile("['\u2019\u2018`\u00b4\u02bc]")
_WORD: Final = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
)
_LETTERS: Final = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "ħ": "h",
    }
)


def folded_words(text: str) -> list[str]:
    """Return the words of a text, folded.

    Apostrophes join, other signs part; a Chinese or Japanese sign is a word of its own, as none
    says where words end.

    Examples
    --------
    >>> folded_words("Amélie & Smørrebrød: Don't!")
    ['amelie', 'smorrebrod', 'dont']
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = "".join(sign for sign in text if unicodedata.category(sign) != "Mn")
    folded = text.casefold()
    if not folded.isascii():
        folded = folded.translate(_LETTERS)
    words: list[str] = _WORD.findall(_APOSTROPHES.sub("", folded))
    return words
