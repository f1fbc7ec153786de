"""A benchmark's result: medians of several rounds, beside a peer where there is one, against a goal."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["Row", "beside", "measured", "show"]


@dataclass(frozen=True)
class Row:
    """One figure. `holds`: whether `ours` meets `goal`. `spread` is the smallest and the largest round."""

    bench: str
    work: str
    ours: float
    peer: float | None
    unit: str
    ratio: float | None
    goal: str
    holds: bool
    spread: tuple[float, float]


def measured(work: str, values: Sequence[float], unit: str, most: float) -> Row:
    """A figure that is to be at most `most`."""
    ours = round(statistics.median(values), 4)
    return Row(
        bench="main", work=work, ours=ours, peer=None, unit=unit, ratio=None, goal=f"<= {most:g} {unit}",
        holds=ours <= most, spread=(round(min(values), 4), round(max(values), 4)),
    )  # fmt: skip


def beside(bench: str, work: str, mine: Sequence[float], theirs: Sequence[float], goal: float) -> Row:
    """Seconds of ours beside a peer's, which is to take at least `goal` times as long."""
    ours, peer = statistics.median(mine), statistics.median(theirs)
    return Row(
        bench=bench, work=work, ours=round(ours, 3), peer=round(peer, 3), unit="s", ratio=round(peer / ours, 2),
        goal=f">= {goal:g} x", holds=peer / ours >= goal, spread=(round(min(mine), 3), round(max(mine), 3)),
    )  # fmt: skip


def show(rows: Sequence[Row], file: Path | None) -> int:
    """Print the table, write the JSON; 0 if every goal is met."""
    print(f"{'work':58} {'ours':>10} {'unit':6} {'peer':>10} {'goal':>14}  {'spread':>18}  holds")
    for row in rows:
        spread, peer = f"{row.spread[0]:g} … {row.spread[1]:g}", "" if row.peer is None else f"{row.peer:g}"
        holds = ("yes" if row.holds else "NO") + (f" ({row.ratio:g} x)" if row.ratio is not None else "")
        print(f"{row.work:58} {row.ours:>10g} {row.unit:6} {peer:>10} {row.goal:>14}  {spread:>18}  {holds}")
    if file is not None:
        file.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    return 0 if all(row.holds for row in rows) else 1
