"""Joins a Ray cluster, or starts one on this machine, and looks whether it can do the work."""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from nearfield.bulk.local_ray import local_ray
from nearfield.errors import InvalidInput, Unavailable

STORE: Final = 256 * 1024 * 1024
"""Bytes of the object store of a Ray that is started here, and what jobs may take of another."""

_PATIENCE: Final = 120.0
"""Seconds that the machines of a cluster have to answer."""

_ENTRIES: Final = 3
"""How often a cluster is asked to let us in."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine of a cluster.

    Parameters
    ----------
    node : str
        Ray's name for it.
    address : str
        Its address.
    cpus, memory : float
        Cores, and bytes, that it offers.
    """

    node: str
    address: str
    cpus: float
    memory: float

    def room(self, memory: int) -> int:
        """Return how many workers of so many bytes it has room for."""
        return min(int(self.cpus), int(self.memory // memory))


@contextmanager
def joined(address: str | None, workers: int | None) -> Iterator[list[Machine]]:
    """Be part of a cluster for the time of the block.

    Parameters
    ----------
    address : str, optional
        "ray://HOST:PORT", "HOST:PORT" or "auto"; where not given a Ray is started that lives as
        long as the block.
    workers : int, optional
        Cores that such a Ray uses; all where not given.

    Yields
    ------
    list of Machine
        Those that are alive.

    Raises
    ------
    Unavailable
        If the cluster does not answer.
    """
    with ExitStack() as ending:
        if address is None:
            address = ending.enter_context(_started(workers))
        ending.callback(ray.shutdown)
        _join(address)
        yield _machines()


@contextmanager
def _started(workers: int | None) -> Iterator[str]:
    """Run a Ray on this machine for the time of the block, and yield its address."""
    with tempfile.TemporaryDirectory(prefix="nearfield-ray-", ignore_cleanup_errors=True) as folder:
        options = {
            "num_cpus": workers,
            "object_store_memory": STORE,
            "include_dashboard": False,
            "log_to_driver": False,
            "logging_level": logging.ERROR,
            "_temp_dir": folder,
        }
        with local_ray(options) as address:
            yield address


def _join(address: str) -> None:
    try:
        _join_running(address)
    except (ConnectionError, RuntimeError, RayError, ValueError, OSError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        told = lines[-1].rstrip(".")
        raise Unavailable(
            f"Ray at {address} cannot be used: {told}. Check that it runs, that the address is "
            f"right, and that it is Ray {ray.__version__} on the same Python as here."
        ) from error


def _join_running(address: str) -> None:
    """Join a cluster; again, where it let us in and then could not serve us.

    The server of Ray's clients forks while gRPC has threads; one time in ten or so what it forked
    dies in gRPC, and it says so after half a minute. With `GRPC_ENABLE_FORK_SUPPORT=0` around
    `ray start` it does not (0 of 59 times, 4 of 48 without).
    """
    for left in reversed(range(_ENTRIES)):
        try:
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
        except ConnectionError as error:
            ray.shutdown()
            if not left or "timeout" in str(error):  # nobody is there
                raise
        else:
            return


def _nodes() -> list[dict[str, Any]]:
    nodes: Any = ray.nodes  # does not say its types
    found: list[dict[str, Any]] = nodes()
    return found


def _machines() -> list[Machine]:
    return [
        Machine(
            node["NodeID"],
            node["NodeManagerAddress"],
            node["Resources"].get("CPU", 0.0),
            node["Resources"].get("memory", 0.0),
        )
        for node in _nodes()
        if node["Alive"]
    ]


def room_for(machines: Sequence[Machine], memory: int, wanted: int | None) -> int:
    """Return how many workers to start: as many as wanted, and as there is room for.

    Raises
    ------
    Unavailable
        If there is room for none.
    """
    room = sum(one.room(memory) for one in machines)
    if not room:
        raise Unavailable(
            f"none of the {len(machines)} machines of the Ray cluster offers one CPU and "
            f"{memory / 1e6:,.0f} MB of memory, which a worker needs. Start Ray there with more: "
            f"`ray start --num-cpus N --memory BYTES`."
        )
    return room if wanted is None else min(room, wanted)


def check_machines(machines: Sequence[Machine], packages: Sequence[str]) -> None:
    """Look whether all machines have the same Nearfield as this one, and what the work needs.

    Raises
    ------
    InvalidInput
        Naming the machines that have not.
    Unavailable
        If one does not answer.
    """
    wanted = version("nearfield")
    remote = ray.remote(num_cpus=0, max_retries=2)(_asker(tuple(packages)))
    asked = {
        one: remote.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(one.node, soft=False)
        ).remote()
        for one in machines
    }
    for machine, answer in asked.items():
        try:
            found, missing = ray.get(answer, timeout=_PATIENCE)
        except (RayError, TimeoutError) as error:
            raise Unavailable(
                f"machine {machine.address} of the Ray cluster does not answer: {error}"
            ) from error
        _check_found(machine.address, found, wanted)
        if missing:
            raise InvalidInput(
                f"machine {machine.address} of the Ray cluster has no {', '.join(missing)}. "
                f"Install there: pip install 'nearfield[sound,ray]=={wanted}'."
            )


def _check_found(address: str, found: str | None, wanted: str) -> None:
    if found == wanted:
        return
    has = "no Nearfield" if found is None else f"Nearfield {found}"
    raise InvalidInput(
        f"machine {address} of the Ray cluster has {has}, and this one {wanted}: their vectors "
        f"could not be compared. Install there: pip install 'nearfield[sound,ray]=={wanted}'."
    )


def _asker(packages: tuple[str, ...]) -> Any:
    """Return what runs on each machine. Nested, so that it travels whole where we are not."""

    def ask() -> tuple[str | None, list[str]]:
        from importlib.metadata import PackageNotFoundError, version
        from importlib.util import find_spec

        missing = [one for one in packages if find_spec(one) is None]
        try:
            return version("nearfield"), missing
        except PackageNotFoundError:
            return None, missing

    return ask
