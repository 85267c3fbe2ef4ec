"""What Prometheus reads: requests, stages of answers, connections, mirrors, spaces, jobs."""

from collections.abc import Iterator
from typing import Final, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from nearfield.errors import NearfieldError, Unavailable
from nearfield.health import State
from nearfield.recommend.stages import STAGES
from nearfield.service.state import Service
from nearfield.types import Degraded
from nearfield.vectors.index import VectorIndex
from nearfield.vectors.space import Space

_SECONDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The figures of one application, in a registry of their own.

    Parameters
    ----------
    registry : CollectorRegistry, optional
        Where they are kept; a new one where not given.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self.requests = Counter(
            "nearfield_requests",
            "Requests by route, method and status",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "nearfield_request_seconds",
            "Time until the last byte of an answer",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.stages = Histogram(
            "nearfield_stage_seconds",
            "Time of each stage of an answer",
            ["stage"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._stages = {name: self.stages.labels(name) for name in STAGES}
        ProcessCollector(registry=self.registry)

    def stage(self, name: str, seconds: float) -> None:
        """Count one stage of an answer, one of `STAGES`."""
        self._stages[name].observe(seconds)

    def watch(self, service: Service) -> None:
        """Let the registry tell, when it is read, what the home of a service holds."""
        self.registry.register(_Home(service))


class _Home(Collector):
    """Reads mirrors, spaces and jobs at the moment when it is asked."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        yield from self._health()
        yield from self._connections()
        try:
            yield from self._spaces()
            if self._service.vitals.known()["database"]:  # else the scrape would wait as long
                yield from self._jobs()
        except NearfieldError:
            return  # what is away is told by /readyz

    def describe(self) -> Iterator[Metric]:
        return iter(())  # nothing is read while it is registered

    def _health(self) -> Iterator[Metric]:
        """Tell what alerts go by; nothing is asked for it."""
        degraded = CounterMetricFamily(
            "nearfield_degraded", "Lists of less than the full quality", labels=["kind"]
        )
        counts = self._service.recommenders.outage.counts
        for kind in get_args(Degraded):
            degraded.add_metric([kind], counts[kind])
        up = GaugeMetricFamily(
            "nearfield_up", "1 where a part that the service needs answers", labels=["part"]
        )
        for part, answers in self._service.vitals.known().items():
            up.add_metric([part], answers)
        breaker = GaugeMetricFamily(
            "nearfield_milvus_breaker",
            "1 for the state of the breaker before Milvus: open refuses calls at once",
            labels=["state"],
        )
        health = self._service.stores.milvus_health()
        now: State = "open" if health is None else health.state  # never reached: nobody is asked
        for state in get_args(State):
            breaker.add_metric([state], state == now)
        memory = self._service.recommenders.memory
        yield from (degraded, up, breaker)
        yield GaugeMetricFamily(
            "nearfield_remembered_bytes", "Memory of the last good answers", memory.nbytes
        )

    def _connections(self) -> Iterator[Metric]:
        """Tell how near the pool is to its end; nothing is asked for it."""
        used = GaugeMetricFamily(
            "nearfield_sql_connections", "Connections to SQL that are in use at this moment"
        )
        most = GaugeMetricFamily(
            "nearfield_sql_connections_most", "Connections to SQL that this process may have"
        )
        found = self._service.stores.sql_connections()
        if found is not None:
            used.add_metric([], found[0])
            most.add_metric([], found[1])
        yield from (used, most)

    def _spaces(self) -> Iterator[Metric]:
        rows = GaugeMetricFamily(
            "nearfield_space_rows", "Vectors that answer", labels=["catalogue", "space"]
        )
        held = GaugeMetricFamily(
            "nearfield_mirror_bytes",
            "Memory of the copy in this process",
            labels=["catalogue", "space"],
        )
        version = InfoMetricFamily(
            "nearfield_space", "Which version answers", labels=["catalogue", "space"]
        )
        for space, index in self._service.stores.spaces.opened():
            names = [space.catalogue, space.recommender]
            rows.add_metric(names, self._rows(space, index))
            held.add_metric(names, getattr(index, "nbytes", 0))  # none where a server answers
            version.add_metric(names, {"version": space.version})
        yield from (rows, held, version)

    def _rows(self, space: Space, index: VectorIndex) -> int:
        """Count what answers; where Milvus does not tell, it is what was published."""
        if not self._service.vitals.known()["milvus"]:
            return space.rows
        try:
            return len(index)
        except Unavailable:
            return space.rows

    def _jobs(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("nearfield_jobs", "Jobs by state", labels=["state"])
        for state, count in self._service.queue.counts().items():
            jobs.add_metric([state], count)
        yield jobs
        yield GaugeMetricFamily(
            "nearfield_oldest_job_seconds",
            "Time since the oldest queued job was asked for, 0 where none is queued",
            self._service.queue.waits(),
        )
