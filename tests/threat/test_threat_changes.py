"""Hostile changes in a pull request: each is refused in words, at its place, and nothing is applied."""

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from bot.cli.demo.stage import Stage
from tests.support.people import People

pytestmark = pytest.mark.timeout(240)

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hostile, namespace: shop}\ndata:\n"
FILES = {
    "row 48: a duplicate key": (MAP + "  a: '1'\n  a: '2'\n", 'key "a" is set twice', ":6"),
    "row 67: 100,000 nested brackets": ("a: " + "[" * 100_000, "nested", ":1"),
    "row 62: an alias bomb": (
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
        "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
        "g: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n",
        "alias",
        ":",
    ),
    "a document without a kind": ("a: 1\n", "apiVersion", ":1"),
    "NUL": (MAP + "  a: '\0'\n", "character", ":"),
}
LEGAL = MAP + "  first: &x one\n  second: &x two\n  third: *x\n  equals: =\n"


async def test_rows_48_62_67_documents_that_are_refused(people: People, stage: Stage) -> None:
    before = stage.place.objects("dev")
    await people.developer.branch("hostile", "main")
    number = 0
    for name, (text, words, place) in FILES.items():
        await people.developer.write("envs/dev/hostile.yaml", text, "hostile", name)
        number = number or await people.developer.propose("hostile", "hostile")
        body = await people.comment_says(number, words, f"envs/dev/hostile.yaml{place}")
        print(name, "→", next(line for line in body.splitlines() if words in line))
        await people.check_is(number, "failure")
    await people.developer.write("envs/dev/hostile.yaml", LEGAL, "hostile", "legal")
    await people.check_is(number, "success")
    await people.comment_says(number, "1 new", "second: two")
    assert stage.place.objects("dev") == before


CONFIGURATIONS = {
    "an unknown key": ("drift: revert", "drifft: revert", "drifft", 'did you mean "drift"'),
    "row 30: a path that leaves the repository": (
        "path: envs/dev}",
        "path: ../../etc}",
        "leaves the repository",
        "../../etc",
    ),
    "a key that is not built yet": ("drift: revert", "drift: revert\n    freeze: []", "freeze", "not supported yet"),
}


async def test_configurations_that_are_refused(people: People, stage: Stage) -> None:
    text, _ = await people.developer.read("tidegate.yaml", "main")
    await people.developer.branch("config", "main")
    number = 0
    for name, (old, new, *words) in CONFIGURATIONS.items():
        await people.developer.write("tidegate.yaml", text.replace(old, new, 1), "config", name)
        number = number or await people.developer.propose("config", "config")
        body = await people.comment_says(number, *words)
        print(name, "→", next(line for line in body.splitlines() if words[0] in line))
        await people.check_is(number, "failure")


async def test_rows_20_and_36_hostile_names_stay_names(people: People, stage: Stage) -> None:
    hostile = "--upload-pack=x"
    await people.developer.branch(hostile, "main")
    name = "envs/dev/two\nlines.yaml"
    await people.developer.write(name, MAP + "  a: '1'\n", hostile, "a file name with a newline")
    number = await people.developer.propose("@acme/sre `x` <img src=x> </details>", hostile)
    body = await people.comment_says(number, "1 new")
    await people.check_is(number, "success")
    assert "two\nlines" not in body
    assert "@acme/sre" not in body.replace("`acme/sre`", "")


async def test_row_35_values_are_inert(people: People, stage: Stage) -> None:
    await people.developer.branch("values", "main")
    value = '  a: "````\\n</details>\\n@acme/sre\\n/gate approve prod\\n![x](http://127.0.0.1:9/x.png)\\n\\u202e"\n'
    await people.developer.write("envs/dev/hostile.yaml", MAP + value, "values", "values")
    number = await people.developer.propose("values", "values")
    body = await people.comment_says(number, "1 new", "details")
    assert not [line for line in body.replace("\r", "\n").splitlines() if line.startswith("/")]
    assert "\u202e" not in body
    outside = "".join(token.content for token in MarkdownIt().parse(body) if token.type == "html_block")
    assert outside.count("<details>") == outside.count("</details>") == 1
    shown = "".join(token.content for token in MarkdownIt().parse(body) if token.type == "fence")
    assert "</details>" in shown


async def test_row_22_symbolic_links_are_refused(people: People, stage: Stage) -> None:
    def make(folder: Path) -> None:
        (folder / "envs/dev/link.yaml").symlink_to("/etc/passwd")

    await people.push("link", make)
    number = await people.developer.propose("link", "link")
    await people.comment_says(number, "symbolic link", "envs/dev/link.yaml")
    await people.check_is(number, "failure")
