"""Bases in other repositories: read as kustomize reads them, allowed and pinned, fetched before, laid out beside."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import InputError, RenderError
from bot.fetch import Logins
from bot.git import Bases, elsewhere
from bot.git.mirror import Mirror
from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.model.login import Login, basic
from bot.model.noun import Sha
from bot.model.tree import Elsewhere, Tree
from bot.render.kustomize import Kustomize
from bot.render.kustomize.remote import Remote, allowed, pinned, remote
from tests.support.certificates import write_certificate
from tests.support.git_server import GitServer, git_server
from tests.support.kustomizations import build, laid_out, renderer
from tests.support.trees import Files
from tests.support.trees import tree as make_tree

SHA = "0123456789abcdef0123456789abcdef01234567"


# The forms are those of kustomize's own test of NewRepoSpecFromURL.
@pytest.mark.parametrize(
    ("text", "url", "folder", "ref"),
    [
        ("https://git-codecommit.us-east-2.amazonaws.com/someorg/somerepo/somedir",
         "https://git-codecommit.us-east-2.amazonaws.com/someorg/somerepo", "somedir", ""),
        ("https://fabrikops2.visualstudio.com/someorg/somerepo?ref=hasabranch",
         "https://fabrikops2.visualstudio.com/someorg/somerepo", "", "hasabranch"),
        ("http://github.com/someorg/somerepo/somedir", "https://github.com/someorg/somerepo", "somedir", ""),
        ("git@github.com:someorg/somerepo/somedir", "git@github.com:someorg/somerepo", "somedir", ""),
        ("github.com/owner/repo?version=v1", "https://github.com/owner/repo", "", "v1"),
        ("GitHub.com/owner/repo//a/b?ref=x&version=y", "https://github.com/owner/repo", "a/b", "x"),
        ("git::https://gitlab.com/org/repo.git//path", "https://gitlab.com/org/repo.git", "path", ""),
        ("https://host/org/repo.git/somedir", "https://host/org/repo.git", "somedir", ""),
        ("https://org@dev.azure.com/org/project/_git/repo/root/a?ref=b",
         "https://org@dev.azure.com/org/project/_git/repo", "root/a", "b"),
        ("ssh://git@github.com/path?ref", None, "", ""),
        ("ssh://git@ssh.github.com:443/YOUR-USERNAME/YOUR-REPOSITORY.git/dir",
         "ssh://git@ssh.github.com:443/YOUR-USERNAME/YOUR-REPOSITORY.git", "dir", ""),
        ("file:///a/b/c/someRepo.git/somepath?ref=someBranch", "file:///a/b/c/someRepo.git", "somepath", "someBranch"),
        ("user@example.org:org/repo/dir", "user@example.org:org/repo", "dir", ""),
        ("https://host/only", None, "", ""), ("../base", None, "", ""), ("base", None, "", ""),
        ("/abs/x", None, "", ""),
        ("https://github.com/o/r//../x", None, "", ""), ("https://github.com/o/r//a/../../x", None, "", ""),
        ("https://github.com/o/r////x", "https://github.com/o/r", "x", ""),
        ("HTTPS://gitlab.com/o/r//x", "https://gitlab.com/o/r", "x", ""),
        ("github.com:o/r/x", "https://github.com/o/r", "x", ""), ("ssh://github.com/o/r", "github.com:o/r", "", ""),
        ("git@x/base", None, "", ""), ("a@b:c", None, "", ""),
    ],
)  # fmt: skip
def test_references_are_read_as_kustomize_reads_them(text: str, url: str | None, folder: str, ref: str) -> None:
    assert remote(text) == (Remote(url=url, folder=folder, ref=ref) if url else None)


@pytest.mark.parametrize(
    ("pattern", "url", "may"),
    [
        ("https://github.com/acme/*", "https://github.com/acme/x", True),
        ("https://github.com/acme/*", "https://github.com/acmex/x", False),
        ("https://GitHub.com/acme/base", "https://github.com/acme/base", True),
        ("https://github.com/acme/base", "https://github.com/acme/base2", False),
        ("https://github.com/acme/base", "http://github.com/acme/base", False),
        ("https://*.example.org/*", "https://git.example.org/a/b", True),
        ("https://*.example.org/*", "https://evil.com/x.example.org/a", False),
        ("https://git.example*", "https://git.example.org/a/b", True),
        ("https://git.example*", "https://git.example@evil.com/a/b", False),
        ("*", "https://github.com/acme/x", False),
        ("https://*", "https://github.com/acme/x", True),
    ],
)
def test_a_star_in_the_host_stays_in_the_host(pattern: str, url: str, may: bool) -> None:
    assert allowed(url, (pattern,)) is may


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"https://evil.example/a/b?ref={SHA}", "does not allow"),
        ("https://git.example/a/b", "names no commit"),
        ("https://git.example/a/b?ref=main", "branch or a tag"),
        (f"https://git.example/a/b?ref={SHA[:39]}", "branch or a tag"),
        (f"https://git.example/a/b?ref={SHA}0", "branch or a tag"),
        ("https://git.example/a/b/x.yaml", "single file"),
        (f"https://git.example/a/b/x.yaml?ref={SHA}", "single file"),
        (f"ssh://git@git.example/a/b?ref={SHA}", "another protocol"),
        (f"git@github.com:a/b?ref={SHA}", "another protocol"),
        (f"file:///a/b.git?ref={SHA}", "another protocol"),
        (f"https://user@git.example/a/b?ref={SHA}", "unusual characters"),
        (f"https://git.example@evil.example/a/b?ref={SHA}", "unusual characters"),
        (f"https://git.example/a/../b/c//x?ref={SHA}", "unusual characters"),
        (f"https://git.example/a/%2e%2e/b//x?ref={SHA}", "unusual characters"),
        (f"https://[::1]/a/b?ref={SHA}", "unusual characters"),
    ],
)
def test_what_is_not_allowed_or_not_pinned_is_refused(text: str, words: str) -> None:
    found = pinned(text, ("https://git.example/*", "https://github.com/*"))
    assert not isinstance(found, tuple)
    assert words in found.wrong
    assert found.fix


def test_a_pinned_base_of_an_allowed_server_is_one() -> None:
    wanted = Elsewhere(kind="git", url="https://git.example/a/b", revision=SHA)
    for folder, commit in (("c/d", SHA), ("c/d.yaml", SHA), ("", SHA.upper())):
        text = f"https://git.example/a/b//{folder}?ref={commit}"
        assert pinned(text, ("https://git.example/*",)) == (wanted, folder)


def test_a_base_without_a_scheme_is_one_too() -> None:
    tree = make_tree({"o/kustomization.yaml": f"resources: ['github.com/acme/base?ref={SHA}']\n"})
    wanted = Elsewhere(kind="git", url="https://github.com/acme/base", revision=SHA)
    assert renderer(bases=("https://github.com/acme/*",)).needs(tree, Source(path="o")) == {wanted}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[GitServer]:
    async with git_server(tmp_path / "served") as up:
        yield up


THING = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: far}\ndata: {a: b}\n"
FAR = {
    "deploy/kustomization.yaml": "resources: [../common, x.yaml]\nconfigMapGenerator: [{name: made, files: [f.txt]}]\n",
    "deploy/x.yaml": THING,
    "deploy/f.txt": "text",
    "common/kustomization.yaml": "resources: [y.yaml]\nnamePrefix: c-\n",
    "common/y.yaml": THING,
}


async def fetched(made: Kustomize, tree: Tree, bases: Bases) -> Tree:
    """The tree with what a render of `o` needs from elsewhere, as the spine has it fetched."""
    while missing := made.needs(tree, Source(path="o")) - tree.elsewhere.keys():
        more = {each: await bases(each) for each in missing}
        tree = replace(tree, elsewhere={**tree.elsewhere, **more})
    return tree


async def rendered(server: GitServer, files: Files, tmp_path: Path) -> list[object]:
    """The objects of `o`, which are what the program gets that fetches for itself."""
    made = renderer(bases=(f"{server.url}/*",))
    tree = await fetched(made, make_tree(files), Bases(tmp_path / "mirrors"))
    result = await made.render(tree, Source(path="o"), Kubernetes())
    done = await asyncio.to_thread(build, laid_out(files, tmp_path / "work") / "o")
    assert done.status == 0, done.errors
    assert [each.body for each in result.resources] == done.documents
    return [each.origin for each in result.resources]


@pytest.mark.parametrize("metadata", ["[]", "[originAnnotations]", "[originAnnotations, transformerAnnotations]"])
async def test_a_remote_base_builds_to_the_same(server: GitServer, tmp_path: Path, metadata: str) -> None:
    sha = server.commit("acme/base.git", FAR)
    url = f"{server.url}/acme/base.git//deploy?ref={sha}"
    build = f"resources:\n- {url}\n- near.yaml\nnamePrefix: p-\nbuildMetadata: {metadata}\n"
    files = {"o/kustomization.yaml": build, "o/near.yaml": THING.replace("far", "near")}
    origins = await rendered(server, files, tmp_path)
    assert sorted((each.path, each.line) for each in origins) == [  # type: ignore[attr-defined]
        ("o/kustomization.yaml", 2), ("o/kustomization.yaml", 2), ("o/kustomization.yaml", 2), ("o/near.yaml", 1),
    ]  # fmt: skip
    assert not any("Authorization" in each for each in server.asked)


async def test_a_remote_base_of_a_remote_base(server: GitServer, tmp_path: Path) -> None:
    inner = server.commit("acme/inner.git", FAR)
    text = f"resources: ['{server.url}/acme/inner.git//common?ref={inner}']\nnameSuffix: -s\n"
    outer = server.commit("acme/outer.git", {"kustomization.yaml": text})
    files = {"o/kustomization.yaml": f"resources: ['{server.url}/acme/outer.git?ref={outer}']\nnamePrefix: p-\n"}
    (origin,) = await rendered(server, files, tmp_path)
    assert (origin.path, origin.line) == ("o/kustomization.yaml", 1)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("far", "words"),
    [
        ({"kustomization.yaml": "resources: [../o]\n"}, "leaves the repository"),
        ({"kustomization.yaml": "resources: [/etc]\n"}, "absolute path"),
        ({"kustomization.yaml": "resources: [none.yaml]\n"}, "does not exist"),
        ({"kustomization.yaml": "resources: ['https://evil.example/a/b']\n"}, "does not allow"),
        ({"kustomization.yaml": "transformers: [t.yaml]\n", "t.yaml": "apiVersion: x/v1\nkind: Fn\n"}, "never runs"),
        ({"other.yaml": THING}, "has no kustomization file"),
    ],
)  # fmt: skip
async def test_what_a_remote_base_may_not_do(
    server: GitServer, tmp_path: Path, far: dict[str, str], words: str
) -> None:
    sha = server.commit("acme/base.git", far)
    text = f"namePrefix: p-\nresources: ['{server.url}/acme/base.git?ref={sha}']\n"
    made = renderer(bases=(f"{server.url}/*",))
    with pytest.raises(RenderError, match=words) as caught:
        await fetched(made, make_tree({"o/kustomization.yaml": text}), Bases(tmp_path / "mirrors"))
    assert (caught.value.findings[0].path, caught.value.findings[0].line) == ("o/kustomization.yaml", 2)


@pytest.mark.parametrize("near", [{}, {"t/kustomization.yaml": "resources: ['FAR']\n"}])
async def test_no_plugin_is_configured_from_elsewhere(near: dict[str, str]) -> None:
    far = f"https://example.org/acme/base?ref={SHA}"
    files = {each: text.replace("FAR", far) for each, text in near.items()}
    files["o/kustomization.yaml"] = f"transformers: ['{'../t' if near else far}']\n"
    with pytest.raises(RenderError, match="configures plugins from another repository"):
        renderer(bases=("https://example.org/*",)).needs(make_tree(files), Source(path="o"))


async def test_a_commit_stays_what_it_is_when_the_branch_moves(server: GitServer, tmp_path: Path) -> None:
    bases = Bases(tmp_path / "mirrors")
    first = server.commit("acme/base.git", {"a.txt": "1"})
    url = f"{server.url}/acme/base.git"
    before = await bases(Elsewhere(kind="git", url=url, revision=first))
    second = server.commit("acme/base.git", {"a.txt": "2"})
    count = len(server.asked)
    again = await bases(Elsewhere(kind="git", url=url, revision=first))
    assert (before.read("a.txt"), again.read("a.txt")) == (b"1", b"1")
    assert len(server.asked) == count, "what is here is not asked for again"
    assert (await bases(Elsewhere(kind="git", url=url, revision=second))).read("a.txt") == b"2"


async def test_one_fetch_serves_all_who_wait_for_it(server: GitServer, tmp_path: Path) -> None:
    sha = server.commit("acme/base.git", {"a.txt": "1"})
    wanted = Elsewhere(kind="git", url=f"{server.url}/acme/base.git", revision=sha)
    await Bases(tmp_path / "alone")(wanted)
    count, bases = len(server.asked), Bases(tmp_path / "mirrors")
    trees = await asyncio.gather(*(bases(wanted) for _ in range(3)))
    assert [each.read("a.txt") for each in trees] == [b"1"] * 3
    assert len(server.asked) == 2 * count


async def test_a_base_is_fetched_without_its_history(server: GitServer, tmp_path: Path) -> None:
    first = server.commit("acme/base.git", {"a.txt": "1"})
    second = server.commit("acme/base.git", {"a.txt": "2"})
    await Bases(tmp_path / "mirrors")(Elsewhere(kind="git", url=f"{server.url}/acme/base.git", revision=second))
    (folder,) = (tmp_path / "mirrors").iterdir()
    assert not await Mirror(folder).has(Sha(first))


async def test_a_base_that_is_too_large_is_refused(
    server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "MOST_BYTES", 2 * 2**20)
    sha = server.commit("acme/base.git", {f"{name}.txt": name * 2**20 for name in "abc"})
    with pytest.raises(InputError, match="has 3 MiB of files; at most 2 MiB"):
        await Bases(tmp_path / "mirrors")(Elsewhere(kind="git", url=f"{server.url}/acme/base.git", revision=sha))


@pytest.mark.timeout(20)
async def test_a_server_that_is_silent_leaves_a_base_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "SECONDS", 0.5)

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1024):
            pass
        writer.close()

    silent = await asyncio.start_server(listen, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/a.git"
    with pytest.raises(RenderError, match="took more than") as unknown:
        await Bases(tmp_path / "mirrors")(Elsewhere(kind="git", url=url, revision=SHA))
    assert unknown.value.findings[0].level == "unknown"
    silent.close()


async def test_what_cannot_be_fetched_is_an_error(server: GitServer, tmp_path: Path) -> None:
    bases = Bases(tmp_path / "mirrors")
    server.commit("acme/base.git", {"a.txt": "1"})
    with pytest.raises(InputError, match="has no commit"):
        await bases(Elsewhere(kind="git", url=f"{server.url}/acme/base.git", revision=SHA))
    with pytest.raises(InputError, match="not open to everybody"):
        await bases(Elsewhere(kind="git", url=f"{server.url}/acme/none.git", revision=SHA))
    with pytest.raises(RenderError) as unknown:
        await bases(Elsewhere(kind="git", url="http://127.0.0.1:9/a/b", revision=SHA))
    assert unknown.value.findings[0].level == "unknown"
    for url in ("file:///a", "ext::sh -c x", "ssh://git@x/y"):
        with pytest.raises(InputError, match="fetched by https"):
            await bases(Elsewhere(kind="git", url=url, revision=SHA))
    with pytest.raises(InputError):
        await bases(Elsewhere(kind="git", url=f"{server.url}/acme/base.git", revision="main"))


async def test_a_base_that_was_not_fetched_is_told(server: GitServer) -> None:
    text = f"resources: ['{server.url}/acme/base.git?ref={SHA}']\n"
    made = renderer(bases=(f"{server.url}/*",))
    with pytest.raises(RenderError, match="was not fetched"):
        await made.render(make_tree({"o/kustomization.yaml": text}), Source(path="o"), Kubernetes())


async def test_a_private_base_opens_to_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By HTTPS, whose certificates git takes from where the machine says."""
    shown, key = write_certificate(tmp_path, "git")
    async with git_server(tmp_path / "served", (shown, key)) as server:
        sha = server.commit("acme/base.git", {"a.txt": "1"})
        wanted = Elsewhere(kind="git", url=f"{server.url}/acme/base.git", revision=sha)
        (tmp_path / "password").write_text("hunter2\n")
        login = Login(match=f"{server.url}/acme/*", username="ana", password_file=tmp_path / "password")
        bases = Bases(tmp_path / "mirrors", Logins([login]))
        server.login = basic("ana", "hunter2")
        with pytest.raises(RenderError) as unknown:
            await bases(wanted)
        assert unknown.value.findings[0].level == "unknown", "nobody knows who answers"
        assert not server.asked
        monkeypatch.setenv("GIT_SSL_CAINFO", str(shown))
        with pytest.raises(InputError, match=r"render\.logins"):
            await Bases(tmp_path / "mirrors")(wanted)
        assert (await bases(wanted)).read("a.txt") == b"1"
        server.login = basic("ana", "renewed")
        with pytest.raises(RenderError, match="does not take the login") as refused:
            await bases(replace(wanted, revision=server.commit("acme/base.git", {"a.txt": "2"})))
        assert refused.value.findings[0].level == "unknown"
        assert "hunter2" not in repr(refused.value)
        (tmp_path / "password").write_text("renewed")
        with pytest.raises(InputError, match="not open to the server's login"):
            await bases(replace(wanted, revision=SHA))
