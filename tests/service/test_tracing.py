"""Spans of requests and of the stages of their answers."""

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from nearfield.service.tracing import Tracing, otlp
from running_service import Running
from service_process import wait_for

MOVIES = "/api/catalogues/movies"


def test_a_request_is_a_span_with_its_stages_below(
    movies: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = InMemorySpanExporter()
    inner = movies.app.middleware_stack
    assert inner is not None
    tracing = Tracing(inner, exporter)
    monkeypatch.setattr(movies.app, "middleware_stack", tracing)
    trace = "0af7651916cd43dd8448eb211c80319c"
    movies.http.get(
        f"{MOVIES}/items/3/similar", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    )
    name = "GET /api/catalogues/{catalogue}/items/{item}/similar"

    def told() -> dict[str, ReadableSpan]:
        tracing.flush()
        found = {span.name: span for span in exporter.get_finished_spans()}
        return found if name in found else {}  # a span ends after the answer was sent

    spans = wait_for(told, 10)
    whole = spans[name]
    assert f"{whole.context.trace_id:032x}" == trace  # it goes on with the caller's
    assert whole.attributes is not None
    assert whole.attributes["http.response.status_code"] == 200
    for stage in ("filter", "embed", "search", "rerank", "explain"):
        below = spans[stage]
        assert below.parent is not None
        assert below.parent.span_id == whole.context.span_id
        assert below.start_time is not None
        assert below.end_time is not None
        assert below.end_time >= below.start_time


def test_the_address_is_that_of_a_collector() -> None:
    told = vars(otlp("http://collector:4318/"))
    assert told["_endpoint"] == "http://collector:4318/v1/traces"
