"""Clients that ask a service without a pause and judge every answer, while its servers fail."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeAlias

import httpx

Verdict: TypeAlias = Literal["right", "degraded", "failed", "wrong"]

K: Final = 10
"""Items of each answer."""

_SCORE_ERROR: Final = 1e-4  # between the sums of Milvus and ours
_PATIENCE: Final = 60.0  # seconds; a stall is to be measured, not cut off
_QUIET: Final = 2.0


@dataclass(frozen=True)
class Question:
    """What is asked, and all that may come.

    Parameters
    ----------
    path : str
        Where to ask.
    body : mapping, optional
        What is posted; where there is none, it is got.
    truths : tuple of mapping
        For each version that may answer: every item that may come (not seen, not excluded, of
        the condition) to its score by exact search.
    """

    path: str
    body: Mapping[str, Any] | None
    truths: tuple[Mapping[int, float], ...]

    def judge(self, answer: Mapping[str, Any]) -> tuple[Verdict, str]:
        """Tell what an answer is worth, and what is wrong with it.

        A full one holds the best items of one version, best first; which of several that are
        equally good does not matter. One that says it is degraded may hold any that are allowed.
        """
        found = [one["item"] for one in answer["items"]]
        allowed = self.truths[0]
        banned = [item for item in found if item not in allowed]
        if banned or len(set(found)) < len(found):
            return "wrong", f"{found} holds {banned or 'an item twice'}"
        wanted = min(K, len(allowed))
        if answer["degraded"] and 0 < len(found) <= wanted:
            return "degraded", str(answer["degraded"])
        if len(found) != wanted:
            return "wrong", f"{len(found)} items, not {wanted}"
        for number, truth in enumerate(self.truths):
            if _is_best(found, truth):
                return "right", f"version {number}"
        scores = [round(allowed[item], 4) for item in found]
        return "wrong", f"{found} of scores {scores} are not the best"


def _is_best(found: Sequence[int], truth: Mapping[int, float]) -> bool:
    best = sorted(truth.values(), reverse=True)
    pairs = zip(found, best, strict=False)
    return all(abs(truth[item] - score) <= _SCORE_ERROR for item, score in pairs)


@dataclass(frozen=True)
class Asked:
    """One request: when it was sent, how long it took (s), and what came."""

    at: float
    seconds: float
    verdict: Verdict
    told: str


@dataclass(frozen=True)
class Tally:
    """What became of the requests of a time; `worst_s` is the longest that one took."""

    sent: int
    right: int
    degraded: int
    failed: int
    wrong: int
    worst_s: float
    full_again_s: float
    """Seconds until the last answer that was not right, 0 where all were."""
    told: dict[str, int]
    """What was said of the answers, and how often: the six most frequent."""

    def as_plain(self) -> dict[str, Any]:
        """Return it fit for JSON."""
        return asdict(self)


class Asking:
    """The requests of several clients, in the order in which they were answered."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []  # appending is atomic
        self.stopped = threading.Event()

    def tally(self, since: float, until: float = float("inf")) -> Tally:
        """Count what was under way in a time (of `time.monotonic`)."""
        there = [one for one in self.asked if one.at < until and one.at + one.seconds >= since]
        count = Counter(one.verdict for one in there)
        told = Counter(f"{one.verdict}: {one.told}" for one in there)
        bad = [one.at + one.seconds - since for one in there if one.verdict != "right"]
        return Tally(
            sent=len(there),
            right=count["right"],
            degraded=count["degraded"],
            failed=count["failed"],
            wrong=count["wrong"],
            worst_s=round(max((one.seconds for one in there), default=0.0), 2),
            full_again_s=round(max(bad, default=0.0), 2),
            told=dict(told.most_common(6)),
        )

    def wait_full(self, seconds: float, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Wait until all answers of two seconds were full; AssertionError if that does not come."""
        start = time.monotonic()
        while True:
            meanwhile()
            time.sleep(0.1)
            now = time.monotonic()
            last = self.tally(max(start, now - _QUIET))
            if now - start > _QUIET and last.right and last.right == last.sent:
                return
            assert now - start < seconds, f"not all answers are full after {seconds} s: {last}"


@contextmanager
def asking(
    address: str, questions: Sequence[Question], clients: int = 3, pause: float = 0.02
) -> Iterator[Asking]:
    """Ask from several clients for the time of the block.

    Parameters
    ----------
    address : str
        Of the service.
    questions : sequence of Question
        Asked in turn.
    clients : int
        Each asks its next question when the last was answered.
    pause : float
        Seconds between two, so that the machine has time for the servers.
    """
    found = Asking()
    turns = itertools.cycle(questions)
    turn = threading.Lock()

    def work() -> None:
        with httpx.Client(base_url=address, timeout=_PATIENCE, trust_env=False) as http:
            while not found.stopped.wait(pause):
                with turn:
                    question = next(turns)
                found.asked.append(_ask(http, question))

    threads = [threading.Thread(target=work, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        found.stopped.set()
        for thread in threads:
            thread.join(_PATIENCE)


def _ask(http: httpx.Client, question: Question) -> Asked:
    start = time.monotonic()
    try:
        if question.body is None:
            answer = http.get(question.path)
        else:
            answer = http.post(question.path, json=dict(question.body))
        seconds = time.monotonic() - start
    except httpx.HTTPError as error:
        return Asked(start, time.monotonic() - start, "failed", f"{type(error).__name__}: {error}")
    if answer.status_code != 200:
        return Asked(start, seconds, "failed", f"{answer.status_code} {answer.text[:300]}")
    return Asked(start, seconds, *question.judge(answer.json()))
