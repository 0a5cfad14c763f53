"""What parts are to be made with: model, device and numbers, resolved from the settings before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol.options.parts.autopartgen import AUTOPARTGEN_MODELS, AUTOPARTGEN_VAE, PICTURE_ENCODER
from img23d_protocol.options.settings import Settings

from ....machine.devices import Device, choose
from ....models.dinov2 import Dinov2Folder
from ....models.load_plan import LoadPlan, Network
from ....weights.rows.autopartgen import FILES
from ....weights.store import WeightStore
from ..sampling.guidance import LARGE, SMALL, ByMode, Guidance
from .files import Counts, load_dit, load_vae, read_counts

if TYPE_CHECKING:
    import torch
    from torch import nn

_LATENTS = {AUTOPARTGEN_MODELS[0][0]: 2048, AUTOPARTGEN_MODELS[1][0]: 4096}
_GUIDANCE = {AUTOPARTGEN_MODELS[0][0]: SMALL, AUTOPARTGEN_MODELS[1][0]: LARGE}


@dataclass(frozen=True, kw_only=True)
class PartsPlan(LoadPlan):
    """`image_guidance` and `geometry_guidance` of 0 are the model's own; `resolution` cells a side, `faces` of a part."""

    set_id: str
    dit_file: Path
    vae_file: Path
    encoder_folder: Path
    counts: Counts
    by_mode: ByMode
    steps: int
    image_guidance: float
    geometry_guidance: float
    most: int
    resolution: int
    faces: int

    @property
    def dtype(self) -> torch.dtype:
        """bfloat16, in which it was trained, where the card multiplies in it: half precision ends sooner."""
        import torch

        return torch.bfloat16 if has_bfloat16(self.device) else self.device.dtype

    @property
    def dit(self) -> Network:
        return self.network("dit", self.set_id, partial(load_dit, self.dit_file))

    @property
    def vae(self) -> Network:
        return self.network("vae", AUTOPARTGEN_VAE, partial(load_vae, self.vae_file))

    @property
    def encoder(self) -> Network:
        """In single precision, as published: it is small."""
        return Network(key=f"{PICTURE_ENCODER}:autopartgen", read=partial(_read_encoder, self.encoder_folder))

    @property
    def networks(self) -> tuple[Network, ...]:
        """In the order in which they compute."""
        return self.encoder, self.dit, self.vae

    def guidance(self, *, has_mesh: bool, has_picture: bool, has_mask: bool) -> Guidance:
        own = self.by_mode.of(has_mesh=has_mesh, has_picture=has_picture, has_mask=has_mask)
        return Guidance(image=self.image_guidance or own.image, geometry=self.geometry_guidance or own.geometry)


def make_plan(settings: Settings, weights: WeightStore) -> PartsPlan:
    """Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT) and (BAD_REQUEST) for a device that is not there."""
    making = settings.parts.autopartgen.making
    folder = weights.path(making.model)
    return PartsPlan(
        device=choose(settings.machine.devices.split),
        frugal=settings.machine.small_memory,
        set_id=making.model,
        dit_file=folder / FILES[making.model],
        vae_file=weights.path(AUTOPARTGEN_VAE) / FILES[AUTOPARTGEN_VAE],
        encoder_folder=weights.path(PICTURE_ENCODER),
        counts=read_counts(folder, _LATENTS[making.model]),
        by_mode=_GUIDANCE[making.model],
        steps=making.steps,
        image_guidance=making.image_guidance,
        geometry_guidance=making.geometry_guidance,
        most=making.most,
        resolution=making.resolution,
        faces=making.faces,
    )


def has_bfloat16(device: Device) -> bool:
    """torch answers for the current card, which need not be this one."""
    import torch

    if device.kind != "cuda":
        return False
    with torch.cuda.device(device.torch_name):
        return torch.cuda.is_bf16_supported(including_emulation=False)


def _read_encoder(folder: Path) -> nn.Module:
    import torch

    return Dinov2Folder(path=folder, owner="AutoPartGen", has_registers=True, has_last_norm=False).read(torch.float32)
