"""A picture's tokens, and from them the structure: which cells of a grid of 64 a side are near the thing's surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ....models.load_plan import Report, progress_part
from .plan import TrellisPlan
from .preprocess import picture_of
from .range_check import in_range
from .sampling import noise, sample

if TYPE_CHECKING:
    from torch import Tensor

    from ....models.store import ModelStore
    from ..networks.image_encoder import ImageEncoder
    from ..networks.structure_decoder import SparseStructureDecoder
    from ..networks.structure_flow import SparseStructureFlowModel

MOST_VOXELS = 1 << 16  # a quarter of the grid, several times what things have: some 3 GB beside the weights in half precision
_LEAST_SHARE = 0.1  # of the largest structure: a smaller one is a failed one, and not kept for being small
_DECODED = 0.9  # of the progress
# Values per token and channel that are in memory at once: a block's hidden values and their neighbours
_FLOW_VALUES, _DECODER_VALUES = 20, 8
_ENCODER_BYTES = 1374 * 1024 * 4 * 20  # of 1,374 tokens of 1,024 channels

_EMPTY = "The shape model found nothing solid in this cut-out: try another seed, or draw a larger box around it."
_FULL = "The shape model filled the whole space instead of finding a shape: try another seed, or cut the thing out more closely."


@dataclass(frozen=True, kw_only=True)
class Structure:
    """`cells` (N, 3) int64 on the CPU, of a grid of 64 a side, in rising order; `seed` is that of its noise."""

    cells: Tensor
    seed: int

    def __len__(self) -> int:
        return len(self.cells)


def derived(seed: int, *path: int) -> int:
    """Another seed that follows from this one; the same everywhere."""
    return int(np.random.SeedSequence((seed, *path)).generate_state(1, np.uint64)[0] >> np.uint64(1))


def encode(rgba: np.ndarray, plan: TrellisPlan, models: ModelStore, report: Report) -> Tensor:
    """A cut-out's tokens (1, n, C), float32 on the CPU. Raises Img23DError(EMPTY_CUTOUT)."""
    import torch

    report(0.0, "Looking at the picture")
    with plan.on_device(plan.encoder, models, _ENCODER_BYTES) as network, torch.inference_mode():
        encoder = cast("ImageEncoder", network)
        picture = torch.from_numpy(picture_of(rgba, encoder.side))[None]
        return encoder(picture.to(plan.device.torch_name)).cpu()


def find_structure(tokens: Tensor, seed: int, plan: TrellisPlan, models: ModelStore, report: Report) -> Structure:
    """Of several structures the one with the fewest voxels; where none is of use, of as many others.

    `report` is called at every step of the sampler. Raises Img23DError(NO_SURFACE), and OutOfRange.
    """
    seeds = [derived(seed, number) for number in range(2 * plan.structures)]
    found: list[Structure] = []
    for part in (seeds[: plan.structures], seeds[plan.structures :]):
        found = _made(tokens, part, plan, models, report)
        if (best := smallest(found)) is not None:
            return best
    raise Img23DError(ErrorCode.NO_SURFACE, _FULL if any(map(len, found)) else _EMPTY, f"voxels: {[len(one) for one in found]}")


def smallest(structures: Sequence[Structure]) -> Structure | None:
    """Without those that are empty, or too large to go on with, or a mere speck beside the others."""
    fit = [one for one in structures if 0 < len(one) <= MOST_VOXELS]
    least = _LEAST_SHARE * max(map(len, fit), default=0)
    return min((one for one in fit if len(one) >= least), key=len, default=None)


def _made(tokens: Tensor, seeds: Sequence[int], plan: TrellisPlan, models: ModelStore, report: Report) -> list[Structure]:
    latents = _sampled(tokens, seeds, plan, models, progress_part(report, 0.0, _DECODED))
    report(_DECODED, "Finding the structure")
    return [Structure(cells=cells, seed=seed) for cells, seed in zip(_decoded(latents, plan.for_convolutions, models), seeds, strict=True)]


def _sampled(tokens: Tensor, seeds: Sequence[int], plan: TrellisPlan, models: ModelStore, report: Report) -> list[Tensor]:
    """(1, in, R, R, R) each, on the CPU: one after the other, so that each is the same as by itself."""
    import torch

    schedule, device = plan.structure_schedule, plan.device.torch_name
    made: list[Tensor] = []
    with plan.on_device(plan.structure_flow, models, _flow_bytes(plan)) as network, torch.inference_mode():
        network = cast("SparseStructureFlowModel", network)
        config, context = network.config, tokens.to(device)
        shape = (1, config.in_channels, *[config.resolution] * 3)

        def tell(number: int, done: int) -> None:
            of = f" {number + 1} of {len(seeds)}" if len(seeds) > 1 else ""
            note = f"Finding the structure{of}, step {done + 1} of {schedule.steps}" if done < schedule.steps else ""
            report((number + done / schedule.steps) / len(seeds), note)

        for number, seed in enumerate(seeds):
            flow = partial(network, context=context)
            latents = sample(flow, noise(seed, shape).to(device), schedule, partial(tell, number))
            made.append(in_range(latents, "the structure's latents").cpu())
    return made


def _decoded(latents: Sequence[Tensor], plan: TrellisPlan, models: ModelStore) -> list[Tensor]:
    """The occupied cells (N, 3) of each; of one that is too large only those at its surface."""
    import torch

    found: list[Tensor] = []
    with plan.on_device(plan.structure_decoder, models, _decoder_bytes(plan)) as network, torch.inference_mode():
        network = cast("SparseStructureDecoder", network)
        for one in latents:
            logits = in_range(network(one.to(plan.device.torch_name))[0, 0], "the structure").cpu()
            is_solid = logits > 0
            found.append((at_surface(is_solid) if int(is_solid.sum()) > MOST_VOXELS else is_solid).nonzero())
    return found


def at_surface(is_solid: Tensor) -> Tensor:
    """(R, R, R) bool: those with an empty neighbour. The other networks were trained on surfaces, and need no more."""
    import torch

    around = torch.nn.functional.pad(is_solid, (1,) * 6)
    inside = is_solid.clone()
    for axis in range(3):
        for step in (-1, 1):
            inside &= around.roll(step, axis)[1:-1, 1:-1, 1:-1]
    return is_solid & ~inside


def _flow_bytes(plan: TrellisPlan) -> int:
    """For 4,096 tokens of 1,024 channels, with and without a picture."""
    return 2 * 4096 * 1024 * _FLOW_VALUES * plan.dtype.itemsize


def _decoder_bytes(plan: TrellisPlan) -> int:
    """For 64^3 cells of 32 channels, which are 512 on the coarsest grid; norms compute in single precision."""
    return 64**3 * 32 * _DECODER_VALUES * 4 * (1 if plan.dtype.itemsize < 4 else 2)
