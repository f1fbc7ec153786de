"""A chart renders to the same each time, or is refused; and nothing is taken from another render."""

import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.jail import Jail
from bot.jail.run import Mechanisms
from bot.render.helm import Helm, HelmOptions
from tests.support.charts import CHART, archive, chart_yaml, config_map, refused, render
from tests.support.trees import Files


@pytest.fixture
def loose() -> Iterator[Jail]:
    """A jail for scripts, which need their interpreter."""
    made = Jail("best-effort", lambda: Mechanisms(landlock=0, seccomp=False))
    yield made
    made.close()


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


BETWEEN = ['"}}"', "`}}`", """'"'""", "'`'", r"'\''"]


@pytest.mark.parametrize("word", BETWEEN)
@pytest.mark.parametrize("clock", ["now | date `2006`", "date `2006` `x`"])
async def test_row_46_a_clock_is_found_between_texts_that_look_like_its_end(helm: Helm, word: str, clock: str) -> None:
    action = f"{{{{ index (list {word} ({clock}) {word}) 1 | quote }}}}"
    found = await refused(helm, CHART | {"web/templates/a.yaml": config_map("a", action)})
    assert "web/templates/a.yaml does not render the same twice" in found.message


SOON = int(time.time()) + 30_000_000
COMPOSED = {
    "in parts": '{{ tpl (printf "{{ %sow | date `2006` }}" "n") . | quote }}',
    "encoded": '{{ tpl (b64dec "TEXT") . }}'.replace("TEXT", b64encode(b"{{ now | date `2006` }}").decode()),
    "by another name in the values": "{{ tpl .Values.x . | quote }}",
    "between comments": '{{ tpl (printf "{{/* ` */}}{{ %sow | date `2006` }}{{/* ` */}}" "n") . | quote }}',
    "between characters": """{{ tpl (printf "{{ index (list '%s' (%sow | date `2006`) '%s') 1 }}" `"` "n" `"`) . }}""",
    "piped": '{{ with . }}{{ . | tpl (join "" (list "{" "{ ago 0 }" "}")) | quote }}{{ end }}',
    "in a condition": f'{{{{ if tpl (printf "{{{{ if lt %sow.Unix {SOON} }}}}y{{{{ end }}}}" "n") . }}}}y{{{{ end }}}}',
    "within a text": '{{ tpl "{{ tpl (printf (`{{ %sow.Year }}` | print) `n`) . | quote }}" . }}',
    "piped within a text": '{{ tpl "{{ if ($ | tpl `1`) }}{{ $ | tpl (print `{{ n` `ow.Year }}`) }}{{ end }}" . }}',
    "a date that is looked at": '{{ date "2006" "x" | regexFind "^[0-9]{4}$" | required "a year" | quote }}',
    "a date": '{{ tpl (printf "{{ %sate `2006` `x` }}" "d") . | quote }}',
    "a date beside another": '{{ tpl (printf "{{ %sate `2006` `x` }}" "d") . }}{{ date "2006" 0 }}',
}


@pytest.mark.parametrize("how", COMPOSED)
async def test_row_46_a_clock_that_is_put_together_is_found(helm: Helm, how: str) -> None:
    values = {"web/values.yaml": 'x: "{{ \\x6eow | date `2006` }}"\n'} if "Values" in COMPOSED[how] else {}
    found = await refused(helm, CHART | values | {"web/templates/a.yaml": config_map("a", COMPOSED[how])})
    assert "web/templates/a.yaml does not render the same twice" in found.message


TEXT = "{{ tpl (now) . | quote }} and so on, word by word, until the line is long enough to be folded: {{ now }}" * 3
EVALUATED = [
    "{{ tpl .Values.x . }}", "{{- tpl .Values.x . | trim -}}", "{{ tpl .Values.x . -}}",
    "{{ tpl (tpl .Values.nested .) $ | quote }}", "{{ tpl .Values.day . | quote }}",
    "{{ if (tpl .Values.x .) }}y{{ else if tpl .Values.x . }}n{{ end }}", "{{/* tpl \" */}}{{ tpl .Values.x . }}",
    '{{ tpl "{{ .Values.now }} }} { it is now {{ print `now` \\"tpl now\\" }}" . | quote }}',
    "{{ tpl (toYaml .Values.m) . | fromYaml | toJson | quote }}", "{{ toYaml .Values | sha256sum }}",
    '{{ tpl (printf "{{ .Values.%s }}" "now") . }}', "{{ .Values.nested | quote }}",
    "{{ range .Values.m }}{{ tpl . $ | quote }}{{ break }}{{ end }}",
    "{{ tpl `{{- tpl (print (.Values.x) | print) . | upper -}} {{ if eq (tpl .Values.x $ | trim) (print 1) -}} 2 "
    "{{ else -}} {{ $ | tpl .Values.x -}} {{ end }}` . | quote }}",
    '{{ .Files.Get "files/templates/a" | quote }}', '{{ .Files.Get "files/templates/a" | sha256sum }}',
    '{{ dict "text" (.Files.Get "files/templates/a") | toYaml | nindent 4 }}',
    '{{ tpl "{{ `{{ now }}` }} {{- /* ` now tpl */ -}} {{ print 1.5 `(` | toString }}" . | quote }}',
]  # fmt: skip


@pytest.mark.parametrize("template", EVALUATED)
async def test_a_chart_may_evaluate_the_templates_of_its_values(helm: Helm, template: str) -> None:
    values = (
        'x: "{{ .Release.Name }}"\nnow: dawn\nnested: "{{ tpl .Values.x . }}"\n'
        'never: "{{ if false }}{{ now }}{{ end }}a"\nday: "{{ date `2006` 0 }}"\n'
        "m: {a: '{{ .Release.Name }} now', b: '{{ tpl .Values.never . }}'}\n"
    )
    files = CHART | {"web/values.yaml": values, "web/files/templates/a": TEXT}
    assert (await render(helm, files | {"web/templates/a.yaml": config_map("a", template)})).resources


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
