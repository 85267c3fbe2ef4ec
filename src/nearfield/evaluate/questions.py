"""Asking a model: who is asked for, what they have seen, and what was right; users in batches."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from nearfield.datasets.tables import Interactions
from nearfield.errors import InvalidInput
from nearfield.evaluate import metrics
from nearfield.evaluate.candidates import Scorer, in_favour

LIST_LENGTH: Final = 20
"""Length of the lists that are kept; the longest cut of any figure."""

_BATCH_SCORES: Final = 4_000_000
"""Scores held at once: users of a batch x items (16 MB, and a few times that for masks)."""

_TIE_SEED: Final = 0
"""Seed of the order that decides between tied items; the same for every model."""


@dataclass(frozen=True)
class Questions:
    """One list to be made for each user who has an answer.

    Parameters
    ----------
    users : int32, shape (n,)
        Rows of the users, rising.
    seen : sparse bool, shape (n, items)
        What each of them had before, which is not listed.
    answers : sparse bool, shape (n, items)
        What was right, none of it seen; at least one item a user.
    candidates : bool, shape (items,)
        Items that may be listed.
    """

    users: NDArray[np.int32]
    seen: sparse.csr_matrix
    answers: sparse.csr_matrix
    candidates: NDArray[np.bool_]

    @cached_property
    def answer_counts(self) -> NDArray[np.int64]:
        """Number of answers of each user, shape (n,), at least 1."""
        return np.asarray(np.diff(self.answers.indptr), dtype=np.int64)

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The order that decides between tied items, shape (items,)."""
        return np.random.default_rng(_TIE_SEED).permutation(len(self.candidates))

    @classmethod
    def about(
        cls, history: Interactions, answers: Interactions, candidates: NDArray[np.bool_]
    ) -> "Questions":
        """Ask each user of `answers`, with `history` seen.

        Skips and dislikes are no answers, nor is an item that the user had before: what was seen
        is never recommended. A user left without any answer is not asked.
        """
        seen = history.matrix().astype(bool)
        right = sparse.csr_matrix(in_favour(answers).matrix().astype(bool) > seen)
        users = np.flatnonzero(np.diff(right.indptr)).astype(np.int32)
        return cls(users, seen[users], right[users], candidates)

    def sample(self, users: int) -> "Questions":
        """Keep at most so many users, spread evenly over all."""
        if len(self.users) <= users:
            return self
        kept = np.linspace(0, len(self.users) - 1, users).astype(np.int64)
        return Questions(self.users[kept], self.seen[kept], self.answers[kept], self.candidates)


@dataclass(frozen=True)
class Answers:
    """What one model gave to some questions.

    Parameters
    ----------
    lists : int64, shape (n, LIST_LENGTH)
        Rows of items, best first.
    first : int64, shape (n,)
        Position of the best answer in the whole ranking, from 1; tied items in the common order.
    ranks : metrics.Ranks, optional
        Where the answer stands, ties shared; only where each user has exactly one.
    """

    lists: NDArray[np.int64]
    first: NDArray[np.int64]
    ranks: metrics.Ranks | None


def ask(scorer: Scorer, questions: Questions) -> Answers:
    """Let a model score every item for every user asked for, and rank what each has not seen.

    Raises
    ------
    InvalidInput
        If the model gives NaN, or not one score for each user and item.
    """
    lists, first, firsts, lasts = [], [], [], []
    single = bool((questions.answer_counts == 1).all())
    for rows in _batches(questions):
        scores = _checked(scorer, questions, rows)
        allowed = questions.candidates & ~questions.seen[rows].toarray()
        answers = questions.answers[rows].toarray()
        lists.append(metrics.top_items(scores, allowed, LIST_LENGTH, questions.order))
        first.append(metrics.first_answer(scores, answers, allowed, questions.order))
        if single:
            ranks = metrics.rank_answers(scores, answers.argmax(axis=1), allowed)
            firsts.append(ranks.first)
            lasts.append(ranks.last)
    return Answers(
        lists=np.concatenate(lists),
        first=np.concatenate(first),
        ranks=metrics.Ranks(np.concatenate(firsts), np.concatenate(lasts)) if single else None,
    )


def ndcg(scorer: Scorer, questions: Questions, k: int) -> float:
    """Return the mean NDCG of the first k items, in [0, 1]: what models are chosen by."""
    worth = []
    for rows in _batches(questions):
        scores = _checked(scorer, questions, rows)
        allowed = questions.candidates & ~questions.seen[rows].toarray()
        lists = metrics.top_items(scores, allowed, k, questions.order)
        hits = metrics.found(lists, questions.answers[rows])
        worth.append(metrics.list_gains(hits, questions.answer_counts[rows]))
    return float(np.concatenate(worth).mean())


def _batches(questions: Questions) -> Iterator[slice]:
    """Cut the users into slices whose scores fit in memory."""
    size = max(1, _BATCH_SCORES // len(questions.candidates))
    for start in range(0, len(questions.users), size):
        yield slice(start, start + size)


def _checked(scorer: Scorer, questions: Questions, rows: slice) -> NDArray[np.float32]:
    """Return the scores of some users, if they can be ranked."""
    users = questions.users[rows]
    scores = scorer.scores(users)
    check_scores(type(scorer).__name__, scores, (len(users), len(questions.candidates)))
    return scores


def check_scores(model: str, scores: NDArray[np.float32], wanted: tuple[int, int]) -> None:
    """Refuse what cannot be ranked: NaN, or another shape than `wanted`, (questions, items)."""
    if scores.shape != wanted:
        raise InvalidInput(
            f"{model} gave scores of shape {scores.shape} where {wanted} (users, "
            "items) was wanted. Score every item of the collection, by row number."
        )
    if np.isnan(scores).any():
        raise InvalidInput(
            f"{model} gave NaN for {int(np.isnan(scores).sum())} of "
            f"{scores.size} scores; NaN cannot be ranked. Look for a division by zero, or train "
            "with a smaller learning rate."
        )
