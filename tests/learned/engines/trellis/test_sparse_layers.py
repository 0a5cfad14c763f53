"""Layers over voxels against torch's own over whole grids, where what is not there is zero; two readings of spconv's and TRELLIS's are pinned."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv3d, group_norm, scaled_dot_product_attention

from img23d_backend.engines.trellis.networks.sparse import convolution
from img23d_backend.engines.trellis.networks.sparse.convolution import SparseConv3d, SubdividingConv3d, pointwise
from img23d_backend.engines.trellis.networks.sparse.normalization import SparseGroupNorm
from img23d_backend.engines.trellis.networks.sparse.voxels import Voxels, downsample, upsample

SIDE = 12
SMALL, MOST = 1e-5, 2e-5


def some(count: int, side: int = SIDE) -> Voxels:
    """Different cells in no order, the grid's corners among them."""
    generator = torch.Generator().manual_seed(count)
    numbers = torch.randperm(side**3, generator=generator)[:count]
    if count > 2:
        numbers = torch.cat((numbers[(numbers != 0) & (numbers != side**3 - 1)], torch.tensor([side**3 - 1, 0])))
    return Voxels(coords=torch.stack((numbers // side**2, numbers // side % side, numbers % side), dim=1), resolution=side)


SETS = {"one": some(1), "few": some(40), "many": some(900), "all": some(SIDE**3)}


def values(voxels: Voxels, channels: int) -> Tensor:
    return torch.randn((len(voxels), channels), generator=torch.Generator().manual_seed(channels))


def dense(x: Tensor, coords: Tensor, side: int) -> Tensor:
    grid = x.new_zeros((1, x.shape[1], side, side, side))
    grid[0, :, coords[:, 0], coords[:, 1], coords[:, 2]] = x.T
    return grid


def at(grid: Tensor, coords: Tensor) -> Tensor:
    return grid[0, :, coords[:, 0], coords[:, 1], coords[:, 2]].T


def convolved(x: Tensor, coords: Tensor, side: int, layer: SparseConv3d) -> Tensor:
    weight = layer.conv.weight.movedim(-1, 1)  # (out, in, x, y, z)
    return at(conv3d(dense(x, coords, side), weight, layer.conv.bias, padding=1), coords)


@pytest.fixture(params=[1 << 25, 1 << 12], ids=["at once", "in chunks"])
def _chunked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convolution, "_GATHERED_BYTES", request.param)
    monkeypatch.setattr(convolution, "_SUMMED_ROWS", request.param >> 5)


@pytest.mark.usefixtures("_chunked")
@pytest.mark.parametrize("way", [convolution.by_offset, convolution.in_rows], ids=["by offset", "in rows"])
@pytest.mark.parametrize("voxels", SETS.values(), ids=SETS)
@torch.no_grad()
def test_convolution_of_what_is_there(voxels: Voxels, way: Callable[..., Tensor]) -> None:
    """As a processor computes it, and as a card does."""
    layer, x = SparseConv3d(6, 5, 3), values(voxels, 6)
    layer.conv.bias.normal_()
    found = way(x, layer.conv.weight, layer.conv.bias, voxels)
    assert (found - convolved(x, voxels.coords, SIDE, layer)).abs().max() < SMALL


@torch.no_grad()
def test_the_way_is_the_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    for name in ("by_offset", "in_rows"):
        monkeypatch.setattr(convolution, name, lambda x, *_of, name=name: (taken.append(name), x)[1])
    layer, x = SparseConv3d(6, 5, 3), values(SETS["few"], 6)
    layer(x, SETS["few"])
    layer.bfloat16()(x.bfloat16(), SETS["few"])
    layer.to("meta")(x.to("meta"), SETS["few"])
    assert taken == ["by_offset", "in_rows", "in_rows"]


@pytest.mark.usefixtures("_chunked")
@pytest.mark.parametrize("voxels", SETS.values(), ids=SETS)
@torch.no_grad()
def test_convolution_after_subdivision_from_the_parents_alone(voxels: Voxels) -> None:
    """The children as TRELLIS makes them: eight in a row, x slowest, each with its parent's values."""
    layer, x = SubdividingConv3d(6, 5, 3), values(voxels, 6)
    layer.conv.bias.normal_()
    steps = torch.tensor([[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1], [1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1]])
    children = torch.cat([2 * cell + steps for cell in voxels.coords])
    assert torch.equal(voxels.subdivided.coords, children)
    expected = convolved(x.repeat_interleave(8, dim=0), children, 2 * SIDE, layer)
    assert (layer(x, voxels) - expected).abs().max() < MOST


@torch.no_grad()
def test_the_parents_sums_are_exact() -> None:
    layer, x = SubdividingConv3d(6, 5, 3).double(), values(SETS["many"], 6).double()
    expected = convolved(x.repeat_interleave(8, dim=0), SETS["many"].subdivided.coords, 2 * SIDE, layer)
    assert (layer(x, SETS["many"]) - expected).abs().max() < 1e-13


@pytest.mark.usefixtures("_chunked")
@pytest.mark.parametrize("voxels", [SETS["one"], SETS["few"]], ids=["one", "few"])
@torch.no_grad()
def test_convolution_of_grandchildren_without_a_map_of_their_own(voxels: Voxels) -> None:
    layer, finest = SparseConv3d(3, 2, 3), voxels.subdivided.subdivided
    x = values(finest, 3)
    assert (layer(x, finest) - convolved(x, finest.coords, 4 * SIDE, layer)).abs().max() < SMALL


@pytest.mark.parametrize("voxels", SETS.values(), ids=SETS)
def test_the_childrens_neighbours_are_those_of_a_set_of_their_own(voxels: Voxels) -> None:
    children = voxels.subdivided
    alone = Voxels(coords=children.coords, resolution=children.resolution)
    assert torch.equal(children.neighbours_of(0, len(children)), alone.neighbours)
    assert torch.equal(children.neighbours_of(8, len(children)), alone.neighbours[8:])


@pytest.mark.parametrize("cells", [[[0, 0, 3], [0, 1, 0]], [[0, 3, 3], [1, 0, 0]]], ids=["row", "plane"])
def test_neighbours_across_an_edge_of_the_grid_are_none(cells: list[list[int]]) -> None:
    """The last cell and the first of the next row or plane have numbers next to each other."""
    found = Voxels(coords=torch.tensor(cells), resolution=4).neighbours
    assert found[:, 13].tolist() == [0, 1] and (found[:, torch.arange(27) != 13] == 2).all()


def test_a_map_is_made_once() -> None:
    voxels = some(40)
    assert voxels.neighbours is voxels.neighbours and voxels.halved is voxels.halved
    assert voxels.windows(8, 0) is voxels.windows(8, 0) and voxels.windows(8, 0) is not voxels.windows(8, 4)


def test_a_kernel_of_one_cell_reads_the_weights_as_spconv_does() -> None:
    """[out, 1, 1, 1, in] taken as [in, out]: (1, 2, 3), (4, 5, 6) become the columns (1, 3, 5) and (2, 4, 6)."""
    weight = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).view(2, 1, 1, 1, 3)
    out = pointwise(torch.eye(3), weight, torch.tensor([10.0, 20.0]))
    assert out.tolist() == [[11.0, 22.0], [13.0, 24.0], [15.0, 26.0]]


def test_downsampling_divides_by_one_more_than_there_are() -> None:
    voxels = Voxels(coords=torch.tensor([[0, 0, 0], [1, 1, 1], [0, 1, 0], [3, 3, 3]]), resolution=4)
    halved = voxels.halved
    assert halved.voxels.coords.tolist() == [[0, 0, 0], [1, 1, 1]] and halved.voxels.resolution == 2
    down = downsample(torch.tensor([[1.0], [2.0], [6.0], [5.0]]), halved)
    assert down.tolist() == [[9.0 / 4], [5.0 / 2]]
    assert upsample(down, halved).flatten().tolist() == [2.25, 2.25, 2.25, 2.5]


@pytest.mark.parametrize("count", [1, 7, 900])
@torch.no_grad()
def test_group_norm_over_all_voxels(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("img23d_backend.engines.trellis.networks.sparse.normalization._AT_ONCE", 640)
    layer, x = SparseGroupNorm(32, 64), 3 + 5 * values(some(count), 64)
    layer.weight.normal_()
    layer.bias.normal_()
    expected = group_norm(x.T[None], 32, layer.weight, layer.bias)[0].T
    assert (layer(x) - expected).abs().max() < SMALL


@torch.no_grad()
def test_group_norm_of_half_precision_computes_in_single() -> None:
    layer, x = SparseGroupNorm(32, 64), (300 + values(some(900), 64)).half()
    expected = group_norm(x.float().T[None], 32)[0].T
    found = layer(x)
    assert found.dtype == torch.float16 and (found - expected).abs().max() < 4e-3


@pytest.mark.parametrize("shift", [0, 4])
@pytest.mark.parametrize("voxels", [*SETS.values(), some(3000, 40)], ids=[*SETS, "wide"])
def test_windows_against_attention_with_a_mask(voxels: Voxels, shift: int) -> None:
    q, k, v = torch.randn((3, len(voxels), 2, 4), generator=torch.Generator().manual_seed(0))
    window = (voxels.coords + shift) // 8
    sees = (window[:, None] == window).all(-1)
    expected = scaled_dot_product_attention(*(one.transpose(0, 1) for one in (q, k, v)), attn_mask=sees).transpose(0, 1)
    partition = voxels.windows(8, shift)
    assert (partition.attend(q, k, v) - expected).abs().max() < SMALL
    assert sum(group.index.numel() for group in partition.groups) <= 2 * len(voxels)
