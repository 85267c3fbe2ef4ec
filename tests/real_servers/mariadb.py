"""MariaDB on a socket of its own, in a folder that is thrown away."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from real_servers.processes import running, wait_until


@contextmanager
def mariadb_server() -> Iterator[str]:
    """Run a server for the time of the block; yield the URL of it, to which a name is added."""
    # not pytest's own folder: its path is longer than a socket's name may be
    folder = Path(tempfile.mkdtemp(prefix="nf-maria-"))
    common = ["--no-defaults", f"--datadir={folder}/data", "--user=root"]
    install = ["mariadb-install-db", *common, "--auth-root-authentication-method=normal"]
    command = [
        shutil.which("mariadbd") or "/usr/sbin/mariadbd",
        *common,
        f"--socket={folder}/socket",
        "--skip-networking",
        f"--log-error={folder}/log",
        "--innodb-flush-log-at-trx-commit=0",
    ]
    try:
        subprocess.run(install, check=True, capture_output=True)
        with running(command, folder / "log") as process:
            wait_until((folder / "socket").exists, process, folder / "log")
            yield f"mysql+pymysql://root@localhost/?unix_socket={folder}/socket"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
