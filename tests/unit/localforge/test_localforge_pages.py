"""The pages, as a browser without scripts uses them."""

import re
from dataclasses import dataclass

import aiohttp
import pytest

from tests.unit.localforge.forge_world import World


@dataclass
class Browser:
    """A signed-in browser: pages by path, forms by what they send."""

    world: World
    login: str

    @property
    def cookies(self) -> dict[str, str]:
        return {"localforge_login": self.login} if self.login else {}

    async def page(self, path: str, status: int = 200) -> str:
        async with self.world.session.get(self.world.forge.url + path, cookies=self.cookies) as answer:
            assert answer.status == status, f"{path}: {answer.status}"
            return str(await answer.text())

    async def send(self, path: str, **form: str) -> tuple[int, str, str]:
        """Status, where it leads, text."""
        url = self.world.forge.url + path
        headers = {"Origin": self.world.forge.url, "Sec-Fetch-Site": "same-origin"}
        async with self.world.session.post(
            url, data=form, cookies=self.cookies, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, answer.headers.get("Location", ""), await answer.text()


async def test_signing_in_and_out(world: World) -> None:
    async with aiohttp.ClientSession(world.forge.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get("/login") as answer:
            text = await answer.text()
            assert "No password" in text
            assert 'value="dana"' in text
        async with session.post("/login", data={"login": "dana", "back": "/acme/shop"}) as answer:
            assert answer.url.path == "/acme/shop"
            assert '<b id="viewer">dana</b>' in await answer.text()
        async with session.post("/logout") as answer:
            assert 'id="sign-in"' in await answer.text()
        for back in ("//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example"):
            async with session.post("/login", data={"login": "dana", "back": back}) as answer:
                assert answer.url.path == "/"
        async with session.post("/login", data={"login": "tidegate[bot]"}) as answer:
            assert answer.status == 404


async def test_a_pull_requests_page(world: World) -> None:
    number = await world.open()
    sha = (await world.dana.ok("GET", f"{world.repo}/pulls/{number}"))["head"]["sha"]
    world.forge.set_links({"prod holds now": "http://127.0.0.1:1/prod"})
    body = "<!-- hidden -->\n### Plan\n<script>alert(1)</script>\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    made = await world.app.ok("POST", f"{world.repo}/issues/{number}/comments", {"body": body})
    await world.app.ok("POST", f"{world.repo}/issues/comments/{made['id']}/reactions", {"content": "eyes"})
    where = {"path": "envs/prod/web.yaml", "start_line": 1, "end_line": 1}
    annotation = {**where, "annotation_level": "failure", "message": "too many"}
    output = {"title": "1 error", "summary": "s", "annotations": [annotation]}
    run = {"name": "tidegate", "head_sha": sha, "conclusion": "failure", "output": output}
    await world.app.ok("POST", f"{world.repo}/check-runs", run)
    text = await Browser(world, "olga").page(f"/acme/shop/pull/{number}")
    for part in (
        'class="card comment bot comment"',
        "<h3>Plan</h3>",
        "&lt;script&gt;",
        "<td>1</td>",
        "👀 1",
        'data-conclusion="failure"',
        "too many",
        "prod holds now",
        'id="comment-body"',
        'name="approve"',
        'name="merge"',
        "replicas: 5",
    ):
        assert part in text, part
    assert "hidden -->" not in text
    assert "alert(1)</script>" not in text
    fragment = await Browser(world, "olga").page(f"/acme/shop/pull/{number}/fragment")
    assert "<html" not in fragment
    assert "1 error" in fragment


async def test_pages_may_run_and_load_nothing_foreign(world: World) -> None:
    async with world.session.get(f"{world.forge.url}/") as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    number = await world.open()
    text = await Browser(world, "olga").page(f"/acme/shop/pull/{number}")
    assert all("nonce=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert not re.search(r"""(?:src|href)=["']https?://(?!127\.0\.0\.1)""", text)
    assert "style=" not in text


async def test_comment_approve_merge(world: World) -> None:
    number = await world.open()
    here = f"/acme/shop/pull/{number}"
    olga, dana = Browser(world, "olga"), Browser(world, "dana")
    status, where, _ = await olga.send(f"{here}/comment", body="/gate approve prod\r\nplease")
    assert (status, where.startswith(f"{here}#issuecomment-")) == (303, True)
    assert world.forge.record()["comments"][0]["body"] == "/gate approve prod\nplease"
    sha = (await world.dana.ok("GET", f"{world.repo}/pulls/{number}"))["head"]["sha"]
    assert (await dana.send(f"{here}/review", approve="1", commit=sha))[0] == 422
    assert (await olga.send(f"{here}/review", approve="1", commit=sha))[0] == 303
    review = world.forge.record()["reviews"][0]
    assert (review["state"], review["login"], review["commit_id"]) == ("APPROVED", "olga", sha)
    assert (await olga.send(f"{here}/merge", method="merge", commit=sha))[0] == 303
    assert 'data-state="merged"' in await olga.page(here)
    assert "had 1 commit merged" in " ".join((await Browser(world, "olga").page(here)).split())


async def test_buttons_count_for_what_the_page_showed(world: World) -> None:
    number = await world.open()
    old = (await world.dana.ok("GET", f"{world.repo}/pulls/{number}"))["head"]["sha"]
    await world.write("envs/prod/web.yaml", "replicas: 666\n", "topic")
    here = f"/acme/shop/pull/{number}"
    assert (await Browser(world, "olga").send(f"{here}/review", approve="1", commit=old))[0] == 409
    assert (await Browser(world, "olga").send(f"{here}/merge", commit=old))[0] == 409
    assert world.forge.record()["reviews"] == []
    assert world.forge.record()["merges"] == []


async def test_every_page_has_one_heading_of_the_first_order(world: World) -> None:
    number = await world.open()
    for path in ("/", "/login", "/acme/shop", f"/acme/shop/pull/{number}", "/acme/shop/edit/main/new.txt"):
        assert (await Browser(world, "dana").page(path)).count("<h1") == 1, path


async def test_a_page_that_is_not_there_has_a_way_on(world: World) -> None:
    for path in ("/nowhere/at/all", "/acme/nothing", "/acme/shop/pull/99"):
        text = await Browser(world, "").page(path, 404)
        assert "There is no such page" in text
        assert '<a href="/">All repositories</a>' in text
        assert "what you typed" not in text


async def test_why_nobody_approves_their_own_is_written(world: World) -> None:
    number = await world.open()
    assert "somebody else approves it" in await Browser(world, "dana").page(f"/acme/shop/pull/{number}")


async def test_who_is_not_signed_in_or_may_not(world: World) -> None:
    number = await world.open()
    here = f"/acme/shop/pull/{number}"
    status, _, text = await Browser(world, "").send(f"{here}/comment", body="x")
    assert (status, "Sign in first" in text) == (401, True)
    assert (await Browser(world, "tidegate[bot]").send(f"{here}/comment", body="x"))[0] == 401
    assert (await Browser(world, "stranger").send(f"{here}/merge"))[0] == 403
    assert (await Browser(world, "stranger").send("/acme/shop/edit/main/README.md", text="x"))[0] == 422
    assert world.forge.record()["comments"] == []
    await world.forge.add_repository("acme/hidden", private=True)
    await Browser(world, "stranger").page("/acme/hidden", 404)
    assert "acme/hidden" not in await Browser(world, "stranger").page("/")


async def test_close_reopen_and_own_edits(world: World) -> None:
    number = await world.open()
    here, dana = f"/acme/shop/pull/{number}", Browser(world, "dana")
    assert (await dana.send(f"{here}/state", close="1"))[0] == 303
    assert 'name="reopen"' in await dana.page(here)
    assert (await dana.send(f"{here}/state", reopen="1"))[0] == 303
    made = await world.dana.ok("POST", f"{world.repo}/issues/{number}/comments", {"body": "one"})
    assert (await dana.send(f"{here}/comment/{made['id']}", body="two"))[0] == 303
    assert "edited" in await dana.page(here)


async def test_edit_a_file_and_open_a_pull_request(world: World) -> None:
    dana = Browser(world, "dana")
    text = await dana.page("/acme/shop/edit/main/envs/prod/web.yaml")
    blob = re.search(r'name="blob" value="([0-9a-f]{40})"', text)
    assert blob
    form = {"text": "replicas: 8\r\n", "blob": blob[1], "target": "new", "branch": "eight", "title": "Eight"}
    status, where, _ = await dana.send("/acme/shop/edit/main/envs/prod/web.yaml", **form)
    assert (status, where) == (303, "/acme/shop/pull/1")
    files = await world.dana.ok("GET", f"{world.repo}/pulls/1/files")
    assert files[0]["patch"] == "@@ -1 +1 @@\n-replicas: 4\n+replicas: 8"
    commit = (await world.dana.ok("GET", f"{world.repo}/pulls/1/commits"))[0]
    assert (commit["author"]["login"], commit["committer"]["login"]) == ("dana", "web-flow")
    blob = re.search(r'name="blob" value="([0-9a-f]{40})"', await dana.page("/acme/shop/edit/eight/envs/prod/web.yaml"))
    assert blob
    more = {"text": "replicas: 9\n", "blob": blob[1], "target": "same"}
    assert (await dana.send("/acme/shop/edit/eight/envs/prod/web.yaml", **more))[1] == "/acme/shop/pull/1"
    assert (await world.dana.ok("GET", f"{world.repo}/pulls/1"))["commits"] == 2


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"blob": "0" * 40, "branch": "x"}, "does not match"),
        ({"branch": "main"}, "there is a branch main already"),
        ({"branch": "a..b"}, "cannot be a branch"),
        ({"branch": ""}, "cannot be a branch"),
    ],
)
async def test_a_refused_edit_keeps_what_was_typed(world: World, form: dict[str, str], problem: str) -> None:
    dana = Browser(world, "dana")
    page = await dana.page("/acme/shop/edit/main/README.md")
    blob = re.search(r'name="blob" value="([0-9a-f]{40})"', page)
    assert blob
    sent = {"text": "typed & kept", "blob": blob[1], "target": "new", "title": "My title", **form}
    status, _, text = await dana.send("/acme/shop/edit/main/README.md", **sent)
    assert status == 422
    for part in (problem, "typed &amp; kept", "My title"):
        assert part in text
    assert [each["name"] for each in await world.dana.ok("GET", f"{world.repo}/branches")] == ["main"]


async def test_files_with_crlf_keep_it_and_new_files_can_be_made(world: World) -> None:
    dana = Browser(world, "dana")
    await world.write("dos.txt", "a\r\nb\r\n", "main")
    blob = (await world.dana.ok("GET", f"{world.repo}/contents/dos.txt"))["sha"]
    form = {"text": "a\r\nc\r\n", "blob": blob, "target": "same"}
    assert (await dana.send("/acme/shop/edit/main/dos.txt", **form))[0] == 303
    assert (await world.dana.ok("GET", f"{world.repo}/contents/dos.txt"))["size"] == 6
    assert (await dana.send("/acme/shop/edit/main/new/file.txt", text="x", target="same"))[0] == 303
    assert "x" in await dana.page("/acme/shop/blob/main/new/file.txt")
    blob = (await world.dana.ok("GET", f"{world.repo}/contents/dos.txt"))["sha"]
    assert (await dana.send("/acme/shop/edit/main/dos.txt", text="", blob=blob, target="same", delete="1"))[0] == 303
    await dana.page("/acme/shop/blob/main/dos.txt", 404)


async def test_odd_names_are_shown_and_reached(world: World) -> None:
    number = await world.open("--upload-pack=x/<b>")
    dana = Browser(world, "dana")
    for path in ("/acme/shop", f"/acme/shop/pull/{number}"):
        page = await dana.page(path)
        assert "&lt;b&gt;" in page
        assert "<bdi>" in page  # a title that turns the direction of text turns nothing else
    page = await dana.page("/acme/shop?ref=--upload-pack%3Dx/%3Cb%3E")
    link = re.search(r'href="(/acme/shop/blob/[^"]*web.yaml)"', page)
    assert link
    assert "replicas" in await dana.page(link[1])


async def test_a_check_runs_page_leads_to_its_pull_request(world: World) -> None:
    number = await world.open()
    sha = (await world.dana.ok("GET", f"{world.repo}/pulls/{number}"))["head"]["sha"]
    run = await world.app.ok("POST", f"{world.repo}/check-runs", {"name": "tidegate", "head_sha": sha})
    async with world.session.get(run["html_url"], allow_redirects=False) as answer:
        assert answer.headers["Location"] == f"/acme/shop/pull/{number}#checks"
