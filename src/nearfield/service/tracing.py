"""Traces for OpenTelemetry: a span a request, and one below it for each stage of its answer."""

import time
from collections.abc import Awaitable, Callable

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nearfield.recommend.stages import observed


class Tracing:
    """The layer that makes a span of every request.

    Parameters
    ----------
    app : ASGI application
        What answers.
    exporter : SpanExporter
        Takes the spans.
    """

    def __init__(self, app: ASGIApp, exporter: SpanExporter) -> None:
        self._app = app
        self._provider = TracerProvider(resource=Resource.create({"service.name": "nearfield"}))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("nearfield")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request inside a span."""
        if scope["type"] != "http":
            try:
                await self._app(scope, receive, send)
            finally:
                self._provider.shutdown()  # a lifespan has ended: nothing more comes
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        with self._tracer.start_as_current_span(
            f"{scope['method']} {scope['path']}",
            context=extract(headers),
            kind=trace.SpanKind.SERVER,
            attributes={"http.request.method": scope["method"], "url.path": scope["path"]},
        ) as span:
            with observed(self._stage):
                await self._app(scope, receive, _telling(span, send))
            route = getattr(scope.get("route"), "path", None)
            if route:
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.route", route)

    def flush(self) -> None:
        """Send what was not sent yet."""
        self._provider.force_flush()

    def _stage(self, name: str, seconds: float) -> None:
        """Make a span of a stage that has just ended."""
        end = time.time_ns()
        self._tracer.start_span(name, start_time=end - int(seconds * 1e9)).end(end)


def otlp(endpoint: str) -> SpanExporter:
    """Return what sends spans to an address that takes OTLP over HTTP."""
    return OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")


def _telling(span: trace.Span, send: Send) -> Callable[[Message], Awaitable[None]]:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            span.set_attribute("http.response.status_code", message["status"])
        await send(message)

    return sending
