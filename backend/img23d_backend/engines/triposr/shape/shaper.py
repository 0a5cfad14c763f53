"""The learned shaper: a cut-out to a closed mesh by TripoSR (Tochilkin et al., TripoSR, 2024)."""

from __future__ import annotations

from img23d_protocol import Img23DError
from img23d_protocol.messages import Settings

from ....cutouts.covering_view import view_of
from ....fields.painter import ColoredField
from ....fields.solid import solid_of
from ....models.load_plan import Report, progress_part
from ....models.store import ModelStore
from ....stages import Context, CutOut, Shaped, Shaper
from ....weights.store import WeightStore
from .plan import make_plan
from .reconstruct import Fields

_RECONSTRUCTED = 0.75  # of a thing's progress
_COARSE = 96  # cells a side that tell where a field's surface lies


class TripoSRShaper(Shaper):
    """Keeps the fields, which the things' colours are asked for afterwards; the network lives in the model store."""

    def __init__(self, weights: WeightStore, models: ModelStore) -> None:
        self._weights = weights
        self._models = models
        self._fields = Fields(models)

    def shape(self, cutout: CutOut, settings: Settings, context: Context) -> Shaped:
        """A closed mesh in the field's frame. Raises Img23DError (EMPTY_CUTOUT, NO_SURFACE, OUT_OF_MEMORY, WEIGHTS_MISSING, ...)."""
        plan = make_plan(settings, self._weights, settings.machine.devices.shape)
        made = self._fields.of(cutout, plan, context, progress_part(context.report, 0.0, _RECONSTRUCTED))
        mesh = solid_of(made.field, plan.resolution, plan.faces, progress_part(context.report, _RECONSTRUCTED, 1.0))
        view = view_of(mesh.vertices, cutout)
        self._fields.remember(cutout, context, view)
        return Shaped(mesh=mesh, view=view, note=f"TripoSR, {plan.resolution} cells a side.")

    def field_of(self, cutout: CutOut, settings: Settings, context: Context, report: Report) -> ColoredField:
        """See `FieldSource`. Raises Img23DError (EMPTY_CUTOUT, OUT_OF_MEMORY, WEIGHTS_MISSING, ...)."""
        made = self._fields.of(cutout, make_plan(settings, self._weights, settings.machine.devices.paint), context, report)
        return ColoredField(colors=made.field.colors, view=made.view, solid=lambda told: solid_of(made.field, _COARSE, 0, told))

    def prefetch(self, settings: Settings) -> None:
        """Begins to read the network. What is wrong with it is told when it is needed."""
        try:
            network = make_plan(settings, self._weights, settings.machine.devices.shape).network_
        except Img23DError:
            return
        self._models.prefetch(network.key, network.read)

    def unload(self) -> int:
        return self._fields.clear()
