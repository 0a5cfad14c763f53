"""Streamed weights where copies take their time: nothing is computed with a parameter before its copy has come.

A card is played by the processor: a copy that is begun on the side stream without waiting holds no numbers (NaN) until that stream is
waited for. This tells the order of copies, waits and computing; it does not run CUDA.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch
from test_group_offload import Stack, build
from torch import Tensor, nn

from img23d_backend.machine.devices import Device
from img23d_backend.models.group_offload import group_offloaded

CARD = Device(id="gpu", torch_name="cuda:0", label="a card", total_bytes=10**12)
_copy = Tensor.to


class SlowCard:
    """What diffusers asks of torch.cuda: streams and which of them is current."""

    def __init__(self) -> None:
        self.pending: list[tuple[Tensor, Tensor]] = []
        self.current = "computing"
        self.late = 0  # copies that were begun and not waited for at once

    def __call__(self, device: torch.device) -> SlowCard:
        return self

    def Stream(self) -> SlowCard:
        return self

    def current_stream(self) -> SlowCard:
        return self

    @contextmanager
    def stream(self, stream: SlowCard) -> Iterator[None]:
        self.current = "copying"
        yield
        self.current = "computing"

    def synchronize(self) -> None:
        for copy, source in self.pending:
            copy.copy_(source)
        self.pending.clear()

    def to(self, tensor: Tensor, *where: object, non_blocking: bool = False, **how: object) -> Tensor:
        if not where or torch.device(where[0]).type != "cuda":
            return _copy(tensor, *where, **how)
        copy = tensor.detach().clone()
        if self.current == "copying" and non_blocking:
            self.late += 1
            copy = torch.full_like(copy, torch.nan) if copy.is_floating_point() else torch.full_like(copy, -1)
            self.pending.append((copy, tensor.detach()))
        return copy


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> SlowCard:
    card = SlowCard()
    monkeypatch.setattr("diffusers.hooks.group_offloading.TorchDeviceBackend", card)
    monkeypatch.setattr(Tensor, "to", lambda tensor, *where, **how: card.to(tensor, *where, **how))
    monkeypatch.setattr(Tensor, "pin_memory", lambda tensor: tensor)
    return card


def restoring(model: nn.Module) -> Callable[[], None]:
    homes = {name: tensor.data for name, tensor in [*model.named_parameters(), *model.named_buffers()]}

    def restore() -> None:
        for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
            tensor.data = homes[name]

    return restore


def test_each_pass_waits_for_the_roots_own_parameters(card: SlowCard) -> None:
    model, x = build(), torch.linspace(-1, 1, 64).view(2, 32)
    expected = model(x)
    with torch.inference_mode(), group_offloaded(model, CARD, restore=restoring(model)):
        for _ in range(3):
            assert torch.equal(model(x), expected)
    assert card.late > 0, "later passes copy the next layer while one computes"
    assert torch.equal(model(x), expected)


def test_a_model_of_nothing_but_its_own_parameter(card: SlowCard) -> None:
    class Bare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.full((4,), 3.0), requires_grad=False)
            self.layer = nn.Linear(4, 4).requires_grad_(False)

        def forward(self, x: Tensor) -> Tensor:
            return self.scale * x

    model = Bare()
    with torch.inference_mode(), group_offloaded(model, CARD, restore=restoring(model)):
        for _ in range(2):
            assert torch.equal(model(torch.ones(4)), torch.full((4,), 3.0))


def test_a_root_without_parameters_of_its_own(card: SlowCard) -> None:
    torch.manual_seed(2)
    model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 4)).requires_grad_(False)
    x = torch.ones(2, 4)
    expected = model(x)
    with torch.inference_mode(), group_offloaded(model, CARD, restore=restoring(model)):
        for _ in range(3):
            assert torch.equal(model(x), expected)


def test_parts_called_by_themselves_wait_too(card: SlowCard) -> None:
    """As the multiview network's layers are before its first step."""
    model, x = build(), torch.ones(2, 32)
    assert isinstance(model, Stack)
    expected_part, expected = model.blocks[2](x), model(x)
    with torch.inference_mode(), group_offloaded(model, CARD, restore=restoring(model)):
        assert torch.equal(model.blocks[2](x), expected_part)
        for _ in range(2):
            assert torch.equal(model(x), expected)
        assert torch.equal(model.blocks[2](x), expected_part)
