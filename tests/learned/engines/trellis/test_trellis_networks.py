"""Small networks at random weights: the exact savings against the plain way, half precision, things by themselves and together."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import group_norm, silu

from img23d_backend.engines.trellis.config.sizes import (
    GaussianDecoderConfig,
    MeshDecoderConfig,
    SlatFlowConfig,
    StructureDecoderConfig,
    StructureFlowConfig,
)
from img23d_backend.engines.trellis.networks.layers import CrossAttention, position_embedding
from img23d_backend.engines.trellis.networks.precision import Torso
from img23d_backend.engines.trellis.networks.slat_decoders import SLatGaussianDecoder, SLatMeshDecoder, SparseSubdivideBlock3d
from img23d_backend.engines.trellis.networks.slat_flow import SLatFlowModel
from img23d_backend.engines.trellis.networks.sparse.voxels import Voxels
from img23d_backend.engines.trellis.networks.structure_decoder import SparseStructureDecoder, UpsampleBlock3d
from img23d_backend.engines.trellis.networks.structure_flow import SparseStructureFlowModel
from img23d_backend.engines.trellis.shape import sampling
from img23d_backend.engines.trellis.shape.sampling import Schedule, sample
from img23d_backend.machine.devices import Device
from img23d_backend.models.store import ModelStore

CLOSE = 1e-5
FLOW = {"in_channels": 8, "out_channels": 8, "model_channels": 48, "cond_channels": 20, "num_blocks": 3, "num_heads": 4, "qk_rms_norm": True}
DECODER = {"resolution": 8, "latent_channels": 8, "model_channels": 256, "num_blocks": 2, "num_heads": 4}
TIME = torch.full((1,), 640.0)
CARD = Device(id="gpu", torch_name="cpu", label="a card", total_bytes=10**12)


def filled(network: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(3)
    for parameter in network.parameters():
        spread = parameter[0].numel() ** -0.5 if parameter.dim() > 1 else 0.3
        parameter.data = torch.randn(parameter.shape, generator=generator) * spread + (parameter.dim() == 1) * parameter.data
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def structure_flow() -> SparseStructureFlowModel:
    return filled(SparseStructureFlowModel(StructureFlowConfig(resolution=4, **FLOW)))


@pytest.fixture(scope="module")
def slat_flow() -> SLatFlowModel:
    return filled(SLatFlowModel(SlatFlowConfig(resolution=8, io_block_channels=(16, 24), **FLOW)))


@pytest.fixture(scope="module")
def voxels() -> Voxels:
    cells = torch.cartesian_prod(*[torch.arange(8)] * 3)
    near = ((cells - 3.5).float().norm(dim=1) - 2.7).abs() < 0.7
    return Voxels(coords=cells[near], resolution=8)


@pytest.fixture(scope="module")
def context() -> Tensor:
    return torch.randn((1, 13, 20), generator=torch.Generator().manual_seed(1))


def latents(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(2))


def test_no_picture_is_a_constant(context: Tensor) -> None:
    layer = filled(CrossAttention(48, 20, 4))
    x = latents(2, 9, 48)
    nothing = torch.zeros_like(context).expand(2, -1, -1)
    assert (layer(x, nothing) - layer.of_nothing(context)).abs().max() < 1e-6


def test_a_guided_structure_step_is_both_flows(structure_flow: SparseStructureFlowModel, context: Tensor) -> None:
    x, contexts = latents(2, 8, 4, 4, 4), torch.cat((context, context.flip(1) * 2))
    seen, unseen = structure_flow(x, TIME, contexts, guided=True)
    assert (seen - structure_flow(x, TIME, contexts)).abs().max() < CLOSE
    assert (unseen - structure_flow(x, TIME, torch.zeros_like(contexts))).abs().max() < CLOSE
    assert (seen - unseen).abs().max() > 0.1
    alone = structure_flow(x[1:], TIME, contexts[1:])
    assert (seen[1:] - alone).abs().max() < CLOSE  # a thing together with others is as by itself


def test_a_guided_latent_step_is_both_flows(slat_flow: SLatFlowModel, voxels: Voxels, context: Tensor) -> None:
    x = latents(len(voxels), 8)
    seen, unseen = slat_flow(x, TIME, context, voxels, guided=True)
    assert (seen - slat_flow(x, TIME, context, voxels)).abs().max() < CLOSE
    assert (unseen - slat_flow(x, TIME, torch.zeros_like(context), voxels)).abs().max() < CLOSE
    assert (seen - unseen).abs().max() > 0.1


def test_the_order_of_the_voxels_does_not_matter(slat_flow: SLatFlowModel, voxels: Voxels, context: Tensor) -> None:
    x, order = latents(len(voxels), 8), torch.randperm(len(voxels), generator=torch.Generator().manual_seed(0))
    other = Voxels(coords=voxels.coords[order], resolution=8)
    assert (slat_flow(x[order], TIME, context, other) - slat_flow(x, TIME, context, voxels)[order]).abs().max() < CLOSE


def test_positions_are_sines_then_cosines_of_each_axis() -> None:
    found = position_embedding(torch.tensor([[0, 1, 2]]), 14)  # two frequencies an axis: 1 and 1 / 100; two channels are left over
    at = torch.tensor
    expected = [0, 0, 1, 1, *(at([1.0, 0.01]).sin()), *(at([1.0, 0.01]).cos()), *(at([2.0, 0.02]).sin()), *(at([2.0, 0.02]).cos()), 0, 0]
    assert torch.allclose(found[0], at([float(one) for one in expected]))


def test_eight_channels_become_the_cells_of_a_finer_grid() -> None:
    """Channel 8 c + 4 i + 2 j + k is at offset (i, j, k) of channel c: TRELLIS's pixel shuffle in three dimensions."""
    block = UpsampleBlock3d(1, 2)
    block.conv = nn.Identity()
    x = torch.arange(16 * 27.0).view(1, 16, 3, 3, 3)
    found = block(x)
    assert found.shape == (1, 2, 6, 6, 6)
    for c, i, j, k in torch.cartesian_prod(*[torch.arange(2)] * 4).tolist():
        assert torch.equal(found[0, c, i::2, j::2, k::2], x[0, 8 * c + 4 * i + 2 * j + k])


def test_the_structure_is_decoded_four_times_as_fine() -> None:
    config = StructureDecoderConfig(out_channels=1, latent_channels=8, channels=(16, 8, 4), num_res_blocks=1)
    network = filled(SparseStructureDecoder(config))
    assert network(latents(2, 8, 4, 4, 4)).shape == (2, 1, 16, 16, 16)


@torch.no_grad()
def test_a_subdivision_is_what_it_is_on_children(voxels: Voxels) -> None:
    """The published order: norm and activation, children with their parent's values, convolution, norm, activation, convolution;
    beside it the children through a kernel of one cell.
    """
    block = filled(SparseSubdivideBlock3d(64, 32))
    x, children = latents(len(voxels), 64), voxels.subdivided
    first, norm, _, last = block.out_layers
    before = block.act_layers[0]

    def convolved(values: Tensor, layer: nn.Module) -> Tensor:
        grid = values.new_zeros((1, values.shape[1], 16, 16, 16))
        at = (0, slice(None), *children.coords.unbind(1))
        grid[at] = values.T
        return nn.functional.conv3d(grid, layer.conv.weight.movedim(-1, 1), layer.conv.bias, padding=1)[at].T

    def normed(values: Tensor, layer: nn.GroupNorm) -> Tensor:
        return group_norm(values.T[None], layer.num_groups, layer.weight, layer.bias)[0].T

    h = silu(normed(x, before)).repeat_interleave(8, dim=0)
    h = convolved(silu(normed(convolved(h, first), norm)), last)
    skip = x.repeat_interleave(8, dim=0) @ block.skip_connection.conv.weight.view(64, 32) + block.skip_connection.conv.bias
    assert (block(x, voxels) - (h + skip)).abs().max() < 3e-5


def test_a_gaussian_decoder_gives_448_numbers_a_voxel(voxels: Voxels) -> None:
    network = filled(SLatGaussianDecoder(GaussianDecoderConfig(**DECODER)))
    assert network(latents(len(voxels), 8), voxels).shape == (len(voxels), 448)


def test_a_mesh_decoder_gives_64_cubes_a_voxel(voxels: Voxels) -> None:
    network = filled(SLatMeshDecoder(MeshDecoderConfig(**DECODER)))
    values, cubes = network(latents(len(voxels), 8), voxels)
    assert values.shape == (64 * len(voxels), 32) and cubes.resolution == 32 and len(cubes) == len(values)
    assert torch.equal(cubes.coords[::64] // 4, voxels.coords)
    parts = list(network.surface_numbers(values))
    assert [part for part, _ in parts] == [slice(start, min(start + 65536, len(values))) for start in range(0, len(values), 65536)]
    assert torch.equal(torch.cat([numbers for _, numbers in parts]), network.out_layer(values))


def networks() -> dict[str, Torso]:
    return {
        "structure flow": SparseStructureFlowModel(StructureFlowConfig(resolution=4, **FLOW)),
        "structure decoder": SparseStructureDecoder(StructureDecoderConfig(out_channels=1, latent_channels=8, channels=(16, 8, 4), num_res_blocks=1)),
        "latent flow": SLatFlowModel(SlatFlowConfig(resolution=8, io_block_channels=(16,), **FLOW)),
        "Gaussian decoder": SLatGaussianDecoder(GaussianDecoderConfig(**DECODER)),
        "mesh decoder": SLatMeshDecoder(MeshDecoderConfig(**DECODER)),
    }


def _evaluated(network: Torso, voxels: Voxels, context: Tensor) -> Tensor:
    grid, sparse = latents(1, 8, 4, 4, 4), latents(len(voxels), 8)
    match network:
        case SparseStructureFlowModel():
            return network(grid, TIME, context, guided=True)
        case SparseStructureDecoder():
            return network(grid)
        case SLatFlowModel():
            return network(sparse, TIME, context, voxels, guided=True)
        case SLatMeshDecoder():
            return torch.cat([numbers for _, numbers in network.surface_numbers(network(sparse, voxels)[0])])
        case _:
            return network(sparse, voxels)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bfloat16", "half"])
@pytest.mark.parametrize("name", networks())
@torch.no_grad()
def test_a_torso_of_lower_precision_gives_about_the_same(name: str, dtype: torch.dtype, voxels: Voxels, context: Tensor) -> None:
    network = filled(networks()[name])
    expected = _evaluated(network, voxels, context)
    network.set_torso_dtype(dtype)
    found = _evaluated(network, voxels, context)
    assert found.dtype == torch.float32
    off = (found - expected).norm() / expected.norm()
    assert 0 < off < (0.03 if dtype is torch.bfloat16 else 0.005)


@pytest.mark.parametrize("cells", [[[3, 3, 3]], [[0, 0, 0], [7, 7, 7]]], ids=["one voxel", "two far apart"])
@pytest.mark.parametrize("name", ["latent flow", "Gaussian decoder", "mesh decoder"])
@torch.no_grad()
def test_very_few_voxels(name: str, cells: list[list[int]], context: Tensor) -> None:
    few = Voxels(coords=torch.tensor(cells), resolution=8)
    assert _evaluated(filled(networks()[name]), few, context).isfinite().all()


@pytest.mark.parametrize("name", networks())
@torch.no_grad()
def test_weights_may_be_streamed(name: str, voxels: Voxels, context: Tensor) -> None:
    """Every layer is called, none only read: on the stand-in for a card, the weights are there while a layer computes and at home again."""
    network = filled(networks()[name])
    expected = _evaluated(network, voxels, context)
    with ModelStore().on_device(name, lambda: network, CARD, group_offload=True) as streamed:
        assert torch.equal(_evaluated(streamed, voxels, context), expected)
    assert torch.equal(_evaluated(network, voxels, context), expected)


# --- the sampler ------------------------------------------------------------------------------------------------------


def test_a_straight_flow_is_followed_to_its_end() -> None:
    start, end = latents(4, 3), latents(3, 4).T.contiguous()
    told: list[int] = []

    def flow(x: Tensor, t: Tensor, *, guided: bool) -> Tensor:
        return torch.stack((start - end, (start - end) * 0.5)) if guided else start - end

    found = sample(flow, start, Schedule(steps=8, guidance=0), told.append)
    assert (found - end).abs().max() < 1e-6 and told == list(range(9))


def test_guidance_leads_away_from_the_flow_without_a_picture() -> None:
    """One step from 1 to 0: x - ((1 + g) c - g u)."""

    def flow(x: Tensor, t: Tensor, *, guided: bool) -> Tensor:
        assert guided and t.tolist() == [1000.0]
        return torch.stack((torch.full_like(x, 2.0), torch.full_like(x, 3.0)))

    assert sample(flow, torch.zeros(1), Schedule(steps=1, guidance=5), lambda done: None).tolist() == [-(6 * 2.0 - 5 * 3.0)]


def test_noise_is_the_same_for_the_same_seed() -> None:
    assert torch.equal(sampling.noise(7, (2, 3)), sampling.noise(7, (2, 3)))
    assert not torch.equal(sampling.noise(7, (2, 3)), sampling.noise(8, (2, 3)))


def test_a_whole_run_of_both_flows(structure_flow: SparseStructureFlowModel, slat_flow: SLatFlowModel, voxels: Voxels, context: Tensor) -> None:
    """Against the sampler as published, written out: two evaluations a guided step, the second on zeros."""
    schedule = Schedule(steps=5, guidance=4.0)
    runs = (
        (latents(1, 8, 4, 4, 4), partial(structure_flow, context=context), partial(structure_flow, context=context * 0)),
        (latents(len(voxels), 8), partial(slat_flow, context=context, voxels=voxels), partial(slat_flow, context=context * 0, voxels=voxels)),
    )
    for start, flow, unseen in runs:
        x, times = start, [3 * u / (1 + 2 * u) for u in (1, 0.8, 0.6, 0.4, 0.2, 0)]
        for time, after in pairwise(times):
            t = torch.full((1,), 1000 * time)
            velocity = 5 * flow(x, t) - 4 * unseen(x, t) if 0.5 <= time <= 1 else flow(x, t)
            x = x - (time - after) * velocity
        assert (sample(flow, start, schedule, lambda done: None) - x).abs().max() < 1e-4
