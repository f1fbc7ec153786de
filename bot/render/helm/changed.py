"""A chart with other expressions in the place of functions: in its templates, and in each text that `tpl` evaluates.

Nobody can read in the chart what `tpl` is given: a function's name may be there in parts, or in another encoding. So
every call of it is led to a template, which changes the text as the templates were, calls of `tpl` in it too, and hands
it on. What is only printed stays as it is.
"""

import io
import posixpath
import re
import tarfile
from collections.abc import Mapping
from functools import partial

from bot.document import unpack
from bot.render.helm.functions import SKIPPED, called, replacing, rewritten
from bot.render.helm.scratch import content_key

__all__ = ["changed", "is_packed"]

NAME = "_tidegate.tpl"
LIST = b"tuple"  # Helm's rarer word for `list`

TOKEN = re.compile(rb"%s|[()|]|-?\}\}|%s" % (SKIPPED, called((b"tpl",)).pattern))
"""What matters within an action."""

EVALUATING = rb"""{{- define "KEY-tpl" -}}
{{- $text := index . 0 -}}
{{- if regexMatch "NAMES" $text -}}{{- $text = include "KEY-text" $text -}}{{- end -}}
{{- tpl $text (index . 1) -}}
{{- end -}}
{{- define "KEY-text" -}}
{{- $quoted := "\"(?:\\\\.|[^\"\\\\])*\"|`[^`]*`|'(?:\\\\.|[^'\\\\])*'" -}}
{{- $comment := "\\{\\{(?:-\\s)?/\\*(?s:.*?)\\*/(?:\\s-)?\\}\\}" -}}
{{- $action := print "\\{\\{(?:" $quoted "|[^}\"'`])*\\}\\}" -}}
{{- range $part := regexFindAll (print $comment "|" $action "|[^{]+|\\{") . -1 -}}
{{- if or (not (hasPrefix "{{" $part)) (regexMatch "^..(?:-\\s)?/\\*" $part) -}}
{{- $part -}}
{{- else -}}
{{- $open := "-" -}}
{{- range $word := regexFindAll (print $quoted "|[.$][\\w.$]*|\\w+|-?\\}\\}|(?s:.)") $part -1 -}}
{{- $outer := trunc (int (sub (len $open) 1)) $open -}}
{{- if eq $word "(" -}}
{{- $open = print $open "-" -}}
{{- else if eq $word "tpl" -}}
{{- $open = print $outer "t" -}}{{- $word = "tuple" -}}
{{- else if has $word (tuple "|" ")" "}}" "-}}") -}}
{{- if hasSuffix "t" $open }} | include `KEY-tpl` {{ end -}}
{{- $open = eq $word "|" | ternary (print $outer "-") $outer -}}
OTHERS{{- end -}}
{{- $word -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
"""
"""The template that stands for `tpl`, and is given its two arguments as a list.

`KEY` makes names that no text can define anew, since nobody who writes one knows them. Of each command that is open the
second one remembers whether it is a call of `tpl` ("t") or another one ("-"), as `_led` does.
"""


def changed(files: Mapping[str, bytes], others: Mapping[bytes, bytes]) -> dict[str, bytes]:
    """The files of charts with other expressions in their templates, those in archives too; each name → expression."""
    return _changed(files, others, content_key(files).encode())


def _changed(files: Mapping[str, bytes], others: Mapping[bytes, bytes], key: bytes) -> dict[str, bytes]:
    roots = [posixpath.dirname(path) for path in files if posixpath.basename(path) == "Chart.yaml"]
    templates = tuple(posixpath.join(root, "templates", "") for root in roots)
    replaced, led = replacing(others), partial(_led, b" | include `%s-tpl` " % key)
    made = {}
    for path, data in files.items():
        if is_packed(path):
            made[path] = _repacked(data, others, key)
        else:
            made[path] = replaced(rewritten(data, led)) if path.startswith(templates) else data
    return made | {posixpath.join(each, NAME): _evaluating(others, key) for each in templates}


def is_packed(path: str) -> bool:
    """Whether Helm reads a file as the archive of a chart."""
    return path.endswith((".tgz", ".tar.gz")) and posixpath.basename(posixpath.dirname(path)) == "charts"


def _repacked(data: bytes, others: Mapping[bytes, bytes], key: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as archive:
        for name, each in _changed(unpack(data), others, key).items():
            info = tarfile.TarInfo(name)
            info.size = len(each)
            archive.addfile(info, io.BytesIO(each))
    return out.getvalue()


def _evaluating(others: Mapping[bytes, bytes], key: bytes) -> bytes:
    cases = (b'{{- else if eq $word "%s" -}}{{- $word = `%s` -}}\n' % each for each in others.items())
    names = rb"\\b(?:%s)\\b" % b"|".join((b"tpl", *others))
    return EVALUATING.replace(b"KEY", key).replace(b"NAMES", names).replace(b"OTHERS", b"".join(cases))


def _led(pipe: bytes, action: bytes) -> bytes:
    """An action of a template in which each `tpl TEXT CONTEXT` is `tuple TEXT CONTEXT` and the `pipe`."""
    parts, last = [], 0
    commands = [False]  # of the action and each parenthesis that is open, whether the command is a tpl
    for token in TOKEN.finditer(action) if b"tpl" in action else ():
        word = token[0]
        if word == b"(":
            commands.append(False)
        elif word == b"tpl":
            parts += [action[last : token.start()], LIST]
            commands[-1], last = True, token.end()
        elif word in (b"|", b")", b"}}", b"-}}"):
            if commands.pop():
                parts += [action[last : token.start()], pipe]
                last = token.start()
            if word == b"|":
                commands.append(False)
            elif (word == b")") is not bool(commands):
                return action  # which is none of a template
    return b"".join((*parts, action[last:]))
