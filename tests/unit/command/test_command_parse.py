"""What a comment says, and what it does not say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.command import VERBS, Command, Parsed, parse, reference, resolve
from bot.command.reference import UNBUILT

ENVIRONMENTS = ("dev", "staging", "prod")


def commands(body: str, prefix: str = "/gate") -> list[tuple[str, tuple[str, ...], tuple[str, ...], str]]:
    parsed = parse(body, prefix)
    assert parsed.refusal is None
    return [(each.verb, each.environments, each.names, each.argument) for each in parsed.commands]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/gate plan", ("plan", (), (), "")),
        ("/gate plan prod", ("plan", ("prod",), (), "")),
        ("   /gate plan", ("plan", (), (), "")),
        ("/GATE apply Prod", ("apply", ("prod",), (), "")),
        ("/gate plan " + "0a" * 20, ("plan", (), (), "0a" * 20)),
        ("/gate approve " + "0a" * 20, ("approve", ("0a" * 20,), (), "")),
        ("/gate APPROVE Prod  staging prod", ("approve", ("prod", "staging"), (), "")),
        ("/Gate unapprove", ("unapprove", (), (), "")),
        ("/gate\u00a0approve\u00a0prod", ("approve", ("prod",), (), "")),
        ("/gate approve-deletions prod", ("approve-deletions", ("prod",), (), "")),
        (
            "/gate approve-deletions prod PersistentVolumeClaim/data Job/ns/x",
            ("approve-deletions", ("prod",), ("PersistentVolumeClaim/data", "Job/ns/x"), ""),
        ),
        ("/gate apply prod", ("apply", ("prod",), (), "")),
        ("/gate apply prod 3f2a9c1", ("apply", ("prod",), (), "3f2a9c1")),
        ("/gate hold prod, it *burns* ⚠️", ("hold", (), (), "prod, it burns ⚠️")),
        ("/gate release prod", ("release", (), (), "prod")),
        ("/gate status", ("status", (), (), "")),
        ("/gate help me --please", ("help", (), (), "")),
        ("/gate", ("help", (), (), "")),
    ],
)
def test_command(line: str, expected: tuple[str, tuple[str, ...], tuple[str, ...], str]) -> None:
    assert commands(line) == [expected]
    assert parse(line, "/gate").commands[0].text.lower().startswith("/gate")


def test_every_line_of_a_wrapped_paragraph_counts() -> None:
    body = "Looks good.\n/gate approve prod\nand then\n   /gate status  \n\nNext:\n\n/gate plan\r\n/gate help"
    assert [each[0] for each in commands(body)] == ["approve", "status", "plan", "help"]


def test_another_prefix() -> None:
    assert commands("/gate plan\n/deploy-it plan", "/deploy-it") == [("plan", (), (), "")]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Just words about /gate approve prod",
        "/gateway approve",
        "/gate-approve",
        "/gate/approve",
        "\\/gate approve",
        "&#47;gate approve",
        "**/gate approve**",
        "`/gate approve`",
        "a `b\n/gate approve prod` c",
        "**a\n/gate approve prod**",
        "[a\n/gate approve prod](http://127.0.0.1)",
        "[/gate approve](http://127.0.0.1)",
        "![/gate approve](http://127.0.0.1)",
        "/gate approve prod\n---",
        "| a |\n|---|\n| /gate approve |",
        "x <!-- a\n/gate approve prod\n-->",
        "x <b>y\n/gate approve prod</b>",
        "<details>\n\n/gate approve prod\n\n</details>",
        "<blockquote>\n<p>\n\n/gate approve prod\n",
        "<div/>\n\n/gate approve prod\n\n</div>",
        "<div><div></div>\n\n/gate approve prod\n\n</div>",
        "- item\n/gate approve prod",
        "> quote\n/gate approve prod",
        '[x]: /gate\n[y]: /gate "approve"',
    ],
)
def test_silence(body: str) -> None:
    assert parse(body, "/gate") == Parsed()


@pytest.mark.parametrize(
    "body", ["\\/gate approve prod", "&#47;gate approve prod", "a | b\n--- | ---\n/gate approve | x"]
)
def test_silence_beside_a_command(body: str) -> None:
    assert commands(f"{body}\n\n/gate status") == [("status", (), (), "")]


def test_html_that_was_closed_does_not_hide_what_follows() -> None:
    assert commands("<details>\n\nlong log\n\n</details>\n\n/gate plan\n\n<br>\n\n/gate status") == [
        ("plan", (), (), ""),
        ("status", (), (), ""),
    ]


@pytest.mark.parametrize(
    "before",
    [
        "a generic List<string> here\n\n",
        "a line<br>\n",
        "a line that ends hard  \n",
        "another one\\\n",
        "an escaped &lt;b> here\n",
        "```html\n<div>\n```\n\n",
        "    <details>\n\n",
        "<p>a paragraph that nobody ends\n\n",
        "> <div>\n> quoted\n\n",
        "- <details>\n  listed\n\n",
    ],
)
def test_html_in_which_nothing_else_can_be_hides_nothing(before: str) -> None:
    assert commands(before + "/gate plan") == [("plan", (), (), "")]


@pytest.mark.parametrize(
    ("line", "message", "suggestion"),
    [
        ("/gate aprove prod", 'did you mean "/gate approve"?', "/gate approve prod"),
        ("/gate aprove prod $(id)", 'did you mean "/gate approve"?', "/gate approve [environment …]"),
        ("/gate aprove <prod>", 'did you mean "/gate approve"?', "/gate approve [environment …]"),
        ("/gate statsu", 'did you mean "/gate status"?', "/gate status"),
        ("/gate xyzzy", "no such command", "/gate help"),
        ("/gate adopt prod", '"adopt" is not supported yet', "/gate help"),
        ("/gate rollback prod", '"rollback" is not supported yet; revert the pull request instead', "/gate help"),
        ("/gate destroy", '"destroy" is not supported yet; an environment that leaves', "/gate help"),
        ("/gate lock prod", 'did you mean "/gate hold"?', "/gate hold prod"),
        ("/gate unlock prod", 'did you mean "/gate release"?', "/gate release prod"),
        ("/gate approve --force", "no options", ""),
        ("/gate hold --all", "no options", "/gate hold environment … [reason]"),
        ("/gate approve-deletions", "environment first", "/gate approve-deletions environment [kind/name …]"),
        ("/gate approve-deletions Job/x", "environment first", "/gate approve-deletions environment [kind/name …]"),
        ("/gate approve-deletions prod staging", "kind/name", "/gate approve-deletions environment [kind/name …]"),
        ("/gate approve-deletions prod Job/ns/x/y", "kind/name", "/gate approve-deletions environment [kind/name …]"),
        ("/gate apply", "environment first", "/gate apply environment [commit]"),
        ("/gate apply prod main", "7 to 40", "/gate apply environment [commit]"),
        ("/gate apply prod staging", "7 to 40", "/gate apply environment [commit]"),
        ("/gate apply prod 3f2a9c", "7 to 40", "/gate apply environment [commit]"),
        ("/gate apply prod 3f2a9c1 3f2a9c1", "at most a commit", "/gate apply environment [commit]"),
        ("/gate plan prod " + "a" * 40, "stands alone", "/gate plan"),
        ("/gate hold", "needs an environment", "/gate hold environment … [reason]"),
        ("/gate approve `prod`", "without Markdown", ""),
        ("/gate approve *prod*", "without Markdown", ""),
        ("/gate approve prod<br>", "without Markdown", ""),
        ("/gate approve <prod>", "without Markdown", ""),
        ("/gate approve <b\nclass=prod>", "without Markdown", ""),
        ("/gate approve ![prod](http://127.0.0.1)", "without Markdown", ""),
        ("/gate **approve**", "without Markdown", ""),
        ("/gate approve $(id)", "letters, digits", ""),
        ("/gate approve prоd", "letters, digits", ""),
        ("/gate approve " + "a" * 301, "longer than 300", ""),
        ("/gate hold prod " + "a" * 1000, "longer than 1000", ""),
        ("/gate approve\u200b prod", "invisible character", ""),
        ("\u200b/gate approve prod", "invisible character", ""),
        ("/ga\u200bte approve prod", "invisible character", ""),
        ("/gate hold prod \u202edorp", "invisible character", ""),
        ("/gate approve prod\x00", "invisible character", ""),
    ],
)
def test_refusal(line: str, message: str, suggestion: str) -> None:
    parsed = parse(line, "/gate")
    assert parsed.commands == ()
    assert parsed.refusal is not None
    assert message in parsed.refusal.message
    assert parsed.refusal.suggestion == suggestion
    assert parsed.refusal.text.isprintable()
    assert len(parsed.refusal.text) <= 200


def test_one_bad_command_refuses_all() -> None:
    parsed = parse("/gate approve prod\n/gate aprove staging", "/gate")
    assert parsed.commands == ()
    assert parsed.refusal is not None
    assert (parsed.refusal.text, parsed.refusal.several) == ("/gate aprove staging", True)
    alone = parse("first\n\n> /gate plan\n\n/gate aprove staging", "/gate").refusal
    assert alone is not None
    assert not alone.several


def test_ten_commands_and_no_more() -> None:
    assert len(commands("/gate plan\n" * 10)) == 10
    refused = parse("/gate plan\n" * 11, "/gate").refusal
    assert refused is not None
    assert "more than 10" in refused.message


def test_comment_beyond_the_limit() -> None:
    refused = parse("x" * 70_000 + "\n\n/gate plan", "/gate").refusal
    assert refused is not None
    assert "65,536" in refused.message
    assert parse("x" * 70_000 + " /gate plan", "/gate") == Parsed()
    assert commands("/gate plan\n".ljust(65_536, "x")) == [("plan", (), (), "")]


@pytest.mark.parametrize(
    ("line", "environments", "argument"),
    [
        ("/gate approve", (), ""),
        ("/gate approve Prod", ("prod",), ""),
        ("/gate hold prod staging the database burns", ("prod", "staging"), "the database burns"),
        ("/gate hold prod the staging too", ("prod",), "the staging too"),
        ("/gate release PROD prod", ("prod",), ""),
        ("/gate apply prod abcdef1", ("prod",), "abcdef1"),
    ],
)
def test_resolved(line: str, environments: tuple[str, ...], argument: str) -> None:
    resolved = resolve(parse(line, "/gate").commands, ENVIRONMENTS)
    assert isinstance(resolved, tuple)
    assert (resolved[0].environments, resolved[0].argument) == (environments, argument)


@pytest.mark.parametrize(
    ("line", "message", "suggestion"),
    [
        ("/gate approve Prd", 'did you mean "prod"?', "/gate approve prod"),
        ("/gate approve prod stagin", 'did you mean "staging"?', "/gate approve prod staging"),
        ("/gate hold prodd it burns", 'did you mean "prod"?', "/gate hold prod it burns"),
        ("/gate hold <prod> staging burns", 'did you mean "prod"?', "/gate hold prod staging burns"),
        ("/gate approve elsewhere", "there are: dev, prod, staging", ""),
        ("/gate plan abcdef1", "there is no environment", ""),
        ("/gate approve prod staging please", 'there is no environment "please"', ""),
    ],
)
def test_name_that_no_environment_has(line: str, message: str, suggestion: str) -> None:
    refused = resolve(parse(f"/gate status prod\n{line}", "/gate").commands, ENVIRONMENTS)
    assert not isinstance(refused, tuple)
    assert message in refused.message
    assert (refused.text, refused.suggestion, refused.several) == (line, suggestion, True)


@pytest.mark.parametrize(("number", "last"), [(10, "e8, e9"), (11, "e8, e9, …")])
def test_ten_environments_are_listed_and_no_more(number: int, last: str) -> None:
    known = [f"e{each:x}" for each in range(number)]
    refused = resolve((Command(verb="plan", environments=("production",)),), known)
    assert not isinstance(refused, tuple)
    assert refused.message.endswith(f", e7, {last}")


def test_only_a_name_is_put_right_and_not_a_verb_that_reads_like_it() -> None:
    refused = resolve(parse("/gate status Status", "/gate").commands, ("status-page",))
    assert not isinstance(refused, tuple)
    assert refused.suggestion == "/gate status status-page"


def test_no_environments_at_all() -> None:
    refused = resolve((Command(verb="plan", environments=("prod",)),), ())
    assert not isinstance(refused, tuple)
    assert refused.message == "there are no environments"


def test_every_verb_has_a_line_of_help() -> None:
    assert [each.name for each in VERBS] == [
        "plan", "approve", "unapprove", "approve-deletions", "apply", "hold", "release", "status", "help",
    ]  # fmt: skip
    assert [syntax.split()[0] for syntax, _ in reference()] == [each.name for each in VERBS]
    assert not set(UNBUILT) & {each.name for each in VERBS}
    assert all(each.who and not each.meaning.endswith(".") for each in VERBS)


MARKUP = st.sampled_from(
    [*"`*_~<>[]()!#|-+=\\&\n\t ", "```", "    ", "> ", "- ", "1. ", "<div>", "</div>", "<!--", "-->"]
)
WORDS = st.sampled_from(["/gate", " approve", " prod", "/gate approve prod\n", "\n/gate hold prod\n", "\u200b", "a"])


@given(st.lists(MARKUP | WORDS | st.text(max_size=5), max_size=30))
def test_never_raises(parts: list[str]) -> None:
    parsed = parse("".join(parts), "/gate")
    assert not (parsed.commands and parsed.refusal)
    resolved = resolve(parsed.commands, ENVIRONMENTS)
    assert isinstance(resolved, tuple) or resolved.message


NAMES = st.lists(st.sampled_from([*"<>[]()!*_`~|\\-& ", "prod", "<prod>", "<!--", "-->", "&nbsp;", "x=y"]), max_size=8)


@given(st.sampled_from(["plan", "approve", "unapprove", "status"]), NAMES)
def test_what_is_written_behind_a_verb_is_never_taken_for_nothing(verb: str, parts: list[str]) -> None:
    written = "".join(parts).replace("&nbsp;", "").strip()
    parsed = parse(f"/gate {verb} {''.join(parts)}", "/gate")
    assert all(each.environments for each in parsed.commands if written)


COMMAND = st.sampled_from(["/gate approve prod", "/gate", "/gate aprove", "/gate hold prod now"])
PROSE = st.text("abc .,", max_size=10)


@given(COMMAND, PROSE, st.integers(3, 6), st.sampled_from("`~"))
def test_fenced_is_never_found(command: str, prose: str, count: int, fence: str) -> None:
    block = f"{fence * count}\n{prose}\n{command}\n{fence * count}"
    assert parse(f"{prose}\n\n{block}\n\n{prose}", "/gate") == Parsed()
    assert parse(f"{fence * count}\n\n{command}\n\nnever closed", "/gate") == Parsed()


@given(COMMAND, PROSE, st.sampled_from(["> ", "- ", "* ", "1. ", "    ", "\t", "# ", "###### "]))
def test_quoted_listed_indented_or_headed_is_never_found(command: str, prose: str, mark: str) -> None:
    assert parse(f"{prose}\n\n{mark}{command}\n\n{prose}", "/gate") == Parsed()


@given(
    COMMAND,
    st.sampled_from(["div", "details", "blockquote", "table", "pre", "script", "ol", "ul", "template", "textarea"]),
    st.sampled_from(["\n", "\n\n"]),
)
def test_in_html_is_never_found(command: str, tag: str, gap: str) -> None:
    assert parse(f"<{tag}>{gap}{command}{gap}</{tag}>", "/gate") == Parsed()
    assert parse(f"<!--{gap}{command}{gap}-->", "/gate") == Parsed()


@given(COMMAND, PROSE)
def test_at_the_start_of_a_paragraph_is_always_found(command: str, prose: str) -> None:
    assert parse(f"{prose}\n\n{command}\n\n{prose}", "/gate") == parse(command, "/gate")
    assert parse(command, "/gate") != Parsed()
