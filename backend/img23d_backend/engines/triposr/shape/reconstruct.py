"""A cut-out to its field, and the fields that were made last, which what paints asks as well."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from ....models.load_plan import Report, attempts
from ....models.oom_fallbacks import with_less_memory
from ....stages import Context, CutOut, View
from .field import Field
from .plan import TripoSRPlan
from .preprocess import ratio_for, resized, square_of

if TYPE_CHECKING:
    import numpy as np

    from ....models.store import ModelStore
    from ..networks.field import FieldDecoder
    from ..networks.reconstruction import TripoSR

_KEPT = 32  # fields of 2 MB
_BLOCK_VALUES = 5 * 8192 + 20 * 1024  # of a token in a block: the gated feed-forward layer's, and what is beside it
_ENCODED = 0.1  # of the progress
_NOTES = (
    "The graphics card's memory is short: only the shape model is on it.",
    "The graphics card's memory is short: the shape model stays outside and is lent to it layer by layer, slower.",
    "The graphics card's memory is too small for the shape model: the processor makes the shapes, in about a minute each.",
)


@dataclass(frozen=True, kw_only=True)
class Made:
    """A field, and the view in which the mesh that was made of it covers the cut-out; None before there is one."""

    field: Field
    view: View | None = None


class Fields:
    """The last ones, by the pictures that they were made of: the same picture has the same field."""

    def __init__(self, models: ModelStore) -> None:
        self._models = models
        self._made: OrderedDict[str, Made] = OrderedDict()

    def of(self, cutout: CutOut, plan: TripoSRPlan, context: Context, report: Report) -> Made:
        """Raises Img23DError (EMPTY_CUTOUT, OUT_OF_MEMORY, WEIGHTS_MISSING, ...)."""
        square = square_of(cutout.rgba, ratio_for(context))
        key = _key(square)
        if key not in self._made:
            smaller = replace(plan, frugal=True)
            ways = attempts(plan, smaller, lambda one: reconstruct(square, one, self._models, report), _NOTES)
            self._keep(key, Made(field=with_less_memory(ways, context, self._models)))
        self._made.move_to_end(key)
        return self._made[key]

    def remember(self, cutout: CutOut, context: Context, view: View) -> None:
        """The view of the mesh that was made of its field."""
        key = _key(square_of(cutout.rgba, ratio_for(context)))
        if key in self._made:
            self._made[key] = replace(self._made[key], view=view)

    def clear(self) -> int:
        """Returns bytes."""
        freed = sum(made.field.planes.nbytes for made in self._made.values())
        self._made.clear()
        return freed

    def _keep(self, key: str, made: Made) -> None:
        self._made[key] = made
        while len(self._made) > _KEPT:
            self._made.popitem(last=False)


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
