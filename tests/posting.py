"""Clients that post events to a service, and know which ones it acknowledged."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

from nearfield.catalogue.catalogue import Catalogue
from real_servers.questions import MOVIES

_ROWS: Final = 3  # of a batch
_PATIENCE: Final = 30.0


@dataclass(frozen=True)
class Event:
    """One posted event, unlike any other."""

    user: str
    item: int
    time: int


class Posting:
    """What several writers, users of their own each, have posted."""

    def __init__(self) -> None:
        self.acknowledged: list[Event] = []  # appending is atomic
        self.refused: list[str] = []
        self.stopped = threading.Event()

    def check(self, catalogue: Catalogue) -> tuple[set[Event], set[Event]]:
        """Return the acknowledged events that a catalogue lacks, and those it has twice.

        It may hold others: nobody knows what became of a batch whose answer did not come.
        """
        found: Counter[Event] = Counter()
        for user in {one.user for one in self.acknowledged}:
            history = catalogue.history(catalogue.user_key(user))
            items = [int(item) for item in catalogue.item_ids(history.items)]
            pairs = zip(items, history.times.tolist(), strict=True)
            found.update(Event(user, item, moment) for item, moment in pairs)
        return set(self.acknowledged) - set(found), {one for one in found if found[one] > 1}


@contextmanager
def posting(
    address: str,
    writers: int = 3,
    first: int = 0,
    pause: float = 0.0,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Posting]:
    """Post batches from several writers for the time of the block.

    Parameters
    ----------
    address : str
        Of the service.
    writers : int
        Each posts its next batch when the last was answered, or could not be.
    first : int
        Time of the first event, in seconds; must differ where a catalogue is posted to again.
    pause : float
        Seconds between two batches of a writer.
    headers : mapping, optional
        Sent with each.
    """
    found = Posting()

    def work(writer: int) -> None:
        number = 0
        with httpx.Client(
            base_url=address, timeout=_PATIENCE, trust_env=False, headers=headers
        ) as http:
            while not found.stopped.wait(pause):
                number += 1
                _post(http, found, [_event(writer, first, number, row) for row in range(_ROWS)])

    threads = [threading.Thread(target=work, args=(one,), daemon=True) for one in range(writers)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        found.stopped.set()
        for thread in threads:
            thread.join(_PATIENCE)


def _event(writer: int, first: int, batch: int, row: int) -> Event:
    return Event(f"w{writer}", 1 + (batch + row) % 20, first + _ROWS * batch + row)


def _post(http: httpx.Client, found: Posting, events: list[Event]) -> None:
    rows: list[dict[str, Any]] = [vars(one) for one in events]
    try:
        answer = http.post(f"{MOVIES}/events", json={"events": rows})
    except httpx.HTTPError:
        return  # killed before it answered
    if answer.status_code == 200:
        found.acknowledged.extend(events)
    else:
        found.refused.append(f"{answer.status_code} {answer.text[:200]}")
