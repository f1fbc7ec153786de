"""Pages: what a browser is told when there is nothing to show, and what a page may do."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import Connection, update

from bot.flow.world import World
from bot.model.environment import ApprovalRule
from bot.model.forge import PullRequest
from bot.model.identity import EnvironmentId
from bot.model.noun import Digest, Sha
from bot.store import environments, holds, plans, pulls
from bot.store.environments import AppliedState, Looked
from bot.store.tables import environments as rows
from bot.target.directory import Directory
from bot.web import make_site
from bot.web.keys import WORLD
from tests.support.alone import KEY, NOON, alone
from tests.support.thread import ANA, HEAD, PULL, show

Client = TestClient[web.Request, web.Application]
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    async with alone(tmp_path) as world, TestClient(TestServer(make_site(world))) as found:
        id = EnvironmentId(repository=KEY, name="qa")
        row = await world.store.write(lambda conn: environments.ensure(conn, id, NOON))
        await show(world, "d1:a", NOON, uids=(row.uid,))
        await stands(world, "open")
        yield found


async def stands(world: World, state: Any) -> None:
    """The pull request that shows the environment is in that state."""
    pull = PullRequest(
        id=PULL, title="t", url="u", base="main", head=HEAD, branch="b", author=ANA, fork=False, draft=False,
        state=state, at=NOON,
    )  # fmt: skip
    await world.store.write(lambda conn: pulls.save(conn, pull, NOON))


async def listed(client: Client) -> list[str]:
    """The environments of the first page."""
    async with client.get("/?format=json") as answer:
        return [each["name"] for each in (await answer.json())["environments"]]


async def test_an_environment_that_nothing_describes_says_so(client: Client) -> None:
    for path in ("/", "/environments/hub/acme/shop/qa"):
        async with client.get(path, headers=BROWSER) as answer:
            assert (answer.status, "nly a pull request describes it so far" in await answer.text()) == (200, True)


async def test_an_environment_that_no_pull_request_describes_any_more_is_not_listed(client: Client) -> None:
    world = client.app[WORLD]
    await stands(world, "merged")  # the branch that describes it now is still to be looked at
    assert await listed(client) == ["qa"]
    await stands(world, "closed")
    assert await listed(client) == []
    async with client.get("/environments/hub/acme/shop/qa", headers=BROWSER) as answer:
        text = await answer.text()
    assert "o open pull request shows a plan of it" in text
    assert "only a pull request describes it so far" not in text
    await stands(world, "open")
    await world.store.write(lambda conn: plans.leave(conn, PULL, [], Sha("b" * 40), NOON))
    assert await listed(client) == []


async def test_a_hold_where_nothing_else_waits_is_told_once(client: Client) -> None:
    digest = Digest("d1:a")
    state = AppliedState(revision=HEAD, digest=digest, objects={}, rule=ApprovalRule(), destination="x", at=NOON)
    looked = Looked(revision=HEAD, digest=digest, state="wait", reason="held by ana", drifted=(), at=NOON)

    def hold(conn: Connection) -> None:
        conn.execute(update(rows).values(state="active"))
        (row,) = environments.every(conn)
        environments.set_applied(conn, row.uid, state, "healthy")
        environments.look(conn, row.uid, looked)
        holds.add(conn, row.uid, ANA, "", NOON)

    await client.app[WORLD].store.write(hold)
    for path in ("/", "/environments/hub/acme/shop/qa"):
        async with client.get(path, headers=BROWSER) as answer:
            assert (await answer.text()).partition("<main>")[2].count("held") == 1
    async with client.get("/environments/hub/acme/shop/qa?format=json") as answer:
        found = await answer.json()
    assert (found["held"], found["shown_in"], found["unshown"]) == (True, [], False)


@pytest.mark.parametrize("state", ["active", "detached"])
async def test_an_environment_that_the_branch_ever_described_is_listed(client: Client, state: str) -> None:
    world = client.app[WORLD]
    await world.store.write(lambda conn: conn.execute(update(rows).values(state=state)))
    await stands(world, "closed")
    assert await listed(client) == ["qa"]


@pytest.mark.parametrize("path", ["/nowhere", "/pulls/hub/acme/shop/x", "/environments/hub/acme/%3Cb%3E/prod"])
async def test_a_browser_gets_a_page_with_a_way_on_where_there_is_nothing(client: Client, path: str) -> None:
    async with client.get(path, headers=BROWSER) as answer:
        text = await answer.text()
        assert (answer.status, answer.content_type) == (404, "text/html")
    assert '<a href="/">All environments</a>' in text
    assert "<b>" not in text
    async with client.get(path) as answer:
        assert (answer.status, answer.content_type) == (404, "text/plain")
        assert (await answer.text()).count("\n") == 1


async def test_what_cannot_be_seen_is_written_out(client: Client) -> None:
    async with client.get("/pulls/hub/acme/a%E2%80%AEb%1B/1", headers=BROWSER) as answer:
        assert "acme/a\\u202eb\\x1b is not a repository" in await answer.text()


async def test_an_environment_that_left_the_file_waits_for_nothing(client: Client) -> None:
    world = client.app[WORLD]
    await world.store.write(lambda conn: conn.execute(update(rows).values(state="detached", health="healthy")))
    async with client.get("/", headers=BROWSER) as answer:
        text = await answer.text()
    assert "healthy" not in text.partition("<main>")[2]
    assert "nothing is applied here any more" in text
    assert "no longer in tidegate.yaml" in text


async def test_a_repository_that_is_looked_after_no_more_has_no_page(client: Client) -> None:
    left = replace(client.app[WORLD], allowed=lambda _: None)
    async with TestClient(TestServer(make_site(left))) as other:
        async with other.get("/?format=json") as answer:
            assert await answer.json() == {"environments": []}
        for path in ("/environments/hub/acme/shop/qa", "/pulls/hub/acme/shop/1"):
            async with other.get(path) as answer:
                assert (answer.status, await answer.text()) == (
                    404,
                    "hub:acme/shop is not a repository of this server\n",
                )


@pytest.mark.parametrize("number", ["9" * 19, "%C2%B2", "-1", "1%00"])
async def test_a_number_that_no_database_holds_is_not_found(client: Client, number: str) -> None:
    async with client.get(f"/pulls/hub/acme/shop/{number}") as answer:
        assert answer.status == 404


async def test_the_server_is_ready_when_its_targets_are(client: Client, tmp_path: Path) -> None:
    world = client.app[WORLD]
    target = Directory("t", tmp_path / "new" / "folder", b"k")
    world = replace(world, tools=replace(world.tools, targets={"t": target}))
    async with TestClient(TestServer(make_site(world))) as other:
        async with other.get("/readyz") as answer:
            found = await answer.json()
            assert (answer.status, found["ready"]) == (503, False)
        told = [each for each in found["checks"] if each["subject"] == "target t"]
        assert [(each["ok"], each["fix"]) for each in told] == [(False, f"mkdir -p {tmp_path}/new")]
        (tmp_path / "new").mkdir()
        async with other.get("/readyz") as answer:
            assert (answer.status, (await answer.json())["ready"]) == (200, True)


async def test_a_server_without_its_store_lives_and_is_not_ready(client: Client, tmp_path: Path) -> None:
    (tmp_path / "store.db").rename(tmp_path / "away.db")
    (tmp_path / "store.db").mkdir()
    async with client.get("/readyz") as answer:
        wrong = [each["subject"] for each in (await answer.json())["checks"] if not each["ok"]]
        assert (answer.status, "store" in wrong) == (503, True)
    async with client.get("/healthz") as answer:
        assert answer.status == 200


HEADERS = {
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
    "Server": "tidegate",
}  # fmt: skip


@pytest.mark.parametrize("path", ["/", "/nowhere", "/healthz", "/metrics", "/readyz", "/?format=json", "/a%00"])
async def test_every_answer_keeps_a_browser_from_doing_more_than_it_must(client: Client, path: str) -> None:
    async with client.get(path, headers=BROWSER) as answer:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy)


async def test_another_method_is_told_which_there_are(client: Client) -> None:
    async with client.post("/") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD")
        assert (await answer.text(), answer.headers["Server"]) == ("method not allowed\n", "tidegate")


async def test_a_store_that_is_down_is_said_with_503(client: Client, tmp_path: Path) -> None:
    (tmp_path / "store.db").rename(tmp_path / "away.db")
    (tmp_path / "store.db").mkdir()
    for headers in (BROWSER, {}):
        async with client.get("/", headers=headers) as answer:
            assert (answer.status, answer.headers["Cache-Control"]) == (503, "no-store")
            assert "he store does not answer now: try again in a while" in await answer.text()


async def test_a_page_runs_its_own_script_and_sends_no_form(client: Client) -> None:
    async with client.get("/", headers=BROWSER) as answer:
        policy, text = answer.headers["Content-Security-Policy"], await answer.text()
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert "form-action 'none'" in policy
    assert "<main>" in text


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def test_every_colour_can_be_read_in_both_schemes(client: Client) -> None:
    async with client.get("/", headers=BROWSER) as answer:
        text = await answer.text()
    for scheme in re.findall(r":root \{(.*?)\}", text, re.DOTALL):
        colours = dict(re.findall(r"--(\w+): (#\w{6}|#\w{3})\b", scheme))
        full = {
            name: each if len(each) == 7 else "#" + "".join(2 * c for c in each[1:]) for name, each in colours.items()
        }
        for ground in ("paper", "soft"):
            for name in ("ink", "quiet", "link", "ok", "bad", "wait"):
                low, high = sorted(luminance(full[each]) for each in (ground, name))
                assert (high + 0.05) / (low + 0.05) >= 4.5, f"{name} on {ground}"  # WCAG 2.2, 1.4.3
