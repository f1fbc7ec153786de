"""Charts that a kustomization inflates come out as the renderer `helm` would have them."""

import json
from dataclasses import replace

import pytest

from bot.errors import RenderError
from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.model.resource import Rendered, Resource, ResourceId
from bot.render.helm.steady import DEEPEST
from tests.support.charts import HOOKS, archive, chart_yaml, config_map
from tests.support.kustomizations import renderer
from tests.support.programs import program
from tests.support.trees import Files
from tests.support.trees import tree as make_tree

TARGET = Kubernetes(version="1.35")
KUSTOMIZATION = "helmCharts: [{name: web, releaseName: rel}]\n"


def inflated(template: str) -> dict[str, str | bytes]:
    """A kustomization in `env` that inflates a chart of one template."""
    return {
        "env/kustomization.yaml": KUSTOMIZATION,
        "env/charts/web/Chart.yaml": chart_yaml("web"),
        "env/charts/web/values.yaml": "unused: 1\n",
        "env/charts/web/templates/a.yaml": template,
    }


async def inflate(files: Files, kubernetes: Kubernetes = TARGET) -> Rendered:
    """What `env` renders to."""
    made = renderer(inflate=True, helm=str(program("helm")))
    return await made.render(make_tree(files), Source(path="env"), kubernetes)


async def test_an_error_of_a_chart_has_no_path_of_the_machine() -> None:
    with pytest.raises(RenderError) as error:
        deprecated = {"env/charts/web/Chart.yaml": chart_yaml("web", "deprecated: true\n")}
        await inflate({**inflated('{{ fail "no luck" }}'), **deprecated})
    (found,) = error.value.findings
    assert found.message.startswith(
        "kustomize could not build it: execution error at (web/templates/a.yaml:1:3): no luck"
    )
    assert str(program("helm").parent) not in repr(found)
    assert "/tmp" not in repr(found)


INFLATES = "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: g}\nname: web\nreleaseName: two\n"
GIVEN = "{secret: hunter2-is-long}"
TELLING: dict[str, Files] = {
    "in the chart": {"env/charts/web/values.yaml": GIVEN},
    "in a file": {"env/v.yaml": GIVEN, "env/kustomization.yaml": KUSTOMIZATION.replace("}", ", valuesFile: v.yaml}")},
    "in place": {"env/kustomization.yaml": KUSTOMIZATION.replace("}", f", valuesInline: {GIVEN}}}")},
    "by a generator": {
        "env/kustomization.yaml": "generators: [g.yaml]\n", "env/g.yaml": f"{INFLATES}valuesInline: {GIVEN}\n",
    },
    "by a patch of a generator": {
        "env/kustomization.yaml": "generators: [../g]\n", "g/g.yaml": INFLATES,
        "g/kustomization.yaml": "resources: [g.yaml]\npatches: [{path: p.yaml}]\n",
        "g/p.yaml": f"{INFLATES}valuesInline: {GIVEN}\n",
    },
}  # fmt: skip


@pytest.mark.parametrize("where", TELLING)
async def test_an_error_of_a_chart_holds_no_value(where: str) -> None:
    with pytest.raises(RenderError) as error:
        await inflate({**inflated("{{ range .Values.secret }}{{ end }}"), **TELLING[where]})
    (found,) = error.value.findings
    assert "range can't iterate over" in found.message
    assert "hunter2" not in repr(found)
    assert found.path == "env/charts/web/templates/a.yaml"


OWN = """\
apiVersion: batch/v1
kind: Job
metadata: {name: own, annotations: {helm.sh/hook: pre-install}}
"""
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: as.example.com, annotations: {helm.sh/hook: crd-install}}
"""


async def test_hooks_of_a_chart_are_left_out_and_counted() -> None:
    files = {**inflated(HOOKS), "env/own.yaml": OWN, "env/charts/web/crds/a.yaml": CRD}
    chart = "helmCharts: [{name: web, releaseName: rel, includeCRDs: true}]\n"
    files["env/kustomization.yaml"] = chart + "resources: [own.yaml]\n"
    rendered = await inflate(files)
    made = ["CustomResourceDefinition as.example.com", "Job own", "Service rel"]
    assert sorted(str(each.id) for each in rendered.resources) == made
    first, second = rendered.notices
    assert "1 hook is left out, which Helm would run at install or upgrade: Job rel-migrate" in first.message
    assert "1 hook is left out, which Helm would run at test, delete or rollback: Pod rel-test" in second.message
    assert {(each.level, each.path) for each in rendered.notices} == {("notice", "env/kustomization.yaml")}


async def test_hooks_of_a_chart_are_left_out_where_nothing_is_traced() -> None:
    files = inflated(HOOKS)
    files["env/kustomization.yaml"] = (
        KUSTOMIZATION + "labels: [{pairs: {q: r}, fields: [{path: metadata/annotations}]}]\n"
    )
    rendered = await inflate(files)
    assert ([str(each.id) for each in rendered.resources], len(rendered.notices)) == (["Service rel"], 2)


async def test_nothing_is_taken_for_a_hook_where_there_is_no_chart() -> None:
    text = "resources: [own.yaml]\nlabels: [{pairs: {q: r}, fields: [{path: metadata/annotations}]}]\n"
    rendered = await inflate({"env/kustomization.yaml": text, "env/own.yaml": OWN})
    assert ([each.id.name for each in rendered.resources], rendered.notices) == (["own"], ())


async def test_a_hook_that_a_patch_makes_an_object_of_is_one() -> None:
    files = inflated(HOOKS)
    patch = "{apiVersion: batch/v1, kind: Job, metadata: {name: rel-migrate, annotations: {helm.sh/hook: null}}}"
    files["env/kustomization.yaml"] = KUSTOMIZATION + f"patches: [{{patch: '{patch}'}}]\n"
    rendered = await inflate(files)
    assert sorted(str(each.id) for each in rendered.resources) == ["Job rel-migrate", "Service rel"]


async def test_a_chart_of_hooks_alone_renders_to_nothing() -> None:
    with pytest.raises(RenderError, match="renders to no object"):
        await inflate(inflated(HOOKS.rpartition("---\n")[0]))


NOW = '{{ now | date "2006" }}'
TPL = config_map("a", "{{ tpl .Values.text . | quote }}")
VALUES = f"{{text: '{NOW}'}}"
PATCH = f"{INFLATES}valuesInline: {VALUES}\n"
ASKING: dict[str, tuple[str, Files]] = {
    "a template": (config_map("a", f"'{NOW}'"), {}),
    "a file of values": (
        TPL,
        {"env/kustomization.yaml": "helmCharts: [{name: web, releaseName: rel, valuesFile: v.yaml}]\n",
         "env/v.yaml": f"text: '{NOW}'\n"},
    ),
    "values in place": (
        TPL, {"env/kustomization.yaml": KUSTOMIZATION.replace("}", f", valuesInline: {VALUES}}}")},
    ),
    "the older form": (
        TPL,
        {"env/kustomization.yaml": "helmChartInflationGenerator: [{chartName: web, releaseName: rel, "
         f"chartHome: charts, valuesLocal: {VALUES}}}]\n"},
    ),
    "a generator": (
        TPL,
        {"env/kustomization.yaml": "generators: [g.yaml]\n",
         "env/g.yaml": "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: g}\nname: web\n"
         f"releaseName: two\nvaluesInline: {VALUES}\n"},
    ),
    "a patch of a generator": (
        TPL,
        {"env/kustomization.yaml": "generators: [../g]\n", "g/g.yaml": INFLATES,
         "g/kustomization.yaml": "resources: [g.yaml]\npatches: [{path: p.yaml}]\n",
         "g/p.yaml": PATCH},
    ),
    "a patch in place": (
        TPL,
        {"env/kustomization.yaml": "generators: [../g]\n", "g/g.yaml": INFLATES,
         "g/kustomization.yaml": f"resources: [g.yaml]\npatches: [patch: {json.dumps(PATCH)}]\n"},
    ),
    "a date of what is no time": (config_map("a", '{{ date "2006" "x" | quote }}'), {}),
    "a date that is looked at": (config_map("a", '{{ date "2006" "x" | regexFind "^[0-9]{4}$" | required "" }}'), {}),
    "an archive": (
        config_map("a", "'1'"),
        {"env/charts/web/charts/sub-1.2.3.tgz": archive(
            {"sub/Chart.yaml": chart_yaml("sub"), "sub/templates/b.yaml": config_map("b", f"'{NOW}'")})},
    ),
}  # fmt: skip


@pytest.mark.parametrize("where", ASKING)
async def test_a_chart_that_asks_the_time_is_refused(where: str) -> None:
    template, more = ASKING[where]
    with pytest.raises(RenderError, match="same twice"):
        await inflate({**inflated(template), **more})


async def test_text_that_only_looks_like_asking_the_time_is_text() -> None:
    template = config_map("a", '{{ .Files.Get "f.txt" | quote }}') + "  text: {{ .Values.text | quote }}\n"
    files = inflated(template) | {"env/charts/web/f.txt": NOW, "env/charts/web/v.yaml": f"text: '{NOW}'\n"}
    chart = KUSTOMIZATION.replace("}", ", valuesFile: charts/web/v.yaml}")
    files["env/kustomization.yaml"] = f"{chart}configMapGenerator: [{{name: g, literals: ['value={NOW}']}}]\n"
    rendered = await inflate(files)
    assert [each.body["data"]["value"] for each in rendered.resources] == [NOW, NOW]
    files |= {
        "env/kustomization.yaml": "generators: [../g]\n", "g/kustomization.yaml": "resources: [g.yaml]\n",
        "g/g.yaml": PATCH,
    }  # fmt: skip
    (found,) = (await inflate(files)).resources
    assert found.body["data"] == {"value": NOW, "text": NOW}


async def test_what_is_not_applied_may_differ() -> None:
    rendered = await inflate(inflated(HOOKS.replace("-migrate", "-{{ randAlphaNum 9 | lower }}")))
    assert [each.id.name for each in rendered.resources] == ["rel"]


async def test_an_archive_that_is_not_read_is_told() -> None:
    named = {"a/Chart.yaml": chart_yaml("a")}
    data = archive(named)
    for _ in range(DEEPEST):
        data = archive({**named, "a/charts/a.tgz": data})
    with pytest.raises(RenderError) as error:
        await inflate({**inflated(config_map("a", "'1'")), "env/charts/web/charts/a.tgz": data})
    (found,) = error.value.findings
    assert found.path.startswith("env/charts/web/charts/a.tgz/")
    assert "archives within archives" in found.message


async def test_what_no_chart_is_in_may_be_damaged() -> None:
    template = config_map("a", '{{ .Files.Get "files/x.tgz" | b64enc }}')
    (found,) = (await inflate({**inflated(template), "env/charts/web/files/x.tgz": b"damaged"})).resources
    assert found.body["data"] == {"value": "ZGFtYWdlZA=="}


ANOTHER = INFLATES.replace("name: g}", "name: h}").replace("two", "x")
GENERATORS = {
    "in a file": ("generators: [g.yaml]\n", {"env/g.yaml": INFLATES}),
    "in a file of many": ("generators: [g.yaml]\n", {"env/g.yaml": f"{INFLATES}---\n{ANOTHER}"}),
    "in the kustomization": (f"generators: [{json.dumps(INFLATES)}]\n", {}),
    "in a folder": (
        "generators: [../g]\n", {"g/kustomization.yaml": "resources: [g.yaml]\n", "g/g.yaml": INFLATES}
    ),
}  # fmt: skip


@pytest.mark.parametrize("where", GENERATORS)
async def test_a_chart_beside_one_that_says_its_kubernetes_is_told_the_targets(where: str) -> None:
    files = inflated(config_map("{{ .Release.Name }}", "'{{ .Capabilities.KubeVersion }}'"))
    generators, more = GENERATORS[where]
    pinned = "helmCharts: [{name: web, releaseName: one, kubeVersion: 1.30.0}]\n"
    rendered = await inflate({**files, **more, "env/kustomization.yaml": pinned + generators})
    told = {each.id.name: each.body["data"]["value"] for each in rendered.resources}
    assert told.pop("one") == "v1.30.0"
    assert told["two"] == "v1.35"
    assert set(told.values()) == {"v1.35"}


@pytest.mark.parametrize("beside", ["", "{name: web, releaseName: two, apiVersions: [acme.io/v2]}, "])
async def test_what_the_targets_crds_define_is_served(beside: str) -> None:
    spec = {"group": "acme.io", "names": {"kind": "Thing"}, "versions": [{"name": "v1", "served": True}]}
    crd = Resource(id=ResourceId(type="CustomResourceDefinition.apiextensions.k8s.io", name="t"), body={"spec": spec})
    has = "'{{ and (.Capabilities.APIVersions.Has `acme.io/v1`) (.Capabilities.APIVersions.Has `acme.io/v1/Thing`) }}'"
    files = inflated(config_map("{{ .Release.Name }}", has))
    files["env/kustomization.yaml"] = KUSTOMIZATION.replace("[", f"[{beside}")
    rendered = await inflate(files, replace(TARGET, crds=(crd,)))
    told = {each.id.name: each.body["data"]["value"] for each in rendered.resources}
    assert told == {"rel": "true", **({"two": "false"} if beside else {})}


async def test_what_was_built_for_one_kubernetes_is_no_answer_for_another() -> None:
    made = renderer(inflate=True, helm=str(program("helm")))
    tree = make_tree(inflated(config_map("a", "'{{ .Capabilities.KubeVersion.Minor }}'")))
    for minor in ("34", "35", "34"):
        (found,) = (await made.render(tree, Source(path="env"), Kubernetes(version=f"1.{minor}"))).resources
        assert found.body["data"]["value"] == minor


async def test_the_older_form_is_told_nothing_that_it_has_no_field_for() -> None:
    older = "helmChartInflationGenerator: [{chartName: web, releaseName: two, chartHome: charts}]\n"
    pinned = "helmCharts: [{name: web, releaseName: one, kubeVersion: 1.30.0, apiVersions: [acme.io/v1]}]\n"
    files = inflated(config_map("{{ .Release.Name }}", "x"))
    rendered = await inflate({**files, "env/kustomization.yaml": pinned + older})
    assert [each.id.name for each in rendered.resources] == ["one", "two"]
