"""A home on real servers, the service over it, and clients that ask without a pause."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, make_url, text

from nearfield.home import Nearfield
from nearfield.vectors.options import MilvusOptions

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # how servers are started is theirs
from posting import Posting, posting
from real_servers.asking import Asking, Question, asking
from real_servers.cluster import Cluster
from real_servers.mariadb import MariaDB, running_mariadb
from real_servers.processes import free_port
from real_servers.questions import either, make_questions
from service_process import Served, served
from synthetic import make_movielens

REPLICAS: Final = 2
_MODEL: Final[dict[str, Any]] = {"dim": 32, "width": 32, "id_dim": 32, "layers": 1, "window": 32}


@dataclass(frozen=True)
class Sizes:
    """How large the home is, and how much of it is asked for."""

    users: int = 300
    items: int = 800
    events: int = 15_000
    asked: int = 60
    """So many users, and so many items."""


@dataclass(frozen=True)
class Prepared:
    """A home with two models, and what each of them answers."""

    folder: Path
    models: tuple[Path, Path]
    questions: Sequence[Question]


@dataclass
class Stage:
    """What a fault is made in."""

    cluster: Cluster
    database: MariaDB | None
    prepared: Prepared
    env: Mapping[str, str]
    asked: Asking = field(default_factory=Asking)
    _port: int = field(default_factory=free_port)
    _service: ExitStack = field(default_factory=ExitStack)
    _served: Served | None = None
    _posted_until: int = 0

    @property
    def address(self) -> str:
        """Where the service answers, also after it was started anew."""
        return f"http://127.0.0.1:{self._port}"

    def start_service(self) -> None:
        """Start the service."""
        self._service.close()
        self._served = self._service.enter_context(
            served(self.prepared.folder, "--no-worker", port=self._port, env=self.env)
        )

    def kill_service(self) -> None:
        """Kill it as `kill -9` does."""
        assert self._served is not None
        self._served.kill()

    def open_home(self) -> Nearfield:
        """Open the home as the service does, to be closed again."""
        return Nearfield(
            self.prepared.folder,
            milvus_uri=self.cluster.uri,
            database_url=self.env.get("NEARFIELD_DATABASE_URL"),
            milvus=MilvusOptions(replicas=REPLICAS),
        )

    @contextmanager
    def posting(self) -> Iterator[Posting]:
        """Post events for the time of the block."""
        first, self._posted_until = self._posted_until, self._posted_until + 10_000_000
        with posting(self.address, first=first, pause=0.05) as found:
            yield found

    def check(self, posted: Posting) -> dict[str, int]:
        """Compare what was acknowledged with what SQL holds."""
        with self.open_home() as home:
            lost, twice = posted.check(home.stores.catalogue("movies"))
        return {
            "events_acknowledged": len(posted.acknowledged),
            "events_lost": len(lost),
            "events_twice": len(twice),
            "posts_refused": len(posted.refused),
        }

    def full(self, seconds: float = 120) -> None:
        """Wait until all answers are full; AssertionError if that does not come."""
        self.asked.wait_full(seconds, self.cluster.mend)

    def replicated(self, seconds: float = 60) -> None:
        """Wait until every copy of every space has its nodes."""
        until = time.monotonic() + seconds
        while self.cluster.replicas() < REPLICAS:
            assert time.monotonic() < until, f"{self.cluster.replicas()} copies after {seconds} s"
            time.sleep(0.5)


@contextmanager
def open_stage(
    cluster: Cluster, folder: Path, database: str, sizes: Sizes = Sizes()
) -> Iterator[Stage]:
    """Fill a home on the cluster and on a database, and run service and clients over it.

    Parameters
    ----------
    cluster : Cluster
        Which runs.
    folder : Path
        For the home.
    database : {"mariadb", "sqlite"}
        Where its facts lie.
    sizes : Sizes
        How large it is.
    """
    with ExitStack() as stack:
        server, env = None, {}
        if database == "mariadb":
            # as careful as it is unless told otherwise: each commit is written before it is told
            server = stack.enter_context(running_mariadb(options=()))
            env["NEARFIELD_DATABASE_URL"] = _database(server)
        prepared = _prepare(folder, env.get("NEARFIELD_DATABASE_URL"), sizes)
        env |= {"NEARFIELD_MILVUS_URI": cluster.uri, "NEARFIELD_MILVUS_REPLICAS": str(REPLICAS)}
        stage = Stage(cluster, server, prepared, env)
        with stage.open_home() as home:
            home.publish(model=prepared.models[0])
        stack.enter_context(stage._service)
        stage.start_service()
        stage.asked = stack.enter_context(asking(stage.address, prepared.questions))
        stage.full()
        yield stage


def _database(server: MariaDB) -> str:
    """Make an empty database, which ends with its server; return its address."""
    url = make_url(server.url).set(database="nearfield")
    engine = create_engine(server.url)
    with engine.begin() as connection:
        connection.execute(text("CREATE DATABASE nearfield CHARACTER SET utf8mb4"))
    engine.dispose()
    return url.render_as_string(hide_password=False)


def _prepare(folder: Path, database: str | None, sizes: Sizes) -> Prepared:
    """Import, train twice, and ask for the right answers of both models."""
    data = make_movielens(folder / "data", sizes.users, sizes.items, sizes.events)
    with Nearfield(folder / "home", database_url=database) as home:
        home.import_folder("movies", data)
        models, questions = [], []
        for epochs in (1, 2):
            model = home.train("fusion", epochs=epochs, seed=epochs, **_MODEL)
            home.publish(model=model)
            models.append(model.folder)
            questions.append(make_questions(home, sizes.asked, sizes.asked))
    return Prepared(folder / "home", (models[0], models[1]), either(*questions))
