"""What makes a part: the networks, each on the device as long as it computes, with less memory where that is short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np

from ....models.load_plan import Report, with_frugal_plans
from ....stages import Context, Mesh
from ..loading.plan import PartsPlan
from ..sampling.guidance import Guidance, Knows
from ..sampling.sample import Branch, sample
from ..sampling.solver import table
from .cleaning import cleaned
from .codes import decode, encode, encode_nothing
from .loop import Maker

if TYPE_CHECKING:
    from torch import Tensor

    from ....models.store import ModelStore
    from ..networks.dit import PartDiT

_SAMPLED = 0.75  # of a part's progress
# Of the published network: channels, blocks, those that know the parts, and the tokens of a picture
_WIDTH, _BLOCKS, _EARLY, _TOKENS = 2048, 21, 10, 1029
_SAMPLER_VALUES = 20  # per latent and channel that are in memory at once
_NOTES = (
    "The graphics card's memory is short: only one of AutoPartGen's networks is on it at a time.",
    "The graphics card's memory is short: AutoPartGen stays outside and is lent to it layer by layer, slower.",
    "The graphics card's memory is too small for AutoPartGen: the processor makes the parts, in hours.",
)

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Looks:
    """Image tokens (1, n, C) float32 on the processor: of black, which stands for no picture, of the whole, and of each painted part."""

    black: Tensor
    whole: Tensor | None = None
    parts: tuple[Tensor, ...] = ()


class Computing:
    """The networks of a plan for one job."""

    def __init__(self, plan: PartsPlan, models: ModelStore, context: Context) -> None:
        self.plan, self._models, self._context = plan, models, context

    def run(self, work: Callable[[PartsPlan, ModelStore], _T]) -> _T:
        """With less memory where it is short. Raises Img23DError(OUT_OF_MEMORY)."""
        return with_frugal_plans(self.plan, lambda plan: work(plan, self._models), self._context, self._models, _NOTES)

    def sample(self, build: Callable[[PartDiT, str], Sequence[Branch]], seed: int, report: Report) -> np.ndarray:
        """(L, channels); `build` makes the branches on the device of that name."""
        import torch

        def work(plan: PartsPlan, models: ModelStore) -> np.ndarray:
            steps = table(plan.steps)
            with plan.on_device(plan.dit, models, _working_bytes(plan)) as network, torch.inference_mode():
                dit, device = cast("PartDiT", network), plan.device.torch_name
                return sample(
                    dit,
                    build(dit, device),
                    steps,
                    latents=plan.counts.latents,
                    seed=seed,
                    device=device,
                    on_step=lambda done: report(done / plan.steps, f"step {min(done + 1, plan.steps)} of {plan.steps}"),
                )

        return self.run(work)

    def whole(self, looks: Looks, seed: int, report: Report) -> np.ndarray:
        """Latents (L, channels) of the thing in the picture."""

        def branches(dit: PartDiT, device: str) -> list[Branch]:
            from ..networks.dit import Slot

            assert looks.whole is not None
            nothing = dit.know(Slot(tokens=_zeros(dit, device)))
            strength = self.plan.by_mode.whole
            seen = [(strength, looks.whole), (1 - strength, looks.black)]
            return [Branch(weight=weight, picture=dit.look(one.to(device), one.to(device)), parts=nothing) for weight, one in seen if weight]

        return self.sample(branches, seed, report)


class PartMaker(Maker):
    """`whole` (1, L, channels) is the code of all of it, scaled; `report` is asked for of each part by its number."""

    def __init__(self, computing: Computing, looks: Looks, whole: Tensor, guidance: Guidance, seed: int, report: Callable[[int], Report]) -> None:
        self._computing, self._looks, self._whole, self._guidance, self._seed = computing, looks, whole, guidance, seed
        self._report_of, self._report = report, report(0)
        self._known: tuple[Mesh, ...] = ()
        self._code: Tensor | None = None  # of what is known

    def sample(self, number: int, seed: int) -> np.ndarray:
        self._report = self._report_of(number)
        self._report(0.0, f"Part {number + 1}")
        code = self._history()
        return self._computing.sample(
            lambda dit, device: self._branches(dit, device, number, code), seed, lambda done, note: self._report(_SAMPLED * done, f"Part {number + 1}, {note}")
        )

    def surface(self, latents: np.ndarray) -> Mesh | None:
        def tell(done: float, note: str) -> None:
            self._report(_SAMPLED + (1 - _SAMPLED) * done, note)

        return self._computing.run(lambda plan, models: decode(latents, plan, models, tell))

    def clean(self, mesh: Mesh) -> Mesh:
        return cleaned(mesh, self._computing.plan.faces)

    def heed(self, parts: tuple[Mesh, ...]) -> None:
        self._known, self._code = parts, None

    def _history(self) -> Tensor:
        if self._code is None:
            known = self._known
            self._code = self._computing.run(lambda plan, models: encode(known, plan, models, seed=self._seed) if known else encode_nothing(plan, models))
        return self._code

    def _branches(self, dit: PartDiT, device: str, number: int, code: Tensor) -> list[Branch]:
        from ..networks.dit import Slot

        looks, latents = self._looks, self._whole.shape[1]
        weights = self._guidance.weights(has_picture=looks.whole is not None)
        black = looks.black.to(device)
        blind = dit.look(black, black)
        solid = dit.know(Slot(tokens=self._whole.to(device)), Slot(tokens=code.to(device), count=latents // code.shape[1]))
        made = []
        for knows, weight in weights.items():
            picture = blind
            if knows is Knows.BOTH and looks.whole is not None:
                part = looks.parts[number].to(device) if looks.parts else black
                picture = dit.look(looks.whole.to(device), part)
            parts = solid if knows is not Knows.NOTHING else dit.know(*(Slot(tokens=_zeros(dit, device)) for _ in range(2)))
            made.append(Branch(weight=weight, picture=picture, parts=parts))
        return made


def _working_bytes(plan: PartsPlan) -> int:
    """Keys and values of two pictures, and of the whole and the parts so far, stay for all steps of a part."""
    latents = plan.counts.latents
    kept = 2 * _BLOCKS * 2 * _TOKENS + _EARLY * 2 * 2 * latents
    return (kept + _SAMPLER_VALUES * latents) * _WIDTH * plan.dtype.itemsize


def _zeros(dit: PartDiT, device: str) -> Tensor:
    import torch

    return torch.zeros(1, 1, dit.sizes.channels, device=device)
