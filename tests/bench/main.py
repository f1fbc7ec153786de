"""The main job: push → comment, webhooks acknowledged, forge calls, idle memory.

The forge runs in a process of its own (the demo's), the server in another, and this one only measures. What the forge's
own handlers took is subtracted from the time of a push, and printed.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.cli.demo.walk.browser import Account, Place, eventually
from tests.bench.rows import Row, measured, show

__all__ = ["run"]

ROUNDS = 7
RATE, SECONDS = 50, 6
READS = ("GET", "HEAD")


@dataclass
class Bench:
    """A running demo, seen from outside."""

    place: Place
    folder: Path
    developer: Account

    async def record(self) -> dict[str, Any]:
        """The forge's own record."""
        async with self.developer.session.get(f"{self.place.forge}/_record") as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def reset(self) -> None:
        """Forget the forge's calls up to now."""
        async with self.developer.session.delete(f"{self.place.forge}/_record/calls"):
            return

    async def ours(self) -> list[dict[str, Any]]:
        """The forge's calls that the server made."""
        return [call for call in (await self.record())["calls"] if (call["account"] or "").endswith("[bot]")]


@asynccontextmanager
async def demo() -> AsyncIterator[Bench]:
    """Start the demo as a process, wait until its pull request is planned, end it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "state"
        command = [sys.executable, "-m", "tests.bench.stage", str(folder)]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        async for line in process.stdout:
            if line.strip() == b"ready":
                break
        drain = asyncio.create_task(process.stdout.read())
        forge, tidegate = json.loads((folder / "ports.json").read_text())
        tokens = json.loads((folder / "people.json").read_text())
        place = Place(
            forge=f"http://127.0.0.1:{forge}", tidegate=f"http://127.0.0.1:{tidegate}", repository="acme/shop",
            folders={each.name: each for each in (folder / "targets").iterdir()}, pid_file=folder / "server.pid",
            developer="bo", approver="ana",
        )  # fmt: skip
        try:
            async with aiohttp.ClientSession() as session:
                yield Bench(place=place, folder=folder, developer=Account(session, place, "bo", tokens["bo"]))
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
            await process.wait()
            drain.cancel()


async def pushes(bench: Bench) -> list[Row]:
    """Push a commit that changes all 18 objects' environments; wait for the finished check."""
    branch = "bench"
    await bench.developer.branch(branch, "main")
    number = 0
    seconds: list[float] = []
    reads: list[float] = []
    writes: list[float] = []
    for round_ in range(ROUNDS + 1):
        for environment in ("dev", "staging", "prod"):
            path = f"envs/{environment}/config.yaml"
            text, _ = await bench.developer.read(path, branch)
            old = next(line for line in text.splitlines() if "GREETING" in line)
            if environment != "prod":
                await bench.developer.write(path, text.replace(old, f"  GREETING: round {round_}"), branch, "bench")
        if not number:
            number = await bench.developer.propose("bench", branch)
        await quiet(bench, number)
        await bench.reset()
        began = time.monotonic()
        await bench.developer.write(path, text.replace(old, f"  GREETING: round {round_}"), branch, "bench")
        took = await finished(bench, number, began)
        await quiet(bench, number)
        calls = await bench.ours()
        forge = sum(call["seconds"] for call in calls)
        if round_:
            seconds.append(took - forge)
            reads.append(sum(call["method"] in READS or "git-upload-pack" in call["path"] for call in calls))
            writes.append(sum(call["method"] not in READS and "git-upload-pack" not in call["path"] for call in calls))
            print(
                f"  round {round_}: {took:.3f} s, of which the forge {forge:.3f} s; "
                f"{reads[-1]:g} reads, {writes[-1]:g} writes"
            )
    return [
        measured("push → finished comment, 18 objects, warm, without the forge", seconds, "s", 1),
        measured("forge reads per pull-request update (304s and git included)", reads, "calls", 8),
        measured("forge writes per pull-request update", writes, "calls", 3),
    ]


async def finished(bench: Bench, number: int, began: float) -> float:
    """Seconds from `began` until the check of the newest head is completed and the comment is written."""
    pull = await bench.developer.call("GET", f"/pulls/{number}")
    head = pull["head"]["sha"]
    while True:
        check = await bench.developer.check(number)
        if check and check["head_sha"] == head:
            return time.monotonic() - began
        await asyncio.sleep(0.01)


async def quiet(bench: Bench, number: int) -> None:
    """Wait until the server makes no more calls about the pull request."""

    async def look() -> bool:
        before = len(await bench.ours())
        await asyncio.sleep(0.4)
        return len(await bench.ours()) == before and bool(await bench.developer.check(number))

    await eventually(look, "the server never came to rest")


async def webhooks(bench: Bench) -> Row:
    """Signed deliveries at a steady rate; the 99th percentile of the time to the durable 202, for each of five runs."""
    secret = (bench.folder / "secret").read_bytes().strip()
    repository = {"id": 1, "name": "shop", "full_name": "acme/shop", "owner": {"login": "acme", "id": 1}}
    body = json.dumps({"action": "started", "repository": repository, "padding": "x" * 8000}).encode()
    signature = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": "repository", "X-Hub-Signature-256": signature, "Content-Type": "application/json"}
    latencies: list[float] = []

    async def send() -> None:
        began = time.monotonic()
        url = f"{bench.place.tidegate}/webhook/local"
        async with bench.developer.session.post(
            url, data=body, headers={**headers, "X-GitHub-Delivery": str(uuid.uuid4())}
        ) as answer:
            text = await answer.text()
            assert answer.status == 202, f"{answer.status} {text}"
        latencies.append((time.monotonic() - began) * 1000)

    percentiles = []
    for _ in range(5):
        latencies.clear()
        tasks = []
        start = time.monotonic()
        for index in range(RATE * SECONDS):
            await asyncio.sleep(max(0.0, start + index / RATE - time.monotonic()))
            tasks.append(asyncio.create_task(send()))
        await asyncio.gather(*tasks)
        percentiles.append(sorted(latencies)[int(len(latencies) * 0.99) - 1])
    return measured(f"webhook acknowledged durably at {RATE}/s, p99", percentiles, "ms", 20)


async def memory(bench: Bench) -> Row:
    """Resident memory of a server that was started again on its store, some seconds after it came to rest."""
    bench.place.kill()

    async def back() -> bool:
        async with bench.developer.session.get(f"{bench.place.tidegate}/readyz") as answer:
            return answer.status == 200

    await eventually(back, "the server did not come back")
    await asyncio.sleep(3)
    pid = int(bench.place.pid_file.read_text())
    values = []
    for _ in range(5):
        await asyncio.sleep(1)
        status = Path(f"/proc/{pid}/status").read_text()
        values.append(int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024)
    return measured("idle memory of the server, started again", values, "MB", 120)


async def all_rows() -> list[Row]:
    """Every figure."""
    async with demo() as bench:
        idle = await memory(bench)
        return [*await pushes(bench), await webhooks(bench), idle]


def run(file: Path | None) -> int:
    """Measure and show; the exit status."""
    print(f"{os.cpu_count()} cores; medians of {ROUNDS} (pushes) and 5 rounds")
    return show(asyncio.run(all_rows()), file)
