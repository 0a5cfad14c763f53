"""The learned shaper: views of a thing, drawn or the artist's own, to a closed mesh by InstantMesh (Xu et al., InstantMesh, 2024)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings, Wanted

from ....cutouts.pose import find_pose, view_from
from ....fields.kept import Kept, Made
from ....fields.painter import ColoredField
from ....models.load_plan import Report, progress_part, read_ahead, with_frugal_plans
from ....stages import Context, CutOut, Mesh, Shaped, Shaper
from ....weights.store import WeightStore
from ..loading.plan import ReconstructionPlan, make_plan
from ..views.cameras import view_cameras
from ..views.drawing import picture_of
from ..views.photos import views_of_photos
from ..views.six_views import SixViews, key_of
from .field import PlaneField
from .reconstruct import reconstruct

if TYPE_CHECKING:
    from ....models.store import ModelStore

_DRAWN, _RECONSTRUCTED = 0.7, 0.8  # of a thing's progress
_COARSE = 96  # cells a side that tell where a field's surface lies
_POINTS = 30_000  # by which the pose is found
_NO_VIEWS = "What draws the six views is not downloaded: download it under AI Models, or give each thing a further photo of its left, back or right."


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What a thing's field is made of: views (V, s, s, 3) uint8 and their cameras (V, 16), which `take` gives. `key` is what they follow from."""

    key: str
    take: Callable[[Report], tuple[np.ndarray, np.ndarray]]
    note: str
    share: float = 0.0  # of the field's progress that they take


class InstantMeshShaper(Shaper):
    """Keeps the fields, which the things' colours are asked for afterwards; the networks live in the model store."""

    def __init__(self, weights: WeightStore, models: ModelStore, views: SixViews) -> None:
        self._weights = weights
        self._models = models
        self._views = views
        self._fields: Kept[PlaneField] = Kept()

    def check(self, wanted: Sequence[Wanted], settings: Settings) -> None:
        """Things with further photos need nothing that draws. Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, BAD_REQUEST)."""
        make_plan(settings, self._weights, settings.machine.devices.shape)
        if wanted and all(one.sides for one in wanted):
            return
        try:
            self._views.plan(settings, settings.machine.devices.shape)
        except Img23DError as error:
            if error.code is not ErrorCode.WEIGHTS_MISSING:
                raise
            raise Img23DError(ErrorCode.WEIGHTS_MISSING, _NO_VIEWS, error.sentence) from error

    def shape(self, cutout: CutOut, settings: Settings, context: Context) -> Shaped:
        """A closed mesh in the field's frame. Raises Img23DError (EMPTY_CUTOUT, NO_SURFACE, OUT_OF_MEMORY, WEIGHTS_MISSING, ...)."""
        device = settings.machine.devices.shape
        plan = make_plan(settings, self._weights, device)
        try:
            seen = self._seen(cutout, settings, device, context)
        except Img23DError as error:
            if error.code is not ErrorCode.WEIGHTS_MISSING:
                raise
            # Asked for with further photos, see `check`, none of which could be used: other things go on
            raise Img23DError(ErrorCode.EMPTY_CUTOUT, _NO_VIEWS, error.sentence) from error
        made = self._made(seen, plan, context, progress_part(context.report, 0.0, _RECONSTRUCTED))
        mesh = made.field.mesh(plan.resolution, plan.faces, progress_part(context.report, _RECONSTRUCTED, 1.0))
        pitch = _pitch(mesh, made.field, cutout)
        view = view_from(mesh.vertices, pitch, cutout)
        self._fields.remember(_key(seen, plan), view, pitch)
        return Shaped(mesh=mesh, view=view, note=seen.note)

    def field_of(self, cutout: CutOut, settings: Settings, context: Context, report: Report) -> ColoredField:
        """See `FieldSource`. Raises Img23DError (EMPTY_CUTOUT, NO_SURFACE, OUT_OF_MEMORY, WEIGHTS_MISSING, ...)."""
        device = settings.machine.devices.paint
        made = self._made(self._seen(cutout, settings, device, context), make_plan(settings, self._weights, device), context, report)
        if made.view is not None:
            return ColoredField(colors=made.field.colors, view=made.view, solid=lambda told: made.field.mesh(_COARSE, 0, told), pitch=made.pitch)
        solid = made.field.mesh(_COARSE, 0, report)
        return ColoredField(colors=made.field.colors, view=None, solid=lambda told: solid, pitch=_pitch(solid, made.field, cutout))

    def prefetch(self, settings: Settings) -> None:
        """Begins to read the networks. What is wrong with them is told when they are needed."""
        device = settings.machine.devices.shape
        read_ahead(lambda: (*self._views.plan(settings, device).networks, make_plan(settings, self._weights, device).reconstruction), self._models)

    def unload(self) -> int:
        return self._fields.clear()

    def _seen(self, cutout: CutOut, settings: Settings, device: str, context: Context) -> _Seen:
        """The artist's further photos where there are some, otherwise what is drawn."""
        if cutout.sides:
            photos = views_of_photos(cutout)
            return _Seen(
                key=hashlib.sha256(photos.cameras.tobytes() + photos.pictures.tobytes()).hexdigest(),
                take=lambda report: (photos.pictures, photos.cameras),
                note=f"InstantMesh: from {len(photos.pictures)} photos.",
            )
        plan = self._views.plan(settings, device)
        return _Seen(
            key=key_of(picture_of(cutout.rgba), plan, context),
            take=lambda report: (self._views.of(cutout.rgba, plan, context, report), view_cameras()),
            note=f"InstantMesh: six views, drawn in {plan.steps} steps.",
            share=_DRAWN,
        )

    def _made(self, seen: _Seen, plan: ReconstructionPlan, context: Context, report: Report) -> Made[PlaneField]:
        def make() -> PlaneField:
            views, cameras = seen.take(progress_part(report, 0.0, seen.share))
            rest = progress_part(report, seen.share, 1.0)
            return with_frugal_plans(plan, lambda one: reconstruct(views, cameras, one, self._models, rest), context, self._models)

        return self._fields.of(_key(seen, plan), make)


def _pitch(mesh: Mesh, field: PlaneField, cutout: CutOut) -> float:
    """How far from above the photo looks, in degrees: that it shows the front is what the views were drawn by. With further photos all are level."""
    if cutout.sides:
        return 0.0
    chosen = np.linspace(0, len(mesh.vertices) - 1, min(len(mesh.vertices), _POINTS)).astype(np.int64)
    points = mesh.vertices[chosen]
    return find_pose(points.astype(np.float64), field.colors(points), cutout, is_front=True).pitch


def _key(seen: _Seen, plan: ReconstructionPlan) -> str:
    return f"{plan.set_id} {seen.key}"
