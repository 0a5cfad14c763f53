"""Views to the planes of a field."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, cast

import numpy as np

from ....models.load_plan import Report
from .field import PlaneField

if TYPE_CHECKING:
    from torch import Tensor

    from ....models.store import ModelStore
    from ..loading.plan import ReconstructionPlan
    from ..networks import reconstruction

SIDE = 320  # pixels of a view that the network was trained with
_PLANES = 3 * 32 * 32  # tokens
# Values of a token at once: in a block of the transformer, 4,096 wide in between; keys and values of what it looks at
_BLOCK_VALUES, _SEEN_VALUES = 12 * 1024 + 2 * 4096, 2 * 1024 + 12 * 768
_ENCODED = 0.2  # of the progress


def reconstruct(views: np.ndarray, cameras: np.ndarray, plan: ReconstructionPlan, models: ModelStore, report: Report) -> PlaneField:
    """From views (V, s, s, 3) uint8 of any number and size, with their cameras (V, 16). `report` is called before every block."""
    import torch

    report(0.0, "Shaping from the views")
    working = 4 * (_PLANES * _BLOCK_VALUES + len(views) * (1 + (SIDE // 16) ** 2) * _SEEN_VALUES)
    with plan.on_device(plan.reconstruction, models, working) as network, torch.inference_mode():
        network = cast("reconstruction.Reconstruction", network)
        blocks = len(network.transformer.layers)

        def on_block(done: int) -> None:
            report(_ENCODED + (1 - _ENCODED) * done / blocks, f"Shaping, step {done + 1} of {blocks}")

        name = plan.device.torch_name
        planes = network.planes(_resized(views).to(name), torch.from_numpy(cameras).to(name), on_block).float().cpu()
        field = copy.deepcopy(network.field).cpu()
    return PlaneField(planes=planes, field=field, device=plan.device)


def _resized(views: np.ndarray) -> Tensor:
    """(V, 3, 320, 320) float32 in 0..1."""
    import torch
    from torch.nn.functional import interpolate

    pictures = torch.from_numpy(np.ascontiguousarray(views)).permute(0, 3, 1, 2).float() / 255
    if pictures.shape[-2:] == (SIDE, SIDE):
        return pictures
    return interpolate(pictures, (SIDE, SIDE), mode="bicubic", align_corners=False, antialias=True).clamp(0, 1)
