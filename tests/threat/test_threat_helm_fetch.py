"""Charts from elsewhere: pinned, only from places that are named, and a login is shown to its host alone."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.errors import RenderError
from bot.fetch import Charts, Logins
from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.model.login import Login, basic
from bot.model.tree import Elsewhere, Tree
from bot.render.helm import Helm
from tests.support.chart_server import ChartServer, chart_server, sha256
from tests.support.charts import CHART, archive, bomb, config_map, refused
from tests.support.soon import soon
from tests.support.trees import tree as make_tree


async def fails(charts: Charts, what: Elsewhere, words: str) -> None:
    with pytest.raises(RenderError) as error:
        await charts(what)
    assert words in str(error.value)


async def test_row_45_a_chart_without_a_digest_is_refused(helm: Helm) -> None:
    where = "oci://127.0.0.1:5000/charts/web"
    for pins in ({}, {"version": "1.2.3"}, {"digest": "sha256:" + "0" * 64}, {"version": "1.2.3", "digest": "latest"}):
        source = Source(path="web", options={"chart": where, **pins})
        with pytest.raises(RenderError, match="needs option"):
            helm.needs(make_tree(CHART), source)


@pytest.mark.parametrize("place", ["oci://{}/charts/web", "https://{}/stable/web"])
async def test_row_45_a_version_that_became_another_chart_is_refused(
    server: ChartServer, tmp_path: Path, place: str
) -> None:
    url = place.format(server.host)
    pinned = Elsewhere(kind="chart", url=url, revision="1.2.3", digest=sha256(archive(CHART)))
    charts = Charts([f"*://{server.host}/*"], tmp_path / "kept", server.trust)
    changed = archive(CHART | {"web/templates/a.yaml": config_map("a", "evil")})
    server.archives[("web", "1.2.3")] = changed
    await fails(charts, pinned, "has another chart as version 1.2.3 by now")
    # a server may also lie about the digest
    server.archives[("web", "1.2.3")] = archive(CHART)
    for path in (f"/v2/charts/web/blobs/{pinned.digest}", "/stable/files/web-1.2.3.tgz"):
        server.answers[path] = web.Response(body=changed)
    await fails(charts, pinned, "is not what was pinned")


async def test_row_45_a_chart_under_another_name_or_version_is_refused(helm: Helm) -> None:
    for name, version in (("web", "1.2.4"), ("other", "1.2.3")):
        pinned = Elsewhere(kind="chart", url=f"oci://127.0.0.1:1/{name}", revision=version, digest="sha256:" + "0" * 64)
        files = {path.removeprefix("web/"): text for path, text in CHART.items()}
        made = make_tree({"web/values.yaml": ""})
        made = Tree(revision=made.revision, entries=made.entries, elsewhere={pinned: make_tree(files)})
        options = {"chart": pinned.url, "version": version, "digest": pinned.digest}
        with pytest.raises(RenderError, match=r"is the chart web 1\.2\.3"):
            await helm.render(made, Source(path="web", options=options), Kubernetes())


async def test_a_chart_that_was_not_fetched_is_told(helm: Helm) -> None:
    pins: dict[str, Any] = {"chart": "oci://127.0.0.1:1/web", "version": "1.2.3", "digest": "sha256:" + "0" * 64}
    assert "oci://127.0.0.1:1/web was not fetched" in (await refused(helm, CHART, **pins)).message


async def test_row_65_a_bomb_or_a_path_that_leaves_is_never_unpacked(server: ChartServer, tmp_path: Path) -> None:
    charts = Charts([f"*://{server.host}/*"], tmp_path / "kept", server.trust)
    for data, words in (
        (bomb("web/values.yaml", 100_000_000), "refused as a bomb"),
        (archive({"web/../../evil": "x"}), "no path within it"),
        (archive({"/etc/evil": "x"}), "no path within it"),
    ):
        server.archives[("web", "1.2.3")] = data
        what = Elsewhere(kind="chart", url=f"oci://{server.host}/charts/web", revision="1.2.3", digest=sha256(data))
        with soon(5):
            await fails(charts, what, words)
    assert not list(tmp_path.rglob("evil"))


async def test_row_65_answers_that_are_too_long_are_not_read_to_their_end(server: ChartServer, tmp_path: Path) -> None:
    charts = Charts([f"*://{server.host}/*"], tmp_path / "kept", server.trust)
    long = web.Response(body=b"#" * (33 * 1024 * 1024))
    server.answers = {"/stable/index.yaml": long, "/v2/charts/web/manifests/1.2.3": long}
    for place in ("https://{}/stable/web", "oci://{}/charts/web"):
        url = place.format(server.host)
        pinned = Elsewhere(kind="chart", url=url, revision="1.2.3", digest=sha256(b""))
        await fails(charts, pinned, "is longer than")


@pytest.mark.parametrize(
    "location",
    [
        "https://169.254.169.254/latest/meta-data?t0ken#t0ken", "http://127.0.0.1:{port}/stable/index.yaml", "file:///etc/passwd",
        "https://user:pass@127.0.0.1:{port}/x", "https://localhost:{port}/stable/index.yaml", "//[::1]:{port}/x", "",
    ],
)  # fmt: skip
async def test_row_66_a_redirect_leads_only_to_where_we_may_go(
    server: ChartServer, tmp_path: Path, location: str
) -> None:
    url = f"https://{server.host}/stable/web"
    pinned = Elsewhere(kind="chart", url=url, revision="1.2.3", digest=sha256(archive(CHART)))
    charts = Charts([f"https://{server.host}/*"], tmp_path / "kept", server.trust)
    server.moved["/stable/index.yaml"] = location.format(port=server.port)
    with pytest.raises(RenderError, match="not among the places" if location else "more than 5 redirects") as error:
        await charts(pinned)
    assert "t0ken" not in str(error.value)
    assert set(server.asked) == {"/stable/index.yaml"}
    server.moved["/stable/index.yaml"] = "/stable/index.yaml"
    server.asked.clear()
    await fails(charts, pinned, "more than 5 redirects")
    assert len(server.asked) == 6
    server.moved = {"/stable/files/web-1.2.3.tgz": "/good?signed=a%2Fb"}
    server.answers["/good"] = web.Response(body=archive(CHART))
    assert (await charts(pinned)).entries


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_row_66_a_private_address_has_to_be_named(server: ChartServer, tmp_path: Path, host: str) -> None:
    place = f"https://{host}:{server.port}/stable/web"
    pinned = Elsewhere(kind="chart", url=place, revision="1.2.3", digest=sha256(archive(CHART)))
    await fails(Charts(["https://*/stable/*"], tmp_path / "kept", server.trust), pinned, "private address")
    assert server.asked == []
    assert (await Charts([f"https://{host}:{server.port}/*"], tmp_path / "kept", server.trust)(pinned)).entries


async def test_row_66_neither_a_token_nor_an_archive_comes_from_elsewhere(server: ChartServer, tmp_path: Path) -> None:
    charts = Charts([f"*://{server.host}/*"], tmp_path / "kept", server.trust)
    data = archive(CHART)
    away = "https://169.254.169.254/token"
    oci = Elsewhere(kind="chart", url=f"oci://{server.host}/charts/web", revision="1.2.3", digest=sha256(data))
    challenge = {"WWW-Authenticate": f'Bearer realm="{away}"'}
    server.refusal = challenge
    await fails(charts, oci, "not among the places")
    index = f'{{"entries": {{"web": [{{"version": "1.2.3", "urls": ["{away}"]}}]}}}}'
    server.answers["/stable/index.yaml"] = web.Response(text=index)
    classic = Elsewhere(kind="chart", url=f"https://{server.host}/stable/web", revision="1.2.3", digest=sha256(data))
    await fails(charts, classic, "not among the places")


async def test_row_66_a_login_is_shown_only_to_its_host(server: ChartServer, tmp_path: Path) -> None:
    """Not where a redirect leads, where an index has an archive, or to another place that charts may come from."""
    (tmp_path / "password").write_text("hunter2")
    login = Login(match=f"https://{server.host}/stable/*", username="ana", password_file=tmp_path / "password")
    data, other = archive(CHART), f"https://localhost:{server.port}"
    allowed = [f"https://{server.host}/*", f"{other}/*", f"oci://{server.host}/*"]
    index = f'{{"entries": {{"web": [{{"version": "1.2.3", "urls": ["{other}/web.tgz"]}}]}}}}'
    server.answers = {"/index": web.Response(text=index), "/elsewhere": web.Response(body=data)}

    async def shown(place: str) -> list[tuple[str, str]]:
        """What was asked for and what was shown, until the chart was there."""
        server.asked.clear()
        server.shown.clear()
        charts = Charts(allowed, tmp_path / str(len(place)), server.trust, Logins([login]))
        assert (await charts(Elsewhere(kind="chart", url=place, revision="1.2.3", digest=sha256(data)))).entries
        return list(zip(server.asked, server.shown, strict=True))

    own, private = basic("ana", "hunter2"), f"https://{server.host}/stable/web"
    server.moved = {"/stable/index.yaml": "/index", "/web.tgz": "/elsewhere"}
    asked = [("/stable/index.yaml", own), ("/index", own), ("/web.tgz", ""), ("/elsewhere", "")]
    assert await shown(private) == asked
    server.moved["/stable/index.yaml"] = f"{other}/index"
    shutil.rmtree(tmp_path / str(len(private)))
    assert await shown(private) == [("/stable/index.yaml", own), ("/index", ""), *asked[2:]]
    assert own not in dict(await shown(f"oci://{server.host}/charts/web")).values()


async def test_row_66_another_port_is_another_host(server: ChartServer, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2")
    (tmp_path / "other").mkdir()
    login = Login(match=f"https://{server.host}/*", username="ana", password_file=tmp_path / "password")
    pinned = Elsewhere(
        kind="chart", url=f"https://{server.host}/stable/web", revision="1.2.3", digest=sha256(archive(CHART))
    )
    async with chart_server(tmp_path / "other") as other:
        server.trust.load_verify_locations(tmp_path / "other" / "charts.crt")
        other.answers["/web.tgz"] = web.Response(body=archive(CHART))
        index = f'{{"entries": {{"web": [{{"version": "1.2.3", "urls": ["https://{other.host}/web.tgz"]}}]}}}}'
        server.answers["/stable/index.yaml"] = other.answers["/index"] = web.Response(text=index)
        for kept in ("named", "led"):
            charts = Charts(["https://127.0.0.1:*/*"], tmp_path / kept, server.trust, Logins([login]))
            assert (await charts(pinned)).entries
            server.moved["/stable/index.yaml"] = f"https://{other.host}/index"
    assert (other.asked, set(other.shown)) == (["/web.tgz", "/index", "/web.tgz"], {""})
    assert set(server.shown) == {basic("ana", "hunter2")}


@pytest.mark.parametrize("challenge", ['Bearer realm="https://localhost:{port}/token"', "Basic"])
async def test_row_66_who_a_redirect_leads_to_cannot_ask_for_the_login(
    server: ChartServer, tmp_path: Path, challenge: str
) -> None:
    """CVE-2020-15157: a 401 of another host is no question of the registry's."""
    (tmp_path / "password").write_text("hunter2")
    login = Login(match=f"oci://{server.host}/*", username="ana", password_file=tmp_path / "password")
    allowed = [f"oci://{server.host}/*", f"https://localhost:{server.port}/*"]
    pinned = Elsewhere(kind="chart", url=f"oci://{server.host}/charts/web", revision="1.2.3", digest=sha256(b""))
    server.moved["/v2/charts/web/manifests/1.2.3"] = f"https://localhost:{server.port}/v2/another/web/manifests/1.2.3"
    server.refusal = {"WWW-Authenticate": challenge.format(port=server.port)}
    charts = Charts(allowed, tmp_path / "kept", server.trust, Logins([login]))
    await fails(charts, pinned, "does not take the login")
    assert set(server.shown) == {""}


@pytest.mark.parametrize(
    "url",
    [
        "oci://127.0.0.1:1@evil.io/charts/web", "https://127.0.0.1:1/../x", "http://127.0.0.1:1/web", "file:///x/web",
        "oci://127.0.0.1:1/a?b/web", "oci://127.0.0.1:1/%2e%2e/web", "oci://evil.io/charts/web", "oci://127.0.0.1:1",
    ],
)  # fmt: skip
async def test_row_66_only_places_of_the_list_are_asked(helm: Helm, tmp_path: Path, url: str) -> None:
    pins = {"version": "1.2.3", "digest": "sha256:" + "0" * 64}
    with pytest.raises(RenderError):
        helm.needs(make_tree(CHART), Source(path="web", options={"chart": url, **pins}))
    what = Elsewhere(kind="chart", url=url, revision="1.2.3", digest=pins["digest"])
    await fails(Charts(["oci://127.0.0.1:*/*"], tmp_path / "kept"), what, "not among the places")
