"""One line of the table of the learned chain's figures."""

from __future__ import annotations

Row = dict[str, object]


def row(what: str, ours: float | None, reference: float | None, goal: str = "") -> Row:
    """The ratio is how many times less ours is; where the goal is "≤ 0.45x" and the like, ours as a share of the other's."""
    ratio = None
    if ours and reference:
        ratio = ours / reference if goal.startswith("≤") else reference / ours
    return {"what": what, "ours": ours, "reference": reference, "ratio": ratio, "goal": goal}


def met(line: Row) -> bool | None:
    """Whether the goal is met; None where there is none, or nothing was measured."""
    goal, ours, ratio = str(line["goal"]), line["ours"], line["ratio"]
    bound = goal.lstrip("≥≤ ").removesuffix("GB").removesuffix("x").strip()
    figure = ratio if goal.endswith("x") else ours
    if not bound or figure is None:
        return None
    limit = float(bound) * (1e9 if goal.endswith("GB") else 1)
    return figure >= limit if goal.startswith("≥") else figure <= limit
