"""Hostile charts: what they may not read, reach, choose or wear out."""

import gzip
import io
import shutil
import tarfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.errors import RenderError
from bot.fetch import Charts, Logins
from bot.jail import Jail
from bot.jail.run import Mechanisms
from bot.model.environment import Source
from bot.model.finding import Finding
from bot.model.kubernetes import Kubernetes
from bot.model.login import Login, basic
from bot.model.resource import Rendered
from bot.model.tree import Elsewhere, Tree
from bot.render.helm import Helm, HelmOptions
from tests.support.chart_server import ChartServer, chart_server, sha256
from tests.support.charts import archive, chart_yaml, config_map
from tests.support.programs import program
from tests.support.soon import soon
from tests.support.trees import Files
from tests.support.trees import tree as make_tree

CHART = {"web/Chart.yaml": chart_yaml("web"), "web/templates/a.yaml": config_map("a", "{{ .Values.x }}")}
SECRET = "c4n4ry-hunter2"


@pytest.fixture
def jail() -> Iterator[Jail]:
    """A jail whose launcher ends with the test."""
    made = Jail("best-effort")
    yield made
    made.close()


@pytest.fixture
def loose() -> Iterator[Jail]:
    """A jail for scripts, which need their interpreter."""
    made = Jail("best-effort", lambda: Mechanisms(landlock=0, seccomp=False))
    yield made
    made.close()


@pytest.fixture(params=["helm", "helm4"])
def helm(request: pytest.FixtureRequest, jail: Jail, tmp_path: Path) -> Helm:
    """The renderer with the real program of each major version; charts may come from anywhere on loopback."""
    options = HelmOptions(charts=("oci://127.0.0.1:*/*",), scratch=tmp_path / "scratch")
    return Helm(jail, str(program(request.param)), options)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ChartServer]:
    """A registry and classic repository on loopback, with the chart."""
    async with chart_server(tmp_path) as up:
        up.archives[("web", "1.2.3")] = archive(CHART)
        yield up


async def render(helm: Helm, files: Files, modes: dict[str, str] | None = None, **options: Any) -> Rendered:
    source = Source(path="web", options={"release": "rel", **options})
    return await helm.render(make_tree(files, modes), source, Kubernetes())


async def refused(helm: Helm, files: Files, modes: dict[str, str] | None = None, **options: Any) -> Finding:
    with pytest.raises(RenderError) as error:
        await render(helm, files, modes, **options)
    assert "/tmp" not in repr(error.value.findings)
    found: Finding = next(iter(error.value.findings))
    return found


@pytest.mark.parametrize("name", ["-rel", "--post-renderer=./x", "--", "a b", "a\nb", "A", "a.b", "x" * 54, "", 7])
@pytest.mark.parametrize("key", ["release", "namespace"])
async def test_rows_21_and_26_a_name_never_is_an_option(helm: Helm, key: str, name: Any) -> None:
    if (key, name) == ("namespace", "x" * 54):
        pytest.skip("a namespace may be longer than a release")
    found = await refused(helm, CHART, **{key: name})
    assert f"option {key} cannot be a name" in found.message


OUTSIDE = [
    "../v.yaml", "web/../../v.yaml", "/etc/passwd", "file:///etc/passwd", "https://127.0.0.1/v.yaml", "a\\b", "-v.yaml",
    "./v.yaml", "web//v.yaml", "s3:v.yaml", "a\nv.yaml",
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
async def test_row_31_values_outside_of_the_repository_are_refused(helm: Helm, path: str) -> None:
    assert "no file of the repository" in (await refused(helm, CHART, values=[path])).message


async def test_row_31_values_by_a_link_are_refused(helm: Helm) -> None:
    files = CHART | {"v.yaml": "/etc/passwd", "link": "/etc"}
    modes = {"v.yaml": "120000", "link": "120000"}
    for path in ("v.yaml", "link/passwd"):
        assert "symbolic link" in (await refused(helm, files, modes, values=[path])).message
        reads = helm.reads(make_tree(files, modes), Source(path="web", options={"values": [path]}))
        assert path.partition("/")[0] in reads


async def test_row_31_a_template_reads_no_file_outside_of_its_chart(helm: Helm) -> None:
    files = CHART | {"secret.txt": SECRET}
    for path in ("../secret.txt", "/etc/passwd", "../../../../../../../etc/passwd"):
        files["web/templates/a.yaml"] = config_map("a", f'{{{{ .Files.Get "{path}" | quote }}}}')
        assert [each.body["data"]["value"] for each in (await render(helm, files)).resources] == [""]


@pytest.mark.parametrize("path", ["Chart.lock", "values.yaml", "charts/x", "files/x.conf", "templates/b.yaml"])
@pytest.mark.parametrize("mode", ["120000", "160000"])
async def test_row_32_a_link_in_a_chart_is_refused(helm: Helm, path: str, mode: str) -> None:
    found = await refused(helm, CHART | {f"web/{path}": "/etc/passwd"}, {f"web/{path}": mode})
    assert ("never f" in found.message, found.path) == (True, f"web/{path}")
    assert found.fix == "commit the files themselves"


async def test_row_32_dependencies_are_never_fetched(helm: Helm, server: ChartServer) -> None:
    for place in (f"https://{server.host}/stable", f"oci://{server.host}/charts", "file://../other"):
        depends = f"dependencies:\n- {{name: other, version: 1.2.3, repository: '{place}'}}\n"
        files = CHART | {"web/Chart.yaml": chart_yaml("web", depends), "other/Chart.yaml": chart_yaml("other")}
        assert "depends on other" in (await refused(helm, files)).message
    assert server.asked == []


async def test_row_32_no_name_is_looked_up_and_no_cluster_is_asked(helm: Helm) -> None:
    text = '{{ getHostByName "localhost" | quote }}\n  found: {{ lookup "v1" "Secret" "" "" | toJson | quote }}'
    (found,) = (await render(helm, CHART | {"web/templates/a.yaml": config_map("a", text)})).resources
    assert found.body["data"] == {"value": "", "found": "{}"}


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


async def fails(charts: Charts, what: Elsewhere, words: str) -> None:
    with pytest.raises(RenderError) as error:
        await charts(what)
    assert words in str(error.value)


UNSTEADY = {
    "randAlphaNum": "{{ randAlphaNum 20 }}",
    "randInt": "{{ randInt 0 999999999 }}",
    "randBytes": "{{ randBytes 20 }}",
    "shuffle": '{{ shuffle "abcdefghijklmnopqrstuvwxyz" }}',
    "uuidv4": "{{ uuidv4 }}",
    "htpasswd": '{{ htpasswd "me" "secret" | quote }}',
    "bcrypt": '{{ bcrypt "secret" | quote }}',
    "encryptAES": '{{ encryptAES "secretkey" "plain" }}',
    "genPrivateKey": '{{ genPrivateKey "ecdsa" | b64enc }}',
    "genCA": '{{ (genCA "me" 365).Cert | b64enc }}',
    "now": '{{ now | date "2006" | quote }}',
    "ago": '{{ ago (toDate "2006-01-02" "2020-01-02") }}',
}


@pytest.mark.parametrize("function", UNSTEADY)
async def test_row_46_what_differs_each_time_is_refused(helm: Helm, function: str) -> None:
    files = CHART | {"web/templates/b.yaml": "# steady\n---\n" + config_map("b", UNSTEADY[function])}
    found = await refused(helm, files)
    assert f"does not render the same twice: it uses {function}" in found.message
    assert (found.path, found.line) == ("web/templates/b.yaml", 8)


async def test_row_46_it_is_found_wherever_it_hides(helm: Helm) -> None:
    helper = {"web/templates/_h.tpl": '{{ define "h" }}\n{{- randAlpha 9 }}{{ end }}'}
    found = await refused(helm, CHART | helper | {"web/templates/a.yaml": config_map("a", '{{ include "h" . }}')})
    assert (found.path, found.line) == ("web/templates/_h.tpl", 2)
    assert "web/templates/a.yaml" in found.message

    given = {"web/templates/a.yaml": config_map("a", "{{ tpl .Values.x . | quote }}")}
    for text in ("{{ now | date `15` }}", '{{ now | date "2006" }}', '{{ printf "{{ %s 9 }}" .Values.f | trim }}'):
        files = CHART | given | {"v.yaml": f"x: '{text}'\n"}
        if "printf" in text:
            files["web/templates/a.yaml"] = config_map("a", "{{ tpl (tpl .Values.x .) . }}")
            files["v.yaml"] += "f: randAlpha\n"
        assert "same twice" in (await refused(helm, files, values=["v.yaml"])).message

    inner = {
        "sub/Chart.yaml": chart_yaml("sub"),
        "sub/templates/b.yaml": config_map("b", '{{ now | date "2006" | quote }}'),
    }
    found = await refused(helm, CHART | {"web/charts/sub-1.2.3.tgz": archive(inner)})
    assert "web/charts/sub/templates/b.yaml does not render the same twice: it uses now" in found.message
    assert found.path == "web/charts/sub-1.2.3.tgz"


async def test_row_46_what_is_not_applied_may_differ(helm: Helm) -> None:
    template = (
        config_map("a", "x")
        + "---\n"
        + config_map("b", "{{ randAlpha 9 }}").replace("name: b", 'name: b\n  annotations: {"helm.sh/hook": test}')
    )
    unused = template + '{{ if .Values.never }}{{ now | date "2006" }}{{ end }}\n'
    assert len((await render(helm, CHART | {"web/templates/a.yaml": unused})).resources) == 1


async def test_row_46_a_date_that_was_given_is_no_clock(helm: Helm) -> None:
    text = '{{ toDate "2006-01-02" "2020-02-03" | date "02.01.2006" | quote }}'
    (found,) = (await render(helm, CHART | {"web/templates/a.yaml": config_map("a", text)})).resources
    assert found.body["data"]["value"] == "03.02.2020"


async def test_row_47_nothing_is_taken_from_another_render(helm: Helm) -> None:
    async def value(files: Files, **options: Any) -> Any:
        return (await render(helm, files, **options)).resources[0].body["data"]["value"]

    files = CHART | {"web/values.yaml": "x: 1\n", "a.yaml": "x: a\n", "b.yaml": "x: b\n"}
    assert [await value(files), await value(files, values=["a.yaml"]), await value(files, values=["b.yaml"])] == [
        1,
        "a",
        "b",
    ]
    assert await value(files, values=["a.yaml", "b.yaml"]) == "b"
    assert await value(files, values=["b.yaml", "a.yaml"]) == "a"
    assert await value(files | {"web/values.yaml": "x: 2\n"}) == 2
    assert await value(files | {"web/templates/a.yaml": config_map("a", "{{ .Release.Name }}")}) == "rel"
    named = CHART | {"web/templates/a.yaml": config_map("a", "{{ .Release.Name }}-{{ .Release.Namespace }}")}
    assert [await value(named), await value(named, release="b"), await value(named, namespace="n")] == [
        "rel-default", "b-default", "rel-n",
    ]  # fmt: skip


async def test_row_47_another_program_renders_again(loose: Jail, tmp_path: Path) -> None:
    for version in ("v3.21.0", "v3.22.0"):
        fake = tmp_path / version / "helm"
        fake.parent.mkdir()
        says = f"---\\n# Source: web/templates/a.yaml\\n{{apiVersion: v1, kind: Pod, metadata: {{name: {version}}}}}\\n"
        fake.write_text(f'#!/bin/sh\n[ "$1" = version ] && echo {version} || printf -- "{says}"\n')
        fake.chmod(0o755)
        helm = Helm(loose, str(fake), HelmOptions(scratch=tmp_path / "shared"))
        assert (await render(helm, CHART)).resources[0].id.name == version


def bomb(name: str, size: int) -> bytes:
    """A small archive of one large file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        info = tarfile.TarInfo(name)
        info.size = size
        made.addfile(info, io.BytesIO(bytes(size)))
    return gzip.compress(out.getvalue())


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


async def test_row_65_a_vendored_bomb_is_refused(helm: Helm) -> None:
    for data in (bomb("sub/values.yaml", 100_000_000), archive({"../evil": "x"}), b"damaged"):
        found = await refused(helm, CHART | {"web/charts/sub-1.2.3.tgz": data})
        assert (found.path, "archive" in found.message) == ("web/charts/sub-1.2.3.tgz", True)


async def test_row_65_answers_that_are_too_long_are_not_read_to_their_end(server: ChartServer, tmp_path: Path) -> None:
    charts = Charts([f"*://{server.host}/*"], tmp_path / "kept", server.trust)
    long = web.Response(body=b"#" * (33 * 1024 * 1024))
    server.answers = {"/stable/index.yaml": long, "/v2/charts/web/manifests/1.2.3": long}
    for place in ("https://{}/stable/web", "oci://{}/charts/web"):
        url = place.format(server.host)
        pinned = Elsewhere(kind="chart", url=url, revision="1.2.3", digest=sha256(b""))
        await fails(charts, pinned, "is longer than")


@pytest.mark.parametrize(
    "template",
    [
        '{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}',
        '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
        "{{ tpl .Values.loop . }}",
    ],
)
async def test_row_65_a_template_without_end_costs_only_its_own_render(helm: Helm, template: str) -> None:
    files = CHART | {"web/templates/b.yaml": template, "web/values.yaml": 'x: 1\nloop: "{{ tpl .Values.loop . }}"\n'}
    found = await refused(helm, files)
    assert found.level in ("error", "unknown")
    assert (await render(helm, CHART | {"web/values.yaml": "x: 1\n"})).resources


async def test_row_65_a_schema_that_contains_itself(helm: Helm) -> None:
    files = CHART | {"web/values.yaml": "x: 1\n", "web/values.schema.json": '{"$ref": "#"}'}
    try:
        await render(helm, files)
    except RenderError as error:
        assert error.findings


ELSEWHERE = ["http://127.0.0.1:9/x.json", "https://example.org/x", "file:///etc/passwd", "urn:x:y"]


@pytest.mark.parametrize("url", ELSEWHERE)
async def test_row_66_a_schema_that_would_be_fetched_is_refused(helm: Helm, url: str) -> None:
    files = CHART | {"web/values.schema.json": f'{{"allOf": [{{"properties": {{"x": {{"$ref": "{url}"}}}}}}]}}'}
    found = await refused(helm, files)
    assert (found.path, "nothing is fetched while rendering" in found.message) == ("web/values.schema.json", True)


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
