"""Findings for people: grouped by file, each with its line, a caret below what is meant, and what to do."""

from collections.abc import Iterator, Mapping
from itertools import groupby

from bot.model.checked import Checked
from bot.model.plan import Finding
from bot.report.changes import plural
from bot.report.escape import visible
from bot.report.findings.excerpt import Excerpt, excerpt, leaks
from bot.report.findings.shape import Summary, merged, summarise

__all__ = ["summary_line", "to_text"]

COLOURS = {"error": "31", "unknown": "35", "warning": "33", "notice": "36"}
MOST_NAMES = 4


class Paint:
    """Writes with ANSI colours, or without."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour and text else text


def to_text(checked: Checked, sources: Mapping[str, str], seconds: float, colour: bool) -> str:
    """The findings as lines. `sources` holds the text of the files that they are about."""
    paint = Paint(colour)
    return "\n".join([*blocks(checked, sources, paint), *ending(checked, summarise(checked, seconds), paint)])


def blocks(checked: Checked, sources: Mapping[str, str], paint: Paint) -> Iterator[str]:
    """Each file's findings."""
    found = merged(checked)
    hidden = leaks([each for each, _ in found])
    several = len(checked.environments) > 1
    for path, group in groupby(found, key=lambda pair: pair[0].path):
        yield paint("1", visible(path) or "the repository")
        for finding, names in group:
            yield head(finding, names if several else (), paint)
            shown = excerpt(finding, sources, hidden)
            yield from drawn(shown, finding, paint) if shown else ()
            if finding.waived:
                yield f"      waived: {visible(finding.waived)}"
            if finding.fix:
                yield f"      {paint('32', 'fix')}: {flat(finding.fix)}"
        yield ""


def head(finding: Finding, names: tuple[str, ...], paint: Paint) -> str:
    """Where, how bad, what, by which rule, and in which environments."""
    place = f"{finding.line}:{finding.column or 1}" if finding.line else "-"
    more = f", … {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    where = f" ({', '.join(names[:MOST_NAMES])}{more})" if names else ""
    level = paint(COLOURS[finding.level], finding.level)
    return f"  {place} {level}: {flat(finding.message)} {paint('2', f'[{flat(finding.kind)}]{where}')}"


def drawn(shown: Excerpt, finding: Finding, paint: Paint) -> Iterator[str]:
    """The lines of the file, and the caret."""
    margin = max(len(str(number)) for number, _ in shown.lines)
    for number, line in shown.lines:
        yield f"      {paint('2', f'{number:>{margin}} │')} {line}".rstrip()
    yield f"      {' ' * margin} {paint('2', '│')} {' ' * (shown.column - 1)}" + paint(
        COLOURS[finding.level], "^" * shown.width
    )


def flat(text: str) -> str:
    """Somebody's text on one line."""
    return visible(text).replace("\n", "\\n")


def ending(checked: Checked, sum: Summary, paint: Paint) -> Iterator[str]:
    """What was left out, and the sum."""
    if checked.unaffected:
        names = ", ".join(checked.unaffected[:MOST_NAMES])
        more = ", …" if len(checked.unaffected) > MOST_NAMES else ""
        yield f"{plural(len(checked.unaffected), 'environment')} left out, not being affected: {names}{more}"
    bad = "31" if sum.errors or sum.unknown else "33" if sum.warnings else "32"
    yield paint(bad, summary_line(sum))


def summary_line(sum: Summary) -> str:
    """`2 errors, 1 warning in 3 environments (41 objects), 0.8 s`."""
    counts = [
        plural(sum.errors, "error") if sum.errors else "",
        f"{sum.unknown} unknown" if sum.unknown else "",
        plural(sum.warnings, "warning") if sum.warnings else "",
        plural(sum.notices, "notice") if sum.notices else "",
    ]
    said = ", ".join(filter(None, counts)) or "nothing wrong"
    of = f"{plural(sum.environments, 'environment')} ({plural(sum.objects, 'object')})"
    return f"{said} in {of}, {sum.seconds:.1f} s"
