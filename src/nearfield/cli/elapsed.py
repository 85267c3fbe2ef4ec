"""Say how long a command took."""

import time


class Elapsed:
    """The time since it was made; as text, ``8.3 s``, ``4 min 10 s`` or ``2 h 5 min``."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __str__(self) -> str:
        return say_seconds(time.monotonic() - self._start)


def say_seconds(seconds: float) -> str:
    """Return a length of time as one says it.

    >>> say_seconds(8.26), say_seconds(250), say_seconds(7530)
    ('8.3 s', '4 min 10 s', '2 h 5 min')
    """
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
