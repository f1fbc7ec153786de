"""Webhooks that are not what they should be: each refused with its own message, and the server lives on."""

import hashlib
import hmac
import io
import json
import os
import socket

import aiohttp
import pytest

from bot.cli.demo.stage import Stage

pytestmark = pytest.mark.timeout(180)

BODY = json.dumps({"zen": "Keep it logically awesome.", "hook_id": 1}).encode()
MIB = 1024 * 1024


def signed(stage: Stage, body: bytes, scheme: str = "sha256") -> str:
    secret = (stage.place.pid_file.parent / "secret").read_bytes().strip()
    return f"{scheme}=" + hmac.new(secret, body, getattr(hashlib, scheme)).hexdigest()


async def send(stage: Stage, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    every = {"X-GitHub-Event": "ping", "X-GitHub-Delivery": os.urandom(8).hex(), "Content-Type": "application/json"}
    url = f"{stage.place.tidegate}/webhook/local"
    async with stage.session.post(url, data=io.BytesIO(body), headers=every | headers) as answer:
        return answer.status, await answer.text()


async def test_rows_1_to_3_and_58_to_60_signatures_sizes_and_shapes(stage: Stage) -> None:
    good = {"X-Hub-Signature-256": signed(stage, BODY)}
    assert (await send(stage, BODY, good))[0] == 202
    refused = {
        "unsigned": (BODY, {}, 401),
        "SHA-1": (BODY, {"X-Hub-Signature": signed(stage, BODY, "sha1")}, 401),
        "SHA-1 inside the header for SHA-256": (BODY, {"X-Hub-Signature-256": signed(stage, BODY, "sha1")}, 401),
        "wrongly signed": (BODY, {"X-Hub-Signature-256": "sha256=" + "0" * 64}, 401),
        "not ASCII": (BODY, {"X-Hub-Signature-256": "sha256=\xe9"}, 401),
        "truncated": (BODY[:-5], {"X-Hub-Signature-256": signed(stage, BODY[:-5])}, 400),
        "a list": (b"[1, 2]", {"X-Hub-Signature-256": signed(stage, b"[1, 2]")}, 400),
        "100,000 levels deep": (b"[" * 100_000, {"X-Hub-Signature-256": signed(stage, b"[" * 100_000)}, 400),
        "no delivery id": (BODY, {**good, "X-GitHub-Delivery": ""}, 400),
    }
    for name, (body, headers, status) in refused.items():
        got, text = await send(stage, body, headers)
        print(f"{name}: {got} {text.strip()}")
        assert got == status, f"{name}: {got} {text}"
        assert text.strip()
    large = b" " * (26 * MIB)
    assert (await send(stage, large, {"X-Hub-Signature-256": "sha256=" + "0" * 64}))[0] == 413
    fits = BODY[:-1] + b', "x": "' + b"x" * (24 * MIB) + b'"}'
    assert (await send(stage, fits, {"X-Hub-Signature-256": signed(stage, fits)}))[0] == 202
    assert (await send(stage, BODY, good))[0] == 202


async def test_row_5_a_delivery_is_taken_once(stage: Stage) -> None:
    headers = {"X-Hub-Signature-256": signed(stage, BODY), "X-GitHub-Delivery": "the-same"}
    assert "stored" in (await send(stage, BODY, headers))[1]
    assert "seen before" in (await send(stage, BODY, headers))[1]


async def test_row_6_and_7_other_repositories_and_urls_in_payloads_have_no_effect(stage: Stage) -> None:
    body = json.dumps(
        {
            "action": "opened",
            "number": 1,
            "pull_request": {"number": 1, "head": {"repo": {"clone_url": "http://127.0.0.1:9/evil.git"}}},
            "repository": {"id": 999_999, "full_name": "evil/repo", "clone_url": "http://127.0.0.1:9/evil.git"},
            "installation": {"id": 424242},
        }
    ).encode()
    headers = {"X-Hub-Signature-256": signed(stage, body), "X-GitHub-Event": "pull_request"}
    assert (await send(stage, body, headers))[0] == 202
    log = (stage.place.pid_file.parent / "server.log").read_text()
    assert "evil" not in log


async def test_row_58_a_body_that_never_ends_costs_nothing(stage: Stage) -> None:
    host, port = stage.place.tidegate.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(b"POST /webhook/local HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        assert (await send(stage, BODY, {"X-Hub-Signature-256": signed(stage, BODY)}))[0] == 202


async def test_an_unknown_forge_is_not_found(stage: Stage) -> None:
    async with stage.session.post(f"{stage.place.tidegate}/webhook/nobody", data=BODY) as answer:
        assert answer.status == 404


async def test_two_headers_of_one_name_are_refused(stage: Stage) -> None:
    signature = signed(stage, BODY)
    async with aiohttp.ClientSession() as session:
        headers = [("X-Hub-Signature-256", "sha256=" + "0" * 64), ("X-Hub-Signature-256", signature)]
        async with session.post(f"{stage.place.tidegate}/webhook/local", data=BODY, headers=headers) as answer:
            assert answer.status == 401
