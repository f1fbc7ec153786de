"""Fits sections into a limit: everything if there is room, else whole units in order, and how many were left out."""

from collections.abc import Callable, Sequence

from bot.model.noun import noun

__all__ = ["Measure", "Section", "Unit", "fit"]

Measure = Callable[[str], int]


@noun
class Unit:
    """Text that is shown whole or not at all; `short` takes its place where only that fits."""

    full: str
    short: str = ""


@noun
class Section:
    """Units between an opening and a closing text. `more` says how many are left out; `floor` is the part of the limit
    (0 to 1) that other sections leave to this one, however long they are. `rank` orders the filling, not the page;
    0 yields to nobody. `bare`: it is shown also where not one of its units fits.
    """

    opening: str = ""
    units: tuple[Unit, ...] = ()
    closing: str = ""
    more: Callable[[int], str] = lambda number: f"… and {number} more not shown\n"
    floor: float = 0.0
    rank: int = 0
    bare: bool = True


def fit(sections: Sequence[Section], limit: int, measure: Measure) -> tuple[list[str], list[int]]:
    """Each section's text, together at most `limit` by `measure`, and how many of its units are shown whole."""
    wanted = [measure(whole(each)) for each in sections]
    order = sorted(range(len(sections)), key=lambda index: sections[index].rank)
    texts, shown = [""] * len(sections), [0] * len(sections)
    left = limit
    for position, index in enumerate(order):
        kept = sum(min(wanted[other], int(limit * sections[other].floor)) for other in order[position + 1 :])
        room = left if sections[index].rank == 0 else max(left - kept, 0)
        texts[index], shown[index] = take(sections[index], room, measure)
        left -= measure(texts[index])
    return texts, shown


def whole(section: Section) -> str:
    """The section with all of its units."""
    return section.opening + "".join(each.full for each in section.units) + section.closing


def take(section: Section, room: int, measure: Measure) -> tuple[str, int]:
    """As many units as there is room for; "" if not even the frame fits."""
    if measure(text := whole(section)) <= room:
        return text, len(section.units)
    used = measure(section.opening + section.closing + section.more(len(section.units)))
    if used > room:
        return "", 0
    chosen: list[str] = []
    full = 0
    for unit in section.units:
        for form in (unit.full, unit.short):
            if form and used + measure(form) <= room:
                chosen.append(form)
                used += measure(form)
                full += form is unit.full
                break
    missing = len(section.units) - len(chosen)
    if not chosen and not (section.bare and section.opening):
        return "", 0
    return section.opening + "".join(chosen) + (section.more(missing) if missing else "") + section.closing, full
