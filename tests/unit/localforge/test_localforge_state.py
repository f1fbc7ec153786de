"""What survives: rows, and a whole forge that is started again on its folder."""

from pathlib import Path

import aiohttp
from hypothesis import given
from hypothesis import strategies as st

from bot.localforge import ForgeSettings, start
from bot.localforge.rows import Comment
from bot.localforge.state import State, Table
from tests.unit.localforge.forge_world import SECRET, Client, Clock

TEXT = st.text(max_size=40)
COMMENTS = st.builds(
    Comment,
    id=st.integers(1, 50),
    repository=st.integers(1, 9),
    number=st.integers(1, 9),
    account=st.integers(1, 9),
    body=TEXT,
    created_at=TEXT,
    updated_at=TEXT,
    earlier=st.lists(st.fixed_dictionaries({"body": TEXT})),
    deleted_at=st.none() | TEXT,
)


@given(st.lists(COMMENTS, max_size=10))
def test_rows_come_back_as_they_were(tmp_path_factory: object, rows: list[Comment]) -> None:
    folder = tmp_path_factory.mktemp("table")  # type: ignore[attr-defined]  # pytest's own fixture
    table = Table(folder, Comment)
    for row in rows:
        table.put(row)
    newest = {row.id: row for row in rows}
    assert list(Table(folder, Comment)) == [newest[id] for id in sorted(newest)]


def test_a_write_that_was_cut_off_leaves_the_old_row(tmp_path: Path) -> None:
    table = Table(tmp_path, Comment)
    row = Comment(id=1, repository=1, number=1, account=1, body="whole", created_at="", updated_at="")
    table.put(row)
    (tmp_path / ".1.draft").write_text('{"id": 1, "bo')
    assert list(Table(tmp_path, Comment)) == [row]


def test_ids_are_never_given_twice(tmp_path: Path) -> None:
    state = State(tmp_path)
    given_out = {state.next_id() for _ in range(10)}
    state.comments.put(
        Comment(id=max(given_out), repository=1, number=1, account=1, body="", created_at="", updated_at="")
    )
    assert State(tmp_path).next_id() not in given_out


async def test_a_forge_goes_on_where_it_was(tmp_path: Path, tree: Path, clock: Clock) -> None:
    settings = ForgeSettings(state=tmp_path / "state", clock=clock, webhook_secret=SECRET)
    async with await start(settings) as forge, aiohttp.ClientSession() as session:
        forge.add_user("dana", "Dana")
        await forge.add_repository("acme/shop", tree)
        forge.permit("acme/shop", "dana", "write")
        forge.set_links({"prod holds now": "http://127.0.0.1:1/"})
        before = (forge.app_id, forge.private_key_pem, forge.webhook_secret, forge.token("dana"))
        dana = Client(session, forge.api_url, f"token {forge.token('dana')}")
        sha = (await dana.ok("GET", "/repos/acme/shop/branches/main"))["commit"]["sha"]
        await dana.ok("POST", "/repos/acme/shop/git/refs", {"ref": "refs/heads/t", "sha": sha})
        await dana.ok("PUT", "/repos/acme/shop/contents/x", {"message": "m", "content": "eA==", "branch": "t"})
        await dana.ok("POST", "/repos/acme/shop/pulls", {"title": "T", "head": "t", "base": "main"})
        made = await dana.ok("POST", "/repos/acme/shop/issues/1/comments", {"body": "hello"})
    again = ForgeSettings(state=tmp_path / "state", clock=clock, webhook_secret="something else entirely, also long")
    async with await start(again) as forge, aiohttp.ClientSession() as session:
        assert (forge.app_id, forge.private_key_pem, forge.webhook_secret, forge.token("dana")) == before
        assert (await forge.add_repository("acme/shop", tree)).name == "shop"
        assert (len(forge.core.state.apps), len(forge.core.state.repositories)) == (1, 1)
        dana = Client(session, forge.api_url, f"token {forge.token('dana')}")
        pull = await dana.ok("GET", "/repos/acme/shop/pulls/1")
        assert (pull["title"], pull["mergeable"], pull["comments"]) == ("T", True, 1)
        second = await dana.ok("POST", "/repos/acme/shop/issues/1/comments", {"body": "again"})
        assert second["id"] > made["id"]
        assert (await dana("PUT", "/repos/acme/shop/pulls/1/merge")).status == 200
        assert forge.core.app.links == [["prod holds now", "http://127.0.0.1:1/"]]
