"""A guided step of both flows against the plain way: the network twice, with the picture and with zeros in its place. Published sizes, random weights.

Runs in the learned environment, on the processor or with --gpu on the first graphics card:

    python -m devtools.bench.learned.trellis.steps OUT.json [--gpu]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ...rows import Row, row
from ..full_size import use_the_projects_code
from . import networks

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

_GUIDANCE = 5.0
_RUNS = 3
# A whole step is minutes on a processor. All blocks but the first take the same there, so that some tell what 24 take
_FEW, _MORE = 2, 8


def measure(out: Path, *, gpu: bool) -> None:
    use_the_projects_code()
    import torch

    if gpu and not torch.cuda.is_available():
        rows = [row("a guided step on a graphics card: not run, there is none", None)]
    else:
        device, dtype = ("cuda", torch.float16) if gpu else ("cpu", torch.float32)
        with torch.inference_mode():
            sizes = networks.SIZES if gpu else networks.SIZES[:1]
            rows = [structure(device, dtype), *(latents(count, device, dtype) for count in sizes)]
    out.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def structure(device: str, dtype: torch.dtype) -> Row:
    import torch

    flow = networks.network("SparseStructureFlowModel", dtype, device)
    x, t, context = torch.randn(1, 8, 16, 16, 16, device=device), torch.full((1,), 700.0, device=device), _context(device)
    nothing = torch.zeros_like(context)
    return _step(
        f"guided step of the structure flow, 4,096 tokens, {dtype}, on {_name(device)}",
        flow,
        lambda: flow(x, t, context, guided=True),
        lambda: (flow(x, t, context), flow(x, t, nothing)),
        device,
    )


def latents(count: int, device: str, dtype: torch.dtype) -> Row:
    """The neighbours and the coarser voxels are known, as after the first step."""
    import torch

    from img23d_backend.engines.trellis.networks.sparse.voxels import Voxels

    flow = networks.network("SLatFlowModel", dtype, device)
    voxels = Voxels(coords=networks.shell(count).to(device), resolution=networks.RESOLUTION)
    x, t, context = torch.randn(count, 8, device=device), torch.full((1,), 700.0, device=device), _context(device)
    nothing = torch.zeros_like(context)
    return _step(
        f"guided step of the latent flow, {count:,} voxels, {len(voxels.halved.voxels):,} tokens, {dtype}, on {_name(device)}",
        flow,
        lambda: flow(x, t, context, voxels, guided=True),
        lambda: (flow(x, t, context, voxels), flow(x, t, nothing, voxels)),
        device,
    )


def _step(what: str, flow: nn.Module, ours: Callable[[], Tensor], plain: Callable[[], tuple[Tensor, Tensor]], device: str) -> Row:
    """In turn; the first of each, which fetches memory, only shows that both come to the same."""
    every = flow.blocks
    if device == "cpu":
        flow.blocks = every[:_MORE]
    mixed, other = _mixed(*ours()), _mixed(*plain())
    assert float((mixed - other).abs().max()) < 0.05 * float(other.abs().max()), "the two ways differ"
    times = [(_whole(flow, every, ours, device), _whole(flow, every, plain, device)) for _ in range(_RUNS)]
    how = f"processor seconds, told from {_FEW} and {_MORE} of its {len(every)} blocks" if device == "cpu" else "seconds"
    return row(f"{what}: {how}, beside the network twice", [one for one, _ in times], [other for _, other in times])


def _whole(flow: nn.Module, every: nn.ModuleList, work: Callable[[], object], device: str) -> float:
    """Seconds with all the blocks."""
    if device != "cpu":
        return _seconds(work, device)
    flow.blocks = every[:_FEW]
    few = _seconds(work, device)
    flow.blocks = every[:_MORE]
    more = _seconds(work, device)
    return few + (more - few) / (_MORE - _FEW) * (len(every) - _FEW)


def _mixed(seen: Tensor, unseen: Tensor) -> Tensor:
    return (1 + _GUIDANCE) * seen - _GUIDANCE * unseen


def _seconds(work: Callable[[], object], device: str) -> float:
    import torch

    clock = time.process_time if device == "cpu" else time.perf_counter
    started = clock()
    work()
    if device != "cpu":
        torch.cuda.synchronize()
    return clock() - started


def _context(device: str) -> Tensor:
    import torch

    return torch.randn(1, networks.TOKENS, networks.TOKEN_CHANNELS, device=device)


def _name(device: str) -> str:
    import torch

    return torch.cuda.get_device_name() if device != "cpu" else f"a processor, {torch.get_num_threads()} threads"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--gpu", action="store_true")
    options = parser.parse_args()
    measure(options.out, gpu=options.gpu)
