"""The webhook endpoint: body verified → stored durably with its delivery id → 2xx."""

import structlog
from aiohttp import web

from bot.errors import RefusedError, TemporaryError
from bot.store import deliveries
from bot.web.keys import WORLD
from bot.web.metrics import WEBHOOKS

__all__ = ["MAX_BODY", "receive"]

MAX_BODY = 25 * 1024 * 1024
"""GitHub's own limit for a webhook's payload: https://docs.github.com/en/webhooks/webhook-events-and-payloads"""

log = structlog.get_logger(__name__)


async def receive(request: web.Request) -> web.Response:
    """202 stored (or seen before, or none of ours); 401, 400, 413 refused; 503 the store is down: send it again."""
    world = request.app[WORLD]
    name = request.match_info["forge"]
    forge = world.forges.get(name)
    if forge is None:
        return answer(name, 404, f"there is no forge {name!r} here")
    if request.content_length is not None and request.content_length > MAX_BODY:
        return answer(name, 413, f"the body is larger than {MAX_BODY} bytes")
    try:
        body = await read(request)
        delivery = forge.receive(request.headers, body)
        fresh = await world.store.write(lambda conn: deliveries.accept(conn, name, delivery, world.clock()))
    except RefusedError as error:
        log.warning("webhook refused", forge=name, status=error.status, reason=str(error))
        return answer(name, error.status, str(error))
    except TemporaryError as error:
        log.error("webhook not stored", forge=name, reason=str(error))
        return answer(name, 503, "the store is not available; send it again")
    world.signal.set()
    if delivery.reach:
        world.reach.set()
    log.info("webhook", forge=name, webhook=delivery.event, delivery=delivery.id, fresh=fresh)
    return answer(name, 202, "stored" if fresh else "seen before")


async def read(request: web.Request) -> bytes:
    """The whole body. RefusedError: larger than the limit, or cut off."""
    body = bytearray()
    try:
        async for chunk in request.content.iter_chunked(64 * 1024):
            body += chunk
            if len(body) > MAX_BODY:
                raise RefusedError(413, f"the body is larger than {MAX_BODY} bytes")
    except (web.RequestPayloadError, ConnectionError) as error:
        raise RefusedError(400, f"the body could not be read: {error}") from None
    return bytes(body)


def answer(forge: str, status: int, text: str) -> web.Response:
    """A plain answer, counted."""
    WEBHOOKS.labels(forge=forge if status != 404 else "unknown", status=str(status)).inc()
    return web.Response(status=status, text=text + "\n")
