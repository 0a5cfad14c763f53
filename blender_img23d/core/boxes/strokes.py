"""Brush strokes as the text that a .blend keeps: a JSON list of the protocol's strokes."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from ...shared.img23d_protocol.messages import Stroke

_DIGITS = 5  # of a fraction: a tenth of a pixel in a photo that is 10,000 pixels wide


def parse_strokes(text: str) -> tuple[Stroke, ...]:
    """`[{"xs": [..], "ys": [..], "radius": r, "adds": true}, ..]`; a text that is anything else holds no strokes."""
    try:
        return tuple(_stroke(one) for one in json.loads(text)) if text.strip() else ()
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return ()


def written(strokes: Sequence[Stroke]) -> str:
    """What `parse_strokes` reads, as short as it can be; empty without strokes."""
    plain = [{"xs": _rounded(one.xs), "ys": _rounded(one.ys), "radius": round(one.radius, _DIGITS), "adds": one.adds} for one in strokes]
    return json.dumps(plain, separators=(",", ":")) if plain else ""


def _stroke(plain: dict[str, Any]) -> Stroke:
    """Raises ValueError, TypeError or KeyError for what is no stroke."""
    xs, ys = _numbers(plain["xs"]), _numbers(plain["ys"])
    (radius,) = _numbers([plain["radius"]])
    if not xs or len(xs) != len(ys) or radius <= 0:
        raise ValueError("a stroke has as many xs as ys, and a radius")
    return Stroke(xs=xs, ys=ys, radius=radius, adds=bool(plain["adds"]))


def _numbers(plain: list[float]) -> tuple[float, ...]:
    numbers = tuple(float(one) for one in plain)
    if not all(map(math.isfinite, numbers)):
        raise ValueError("NaN or infinity")
    return numbers


def _rounded(numbers: Sequence[float]) -> list[float]:
    return [round(one, _DIGITS) for one in numbers]
