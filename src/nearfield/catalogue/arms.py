"""Which arm of an experiment answered whom, with what, and what became of it."""

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import insert, select

from nearfield.catalogue.database import Database
from nearfield.catalogue.labels import check_label
from nearfield.catalogue.queries import chunks
from nearfield.catalogue.schema import arm_answers, events


class ArmAnswer(NamedTuple):
    """One answer: who got it, when (seconds since 1970), and the keys of the items it showed."""

    experiment: str
    arm: str
    user: int
    time: float
    items: tuple[int, ...]


class Feedback(NamedTuple):
    """An event of a user: key of the item, position in `EVENT_KINDS`, value, seconds since 1970."""

    item: int
    kind: int
    value: float | None
    time: int


class Arms:
    """The answers of the experiments of one catalogue; made by `Catalogues.arms`.

    Parameters
    ----------
    database : Database
        Where they are kept.
    catalogue : int
        Primary key of the catalogue.
    """

    def __init__(self, database: Database, catalogue: int) -> None:
        self._database = database
        self._catalogue = catalogue

    def log(
        self,
        experiment: str,
        arm: str,
        user: int,
        items: Sequence[int],
        moment: float | None = None,
    ) -> None:
        """Write down what an arm answered.

        Parameters
        ----------
        experiment, arm : str
            What they are called.
        user : int
            Key.
        items : sequence of int
            Keys of the items shown, in order.
        moment : float, optional
            Seconds since 1970; now where not given.
        """
        row = {
            "catalogue_id": self._catalogue,
            "experiment": check_label(experiment, "the name of an experiment"),
            "arm": check_label(arm, "the name of an arm"),
            "user_id": int(user),
            "items": [int(key) for key in items],
            "time": round((time.time() if moment is None else moment) * 1000),
        }
        self._database.write(lambda conn: conn.execute(insert(arm_answers), [row]) and None)

    def experiments(self) -> list[str]:
        """Return the names of all experiments, sorted."""
        query = select(arm_answers.c.experiment).where(
            arm_answers.c.catalogue_id == self._catalogue
        )
        with self._database.reading(whole=True) as conn:
            return sorted(conn.execute(query.distinct()).scalars())

    def answers(self, experiment: str) -> list[ArmAnswer]:
        """Return the answers of an experiment, oldest first."""
        query = (
            select(arm_answers)
            .where(
                arm_answers.c.catalogue_id == self._catalogue,
                arm_answers.c.experiment == experiment,
            )
            .order_by(arm_answers.c.time, arm_answers.c.id)
        )
        with self._database.reading(whole=True) as conn:
            return [
                ArmAnswer(row.experiment, row.arm, row.user_id, row.time / 1000, tuple(row.items))
                for row in conn.execute(query)
            ]

    def feedback(self, users: Sequence[int], since: float) -> Iterator[tuple[int, list[Feedback]]]:
        """Yield each user, given by key, with their events from a moment on."""
        for some in chunks(sorted(users)):
            query = select(
                events.c.user_id, events.c.item_id, events.c.kind, events.c.value, events.c.time
            ).where(events.c.user_id.in_(some), events.c.time >= int(since))
            told: dict[int, list[Feedback]] = {}
            with self._database.reading() as conn:
                for user, *event in conn.execute(query):
                    told.setdefault(user, []).append(Feedback(*event))
            yield from told.items()
