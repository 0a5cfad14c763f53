"""The preview engine's solid: an outline inflated, turned about its axis, or given a thickness."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from img23d_protocol.limits import FACES_MIN
from img23d_protocol.messages import Settings, ShapeKind

from ....mesh.heightfield.closed_mesh import close_relief
from ....mesh.heightfield.field import Relief
from ....mesh.topology.checks import find_defects
from ....result_cache import ResultCache, digest
from ....stages import Context, CutOut, Mesh, SeenRelief, Shaped, Shaper, View
from ..outline.outline import Outline, trace_outline
from ..outline.planes import Planes, find_planes
from ..revolution.bands import is_front
from ..revolution.board import is_aslant, is_board
from ..revolution.dish import find_dish
from ..revolution.dish_solid import dish_solid
from ..revolution.revolve import Core, find_core, revolved
from ..revolution.shading import is_sculpted
from .flat import flat_depth, flat_thing
from .front_relief import bend, can_tell, upright
from .inflate import inflated
from .side_shape import fit_sides
from .variation import Variation, draw_variation

CELLS_FEWEST, CELLS_MOST = 160, 1000  # along the longer side of the outline
COARSER = (1.0, 3.0, 8.0, 20.0)  # how much the outline is smoothed, until the faces are enough for it
# Triangles that a cut-out whose longer side is one pixel would be worth: with more of them, edges are shorter than a pixel, and
# show nothing that the photo does.
FACES_A_SQUARE_PIXEL = 1.5
_KEPT = 8  # solids, of a megabyte or two each
EDGES_AROUND = 0.75  # wanted edge length in local radii: at least eight edges around a limb

_SLAB_NOTE = "A flat thing by its outline: given a thickness. If it is round, choose the kind Turned or Rounded."
_CUT_NOTE = "Flat: its outline with a thickness."
_DISH_NOTE = "A dish seen from above: turned about its upright axis, with what stands on it."
_BENT_NOTE = "Its front as the depth model sees it."
_STAR_NOTE = "A star by its outline: puffed up. If it is flat, lower its thickness."


@dataclass(frozen=True, kw_only=True)
class _Form:
    depth_squared: np.ndarray
    note: str
    kind: ShapeKind = ShapeKind.INFLATE


@dataclass(frozen=True, kw_only=True)
class _Built:
    mesh: Mesh
    view: View
    form: _Form
    outline: Outline


class OutlineShaper(Shaper):
    """Makes one closed mesh of a cut-out's outline; the colours tell what was turned about an axis.

    Deterministic, and the same for every seed unless the context asks for a varied one.
    """

    def __init__(self) -> None:
        self._kept: ResultCache[Shaped] = ResultCache(_KEPT)

    def heeds_distances(self, settings: Settings) -> bool:
        return settings.preview.outlines.relief

    def shape(self, cutout: CutOut, settings: Settings, context: Context) -> Shaped:
        """A closed mesh with at most `settings.preview.outlines.faces` triangles whose outline in `view` is the cut-out's.

        Mesh units: the longer side of the outline is 1, the origin is in the middle. Raises Img23DError(EMPTY_CUTOUT).
        """
        variation = draw_variation(context.seed) if context.is_varied else None
        relief = cutout.relief
        key = (
            digest(cutout.rgba, *cutout.sides.values(), *([] if relief is None else [relief.heights])),
            None if relief is None else (relief.grain, relief.pitch),
            tuple(cutout.sides),
            cutout.photo,
            settings.preview.outlines.faces,
            settings.preview.outlines.shape,
            settings.preview.outlines.thickness,
            variation,
        )
        return self._kept.get(key, lambda: self._made(cutout, settings, variation, context))

    def _made(self, cutout: CutOut, settings: Settings, variation: Variation | None, context: Context) -> Shaped:
        faces = _enough_faces(cutout, settings)
        dish = find_dish(cutout.rgba) if settings.preview.outlines.shape is ShapeKind.AUTO and variation is None else None
        solid = None if dish is None else dish_solid(dish, faces=faces, longer=_longer_side(cutout))
        if solid is not None:
            context.report(1.0, _DISH_NOTE)
            return Shaped(mesh=solid[0], view=solid[1], note=_DISH_NOTE, kind=ShapeKind.REVOLVE)
        built = _built_within(faces, cutout, settings, context)
        mesh, note = _finished(built.mesh, built.form, built.outline, cutout, variation)
        context.report(1.0, note)
        return Shaped(mesh=mesh, view=built.view, note=note, kind=built.form.kind)


def _built_within(faces: int, cutout: CutOut, settings: Settings, context: Context) -> _Built:
    """As little smoothed as so many faces allow."""
    planes = find_planes(cutout.rgba[..., 3], cutout.photo)
    for coarser in COARSER[:-1]:
        built = _built(cutout, planes, coarser, faces, settings, context)
        if len(built.mesh.faces) <= faces and not find_defects(built.mesh):
            return built
    return _built(cutout, planes, COARSER[-1], faces, settings, context)


def _built(cutout: CutOut, planes: Planes, coarser: float, faces: int, settings: Settings, context: Context) -> _Built:
    context.report(0.0, "Tracing the outline")
    cells = int(np.clip(2.7 * np.sqrt(faces), CELLS_FEWEST, CELLS_MOST))
    outline = trace_outline(cutout.rgba[..., 3], cells=cells, coarser=coarser, planes=planes)
    context.report(0.15, "Finding its solid")
    form = _form(cutout.rgba, outline, planes, settings)
    context.report(0.35, "Building the mesh")
    relief = _relief(outline, form.depth_squared)
    mesh = close_relief(relief, faces=faces, report=lambda done: context.report(0.35 + 0.6 * done, "Building the mesh"))
    seen = cutout.relief
    if seen is None or not _is_bent(form, outline, cutout, seen):
        mesh, view = _in_units(mesh, outline)
        return _Built(mesh=mesh, view=view, form=form, outline=outline)
    mesh, view = upright(*_in_units(bend(mesh, outline, form.depth_squared, seen), outline), seen.pitch)
    return _Built(mesh=mesh, view=view, form=replace(form, note=f"{form.note} {_BENT_NOTE}"), outline=outline)


def _is_bent(form: _Form, outline: Outline, cutout: CutOut, relief: SeenRelief) -> bool:
    """What is turned about its axis is known better than it can be measured, and so is what the artist has photographed from its sides."""
    return form.kind is not ShapeKind.REVOLVE and not cutout.sides and can_tell(outline, relief)


def _finished(mesh: Mesh, form: _Form, outline: Outline, cutout: CutOut, variation: Variation | None) -> tuple[Mesh, str]:
    """As deep as its side photos show, and varied; with the note."""
    note = form.note
    is_left = form.kind is ShapeKind.FLAT and is_aslant(outline)
    if not is_left and (fitted := fit_sides(mesh, form.kind, cutout.sides)) is not None:
        mesh, note = fitted, f"{note} As deep as its side photos show."
    if variation is not None:
        mesh, note = variation.applied(mesh), f"{note} {variation.note}"
    return mesh, note


def _enough_faces(cutout: CutOut, settings: Settings) -> int:
    """The setting, or fewer where the cut-out has too few pixels for so many."""
    return min(settings.preview.outlines.faces, max(FACES_MIN, int(FACES_A_SQUARE_PIXEL * _longer_side(cutout) ** 2)))


def _longer_side(cutout: CutOut) -> int:
    """Of what is solid, in pixels."""
    solid = cutout.rgba[..., 3] >= 128
    sides = (np.flatnonzero(solid.any(axis=axis)) for axis in (0, 1))
    return max((int(side[-1] - side[0]) + 1 for side in sides if len(side)), default=1)


def _form(rgba: np.ndarray, outline: Outline, planes: Planes, settings: Settings) -> _Form:
    """Choose the solid; the thickness setting scales all but what is turned about an axis."""
    thick = settings.preview.outlines.thickness**2
    if settings.preview.outlines.shape is ShapeKind.INFLATE:
        return _Form(depth_squared=inflated(outline.uncut) * thick, note="Blown up from its outline.")
    forced = settings.preview.outlines.shape is ShapeKind.REVOLVE
    flat = "" if forced else flat_thing(outline.distance, board=is_board(rgba, outline))
    if settings.preview.outlines.shape is ShapeKind.FLAT:
        flat = "leaf" if flat == "leaf" else "board"
    if flat:
        area = int(np.count_nonzero(outline.inside))
        depth_squared = flat_depth(outline.uncut, flat, area=area)
        return _Form(depth_squared=depth_squared * thick, note=_flat_note(flat, settings), kind=ShapeKind.INFLATE if flat == "star" else ShapeKind.FLAT)
    core = find_core(outline.distance, forced=forced)
    if core is None or not forced and (planes.sideways or is_front(rgba, outline, core) or is_sculpted(rgba, outline, core)):
        note = "Blown up from its outline" + (": it has no upright axis." if forced else ".")
        return _Form(depth_squared=inflated(outline.uncut) * thick, note=note)
    core = core.continued(top=planes.top is not None, bottom=planes.bottom is not None)
    return _turned(outline.uncut, core, thick)


def _flat_note(flat: str, settings: Settings) -> str:
    if settings.preview.outlines.shape is ShapeKind.FLAT:
        return _CUT_NOTE
    return _STAR_NOTE if flat == "star" else _SLAB_NOTE


def _turned(distance: np.ndarray, core: Core, thick: float) -> _Form:
    """The core turned about its axis, what sticks out of it inflated, both blended."""
    turned = revolved(distance, core)
    rest = (distance > 0) & ~core.covers(distance.shape, grow=1.5)
    if not rest.any():
        return _Form(depth_squared=turned, note="Turned about its upright axis.", kind=ShapeKind.REVOLVE)
    away = cv2.distanceTransform((~rest).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    overlap = max(1.2 * float(distance[rest].max()), 4.0)
    parts = inflated(np.minimum(distance, overlap - away)) * thick
    both = _smooth_union(np.sqrt(np.maximum(turned, 0)), np.sqrt(np.maximum(parts, 0)))
    share = rest.sum() / (distance > 0).sum()
    note = "Turned about its upright axis" + (", with its side parts blown up." if share > 0.02 else ".")
    return _Form(depth_squared=both**2, note=note, kind=ShapeKind.REVOLVE)


def _smooth_union(a: np.ndarray, b: np.ndarray, blend: float = 2.0) -> np.ndarray:
    """The larger of two depths, with the crease between them rounded over about `blend` cells; 0 where either would start."""
    blend_here = np.minimum(blend, np.minimum(a, b))
    return 0.5 * (a + b + np.sqrt((a - b) ** 2 + blend_here**2))


def _relief(outline: Outline, depth_squared: np.ndarray) -> Relief:
    """Fit the depth to the outline's rim, and choose edge lengths by the local thickness."""
    distance = outline.uncut
    inside = distance > 0
    band = (inside & (distance > 0.4) & (distance < 2.5)).astype(np.float64)
    gain = cv2.GaussianBlur(depth_squared * band, (0, 0), 2.0)
    gain /= np.maximum(cv2.GaussianBlur(distance * band, (0, 0), 2.0), 1e-3)
    rim = distance * np.maximum(gain, 1.0)
    weight = np.clip((distance - 0.4) / 1.2, 0, 1)
    fitted = np.where(inside, weight * depth_squared + (1 - weight) * rim, rim)
    size = EDGES_AROUND * _local_radius(distance)
    uncut = None if outline.distance is distance else distance
    return Relief(distance=outline.distance, depth_squared=fitted, size=size, uncut=uncut)


def _local_radius(distance: np.ndarray) -> np.ndarray:
    """Radius of the largest disc inside the outline that covers a sample, smoothed; for outside samples that of the next."""
    radius = np.maximum(distance, 1.2)
    step = 1.2
    r = 1.5
    while r < distance.max():
        away = cv2.distanceTransform((distance <= r).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3)
        radius = np.where(away < r, np.maximum(radius, r), radius)
        r *= step
    near = cv2.dilate(np.where(distance > 0, radius, 0), np.ones((7, 7), np.uint8))
    return cv2.GaussianBlur(np.where(distance > 0, radius, np.maximum(near, 1.2)), (0, 0), 2.0)


def _in_units(mesh: Mesh, outline: Outline) -> tuple[Mesh, View]:
    """From cells to mesh units: y up, the middle of the outline's box at the origin, its longer side 1."""
    low, high = mesh.vertices[:, :2].min(axis=0), mesh.vertices[:, :2].max(axis=0)
    middle, extent = (low + high) / 2, float((high - low).max())
    vertices = (mesh.vertices - (middle[0], middle[1], 0)) * (1, -1, 1) / extent
    center = (middle + 0.5) / outline.scale + (outline.left, outline.top)
    view = View.front(center_u=float(center[0]), center_v=float(center[1]), pixels_per_unit=extent / outline.scale)
    return Mesh(vertices=vertices.astype(np.float32), faces=mesh.faces), view
