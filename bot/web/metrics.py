"""Metrics in Prometheus' text format."""

import math
import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

from bot.errors import TemporaryError
from bot.store import queue
from bot.web.keys import WORLD

__all__ = ["WEBHOOKS", "measured", "metrics"]

WEBHOOKS = Counter("tidegate_webhooks", "Webhooks answered.", ["forge", "status"])
SECONDS = Histogram("tidegate_http_seconds", "Time to answer a request.", ["handler"])
READY = Gauge("tidegate_queue_ready", "Pieces of work that could be taken now.")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def measured(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Time every request by the name of its handler."""
    started = time.monotonic()
    try:
        return await handler(request)
    finally:
        name = getattr(request.match_info.handler, "__name__", "none")
        SECONDS.labels(handler=name).observe(time.monotonic() - started)


async def metrics(request: web.Request) -> web.Response:
    """Everything that is counted; what a store that is down does not tell is not a number."""
    world = request.app[WORLD]
    try:
        READY.set(await world.store.read(lambda conn: queue.ready(conn, world.clock())))
    except TemporaryError:
        READY.set(math.nan)
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
