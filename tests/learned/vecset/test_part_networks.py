"""PartCrafter's and HoloPart's networks, each through its sampler, against numbers of the references' own code."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from reference import HEADS, data, picked, recorded, shapes_of, weights
from torch import Tensor, nn

from img23d_backend.engines.holopart.networks.part_encoder import PartEncoder, PartEncoderConfig
from img23d_backend.engines.partcrafter.networks.part_dit import PartDiT
from img23d_backend.vecset.networks.block import ContextConfig
from img23d_backend.vecset.networks.dit import DiT, DiTConfig
from img23d_backend.vecset.networks.regrouping import regrouped
from img23d_backend.vecset.rectified_flow import FlowTimes, sample

CLOSE = 1e-5
PICTURE = ContextConfig(channels=24)
SIZES = DiTConfig(channels=8, width=64, heads=HEADS, layers=7, contexts=(PICTURE,))
ENCODER = PartEncoderConfig(width=32, heads=HEADS, layers=2, tokens=12)
STEPS = FlowTimes().steps(4)


def loaded(network: nn.Module) -> nn.Module:
    """Published weights, regrouped; strict."""
    network.load_state_dict(regrouped(weights(shapes_of(network)), HEADS), strict=True)
    return network.eval().requires_grad_(False)


def off(name: str, numbers: Tensor) -> float:
    expected = recorded(name)
    assert len(expected) >= 6
    return float((picked(numbers, len(expected)) - expected).abs().max())


@pytest.fixture(scope="module")
def parts() -> PartDiT:
    return loaded(PartDiT(replace(SIZES, joined=frozenset({0, 2, 4, 6})), 8))


def test_partcrafters_guided_flow_is_the_published_programs(parts: PartDiT) -> None:
    """The half with the picture has the numbers of the parts that come after the others."""
    memory = parts.remember(data("context", 1, 5, 24))
    assert off("PartCrafter guided", parts(data("parts", 3, 13, 8), torch.tensor([437.5]), memory, guided=True)) < CLOSE


def test_partcrafters_sampler_is_the_published_programs(parts: PartDiT) -> None:
    memory = parts.remember(data("context", 1, 5, 24))
    made = sample(lambda latents, time, *, guided: parts(latents, time, memory, guided=guided), data("parts", 3, 13, 8), STEPS, 7.0, lambda done: None)
    assert off("PartCrafter sampled", made) < CLOSE


def test_a_part_alone_is_no_other_than_among_one(parts: PartDiT) -> None:
    """Unguided, the numbers begin at 0."""
    memory, x = parts.remember(data("context", 1, 5, 24)), data("parts", 3, 13, 8)[:1]
    added = parts.part_embedding.weight[:1, None]
    time = torch.tensor([437.5])
    assert torch.equal(parts(x, time, memory), parts.flow(x, parts.time_proj(time), memory, added=added))


def test_parts_know_of_each_other_and_have_numbers(parts: PartDiT) -> None:
    memory, x, time = parts.remember(data("context", 1, 5, 24)), data("parts", 3, 13, 8), torch.tensor([437.5])
    together = parts(x, time, memory)
    assert (together[:1] - parts(x[:1], time, memory)).abs().max() > 1e-2
    assert (together - parts(x.flip(0), time, memory).flip(0)).abs().max() > 1e-2


@pytest.fixture(scope="module")
def contexts() -> tuple[Tensor, Tensor]:
    encoder = loaded(PartEncoder(ENCODER))
    piece, local, whole = data("piece", 1, 60, 6), data("surface", 1, 60, 6), data("whole", 1, 60, 7)
    return encoder.local(local[:, :12], local), encoder.context(piece[:, :12], whole)


@pytest.mark.parametrize(("name", "which"), [("HoloPart by itself", 0), ("HoloPart in the whole", 1)])
def test_holoparts_looks_are_the_references(contexts: tuple[Tensor, Tensor], name: str, which: int) -> None:
    assert off(name, contexts[which]) < CLOSE


def test_holoparts_sampler_is_the_published_programs(contexts: tuple[Tensor, Tensor]) -> None:
    looks = (ContextConfig(channels=32), ContextConfig(channels=32, attention="attn2_2", norm="norm2_2"))
    dit = loaded(DiT(replace(SIZES, contexts=looks)))
    memory = dit.remember(*contexts)
    made = sample(lambda latents, time, *, guided: dit(latents, time, memory, guided=guided), data("latents", 2, 13, 8)[:1], STEPS, 3.5, lambda done: None)
    assert off("HoloPart sampled", made) < CLOSE
