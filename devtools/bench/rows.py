"""One line of a table of figures: what was measured in each run, the goal, and whether it is met.

A goal speaks of the ratio ("≥ 10x": the reference takes at least 10 times what ours takes; "≤ 0.45x": ours is at most that
share of the reference), of the figure itself ("≤ 0.8", "0", "≤ 6 GB"), or of the figure in units of the calibration of the same
round ("≤ 2 units", see calibration.py).
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Row = dict[str, object]
Measured = float | Sequence[float] | None
ON_THE_EDGE, MET, MISSED = "on the edge", "met", "**missed**"


def row(what: str, ours: Measured, reference: Measured = None, goal: str = "", *, without: Measured = None, slow_call: str = "") -> Row:
    """As it is kept in a file: one number a run. `without` is the reference less its one slow call, which `slow_call` names."""
    line: Row = {"what": what, "ours": _numbers(ours), "reference": _numbers(reference), "goal": goal}
    return line | ({"without": _numbers(without), "slow_call": slow_call} if slow_call else {})


def _numbers(measured: Measured) -> list[float]:
    if measured is None:
        return []
    return [float(number) for number in measured] if isinstance(measured, Sequence) else [float(measured)]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row with the runs of all rounds that it is made of; `units` has the calibration of each run's round, where there is one."""

    what: str
    goal: str
    ours: tuple[float, ...] = ()
    reference: tuple[float, ...] = ()
    units: tuple[float, ...] = ()
    ratios: tuple[float, ...] = ()  # given as such, where only they were written down
    rounds: int = 1

    @property
    def is_share(self) -> bool:
        """Whether the ratio is ours as a share of the reference."""
        return self.goal.startswith("≤") and self.goal.endswith("x")

    def ratio(self) -> tuple[float, ...]:
        """A run's ours beside the same run's reference; a reference that was counted once stands beside each run."""
        if self.ratios or not self.reference:
            return self.ratios
        reference = self.reference * len(self.ours) if len(self.reference) == 1 else self.reference
        pairs = zip(self.ours, reference, strict=False)
        return tuple((mine / other if self.is_share else other / mine) for mine, other in pairs if mine and other)

    def decisive(self) -> tuple[float, ...]:
        """The numbers that the goal is about, one a run."""
        if self.goal.endswith("x"):
            return self.ratio()
        if self.goal.endswith("units"):
            return tuple(figure / unit for figure, unit in zip(self.ours, self.units, strict=False))
        return self.ours

    def verdict(self) -> str:
        """Met when the worst run meets the goal, on the edge when only the median does; nothing without a goal or a figure."""
        numbers = self.decisive()
        if not self.goal or not numbers:
            return ""
        if all(_reaches(number, self.goal) for number in numbers):
            return MET
        return ON_THE_EDGE if _reaches(statistics.median(numbers), self.goal) else MISSED


def lines(rounds: Iterable[tuple[Sequence[Row], float | None]]) -> list[Line]:
    """The rows of several rounds, each with its calibration, put together by what they say; in the order of the last round."""
    kept: dict[str, Line] = {}
    last: list[str] = []
    for rows, unit in rounds:
        last = [str(one["what"]) for one in rows]
        for one in rows:
            kept[str(one["what"])] = _joined(kept.get(str(one["what"])), one, unit)
    return [kept[what] for what in last]


def with_slow_calls(rows: Sequence[Row]) -> list[Row]:
    """After each row whose reference hangs on one slow call, the same row without that call, under the same goal."""
    more = []
    for one in rows:
        more.append(one)
        if one.get("slow_call"):
            more.append({**one, "what": f"{one['what']}, the reference without {one['slow_call']}", "reference": one["without"]})
    return more


def _joined(before: Line | None, one: Row, unit: float | None) -> Line:
    ours, reference, ratios = (tuple(one.get(key) or ()) for key in ("ours", "reference", "ratios"))
    units = () if unit is None else (unit,) * len(ours)
    if before is None:
        return Line(what=str(one["what"]), goal=str(one["goal"]), ours=ours, reference=reference, units=units, ratios=ratios)
    return Line(
        what=before.what,
        goal=str(one["goal"]),
        ours=before.ours + ours,
        reference=before.reference + reference,
        units=before.units + units,
        ratios=before.ratios + ratios,
        rounds=before.rounds + 1,
    )


def _reaches(number: float, goal: str) -> bool:
    bound = float(goal.lstrip("≥≤ ").removesuffix("units").removesuffix("GB").removesuffix("x").strip())
    limit = bound * (1e9 if goal.endswith("GB") else 1)
    return number >= limit if goal.startswith("≥") else number <= limit


# --- as text -----------------------------------------------------------------------------------------------------------

HEAD = ("what", "ours", "reference", "ratio", "runs", "goal", "")
_RULE = "|---|---:|---:|---:|---:|---|---|"


def table(shown: Sequence[Line]) -> str:
    """Medians, with the lowest and the highest run behind them where there are several."""
    return "\n".join([text_line(HEAD), _RULE, *(text_line(_cells(one)) for one in shown)])


def _cells(one: Line) -> tuple[str, ...]:
    in_bytes = "bytes" in one.what
    wants_ratio = one.goal.endswith("x") or not one.goal
    ratio = spread(one.ratio(), suffix="x") if wants_ratio else ""
    goal = one.goal
    if goal.endswith("units") and one.decisive():
        goal += f" (is {spread(one.decisive())})"
    runs = len(one.ours or one.ratios)
    told = f"{runs} in {one.rounds} rounds" if one.rounds > 1 else str(runs or "")
    return one.what, spread(one.ours, in_bytes=in_bytes), spread(one.reference, in_bytes=in_bytes), ratio, told, goal, one.verdict()


def spread(numbers: Sequence[float], *, suffix: str = "", in_bytes: bool = False) -> str:
    """The median; and of several that differ the lowest and the highest."""
    if not numbers:
        return ""
    middle, low, high = (number_text(one, in_bytes=in_bytes) + suffix for one in (statistics.median(numbers), min(numbers), max(numbers)))
    return middle if low == high else f"{middle} ({low} to {high})"


def number_text(value: float, *, in_bytes: bool = False) -> str:
    if in_bytes and value >= 1e6:
        return f"{value / 1e9:.2f} GB" if value >= 1e9 else f"{value / 1e6:.1f} MB"
    return f"{value:,.0f}" if value == int(value) else f"{value:.3g}"


def text_line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
