"""From a folder of music to songs that can be searched: scan, analyse, keep, load."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from nearfield.bulk.places import PROCESSES, Place
from nearfield.catalogue.catalogue import Catalogue
from nearfield.catalogue.pair_facts import SongPrint
from nearfield.catalogue.sound_facts import FAILED, FileCounts, Song, SoundFile
from nearfield.pipelines.adding_lock import adding_lock
from nearfield.pipelines.ears import Ears
from nearfield.pipelines.embed_songs import to_keep
from nearfield.pipelines.extras import needs_extras
from nearfield.pipelines.find_duplicates import find_duplicates
from nearfield.pipelines.find_versions import find_versions
from nearfield.pipelines.listen import Failure, Listen, Outcome
from nearfield.pipelines.maps import keep_map
from nearfield.pipelines.models import StoredModel
from nearfield.pipelines.music_files import Scan, Tally, look
from nearfield.pipelines.music_status import failure_data
from nearfield.pipelines.names import SOUND
from nearfield.pipelines.progress import Progress, Steps
from nearfield.pipelines.song_families import copies_of
from nearfield.pipelines.song_space import bring_up_to_date
from nearfield.pipelines.sound_models import choose_model
from nearfield.pipelines.space_lock import space_lock
from nearfield.pipelines.stores import Stores
from nearfield.sound.analyse import Analysis
from nearfield.sound.band_fingerprint import pack
from nearfield.sound.fingerprint import compress
from nearfield.sound.matching.index import digest
from nearfield.sound.scan import Found, path_of
from nearfield.sound.tags import title_of
from nearfield.sound.versions.harmony import pack_harmony
from nearfield.sound.versions.vector import VERSIONS_NAME, version_vectors

_PATIENCE: Final = 60.0
"""Seconds for which a publish of the same space is waited for: the songs are safe by then."""

CATALOGUE: Final = "songs"
"""Name of the catalogue where none is given."""


@dataclass(frozen=True)
class Adding:
    """What to add, and how.

    Parameters
    ----------
    paths : tuple of Path
        Folders, and single files.
    catalogue : str
        Made if there is none.
    separation, encoder : str, optional
        How to listen; as the catalogue's songs were listened to where not given.
    workers : int, optional
        How many files at once; one for each core where not given.
    again : bool
        Analyse everything anew.
    on : str
        Where: processes of this machine, or a Ray cluster; see `Place`.
    """

    paths: tuple[Path, ...]
    catalogue: str = CATALOGUE
    separation: str | None = None
    encoder: str | None = None
    workers: int | None = None
    again: bool = False
    on: str = PROCESSES


@dataclass(frozen=True)
class Added:
    """What came of it.

    Parameters
    ----------
    catalogue : str
        Its name.
    model : str
        Version whose vectors answer.
    tally : Tally
        What became of the files.
    failures : list of SoundFile
        Those of this run that could not be used, with reason and message.
    notes : list of str
        What was not quite right with files that are in.
    counts : FileCounts
        What the catalogue holds now.
    copies : int
        Songs in it that are copies of others, and not the best.
    """

    catalogue: str
    model: str
    tally: Tally
    failures: list[SoundFile]
    notes: list[str]
    counts: FileCounts
    copies: int = 0

    def summary(self) -> dict[str, Any]:
        """Return what `nearfield music add --json` prints."""
        return {
            "catalogue": self.catalogue,
            "model": self.model,
            **asdict(self.tally),
            "songs": self.counts.songs,
            "hours": round(self.counts.hours, 3),
            "duplicates": self.copies,
            "failures": [failure_data(one) for one in self.failures],
            "notes": self.notes,
        }


def add_music(stores: Stores, wanted: Adding) -> Steps[Added]:
    """Bring a catalogue of songs to what lies in some folders.

    Every song is safe in SQL as soon as it is counted; a kill costs the files in work. The same
    call goes on from there, and does nothing twice.

    Parameters
    ----------
    stores : Stores
        The home.
    wanted : Adding
        What, and how.

    Raises
    ------
    NotFound
        If a path does not exist.
    InvalidInput
        If an option cannot be used.
    InUse
        If another process is adding to the same catalogue.
    Unavailable
        If the Ray cluster cannot be used, or is gone.
    """
    place = Place(wanted.on, wanted.workers)
    yield Progress("Looking for sound files")
    wanted = replace(wanted, paths=tuple(one.expanduser().absolute() for one in wanted.paths))
    found = look(wanted.paths)
    catalogue = stores.catalogues.create(wanted.catalogue)
    with adding_lock(stores, catalogue):
        return (yield from _Addition(stores, catalogue, wanted, place).run(found))


class _Addition:
    """One run."""

    def __init__(self, stores: Stores, catalogue: Catalogue, wanted: Adding, place: Place) -> None:
        self._stores = stores
        self._catalogue = catalogue
        self._wanted = wanted
        self._place = place
        self._notes: list[str] = []
        self._hours = 0.0

    def run(self, found: list[Found]) -> Steps[Added]:
        wanted = self._wanted
        model = yield from choose_model(
            self._stores, self._catalogue, wanted.encoder, wanted.separation, wanted.again
        )
        embedded = self._catalogue.sounds.embedded(model.version)
        done = np.setdiff1d(embedded, self._catalogue.prints.missing())
        scan = Scan(self._catalogue.sounds, frozenset(done.tolist()))
        whole = found + self._elsewhere(model, found)
        ears = Ears(model.folder, self._stores.cache)
        pending = scan.pending(whole)
        with needs_extras():
            runner = self._place.runner(Listen(ears), pending)
        with runner:
            if pending:
                yield Progress("Loading the networks")
                runner.prepare()
            for job, outcome in runner.run(scan.jobs(whole)):
                self._keep(scan, job.content, outcome, model)
                yield self._progress(scan, len(whole))
        scan.mark_gone(wanted.paths)
        with space_lock(self._stores, self._catalogue.name, SOUND, _PATIENCE):
            yield from bring_up_to_date(self._stores, self._catalogue, model)
        yield from find_duplicates(self._stores, self._catalogue)
        yield from find_versions(self._stores, self._catalogue)
        space = self._stores.spaces.active(self._catalogue.name, SOUND)
        if space is not None:
            yield from keep_map(self._stores, space)
        failures = [
            file
            for path, file in self._catalogue.sounds.files().items()
            if file.state == FAILED and path in scan.seen
        ]
        return Added(
            catalogue=self._catalogue.name,
            model=model.version,
            tally=scan.tally,
            failures=failures,
            notes=self._notes,
            counts=self._catalogue.sounds.counts(),
            copies=sum(key != best for key, best in copies_of(self._catalogue).items()),
        )

    def _elsewhere(self, model: StoredModel, found: list[Found]) -> list[Found]:
        """Return known files that lie elsewhere and that this version has not embedded yet.

        There are none but where the songs are listened to in another way from now on: all must
        be, before that version can answer.
        """
        answering = self._stores.spaces.active(self._catalogue.name, SOUND)
        if answering is None or answering.version == model.version:
            return []
        named = {one.path for one in found}
        known = [path_of(file.path) for file in self._catalogue.sounds.files().values()]
        return look([path for path in known if path not in named and path.is_file()])

    def _keep(self, scan: Scan, content: str, outcome: Outcome, model: StoredModel) -> None:
        """Write down what came of one content, for all files that have it."""
        files = scan.waiting.pop(content)
        if isinstance(outcome, Failure):
            for file in files:
                scan.failed(file, outcome.reason, outcome.message)
            return
        first, *copies = files
        analysis = outcome.analysis
        if outcome.kept is not None:
            outcome.kept.put(self._stores.cache)
        song = song_of(path_of(first.path), analysis, model.version)
        key = self._catalogue.sounds.put(first, song)
        scan.added(key, first, copies)
        self._hours += analysis.info.duration / 3600
        if analysis.note:
            self._notes.append(f"{first.path}: {analysis.note}")

    def _progress(self, scan: Scan, total: int) -> Progress:
        tally = scan.tally
        done = tally.found - sum(map(len, scan.waiting.values()))
        note = f"{self._hours:.1f} h of music, {tally.failed} files failed"
        return Progress("Listening", done, total, "files", note)


def song_of(path: Path, analysis: Analysis, version: str) -> Song:
    """Return what the catalogue keeps of an analysis."""
    tags, info, traits = analysis.tags, analysis.info, analysis.traits
    known = {
        "artist": tags.artist,
        "album": tags.album,
        "album artist": tags.album_artist,
        "track": "" if tags.track is None else str(tags.track),
        "duration": f"{info.duration:.2f}",
        "tempo": f"{traits.tempo:.1f}" if traits.tempo > 0 else "",
        "key": traits.key,
        "energy": f"{traits.energy:.3f}",
        "loudness": f"{traits.loudness:.1f}",
    }
    return Song(
        title=title_of(path, tags),
        year=tags.year,
        genres=tags.genres,
        attributes={name: value for name, value in known.items() if value},
        duration=info.duration,
        codec=info.codec,
        rate=info.rate,
        channels=info.channels,
        bitrate=info.bitrate,
        lossless=info.lossless,
        fingerprint=compress(analysis.fingerprint),
        vectors=to_keep(version, analysis.vectors),
        print=print_of(analysis),
    )


def print_of(analysis: Analysis) -> SongPrint:
    """Return what is compared of a song: with copies, and with versions."""
    vectors = version_vectors(analysis.harmony)
    return SongPrint(
        bands=pack(analysis.bands),
        digest=digest(analysis.bands),
        harmony=pack_harmony(analysis.harmony),
        vector=vectors[0] if len(vectors) else np.zeros(0, dtype=np.float32),
        vector_name=VERSIONS_NAME,
    )
