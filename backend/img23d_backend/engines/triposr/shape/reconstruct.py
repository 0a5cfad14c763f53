"""A cut-out to its field, and the fields that were made last, which what paints asks as well."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, cast

import numpy as np

from ....cutouts.square import squared
from ....fields.kept import Kept, Made
from ....models.load_plan import Report, with_frugal_plans
from ....stages import Context, CutOut, View
from .field import Field
from .plan import TripoSRPlan

if TYPE_CHECKING:
    from torch import Tensor

    from ....models.store import ModelStore
    from ..networks.field import FieldDecoder
    from ..networks.reconstruction import TripoSR

FOREGROUND_RATIO = 0.85
_VARIED_RATIOS = (0.7, 0.92)  # a network without chance makes another shape only of another picture
_GREY = 0.5
_BLOCK_VALUES = 5 * 8192 + 20 * 1024  # of a token in a block: the gated feed-forward layer's, and what is beside it
_ENCODED = 0.1  # of the progress
_NOTES = (
    "The graphics card's memory is short: only the shape model is on it.",
    "The graphics card's memory is short: the shape model stays outside and is lent to it layer by layer, slower.",
    "The graphics card's memory is too small for the shape model: the processor makes the shapes, in about a minute each.",
)


class Fields:
    """The last ones, by the pictures that they were made of."""

    def __init__(self, models: ModelStore) -> None:
        self._models = models
        self._kept: Kept[Field] = Kept()

    def of(self, cutout: CutOut, plan: TripoSRPlan, context: Context, report: Report) -> Made[Field]:
        """Raises Img23DError (EMPTY_CUTOUT, OUT_OF_MEMORY, WEIGHTS_MISSING, ...)."""
        square = square_of(cutout.rgba, ratio_for(context))

        def make() -> Field:
            return with_frugal_plans(plan, lambda one: reconstruct(square, one, self._models, report), context, self._models, _NOTES)

        return self._kept.of(_key(square), make)

    def remember(self, cutout: CutOut, context: Context, view: View) -> None:
        """The view of the mesh that was made of its field."""
        self._kept.remember(_key(square_of(cutout.rgba, ratio_for(context))), view)

    def clear(self) -> int:
        """Returns bytes."""
        return self._kept.clear()


def reconstruct(square: np.ndarray, plan: TripoSRPlan, models: ModelStore, report: Report) -> Field:
    """From a picture (s, s, 3) uint8. `report` is called before every block of the transformer."""
    import torch

    report(0.0, "Looking at the picture")
    with plan.on_device(plan.network_, models, _working_bytes()) as network, torch.inference_mode():
        network = cast("TripoSR", network)
        blocks = network.config.backbone.num_layers

        def on_block(done: int) -> None:
            report(_ENCODED + (1 - _ENCODED) * done / blocks, f"Shaping, step {done + 1} of {blocks}")

        picture = resized(square, network.config.picture_side).to(plan.device.torch_name)
        planes = network(picture, on_block)[0].cpu()
    return Field(planes=planes, decoder=_decoder_of(network), device=plan.device)


def _decoder_of(network: TripoSR) -> FieldDecoder:
    """A copy of its own on the CPU: the network may be on a device, or lent to one layer by layer."""
    from ..networks.field import FieldDecoder

    decoder = FieldDecoder(network.config.decoder)
    decoder.load_state_dict(network.decoder.state_dict())
    return decoder.eval().requires_grad_(False)


def _working_bytes() -> int:
    return 3 * 32 * 32 * _BLOCK_VALUES * 4


def _key(square: np.ndarray) -> str:
    return hashlib.sha256(square.tobytes()).hexdigest()


# --- the picture ------------------------------------------------------------------------------------------------------


def ratio_for(context: Context) -> float:
    """How much of the square's side the thing fills."""
    if not context.is_varied:
        return FOREGROUND_RATIO
    return float(np.random.default_rng(context.seed).uniform(*_VARIED_RATIOS))


def square_of(rgba: np.ndarray, ratio: float = FOREGROUND_RATIO) -> np.ndarray:
    """(h, w, 4) uint8 straight alpha to (s, s, 3) uint8. Raises Img23DError(EMPTY_CUTOUT)."""
    return squared(rgba, ratio, _GREY)


def resized(square: np.ndarray, side: int) -> Tensor:
    """(s, s, 3) uint8 to (1, 3, side, side) float32 in 0..1, as TripoSR's image processor does."""
    import torch
    from torch.nn.functional import interpolate

    picture = torch.from_numpy(square).permute(2, 0, 1)[None].float() / 255
    return interpolate(picture, (side, side), mode="bilinear", align_corners=False, antialias=True)
