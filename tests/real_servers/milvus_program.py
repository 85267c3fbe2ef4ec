"""The program of Milvus itself, out of the package that carries it compressed."""

import lzma
import os
import shutil
import tempfile
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

from real_servers.processes import PROGRAMS

_PACKAGES: Final = PROGRAMS.parent / "lib"
_UNPACKED: Final = PROGRAMS.parent / "unpacked"


def milvus_program() -> Path:
    """Return the program, beside the libraries that it loads; unpacked once (200 MB, some 10 s).

    The package's own command runs all of Milvus in one process; a cluster starts the program in
    one process for each part.
    """
    if not _UNPACKED.exists():
        made = Path(tempfile.mkdtemp(dir=_UNPACKED.parent, prefix="unpacking-"))
        try:
            for packed in (_package() / "data" / "bin").glob("*.lzma"):
                with lzma.open(packed) as source, (made / packed.stem).open("wb") as target:
                    shutil.copyfileobj(source, target)
                (made / packed.stem).chmod(0o755)
            os.rename(made, _UNPACKED)  # whole or not at all
        except OSError:
            if not _UNPACKED.exists():  # else another process was quicker
                raise
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return _UNPACKED / "milvus"


def glog_settings() -> Path:
    """Return what Milvus wants to find beside its settings, for its C++ part."""
    return _package() / "data" / "glog.conf"


def _package() -> Path:
    found = PathFinder.find_spec("milvus", list(map(str, _PACKAGES.glob("*/site-packages"))))
    assert found is not None, f"no Milvus in {_PACKAGES}; tools/server-tools.sh installs it"
    assert found.origin is not None
    return Path(found.origin).parent
