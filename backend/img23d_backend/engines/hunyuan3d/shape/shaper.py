"""The learned shaper: cut-outs to closed meshes by Hunyuan3D's shape models (Zhao et al., Hunyuan3D 2.0, 2025).

The networks are hy3dgen's; the way through them is our own and gives the same latents and the same field for the same
picture, seed and settings. The surface lies where the field is 0; hy3dgen's lies up to a cell beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from img23d_protocol import Img23DError
from img23d_protocol.messages import Settings, Side

from ....cutouts.covering_view import view_of
from ....fields.latent_field import solid_of_latents
from ....machine.devices import choose
from ....models.load_plan import attempts, read_ahead
from ....models.oom_fallbacks import Attempt, with_less_memory
from ....models.store import ModelStore
from ....stages import Context, CutOut, Mesh, Shaped, Shaper
from ....weights.store import WeightStore
from .latents import Framed, bytes_per_object, sample_latents
from .plan import ShapePlan, describe, make_shape_plan

if TYPE_CHECKING:
    from torch import Tensor

# The model's numbers of the views; the front is 0 (hy3dgen's MVImageProcessorV2: front, then clockwise by 90 degrees each)
_VIEWS = {Side.LEFT: 1, Side.BACK: 2, Side.RIGHT: 3}
_SAMPLED = 0.5  # of a thing's progress
_MOST_AT_ONCE = 4  # more are hardly faster, and the first mesh comes later
_SHARE = 0.5  # of the free memory that a batch may take

_SMALLER = "The graphics card's memory is short: shapes are made one by one and in smaller pieces."
_STREAMED = "The graphics card's memory is short: the shape model stays outside and is lent to it layer by layer, slower."
_ON_PROCESSOR = "The graphics card's memory is too small for the shape model: the processor makes the shapes, slowly."

Result = Shaped | Img23DError
_T = TypeVar("_T")


class HunyuanShaper(Shaper):
    """Keeps nothing but what it was given: the networks live in the model store."""

    def __init__(self, weights: WeightStore, models: ModelStore) -> None:
        self._weights = weights
        self._models = models

    def shape(self, cutout: CutOut, settings: Settings, context: Context) -> Shaped:
        """A closed mesh. Raises Img23DError (EMPTY_CUTOUT, NO_SURFACE, OUT_OF_MEMORY, WEIGHTS_MISSING, ...)."""
        result = next(self.shape_batch([cutout], settings, [context]))
        if isinstance(result, Img23DError):
            raise result
        return result

    def batch_size(self, count: int, settings: Settings) -> int:
        """As many as the free memory takes beside the sampler's network; one by one where a batch is no faster."""
        if settings.machine.small_memory or choose(settings.machine.devices.shape).is_processor:
            return 1
        plan = self._plan(settings, at_once=1)
        fit = int(plan.device.free_bytes() * _SHARE / bytes_per_object(plan))
        return max(1, min(count, _MOST_AT_ONCE, fit))

    def shape_batch(self, cutouts: Sequence[CutOut], settings: Settings, contexts: Sequence[Context]) -> Iterator[Result]:
        """One answer a cut-out: all through the sampler together, then each by itself through the decoder."""
        plan = self._plan(settings, at_once=1 if settings.machine.small_memory else len(cutouts))
        pictures = [_framed(plan, cutout) for cutout in cutouts]
        good = {index: picture for index, picture in enumerate(pictures) if not isinstance(picture, Img23DError)}
        latents = dict(zip(good, self._sampled(plan, good, contexts), strict=True))
        for index, (cutout, context) in enumerate(zip(cutouts, contexts, strict=True)):
            picture = pictures[index]
            if isinstance(picture, Img23DError):
                yield picture
            else:
                yield self._solid(plan, latents.pop(index), cutout, settings, context)

    def prefetch(self, settings: Settings) -> None:
        """Begins to read the networks. What is wrong with them is told when they are needed."""
        read_ahead(lambda: self._plan(settings, at_once=1).networks, self._models)

    def _plan(self, settings: Settings, *, at_once: int) -> ShapePlan:
        return make_shape_plan(settings, self._weights, at_once=at_once)

    def _sampled(self, plan: ShapePlan, pictures: Mapping[int, Framed], contexts: Sequence[Context]) -> list[Tensor]:
        if not pictures:
            return []
        mine = [contexts[index] for index in pictures]

        def report(done: float, note: str) -> None:
            for context in mine:
                context.report(_SAMPLED * done, note)

        def run(plan: ShapePlan) -> list[Tensor]:
            return sample_latents(list(pictures.values()), [context.seed for context in mine], plan, self._models, report)

        return with_less_memory(_attempts(plan, run), mine[0], self._models)

    def _solid(self, plan: ShapePlan, latents: Tensor, cutout: CutOut, settings: Settings, context: Context) -> Result:
        def report(done: float, note: str) -> None:
            context.report(_SAMPLED + (1 - _SAMPLED) * done, note)

        def run(plan: ShapePlan) -> Mesh:
            return solid_of_latents(latents, plan.decoder, plan.octree_resolution, plan.faces, plan, self._models, report)

        try:
            mesh = with_less_memory(_attempts(plan, run), context, self._models)
        except Img23DError as error:
            return error
        return Shaped(mesh=mesh, view=view_of(mesh.vertices, cutout), note=describe(plan, settings.hunyuan3d.shape))


def _framed(plan: ShapePlan, cutout: CutOut) -> Framed | Img23DError:
    """With its further photos where the model was trained on several views, in the order in which it was."""
    import numpy as np

    seen = {0: cutout.rgba}
    if plan.config.takes_views:
        seen |= {_VIEWS[side]: cutout.sides[side] for side in _VIEWS if side in cutout.sides}
    try:
        pictures = np.stack([plan.config.framing.picture(rgba) for rgba in seen.values()])
    except Img23DError as error:
        return error
    return Framed(pictures=pictures, views=tuple(seen))


def _attempts(plan: ShapePlan, run: Callable[[ShapePlan], _T]) -> list[Attempt[_T]]:
    return attempts(plan, replace(plan, at_once=1, frugal=True), run, (_SMALLER, _STREAMED, _ON_PROCESSOR))
