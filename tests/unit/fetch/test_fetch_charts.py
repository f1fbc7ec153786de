"""Charts from a registry and from a classic repository: what is pinned comes, or nothing does."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import InputError, RenderError
from bot.fetch import Charts, Fetchers
from bot.fetch.door import Hosts, private
from bot.model.plan import Finding
from bot.model.tree import Elsewhere, Tree
from tests.support.chart_server import ChartServer, chart_server, sha256
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


@pytest.mark.parametrize("path", ["/stable/index.yaml", "/v2/charts/web/manifests/1.2.3_4"])
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"entries": {"web": [{"version": "1.2.3+4"}]}}', b"\xff", b"[" * 99999]
)
async def test_answers_that_are_none(charts: Charts, server: ChartServer, path: str, body: bytes) -> None:
    server.answers[path] = web.Response(body=body)
    found = await refusal(charts, wanted(server, "https" if "index" in path else "oci"))
    assert found.level == "error"


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
    ):
        assert private(address), address
    assert not private("1.1.1.1")
    assert not private("2606:4700::1111")
    assert not private("::ffff:1.1.1.1")


def test_hosts_are_those_of_the_globs() -> None:
    hosts = Hosts(["oci://a.io/*", "https://*.b.io:8443/x/*"])
    assert [hosts.allows(each) for each in ("a.io", "A.io", "b.io", "x.b.io:8443", "x.b.io", "a.io.evil.io")] == [
        True, True, False, True, False, False,
    ]  # fmt: skip
    assert (hosts.names("a.io"), hosts.names("x.b.io")) == (True, False)


async def test_each_kind_has_its_fetcher() -> None:
    tree = Tree(revision="0" * 40, entries={})  # type: ignore[arg-type]

    async def fetch(what: Elsewhere) -> Tree:
        return tree

    fetchers = Fetchers({"chart": fetch})
    assert await fetchers(Elsewhere(kind="chart", url="oci://a/b", revision="1")) is tree
    with pytest.raises(InputError, match="no git is fetched"):
        await fetchers(Elsewhere(kind="git", url="https://a/b", revision="1"))
