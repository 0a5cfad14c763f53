"""The learned shaper: a cut-out to a closed mesh by TripoSG. Its shapes stand in a pose of their own: front, up."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from img23d_protocol.messages import Settings

from ....cutouts.pose import Pose, find_pose, turned_mesh, view_from
from ....fields.latent_field import solid_of_latents
from ....mesh.topology.samples import sample_surface
from ....models.load_plan import Report, progress_part, read_ahead, with_frugal_plans
from ....models.store import ModelStore
from ....stages import Context, CutOut, Mesh, Shaped, Shaper
from ....weights.store import WeightStore
from .latents import encode, sample_latents
from .plan import OWNER, TripoSGPlan, make_plan

if TYPE_CHECKING:
    from torch import Tensor

_ENCODED, _SAMPLED = 0.02, 0.7  # of the progress
_POINTS = 30_000  # by which the pose is found
_SOLID = 128  # alpha


class TripoSGShaper(Shaper):
    """Keeps nothing but what it was given: the networks live in the model store."""

    def __init__(self, weights: WeightStore, models: ModelStore) -> None:
        self._weights = weights
        self._models = models

    def shape(self, cutout: CutOut, settings: Settings, context: Context) -> Shaped:
        """A closed mesh. Raises Img23DError (EMPTY_CUTOUT, NO_SURFACE, OUT_OF_MEMORY, WEIGHTS_MISSING, ...)."""
        plan = make_plan(settings, self._weights)
        latents = with_frugal_plans(plan, partial(self._latents, cutout, context), context, self._models)
        report = progress_part(context.report, _SAMPLED, 1.0)
        mesh = with_frugal_plans(plan, partial(self._solid, latents, report), context, self._models)
        pose = pose_of(mesh, cutout)
        mesh = turned_mesh(mesh, pose.yaw)
        return Shaped(mesh=mesh, view=view_from(mesh.vertices, pose.pitch, cutout), note=f"{OWNER}, {len(plan.steps)} steps.")

    def prefetch(self, settings: Settings) -> None:
        """Begins to read the networks. What is wrong with them is told when they are needed."""
        read_ahead(lambda: make_plan(settings, self._weights).networks, self._models)

    def _latents(self, cutout: CutOut, context: Context, plan: TripoSGPlan) -> Tensor:
        tokens = encode(cutout.rgba, plan, self._models, progress_part(context.report, 0.0, _ENCODED))
        return sample_latents(tokens, context.seed, context.show, plan, self._models, progress_part(context.report, _ENCODED, _SAMPLED))

    def _solid(self, latents: Tensor, report: Report, plan: TripoSGPlan) -> Mesh:
        return solid_of_latents(latents, plan.decoder, plan.resolution, plan.faces, plan, self._models, report)


def pose_of(mesh: Mesh, cutout: CutOut) -> Pose:
    """From where the photo shows it, by its outline alone: a shape without colours has everywhere the cut-out's mean one."""
    points = sample_surface(mesh, _POINTS, seed=0).points
    colors = cutout.rgba[cutout.rgba[:, :, 3] >= min(_SOLID, max(1, int(cutout.rgba[:, :, 3].max())))][:, :3].mean(axis=0) / 255
    return find_pose(points, np.broadcast_to(colors, points.shape), cutout)
