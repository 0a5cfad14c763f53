"""What a shape is to be made with: model, device and numbers, resolved from the settings before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from img23d_protocol.options.hunyuan3d import Shape
from img23d_protocol.options.settings import Settings

from ....fields.latent_field import LatentDecoder
from ....machine.devices import choose
from ....models.load_plan import LoadPlan, Network
from ....weights.registry import weight_set
from ....weights.store import WeightStore
from .config import ShapeConfig
from .loaders import ShapeParts
from .schedule import Step

_STEPS = {"turbo": 5, "fast": 50, "standard": 50}  # what the published examples use
_GUIDANCE = 5.0
_BOUNDS = 1.01  # half the side of the cube in which the model's shapes lie; its axes are glTF's
# The VAEs distilled for fast decoding, taken with the turbo models, as hy3dgen does, where they were downloaded
_TURBO_VAES = {
    "hunyuan3d-2mini": "hunyuan3d-2mini-vae-turbo",
    "hunyuan3d-2": "hunyuan3d-2-vae-turbo",
    "hunyuan3d-2mv": "hunyuan3d-2-vae-turbo",
}


@dataclass(frozen=True, kw_only=True)
class ShapePlan(LoadPlan):
    """`at_once` objects go through the sampler together; `frugal` also takes small chunks."""

    set_id: str
    vae_set: str  # the same, unless another VAE is used
    parts: ShapeParts
    config: ShapeConfig
    steps: tuple[Step, ...]
    guidance: float
    octree_resolution: int
    faces: int
    at_once: int

    @property
    def conditioner(self) -> Network:
        return self.network("conditioner", self.set_id, self.parts.conditioner)

    @property
    def dit(self) -> Network:
        return self.network("dit", self.set_id, self.parts.dit)

    @property
    def vae(self) -> Network:
        return self.network("vae", self.vae_set, self.parts.vae)

    @property
    def decoder(self) -> LatentDecoder:
        return LatentDecoder(network=self.vae, width=self.config.sizes.decoder_width, bounds=_BOUNDS)

    @property
    def networks(self) -> tuple[Network, ...]:
        """In the order in which they compute."""
        return self.conditioner, self.dit, self.vae


def make_shape_plan(settings: Settings, weights: WeightStore, *, at_once: int) -> ShapePlan:
    """Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED) and (BAD_REQUEST) for a device that is not there."""
    shape = settings.hunyuan3d.shape
    set_id = shape.file_set
    vae_set = _TURBO_VAES[shape.shape_model] if shape.speed == "turbo" else set_id
    if not weights.is_ready(vae_set):
        vae_set = set_id
    folder = weights.path(set_id) / weight_set(set_id).subfolder
    vae_folder = None if vae_set == set_id else weights.path(vae_set) / weight_set(vae_set).subfolder
    parts = ShapeParts(folder=folder, vae_folder=vae_folder)
    config = parts.config
    return ShapePlan(
        set_id=set_id,
        vae_set=vae_set,
        parts=parts,
        config=config,
        device=choose(settings.machine.devices.shape),
        steps=config.schedule.steps(shape.steps or _STEPS[shape.speed]),
        guidance=shape.guidance or _GUIDANCE,
        octree_resolution=shape.octree_resolution,
        faces=shape.faces,
        at_once=at_once,
        frugal=settings.machine.small_memory,
    )


def describe(plan: ShapePlan, shape: Shape) -> str:
    """The note of a mesh made so."""
    vae = "" if plan.vae_set == plan.set_id else " with the turbo decoder"
    return f"{shape.label}{vae}."
