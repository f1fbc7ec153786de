"""Charts from a registry and from a classic repository: what is pinned comes, or nothing does."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import InputError, RenderError
from bot.fetch import Charts, Fetchers, Logins, door
from bot.fetch.door import Hosts, Resolver, private
from bot.model.login import Login, basic
from bot.model.plan import Finding
from bot.model.tree import Elsewhere, Tree
from tests.support.chart_server import LAYER, ChartServer, certificate, chart_server, sha256
from tests.support.charts import archive, chart_yaml, config_map

CHART = archive({"web/Chart.yaml": chart_yaml("web"), "web/templates/a.yaml": config_map("a", "x")})
OTHER = archive({"web/Chart.yaml": chart_yaml("web"), "web/templates/a.yaml": config_map("a", "other")})
FLAVOURS = ("oci", "https")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ChartServer]:
    """A registry and repository with one chart."""
    async with chart_server(tmp_path) as up:
        up.archives[("web", "1.2.3+4")] = CHART
        yield up


@pytest.fixture
def charts(server: ChartServer, tmp_path: Path) -> Charts:
    """The fetcher, allowed to ask that server."""
    return Charts([f"oci://{server.host}/charts/*", f"https://{server.host}/stable/*"], tmp_path / "kept", server.trust)


def wanted(server: ChartServer, flavour: str, data: bytes = CHART) -> Elsewhere:
    """The chart, pinned."""
    place = {"oci": f"oci://{server.host}/charts/web", "https": f"https://{server.host}/stable/web"}[flavour]
    return Elsewhere(kind="chart", url=place, revision="1.2.3+4", digest=sha256(data))


async def refusal(charts: Charts, what: Elsewhere) -> Finding:
    """What a fetch is refused with."""
    with pytest.raises(RenderError) as error:
        await charts(what)
    found: Finding
    (found,) = error.value.findings
    assert found.fix
    return found


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_a_chart_is_a_tree_of_its_files(charts: Charts, server: ChartServer, flavour: str) -> None:
    tree = await charts(wanted(server, flavour))
    assert sorted(tree.entries) == ["Chart.yaml", "templates/a.yaml"]
    assert tree.read("Chart.yaml").decode() == chart_yaml("web")
    assert not tree.missing(frozenset(tree.entries))


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_it_is_fetched_once(charts: Charts, server: ChartServer, flavour: str, tmp_path: Path) -> None:
    first = await charts(wanted(server, flavour))
    asked = len(server.asked)
    assert await charts(wanted(server, flavour)) == first
    assert len(server.asked) == asked
    (kept,) = (tmp_path / "kept").iterdir()
    kept.write_bytes(b"damaged")
    assert await charts(wanted(server, flavour)) == first
    assert len(server.asked) > asked


async def test_a_registry_may_want_no_token(charts: Charts, server: ChartServer) -> None:
    server.tokens = False
    assert (await charts(wanted(server, "oci"))).entries


LOGIN = basic("ana", "hunter2")


@pytest.fixture
def known(server: ChartServer, tmp_path: Path) -> Charts:
    """The fetcher of a server that has a login there."""
    (tmp_path / "password").write_text("hunter2\n")
    allowed = [f"oci://{server.host}/charts/*", f"https://{server.host}/stable/*"]
    given = [Login(match=each, username="ana", password_file=tmp_path / "password") for each in allowed]
    return Charts(allowed, tmp_path / "known", server.trust, Logins(given))


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_a_private_place_opens_to_a_login(
    charts: Charts, known: Charts, server: ChartServer, flavour: str
) -> None:
    server.login = LOGIN
    found = await refusal(charts, wanted(server, flavour))
    assert (found.level, "the server has no login" in found.message) == ("error", True)
    assert "render.logins" in found.fix
    assert (await known(wanted(server, flavour))).entries


async def test_the_first_login_that_matches_counts(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2")
    matches = {"near": "https://a.io/near/*", "all": "https://a.io/*", "late": "https://a.io/near/web"}
    logins = Logins(
        [Login(match=each, username=name, password_file=tmp_path / "password") for name, each in matches.items()]
    )
    assert await logins("https://a.io/near/web") == basic("near", "hunter2")
    assert await logins("https://a.io/far/web") == basic("all", "hunter2")
    assert await logins("https://b.io/near/web") == ""


@pytest.mark.parametrize("challenge", ["Basic", 'Basic realm="here"', 'basic realm="here", charset="UTF-8"'])
async def test_a_registry_may_want_the_login_itself(known: Charts, server: ChartServer, challenge: str) -> None:
    server.login, server.refusal = LOGIN, {"WWW-Authenticate": challenge}
    assert (await known(wanted(server, "oci"))).entries
    assert "/token" not in server.asked


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_a_login_that_is_not_taken_may_be_renewed(
    known: Charts, server: ChartServer, tmp_path: Path, flavour: str
) -> None:
    server.login = basic("ana", "renewed")
    found = await refusal(known, wanted(server, flavour))
    assert (found.level, "does not take the login" in found.message) == ("unknown", True)
    assert "hunter2" not in repr(found)
    (tmp_path / "password").write_bytes(b"\xff")
    found = await refusal(known, wanted(server, flavour))
    assert (found.level, "it is not UTF-8 text" in found.message) == ("unknown", True)
    (tmp_path / "password").unlink()
    found = await refusal(known, wanted(server, flavour))
    assert (found.level, "cannot be read" in found.message) == ("unknown", True)
    (tmp_path / "password").write_text("renewed")
    assert (await known(wanted(server, flavour))).entries


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_a_login_that_may_not_read_is_one_that_is_not_taken(
    known: Charts, server: ChartServer, flavour: str, status: int
) -> None:
    for path in ("/stable/index.yaml", "/token", f"/v2/charts/web/blobs/{sha256(CHART)}"):
        server.answers = {path: web.Response(status=status)}
        if path.startswith("/stable") == (flavour == "https"):
            found = await refusal(known, wanted(server, flavour))
            assert (found.level, "does not take the login" in found.message) == ("unknown", True)


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_a_version_that_is_not_there(charts: Charts, server: ChartServer, flavour: str) -> None:
    found = await refusal(charts, replace(wanted(server, flavour), revision="9.9.9"))
    assert found.level == "error"
    assert "9.9.9" in found.message


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_a_server_that_does_not_work_leaves_it_unknown(charts: Charts, server: ChartServer, flavour: str) -> None:
    what = wanted(server, flavour)
    server.answers = {"/stable/index.yaml": web.Response(status=503)}
    server.answers["/v2/charts/web/manifests/1.2.3_4"] = web.Response(status=503)
    assert (await refusal(charts, what)).level == "unknown"


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_nobody_there_leaves_it_unknown(tmp_path: Path, flavour: str) -> None:
    async with chart_server(tmp_path) as gone:
        what = wanted(gone, flavour)
    charts = Charts([f"{flavour}://{gone.host}/*"], tmp_path / "kept", gone.trust)
    assert (await refusal(charts, what)).level == "unknown"


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nentries:"])
async def test_an_answer_that_does_not_come_to_its_end_leaves_it_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(door, "SECONDS", 0.5)
    own, trust = certificate(tmp_path)

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        while not said and await reader.read(1024):
            pass  # a server that takes what comes, and is silent
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=own)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    charts = Charts([f"https://{host}/*"], tmp_path / "kept", trust)
    found = await refusal(charts, Elsewhere(kind="chart", url=f"https://{host}/web", revision="1", digest=sha256(b"")))
    assert (found.level, ("TimeoutError" in found.message) is (not said)) == ("unknown", True)
    server.close()


@pytest.mark.parametrize("path", ["/stable/index.yaml", "/v2/charts/web/manifests/1.2.3_4"])
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"entries": {"web": [{"version": "1.2.3+4"}]}}', b"\xff", b"[" * 99999]
)
async def test_answers_that_are_none(charts: Charts, server: ChartServer, path: str, body: bytes) -> None:
    server.answers[path] = web.Response(body=body)
    found = await refusal(charts, wanted(server, "https" if "index" in path else "oci"))
    assert found.level == "error"


@pytest.mark.parametrize("urls", ["5", "[]", "[5]", '["https://["]', '["mailto:a@b.c"]', '{"0": "x"}', '"x"'])
async def test_an_index_that_names_no_place(charts: Charts, server: ChartServer, urls: str) -> None:
    digest = sha256(CHART)
    entry = f'{{"version": "1.2.3+4", "digest": "{digest[7:]}", "urls": {urls}}}'
    server.answers["/stable/index.yaml"] = web.Response(text=f'{{"entries": {{"web": [5, {entry}]}}}}')
    found = await refusal(charts, wanted(server, "https"))
    assert (found.level, "the index of" in found.message) == ("error", True)
    assert server.asked == ["/stable/index.yaml"]


@pytest.mark.parametrize(
    "layer", ["5", "{}", '{"mediaType": "application/x", "digest": "DIGEST"}', '{"mediaType": "LAYER", "digest": 5}']
)
async def test_a_manifest_of_something_else(charts: Charts, server: ChartServer, layer: str) -> None:
    text = f'{{"layers": [{layer}]}}'.replace("DIGEST", sha256(CHART)).replace("LAYER", LAYER)
    server.answers["/v2/charts/web/manifests/1.2.3_4"] = web.Response(text=text)
    assert "is no Helm chart" in (await refusal(charts, wanted(server, "oci"))).message


@pytest.mark.parametrize(("status", "level"), [(429, "unknown"), (500, "unknown"), (404, "error"), (403, "error")])
@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_what_a_status_means(charts: Charts, server: ChartServer, flavour: str, status: int, level: str) -> None:
    text = '{"entries": {"web": [{"version": "1.2.3+4"}]}}'
    for path in ("/stable/index.yaml", "/v2/charts/web/manifests/1.2.3_4"):
        server.answers[path] = web.Response(status=status, text=text)
    found = await refusal(charts, wanted(server, flavour))
    assert (found.level, "answers" in found.message or "registry" in found.message) == (level, True)


@pytest.mark.parametrize(
    ("challenge", "words"),
    [
        ('Basic realm="https://HOST/token"', "has no login"),
        ('Bearer service="here"', "has no login"),
        ('Bearer realm="https://["', "names no place to log in at"),
        ('Bearer realm="https://HOST/odd"', "gives no token"),
    ],
)
@pytest.mark.parametrize("token", ["5", '"a\\nX-Evil: b"', '"é"', "null"])
async def test_a_registry_without_a_token_for_anybody(
    charts: Charts, server: ChartServer, challenge: str, words: str, token: str
) -> None:
    server.refusal = {"WWW-Authenticate": challenge.replace("HOST", server.host)}
    server.answers["/odd"] = web.Response(text=f'{{"token": {token}}}')
    found = await refusal(charts, wanted(server, "oci"))
    assert (found.level, words in found.message) == ("error", True)
    assert len(server.asked) < 4


@pytest.mark.parametrize("answer", [web.Response(text="[]"), web.Response(status=404, text="none")])
async def test_a_place_to_log_in_at_that_gives_something_else(
    charts: Charts, server: ChartServer, answer: web.Response
) -> None:
    server.answers["/token"] = answer
    assert "gives no token" in (await refusal(charts, wanted(server, "oci"))).message


async def test_a_token_may_have_another_name(charts: Charts, server: ChartServer) -> None:
    server.answers["/token"] = web.json_response({"access_token": "open-sesame"})
    assert (await charts(wanted(server, "oci"))).entries


async def test_only_places_of_the_list_are_asked_also_at_hosts_of_the_list(charts: Charts, server: ChartServer) -> None:
    for place in (f"oci://{server.host}/other/web", f"https://{server.host}/other/web"):
        found = await refusal(charts, replace(wanted(server, "oci"), url=place))
        assert "not among the places" in found.message
    assert server.asked == []


async def test_a_redirect_without_a_place_leads_nowhere(charts: Charts, server: ChartServer) -> None:
    server.answers["/stable/index.yaml"] = web.Response(status=302)
    assert "redirects to nowhere" in (await refusal(charts, wanted(server, "https"))).message


@pytest.mark.parametrize("status", [403, 404, 503])
async def test_what_signs_an_address_is_not_repeated(charts: Charts, server: ChartServer, status: int) -> None:
    index = {"entries": {"web": [{"version": "1.2.3+4", "urls": ["files/x.tgz?key=t0ken"]}]}}
    server.answers = {
        "/stable/index.yaml": web.json_response(index), "/stable/files/x.tgz": web.Response(status=status),
    }  # fmt: skip
    found = await refusal(charts, wanted(server, "https"))
    assert f"/stable/files/x.tgz answers {status}" in found.message


@pytest.mark.parametrize("place", ["https://[", "https://xn--/x", "https://a:99999/x", "https://\u202e/x"])
async def test_what_is_no_address_is_refused_wherever_it_is_named(
    charts: Charts, server: ChartServer, place: str
) -> None:
    server.moved = {"/stable/index.yaml": place}
    assert (await refusal(charts, wanted(server, "https"))).level == "error"
    server.moved = {}
    index = {"entries": {"web": [{"version": "1.2.3+4", "urls": [place]}]}}
    server.answers["/stable/index.yaml"] = web.json_response(index)
    assert (await refusal(charts, wanted(server, "https"))).level == "error"
    server.refusal = {"WWW-Authenticate": f'Bearer realm="{place}"'}
    assert (await refusal(charts, wanted(server, "oci"))).level == "error"


async def test_no_proxy_of_the_machine_is_used(
    charts: Charts, server: ChartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await charts(wanted(server, "https"))).entries


async def test_a_certificate_that_nobody_trusts(server: ChartServer, tmp_path: Path) -> None:
    charts = Charts([f"oci://{server.host}/*"], tmp_path / "kept")
    assert (await refusal(charts, wanted(server, "oci"))).level == "unknown"
    assert server.asked == []


async def test_an_archive_that_is_no_chart(charts: Charts, server: ChartServer) -> None:
    for files in ({"Chart.yaml": chart_yaml("web")}, {"a/Chart.yaml": "", "b/Chart.yaml": ""}):
        data = archive(files)
        server.archives[("web", "1.2.3+4")] = data
        assert "not one folder" in (await refusal(charts, wanted(server, "oci", data))).message


def test_private_addresses() -> None:
    for address in (
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "ff0e::1",
        "fe80::1%1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "::ffff:100.64.0.1",
        "64:ff9b:1::808:808",
    ):
        assert private(address), address
    assert not private("1.1.1.1")
    assert not private("2606:4700::1111")
    assert not private("::ffff:1.1.1.1")
    assert not private("64:ff9b::101:101")


def test_hosts_are_those_of_the_globs() -> None:
    hosts = Hosts(["oci://A.io/*", "https://*.b.io:8443/x/*"])
    assert [hosts.allows(each) for each in ("a.io", "A.io", "b.io", "x.b.io:8443", "x.b.io", "a.io.evil.io")] == [
        True, True, False, True, False, False,
    ]  # fmt: skip
    assert (hosts.names("a.io"), hosts.names("A.io"), hosts.names("x.b.io")) == (True, True, False)


async def test_one_private_address_among_those_of_a_name_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(*_: object) -> list[dict[str, str]]:
        return [{"host": "1.1.1.1"}, {"host": "10.0.0.1"}]

    monkeypatch.setattr("aiohttp.ThreadedResolver.resolve", answer)
    assert await Resolver(Hosts(["https://a.io/*"])).resolve("a.io")
    with pytest.raises(RenderError, match="private address"):
        await Resolver(Hosts(["https://*/*"])).resolve("a.io")


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_the_usual_port_need_not_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flavour: str) -> None:
    async def nowhere(*_: object) -> list[object]:
        raise OSError

    monkeypatch.setattr("aiohttp.ThreadedResolver.resolve", nowhere)
    what = Elsewhere(kind="chart", url=f"{flavour}://a.io/web", revision="1", digest=sha256(b""))
    assert "was not reached" in (await refusal(Charts([f"{flavour}://a.io/*"], tmp_path), what)).message


async def test_each_kind_has_its_fetcher() -> None:
    tree = Tree(revision="0" * 40, entries={})  # type: ignore[arg-type]

    async def fetch(what: Elsewhere) -> Tree:
        return tree

    fetchers = Fetchers({"chart": fetch})
    assert await fetchers(Elsewhere(kind="chart", url="oci://a/b", revision="1")) is tree
    with pytest.raises(InputError, match="no git is fetched"):
        await fetchers(Elsewhere(kind="git", url="https://a/b", revision="1"))
