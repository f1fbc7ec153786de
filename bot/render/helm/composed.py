"""Templates that are put together while a chart renders, which `tpl` evaluates: whether such a one asks for the time.

Nobody can read that in the chart: a function's name may be there in parts, or in another encoding. So the templates of
the second render hand each text to `CHECKING` first. What the chart does say is moved by then, so a clock that is found
there is one that was put together. Where such a text asks for `tpl` itself, what that evaluates is not looked at: texts
are left as they are, since a chart may print them or their digests. Nothing is applied by that which was not approved:
what a chart renders to after a merge is compared with what was.
"""

import posixpath
import re
from collections.abc import Iterable

from bot.render.helm.functions import SKIPPED, called, rewritten

__all__ = ["checked", "checking"]

NAME = "tidegate-tpl"
PIPE = b" | include `%s` " % NAME.encode()
LIST = b"tuple"  # Helm's rarer word for `list`

TOKEN = re.compile(rb"%s|[()|]|-?\}\}|%s" % (SKIPPED, called((b"tpl",)).pattern))
"""What matters within an action."""

CHECKING = rb"""{{- define "tidegate-tpl" -}}
{{- $quoted := "\"(?:\\\\.|[^\"\\\\])*\"|`[^`]*`|'(?:\\\\.|[^'\\\\])*'" -}}
{{- $comment := "\\{\\{(?:-\\s)?/\\*(?s:.*?)\\*/(?:\\s-)?\\}\\}" -}}
{{- $action := print "(\\{\\{(?:" $quoted "|[^}\"'`])*\\}\\})" -}}
{{- $code := regexReplaceAll (print $comment "|" $action "|[^{]+|\\{") (index . 0) "${1} " -}}
{{- $moved := "\\(\\(now\\)\\.Add\\s+105742407123456789\\)" -}}
{{- $code = regexReplaceAll (print $moved "|" $quoted) $code " " -}}
{{- if regexMatch "(?:^|[^\\w.$])(?:now|ago)(?:\\W|$)" $code -}}
{{- fail "a template that is put together asks for the time" -}}
{{- end -}}
{{- tpl (index . 0) (index . 1) -}}
{{- end -}}
"""
"""The template that stands for `tpl`, and is given its two arguments as a list."""


def checking(files: Iterable[str]) -> dict[str, bytes]:
    """The files that define it in each chart among these."""
    folders = (posixpath.dirname(path) for path in files if posixpath.basename(path) == "Chart.yaml")
    return {posixpath.join(each, "templates", f"{NAME}.tpl"): CHECKING for each in folders}


def checked(data: bytes) -> bytes:
    """A template → the same one with texts looked at before they are evaluated; what is no template stays as it is.

    Each `tpl TEXT CONTEXT` becomes `tuple TEXT CONTEXT | include …`, at the end of its command.
    """
    return rewritten(data, _checked) if b"tpl" in data else data


def _checked(action: bytes) -> bytes:
    parts, last = [], 0
    commands = [False]  # of the action and each parenthesis that is open, whether the command is a tpl
    for token in TOKEN.finditer(action):
        word = token[0]
        if word == b"(":
            commands.append(False)
        elif word == b"tpl":
            parts += [action[last : token.start()], LIST]
            commands[-1], last = True, token.end()
        elif word in (b"|", b")", b"}}", b"-}}"):
            if commands.pop():
                parts += [action[last : token.start()], PIPE]
                last = token.start()
            if word == b"|":
                commands.append(False)
            elif (word == b")") is not bool(commands):
                return action
    return b"".join((*parts, action[last:]))
