"""Bring tables that were read into a catalogue, and tell what came of them."""

from dataclasses import dataclass
from typing import Any

from nearfield.catalogue.facts import Counts, ImportProgress
from nearfield.datasets.report import ReadReport, ReadResult
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.stores import Stores


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Parameters
    ----------
    catalogue : str
        Its name.
    layout : str
        What the source was recognised as, e.g. "ml-1m".
    counts : Counts
        What the catalogue holds now.
    changes : dict
        "items", "users", "events": how many rows were added, changed and left as they were.
    report : ReadReport
        Rows read and refused, by file and line.
    """

    catalogue: str
    layout: str
    counts: Counts
    changes: dict[str, ImportProgress]
    report: ReadReport

    @property
    def unchanged(self) -> bool:
        """Whether the catalogue held all of it already."""
        return not any(one.added or one.changed for one in self.changes.values())

    def summary(self) -> dict[str, Any]:
        """Return what `nearfield import --json` prints."""
        return {
            "catalogue": self.catalogue,
            "layout": self.layout,
            **self.counts._asdict(),
            "added": {name: one.added for name, one in self.changes.items()},
            "changed": {name: one.changed for name, one in self.changes.items()},
            "left_out": sum(one.left_out for one in self.changes.values()),
            "refused": self.report.refused,
            "duplicates": self.report.duplicates,
            "files": [
                {
                    "file": one.file,
                    "read": one.read,
                    "accepted": one.accepted,
                    "refused": one.refused,
                    "duplicates": one.duplicates,
                }
                for one in self.report.files.values()
            ],
            "refusals": [str(one) for one in self.report.refusals],
            "notes": list(self.report.notes),
        }


def import_read(stores: Stores, name: str, read: ReadResult) -> Steps[Imported]:
    """Import what was read. Importing twice changes nothing; a kill costs one batch."""
    changes = {}
    for step in stores.catalogues.import_tables(name, read.tables):
        changes[step.table] = step
        yield Progress(f"Importing {step.table}", step.done, step.total, step.table)
    left_out = sum(step.left_out for step in changes.values())
    if left_out:
        read.report.note(
            f"{left_out:,} rows were left out: they name users who were erased from {name}. Put a "
            f"user anew to let them in again."
        )
    counts = stores.catalogues.get(name).counts()
    return Imported(name, read.layout, counts, changes, read.report)
