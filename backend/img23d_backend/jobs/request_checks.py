"""Checks of requests, before anything is read or written."""

from __future__ import annotations

import math
from collections.abc import Sequence

from img23d_protocol.errors import bad_request
from img23d_protocol.limits import BUDGET_MAX, FACES_MIN, SEED_MAX, VARIANTS_MAX
from img23d_protocol.messages import Box, Edit, Generate, Locate, Paint, Pick, Point, Settings, ShapeKind, Unwrap, Wanted
from img23d_protocol.options.all_engines import Common
from img23d_protocol.options.declare import check
from img23d_protocol.options.settings import engine_named

from ..stages import Engine


def check_request(request: Edit | Generate | Locate | Pick | Unwrap | Paint) -> None:
    """Raises Img23DError(BAD_REQUEST)."""
    if isinstance(request, Generate) and not (math.isfinite(request.pixels_per_metre) and request.pixels_per_metre >= 0):
        raise bad_request(f"The scale of the run must be 0 or more, not {request.pixels_per_metre}.")
    if isinstance(request, Generate) and not 1 <= request.variants <= VARIANTS_MAX:
        raise bad_request(f"The number of variants must be 1 to {VARIANTS_MAX}, not {request.variants}.")
    if isinstance(request, Unwrap):
        check(Common(texture_size=request.texture_size))
    else:
        _check_made(request)
    if not isinstance(request, Locate) and not request.run_folder.strip():
        raise bad_request("No folder for the results is given.")


def check_kinds(wanted: Sequence[Wanted], engine: Engine, settings: Settings) -> None:
    """Raises Img23DError(BAD_REQUEST) where a kind is chosen and the engine makes shapes of its own."""
    chosen = next((one for one in wanted if one.shape is not ShapeKind.AUTO), None)
    if chosen is not None and engine.forms is None:
        sentence = f"A kind is chosen for “{chosen.name}”, and this engine makes its own shape of it: leave it out, or take another engine."
        raise bad_request(sentence)
    seen = next((one for one in wanted if one.sides), None)
    if seen is not None and not engine_named(engine.id).takes_side_photos(settings.value):
        raise bad_request(f"This engine makes “{seen.name}” of one photo: leave the further ones out, or take the shape model Hunyuan3D 2mv or another engine.")


def _check_made(request: Edit | Generate | Locate | Pick | Paint) -> None:
    if not 0 <= request.seed <= SEED_MAX:
        raise bad_request(f"The seed {request.seed} is not between 0 and {SEED_MAX}.")
    if isinstance(request, Pick) and request.point is not None:
        _check_point("", request.point)
    if isinstance(request, Generate | Locate):
        for wanted in request.wanted:
            _check_name(wanted.name)
            if wanted.point is not None:
                _check_point(wanted.name, wanted.point)
            if wanted.box is not None:
                _check_box(wanted.name, wanted.box)
            _check_said(wanted)
    check(request.settings)


def _check_said(wanted: Wanted) -> None:
    if not (math.isfinite(wanted.height) and wanted.height >= 0):
        raise bad_request(f"The height of “{wanted.name}” must be 0 or more.")
    if wanted.faces and not FACES_MIN <= wanted.faces <= BUDGET_MAX:
        raise bad_request(f"The faces of “{wanted.name}” must be {FACES_MIN} to {BUDGET_MAX}, or 0 for the usual number.")
    for stroke in wanted.strokes:
        numbers = (*stroke.xs, *stroke.ys, stroke.radius)
        if len(stroke.xs) != len(stroke.ys) or not all(map(math.isfinite, numbers)) or stroke.radius < 0:
            raise bad_request(f"A brush stroke on “{wanted.name}” makes no sense: clear its strokes.")

    if len({one.side for one in wanted.sides}) != len(wanted.sides):
        raise bad_request(f"Two photos of “{wanted.name}” show the same side: keep one of them.")


def _check_name(name: str) -> None:
    if not name.strip():
        raise bad_request("A name is empty: give every object a name.")


def _check_box(name: str, box: Box) -> None:
    sides = (box.left, box.top, box.right, box.bottom)
    if not all(math.isfinite(side) for side in sides):
        raise bad_request(f"The box of “{name}” has sides that are no numbers: draw it again.")
    if min(box.right, 1) <= max(box.left, 0) or min(box.bottom, 1) <= max(box.top, 0):
        raise bad_request(f"The box of “{name}” is empty or outside of the photo: draw it again.")


def _check_point(name: str, point: Point) -> None:
    whose = f" of “{name}”" if name else ""
    if not (math.isfinite(point.x) and math.isfinite(point.y)):
        raise bad_request(f"The point{whose} is no place: pick one in the photo.")
    if not (0 <= point.x <= 1 and 0 <= point.y <= 1):
        raise bad_request(f"The point{whose} is outside of the photo: pick a place in it.")
