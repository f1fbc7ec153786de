"""The parts of the Helm renderer that need no program."""

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RenderError
from bot.model.environment import Source
from bot.model.tree import Elsewhere
from bot.render.helm.changed import changed
from bot.render.helm.chart import Chart
from bot.render.helm.options import chosen
from bot.render.helm.origin import InTemplate, Template, file_of
from bot.render.helm.output import Output
from bot.render.helm.read import rendered
from bot.render.helm.scratch import Scratch, content_key
from bot.render.helm.steady import DEEPEST, MOVED, doubts, unequal
from tests.support.charts import archive, chart_yaml


def chart(files: dict[str, bytes], values: tuple[tuple[str, bytes], ...] = ()) -> Chart:
    """A chart in `web`."""
    return Chart(name="web", version="1.2.3", files=files, values=values, folder="web")


NESTED = {
    "Chart.yaml": chart_yaml("web", "dependencies:\n- {name: database, alias: db}\n- {name: tool}\n").encode(),
    "requirements.yaml": b"dependencies:\n- {name: packed, alias: other}\n- {name: tool, alias: saw}\n",
    "templates/a.yaml": b"",
    "charts/database/Chart.yaml": chart_yaml("database").encode(),
    "charts/database/templates/b.yaml": b"",
    "charts/odd-folder/Chart.yaml": chart_yaml("tool").encode(),
    "charts/odd-folder/templates/c.yaml": b"",
    "charts/packed-up-1.2.3.tgz": b"",
    "charts/packed-1.2.3-1.tgz": b"",
}


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("web/templates/a.yaml", "templates/a.yaml"),
        ("web/charts/database/templates/b.yaml", "charts/database/templates/b.yaml"),
        ("web/charts/db/templates/b.yaml", "charts/database/templates/b.yaml"),
        ("web/charts/tool/templates/c.yaml", "charts/odd-folder/templates/c.yaml"),
        ("web/charts/saw/templates/c.yaml", "charts/odd-folder/templates/c.yaml"),
        ("web/charts/packed/templates/x.yaml", "charts/packed-1.2.3-1.tgz"),
        ("web/charts/other/templates/x.yaml", "charts/packed-1.2.3-1.tgz"),
        ("web/charts/nowhere/templates/x.yaml", "Chart.yaml"),
        ("web/templates/../../secret", "Chart.yaml"),
        ("", "Chart.yaml"),
    ],
)
def test_a_source_names_a_file_of_the_chart(source: str, file: str) -> None:
    assert file_of(chart(NESTED), source) == file


@given(st.text(max_size=60))
def test_no_source_names_anything_else(source: str) -> None:
    assert file_of(chart(NESTED), source) in NESTED


def test_a_template_cannot_name_another_as_its_source() -> None:
    output = Output(
        b"---\n# Source: web/templates/a.yaml\n# Source: web/templates/b.yaml\na: 1\n---\n# Source: web/c.yaml\nb: 1\n"
    )
    assert [each.source for each in output.documents()] == ["web/templates/a.yaml", "web/c.yaml"]


@given(st.lists(st.sampled_from(["a: 1", "- b: {{ x }}", "---", "", "  c: d", "kind: X"]), max_size=12), st.data())
def test_lines_stay_within_the_template(template: list[str], data: st.DataObject) -> None:
    printed = data.draw(st.lists(st.sampled_from(["a: 1", "- b: 2", "  c: d", "kind: X", "z"]), min_size=1, max_size=8))
    span = Template(template).span(printed)
    assert 1 <= span[0] <= max(len(template), 1) + 1
    locate = InTemplate(lambda path: (int(path[0]), 1), 10, printed, template, span)
    for line in range(5, 25):
        assert span[0] <= locate((line,))[0] <= span[1]


@pytest.mark.parametrize("template", ["x: 1\n" * 200_000, "---\n" * 200_000], ids=["lines", "documents"])
def test_row_65_a_long_template_is_gone_through_once_for_all_that_it_prints(template: str) -> None:
    document = "---\n# Source: web/templates/a.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: a%d}\n"
    output = "".join(document % number for number in range(2_000))
    began = time.process_time()
    made = rendered(chart({"templates/a.yaml": template.encode()}), output.encode(), ())
    assert len(made.resources) == 2_000
    assert time.process_time() - began < 10


STEADY = [b"a: {{ .Values.x | upper }}", b"nowhere: randomly", b"# known, snow"]
UNSTEADY = [b"{{ randAlphaNum 9 }}", b"{{ now }}", b"f: uuidv4", b"{{ keys .Values.a }}", b'{{ genCA "a" 1 }}', b"tpl"]


@pytest.mark.parametrize("text", STEADY)
def test_most_charts_are_rendered_once(text: bytes) -> None:
    assert not doubts(chart({"templates/a.yaml": text}, (("v.yaml", text),))).any


@pytest.mark.parametrize("text", UNSTEADY)
def test_what_might_differ_is_found_anywhere(text: bytes) -> None:
    packed = archive({"sub/charts/x.tgz": archive({"x/files/y.txt": text})})
    for each in (
        chart({"templates/a.yaml": text}), chart({"files/a": text}), chart({}, (("v.yaml", text),)),
        chart({"charts/sub.tgz": packed}),
    ):  # fmt: skip
        assert doubts(each).any


def test_archives_are_looked_into_only_so_deep() -> None:
    data = b"{{ now }}"
    for _ in range(DEEPEST + 1):
        data = archive({"a/charts/x.tgz": data})
    with pytest.raises(RenderError, match="more than 3 deep"):
        doubts(chart({"charts/a.tgz": data}))


ONE, TWO = (f"---\n# Source: web/templates/{name}.yaml\nkind: {name}\n".encode() for name in "ab")


@pytest.mark.parametrize(("first", "second"), [(ONE, ONE + TWO), (ONE + TWO, ONE), (ONE, b""), (b"", ONE)])
def test_an_object_more_or_less_is_no_equal_render(first: bytes, second: bytes) -> None:
    assert unequal(chart({}), first, second)


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        (b"now: {{ now }}", True),
        (b"{{- $now := now | date `x` }}{{ $now }}{{ .now }}", True),
        (b'{{ .Values.now }} {{ $now }} {{ "now" }} {{ printf `now` }} now', False),
        (b"{{ nowhere }}", False),
        (b'{{ print "}}" `}}` (now) }}', True),
        (b"""{{ list '"' (now) '"' '`' '\\'' '`' }}""", True),
        (b"{{/* }} */}}{{ now }}{{- /* now */ -}}", True),
        (b'a: "{{ date \\"2006\\" now }}"\nb: "now {{ .Values.now }}"', True),
        (b"# it is {{ now }}, isn't it; {{ ... and 'so }} on", True),
        (b"# {{ never closed\nb: '{{ now }}'", True),
    ],
)
def test_only_the_clock_is_moved(text: bytes, moved: bool) -> None:
    assert later(text).count(b".Add 1") == (1 if moved else 0)
    assert (later(text) != text) is moved


def later(text: bytes) -> bytes:
    """A template with another clock."""
    return changed({"Chart.yaml": b"", "templates/a.yaml": text}, MOVED)["templates/a.yaml"]


@pytest.mark.parametrize("path", ["values.yaml", "files/a.txt", "files/templates/a.txt", "crds/a.yaml"])
def test_what_is_no_template_is_not_changed(path: str) -> None:
    files = {
        "Chart.yaml": b"",
        path: b"{{ now }}{{ tpl .x . }}",
        "files/a.tgz": archive({"a/templates/b": "{{ now }}"}),
    }
    assert changed(files, MOVED).items() >= files.items()


def test_no_chart_can_know_the_templates_that_are_added() -> None:
    added = [changed({"Chart.yaml": each}, MOVED)["templates/_tidegate.tpl"] for each in (b"a", b"b", b"a")]
    names = [frozenset(re.findall(rb'define "(.*?)"', each)) for each in added]
    assert not names[0] & names[1]
    assert names[0] == names[2]


MANY = 250_000
TORN = [
    b"{{" * MANY, b'{{"' * MANY, b"{{ tpl ( " * MANY, b'tpl {{"\\' * MANY, b"{{`" * MANY,
    b"{{" + b'\\"' * MANY + b"}}", b'{{"' + b'\\"' * MANY + b"}}", b"{{" + b"'\\" * MANY + b"}}",
    b'{{ x "}}" ' * MANY, b"{{/*" * MANY + b"}}", b"{{/*}}" * MANY + b"*/", b"{{- /*}}" * MANY + b"*/ -}}",
]  # fmt: skip


@pytest.mark.parametrize("text", TORN, ids=lambda text: text[:8])
def test_row_65_what_never_closes_is_read_only_once(text: bytes) -> None:
    """Read once for each of its braces or quotes, that many take an hour."""
    began = time.process_time()
    assert later(text) == text
    assert not doubts(chart({"templates/a.yaml": text})).dates
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "text",
    [b"{{ tpl ) }}", b"{{ (tpl . }}", b"{{- /* tpl . */ -}}", b'{{ "tpl . ." }} {{ .tpl }} {{ `tpl` }} tpl', b"{{ tpl"],
)
def test_what_is_no_call_of_tpl_stays_as_it_is(text: bytes) -> None:
    assert later(text) == text


def test_files_are_written_once_for_the_same_content(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "s")
    files = {"chart/a/b.yaml": b"x", "values/0.yaml": b""}
    first = scratch.holding(files, content_key(files))
    assert {each.relative_to(first).as_posix() for each in first.rglob("*") if each.is_file()} == set(files)
    inode = (first / "chart/a/b.yaml").stat().st_ino
    again = Scratch(tmp_path / "s").holding(files, content_key(files))
    assert (again / "chart/a/b.yaml").stat().st_ino == inode
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o700
    with pytest.raises(ValueError, match="leaves"):
        scratch.holding({"../a": b""}, "key")
    assert [each.name for each in (tmp_path / "s").iterdir()] == ["charts"], "nothing is left behind"


def test_only_what_nobody_used_for_a_day_is_removed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    kept, gone = ("charts/used", "run-now"), ("charts/old", "run-old")
    for name in (*kept, *gone):
        (tmp_path / name).mkdir(parents=True)
    for name in gone:
        os.utime(tmp_path / name, (1, 1))
    scratch = Scratch(tmp_path)
    used = scratch.holding({}, "used")
    os.utime(used, (1, 1))
    scratch.holding({}, "used")
    assert used.stat().st_mtime > 1
    assert all((tmp_path / name).exists() for name in kept)
    assert not any((tmp_path / name).exists() for name in gone)
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_what_a_loss_of_power_may_have_torn_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Scratch(tmp_path).holding({"a": b"whole"}, "key")
    (folder / "a").write_bytes(b"")
    os.utime(folder, (time.time() - 120,) * 2)
    monkeypatch.setattr(time, "monotonic", lambda: 60.0)
    again = Scratch(tmp_path).holding({"a": b"whole"}, "key")
    assert (again / "a").read_bytes() == b"whole"
    assert [each.name for each in tmp_path.iterdir()] == ["charts"]


def test_every_name_and_byte_is_in_the_key() -> None:
    keys = [content_key(each) for each in ({}, {"a": b""}, {"a": b"b"}, {"ab": b""}, {"a": b"", "b": b""})]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"wait": True}, "wait is not one of helm's"), ({"crds": "no"}, "neither true nor false"),
        ({"values": "a.yaml"}, "not a list of files"), ({"values": [1]}, "not a list of files"),
        ({"version": "1.2.3"}, "for a chart from elsewhere"), ({"digest": "x"}, "for a chart from elsewhere"),
    ],
)  # fmt: skip
def test_options_that_helm_has_not_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(RenderError, match=words):
        chosen(Source(path="web", options=options), ())


def test_every_option_is_taken() -> None:
    options = {
        "chart": "oci://acme.io/web", "version": "1.2.3", "digest": "sha256:" + "0" * 64, "values": ["v.yaml"],
        "release": "r", "namespace": "n", "crds": False,
    }  # fmt: skip
    found = chosen(Source(path="web", options=options), ("oci://acme.io/*",))
    assert found.chart == Elsewhere(
        kind="chart", url="oci://acme.io/web", revision="1.2.3", digest="sha256:" + "0" * 64
    )
    assert (found.values, found.release, found.namespace, found.crds) == (("v.yaml",), "r", "n", False)
