"""Pull requests: opened, read, merged, closed; what git holds is what they show."""

import base64
from typing import Any
from urllib.parse import quote

import pytest

from tests.unit.localforge.forge_world import World


async def test_a_pull_request_shows_what_git_holds(world: World) -> None:
    number = await world.open()
    pull = await world.app.ok("GET", f"{world.repo}/pulls/{number}")
    assert (pull["state"], pull["mergeable"], pull["merged"], pull["commits"]) == ("open", True, False, 1)
    assert (pull["head"]["ref"], pull["base"]["ref"], pull["user"]["login"]) == ("topic", "main", "dana")
    assert pull["head"]["repo"]["id"] == pull["base"]["repo"]["id"]
    files = await world.app.ok("GET", f"{world.repo}/pulls/{number}/files")
    assert [(each["filename"], each["status"], each["patch"]) for each in files] == [
        ("envs/prod/web.yaml", "modified", "@@ -1 +1 @@\n-replicas: 4\n+replicas: 5")
    ]
    commits = await world.app.ok("GET", f"{world.repo}/pulls/{number}/commits")
    assert [each["sha"] for each in commits] == [pull["head"]["sha"]]
    assert commits[0]["author"]["login"] == "dana"
    assert commits[0]["commit"]["author"]["email"] == "dana@example.org"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": "x", "head": "nope", "base": "main"}, "head"),
        ({"title": "x", "head": "topic", "base": "nope"}, "base"),
        ({"head": "topic", "base": "main"}, "title"),
        ({"title": "x", "head": "same", "base": "main"}, ""),
        ({"title": "x", "head": "topic", "base": "main"}, ""),
    ],
    ids=["no head", "no base", "no title", "no commits", "open already"],
)
async def test_what_cannot_be_opened(world: World, body: dict[str, Any], field: str) -> None:
    await world.open()
    await world.branch("same")
    answer = await world.dana("POST", f"{world.repo}/pulls", body)
    assert (answer.status, answer.json["message"]) == (422, "Validation Failed")
    assert answer.json["errors"][0]["field"] == field


async def test_opening_needs_write_access_to_the_branch(world: World) -> None:
    await world.branch("theirs")
    body = {"title": "x", "head": "theirs", "base": "main"}
    assert (await world.stranger("POST", f"{world.repo}/pulls", body)).status == 403


async def test_merge_makes_a_merge_commit_of_gits_own_tree(world: World) -> None:
    number = await world.open()
    await world.write("envs/dev/web.yaml", "replicas: 9\n", "main")
    base = (await world.dana.ok("GET", f"{world.repo}/branches/main"))["commit"]["sha"]
    pull = await world.dana.ok("GET", f"{world.repo}/pulls/{number}")
    merged = await world.olga.ok("PUT", f"{world.repo}/pulls/{number}/merge", {"sha": pull["head"]["sha"]})
    commit = await world.dana.ok("GET", f"{world.repo}/commits/main")
    assert commit["sha"] == merged["sha"]
    assert [each["sha"] for each in commit["parents"]] == [base, pull["head"]["sha"]]
    assert (commit["author"]["login"], commit["committer"]["login"]) == ("olga", "web-flow")
    for path, text in {"envs/prod/web.yaml": "replicas: 5\n", "envs/dev/web.yaml": "replicas: 9\n"}.items():
        found = await world.dana.ok("GET", f"{world.repo}/contents/{path}")
        assert base64.b64decode(found["content"]).decode() == text
    after = await world.dana.ok("GET", f"{world.repo}/pulls/{number}")
    assert (after["state"], after["merged"], after["merge_commit_sha"]) == ("closed", True, merged["sha"])
    assert (after["merged_by"]["login"], after["commits"]) == ("olga", 1)
    assert (await world.dana("GET", f"{world.repo}/pulls/{number}/merge")).status == 204
    assert (await world.olga("PUT", f"{world.repo}/pulls/{number}/merge")).status == 405


async def test_squash_is_one_commit_of_the_author(world: World) -> None:
    number = await world.open()
    merged = await world.olga.ok("PUT", f"{world.repo}/pulls/{number}/merge", {"merge_method": "squash"})
    commit = await world.dana.ok("GET", f"{world.repo}/commits/{merged['sha']}")
    assert len(commit["parents"]) == 1
    assert (commit["author"]["login"], commit["committer"]["login"]) == ("dana", "web-flow")
    assert commit["commit"]["message"].startswith(f"More replicas (#{number})")


async def test_a_rebase_keeps_the_commits_with_their_authors_and_names_who_pressed_the_button(world: World) -> None:
    number = await world.open()
    head = (await world.dana.ok("GET", f"{world.repo}/pulls/{number}"))["head"]
    await world.write("envs/dev/web.yaml", "replicas: 2\n", head["ref"])
    base = await world.write("README.md", "# The shop\n", "main")
    merged = await world.olga.ok("PUT", f"{world.repo}/pulls/{number}/merge", {"merge_method": "rebase"})
    landed = await world.dana.ok("GET", f"{world.repo}/compare/{base}...{merged['sha']}")
    assert [each["author"]["login"] for each in landed["commits"]] == ["dana", "dana"]
    assert [each["committer"]["login"] for each in landed["commits"]] == ["olga", "olga"]
    assert [len(each["parents"]) for each in landed["commits"]] == [1, 1]
    proposed = await world.dana.ok("GET", f"{world.repo}/pulls/{number}/commits")
    assert [each["commit"]["message"] for each in landed["commits"]] == [each["commit"]["message"] for each in proposed]
    assert {each["filename"] for each in landed["files"]} == {"envs/dev/web.yaml", "envs/prod/web.yaml"}


async def test_a_conflict_cannot_be_merged(world: World) -> None:
    number = await world.open()
    await world.write("envs/prod/web.yaml", "replicas: 7\n", "main")
    pull = await world.dana.ok("GET", f"{world.repo}/pulls/{number}")
    assert (pull["mergeable"], pull["mergeable_state"]) == (False, "dirty")
    answer = await world.dana("PUT", f"{world.repo}/pulls/{number}/merge")
    assert (answer.status, answer.json["message"]) == (405, "Pull Request is not mergeable")


async def test_merging_binds_to_the_head_and_to_rights(world: World) -> None:
    number = await world.open()
    path = f"{world.repo}/pulls/{number}/merge"
    assert (await world.dana("PUT", path, {"sha": "0" * 40})).status == 409
    assert (await world.stranger("PUT", path)).status == 403
    assert (await world.dana("PUT", path, {"merge_method": "fast-forward"})).status == 405


async def test_close_and_reopen(world: World) -> None:
    number = await world.open()
    path = f"{world.repo}/pulls/{number}"
    assert (await world.stranger("PATCH", path, {"state": "closed"})).status == 403
    assert (await world.dana.ok("PATCH", path, {"state": "closed"}))["state"] == "closed"
    assert (await world.dana("PUT", f"{path}/merge")).status == 405
    assert (await world.dana.ok("PATCH", path, {"state": "open", "title": "New"}))["title"] == "New"
    assert (await world.dana.ok("GET", path))["state"] == "open"
    await world.dana("DELETE", f"{world.repo}/git/refs/heads/topic")
    assert (await world.dana.ok("GET", path))["state"] == "closed"
    assert (await world.dana("PATCH", path, {"state": "open"})).status == 422


async def test_lists_by_state_and_update(world: World) -> None:
    first = await world.open("one")
    world.clock.forward(seconds=10)
    second = await world.open("two")
    world.clock.forward(seconds=10)
    await world.dana.ok("POST", f"{world.repo}/issues/{first}/comments", {"body": "hello"})
    path = f"{world.repo}/pulls?state=all&sort=updated&direction"
    assert [each["number"] for each in await world.app.ok("GET", f"{path}=desc")] == [first, second]
    assert [each["number"] for each in await world.app.ok("GET", f"{path}=asc")] == [second, first]
    await world.dana.ok("PATCH", f"{world.repo}/pulls/{first}", {"state": "closed"})
    assert [each["number"] for each in await world.app.ok("GET", f"{world.repo}/pulls")] == [second]
    assert [each["number"] for each in await world.app.ok("GET", f"{world.repo}/pulls?state=closed")] == [first]


@pytest.mark.parametrize("branch", ["--upload-pack=x", "a/b/c", "-", "ünï-☃"])
async def test_odd_branch_names_are_only_names(world: World, branch: str) -> None:
    number = await world.open(branch)
    pull = await world.app.ok("GET", f"{world.repo}/pulls/{number}")
    assert (pull["head"]["ref"], pull["mergeable"]) == (branch, True)
    span = quote(f"main...{branch}")
    assert (await world.app.ok("GET", f"{world.repo}/compare/{span}"))["ahead_by"] == 1
    merged = await world.dana("PUT", f"{world.repo}/pulls/{number}/merge")
    assert merged.status == 200


@pytest.mark.parametrize("ref", ["refs/heads/a..b", "refs/heads/a b", "refs/heads/", "refs/tags/x", "main"])
async def test_bad_refs_are_refused(world: World, ref: str) -> None:
    sha = (await world.dana.ok("GET", f"{world.repo}/branches/main"))["commit"]["sha"]
    assert (await world.dana("POST", f"{world.repo}/git/refs", {"ref": ref, "sha": sha})).status == 422


async def test_a_file_name_with_a_newline_and_quotes(world: World) -> None:
    await world.branch("odd")
    name = 'a\nb"c\\d.yaml'
    await world.write(quote(name), "x: 1\n", "odd")
    files = await world.dana.ok("GET", f"{world.repo}/git/trees/odd?recursive=1")
    assert name in [each["path"] for each in files["tree"]]
    number = (await world.dana.ok("POST", f"{world.repo}/pulls", {"title": "x", "head": "odd", "base": "main"}))[
        "number"
    ]
    assert [each["filename"] for each in await world.dana.ok("GET", f"{world.repo}/pulls/{number}/files")] == [name]


async def test_contents_are_written_only_over_what_was_read(world: World) -> None:
    path, body = f"{world.repo}/contents/README.md", {"message": "m", "content": "eA=="}
    assert (await world.dana("PUT", path, body)).status == 422
    assert (await world.dana("PUT", path, body | {"sha": "0" * 40})).status == 409
    assert (await world.dana("PUT", path, body | {"content": "?"})).status == 422
    assert (await world.stranger("PUT", path, body)).status == 403
    sha = (await world.dana.ok("GET", path))["sha"]
    assert (await world.dana("PUT", path, body | {"sha": sha})).status == 200
    new = await world.dana("PUT", f"{world.repo}/contents/new/file", body)
    assert new.status == 201
    assert [each["type"] for each in await world.dana.ok("GET", f"{world.repo}/contents/new")] == ["file"]
    assert (await world.dana("PUT", f"{world.repo}/contents/.git/config", body)).status == 422
    gone = {"message": "m", "sha": new.json["content"]["sha"]}
    assert (await world.dana("DELETE", f"{world.repo}/contents/new/file", gone)).status == 200
    assert (await world.dana("GET", f"{world.repo}/contents/new/file")).status == 404


async def test_compare(world: World) -> None:
    await world.open()
    main = (await world.dana.ok("GET", f"{world.repo}/branches/main"))["commit"]["sha"]
    await world.write("README.md", "changed\n", "main")
    found = await world.dana.ok("GET", f"{world.repo}/compare/main...topic")
    assert (found["status"], found["ahead_by"], found["behind_by"]) == ("diverged", 1, 1)
    assert found["merge_base_commit"]["sha"] == main
    assert [each["filename"] for each in found["files"]] == ["envs/prod/web.yaml"]
    assert (await world.dana.ok("GET", f"{world.repo}/compare/{main}...main"))["status"] == "ahead"
    assert (await world.dana("GET", f"{world.repo}/compare/main...nope")).status == 404


async def test_a_fork_proposes_and_the_base_holds_its_head(world: World) -> None:
    assert (await world.stranger("POST", f"{world.repo}/forks")).status == 202
    fork = "/repos/stranger/shop"
    sha = (await world.stranger.ok("GET", f"{fork}/contents/README.md"))["sha"]
    body = {"message": "m", "content": "eA==", "sha": sha}
    head = (await world.stranger.ok("PUT", f"{fork}/contents/README.md", body))["commit"]["sha"]
    made = {"title": "Mine", "head": "stranger:main", "base": "main"}
    pull = await world.stranger.ok("POST", f"{world.repo}/pulls", made)
    assert (pull["head"]["repo"]["full_name"], pull["head"]["sha"]) == ("stranger/shop", head)
    ref = await world.dana.ok("GET", f"{world.repo}/git/ref/pull/{pull['number']}/head")
    assert ref["object"]["sha"] == head
    assert (await world.dana("PUT", f"{world.repo}/pulls/{pull['number']}/merge")).status == 200
