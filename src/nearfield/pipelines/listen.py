"""Listening to sound files as bulk work. Workers load this: nothing here knows SQL or Milvus."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from nearfield.bulk.work import At, Fault
from nearfield.networks.single import one_thread
from nearfield.pipelines.ears import ByEar, Ears, catcher
from nearfield.sound.analyse import Analyser, Analysis
from nearfield.sound.cache import Kept
from nearfield.sound.decode import Unreadable


@dataclass(frozen=True, slots=True)
class Job:
    """One file to analyse.

    Parameters
    ----------
    path : Path
        Of the file.
    content : str
        Hash of its bytes.
    """

    path: Path
    content: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file could not be used.

    Parameters
    ----------
    reason : str
        A short code.
    message : str
        A sentence: what came, what was wanted, what to do.
    """

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a file.

    Parameters
    ----------
    analysis : Analysis
        What was found out.
    kept : Kept, optional
        What the encoder read of it, for training; None where it cannot be trained.
    """

    analysis: Analysis
    kept: Kept | None


Outcome: TypeAlias = Heard | Failure


@dataclass(frozen=True, slots=True)
class Listen(ByEar):
    """Decode, separate, embed and fingerprint each file."""

    def files(self, job: Job) -> tuple[Path, ...]:
        """See `Work`."""
        return (job.path,)

    def open(self, at: At) -> Callable[[Job, At], Outcome]:
        """Load the networks; see `Work`."""
        separator, encoder = Ears(at(self.ears.model), at(self.ears.cache)).load()
        caught = catcher(separator, encoder)
        analyser = Analyser(separator, encoder, caught if encoder.trainable else None)

        def do(job: Job, at: At) -> Outcome:
            # also in a process that is not ours alone: the same numbers everywhere, and where
            # others keep the cores busy a third of the time
            with one_thread():
                found = analyse(analyser, job, at(job.path))
            return found if isinstance(found, Failure) else Heard(found, caught.take())

        return do

    def failed(self, job: Job, fault: Fault) -> Outcome:
        """See `Work`."""
        return Failure(fault.reason, f"{job.path} {fault.told}")


def analyse(analyser: Analyser, job: Job, path: Path) -> Analysis | Failure:
    """Analyse one file, which lies at `path`; what is wrong with it comes back as a failure."""
    try:
        return analyser.analyse(path, job.content)
    except Unreadable as error:
        return Failure(error.reason, str(error).replace(str(path), str(job.path)))
    except MemoryError:
        return Failure("memory", f"{job.path} needs more memory than there is. Free some.")
