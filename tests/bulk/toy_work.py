"""A work that needs nothing: jobs that succeed, crash, or take down who gave them."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nearfield.bulk.work import At, Fault

CRASHES = -1
KILLS = -2


@dataclass(frozen=True)
class Square:
    """Squares numbers; a path stands for the number in its file.

    `CRASHES` ends the process that works on it, `KILLS` also the one that started that.
    """

    folder: Path

    @property
    def folders(self) -> tuple[Path, ...]:
        return (self.folder,)

    @property
    def packages(self) -> tuple[str, ...]:
        return ("numpy",)

    @property
    def memory(self) -> int:
        return 100_000_000

    def files(self, job: int | Path) -> tuple[Path, ...]:
        return (job,) if isinstance(job, Path) else ()

    def open(self, at: At) -> Callable[[int | Path, At], str]:
        sign = int((at(self.folder) / "sign.txt").read_text())

        def do(job: int | Path, at: At) -> str:
            number = int(at(job).read_text()) if isinstance(job, Path) else job
            if number == CRASHES:
                os._exit(1)
            if number == KILLS:
                os.kill(os.getppid(), signal.SIGKILL)
                signal.pause()
            return str(sign * number**2)

        return do

    def failed(self, job: int | Path, fault: Fault) -> str:
        return f"{fault.reason}: {fault.told}"
