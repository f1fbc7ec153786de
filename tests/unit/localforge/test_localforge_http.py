"""What holds for the whole API: pages, ETags, rate limits, the record of calls; and who may not come in at all."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.localforge import ForgeSettings, start
from tests.unit.localforge.forge_world import World


async def test_paging(world: World) -> None:
    path = f"{world.repo}/issues/{await world.open()}/comments"
    for number in range(7):
        await world.dana.ok("POST", path, {"body": str(number)})
    seen, url, pages = [], f"{path}?per_page=3", 0
    while url:
        answer = await world.app("GET", url)
        seen += [each["body"] for each in answer.json]
        pages += 1
        assert ("next" in answer.links) == (pages < 3)
        url = answer.links.get("next", "")
    assert (seen, pages) == ([str(each) for each in range(7)], 3)
    assert "Link" not in (await world.app("GET", path)).headers
    for _ in range(100):
        await world.dana.ok("POST", path, {"body": "x"})
    assert len((await world.app("GET", f"{path}?per_page=1000")).json) == 100


async def test_etags_save_a_request(world: World) -> None:
    first = await world.app("GET", world.repo)
    left = int(first.headers["X-RateLimit-Remaining"])
    second = await world.app("GET", world.repo, If_None_Match=first.headers["ETag"])
    assert (second.status, second.text) == (304, "")
    assert second.headers["ETag"] == first.headers["ETag"]
    assert int(second.headers["X-RateLimit-Remaining"]) == left
    third = await world.app("GET", world.repo, If_None_Match='W/"other"')
    assert (third.status, int(third.headers["X-RateLimit-Remaining"])) == (200, left - 1)


async def test_unknown_addresses_and_methods(world: World) -> None:
    assert (await world.dana("GET", "/nope")).json["message"] == "Not Found"
    assert (await world.dana("DELETE", "/user")).status == 405
    assert (await world.dana("GET", f"{world.repo}/pulls/99")).status == 404
    assert (await world.dana("GET", f"{world.repo}/pulls/x")).status == 404


async def test_the_record_counts_calls_and_seconds(world: World) -> None:
    root = world.forge.url
    assert (await world.client()("DELETE", f"{root}/_record/calls")).status == 204
    await world.app("GET", world.repo)
    await world.dana("GET", f"{world.repo}/pulls/9")
    found = (await world.client()("GET", f"{root}/_record")).json
    assert [(call["method"], call["path"], call["status"], call["account"]) for call in found["calls"]] == [
        ("GET", "/repos/acme/shop", 200, "tidegate[bot]"),
        ("GET", "/repos/acme/shop/pulls/9", 404, "dana"),
    ]
    assert found["seconds"] == pytest.approx(sum(call["seconds"] for call in found["calls"]))
    assert found["seconds"] > 0


@pytest.mark.parametrize("host", ["forge.example.org", "169.254.1.1", "127.0.0.1.example.org", "localhost.evil:80"])
async def test_foreign_host_names_are_not_answered(world: World, host: str) -> None:
    for path in ("/", "/_record", "/api/v3/user"):
        answer = await world.client()("GET", world.forge.url + path, Host=host)
        assert answer.status == 421


@pytest.mark.parametrize(
    "header", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
async def test_other_sites_pages_can_change_nothing(world: World, header: dict[str, str]) -> None:
    for path in ("/login", "/_faults", "/_admin/users", "/acme/shop.git/git-receive-pack"):
        async with world.session.post(world.forge.url + path, headers=header, data=b"[]") as answer:
            assert answer.status == 403, path


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org"])
async def test_only_loopback(tmp_path: Path, host: str) -> None:
    with pytest.raises(ValueError, match=r"loopback|not appear to be"):
        await start(ForgeSettings(state=tmp_path, host=host))


async def test_webhooks_go_to_this_machine_only(world: World) -> None:
    answer = await world.client()("POST", f"{world.forge.url}/_admin/webhook", {"url": "https://example.org/hook"})
    assert (answer.status, "this machine only" in answer.json["message"]) == (422, True)


async def test_as_a_process_of_its_own(tmp_path: Path, tree: Path) -> None:
    command = (".venv/bin/python", "-m", "bot.localforge", "--state", str(tmp_path / "own"))
    root = Path(__file__).parents[3]
    process = await asyncio.create_subprocess_exec(*command, cwd=root, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    ready = json.loads(await process.stdout.readline())
    async with aiohttp.ClientSession(ready["url"]) as session:
        seeds = {
            "users": {"login": "dana"},
            "teams": {"org": "acme", "slug": "sre", "members": ["olga"]},
            "repositories": {"full_name": "acme/shop", "path": str(tree), "roles": {"dana": "write"}},
            "roles": {"repository": "acme/shop", "login": "olga", "role": "admin"},
            "webhook": {"url": "http://127.0.0.1:9/hook"},
            "links": {"prod": "http://127.0.0.1:9/"},
        }
        answers: dict[str, Any] = {}
        for name, body in seeds.items():
            async with session.post(f"/_admin/{name}", json=body) as answer:
                assert answer.status in (200, 201, 204), await answer.text()
                answers[name] = await answer.json() if answer.status != 204 else None
        headers = {"Authorization": f"token {answers['users']['token']}"}
        async with session.get("/api/v3/repos/acme/shop/branches/main", headers=headers) as answer:
            assert answer.status == 200
        async with session.get("/_admin/app") as answer:
            app = await answer.json()
            assert (app["app_id"], app["webhook_url"]) == (ready["app_id"], "http://127.0.0.1:9/hook")
        async with session.post("/_admin/repositories", json={"full_name": "acme/shop"}) as answer:
            assert answer.status == 422
    process.terminate()
    assert await process.wait() == 0


async def test_the_process_refuses_to_be_reached_from_elsewhere(tmp_path: Path) -> None:
    command = (".venv/bin/python", "-m", "bot.localforge", "--state", str(tmp_path), "--listen", "0.0.0.0:0")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[3], stdout=pipe, stderr=pipe)
    out, err = await process.communicate()
    assert (process.returncode, out) == (1, b"")
    assert b"listens on loopback addresses only" in err
