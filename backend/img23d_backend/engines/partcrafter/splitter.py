"""The splitter: what a picture shows becomes so many parts, and with a mesh of the same thing these are put in its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings

from ...models.load_plan import progress_part, read_ahead, with_frugal_plans
from ...models.store import ModelStore
from ...parts.stage import PartMade, Splitter, Task, WholeMade
from ...stages import Context, Mesh
from ...weights.store import WeightStore
from .making import decoded, sampled
from .placing import place_on
from .plan import make_plan

_SAMPLED = 0.6  # of the work

_T = TypeVar("_T")


class PartCrafterSplitter(Splitter):
    """Keeps nothing but what it was given: the networks live in the model store."""

    def __init__(self, weights: WeightStore, models: ModelStore) -> None:
        self._weights = weights
        self._models = models

    def split(self, task: Task, settings: Settings, context: Context) -> Iterator[WholeMade | PartMade]:
        """All parts at once, since the sampler makes them together and their common box tells where they belong.

        Raises Img23DError (BAD_REQUEST, EMPTY_CUTOUT, NO_SURFACE, OUT_OF_MEMORY, WEIGHTS_MISSING, ...).
        """
        if task.cutout is None:
            raise Img23DError(ErrorCode.BAD_REQUEST, "PartCrafter splits what a picture shows: choose a picture, or another splitter.")
        plan = make_plan(settings, self._weights)
        rgba = task.cutout.rgba
        first, second = (progress_part(context.report, *ends) for ends in ((0.0, _SAMPLED), (_SAMPLED, 1.0)))
        latents = with_frugal_plans(plan, lambda plan: sampled(rgba, context.seed, plan, self._models, first), context, self._models)
        meshes = with_frugal_plans(plan, lambda plan: decoded(latents, plan, self._models, second), context, self._models)
        if len(meshes) < plan.parts:
            context.notify(f"PartCrafter saw no more than {len(meshes)} parts: for other ones choose another number, or another seed.")
        if task.mesh is None:
            yield WholeMade(mesh=_together(meshes))
        else:
            place = place_on(meshes, task.mesh, task.view)
            meshes = [place.put(mesh) for mesh in meshes]
        for mesh in meshes:
            yield PartMade(mesh=mesh)

    def prefetch(self, settings: Settings) -> None:
        """Begins to read the networks. What is wrong with them is told when they are needed."""
        read_ahead(lambda: make_plan(settings, self._weights).networks, self._models)


def _together(meshes: Sequence[Mesh]) -> Mesh:
    """As one mesh, each part still a piece by itself."""
    before = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = [mesh.faces + number for mesh, number in zip(meshes, before, strict=False)]
    return Mesh(vertices=np.concatenate([mesh.vertices for mesh in meshes]), faces=np.concatenate(faces).astype(np.int32))
