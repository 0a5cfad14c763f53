"""The memory of each of TRELLIS's stages at its peak, at published sizes with random weights, each in a process of its own.

On a processor it is the process's resident memory in single precision; beside it what a card would hold is counted: the bytes of all
tensors at once, weights included, computed on the processor in bfloat16, whose numbers take what half precision's take, and along the
way that a card goes. With --gpu it is measured there. Runs in the learned environment:

    python -m devtools.bench.learned.trellis.stages OUT.json [--gpu]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....places import ROOT
from ...rows import Row, row
from ..full_size import use_the_projects_code
from . import networks, surface

if TYPE_CHECKING:
    from torch import Tensor, nn

    from img23d_backend.engines.trellis.networks.sparse.voxels import Voxels

# The ways to measure: resident memory of a process, counted bytes of tensors, a card's own figure
RESIDENT, COUNTED, CARD = "resident", "counted", "card"
_GOALS = {16_000: "≤ 6 GB", 40_000: "≤ 8 GB"}
_BLOCKS_RUN = 2  # of a network's 12 or 24, whose weights are all there: each of the others takes what the second takes
_HOW = {
    RESIDENT: "float32 on a processor: memory of the process at its peak",
    COUNTED: "half precision: memory of a card at its peak, counted without one",
    CARD: "float16: GPU memory at its peak",
}


def measure(out: Path, *, gpu: bool) -> None:
    import torch

    if gpu and not torch.cuda.is_available():
        rows = [row("TRELLIS's stages on a graphics card: not run, there is none", None)]
    else:
        rows = [one for way in ((CARD,) if gpu else (COUNTED, RESIDENT)) for one in _stages(way)]
    out.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _stages(way: str) -> Iterator[Row]:
    """Those that do not depend on the voxels once. The chain's peak is that of its largest stage where one network is there at a time, and
    where all of them stay there, as they do while there is room, that of the largest work beside all weights.
    """
    without_voxels = [_in_a_process(name, 0, way) for name in _WITHOUT_VOXELS]
    for name, used in zip(_WITHOUT_VOXELS, without_voxels, strict=True):
        yield row(f"{name}, {_HOW[way]}, bytes", used.peak)
    for count in networks.SIZES:
        with_voxels = [_in_a_process(name, count, way) for name in _WITH_VOXELS]
        for name, used in zip(_WITH_VOXELS, with_voxels, strict=True):
            yield row(f"{name}, {count:,} voxels, {_HOW[way]}, bytes", used.peak)
        every, goal = without_voxels + with_voxels, "" if way == RESIDENT else _GOALS[count]
        what = f"picture to splats and mesh, {count:,} voxels, {_HOW[way]}"
        yield row(f"{what}, one network at a time, bytes", max(used.peak for used in every), None, goal)
        if way != RESIDENT:
            all_weights, most_work = sum(used.weights for used in every), max(used.peak - used.weights for used in every)
            yield row(f"{what}, all networks staying there, bytes", all_weights + most_work, None, goal)


@dataclass(frozen=True, kw_only=True)
class Used:
    """Bytes of a stage: of its network's weights, and at the peak with them."""

    weights: int
    peak: int


def _in_a_process(name: str, count: int, way: str) -> Used:
    print(f"  {name}, {count:,} voxels, {way} ...", flush=True)
    command = [sys.executable, "-m", __spec__.name, "--stage", name, str(count), way]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return Used(**json.loads(lines[-1]))


# --- in that process -------------------------------------------------------------------------------------------------------


def used_by(name: str, count: int, way: str) -> Used:
    use_the_projects_code()
    import torch

    from .live import weight_bytes

    torch.set_num_threads(1)  # takes as much memory as more of them, and no time in waiting for each other where others work, too

    dtype = {RESIDENT: torch.float32, COUNTED: torch.bfloat16, CARD: torch.float16}[way]
    device = "cuda" if way == CARD else "cpu"
    with torch.no_grad():
        stage, given = {**_WITHOUT_VOXELS, **_WITH_VOXELS}[name]
        network = networks.picture_encoder(device) if stage == "picture" else networks.network(stage, dtype, device)
        run, weights = given(network, count, device), weight_bytes(network)
        return Used(weights=weights, peak=_METERS[way](run, weights))


def _resident(run: Callable[[], object], _weights: int) -> int:
    from img23d_backend.machine import memory

    memory.reset_peak()
    run()
    return memory.peak_bytes()


def _counted(run: Callable[[], object], weights: int) -> int:
    from .live import LiveBytes

    with LiveBytes() as live:
        run()
    return live.peak + weights


def _on_card(run: Callable[[], object], _weights: int) -> int:
    import torch

    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    run()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated()


_METERS = {RESIDENT: _resident, COUNTED: _counted, CARD: _on_card}


def _picture(network: nn.Module, _count: int, device: str) -> Callable[[], object]:
    import torch

    picture = torch.randn(1, 3, 518, 518, device=device)
    return lambda: network(picture)


def _structure_flow(network: nn.Module, _count: int, device: str) -> Callable[[], object]:
    import torch

    x, t, context = torch.randn(1, 8, 16, 16, 16, device=device), torch.full((1,), 700.0, device=device), _context(device)
    return lambda: _with_two_blocks(network, lambda: network(x, t, context, guided=True))


def _structure_decoder(network: nn.Module, _count: int, device: str) -> Callable[[], object]:
    import torch

    x = torch.randn(1, 8, 16, 16, 16, device=device)
    return lambda: network(x)


def _latent_flow(network: nn.Module, count: int, device: str) -> Callable[[], object]:
    x, t, context = _latents(count, device), _time(device), _context(device)
    return lambda: _with_two_blocks(network, lambda: network(x, t, context, _voxels(count, device), guided=True))


def _gaussian_decoder(network: nn.Module, count: int, device: str) -> Callable[[], object]:
    from img23d_backend.engines.trellis.splats.gaussians import gaussians_of

    def run() -> object:
        voxels = _voxels(count, device)
        numbers = _with_two_blocks(network, lambda: network(_latents(count, device), voxels))
        return gaussians_of(numbers, voxels.coords, network.config.gaussians, resolution=networks.RESOLUTION, offsets=network.offset_perturbation)

    return run


def _mesh_decoder(network: nn.Module, count: int, device: str) -> Callable[[], object]:
    """The distances that random weights give would cut every cube: they are replaced once they are computed."""
    from img23d_backend.engines.trellis.shape.cubes import extract_surface

    def run() -> object:
        values, cubes = _with_two_blocks(network, lambda: network(_latents(count, device), _voxels(count, device)))

        def parts() -> Iterator[tuple[slice, Tensor]]:
            for rows, numbers in network.surface_numbers(values):
                yield rows, surface.with_surface(numbers, cubes.coords[rows], count)

        return extract_surface(parts, cubes.coords, resolution=cubes.resolution)

    return run


def _with_two_blocks(network: nn.Module, work: Callable[[], Any]) -> Any:
    every = network.blocks
    network.blocks = every[:_BLOCKS_RUN]
    with contextlib.ExitStack() as after:
        after.callback(lambda: setattr(network, "blocks", every))
        return work()


def _context(device: str) -> Tensor:
    import torch

    return torch.randn(1, networks.TOKENS, networks.TOKEN_CHANNELS, device=device)


def _time(device: str) -> Tensor:
    import torch

    return torch.full((1,), 700.0, device=device)


def _latents(count: int, device: str) -> Tensor:
    import torch

    return torch.randn(count, 8, device=device)


def _voxels(count: int, device: str) -> Voxels:
    from img23d_backend.engines.trellis.networks.sparse.voxels import Voxels

    return Voxels(coords=networks.shell(count).to(device), resolution=networks.RESOLUTION)


_Given = Callable[["nn.Module", int, str], Callable[[], object]]
_WITHOUT_VOXELS: dict[str, tuple[str, _Given]] = {
    "picture encoder (DINOv2 large with registers, always float32)": ("picture", _picture),
    "structure flow, a guided step": ("SparseStructureFlowModel", _structure_flow),
    "structure decoder": ("SparseStructureDecoder", _structure_decoder),
}
_WITH_VOXELS: dict[str, tuple[str, _Given]] = {
    "latent flow, a guided step": ("SLatFlowModel", _latent_flow),
    "Gaussian decoder": ("SLatGaussianDecoder", _gaussian_decoder),
    "mesh decoder and surface": ("SLatMeshDecoder", _mesh_decoder),
}


if __name__ == "__main__":
    if sys.argv[1] == "--stage":
        print(json.dumps(asdict(used_by(sys.argv[2], int(sys.argv[3]), sys.argv[4]))))
    else:
        parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
        parser.add_argument("out", type=Path)
        parser.add_argument("--gpu", action="store_true")
        options = parser.parse_args()
        measure(options.out, gpu=options.gpu)
