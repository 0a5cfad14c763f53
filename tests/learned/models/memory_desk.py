"""What the tests of the models in memory share: a small model, and a card played by copies on the processor."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from img23d_backend.machine.devices import Device
from img23d_backend.models.store import ModelStore

WIDTH = 256
MODEL_BYTES = 2 * 4 * (WIDTH * WIDTH + WIDTH)  # two linear layers in float32
PLENTY = 10**12
CPU = Device(id="cpu", torch_name="cpu", label="Processor", total_bytes=PLENTY)


@dataclass(frozen=True, kw_only=True)
class Card(Device):
    """A card whose room is what the store's models leave of its total."""

    id: str = "gpu"
    torch_name: str = "cpu"
    label: str = "a card"
    stores: list[ModelStore] = field(default_factory=list)

    def free_bytes(self) -> int:
        taken = sum(MODEL_BYTES for place in self.stores[0].places().values() if place == self.id)
        return self.total_bytes - taken


def small_model(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, WIDTH)).requires_grad_(False)


def card_for(store: ModelStore, *, models: float) -> Card:
    return Card(total_bytes=int(models * MODEL_BYTES), stores=[store])


def use(store: ModelStore, key: str, device: Device, **kwargs: int) -> Tensor:
    with store.on_device(key, small_model, device, **kwargs) as model:
        return model(torch.ones(1, WIDTH))
