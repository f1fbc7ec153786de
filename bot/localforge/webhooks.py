"""Sending webhooks as GitHub sends an App's: signed, in the background, ten seconds at most, never again by itself.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
"""

import asyncio
import contextlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import aiohttp

from bot.localforge.faults import Faults
from bot.localforge.rows import App, Delivery
from bot.localforge.state import State

__all__ = ["Webhooks", "signature"]

TIMEOUT_SECONDS = 10
KEPT = 1000


def signature(secret: str, body: bytes, algorithm: str = "sha256") -> str:
    """`sha256=<hex>`, the HMAC of the raw body."""
    return f"{algorithm}={hmac.new(secret.encode(), body, algorithm).hexdigest()}"


class Webhooks:
    """The outgoing side of the App's hook."""

    def __init__(self, state: State, faults: Faults, now: Callable[[], str]) -> None:
        self._state, self._faults, self._now = state, faults, now
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[Delivery] = []

    async def start(self) -> None:
        """Open the client."""
        # A hook is answered on the same machine: a proxy of the environment must never see it.
        self._session = aiohttp.ClientSession(
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
            connector=aiohttp.TCPConnector(limit=20),
        )

    async def stop(self) -> None:
        """End what is on its way; it stays in the list as failed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def idle(self) -> None:
        """Wait until nothing is on its way (what is held back does not count)."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def send(self, event: str, payload: dict[str, Any]) -> None:
        """Deliver an event in the background, unless the App has no webhook."""
        if not self._app.webhook_url or self._session is None:
            return
        fault = self._faults.webhook(event)
        kind = fault.kind if fault else ""
        if kind == "lost":
            return
        delivery = self._row(event, payload)
        if kind == "fail":
            self._finish(delivery, 0.0, 502, "Invalid HTTP Response: 502", "")
        elif kind == "reorder":
            self._held.append(delivery)
        else:
            self._spawn(delivery, corrupt=kind == "corrupt", delay=fault.seconds if fault and kind == "delay" else 0)
            if kind == "duplicate":
                self._spawn(self._state.deliveries.put(replace(delivery, id=self._state.next_id())))

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Send the same bytes once more under the same GUID; a new entry of the list."""
        again = replace(
            delivery,
            id=self._state.next_id(),
            delivered_at=self._now(),
            redelivery=True,
            status="pending",
            status_code=0,
            duration=0.0,
            answer="",
        )
        self._spawn(self._state.deliveries.put(again))
        return again

    def release(self) -> None:
        """Send what was held back."""
        held, self._held = self._held, []
        for delivery in held:
            self._spawn(delivery)

    @property
    def _app(self) -> App:
        return next(iter(self._state.apps))

    def _row(self, event: str, payload: dict[str, Any]) -> Delivery:
        row = Delivery(
            id=self._state.next_id(),
            guid=str(uuid.uuid4()),
            event=event,
            action=payload.get("action"),
            installation=payload.get("installation", {}).get("id"),
            repository=payload.get("repository", {}).get("id"),
            body=json.dumps(payload, separators=(",", ":")),
            delivered_at=self._now(),
        )
        for old in list(self._state.deliveries)[: max(0, len(self._state.deliveries) - KEPT)]:
            self._state.deliveries.drop(old.id)
        return self._state.deliveries.put(row)

    def _spawn(self, delivery: Delivery, *, corrupt: bool = False, delay: float = 0) -> None:
        task = asyncio.create_task(self._deliver(delivery, corrupt, delay))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery, corrupt: bool, delay: float) -> None:
        if delay:
            await asyncio.sleep(delay)
        assert self._session is not None
        started = time.monotonic()
        code, status, answer = 0, "failed to connect to host", ""
        try:
            async with self._session.post(
                self._app.webhook_url,
                data=delivery.body.encode(),
                headers=self._headers(delivery, corrupt),
                allow_redirects=False,
            ) as response:
                code = response.status
                status = "OK" if response.ok else f"Invalid HTTP Response: {code}"
                answer = (await response.content.read(10_000)).decode(errors="replace")
        except TimeoutError:
            status = "timed out"
        except aiohttp.ClientError:
            pass
        finally:
            self._finish(delivery, time.monotonic() - started, code, status, answer)
        self.release()

    def _finish(self, delivery: Delivery, seconds: float, code: int, status: str, answer: str) -> None:
        done = replace(delivery, duration=round(seconds, 3), status_code=code, status=status, answer=answer)
        with contextlib.suppress(OSError):  # the state folder may be gone when a test ends
            self._state.deliveries.put(done)

    def _headers(self, delivery: Delivery, corrupt: bool) -> dict[str, str]:
        app, body = self._app, delivery.body.encode()
        secret = app.secret + ("-wrong" if corrupt else "")
        return {
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/localforge",
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Delivery": delivery.guid,
            "X-GitHub-Hook-ID": str(app.id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-GitHub-Hook-Installation-Target-ID": str(app.id),
            "X-Hub-Signature": signature(secret, body, "sha1"),
            "X-Hub-Signature-256": signature(secret, body),
        }
