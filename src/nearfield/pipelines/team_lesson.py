"""What goes to the members of a team."""

from dataclasses import dataclass

from pydantic import BaseModel

from nearfield.datasets.tables import Collection


@dataclass(frozen=True)
class Given:
    """What every member of a team starts from.

    Parameters
    ----------
    recommender : str
        A name in `KINDS`.
    collection : Collection
        What to learn from.
    config : BaseModel
        Settings.
    """

    recommender: str
    collection: Collection
    config: BaseModel

    @property
    def epochs(self) -> int:
        """Passes over the data."""
        return int(self.config.model_dump()["epochs"])
