"""Charts, rendered by the real programs: what comes out is what they print, and says where it came from."""

import json
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import RenderError
from bot.jail import Jail
from bot.model.environment import Source
from bot.model.finding import Finding
from bot.model.kubernetes import Kubernetes
from bot.model.noun import Sha
from bot.model.resource import Rendered, Resource, ResourceId
from bot.render.helm import Helm, HelmOptions
from tests.support.charts import HOOKS, SAMPLES, by_the_program, chart_yaml, config_map
from tests.support.programs import program
from tests.support.trees import Files
from tests.support.trees import tree as make_tree

PROGRAMS = ("helm", "helm4")


@pytest.fixture
def jail() -> Iterator[Jail]:
    """A jail whose launcher ends with the test."""
    made = Jail("best-effort")
    yield made
    made.close()


@pytest.fixture(params=PROGRAMS)
def name(request: pytest.FixtureRequest) -> str:
    """Both major versions."""
    return str(request.param)


@pytest.fixture
def helm(name: str, jail: Jail, tmp_path: Path) -> Helm:
    """The renderer with the real program."""
    return Helm(jail, str(program(name)), HelmOptions(scratch=tmp_path / "scratch"))


async def render(helm: Helm, files: Files, **options: Any) -> Rendered:
    """What the chart in `web` renders to, as release `rel`."""
    source = Source(path="web", options={"release": "rel", **options})
    return await helm.render(make_tree(files), source, Kubernetes(version="1.35"))


async def refusal(helm: Helm, files: Files, **options: Any) -> Finding:
    """The one finding that a chart is refused with."""
    with pytest.raises(RenderError) as error:
        await render(helm, files, **options)
    found: Finding
    (found,) = error.value.findings
    assert (found.level, bool(found.fix), "/tmp" in repr(found)) == ("error", True, False)
    return found


def web(template: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """A chart of one template, and of `more` files."""
    extra = {f"web/{path}": text for path, text in (more or {}).items()}
    return {"web/Chart.yaml": chart_yaml("web"), "web/templates/a.yaml": template, **extra}


@pytest.mark.parametrize("sample", SAMPLES)
async def test_the_objects_are_those_that_the_program_prints(
    helm: Helm, name: str, sample: str, tmp_path: Path
) -> None:
    files = SAMPLES[sample]
    values = [each for each in ("one.yaml", "two.yaml") if each in files]
    source = Source(path="web", options={"release": "rel", "namespace": "shop", "values": values})
    api = Kubernetes(version="1.33", api_versions=("monitoring.coreos.com/v1/ServiceMonitor",))
    rendered = await helm.render(make_tree(files), source, api)
    arguments = [f"--values={each}" for each in values]
    expected = by_the_program(
        program(name), tmp_path / "own", files, "--include-crds", "--namespace=shop", "--kube-version=1.33",
        "--api-versions=monitoring.coreos.com/v1/ServiceMonitor", *arguments,
    )  # fmt: skip
    kept = [each for each in expected if "helm.sh/hook" not in each["metadata"].get("annotations", {})]
    assert [each.body for each in rendered.resources] == kept
    assert all(each.origin and each.origin.path in files for each in rendered.resources)
    assert rendered.tools[0].startswith("helm ")
    assert "sha256:" in rendered.tools[0]


async def test_hooks_are_kept_apart_and_counted(helm: Helm) -> None:
    rendered = await render(helm, web(HOOKS))
    assert [str(each.id) for each in rendered.resources] == ["Service rel"]
    first, second = rendered.notices
    assert "1 hook is left out, which Helm would run at install or upgrade: Job rel-migrate" in first.message
    assert "1 hook is left out, which Helm would run at test, delete or rollback: Pod rel-test" in second.message
    assert {each.level for each in rendered.notices} == {"notice"}


async def test_a_chart_of_hooks_alone_renders_to_nothing(helm: Helm) -> None:
    found = await refusal(helm, web(HOOKS.rpartition("---\n")[0]))
    assert "renders to no object" in found.message


async def test_a_crd_is_no_hook_and_a_hook_in_a_folder_of_that_name_is_one(helm: Helm) -> None:
    hook = '  annotations: {"helm.sh/hook": pre-install}\n'
    files = web(config_map("a", "x"))
    files["web/templates/crds/b.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n" + hook
    files["web/crds/c.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n" + hook
    assert sorted(each.id.name for each in (await render(helm, files)).resources) == ["a", "c"]


async def test_crds_are_left_out_by_choice(helm: Helm) -> None:
    files = SAMPLES["CRDs"]
    assert len((await render(helm, files)).resources) == 3
    assert [each.id.type for each in (await render(helm, files, crds=False)).resources] == ["ConfigMap"]


async def test_a_crd_that_two_charts_bring_along_is_there_once(helm: Helm) -> None:
    crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: as.acme.io}\n"
    chart = chart_yaml("web", "dependencies:\n- {name: sub, alias: one}\n- {name: sub, alias: two}\n")
    files = web(
        config_map("a", "x"),
        {"crds/a.yaml": crd, "charts/sub/crds/a.yaml": crd, "charts/sub/Chart.yaml": chart_yaml("sub")},
    )
    files["web/Chart.yaml"] = chart
    made = (await render(helm, files)).resources
    assert [str(each.id) for each in made] == ["CustomResourceDefinition as.acme.io", "ConfigMap a"]
    files["web/crds/a.yaml"] += "spec: {group: acme.io}\n"
    assert "twice" in (await refusal(helm, files)).message
    again = {"web/templates/b.yaml": config_map("a", "x")}
    assert "twice" in (await refusal(helm, web(config_map("a", "x")) | again)).message


async def test_what_is_served_comes_from_the_target_and_its_crds(helm: Helm) -> None:
    template = config_map("a", '{{ .Capabilities.APIVersions.Has "acme.io/v1/Thing" | quote }}')
    spec = {"group": "acme.io", "names": {"kind": "Thing"}, "versions": [{"name": "v1", "served": True}]}
    crd = Resource(id=ResourceId(type="CustomResourceDefinition.apiextensions.k8s.io", name="t"), body={"spec": spec})
    source = Source(path="web", options={"release": "rel"})
    for api, expected in ((Kubernetes(), "false"), (Kubernetes(crds=(crd,)), "true")):
        (found,) = (await helm.render(make_tree(web(template)), source, api)).resources
        assert found.body["data"]["value"] == expected


LINES = """\
{{- if .Values.enabled }}
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  type: NodePort
{{- end }}
---
# the other one
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels:
    {{- include "labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
      - name: app
        image: "{{ .Values.image }}"
"""


async def test_lines_are_those_of_the_template(helm: Helm) -> None:
    files = web(LINES, {"templates/_h.tpl": '{{ define "labels" }}a: b\nc: d{{ end }}'})
    files["web/values.yaml"] = "enabled: true\nreplicas: 3\nimage: nginx:latest\n"
    rendered = pickle.loads(pickle.dumps(await render(helm, files)))
    service, deployment = rendered.resources
    assert service.origin and service.origin.locate
    assert deployment.origin and deployment.origin.locate
    assert (service.origin.line, deployment.origin.line) == (2, 11)
    assert service.origin.locate(("spec", "type")) == (7, 1)
    assert deployment.origin.locate(("spec", "replicas")) == (18, 1)
    assert deployment.origin.locate(("metadata", "labels", "c")) == (15, 1), "what was included is at its include"
    image = ("spec", "template", "spec", "containers", 0, "image")
    assert deployment.origin.locate(image) == (23, 1)


BROKEN: Mapping[str, tuple[dict[str, str], str, tuple[str, int]]] = {
    "a function": (web('a: {{ fail "no luck" }}'), "no luck", ("web/templates/a.yaml", 1)),
    "a required value": (web('a: 1\nb: {{ required "say b" .Values.b }}'), "say b", ("web/templates/a.yaml", 2)),
    "a missing parent": (web("a: {{ .Values.x.y.z }}"), "nil pointer", ("web/templates/a.yaml", 1)),
    "the syntax of a template": (web("\na: {{ if }}"), "missing value for if", ("web/templates/a.yaml", 2)),
    "YAML that is printed": (web("a: [b\nc: d"), "YAML parse error", ("web/templates/a.yaml", 0)),
    "a key that is set twice": (web(config_map("a", "1") + "data: {}\n"), "set twice", ("web/templates/a.yaml", 0)),
    "a helper": (
        web('\n{{ include "h" . }}', {"templates/_h.tpl": '{{ define "h" }}\n\n{{ .Values.x.y.z }}{{ end }}'}),
        "nil pointer",
        ("web/templates/_h.tpl", 3),
    ),
    "an unknown Kubernetes": (
        {**web("a: 1"), "web/Chart.yaml": chart_yaml("web", 'kubeVersion: ">=1.99"\n')},
        "kubeVersion: >=1.99",
        ("web/Chart.yaml", 1),
    ),
    "a chart without a version": (
        {**web("a: 1"), "web/Chart.yaml": "apiVersion: v2\nname: web\n"}, "no version", ("web/Chart.yaml", 1),
    ),
    "a chart that is named as a path": (
        {**web("a: 1"), "web/Chart.yaml": chart_yaml("../web")}, "no name", ("web/Chart.yaml", 1),
    ),
    "a library": (
        {**web("a: 1"), "web/Chart.yaml": chart_yaml("web", "type: library\n")}, "library", ("web/Chart.yaml", 1),
    ),
    "a schema of values": (
        web("a: 1", {"values.schema.json": '{"properties": {"size": {"type": "string"}}}', "values.yaml": "size: 1\n"}),
        "want string",
        ("web/Chart.yaml", 1),
    ),
    "no object at all": (web(""), "renders to no object", ("web/Chart.yaml", 0)),
    "an object without a name": (
        web("\n\napiVersion: v1\nkind: Pod\nmetadata: {}\n"), "no name", ("web/templates/a.yaml", 5),
    ),
    "the same object twice": (
        web(f"{config_map('a', '1')}---\n{config_map('a', '2')}"), "twice", ("web/templates/a.yaml", 8),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
async def test_errors_say_where(helm: Helm, case: str) -> None:
    files, words, place = BROKEN[case]
    found = await refusal(helm, files)
    assert words in found.message
    assert (found.path, found.line) == place


@pytest.mark.parametrize(
    "template", ['{{ "at {{ now }}" | quote }}', '{{ .Files.Get "f.txt" | quote }}', "{{ .Values.text | quote }}"]
)
@pytest.mark.parametrize("text", ["at {{ now }}", "{{ ago .x }} at {{ now }}"])
async def test_text_that_only_looks_like_asking_the_time_is_text(helm: Helm, template: str, text: str) -> None:
    files = web(config_map("a", template), {"values.yaml": f"text: '{text}'\n", "f.txt": text})
    (found,) = (await render(helm, files)).resources
    assert "at {{ now }}" in found.body["data"]["value"]


TODAY = [
    'date "2006-01-02" .Values.day', '.Values.epoch | date "2006-01-02"', 'htmlDate "x"',
    'dateInZone "2006" .Values.epoch "UTC"', 'durationRound (toDate "2006-01-02" "2020-01-01")',
    'date "2006" .Values.none',
]  # fmt: skip


@pytest.mark.parametrize("action", TODAY)
async def test_a_date_of_what_is_no_time_is_todays_and_refused(helm: Helm, action: str) -> None:
    files = web("# one\n" + config_map("a", f"{{{{ {action} | quote }}}}"), {"values.yaml": "day: soon\nepoch: 1500\n"})
    found = await refusal(helm, files)
    function = next(each for each in ("durationRound", "dateInZone", "htmlDate", "date") if each in action)
    assert f"does not render the same twice: it uses {function}" in found.message
    assert (found.path, found.line) == ("web/templates/a.yaml", 7)


@pytest.mark.parametrize(
    ("action", "year"),
    [('.Values.epoch | int64 | date "2006"', "2017"), ('htmlDate (toDate "2006" "2020")', "2020-01-01"),
     ('"{{ date }}"', "{{ date }}"), ('durationRound "25h"', "1d")],
)  # fmt: skip
async def test_a_date_of_a_time_that_was_given_stays(helm: Helm, action: str, year: str) -> None:
    files = web(config_map("a", f"{{{{ {action} | quote }}}}"), {"values.yaml": "epoch: 1500000000\n"})
    assert (await render(helm, files)).resources[0].body["data"] == {"value": year}


async def test_a_schema_may_refer_to_itself_and_to_the_drafts_that_are_built_in(helm: Helm) -> None:
    drafts = ["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"]
    refers = [{"$ref": each} for each in ("#/$defs/size", *drafts)]
    schema = json.dumps({"$defs": {"size": {"type": "integer"}}, "properties": {"size": {"anyOf": refers}}})
    files = web(config_map("a", "{{ .Values.size }}"), {"values.schema.json": schema, "values.yaml": "size: 1\n"})
    assert (await render(helm, files)).resources


async def test_values_that_are_no_yaml_are_told_with_their_line(helm: Helm) -> None:
    found = await refusal(helm, {**web("a: 1"), "envs/v.yaml": "a: 1\nb: [hunter2\nc: 1\n"}, values=["envs/v.yaml"])
    assert (found.path, found.line) == ("envs/v.yaml", 3)
    assert "hunter2" not in repr(found)


async def test_what_helm_only_logs_does_not_hide_why_it_fails(helm: Helm) -> None:
    names = [f"service-number-{index}" for index in range(12)]
    more = {f"charts/{each}/Chart.yaml": chart_yaml(each) for each in names}
    more |= {f"charts/{each}/values.yaml": "list: word\n" for each in names}
    chart = chart_yaml("web", "deprecated: true\ndependencies:\n" + "".join(f"- {{name: {each}}}\n" for each in names))
    files = web('{{ fail "no luck" }}', more) | {"web/Chart.yaml": chart}
    given = "".join(f"{each}: {{list: {{a: b}}}}\n" for each in names)
    found = await refusal(helm, {**files, "v.yaml": given}, values=["v.yaml"])
    assert found.message == "execution error at (web/templates/a.yaml:1:3): no luck"


async def test_a_missing_dependency_says_how_to_vendor_it(helm: Helm) -> None:
    depends = "dependencies:\n- {name: common, version: 1.x, repository: https://acme.io/charts}\n"
    found = await refusal(helm, {**web(config_map("a", "1")), "web/Chart.yaml": chart_yaml("web", depends)})
    assert "depends on common" in found.message
    assert "helm dependency build" in found.fix
    assert (found.path, found.line) == ("web/Chart.yaml", 4)


async def test_values_in_messages_are_hidden(helm: Helm) -> None:
    files = web("{{ range .Values.secret }}{{ end }}", {"values.yaml": "secret: aaaa\n"})
    for value in ("hunter2!!", "98765432"):
        found = await refusal(helm, {**files, "v.yaml": f"secret: '{value}'\n"}, values=["v.yaml"])
        assert value not in repr(found)
        assert "range can't iterate over •••" in found.message
    found = await refusal(
        helm, {**web("{{ fail (b64enc .Values.secret) }}"), "v.yaml": "secret: hunter2!!\n"}, values=["v.yaml"]
    )
    assert "aHVudGVyMiEh" not in repr(found)
    for value in ("'p: hunter2!!'", "'{q: {p: hunter2!!}}'", "|\n  a: 1\n  p: hunter2!!", "'{q: \"[hunter2!!]\"}'"):
        given = {**web("{{ fail (regexFind `h[^]}]*` .Values.secret) }}"), "v.yaml": f"secret: {value}\n"}
        assert "•••" in (found := await refusal(helm, given, values=["v.yaml"])).message
        assert "hunter2" not in repr(found)


@pytest.mark.parametrize("path", ["web/files/logo.bin", "envs/v.yaml"])
async def test_a_file_that_git_lfs_keeps_is_refused(helm: Helm, path: str) -> None:
    files = {**web(config_map("a", "1")), "envs/v.yaml": "a: 1\n"}
    files[path] = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12\n"
    found = await refusal(helm, files, values=["envs/v.yaml"])
    assert (found.message, found.path) == (f"{path} is kept by git LFS, which is never fetched", path)


async def test_a_name_that_is_too_long_for_the_disk_is_told(helm: Helm) -> None:
    with pytest.raises(RenderError) as error:
        await render(helm, web(config_map("a", "1"), {"files/" + "a" * 300: ""}))
    (found,) = error.value.findings
    assert (found.level, found.path, "/tmp" in repr(found)) == ("unknown", "web/Chart.yaml", False)
    assert "File name too long" in found.message


async def test_the_release_is_named_by_the_folder_or_the_chart(helm: Helm) -> None:
    files = {
        "envs/prod/Chart.yaml": chart_yaml("web"),
        "envs/prod/templates/a.yaml": config_map("{{ .Release.Name }}", "1"),
    }
    moved = {path.replace("envs/prod", "envs/Prod_1"): text for path, text in files.items()}
    for given, path, expected in ((files, "envs/prod", "prod"), (moved, "envs/Prod_1", "web")):
        rendered = await helm.render(make_tree(given), Source(path=path), Kubernetes())
        assert [each.id.name for each in rendered.resources] == [expected]
        assert [each.id.scope for each in rendered.resources] == [""], "no namespace is added"


async def test_a_chart_at_the_root_of_the_repository(helm: Helm) -> None:
    files = {"Chart.yaml": chart_yaml("web"), "templates/a.yaml": config_map("{{ .Release.Name }}", "1")}
    assert helm.claims(make_tree(files), Source(path="."))
    (found,) = (await helm.render(make_tree(files), Source(path="."), Kubernetes())).resources
    assert (found.id.name, found.origin and found.origin.path) == ("web", "templates/a.yaml")


def test_it_claims_charts_and_whatever_has_options(jail: Jail) -> None:
    helm = Helm(jail, "helm", HelmOptions())
    both = make_tree({"web/Chart.yaml": "", "web/kustomization.yaml": "", "plain/a.yaml": "", "chart/Chart.yaml": ""})
    assert not helm.claims(both, Source(path="web"))
    assert not helm.claims(both, Source(path="plain"))
    assert helm.claims(both, Source(path="chart"))
    for path in ("web", "plain"):
        assert helm.claims(both, Source(path=path, options={"values": []})), "no option is ever ignored"


async def test_a_file_that_was_not_read_is_not_left_out(helm: Helm) -> None:
    tree = make_tree({"web/Chart.yaml": chart_yaml("web"), "web/templates/a.yaml": config_map("a", "x")})
    other = replace(tree.entries["web/templates/a.yaml"], path="web/templates/b.yaml", blob=Sha("0" * 40))
    partly = replace(tree, entries={**tree.entries, other.path: other})
    with pytest.raises(RenderError, match=r"web/templates/b\.yaml was not loaded"):
        await helm.render(partly, Source(path="web", options={"release": "rel"}), Kubernetes())
