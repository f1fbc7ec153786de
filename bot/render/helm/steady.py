"""Whether a chart renders the same twice: what could keep it from that, and a second render that shows it.

Random values differ by themselves. Time hardly does within a second, so the second render is told a later one: in its
templates, `now` is moved on by years.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest

from bot.document import unpack
from bot.errors import DocumentError, RenderError
from bot.model.noun import noun
from bot.render.helm.changed import is_packed
from bot.render.helm.chart import Chart
from bot.render.helm.dated import SHOWN, dated
from bot.render.helm.functions import actions
from bot.render.helm.origin import file_of
from bot.render.helm.output import Output, Printed, is_hook
from bot.render.manifests import problem, shown

__all__ = ["Doubt", "doubts", "moved", "refusal", "unequal"]

UNSTEADY = re.compile(
    rb"\b(rand(?:Alpha|AlphaNum|Numeric|Ascii|Bytes|Int)|shuffle|uuidv4|now|ago|bcrypt|htpasswd|encryptAES|genCA\w*|"
    rb"genPrivateKey|genSelfSignedCert\w*|genSignedCert\w*|(?:date|htmlDate)(?:_?[iI]n_?[zZ]one)?|durationRound)\b"
)
"""Functions of templates that answer something else each time (https://helm.sh/docs/chart_template_guide/function_list/)."""

ORDER = re.compile(rb"\b(keys|values)\b")
"""Functions that answer in any order."""

CLOCK = re.compile(rb"\b(now|ago|tpl)\b")
"""What asks for the time; `tpl` may be given the name of a function in parts."""

LATER = b"((now).Add 105742407123456789)"
"""Three years, four months, seven hours, some minutes and seconds: no part of a date stays as it is."""

MOVED = {b"now": LATER, b"ago": b"list 105742407123456789"}
"""What stands for a function in the second render. A list prints like no duration."""

COMPOSED = dict.fromkeys(SHOWN, b'fail "a date of what nobody can see"')
"""What stands for functions of dates where no text has one in it: such a one was put together."""

DEEPEST = 3
KINDS = "random, dated or newly generated"


@noun
class Doubt:
    """What was found: anything that may differ, whether the clock is asked, and whether there are dates."""

    any: bool
    clock: bool
    dates: bool


def doubts(chart: Chart) -> Doubt:
    """Look at every byte that a template may be made of. RenderError: an archive in it that is not read."""
    texts = [data for _, data in _opened(chart.files, chart, 0)] + [data for _, data in chart.values]
    clock = any(CLOCK.search(each) for each in texts)
    found = clock or any(UNSTEADY.search(each) or ORDER.search(each) for each in texts)
    return Doubt(any=found, clock=clock, dates=any(map(dated, texts)))


def _opened(files: Mapping[str, bytes], chart: Chart, depth: int) -> Iterator[tuple[str, bytes]]:
    """Every file, those in archives too."""
    for path, data in files.items():
        if not is_packed(path):
            yield path, data
            continue
        try:
            if depth >= DEEPEST:
                raise DocumentError(f"archives within archives, more than {DEEPEST} deep")
            inner = unpack(data)
        except DocumentError as error:
            fix = "commit the chart that it holds as a folder below charts/"
            raise RenderError([problem(f"{shown(path)}: {error.message}", fix, path=chart.at(path))]) from None
        yield from _opened({f"{path}/{name}": each for name, each in inner.items()}, chart, depth + 1)


def moved(doubt: Doubt) -> Mapping[bytes, bytes]:
    """What stands for each function in a render that is to be some years later."""
    return MOVED if doubt.dates else MOVED | COMPOSED


def unequal(chart: Chart, first: bytes, second: bytes) -> RenderError | None:
    """The refusal of a chart whose two renders differ in what is applied; None: they are equal.

    DocumentError: one of them cannot be read.
    """
    if first == second:
        return None
    for one, other in zip_longest(_applied(first), _applied(second)):
        if one is None or other is None or (one.source, one.value) != (other.source, other.value):
            return refusal(chart, one.source if one else other.source if other else "")
    return None


def _applied(output: bytes) -> Iterator[Printed]:
    return (each for each in Output(output).documents() if not is_hook(each))


def refusal(chart: Chart, source: str) -> RenderError:
    """Why a template cannot be approved: what was seen once is not what would be applied."""
    path, line, function = _culprit(chart, source)
    used = f": it uses {function}" if function else ""
    where = f" ({path}:{line})" if line and not source.endswith(path) else ""
    message = f"{shown(source)} does not render the same twice{used}{where}; something {KINDS} cannot be approved"
    fix = "give the value in a file of values, or let the Secret be made outside of the chart"
    return RenderError([problem(message, fix, path=chart.at(path), place=(line, 1 if line else 0))])


def _culprit(chart: Chart, source: str) -> tuple[str, int, str]:
    """(file of the chart, line, function) that is most likely to blame: in the template itself, else in any other.

    In an archive there is no line to tell.
    """
    own = file_of(chart, source)
    for path in sorted(chart.files, key=lambda each: (each != own, "/_" not in each)):
        data = chart.files[path]
        if is_packed(path):
            for _, inner in _opened({path: data}, chart, 0):
                if found := _used(inner):
                    return path, 0, found[1]
        elif (path == own or _is_template(path)) and (found := _used(data)):
            return path, *found
    return own, 0, ""


def _is_template(path: str) -> bool:
    return _in_templates(path) and path.endswith((".tpl", ".yaml", ".yml"))


def _in_templates(path: str) -> bool:
    return "templates/" in path


def _used(data: bytes) -> tuple[int, str] | None:
    """(line, name) of the first function in a template that may answer something else each time."""
    for action in actions(data):
        if found := UNSTEADY.search(action[0]):
            return data.count(b"\n", 0, action.start() + found.start()) + 1, found[0].decode()
    return None
