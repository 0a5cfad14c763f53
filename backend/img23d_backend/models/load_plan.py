"""How the networks of an engine's plan come onto its device, and the ways to do with less memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from img23d_protocol import Img23DError

from ..machine.devices import PROCESSOR, Device, choose
from ..stages import Context
from .oom_fallbacks import Attempt, with_less_memory

if TYPE_CHECKING:
    import torch
    from torch import nn

    from .store import ModelStore

Report = Callable[[float, str], None]  # a fraction of the work, 0..1, and a note

# For `attempts`, of a shape model of several networks
SEVERAL_NETWORKS = (
    "The graphics card's memory is short: only one of the shape model's networks is on it at a time.",
    "The graphics card's memory is short: the shape model stays outside and is lent to it layer by layer, slower.",
    "The graphics card's memory is too small for the shape model: the processor makes the shapes, slowly.",
)

T = TypeVar("T")
P = TypeVar("P", bound="LoadPlan")


@dataclass(frozen=True, kw_only=True)
class Network:
    """One of a model's networks: its name among the models in memory, and how it is read."""

    key: str
    read: Callable[[], nn.Module]


@dataclass(frozen=True, kw_only=True)
class LoadPlan:
    """`frugal`: one network on the device at a time; `group_offload`: each layer's weights are there only while it computes."""

    device: Device
    frugal: bool
    group_offload: bool = False

    @property
    def dtype(self) -> torch.dtype:
        """The precision that the networks compute in."""
        return self.device.dtype

    def on_device(self, network: Network, models: ModelStore, working_bytes: int) -> AbstractContextManager[nn.Module]:
        """The network on the device for a block, with at least that much memory free beside it."""
        if self.frugal and any(place and key != network.key for key, place in models.places().items()):
            models.free_devices()
        return models.on_device(network.key, network.read, self.device, working_bytes=working_bytes, group_offload=self.group_offload)

    def network(self, name: str, set_id: str, read: Callable[..., nn.Module]) -> Network:
        """A network of a file set, in the plan's precision."""
        dtype = self.dtype
        return Network(key=f"{set_id}:{name}:{dtype}", read=lambda: read(dtype))


def attempts(plan: P, smaller: P, run: Callable[[P], T], notes: Sequence[str]) -> list[Attempt[T]]:
    """From the plan as it is, over `smaller`, then with group offload, to the processor, which is slow and has the most memory.

    `notes` are the three sentences that tell the artist which of the later ones is taken.
    """
    if plan.device.is_processor:
        return [Attempt(run=partial(run, plan))]
    group_offload = replace(smaller, group_offload=True)
    on_processor = replace(smaller, device=choose(PROCESSOR))
    later = zip((smaller, group_offload, on_processor), notes, strict=True)
    fallbacks = (Attempt(run=partial(run, one), note=note) for one, note in later if one != plan)
    return [Attempt(run=partial(run, plan)), *fallbacks]


def with_frugal_plans(plan: P, run: Callable[[P], T], context: Context, models: ModelStore, notes: Sequence[str] = SEVERAL_NETWORKS) -> T:
    """With the plan as it is, or else by the first of the `attempts` that memory is enough for, where `frugal` is all that is smaller."""
    return with_less_memory(attempts(plan, replace(plan, frugal=True), run, notes), context, models)


def read_ahead(networks: Callable[[], Iterable[Network]], models: ModelStore) -> None:
    """Begins to read them and returns at once. What is wrong with them, or with the plan that they are of, is told when they are needed."""
    try:
        chosen = tuple(networks())
    except Img23DError:
        return
    for network in chosen:
        models.prefetch(network.key, network.read)


def progress_part(report: Report, begin: float, end: float) -> Report:
    """Where a part of the work reports to: its 0..1 becomes begin..end."""
    return lambda done, note: report(begin + (end - begin) * done, note)
