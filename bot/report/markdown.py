"""An outline as Markdown, within a limit; fences and folds are always closed.

CommonMark 0.31 and the GFM specification say what a block is; `bot.report.escape` keeps the text of others inert.
"""

from collections.abc import Callable, Sequence

from bot.report import escape
from bot.report.fit import Measure, Section, Unit, fit
from bot.report.outline import Block, Fold, Line, Outline, Piece, Table, line, link

__all__ = ["inline", "to_markdown"]

LONGEST_PIECE = 400
LONGEST_HEADLINE = 300
LONGEST_LINK = 400


def to_markdown(outline: Outline, limit: int, *, measure: Measure = len, marker: str = "") -> str:
    """The whole report in at most `limit` by `measure`; `marker` is its first line. The limit is at least 2,000."""
    sections = layout(outline, marker)
    tail = Section(units=tuple(Unit(full=f"{inline(each)}\n\n") for each in outline.links), rank=9)
    room = max(measure(last_line(outline, shown)) for shown in (0, outline.objects))
    texts, shown = fit([*sections, tail], limit - room - len(str(outline.objects)), measure)
    blocks = sum(number for number, section in zip(shown, [*sections, tail], strict=True) if section.rank == BLOCKS)
    texts.append(last_line(outline, blocks))
    return escape.no_leading_slash("".join(texts)).rstrip("\n") + "\n"


BLOCKS = 8
"""The rank of sections whose units are the plan's objects."""


def layout(outline: Outline, marker: str) -> list[Section]:
    """The sections in order of the page."""
    top = f"{marker}\n" if marker else ""
    sections = [Section(opening=f"{top}### {title(outline.headline)}\n\n", rank=0)]
    if outline.under:
        sections.append(Section(units=(Unit(full=f"{inline(outline.under)}\n\n"),), rank=1, floor=0.05))
    if outline.table:
        sections.append(table(outline.table, "", 0.15))
    sections.append(paragraphs(outline.paragraphs, floor=0.05))
    sections.append(listed("**Read first**\n\n", outline.urgent, 3, 0.2))
    share = 0.15 / max(1, len(outline.folds) + len(outline.preview_folds))
    sections += [folded(each, share) for each in outline.folds]
    sections.append(paragraphs(outline.steps, floor=0.1))
    sections.append(paragraphs(outline.states, floor=0.05))
    if outline.preview:
        sections.append(
            table(
                outline.preview,
                "**Takes effect after the merge** (this changes what `tidegate.yaml` describes)\n\n",
                0.1,
            )
        )
        sections += [folded(each, share) for each in outline.preview_folds]
    answers = [Unit(full=f"- {inline(each)}\n") for each in outline.answers]
    if answers:
        sections.append(Section(opening="**Answers**\n\n", units=tuple(answers), closing="\n", floor=0.1, rank=5))
    return sections


def title(headline: Line) -> str:
    """As many pieces of the headline as a first line can bear."""
    for number in range(len(headline), 0, -1):
        written = inline(headline[:number])
        if len(written) <= LONGEST_HEADLINE:
            return written if number == len(headline) else f"{written} …"
    return "See below"


def inline(text: Line, *, cell: bool = False) -> str:
    """A line as inline Markdown."""
    written = ""
    for piece in text:
        one = WRITERS[piece.style](clipped(piece), cell)
        # two runs of back ticks side by side would be read as one longer run
        written += " " + one if written.endswith("`") and one.startswith("`") else one
    return written


def clipped(piece: Piece) -> Piece:
    """The piece with what cannot be seen written out, and a text that is not longer than a line should be."""
    shown = escape.clip(escape.visible(piece.text), LONGEST_PIECE)
    return Piece(text=shown, style=piece.style, url=piece.url)


def write_plain(piece: Piece, cell: bool) -> str:
    """Words."""
    return escape.plain(piece.text, cell=cell)


def write_code(piece: Piece, cell: bool) -> str:
    """A name or a command."""
    return escape.code_span(piece.text, cell=cell)


def write_strong(piece: Piece, cell: bool) -> str:
    """Bold words."""
    words = escape.plain(piece.text.strip(), cell=cell)
    return f"**{words}**" if words else ""


def write_link(piece: Piece, cell: bool) -> str:
    """A link, or its words alone where the address is none."""
    words, target = escape.plain(piece.text, cell=cell), escape.link_target(piece.url)
    return f"[{words}]({target})" if target else words


def write_break(piece: Piece, cell: bool) -> str:
    """A line break inside a paragraph, an item or a cell."""
    del piece, cell
    return "<br>"


WRITERS: dict[str, Callable[[Piece, bool], str]] = {
    "plain": write_plain,
    "code": write_code,
    "strong": write_strong,
    "link": write_link,
    "break": write_break,
}


def summary(text: Line) -> str:
    """A line as HTML, for a summary: Markdown is not read there."""
    return "".join(escape.html_code(p.text) if p.style == "code" else escape.html(p.text) for p in map(clipped, text))


def paragraphs(lines: Sequence[Line], floor: float) -> Section:
    """A paragraph per line."""
    return Section(units=tuple(Unit(full=f"{inline(each)}\n\n") for each in lines), floor=floor, rank=2)


def table(value: Table, opening: str, floor: float) -> Section:
    """A table; rows that do not fit are counted below it."""
    head = f"| {' | '.join(value.header)} |\n|{' --- |' * len(value.header)}\n"
    rows = (Unit(full=f"| {' | '.join(inline(each, cell=True) or ' ' for each in row)} |\n") for row in value.rows)
    return Section(
        opening=opening + head,
        units=tuple(rows),
        closing="\n",
        more=lambda number: f"\n… and {number} more not shown\n",
        floor=floor,
        rank=4,
    )


def listed(opening: str, items: Sequence[Line], rank: int, floor: float) -> Section:
    """A numbered list."""
    units = (Unit(full=f"{number}. {inline(each)}\n") for number, each in enumerate(items, start=1))
    return Section(
        opening=opening if items else "",
        units=tuple(units),
        closing="\n" if items else "",
        more=lambda number: f"\n… and {number} more not shown\n",
        floor=floor,
        rank=rank,
    )


def folded(fold: Fold, floor: float) -> Section:
    """A folded section of objects, or of lines."""
    units = [block(each) for each in fold.blocks] or [Unit(full=f"- {inline(each)}\n") for each in fold.lines]
    return Section(
        opening=f"<details><summary>{summary(fold.title)}</summary>\n\n",
        units=tuple(units),
        closing="\n</details>\n\n",
        more=lambda number: f"\n… and {number} more not shown\n",
        floor=floor,
        rank=BLOCKS if fold.blocks else 7,
        bare=False,
    )


def block(value: Block) -> Unit:
    """An object's title and its diff in a fence; the title alone where the diff is too long."""
    title = inline(value.title)
    if value.length:
        return Unit(full=f"{title}: {value.length} lines, too many to compare here\n\n")
    if not value.diff:
        return Unit(full=f"{title}\n\n")
    return Unit(
        full=f"{title}\n\n{escape.fence(value.diff, 'diff')}\n",
        short=f"{title}: a diff of {len(value.diff)} lines, too long to show here\n\n",
    )


def last_line(outline: Outline, shown: int) -> str:
    """How much of the plan was shown, and where all of it is."""
    if not outline.objects:
        return ""
    words = f"Shown {shown} of {outline.objects} {'object' if outline.objects == 1 else 'objects'}"
    if not 0 < len(escape.link_target(outline.plan_url)) <= LONGEST_LINK:
        return f"{words}\n"
    where = " · " if shown == outline.objects else ", the rest: "
    return inline(line(words + where, link("full plan", outline.plan_url))) + "\n"
