"""Log lines as JSON on stderr, each with the id of its request."""

import logging
import sys
from typing import Final, TextIO

import structlog
from structlog.typing import Processor

_SHARED: Final[tuple[Processor, ...]] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)

_LOUD: Final = ("uvicorn.error", "faiss.loader", "huey", "pymilvus", "milvus_lite")
"""Libraries that tell more than is of use at the level INFO."""


def set_up_logs(stream: TextIO | None = None, people: bool | None = None) -> None:
    """Let this process log through structlog; called once, by whoever starts a process.

    Parameters
    ----------
    stream : text file, optional
        Where to; stderr where not given.
    people : bool, optional
        Whether lines are for people instead of JSON; where not given, if the stream is a terminal.
    """
    where = sys.stderr if stream is None else stream
    pretty = where.isatty() if people is None else people
    last: Processor = (
        structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(where)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
            foreign_pre_chain=list(_SHARED),
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
