"""The server's log: text for people on a terminal, JSON lines elsewhere, on standard error of all its processes."""

import io
import logging
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO, cast

import structlog

if TYPE_CHECKING:
    from bot.settings import LogForm

__all__ = ["configure"]


def configure(form: "LogForm") -> None:
    """Have this process log so. Fields only, never an exception's values from outside."""
    sys.stderr = unbuffered(sys.stderr)
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    colours = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    renderer = structlog.dev.ConsoleRenderer(colors=colours) if text else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", Lossy(sys.stderr))),
        cache_logger_on_first_use=True,
    )


def unbuffered(stream: TextIO) -> TextIO:
    """The same file without a buffer: what cannot be written is gone, instead of failing whoever flushes it later.

    Each process that is started flushes standard error before, so that none could be.
    """
    try:
        file = io.FileIO(stream.fileno(), "w", closefd=False)
    except OSError:  # it is no file
        return stream
    return io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", write_through=True)


class Lossy:
    """A stream whose failures concern nobody: a log on a full disk, or that nobody reads any more, stops no work."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write as far as that is possible."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Hand over as far as that is possible."""
        with suppress(OSError):
            self._stream.flush()
