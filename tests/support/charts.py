"""Charts that tests write, one for each thing that Helm can do, and how the program and the renderer render them."""

import gzip
import io
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.document import load_documents
from bot.errors import RenderError
from bot.model.environment import Source
from bot.model.finding import Finding
from bot.model.kubernetes import Kubernetes
from bot.model.resource import Rendered
from bot.render.helm import Helm
from tests.support.trees import Files
from tests.support.trees import tree as make_tree

__all__ = [
    "CHART",
    "HOOKS",
    "SAMPLES",
    "archive",
    "bomb",
    "by_the_program",
    "chart_yaml",
    "config_map",
    "refused",
    "render",
]


def chart_yaml(name: str, more: str = "") -> str:
    """A Chart.yaml of version 1.2.3."""
    return f"apiVersion: v2\nname: {name}\nversion: 1.2.3\n{more}"


def config_map(name: str, data: str) -> str:
    """A template of one ConfigMap."""
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  value: {data}\n"


def archive(files: Files) -> bytes:
    """A .tar.gz of them, the same bytes for the same files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for path, text in files.items():
            data = text if isinstance(text, bytes) else text.encode()
            info = tarfile.TarInfo(path)
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0)


def bomb(name: str, size: int) -> bytes:
    """A small archive of one large file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        info = tarfile.TarInfo(name)
        info.size = size
        made.addfile(info, io.BytesIO(bytes(size)))
    return gzip.compress(out.getvalue())


CHART = {"web/Chart.yaml": chart_yaml("web"), "web/templates/a.yaml": config_map("a", "{{ .Values.x }}")}

HOOKS = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-migrate
  annotations:
    "helm.sh/hook": pre-install,pre-upgrade
---
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-test
  annotations:
    "helm.sh/hook": test
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
"""

COMMON = {
    "Chart.yaml": chart_yaml("common", "type: library\n"),
    "templates/_names.tpl": '{{- define "common.labels" -}}\napp: {{ .Chart.Name }}\nof: {{ .Release.Name }}\n'
    "{{- end }}\n",
}
DATABASE = {
    "Chart.yaml": chart_yaml("database"),
    "values.yaml": "size: 1Gi\nenabled: true\nglobal: {zone: a}\n",
    "templates/claim.yaml": "kind: PersistentVolumeClaim\napiVersion: v1\nmetadata:\n"
    "  name: data-{{ .Chart.Name }}\nspec:\n  resources: {requests: {storage: {{ .Values.size }}}}\n"
    "  zone: {{ .Values.global.zone | quote }}\n",
}


def below(folder: str, files: Mapping[str, str]) -> dict[str, str]:
    """The same files in a folder."""
    return {f"{folder}/{path}": text for path, text in files.items()}


DEPENDS = "dependencies:\n- {name: common, version: 1.2.3}\n"
DEPENDS += "- {name: database, version: 1.x, alias: db, condition: db.enabled}\n"

CRD = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: {}.acme.io\n"

LABELLED = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels:\n"
LABELLED += '    {{- include "common.labels" . | nindent 4 }}\n'

SAMPLES: dict[str, Files] = {
    "values, later ones win": {
        "web/Chart.yaml": chart_yaml("web"),
        "web/values.yaml": "a: chart\nb: chart\nc: chart\nd: {x: 1, y: 2}\n",
        "web/templates/a.yaml": config_map("a", "{{ .Values.a }}-{{ .Values.b }}-{{ .Values.c }}")
        + "  d: {{ .Values.d | toJson | quote }}\n",
        "one.yaml": "b: one\nc: one\nd: {y: 3}\n",
        "two.yaml": "c: two\nd: {x: null}\n",
    },
    "subcharts, vendored as folders": {
        "web/Chart.yaml": chart_yaml("web", DEPENDS),
        "web/values.yaml": "db: {size: 5Gi}\nglobal: {zone: b}\n",
        "web/templates/a.yaml": LABELLED,
        **below("web/charts/common", COMMON),
        **below("web/charts/database", DATABASE),
    },
    "subcharts, vendored as archives": {
        "web/Chart.yaml": chart_yaml("web", DEPENDS),
        "web/templates/a.yaml": LABELLED,
        "web/charts/common-1.2.3.tgz": archive(below("common", COMMON)),
        "web/charts/database-1.2.3.tgz": archive(below("database", DATABASE)),
    },
    "CRDs": {
        "web/Chart.yaml": chart_yaml("web"),
        "web/crds/two.yaml": CRD.format("as") + "---\n" + CRD.format("bs"),
        "web/templates/a.yaml": config_map("a", "x"),
    },
    "hooks and tests": {"web/Chart.yaml": chart_yaml("web"), "web/templates/hooks.yaml": HOOKS},
    "tpl and files": {
        "web/Chart.yaml": chart_yaml("web"),
        "web/values.yaml": 'text: "{{ .Release.Name }} in {{ .Release.Namespace }}"\n',
        "web/files/app.conf": "port = {{ .Values.port | default 80 }}\n",
        "web/templates/a.yaml": config_map("a", "{{ tpl .Values.text . | quote }}")
        + '  conf: |\n    {{- tpl (.Files.Get "files/app.conf") . | nindent 4 }}\n',
    },
    "capabilities": {
        "web/Chart.yaml": chart_yaml("web"),
        "web/templates/a.yaml": config_map("a", "{{ .Capabilities.KubeVersion.Minor | quote }}")
        + '  monitor: {{ .Capabilities.APIVersions.Has "monitoring.coreos.com/v1/ServiceMonitor" | quote }}\n',
    },
    "notes and an ignored file": {
        "web/Chart.yaml": chart_yaml("web"),
        "web/.helmignore": "*.bak\n",
        "web/templates/NOTES.txt": "Thank you for installing {{ .Release.Name }}\n",
        "web/templates/old.yaml.bak": "{{ broken",
        "web/templates/a.yaml": config_map("a", "x"),
    },
    "lookup": {
        "web/Chart.yaml": chart_yaml("web"),
        "web/templates/a.yaml": config_map("a", '{{ lookup "v1" "Secret" "shop" "db" | len | quote }}'),
    },
    "many documents, a list, a loop, a namespace": {
        "web/Chart.yaml": chart_yaml("web"),
        "web/values.yaml": "names: [x, y, z]\n",
        "web/templates/many.yaml": "{{- range .Values.names }}\n---\n"
        + config_map("m-{{ . }}", "1")
        + "{{- end }}\n---\n# nothing\n---\n"
        + "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: shop}\n"
        + "- apiVersion: v1\n  kind: Service\n  metadata: {name: s, namespace: shop}\n",
    },
}
"""Files of repositories with a chart in `web`; `one.yaml` and `two.yaml` are files of values, where they are there."""


def by_the_program(program: Path, folder: Path, files: Files, *arguments: str) -> list[Any]:
    """Every object that `helm template rel web` prints for these files, lists taken apart."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    home = {f"HELM_{each}_HOME": str(folder / "helm") for each in ("CACHE", "CONFIG", "DATA")}
    done = subprocess.run(
        [program, "template", "rel", "web", *arguments], cwd=folder, env=home | {"HOME": str(folder)}, check=True,
        capture_output=True,
    )  # fmt: skip
    found: list[Any] = []
    for document in load_documents(done.stdout):
        value = document.value
        found += value["items"] if value["kind"] == "List" else [value]
    return found


async def render(helm: Helm, files: Files, modes: dict[str, str] | None = None, **options: Any) -> Rendered:
    """The release `rel` of the chart in `web`."""
    source = Source(path="web", options={"release": "rel", **options})
    return await helm.render(make_tree(files, modes), source, Kubernetes())


async def refused(helm: Helm, files: Files, modes: dict[str, str] | None = None, **options: Any) -> Finding:
    """The first finding of a render that was refused, without a path of the machine."""
    with pytest.raises(RenderError) as error:
        await render(helm, files, modes, **options)
    assert "/tmp" not in repr(error.value.findings)
    found: Finding = next(iter(error.value.findings))
    return found
