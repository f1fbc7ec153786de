"""The server's log: text for people on a terminal, JSON lines elsewhere, on standard error of all its processes.

And standard error itself, of which the server and the commands hold that its failures concern nobody.
"""

import io
import logging
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from bot.settings import LogForm

__all__ = ["configure", "lossy"]


def configure(form: "LogForm") -> None:
    """Have this process log so. Fields only, never an exception's values from outside."""
    import structlog  # imported late: a command that logs nothing need not load it

    sys.stderr = lossy(sys.stderr)
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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def lossy(stream: TextIO) -> TextIO:
    """The same file for any text, without a buffer: a full disk, or that nobody reads any more, stops no work.

    In a buffer it would be tried again before each process that is started, so that none could be, and as Python ends.
    """
    try:
        file = Lossy(stream)
    except OSError:  # it is no file
        return stream
    return io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", write_through=True)


class Lossy(io.FileIO):
    """A file that takes everything, and keeps what it can. It is that of `stream`, which would close it as it goes."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream.fileno(), "w", closefd=False)
        self._stream = stream

    def write(self, data: Any, /) -> int:
        """Write as far as that is possible."""
        with suppress(OSError):
            super().write(data)
        return len(data)
