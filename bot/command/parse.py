"""The text of a comment → the commands in it, all of them or none."""

import re
from difflib import get_close_matches

from bot.command.markdown import Line, lines
from bot.command.reference import ELSEWHERE, UNBUILT, VERBS
from bot.model.noun import noun

__all__ = ["Command", "Parsed", "Refusal", "parse"]

MOST_COMMANDS = 10
LONGEST_BODY = 65_536
LONGEST_LINE = 1000
LONGEST_WORD = 300
LONGEST_SHOWN = 200

WORD = re.compile(r"[A-Za-z0-9._/:@#-]+")
COMMIT = re.compile(r"[0-9a-f]{7,40}")
FULL_COMMIT = re.compile(r"[0-9a-f]{40}")
OBJECT = re.compile(r"[A-Za-z0-9.-]+(/[A-Za-z0-9._:-]+){1,2}")
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff]"
)
"""Characters that take no room or turn the direction of the text (Unicode TR 36 and TR 39).

The two selectors that choose between emoji and text are not among them: a reason may well have an emoji.
"""


@noun
class Command:
    """One command. `environments` are names as they were written; `names` are kind/name of objects; `text` is its line.

    `argument` is a commit (`plan`, `apply`) or a reason (`hold`, `release`). Before `resolve`, the environments of a
    command with a reason are still the reason's first words.
    """

    verb: str
    environments: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    argument: str = ""
    text: str = ""


@noun
class Refusal:
    """Why nothing of a comment is carried out: the line, what is wrong with it, and what to write instead, or "".

    `several`: there are other commands in the comment, which are not carried out either.
    """

    text: str
    message: str
    suggestion: str = ""
    several: bool = False


@noun
class Parsed:
    """What a comment says: commands, or a refusal of all of them. Neither means that it is not for us: silence."""

    commands: tuple[Command, ...] = ()
    refusal: Refusal | None = None


class _Refused(Exception):
    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.message, self.suggestion = message, suggestion


def parse(body: str, prefix: str) -> Parsed:
    """The commands of `body`: lines of top-level paragraphs that begin with `prefix` as a word of its own.

    The verb and the prefix may be in capitals. Never raises.
    """
    beginnings = (INVISIBLE.sub("", each).lstrip().lower() for each in body.splitlines())
    if not any(each.startswith(prefix.lower()) for each in beginnings):
        return Parsed()
    if len(body) > LONGEST_BODY:
        message = f"the comment is longer than {LONGEST_BODY:,} characters, so no command is looked for in it"
        return Parsed(refusal=Refusal(text="", message=message, suggestion=f"{prefix} help"))
    commands: list[Command] = []
    found = [(line, words) for line in lines(body) if (words := _addressed(line, prefix))]
    for line, words in found:
        try:
            commands.append(_command(line, words[1:], prefix))
            if len(commands) > MOST_COMMANDS:
                raise _Refused(f"there are more than {MOST_COMMANDS} commands in one comment")
        except _Refused as refused:
            shown = INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", line.text.strip())[:LONGEST_SHOWN]
            several = len(found) > 1
            return Parsed(refusal=Refusal(
                text=shown, message=refused.message, suggestion=refused.suggestion, several=several
            ))  # fmt: skip
    return Parsed(commands=tuple(commands))


def _addressed(line: Line, prefix: str) -> list[str]:
    """The words of a line that begins with the prefix; none of any other."""
    words = INVISIBLE.sub("", line.text).split()
    return words if words and words[0].lower() == prefix.lower() else []


def _command(line: Line, words: list[str], prefix: str) -> Command:
    if INVISIBLE.search(line.text):
        raise _Refused("there is an invisible character in the line; type it again by hand instead of pasting it")
    if len(line.text) > LONGEST_LINE:
        raise _Refused(f"the line is longer than {LONGEST_LINE} characters")
    name = words[0].lower() if words else "help"
    verb = next((each for each in VERBS if each.name == name), None)
    if verb is None:
        raise _unknown(name, words[1:], prefix)
    rest, text = words[1:], line.text.strip()
    if verb.takes == "anything":
        return Command(verb=name, text=text)
    if verb.takes == "some":
        return _with_reason(name, rest, text, verb.syntax, prefix)
    _plain_words(line, rest)
    if verb.takes == "one":
        return _with_one_environment(name, rest, text, verb.syntax, prefix)
    if name == "plan" and any(FULL_COMMIT.fullmatch(each) for each in rest):
        if len(rest) > 1:
            raise _Refused("a commit stands alone: it allows a fork's pull request to be planned", f"{prefix} plan")
        return Command(verb=name, argument=rest[0], text=text)
    return Command(verb=name, environments=_environments(rest), text=text)


def _unknown(name: str, rest: list[str], prefix: str) -> _Refused:
    if name in UNBUILT:
        return _Refused(f'"{name}" is not supported yet{UNBUILT[name]}', f"{prefix} help")
    near = [ELSEWHERE[name]] if name in ELSEWHERE else get_close_matches(name, [each.name for each in VERBS], n=1)
    if not near:
        return _Refused("there is no such command", f"{prefix} help")
    # With names that cannot be repeated, the bare verb would be about every environment.
    usable = all(WORD.fullmatch(each) for each in rest)
    syntax = next(each.syntax for each in VERBS if each.name == near[0])
    return _Refused(
        f'there is no such command; did you mean "{prefix} {near[0]}"?',
        " ".join([prefix, near[0], *rest] if usable else [prefix, syntax]),
    )


def _plain_words(line: Line, words: list[str]) -> None:
    for word in words:
        if word.startswith("-"):
            raise _Refused("there are no options; write names only")
    if not line.plain or not all(WORD.fullmatch(each) for each in words):
        raise _Refused("names are letters, digits and . _ / : @ # - only, without Markdown")
    for word in words:
        if len(word) > LONGEST_WORD:
            raise _Refused(f"a name is longer than {LONGEST_WORD} characters")


def _environments(words: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.lower() for each in words))


def _with_reason(verb: str, words: list[str], text: str, syntax: str, prefix: str) -> Command:
    if not words:
        raise _Refused("it needs an environment", f"{prefix} {syntax}")
    if words[0].startswith("-"):
        raise _Refused("there are no options; write names only", f"{prefix} {syntax}")
    return Command(verb=verb, argument=" ".join(words), text=text)


def _with_one_environment(verb: str, words: list[str], text: str, syntax: str, prefix: str) -> Command:
    if not words or "/" in words[0]:
        raise _Refused("it needs an environment first", f"{prefix} {syntax}")
    environment, rest = words[0].lower(), words[1:]
    if verb == "approve-deletions":
        if not all(OBJECT.fullmatch(each) for each in rest):
            raise _Refused("one environment at a time, then objects as kind/name", f"{prefix} {syntax}")
        return Command(verb=verb, environments=(environment,), names=tuple(dict.fromkeys(rest)), text=text)
    if len(rest) > 1 or not all(COMMIT.fullmatch(each) for each in rest):
        raise _Refused("one environment at a time, then at most a commit of 7 to 40 digits", f"{prefix} {syntax}")
    return Command(verb=verb, environments=(environment,), argument="".join(rest), text=text)
