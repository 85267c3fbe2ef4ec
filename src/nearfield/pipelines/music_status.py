"""What a catalogue of songs holds, and which files could not be used."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from nearfield.catalogue.sound_facts import FAILED, FileCounts, SoundFile
from nearfield.pipelines.names import SOUND
from nearfield.pipelines.stores import Stores


@dataclass(frozen=True, slots=True)
class MusicStatus:
    """What `nearfield music status` tells.

    Parameters
    ----------
    catalogue : str
        Its name.
    counts : FileCounts
        Files and songs.
    failures : dict
        Reason to number of files.
    version : str, optional
        Of the model whose vectors answer; None where nothing answers yet.
    encoder, separation : str
        How that model listens; "" where nothing answers yet.
    searchable : int
        Songs that Milvus holds.
    """

    catalogue: str
    counts: FileCounts
    failures: dict[str, int]
    version: str | None
    encoder: str
    separation: str
    searchable: int

    def as_data(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        told = asdict(self)
        counts = told.pop("counts")
        return {"catalogue": told.pop("catalogue"), **counts, **told}

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield what the table shows."""
        counts = self.counts
        yield "songs", f"{counts.songs:,} ({counts.hours:.1f} hours)"
        yield "searchable", f"{self.searchable:,}"
        yield "files", f"{counts.ready:,} ready, {counts.failed:,} failed, {counts.gone:,} gone"
        for reason, number in sorted(self.failures.items()):
            yield f"failed: {reason}", f"{number:,}"
        if self.version is not None:
            yield "model", f"{self.version}, encoder {self.encoder}, separation {self.separation}"


def music_status(stores: Stores, name: str) -> MusicStatus:
    """Count what a catalogue of songs holds; NotFound where there is none of that name."""
    catalogue = stores.catalogue(name)
    space = stores.spaces.active(name, SOUND)
    card: Any = {}
    if space is not None:
        card = stores.models.get(name, SOUND, space.version).card
    failures: dict[str, int] = {}
    for file in failed_files(stores, name):
        failures[file.reason] = failures.get(file.reason, 0) + 1
    return MusicStatus(
        catalogue=name,
        counts=catalogue.sounds.counts(),
        failures=failures,
        version=None if space is None else space.version,
        encoder=card.get("encoder", ""),
        separation=card.get("separation", ""),
        searchable=0 if space is None else stores.spaces.count(space),
    )


def failed_files(stores: Stores, name: str) -> list[SoundFile]:
    """Return the files that could not be used, by path."""
    files = stores.catalogue(name).sounds.files()
    return [files[path] for path in sorted(files) if files[path].state == FAILED]


def failure_data(file: SoundFile) -> dict[str, str]:
    """Return what `--json` prints of a file that could not be used."""
    return {"path": file.path, "reason": file.reason, "message": file.message}
