"""The learned shaper: a cut-out to a mesh and splats by TRELLIS (Xiang et al., Structured 3D Latents, 2025)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings

from ....cutouts.pose import turned_mesh, view_from
from ....models.load_plan import read_ahead
from ....models.store import ModelStore
from ....stages import Context, CutOut, Mesh, Shaped, Shaper, measured_points
from ....weights.store import WeightStore
from ..splats.pose import pose_of, turned_splats
from ..splats.thinning import most_seen
from .decoding import decode_mesh, decode_splats
from .latents import sample_latents
from .plan import TrellisPlan, make_plan
from .preview import splat_picture, structure_picture
from .structure import Structure, encode, find_structure
from .work import Work

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger(__name__)

_NO_MESH = " No surface was found, so it is splats alone: try another seed for a mesh."

# About how long the parts of the work take, in evaluations of a flow
_ENCODING, _SPLATS, _MESH = 0.5, 1.0, 6.0


class TrellisShaper(Shaper):
    """Keeps nothing but what it was given: the networks live in the model store."""

    def __init__(self, weights: WeightStore, models: ModelStore) -> None:
        self._weights = weights
        self._models = models

    def shape(self, cutout: CutOut, settings: Settings, context: Context) -> Shaped:
        """A closed mesh, splats, or both; splats alone where both are wanted and no surface is found.

        Raises Img23DError (EMPTY_CUTOUT, NO_SURFACE, OUT_OF_MEMORY, WEIGHTS_MISSING, ...).
        """
        plan = make_plan(settings, self._weights)
        structure_steps, latent_steps = plan.structures * plan.structure_schedule.evaluations, plan.latent_schedule.evaluations
        length = _ENCODING + structure_steps + latent_steps + _SPLATS + _MESH * plan.makes_mesh
        work = Work(plan, self._models, context, length=length)
        tokens = work.do(_ENCODING, encode, cutout.rgba)
        structure = work.do(structure_steps, find_structure, tokens, context.seed)
        context.show(structure_picture(structure))
        latents = work.do(latent_steps, sample_latents, tokens, structure)
        splats = work.do(_SPLATS, decode_splats, latents, structure)
        context.show(splat_picture(splats))
        pose = pose_of(splats, cutout)  # by their colours, also where only a mesh is wanted
        splats = turned_splats(most_seen(splats, plan.splat_count), pose.yaw)
        mesh, lack = _mesh(work, plan, latents, structure) if plan.makes_mesh else (None, "")
        mesh = None if mesh is None else turned_mesh(mesh, pose.yaw)
        context.report(1.0, "")
        view = view_from(measured_points(mesh, splats), pose.pitch, cutout)
        return Shaped(mesh=mesh, splats=splats, only_to_paint=not plan.splats_are_result, view=view, note=_note(structure, plan) + lack)

    def prefetch(self, settings: Settings) -> None:
        """Begins to read the networks. What is wrong with them is told when they are needed."""
        read_ahead(lambda: make_plan(settings, self._weights).networks, self._models)


def _mesh(work: Work, plan: TrellisPlan, latents: Tensor, structure: Structure) -> tuple[Mesh | None, str]:
    """And what is to be said where there is none, which is a failure where nothing else was wanted."""
    try:
        return work.do(_MESH, decode_mesh, latents, structure), ""
    except Img23DError as error:
        if error.code is not ErrorCode.NO_SURFACE or not plan.splats_are_result:
            raise
        log.warning("splats alone: %s %s", error.sentence, error.detail)
        return None, _NO_MESH


def _note(structure: Structure, plan: TrellisPlan) -> str:
    chosen = f", the smallest of {plan.structures} structures" if plan.structures > 1 else ""
    return f"TRELLIS: {len(structure):,} voxels{chosen}."
