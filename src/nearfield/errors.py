"""What can go wrong, as the caller should see it: what came, what was wanted, what to do."""


class NearfieldError(Exception):
    """Root of every error that Nearfield raises on purpose; its text is one clear message."""


class InvalidInput(NearfieldError, ValueError):
    """What was given cannot be used; the message says what to give instead."""


class NotFound(NearfieldError, LookupError):
    """A catalogue, item, user, model or space of that name does not exist."""


class Unavailable(NearfieldError, ConnectionError):
    """A service (Milvus, the database, a download) cannot be reached or does not answer."""


class VectorsAway(Unavailable):
    """Milvus does not answer: what needs no vectors can still be said, by whoever catches this."""


class NotInstalled(Unavailable):
    """A package is missing: asking again would not help."""


class InUse(Unavailable):
    """Another process owns the file; the message names it and the remedy."""


class CheckFailed(NearfieldError, RuntimeError):
    """A self-check found a difference (a space that does not hold what was sent to it)."""
