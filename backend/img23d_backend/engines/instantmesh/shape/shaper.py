"""The learned shaper: a cut-out to six views, and from them to a closed mesh by InstantMesh (Xu et al., InstantMesh, 2024)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from img23d_protocol import Img23DError
from img23d_protocol.messages import Settings

from ....cutouts.pose import find_pose, view_from
from ....fields.kept import Kept, Made
from ....fields.painter import ColoredField
from ....models.load_plan import SEVERAL_NETWORKS, Report, attempts, progress_part
from ....models.oom_fallbacks import with_less_memory
from ....stages import Context, CutOut, Mesh, Shaped, Shaper
from ....weights.store import WeightStore
from ..loading.plan import InstantMeshPlan, make_plan
from ..views.cameras import view_cameras
from ..views.drawing import draw_views, picture_of
from .field import PlaneField
from .reconstruct import reconstruct

if TYPE_CHECKING:
    from ....models.store import ModelStore

_DRAWN, _RECONSTRUCTED = 0.7, 0.8  # of a thing's progress
_COARSE = 96  # cells a side that tell where a field's surface lies
_POINTS = 30_000  # by which the pose is found

T = TypeVar("T")


class InstantMeshShaper(Shaper):
    """Keeps the fields, which the things' colours are asked for afterwards; the networks live in the model store."""

    def __init__(self, weights: WeightStore, models: ModelStore) -> None:
        self._weights = weights
        self._models = models
        self._fields: Kept[PlaneField] = Kept()

    def shape(self, cutout: CutOut, settings: Settings, context: Context) -> Shaped:
        """A closed mesh in the field's frame. Raises Img23DError (EMPTY_CUTOUT, NO_SURFACE, OUT_OF_MEMORY, WEIGHTS_MISSING, ...)."""
        plan = make_plan(settings, self._weights, settings.machine.devices.shape)
        made = self._made(cutout, plan, context, progress_part(context.report, 0.0, _RECONSTRUCTED))
        mesh = made.field.mesh(plan.resolution, plan.faces, progress_part(context.report, _RECONSTRUCTED, 1.0))
        pitch = _pitch(mesh, made.field, cutout)
        view = view_from(mesh.vertices, pitch, cutout)
        self._fields.remember(_key(picture_of(cutout.rgba), plan, context), view, pitch)
        return Shaped(mesh=mesh, view=view, note=f"InstantMesh: six views, drawn in {plan.steps} steps.")

    def field_of(self, cutout: CutOut, settings: Settings, context: Context, report: Report) -> ColoredField:
        """See `FieldSource`. Raises Img23DError (EMPTY_CUTOUT, NO_SURFACE, OUT_OF_MEMORY, WEIGHTS_MISSING, ...)."""
        made = self._made(cutout, make_plan(settings, self._weights, settings.machine.devices.paint), context, report)
        if made.view is not None:
            return ColoredField(colors=made.field.colors, view=made.view, solid=lambda told: made.field.mesh(_COARSE, 0, told), pitch=made.pitch)
        solid = made.field.mesh(_COARSE, 0, report)
        return ColoredField(colors=made.field.colors, view=None, solid=lambda told: solid, pitch=_pitch(solid, made.field, cutout))

    def prefetch(self, settings: Settings) -> None:
        """Begins to read the networks. What is wrong with them is told when they are needed."""
        try:
            plan = make_plan(settings, self._weights, settings.machine.devices.shape)
        except Img23DError:
            return
        for network in plan.networks:
            self._models.prefetch(network.key, network.read)

    def unload(self) -> int:
        return self._fields.clear()

    def _made(self, cutout: CutOut, plan: InstantMeshPlan, context: Context, report: Report) -> Made[PlaneField]:
        picture = picture_of(cutout.rgba)

        def make() -> PlaneField:
            def drawn(one: InstantMeshPlan) -> np.ndarray:
                return draw_views(picture, context.seed, one, self._models, progress_part(report, 0.0, _DRAWN), context.show)

            views = self._with_less_memory(plan, context, drawn)
            context.show(_sheet(views))
            rest = progress_part(report, _DRAWN, 1.0)
            return self._with_less_memory(plan, context, lambda one: reconstruct(views, view_cameras(), one, self._models, rest))

        return self._fields.of(_key(picture, plan, context), make)

    def _with_less_memory(self, plan: InstantMeshPlan, context: Context, run: Callable[[InstantMeshPlan], T]) -> T:
        return with_less_memory(attempts(plan, replace(plan, frugal=True), run, SEVERAL_NETWORKS), context, self._models)


def _pitch(mesh: Mesh, field: PlaneField, cutout: CutOut) -> float:
    """How far from above the photo looks, in degrees: that it shows the front is what the views were drawn by."""
    chosen = np.linspace(0, len(mesh.vertices) - 1, min(len(mesh.vertices), _POINTS)).astype(np.int64)
    points = mesh.vertices[chosen]
    return find_pose(points.astype(np.float64), field.colors(points), cutout, is_front=True).pitch


def _sheet(views: np.ndarray) -> np.ndarray:
    """(3 s, 2 s, 3): as they were drawn, two in a row."""
    return np.concatenate([np.concatenate(list(row), axis=1) for row in views.reshape(3, 2, *views.shape[1:])])


def _key(picture: np.ndarray, plan: InstantMeshPlan, context: Context) -> str:
    return hashlib.sha256(repr((context.seed, *plan.makes_the_same())).encode() + picture.tobytes()).hexdigest()
