"""Neighbours and submanifold convolutions against spconv's and against torch's dense ones, in one run, on one thread: spconv's own
threads on a processor write into each other's sums.

Runs in the learned environment; SPCONV is a folder that holds spconv and what it needs:

    python -m devtools.bench.learned.trellis.sparse OUT.json [SPCONV]
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....places import ROOT
from ...rows import Row, row
from ...timing import in_turn
from ..full_size import use_the_projects_code
from . import networks

if TYPE_CHECKING:
    from torch import Tensor

    from img23d_backend.engines.trellis.networks.sparse.voxels import Voxels

_GOAL = "≤ 1.5x"
_WAYS = ("ours", "dense", "spconv")
_CHANNELS = 128  # of the latent flow's finest layers
_ON = "float32, one thread"


def measure(out: Path, spconv_folder: Path | None) -> None:
    import torch

    use_the_projects_code()
    torch.set_num_threads(1)
    has_spconv = _use_spconv(spconv_folder)
    rows = []
    for count in networks.SIZES:
        with torch.inference_mode():
            rows += [*maps(count, has_spconv), *layers(count, has_spconv)]
        rows += list(memory(count, spconv_folder if has_spconv else None))
    if not has_spconv:
        rows.append(row("spconv's convolutions: not run, spconv is not installed", None, None))
    out.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def maps(count: int, has_spconv: bool) -> Iterator[Row]:
    """Who is whose neighbour, looked up for 27 offsets."""
    cells = networks.shell(count)
    one = Layer(voxels=_voxels(cells, networks.RESOLUTION), channels=1)
    around = one.voxels.neighbours
    what = f"neighbours of {count:,} voxels of a grid of {networks.RESOLUTION}"
    yield row(f"{what}: queries, beside the whole grid's", around.numel(), around.shape[1] * networks.RESOLUTION**3)
    yield row(f"{what}: kept, bytes", around.nbytes)
    ours, theirs = in_turn(lambda: _voxels(cells, networks.RESOLUTION).neighbours, one.spconv_pairs if has_spconv else None)
    yield row(f"{what}: processor seconds, beside spconv's, one thread", ours.processor, theirs and theirs.processor)


def layers(count: int, has_spconv: bool) -> Iterator[Row]:
    """The convolutions of the networks, the neighbours known, and the first one with looking them up."""
    voxels = _voxels(networks.shell(count), networks.RESOLUTION)
    for one in (Layer(voxels=voxels, channels=_CHANNELS), Layer(voxels=voxels.halved.voxels, channels=1024), Layer(voxels=voxels.subdivided, channels=192)):
        one.ours(), one.spconv() if has_spconv else None  # look the neighbours up
        ours, theirs = in_turn(one.ours, one.spconv if has_spconv else None)
        yield row(f"{one.name}: processor seconds, beside spconv's, {_ON}", ours.processor, theirs and theirs.processor, _GOAL)
        if theirs:
            yield row(
                f"{one.name}: largest difference from spconv's, values to {theirs.result.abs().max():.1f}", float((ours.result - theirs.result).abs().max())
            )
    one = Layer(voxels=voxels, channels=_CHANNELS)
    ours, theirs = in_turn(one.ours_anew, one.spconv_anew if has_spconv else None)
    yield row(f"{one.name}, and looking up the neighbours: processor seconds, beside spconv's, {_ON}", ours.processor, theirs and theirs.processor, _GOAL)
    ours, dense = in_turn(one.ours, one.dense)
    yield row(f"{one.name}: processor seconds, beside the dense convolution of the grid, {_ON}", ours.processor, dense and dense.processor)
    difference = (ours.result - one.at_voxels(dense.result)).abs().max() if dense else None
    yield row(f"{one.name}: largest difference from the dense one", None if difference is None else float(difference))


def memory(count: int, spconv_folder: Path | None) -> Iterator[Row]:
    """What the process grows by at its peak, neighbours, values and result included; each way in a process of its own."""
    grown = {way: _in_a_process(way, count, spconv_folder) for way in _WAYS if way != "spconv" or spconv_folder}
    name = f"convolution of {count:,} voxels, {_CHANNELS} channels, neighbours included, float32: memory of the process at its peak, beside"
    yield row(f"{name} the dense one's, bytes", grown["ours"], grown["dense"])
    if "spconv" in grown:
        yield row(f"{name} spconv's, bytes", grown["ours"], grown["spconv"])


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A convolution of 3 cells a side, as many channels going out as come in."""

    voxels: Voxels
    channels: int

    @property
    def name(self) -> str:
        return f"convolution of {len(self.voxels):,} voxels in a grid of {self.voxels.resolution}, {self.channels} channels"

    @cached_property
    def values(self) -> Tensor:
        import torch

        return torch.randn(len(self.voxels), self.channels)

    @cached_property
    def weight(self) -> Tensor:
        import torch

        return torch.randn(self.channels, 3, 3, 3, self.channels) * (27 * self.channels) ** -0.5

    @cached_property
    def bias(self) -> Tensor:
        import torch

        return torch.randn(self.channels)

    def ours(self) -> Tensor:
        from img23d_backend.engines.trellis.networks.sparse.convolution import submanifold

        return submanifold(self.values, self.weight, self.bias, self.voxels)

    def ours_anew(self) -> Tensor:
        from img23d_backend.engines.trellis.networks.sparse.convolution import submanifold

        return submanifold(self.values, self.weight, self.bias, _voxels(self.voxels.coords, self.voxels.resolution))

    def dense(self) -> Tensor:
        """(channels, side, side, side), the values spread over the grid each time, as the layer before would leave them."""
        import torch

        x, y, z = self.voxels.coords.unbind(1)
        grid = self.values.new_zeros((self.channels, *[self.voxels.resolution] * 3))
        grid[:, x, y, z] = self.values.T
        return torch.nn.functional.conv3d(grid[None], self.weight.movedim(-1, 1), self.bias, padding=1)[0]

    def at_voxels(self, grid: Tensor) -> Tensor:
        x, y, z = self.voxels.coords.unbind(1)
        return grid[:, x, y, z].T

    @cached_property
    def _cells(self) -> Tensor:
        """(N, 4) int32, the first column for the only thing there is."""
        import torch

        return torch.nn.functional.pad(self.voxels.coords, (1, 0)).int()

    @cached_property
    def _spconv_layer(self) -> Any:
        import spconv.pytorch as spconv
        from spconv.core import ConvAlgo

        layer = spconv.SubMConv3d(self.channels, self.channels, 3, indice_key="all", algo=ConvAlgo.Native).train()  # refuses a processor otherwise
        layer.weight.data, layer.bias.data = self.weight, self.bias
        return layer

    def _spconv_tensor(self) -> Any:
        import spconv.pytorch as spconv

        return spconv.SparseConvTensor(self.values, self._cells, [self.voxels.resolution] * 3, 1)

    @cached_property
    def _spconv_known(self) -> Any:
        """A tensor that knows its neighbours."""
        return self._spconv_layer(self._spconv_tensor()).replace_feature(self.values)

    def spconv(self) -> Tensor:
        return self._spconv_layer(self._spconv_known).features

    def spconv_anew(self) -> Tensor:
        return self._spconv_layer(self._spconv_tensor()).features

    def spconv_pairs(self) -> object:
        from spconv.core import ConvAlgo
        from spconv.pytorch import ops

        ones = [1, 1, 1]
        sides = [self.voxels.resolution] * 3
        return ops.get_indice_pairs(self._cells, 1, sides, ConvAlgo.Native, [3] * 3, ones, ones, ones, [0] * 3, subm=True)


def grown_by(way: str, count: int, spconv_folder: Path | None) -> int:
    """Called in a process of its own."""
    import torch

    use_the_projects_code()
    torch.set_num_threads(1)
    _use_spconv(spconv_folder)
    from img23d_backend.machine import memory as machine_memory

    with torch.inference_mode():
        _run(way, Layer(voxels=_voxels(networks.shell(networks.SIZES[0])[:500], networks.RESOLUTION), channels=8))  # loads the libraries
        one = Layer(voxels=_voxels(networks.shell(count), networks.RESOLUTION), channels=_CHANNELS)
        gc.collect()
        machine_memory.reset_peak()
        before = machine_memory.peak_bytes()
        kept = _run(way, one)
    assert len(kept)
    return machine_memory.peak_bytes() - before


def _run(way: str, layer: Layer) -> Tensor:
    ways: dict[str, Callable[[], Tensor]] = {"ours": layer.ours_anew, "dense": layer.dense, "spconv": layer.spconv_anew}
    return ways[way]()


def _in_a_process(way: str, count: int, spconv_folder: Path | None) -> int:
    command = [sys.executable, "-m", __spec__.name, "--grown", way, str(count), *([str(spconv_folder)] if spconv_folder else [])]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return int(lines[-1])


def _voxels(cells: Tensor, resolution: int) -> Voxels:
    """Without any neighbours looked up."""
    from img23d_backend.engines.trellis.networks.sparse.voxels import Voxels

    return Voxels(coords=cells, resolution=resolution)


def _use_spconv(folder: Path | None) -> bool:
    if folder:
        sys.path.append(str(folder))
    try:
        import spconv.pytorch  # noqa: F401
    except ImportError:
        return False
    return True


if __name__ == "__main__":
    if sys.argv[1] == "--grown":
        print(grown_by(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]) if sys.argv[4:] else None))
    else:
        measure(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None)
